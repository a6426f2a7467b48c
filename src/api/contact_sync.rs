//! The kind `ContactSync`: one user's contacts, in the CRM and in the mailbox.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Conditions, ContactPolicy, TenantRef, schema};

/// How many parked contacts the status names at most.
pub const MAX_PARKED_SAMPLE: usize = 10;

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
    /// the CRM as it is; what only the mailbox holds stays. Default: `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,

    /// `true` stops all reading and writing for this user and keeps everything as it is; deleting this object still
    /// works. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,

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

/// What the operator saw and did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactSyncStatus {
    /// Generation of the spec that the last finished attempt worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// `Ready`, `Enabled`, `InitialSyncComplete`, and, only while true, `Reconciling`, `Stalled` and `Suspended`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,

    /// Last value of the annotation `crmlink.dev/requestedAt` that forced a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub last_handled_requested_at: Option<String>,

    /// The mailbox in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<MailboxStatus>,

    /// The CRM user in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crm: Option<CrmUserStatus>,

    /// The contact folder in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderStatus>,

    /// Hash of the policy that holds, with the tenant's and the built-in defaults applied. It changes when any of
    /// them does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub effective_policy_hash: Option<String>,

    /// Progress of the first sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_sync: Option<InitialSyncStatus>,

    /// Number of contacts that both sides have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked: Option<u32>,

    /// Number of contacts with changes still to be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<u32>,

    /// Contacts that wait for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<Parked>,

    /// When a run last wrote a contact on either side. Runs without changes do not move it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_change_time: Option<Time>,
}

/// The mailbox in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MailboxStatus {
    /// Object id of the user in Microsoft 365, pinned at the first run.
    #[schemars(schema_with = "schema::status_text")]
    pub user_id: String,
}

/// The CRM user in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrmUserStatus {
    /// Id of the CRM user whose contacts are synced.
    #[schemars(schema_with = "schema::status_text")]
    pub user_id: String,
}

/// The contact folder in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FolderStatus {
    /// Id of the contact folder. A folder that is known here and missing in the mailbox was deleted by its user.
    #[schemars(length(max = 1024))]
    pub id: String,
}

/// Progress of the first sync.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitialSyncStatus {
    /// Number of contacts that the first sync brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u32>,

    /// Number of them that are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<u32>,

    /// Contacts that the first sync left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOut>,

    /// When the first sync was complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Time>,
}

/// Contacts that the first sync left out. Each enters when it is modified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// Number of contacts left out because they were imported.
    #[serde(default)]
    pub imported: u32,

    /// Number of contacts left out because of `initialSync.maxItems`.
    #[serde(default)]
    pub over_cap: u32,
}

/// Contacts that wait for a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Parked {
    /// Number of parked contacts.
    #[serde(default)]
    pub count: u32,

    /// The ten that have waited longest. Ids and field names only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub items: Vec<ParkedItem>,
}

/// A contact that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParkedItem {
    /// Id of the contact in the CRM.
    #[schemars(schema_with = "schema::status_text")]
    pub crm_id: String,

    /// Why it waits, in one word.
    #[schemars(schema_with = "schema::status_text")]
    pub reason: String,

    /// The field that is the cause, if it is one field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub field: Option<String>,

    /// Since when it waits.
    pub since: Time,
}
