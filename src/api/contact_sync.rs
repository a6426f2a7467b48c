//! The kind `ContactSync`: one user's contacts, in the CRM and in the mailbox.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ContactPolicy, ContactSyncStatus, TenantRef, schema};

/// Which user's contacts are synced, and how.
#[allow(
    clippy::duplicated_attributes,
    reason = "printer columns share types and priorities"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, CustomResource, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "crmlink.dev",
    version = "v1alpha1",
    kind = "ContactSync",
    plural = "contactsyncs",
    singular = "contactsync",
    shortname = "cons",
    category = "crmlink",
    namespaced,
    status = "ContactSyncStatus",
    derive = "PartialEq",
    doc = "ContactSync keeps the CRM contacts of one user in a contact folder of that user's Microsoft 365 mailbox. \
           Disabling or deleting it removes the copy in the mailbox only; the CRM's contacts stay.",
    selectable = ".spec.tenantRef.name",
    selectable = ".spec.user",
    printcolumn(
        name = "Tenant",
        type_ = "string",
        json_path = ".spec.tenantRef.name",
        description = "The CrmTenant"
    ),
    printcolumn(
        name = "User",
        type_ = "string",
        json_path = ".spec.user",
        description = "The Microsoft 365 user"
    ),
    printcolumn(
        name = "Enabled",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Enabled")].status"#,
        description = "Whether contacts are synced"
    ),
    printcolumn(
        name = "Synced",
        type_ = "integer",
        json_path = ".status.linked",
        description = "Contacts that both sides have"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "Whether the sync is as declared"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#,
        description = "Why it is ready or not"
    ),
    printcolumn(
        name = "Last change",
        type_ = "date",
        json_path = ".status.lastChangeTime",
        description = "Since a run last wrote something"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Pending",
        type_ = "integer",
        json_path = ".status.pending",
        description = "Contacts with changes still to be written",
        priority = 1
    ),
    printcolumn(
        name = "Parked",
        type_ = "integer",
        json_path = ".status.parked.count",
        description = "Contacts that wait for a person",
        priority = 1
    ),
    printcolumn(
        name = "Conflicts",
        type_ = "integer",
        json_path = ".status.conflicts.count",
        description = "Contacts that both sides changed",
        priority = 1
    ),
    printcolumn(
        name = "Held",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Held")].status"#,
        description = "Whether the guard holds something",
        priority = 1
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        description = "The reason in words",
        priority = 1
    )
)]
pub struct ContactSyncSpec {
    /// The `CrmTenant` whose mailboxes and CRM organisation are used. It cannot be changed.
    #[schemars(extend("x-kubernetes-validations" = [{
        "rule": "self == oldSelf",
        "message": "tenantRef is immutable: delete this object and create another"
    }]))]
    pub tenant_ref: TenantRef,

    /// The Microsoft 365 user whose mailbox gets the contacts: user principal name (`mary@example.com`) or object
    /// id. The object id is pinned in `status.mailbox.userId` at the first run, so a renamed user is followed, and a
    /// name that was given to another person sets `Stalled=True`. It cannot be changed.
    #[schemars(schema_with = "schema::immutable_office_user")]
    pub user: String,

    /// E-mail address of the CRM user whose contacts are synced. Default: the CRM user with one of the mailbox's own
    /// addresses. Another address works only if the tenant's `accountLinks` lists the pair; else `Stalled=True` with
    /// reason `PairNotProven`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::crm_user")]
    pub crm_user: Option<String>,

    /// Whether contacts are synced. `false` removes the synced contacts and the folder from the mailbox and leaves
    /// the CRM as it is; what only the mailbox holds stays. A user who deletes the folder switches the sync off too;
    /// `false` and then `true`, or a new value of the annotation `crmlink.dev/reenable`, switches it on again. Default:
    /// `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,

    /// `true` stops all reading and writing for this user and keeps everything as it is; deleting this object still
    /// works. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,

    /// Hashes of plans (`status.plan.hash`) whose held operations may go through. A hash lets through what that plan
    /// held and nothing else, once; each operation is checked again, and one that is no longer right is dropped. A
    /// hash that was used or is unknown does nothing. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::plan_hashes")]
    pub approved_plans: Vec<String>,

    /// How contacts are synced.
    #[serde(flatten)]
    pub policy: ContactPolicy,
}

impl ContactSyncSpec {
    /// Whether the author wants contacts to be synced.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(true)
    }

    /// Whether the author stopped this sync.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.suspend.unwrap_or(false)
    }
}
