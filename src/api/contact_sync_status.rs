//! What the operator reports about a `ContactSync`: counts, and samples of ids and field names, never values.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Conditions, schema};

/// How many parked contacts the status names at most.
pub const MAX_PARKED_SAMPLE: usize = 10;
/// How many conflicts the status names at most.
pub const MAX_CONFLICT_SAMPLE: usize = 10;
/// How many operations of a plan the status names at most.
pub const MAX_PLAN_SAMPLE: usize = 10;

/// What the operator saw and did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactSyncStatus {
    /// Generation of the spec that the last finished attempt worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// `Ready`, `Enabled`, `InitialSyncComplete`, and, only while true, `Reconciling`, `Stalled`, `Suspended`, `Held`,
    /// `RecordsHidden` and `ItemsLeft`.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,

    /// Last value of the annotation `crmlink.dev/requestedAt` that forced a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub last_handled_requested_at: Option<String>,

    /// Last value of the annotation `crmlink.dev/reenable` that took effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub last_handled_reenable: Option<String>,

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

    /// Contacts in which both sides changed the same field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<Conflicts>,

    /// What waits to be done: with `mode: Observe` all that `Apply` would do, else what a guard holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanStatus>,

    /// Number of contacts that only the mailbox holds and that were left there when the sync was switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_in_place: Option<u32>,

    /// Whether every link between a contact and its copy could be found again if the operator lost its store.
    /// `Full`: it could. `Partial`: contacts made in Outlook are linked again only if they are equal on both sides,
    /// and the others are parked for review; the tenant's `externalIdFields.contacts` changes that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Recoverable")]
    pub recoverable: Option<Recoverable>,

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
    #[schemars(schema_with = "schema::office_id")]
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
    /// Id of the contact in the CRM, if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub crm_id: Option<String>,

    /// Id of the contact in the mailbox, if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::office_id")]
    pub office_id: Option<String>,

    /// Why it waits and what to do, in a sentence.
    #[schemars(schema_with = "schema::status_sentence")]
    pub reason: String,

    /// The field that is the cause, if it is one field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub field: Option<String>,

    /// Since when it waits.
    pub since: Time,
}

/// Contacts in which both sides changed the same field since they last agreed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conflicts {
    /// Number of conflicts: the open ones, and the decided ones that are still remembered.
    #[serde(default)]
    pub count: u32,

    /// Ten of them: the open ones first, then the latest. Ids and field names only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub items: Vec<ConflictItem>,
}

/// A contact in which both sides changed the same field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConflictItem {
    /// Id of the contact in the CRM.
    #[schemars(schema_with = "schema::status_text")]
    pub crm_id: String,

    /// Names of the fields that both sides changed, as `office` names them in the mapping.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::status_texts")]
    pub fields: Vec<String>,

    /// How it ended. `CrmWon`: the CRM's values stand on both sides. `OfficeWon`: the mailbox's do. `Open`: each side
    /// keeps its own until a person makes them equal.
    pub outcome: ConflictOutcome,

    /// When it was seen.
    pub at: Time,
}

/// How a conflict ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConflictOutcome {
    /// The CRM's values stand on both sides.
    CrmWon,
    /// The mailbox's values stand on both sides.
    OfficeWon,
    /// Each side keeps its own.
    Open,
}

/// What waits to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanStatus {
    /// Hash of the plan. In `approvedPlans` it lets through what a guard holds.
    #[schemars(schema_with = "schema::plan_hash")]
    pub hash: String,

    /// Why nothing of it is written. `Observe`: because of `mode: Observe`; it shows everything that `Apply` would
    /// do. `Guard`: the sync's `guard` holds it. `TenantGuard`: the tenant's `guard` holds it.
    pub cause: PlanCause,

    /// When the plan was made.
    pub created_at: Time,

    /// Contacts to be made.
    #[serde(default)]
    pub creates: PlanCounts,

    /// Contacts to be updated.
    #[serde(default)]
    pub updates: PlanCounts,

    /// Contacts to be deleted.
    #[serde(default)]
    pub deletes: PlanCounts,

    /// Ten of the operations: deletions first, then updates. Ids only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub items: Vec<PlannedItem>,
}

/// Why nothing of a plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum PlanCause {
    /// The sync only observes.
    Observe,
    /// The sync's guard holds it.
    Guard,
    /// The tenant's guard holds it.
    TenantGuard,
}

/// Numbers of operations on each side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanCounts {
    /// Number in the mailbox.
    #[serde(default)]
    pub to_office: u32,

    /// Number in the CRM.
    #[serde(default)]
    pub to_crm: u32,
}

/// One operation of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedItem {
    /// What would be done with the contact.
    pub operation: PlannedOperation,

    /// Where it would be done.
    pub side: PlannedSide,

    /// Id of the contact in the CRM, if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::status_text")]
    pub crm_id: Option<String>,

    /// Id of the contact in the mailbox, if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::office_id")]
    pub office_id: Option<String>,
}

/// What would be done with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum PlannedOperation {
    /// It would be made.
    Create,
    /// It would be updated.
    Update,
    /// It would be deleted.
    Delete,
}

/// Where something would be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum PlannedSide {
    /// In the mailbox.
    Office,
    /// In the CRM.
    Crm,
}

/// Whether every link could be found again after a loss of the operator's store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Recoverable {
    /// Every one.
    Full,
    /// Some would have to be reviewed by a person.
    Partial,
}
