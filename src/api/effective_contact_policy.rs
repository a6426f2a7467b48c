//! The policy of a contact sync with every default applied.

use std::time::Duration;

use serde::Serialize;

use super::{
    ConflictPolicy, ContactMapping, ContactPolicy, DEFAULT_CONTACT_FOLDER, DeletePolicy, DeletionPolicy,
    Direction, EffectiveContactGuard, ImportedItems, Interval, MAX_INITIAL_CONTACTS, SyncMode,
};

const DEFAULT_INTERVAL: Duration = Duration::from_mins(5);

/// The policy that holds for one sync, with every default applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveContactPolicy {
    /// Whether the sync writes.
    pub mode: SyncMode,
    /// Which way contacts flow.
    pub direction: Direction,
    /// Who wins where both sides changed the same field; a field of the mapping can say otherwise for itself.
    pub conflict: ConflictPolicy,
    /// What a deletion in the CRM does in the mailbox.
    pub deletes_to_office: DeletePolicy,
    /// What a deletion in the mailbox does in the CRM.
    pub deletes_to_crm: DeletePolicy,
    /// How much a run may delete and update before a person is asked.
    pub guard: EffectiveContactGuard,
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
        let layers = Layers([own, tenant.unwrap_or(&none)]);
        Self {
            mode: layers.find(|layer| layer.mode).unwrap_or(SyncMode::Apply),
            direction: layers.find(|layer| layer.direction).unwrap_or(Direction::TwoWay),
            conflict: layers
                .find(|layer| layer.conflict)
                .unwrap_or(ConflictPolicy::CrmWins),
            deletes_to_office: layers
                .find(|layer| layer.deletes?.to_office)
                .unwrap_or(DeletePolicy::Propagate),
            deletes_to_crm: layers
                .find(|layer| layer.deletes?.to_crm)
                .unwrap_or(DeletePolicy::Never),
            guard: EffectiveContactGuard::resolve(layers.0.map(|layer| layer.guard.unwrap_or_default())),
            imported_items: layers
                .find(|layer| layer.imported_items)
                .unwrap_or(ImportedItems::Exclude),
            initial_max_items: layers
                .find(|layer| layer.initial_sync?.max_items)
                .unwrap_or(MAX_INITIAL_CONTACTS),
            interval: layers
                .find(|layer| layer.interval.as_ref().and_then(Interval::duration))
                .unwrap_or(DEFAULT_INTERVAL),
            deletion_policy: layers
                .find(|layer| layer.deletion_policy)
                .unwrap_or(DeletionPolicy::Delete),
            folder_name: layers
                .find(|layer| layer.folder_name.clone())
                .unwrap_or_else(|| DEFAULT_CONTACT_FOLDER.to_owned()),
            mapping: layers.find(|layer| layer.mapping.clone()).unwrap_or_default(),
        }
    }
}

/// Declared policies, the strongest first.
struct Layers<'a>([&'a ContactPolicy; 2]);

impl Layers<'_> {
    fn find<T>(&self, declared: impl FnMut(&ContactPolicy) -> Option<T>) -> Option<T> {
        self.0.into_iter().find_map(declared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ContactGuard, Deletes, InitialSyncPolicy};

    #[test]
    fn nothing_declared_gives_the_built_in_policy() {
        let policy = EffectiveContactPolicy::resolve(&ContactPolicy::default(), None);
        assert_eq!(
            policy,
            EffectiveContactPolicy {
                mode: SyncMode::Apply,
                direction: Direction::TwoWay,
                conflict: ConflictPolicy::CrmWins,
                deletes_to_office: DeletePolicy::Propagate,
                deletes_to_crm: DeletePolicy::Never,
                guard: EffectiveContactGuard {
                    max_deletes_per_run: 10,
                    max_deletes_percent: 10,
                    max_deletes_per_day: 50,
                    max_updates_percent: 25,
                },
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
            mode: Some(SyncMode::Observe),
            conflict: Some(ConflictPolicy::Manual),
            guard: Some(ContactGuard {
                max_deletes_per_run: Some(3),
                max_deletes_percent: Some(0),
                ..ContactGuard::default()
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
            conflict: Some(ConflictPolicy::NewestWins),
            guard: Some(ContactGuard {
                max_deletes_per_run: Some(4),
                ..ContactGuard::default()
            }),
            interval: Some(Interval::new("30s")),
            initial_sync: Some(InitialSyncPolicy::default()),
            ..ContactPolicy::default()
        };
        let policy = EffectiveContactPolicy::resolve(&own, Some(&tenant));
        assert_eq!(policy.mode, SyncMode::Observe);
        assert_eq!(policy.direction, Direction::CrmToOffice);
        assert_eq!(policy.conflict, ConflictPolicy::NewestWins);
        assert_eq!(policy.deletes_to_office, DeletePolicy::Propagate);
        assert_eq!(policy.deletes_to_crm, DeletePolicy::Propagate);
        assert_eq!(
            policy.guard,
            EffectiveContactGuard {
                max_deletes_per_run: 4,
                max_deletes_percent: 0,
                max_deletes_per_day: 50,
                max_updates_percent: 25,
            }
        );
        assert_eq!(policy.interval, Duration::from_secs(30));
        assert_eq!(policy.initial_max_items, 50);
    }
}
