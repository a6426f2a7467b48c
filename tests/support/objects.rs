//! Manifests, and what all kinds report alike.

use std::fmt::Debug;

use crmlink::api::{
    Condition, ConditionType, Conditions, ContactSync, CrmTenant, CrmUserInvite, Reason, requested_at,
};
use kube::{Resource, ResourceExt, core::NamespaceResourceScope};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::world::{CLIENT_ID, CRM_CLIENT, CRM_REFRESH, CRM_SECRET, NORA, OFFICE_SECRET, TENANT_ID};

pub(crate) fn office_secret(value: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "office365" },
        "stringData": { "client-secret": value },
    })
}

pub(crate) fn crm_secret() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "zoho" },
        "stringData": { "client-id": CRM_CLIENT, "client-secret": CRM_SECRET, "refresh-token": CRM_REFRESH },
    })
}

/// Both Secrets of the world.
pub(crate) fn secrets() -> [Value; 2] {
    [office_secret(OFFICE_SECRET), crm_secret()]
}

/// The tenant of the world.
pub(crate) fn tenant() -> Value {
    json!({
        "apiVersion": "crmlink.dev/v1alpha1", "kind": "CrmTenant", "metadata": { "name": "orchard" },
        "spec": {
            "office365": {
                "tenantId": TENANT_ID, "clientId": CLIENT_ID,
                "auth": { "mode": "ClientSecret", "secretRef": { "name": "office365" } },
            },
            "crm": { "zoho": { "dataCenter": "EU", "credentialsRef": { "name": "zoho" } } },
            "installation": { "administrator": NORA, "acceptTerms": true },
            "approvedUsers": { "mode": "Everyone" },
        },
    })
}

/// A sync of `user` as it is where nothing else is declared; the object bears the name before the `@`.
pub(crate) fn contact_sync(user: &str) -> Value {
    json!({
        "apiVersion": "crmlink.dev/v1alpha1", "kind": "ContactSync", "metadata": { "name": name_of(user) },
        "spec": { "tenantRef": { "name": "orchard" }, "user": user },
    })
}

/// The same with more in its spec.
pub(crate) fn contact_sync_with(user: &str, spec: Value) -> Value {
    with(contact_sync(user), spec)
}

/// An invitation of `user`; the object bears the name before the `@`.
pub(crate) fn invite(user: &str) -> Value {
    json!({
        "apiVersion": "crmlink.dev/v1alpha1", "kind": "CrmUserInvite", "metadata": { "name": name_of(user) },
        "spec": { "tenantRef": { "name": "orchard" }, "user": user, "type": "Invitation" },
    })
}

/// The same with more in its spec.
pub(crate) fn invite_with(user: &str, spec: Value) -> Value {
    with(invite(user), spec)
}

/// An object with more in its spec.
pub(crate) fn with(mut object: Value, spec: Value) -> Value {
    let (Value::Object(all), Value::Object(more)) = (&mut object["spec"], spec) else {
        panic!("a spec is an object");
    };
    all.extend(more);
    object
}

/// What the object of a user is called.
pub(crate) fn name_of(user: &str) -> &str {
    user.split('@').next().unwrap_or(user)
}

/// A kind of ours, with what it reports.
pub(crate) trait Reported:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + DeserializeOwned
    + serde::Serialize
    + Send
    + 'static
{
    fn conditions(&self) -> Option<&Conditions>;
    fn observed(&self) -> Option<i64>;
    fn handled(&self) -> Option<&str>;

    fn condition(&self, kind: ConditionType) -> Option<&Condition> {
        self.conditions()?.get(kind)
    }

    /// The reason of Ready.
    fn reason(&self) -> &str {
        self.condition(ConditionType::Ready).map_or("", Condition::reason)
    }

    /// The operator has seen the spec and the request as they are now, and gave this reason for Ready.
    fn says(&self, reason: Reason) -> bool {
        self.observed() == self.meta().generation
            && requested_at(self).is_none_or(|asked| self.handled() == Some(asked.as_str()))
            && self.reason() == reason.as_str()
    }

    /// Ready, and nothing under way.
    fn settled(&self, reason: Reason) -> bool {
        self.says(reason) && self.condition(ConditionType::Reconciling).is_none()
    }

    /// Asserts the words of a condition.
    #[track_caller]
    fn words(&self, kind: ConditionType, reason: Reason, parts: &[&str]) {
        let condition = self
            .condition(kind)
            .unwrap_or_else(|| panic!("{} has no {kind}", self.name_any()));
        assert_eq!(
            condition.reason(),
            reason.as_str(),
            "{kind}: {}",
            condition.message()
        );
        for part in parts {
            let message = condition.message();
            assert!(message.contains(part), "{kind} does not say {part:?}: {message}");
        }
    }
}

impl Reported for ContactSync {
    fn conditions(&self) -> Option<&Conditions> {
        self.status.as_ref().map(|status| &status.conditions)
    }

    fn observed(&self) -> Option<i64> {
        self.status.as_ref()?.observed_generation
    }

    fn handled(&self) -> Option<&str> {
        self.status.as_ref()?.last_handled_requested_at.as_deref()
    }
}

impl Reported for CrmTenant {
    fn conditions(&self) -> Option<&Conditions> {
        self.status.as_ref().map(|status| &status.conditions)
    }

    fn observed(&self) -> Option<i64> {
        self.status.as_ref()?.observed_generation
    }

    fn handled(&self) -> Option<&str> {
        self.status.as_ref()?.last_handled_requested_at.as_deref()
    }
}

impl Reported for CrmUserInvite {
    fn conditions(&self) -> Option<&Conditions> {
        self.status.as_ref().map(|status| &status.conditions)
    }

    fn observed(&self) -> Option<i64> {
        self.status.as_ref()?.observed_generation
    }

    fn handled(&self) -> Option<&str> {
        self.status.as_ref()?.last_handled_requested_at.as_deref()
    }
}
