//! References between objects, and the names that objects carry for the operator.

use kube::ResourceExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;

/// A new value of this annotation forces a run at once; it is echoed in `status.lastHandledRequestedAt`. Its
/// removal means nothing.
pub const REQUESTED_AT_ANNOTATION: &str = "crmlink.dev/requestedAt";

/// How much of the annotation's value counts, so that its echo in the status is bounded.
const REQUESTED_AT_CHARACTERS: usize = 256;

/// The keys that the operator reads from Secrets.
pub mod secret_keys {
    /// In the Secret of `spec.office365.auth.secretRef`: the client secret of the application registration.
    pub const OFFICE365_CLIENT_SECRET: &str = "client-secret";
    /// In the Secret of `spec.crm.zoho.credentialsRef`: the client id of the API client.
    pub const CRM_CLIENT_ID: &str = "client-id";
    /// In the Secret of `spec.crm.zoho.credentialsRef`: the client secret of the API client.
    pub const CRM_CLIENT_SECRET: &str = "client-secret";
    /// In the Secret of `spec.crm.zoho.credentialsRef`: the refresh token.
    pub const CRM_REFRESH_TOKEN: &str = "refresh-token";
}

/// The value of [`REQUESTED_AT_ANNOTATION`], cut to what the status can echo. Compare and echo only this.
pub fn requested_at(object: &impl ResourceExt) -> Option<String> {
    object
        .annotations()
        .get(REQUESTED_AT_ANNOTATION)
        .map(|value| value.chars().take(REQUESTED_AT_CHARACTERS).collect())
}

/// A Secret in the namespace of the object that refers to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretRef {
    /// Name of the Secret. It must be in the same namespace as this object.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
}

/// The `CrmTenant` that an object belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantRef {
    /// Name of the `CrmTenant`.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,

    /// Namespace of the `CrmTenant`. Default: the namespace of this object. Another namespace works only if the
    /// tenant's `allowedNamespaces` admits this object's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::namespace_name")]
    pub namespace: Option<String>,
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;

    use super::*;

    fn annotated(value: &str) -> ConfigMap {
        let mut object = ConfigMap::default();
        object
            .annotations_mut()
            .insert(REQUESTED_AT_ANNOTATION.to_owned(), value.to_owned());
        object
    }

    #[test]
    fn any_value_requests_a_run() {
        assert_eq!(requested_at(&ConfigMap::default()), None);
        assert_eq!(requested_at(&annotated("now")).as_deref(), Some("now"));
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let cut = requested_at(&annotated(&"ü".repeat(300))).unwrap();
        assert_eq!(cut, "ü".repeat(256));
        assert_eq!(requested_at(&annotated(&cut)).unwrap(), cut);
    }
}
