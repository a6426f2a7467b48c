//! The policy fields of contact syncs: the same in a `ContactSync` and in a tenant's defaults.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ContactGuard, ContactMapping, Interval, schema};

/// The name of the contact folder where none is declared.
pub const DEFAULT_CONTACT_FOLDER: &str = "Zoho CRM Contacts";
/// How many contacts a first sync brings at most, and where nothing is declared.
pub const MAX_INITIAL_CONTACTS: u32 = 10_000;

/// How contacts are synced. Each field left out here is taken from the tenant's `syncDefaults.contacts`, then from
/// the built-in default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactPolicy {
    /// Whether the sync writes. `Apply`: it does. `Observe`: both sides are read, nothing is written on either, and
    /// `status.plan` shows what `Apply` would do. Built-in default: `Apply`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SyncMode")]
    pub mode: Option<SyncMode>,

    /// Which way contacts flow. `TwoWay`: what is made or changed on either side appears on the other.
    /// `CrmToOffice`: only from the CRM to the mailbox. `OfficeToCrm`: only from the mailbox to the CRM. Built-in
    /// default: `TwoWay`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Direction")]
    pub direction: Option<Direction>,

    /// Who wins where both sides changed the same field since they last agreed; an address counts as one field.
    /// `CrmWins`: the CRM's value. `OfficeWins`: the mailbox's value. `NewestWins`: the later change; the CRM's if
    /// they are less than 2 seconds apart. `Manual`: neither is written, and the contact stands in
    /// `status.conflicts` until both sides are equal. Fields that only one side changed flow in any case. What loses
    /// is recorded in `status.conflicts`, by id and field name. Built-in default: `CrmWins`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ConflictPolicy")]
    pub conflict: Option<ConflictPolicy>,

    /// What a deletion on one side does to the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletes: Option<Deletes>,

    /// How much a run may delete on either side, and update in the CRM, before a person is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<ContactGuard>,

    /// Whether contacts that came into the CRM by an import or a migration are synced. `Exclude`: not until they are
    /// edited in the CRM. `Include`: like all others. Built-in default: `Exclude`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ImportedItems")]
    pub imported_items: Option<ImportedItems>,

    /// Bounds of the first sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_sync: Option<InitialSyncPolicy>,

    /// Time between two runs, from `30s` to `24h`, such as `5m` or `1h30m`. Each run looks for changes on both
    /// sides; without changes it writes nothing. Built-in default: `5m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,

    /// What happens in the mailbox when this object is deleted. `Delete`: the contacts that both sides have are
    /// removed from the folder, and the folder too once it is empty; what only the mailbox holds stays. `Orphan`:
    /// folder and contacts stay and are no longer synced. The CRM is not touched in either case. Built-in default:
    /// `Delete`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DeletionPolicy")]
    pub deletion_policy: Option<DeletionPolicy>,

    /// Name of the contact folder in the mailbox, 1 to 255 characters. The operator makes it, and never touches
    /// a folder it did not make: a folder of this name that exists already gives reason `FolderNameTaken`. A new name
    /// renames the folder. Built-in default: `Zoho CRM Contacts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::folder_name")]
    pub folder_name: Option<String>,

    /// Which contact field of Microsoft 365 meets which CRM field. It is taken as a whole: a mapping here replaces
    /// the tenant's. Built-in default: the built-in mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<ContactMapping>,
}

/// Whether a sync writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SyncMode {
    /// It does.
    Apply,
    /// It only says what it would do.
    Observe,
}

/// Which way contacts or a field flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Direction {
    /// Both ways.
    TwoWay,
    /// From the CRM to the mailbox.
    CrmToOffice,
    /// From the mailbox to the CRM.
    OfficeToCrm,
}

/// Who wins where both sides changed the same field since they last agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConflictPolicy {
    /// The CRM.
    CrmWins,
    /// The mailbox.
    OfficeWins,
    /// The later change.
    NewestWins,
    /// Nobody: a person makes both sides equal.
    Manual,
}

/// What a deletion on one side does to the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deletes {
    /// What happens in the mailbox when a contact is deleted in the CRM. `Propagate`: it is deleted there too.
    /// `Never`: it stays in the mailbox and is no longer synced. Built-in default: `Propagate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DeletePolicy")]
    pub to_office: Option<DeletePolicy>,

    /// What happens in the CRM when a contact is deleted in the mailbox. `Propagate`: it is deleted there too.
    /// `Never`: it stays in the CRM and does not come back to the mailbox before the annotation
    /// `crmlink.dev/reenable` gets a new value. Built-in default: `Never`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DeletePolicy")]
    pub to_crm: Option<DeletePolicy>,
}

/// What a deletion on one side does to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DeletePolicy {
    /// The other side's contact is deleted too.
    Propagate,
    /// The other side's contact stays.
    Never,
}

/// Whether imported contacts are synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ImportedItems {
    /// Not until they are edited.
    Exclude,
    /// Like all others.
    Include,
}

/// Bounds of the first sync.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitialSyncPolicy {
    /// How many contacts the first sync brings at most, from 1 to 10000. A contact beyond the limit enters when it
    /// is modified. Built-in default: 10000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub max_items: Option<u32>,
}

/// What happens to the copy in the mailbox when the object is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// It goes.
    Delete,
    /// It stays.
    Orphan,
}
