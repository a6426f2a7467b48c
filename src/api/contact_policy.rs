//! The policy fields of contact syncs: the same in a `ContactSync` and in a tenant's defaults.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ContactMapping, Interval, schema};

/// The name of the contact folder where none is declared.
pub const DEFAULT_CONTACT_FOLDER: &str = "Zoho CRM Contacts";
/// How many contacts a first sync brings at most, and where nothing is declared.
pub const MAX_INITIAL_CONTACTS: u32 = 10_000;

const DEFAULT_INTERVAL: Duration = Duration::from_mins(5);

/// How contacts are synced. Each field left out here is taken from the tenant's `syncDefaults.contacts`, then from
/// the built-in default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactPolicy {
    /// Which way contacts flow. `TwoWay`: what is made or changed on either side appears on the other.
    /// `CrmToOffice`: only from the CRM to the mailbox. `OfficeToCrm`: only from the mailbox to the CRM. A direction
    /// that the running release does not support sets `Stalled=True` with reason `DirectionNotSupported`, and nothing
    /// is read or written. Built-in default: `TwoWay`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Direction")]
    pub direction: Option<Direction>,

    /// What a deletion on one side does to the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletes: Option<Deletes>,

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
    /// `Never`: it stays in the CRM and does not come back to the mailbox. Built-in default: `Never`.
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

/// The policy that holds for one sync, with every default applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveContactPolicy {
    /// Which way contacts flow.
    pub direction: Direction,
    /// What a deletion in the CRM does in the mailbox.
    pub deletes_to_office: DeletePolicy,
    /// What a deletion in the mailbox does in the CRM.
    pub deletes_to_crm: DeletePolicy,
    /// Whether imported contacts are synced.
    pub imported_items: ImportedItems,
    /// How many contacts the first sync brings at most.
    pub initial_max_items: u32,
    /// Time between two runs.
    pub interval: Duration,
    /// What happens in the mailbox when the object is deleted.
    pub deletion_policy: DeletionPolicy,
    /// Name of the contact folder.
    pub folder_name: String,
    /// The declared changes to the built-in mapping.
    pub mapping: ContactMapping,
}

impl EffectiveContactPolicy {
    /// Resolves each field: the sync's own, else the tenant's default, else the built-in.
    #[must_use]
    pub fn resolve(own: &ContactPolicy, tenant: Option<&ContactPolicy>) -> Self {
        let none = ContactPolicy::default();
        let tenant = tenant.unwrap_or(&none);
        let layers = [own, tenant];
        let deletes = layers.map(|layer| layer.deletes.unwrap_or_default());
        let max_items = |layer: &ContactPolicy| layer.initial_sync.and_then(|initial| initial.max_items);
        let interval = |layer: &ContactPolicy| layer.interval.as_ref().and_then(Interval::duration);
        Self {
            direction: own.direction.or(tenant.direction).unwrap_or(Direction::TwoWay),
            deletes_to_office: deletes[0]
                .to_office
                .or(deletes[1].to_office)
                .unwrap_or(DeletePolicy::Propagate),
            deletes_to_crm: deletes[0]
                .to_crm
                .or(deletes[1].to_crm)
                .unwrap_or(DeletePolicy::Never),
            imported_items: own
                .imported_items
                .or(tenant.imported_items)
                .unwrap_or(ImportedItems::Exclude),
            initial_max_items: max_items(own)
                .or_else(|| max_items(tenant))
                .unwrap_or(MAX_INITIAL_CONTACTS),
            interval: interval(own)
                .or_else(|| interval(tenant))
                .unwrap_or(DEFAULT_INTERVAL),
            deletion_policy: own
                .deletion_policy
                .or(tenant.deletion_policy)
                .unwrap_or(DeletionPolicy::Delete),
            folder_name: own
                .folder_name
                .as_ref()
                .or(tenant.folder_name.as_ref())
                .map_or_else(|| DEFAULT_CONTACT_FOLDER.to_owned(), Clone::clone),
            mapping: own
                .mapping
                .as_ref()
                .or(tenant.mapping.as_ref())
                .cloned()
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_declared_gives_the_built_in_policy() {
        let policy = EffectiveContactPolicy::resolve(&ContactPolicy::default(), None);
        assert_eq!(
            policy,
            EffectiveContactPolicy {
                direction: Direction::TwoWay,
                deletes_to_office: DeletePolicy::Propagate,
                deletes_to_crm: DeletePolicy::Never,
                imported_items: ImportedItems::Exclude,
                initial_max_items: 10_000,
                interval: Duration::from_mins(5),
                deletion_policy: DeletionPolicy::Delete,
                folder_name: "Zoho CRM Contacts".to_owned(),
                mapping: ContactMapping::default(),
            }
        );
    }

    #[test]
    fn each_field_is_resolved_by_itself() {
        let tenant = ContactPolicy {
            direction: Some(Direction::CrmToOffice),
            deletes: Some(Deletes {
                to_office: Some(DeletePolicy::Never),
                to_crm: Some(DeletePolicy::Propagate),
            }),
            interval: Some(Interval::new("1h")),
            initial_sync: Some(InitialSyncPolicy { max_items: Some(50) }),
            ..ContactPolicy::default()
        };
        let own = ContactPolicy {
            deletes: Some(Deletes {
                to_office: Some(DeletePolicy::Propagate),
                to_crm: None,
            }),
            interval: Some(Interval::new("30s")),
            initial_sync: Some(InitialSyncPolicy::default()),
            ..ContactPolicy::default()
        };
        let policy = EffectiveContactPolicy::resolve(&own, Some(&tenant));
        assert_eq!(policy.direction, Direction::CrmToOffice);
        assert_eq!(policy.deletes_to_office, DeletePolicy::Propagate);
        assert_eq!(policy.deletes_to_crm, DeletePolicy::Propagate);
        assert_eq!(policy.interval, Duration::from_secs(30));
        assert_eq!(policy.initial_max_items, 50);
    }
}
