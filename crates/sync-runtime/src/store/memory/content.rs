//! All that a store in memory holds, and what each change does to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use sync_engine::identity::ScopeId;

use super::organisation::OrganisationRows;
use super::sync::SyncRows;
use crate::store::{Change, StoreError};

/// Copies share the rows of every sync and organisation until one of them writes there: a commit works on a copy and
/// is dropped with it if a change is refused.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    syncs: BTreeMap<ScopeId, Arc<SyncRows>>,
    organisations: BTreeMap<String, Arc<OrganisationRows>>,
    /// The newest position of all feeds.
    position: i64,
}

impl Content {
    pub(super) fn sync(&self, scope: ScopeId) -> Arc<SyncRows> {
        self.syncs.get(&scope).cloned().unwrap_or_default()
    }

    pub(super) fn organisation(&self, organisation: &str) -> Arc<OrganisationRows> {
        self.organisations.get(organisation).cloned().unwrap_or_default()
    }

    fn sync_mut(&mut self, scope: ScopeId) -> &mut SyncRows {
        Arc::make_mut(self.syncs.entry(scope).or_default())
    }

    fn organisation_mut(&mut self, organisation: String) -> &mut OrganisationRows {
        Arc::make_mut(self.organisations.entry(organisation).or_default())
    }

    pub(super) fn apply(&mut self, change: Change) -> Result<(), StoreError> {
        match change {
            Change::Scope(scope, state) => self.sync_mut(scope).state = Some(state),
            Change::DropScope(scope) => drop(self.syncs.remove(&scope)),
            Change::Link(scope, link) => self.sync_mut(scope).links.put(scope, link)?,
            Change::DropLink(scope, crm_id) => self.sync_mut(scope).links.remove(&crm_id),
            Change::DropBases(scope) => self.sync_mut(scope).drop_bases(),
            Change::Enqueue(scope, queued) => self.sync_mut(scope).queue.put(&queued),
            Change::EnqueueAll(scope) => self.sync_mut(scope).enqueue_all(),
            Change::Dequeue(scope, crm_id) => self.sync_mut(scope).queue.remove(&crm_id),
            Change::DequeueInitial(scope) => self.sync_mut(scope).dequeue_initial(),
            Change::Stranger(scope, stranger) => self.sync_mut(scope).strangers.put(stranger),
            Change::DropStranger(scope, office_id) => self.sync_mut(scope).strangers.remove(&office_id),
            Change::CrmIntent(scope, intent) => self.sync_mut(scope).put_crm_intent(intent),
            Change::DropCrmIntent(scope, office_id) => {
                self.sync_mut(scope).crm_intents.remove(&office_id);
            }
            Change::Park(scope, parked) => self.sync_mut(scope).park(parked),
            Change::Unpark(scope, side, id) => {
                self.sync_mut(scope).parked.remove(&(side, id));
            }
            Change::Hold(scope, held) => self.sync_mut(scope).hold(held),
            Change::Unhold(scope, crm_id) => {
                self.sync_mut(scope).held.remove(&crm_id);
            }
            Change::Freeze(scope, trip) => self.sync_mut(scope).freeze(&trip),
            Change::Conflict(scope, conflict) => self.sync_mut(scope).put_conflict(conflict),
            Change::CloseConflicts(scope, crm_id, but) => self.sync_mut(scope).close_conflicts(&crm_id, &but),
            Change::Tally(scope, organisation, what, at, count) => {
                self.sync_mut(scope).tallies.add(what, at, count);
                self.organisation_mut(organisation).tallies.add(what, at, count);
            }
            Change::Origin(organisation, crm_id, imported) => {
                self.organisation_mut(organisation)
                    .origins
                    .insert(crm_id, imported);
            }
            Change::News(organisation, news) => {
                let next = self.position + 1;
                if self.organisation_mut(organisation).news.add(next, news) {
                    self.position = next;
                }
            }
            Change::Feed(organisation, state) => self.organisation_mut(organisation).feed = Some(state),
        }
        Ok(())
    }
}
