//! References between objects, and the names that objects carry for the operator.

use kube::ResourceExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;

/// A new value of this annotation forces a run at once; it is echoed in `status.lastHandledRequestedAt`. Its
/// removal means nothing.
pub const REQUESTED_AT_ANNOTATION: &str = "crmlink.dev/requestedAt";

/// A new value of this annotation switches a sync on again whose folder its user deleted, brings back contacts whose
/// copy in the mailbox was deleted, and takes contacts that wait for review as new; it is echoed in
/// `status.lastHandledReenable`. Its removal means nothing.
pub const REENABLE_ANNOTATION: &str = "crmlink.dev/reenable";

/// How much of an annotation's value counts, so that its echo in the status is bounded.
const ANNOTATION_CHARACTERS: usize = 256;

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
    annotation(object, REQUESTED_AT_ANNOTATION)
}

/// The value of [`REENABLE_ANNOTATION`], cut to what the status can echo. Compare and echo only this.
pub fn reenable(object: &impl ResourceExt) -> Option<String> {
    annotation(object, REENABLE_ANNOTATION)
}

fn annotation(object: &impl ResourceExt, name: &str) -> Option<String> {
    object
        .annotations()
        .get(name)
        .map(|value| value.chars().take(ANNOTATION_CHARACTERS).collect())
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

    fn annotated(name: &str, value: &str) -> ConfigMap {
        let mut object = ConfigMap::default();
        object.annotations_mut().insert(name.to_owned(), value.to_owned());
        object
    }

    #[test]
    fn any_value_requests_a_run() {
        assert_eq!(requested_at(&ConfigMap::default()), None);
        let object = annotated(REQUESTED_AT_ANNOTATION, "now");
        assert_eq!(requested_at(&object).as_deref(), Some("now"));
        assert_eq!(reenable(&object), None);
    }

    #[test]
    fn any_value_switches_on_again() {
        assert_eq!(reenable(&ConfigMap::default()), None);
        let object = annotated(REENABLE_ANNOTATION, "after the summer");
        assert_eq!(reenable(&object).as_deref(), Some("after the summer"));
        assert_eq!(requested_at(&object), None);
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        type Read = fn(&ConfigMap) -> Option<String>;
        let annotations: [(_, Read); 2] = [
            (REQUESTED_AT_ANNOTATION, |object| requested_at(object)),
            (REENABLE_ANNOTATION, |object| reenable(object)),
        ];
        for (name, read) in annotations {
            let cut = read(&annotated(name, &"ü".repeat(300))).unwrap();
            assert_eq!(cut, "ü".repeat(256));
            assert_eq!(read(&annotated(name, &cut)).unwrap(), cut);
        }
    }
}
