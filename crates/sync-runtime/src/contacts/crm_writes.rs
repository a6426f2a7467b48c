//! Carrying out what was planned, the CRM's part.

use sync_engine::link::{LinkState, Side};
use sync_engine::merge::Merge;
use sync_engine::project::record;

use super::guard::Guard;
use super::office_writes::pending;
use super::outbox::Planned;
use super::{ContactSync, Stop};
use crate::ports::{Crm, Item, ItemFailure, Mailbox, RecordUpdate};
use crate::store::{Change, ScopeState, Store};

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Writes the CRM's part of merges; those without one only have something to record.
    pub(super) async fn update_records(
        &self,
        merges: Vec<(Planned, Item, Merge)>,
        guard: &Guard,
        state: &mut ScopeState,
    ) -> Result<(), Stop> {
        if merges.is_empty() {
            return Ok(());
        }
        let (mut changes, mut first_failure) = (Vec::new(), None);
        let (writes, rest): (Vec<_>, Vec<_>) = merges
            .into_iter()
            .partition(|(_, _, merge)| !merge.to_crm.is_empty());
        for (mut planned, item, merge) in rest {
            let pending = pending(&planned, &merge, false);
            changes.extend(self.settled(&mut planned, &item, None, &pending));
            self.merged(planned, &merge, guard, state, &mut changes);
        }
        let rows: Vec<RecordUpdate> = writes
            .iter()
            .filter_map(|(planned, _, merge)| {
                Some(RecordUpdate {
                    id: planned.crm_id.clone(),
                    unmodified_since: planned.modified?,
                    fields: record(self.mapping, &merge.to_crm),
                })
            })
            .collect();
        let results = if rows.is_empty() {
            Vec::new()
        } else {
            self.crm.update(&rows).await
        };
        for ((mut planned, item, merge), result) in writes.into_iter().zip(results) {
            match result {
                Ok(written) => {
                    state.last_change = Some(self.clock.now());
                    state.run.updates += 1;
                    planned.view = planned.view.map(|view| view.with(&merge.to_crm, self.mapping));
                    let pending = pending(&planned, &merge, false);
                    changes.extend(self.settled(&mut planned, &item, Some(written.modified), &pending));
                    self.merged(planned, &merge, guard, state, &mut changes);
                }
                // Stays in the queue: both sides are read again and planned anew.
                Err(ItemFailure::Gone | ItemFailure::Changed) => {}
                Err(ItemFailure::MaybeDone(failure) | ItemFailure::NotDone(failure)) => {
                    first_failure.get_or_insert(failure);
                }
                Err(ItemFailure::Refused { code, field }) => {
                    let reason = format!(
                        "the CRM refuses the change ({code}): correct the contact in Outlook; it is tried again after its next change"
                    );
                    self.refused_by_crm(planned.crm_id, reason, field, guard, &mut changes);
                }
                Err(ItemFailure::Exists { field, .. }) => {
                    let reason = "the CRM has another contact with this value in a unique field: change one of the two; it is tried again after its next change";
                    self.refused_by_crm(planned.crm_id, reason.to_owned(), field, guard, &mut changes);
                }
            }
        }
        self.finish(changes, state, first_failure).await
    }

    /// Deletes records whose items were deleted by the mailbox's owner. Read just before: the call takes no condition.
    pub(super) async fn delete_records(
        &self,
        deletes: Vec<Planned>,
        guard: &Guard,
        state: &mut ScopeState,
    ) -> Result<(), Stop> {
        if deletes.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = deletes.iter().map(|planned| planned.crm_id.clone()).collect();
        let results = self.crm.delete(&ids).await;
        let (mut changes, mut first_failure) = (Vec::new(), None);
        for (planned, result) in deletes.into_iter().zip(results) {
            match result {
                Ok(()) | Err(ItemFailure::Gone) => {
                    self.counted_delete(state, &mut changes);
                    changes.push(Change::DropLink(self.scope, planned.crm_id.clone()));
                    self.done(planned.crm_id, guard, &mut changes);
                }
                Err(ItemFailure::Changed) => {}
                Err(ItemFailure::MaybeDone(failure) | ItemFailure::NotDone(failure)) => {
                    first_failure.get_or_insert(failure);
                }
                // It stays, and its item is not made again.
                Err(ItemFailure::Refused { .. } | ItemFailure::Exists { .. }) => {
                    if let Some(mut link) = planned.link {
                        (link.state, link.gone_since) = (LinkState::Tombstone, None);
                        changes.push(Change::Link(self.scope, link));
                    }
                    self.done(planned.crm_id, guard, &mut changes);
                }
            }
        }
        self.finish(changes, state, first_failure).await
    }

    fn refused_by_crm(
        &self,
        crm_id: String,
        reason: String,
        field: Option<String>,
        guard: &Guard,
        changes: &mut Vec<Change>,
    ) {
        changes.push(self.park(Side::Crm, crm_id.clone(), reason, field));
        self.off_the_queue(crm_id, guard, changes);
    }
}
