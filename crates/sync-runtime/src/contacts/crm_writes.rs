//! Writing to records: the CRM's part of merges.

use jiff::Timestamp;
use sync_engine::merge::Merge;
use sync_engine::project::record;

use super::merges::pending;
use super::outbox::Planned;
use super::run::Run;
use super::{ContactSync, Stop};
use crate::planted::{Bug, planted};
use crate::ports::{Crm, Item, ItemFailure, Mailbox, RecordUpdate};
use crate::store::Store;

/// What is said where another record holds a value that must be unique.
pub(super) const HELD_BY_ANOTHER: &str = "the CRM has another contact with this value in a unique field: change one of the two; it is tried again after its next change";

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Writes the CRM's part of merges; those without one only have something to record.
    pub(super) async fn update_records(
        &self,
        merges: Vec<(Planned, Item, Merge)>,
        run: &mut Run,
    ) -> Result<(), Stop> {
        let (mut changes, mut first_failure) = (Vec::new(), None);
        let (writes, rest): (Vec<_>, Vec<_>) = merges
            .into_iter()
            .partition(|(_, _, merge)| !merge.to_crm.is_empty());
        for (mut planned, item, merge) in rest {
            let pending = pending(&planned, &merge, false);
            changes.extend(self.settled(&mut planned, &item, None, &pending));
            self.merged(planned, &merge, run, &mut changes);
        }
        let rows: Vec<RecordUpdate> = writes
            .iter()
            .map(|(planned, _, merge)| RecordUpdate {
                id: planned.crm_id.clone(),
                // A record of no known time is never written.
                unmodified_since: if planted(Bug::IgnoreUnmodifiedSince) {
                    self.clock.now()
                } else {
                    planned.modified.unwrap_or(Timestamp::UNIX_EPOCH)
                },
                fields: record(self.mapping, &merge.to_crm),
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
                    run.state.last_change = Some(self.clock.now());
                    run.state.run.updates += u64::from(!run.guard.is_approved(&planned.crm_id));
                    planned.view = planned.view.map(|view| view.with(&merge.to_crm, self.mapping));
                    let pending = pending(&planned, &merge, false);
                    changes.extend(self.settled(&mut planned, &item, Some(written.modified), &pending));
                    self.merged(planned, &merge, run, &mut changes);
                }
                // Stays in the queue: both sides are read again and planned anew.
                Err(ItemFailure::Gone | ItemFailure::Changed) => {}
                Err(ItemFailure::MaybeDone(failure) | ItemFailure::NotDone(failure)) => {
                    first_failure.get_or_insert(failure);
                }
                Err(ItemFailure::Locked { code }) => {
                    self.wait_for_the_lock(planned.crm_id, &code, run, &mut changes);
                }
                Err(ItemFailure::Refused { code, field }) => {
                    let reason = format!(
                        "the CRM refuses the change ({code}): correct the contact in Outlook; it is tried again after its next change"
                    );
                    self.wait_for_a_change(planned.crm_id, reason, field, run, &mut changes);
                }
                Err(ItemFailure::Exists { field, .. }) => {
                    let reason = HELD_BY_ANOTHER.to_owned();
                    self.wait_for_a_change(planned.crm_id, reason, field, run, &mut changes);
                }
            }
        }
        self.finish(changes, run, first_failure).await
    }
}
