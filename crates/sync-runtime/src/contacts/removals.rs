//! Removing what the other side has deleted: items of the mailbox, records of the CRM.

use sync_engine::link::{Link, LinkState};

use super::outbox::Planned;
use super::run::Run;
use super::{ContactSync, Stop};
use crate::ports::{Crm, Item, ItemFailure, Mailbox};
use crate::store::{Change, Store, Tally};

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    pub(super) async fn remove(&self, removals: Vec<(Planned, Item)>, run: &mut Run) -> Result<(), Stop> {
        if removals.is_empty() {
            return Ok(());
        }
        let (planned, items): (Vec<Planned>, Vec<Item>) = removals.into_iter().unzip();
        let results = self.mailbox.delete(&run.folder, &items).await;
        // A refusal is for good: the record is gone, so no change of it will come that this could wait for. The copy is
        // its owner's.
        self.removed_each(planned, results, LinkState::Detached, run)
            .await
    }

    /// Deletes records whose items were deleted by the mailbox's owner. Read just before: the call takes no condition.
    pub(super) async fn delete_records(&self, deletes: Vec<Planned>, run: &mut Run) -> Result<(), Stop> {
        if deletes.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = deletes.iter().map(|planned| planned.crm_id.clone()).collect();
        let results = self.crm.delete(&ids).await;
        // What the CRM will not let go stays, and its item is not made again.
        self.removed_each(deletes, results, LinkState::Tombstone, run)
            .await
    }

    async fn removed_each(
        &self,
        planned: Vec<Planned>,
        results: Vec<Result<(), ItemFailure>>,
        refused: LinkState,
        run: &mut Run,
    ) -> Result<(), Stop> {
        let (mut changes, mut first_failure) = (Vec::new(), None);
        for (planned, result) in planned.into_iter().zip(results) {
            match result {
                Ok(()) | Err(ItemFailure::Gone) => {
                    self.count_delete(&planned.crm_id, run, &mut changes);
                    changes.push(Change::DropLink(self.scope, planned.crm_id.clone()));
                    self.done(planned.crm_id, run, &mut changes);
                }
                // Stays in the queue: both sides are read again and planned anew.
                Err(ItemFailure::Changed) => {}
                Err(ItemFailure::MaybeDone(failure) | ItemFailure::NotDone(failure)) => {
                    first_failure.get_or_insert(failure);
                }
                Err(ItemFailure::Locked { code }) => {
                    self.wait_for_the_lock(planned.crm_id, &code, run, &mut changes);
                }
                Err(ItemFailure::Refused { .. } | ItemFailure::Exists { .. }) => {
                    if let Some(link) = planned.link {
                        let (state, gone_since) = (refused, None);
                        let link = Link {
                            state,
                            gone_since,
                            ..link
                        };
                        changes.push(Change::Link(self.scope, link));
                    }
                    self.done(planned.crm_id, run, &mut changes);
                }
            }
        }
        self.finish(changes, run, first_failure).await
    }

    /// What somebody has approved counts for no limit: it was asked about already.
    fn count_delete(&self, crm_id: &str, run: &mut Run, changes: &mut Vec<Change>) {
        let now = self.clock.now();
        run.state.last_change = Some(now);
        if run.guard.is_approved(crm_id) {
            return;
        }
        run.state.run.deletes += 1;
        let organisation = self.feed.organisation().to_owned();
        changes.push(Change::Tally(self.scope, organisation, Tally::Deletes, now, 1));
    }
}
