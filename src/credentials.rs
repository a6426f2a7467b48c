//! Credentials from Secrets, read afresh for each connection and never kept anywhere else.

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client, ResourceExt};
use secrecy::SecretString;

use crate::api::{CrmTenant, secret_keys};

/// What signs the operator in, with what tells one set from another.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) office_client_secret: SecretString,
    pub(crate) crm_client_id: String,
    pub(crate) crm_client_secret: SecretString,
    pub(crate) crm_refresh_token: SecretString,
    /// Uids and versions of the Secrets: another value means other credentials.
    pub(crate) version: String,
}

/// Why the credentials cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CredentialsError {
    #[error("the Secret {name} does not exist in this namespace: create it with the keys {}", keys.join(", "))]
    MissingSecret {
        name: String,
        keys: &'static [&'static str],
    },
    #[error("the Secret {name} has no key {key}, or it is empty")]
    MissingKey { name: String, key: &'static str },
    #[error(
        "the operator may not read the Secret {name}: its service account needs the verb get on secrets in this namespace (the chart grants it; watchNamespace limits it to one namespace)"
    )]
    Forbidden { name: String },
    #[error("the Secret {name} cannot be read: {source}")]
    Api {
        name: String,
        #[source]
        source: Box<kube::Error>,
    },
}

const OFFICE_KEYS: &[&str] = &[secret_keys::OFFICE365_CLIENT_SECRET];
const CRM_KEYS: &[&str] = &[
    secret_keys::CRM_CLIENT_ID,
    secret_keys::CRM_CLIENT_SECRET,
    secret_keys::CRM_REFRESH_TOKEN,
];

/// The names of the Secrets that a tenant refers to, in its own namespace.
pub(crate) fn secret_names(tenant: &CrmTenant) -> impl Iterator<Item = &str> {
    let office = tenant
        .spec
        .office365
        .auth
        .secret_ref
        .as_ref()
        .map(|secret| secret.name.as_str());
    office
        .into_iter()
        .chain([tenant.spec.crm.zoho.credentials_ref.name.as_str()])
}

/// Reads what the tenant's Secrets hold.
pub(crate) async fn read(client: Client, tenant: &CrmTenant) -> Result<Credentials, CredentialsError> {
    let secrets: Api<Secret> = Api::namespaced(client, &tenant.namespace().unwrap_or_default());
    let office_name = tenant
        .spec
        .office365
        .auth
        .secret_ref
        .as_ref()
        .map_or("", |secret| secret.name.as_str());
    let office = get(&secrets, office_name, OFFICE_KEYS).await?;
    let crm = get(&secrets, &tenant.spec.crm.zoho.credentials_ref.name, CRM_KEYS).await?;
    let crm_client_id = value(&crm, secret_keys::CRM_CLIENT_ID)?;
    Ok(Credentials {
        office_client_secret: value(&office, secret_keys::OFFICE365_CLIENT_SECRET)?.into(),
        crm_client_id,
        crm_client_secret: value(&crm, secret_keys::CRM_CLIENT_SECRET)?.into(),
        crm_refresh_token: value(&crm, secret_keys::CRM_REFRESH_TOKEN)?.into(),
        version: [&office, &crm]
            .map(|secret| {
                format!(
                    "{}/{}",
                    secret.uid().unwrap_or_default(),
                    secret.resource_version().unwrap_or_default()
                )
            })
            .join(","),
    })
}

async fn get(
    secrets: &Api<Secret>,
    name: &str,
    keys: &'static [&'static str],
) -> Result<Secret, CredentialsError> {
    match secrets.get_opt(name).await {
        Ok(Some(secret)) => Ok(secret),
        Ok(None) => Err(CredentialsError::MissingSecret {
            name: name.to_owned(),
            keys,
        }),
        Err(kube::Error::Api(status)) if status.code == 403 => Err(CredentialsError::Forbidden {
            name: name.to_owned(),
        }),
        Err(source) => Err(CredentialsError::Api {
            name: name.to_owned(),
            source: Box::new(source),
        }),
    }
}

/// Line ends around a value come from editors and `echo`, never from a vendor.
fn value(secret: &Secret, key: &'static str) -> Result<String, CredentialsError> {
    secret
        .data
        .as_ref()
        .and_then(|data| data.get(key))
        .and_then(|bytes| std::str::from_utf8(&bytes.0).ok())
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .ok_or_else(|| CredentialsError::MissingKey {
            name: secret.name_any(),
            key,
        })
}
