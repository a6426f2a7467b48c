//! Carrying out what was planned: first what needs no call, then the calls, one kind after the other.

use std::collections::BTreeSet;

use sync_engine::hash::Base;
use sync_engine::link::{Link, LinkState, Side};
use sync_engine::merge::{Merge, settled_base};
use sync_engine::office_field::OfficeField;
use sync_engine::plan::Op;
use sync_engine::project::{CrmView, Fields};

use super::inserts::Insert;
use super::outbox::{Outbox, Planned};
use super::review::Review;
use super::run::Run;
use super::{ContactSync, Stop};
use crate::ports::{Crm, Mailbox};
use crate::store::{Change, Conflict, ConflictOutcome, Held, Store};

/// Why a contact waits whose record the CRM does not show any more.
pub const NOT_VISIBLE: &str = "the CRM does not show this contact any more and lists no deletion of it: the connected user may have lost the right to see it. Nothing is deleted for that; give the right back, or delete the contact in Outlook";

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    pub(super) async fn carry_out(&self, mut outbox: Outbox, run: &mut Run) -> Result<(), Stop> {
        let mut changes = self.without_calls(&mut outbox, run);
        self.remember_conflicts(&outbox.merges, &mut changes).await?;
        self.expect_answers(&outbox.merges, run);
        changes.push(self.keep(&run.state));
        self.commit(changes).await?;
        // Markers that name another record by now are mended before anything is made for the one they named.
        self.merge(outbox.merges, run).await?;
        self.create(outbox.creates, run).await?;
        let inserts = outbox.inserts.into_iter().map(|(planned, item, wanted)| Insert {
            item,
            wanted,
            in_place_of: Some(planned.crm_id),
        });
        self.insert(inserts.collect(), run).await?;
        self.remove(outbox.removals, run).await?;
        self.delete_records(outbox.deletes, run).await
    }

    fn without_calls(&self, outbox: &mut Outbox, run: &mut Run) -> Vec<Change> {
        let mut changes = Vec::new();
        for planned in std::mem::take(&mut outbox.settled) {
            self.settle(planned, run, &mut changes);
        }
        for (planned, unfit) in std::mem::take(&mut outbox.parks) {
            let field = unfit.field().map(str::to_owned);
            self.wait_for_a_change(planned.crm_id, unfit.to_string(), field, run, &mut changes);
        }
        for crm_id in std::mem::take(&mut outbox.review) {
            self.wait_for_a_change(crm_id, Review::Record.reason(), None, run, &mut changes);
        }
        for crm_id in std::mem::take(&mut outbox.none_of_ours) {
            self.done(crm_id, run, &mut changes);
        }
        for (crm_id, operation) in std::mem::take(&mut outbox.held) {
            let held = Held {
                crm_id,
                operation,
                trip: None,
            };
            run.guard.hold(held.clone());
            changes.push(Change::Hold(self.scope, held));
        }
        let dropped = std::mem::take(&mut outbox.dropped).into_iter();
        changes.extend(dropped.map(|crm_id| Change::Dequeue(self.scope, crm_id)));
        changes
    }

    /// Both sides agree, or only the store has to learn something.
    fn settle(&self, planned: Planned, run: &mut Run, changes: &mut Vec<Change>) {
        let is_in_the_mailbox = planned.is_initial() && planned.link.is_some();
        let crm_id = planned.crm_id;
        let with_state = |link: Link, state| {
            let gone_since = None;
            Change::Link(
                self.scope,
                Link {
                    state,
                    gone_since,
                    ..link
                },
            )
        };
        match (planned.op, planned.link) {
            (Op::Forget, Some(_)) => changes.push(Change::DropLink(self.scope, crm_id.clone())),
            (Op::Bury, Some(link)) => changes.push(with_state(link, LinkState::Tombstone)),
            (Op::Detach, Some(link)) => changes.push(with_state(link, LinkState::Detached)),
            (Op::LookAgain, Some(link)) => {
                let gone_since = link.gone_since.or(Some(self.clock.now()));
                changes.push(Change::Link(self.scope, Link { gone_since, ..link }));
                // Stays in the queue.
                return run.put_off(&crm_id);
            }
            (Op::Lost, Some(_)) => {
                return self.wait_for_a_change(crm_id, NOT_VISIBLE.to_owned(), None, run, changes);
            }
            (Op::Nothing, Some(link)) => {
                let nowhere = link.office_id.is_none();
                let crm_modified = planned.modified.or(link.crm_modified);
                let link = Link { crm_modified, ..link };
                changes.push(match (planned.item, planned.view) {
                    (Some(item), Some(view)) => {
                        let base = self.base(&link, &view, &item.fields, &BTreeSet::new());
                        with_state(Link { base, ..link }, LinkState::Linked)
                    }
                    _ => Change::Link(self.scope, link),
                });
                changes.push(Change::CloseConflicts(self.scope, crm_id.clone(), Vec::new()));
                if nowhere {
                    // Kept apart until somebody has looked: what it is parked for still holds.
                    return self.off_the_queue(crm_id, run, changes);
                }
            }
            _ => {}
        }
        run.state.initial.done += u64::from(is_in_the_mailbox);
        self.done(crm_id, run, changes);
    }

    pub(super) fn base(
        &self,
        link: &Link,
        view: &CrmView,
        item: &Fields,
        pending: &BTreeSet<OfficeField>,
    ) -> Base {
        let old = match link.state {
            LinkState::Detached => &Base::default(),
            _ => &link.base,
        };
        settled_base(old, view, item, pending, &self.terms())
    }

    /// Conflicts are committed before anything is overwritten: where a crash follows, both sides are equal afterwards
    /// and tell nothing any more.
    async fn remember_conflicts(
        &self,
        merges: &[(Planned, crate::ports::Item, Merge)],
        changes: &mut Vec<Change>,
    ) -> Result<(), Stop> {
        let mut known = None;
        for (planned, _, merge) in merges {
            let conflicts = merge.conflicts.iter();
            for conflict in conflicts.filter(|conflict| !planned.later.contains(&conflict.field)) {
                let new = Conflict {
                    crm_id: planned.crm_id.clone(),
                    field: conflict.field.name().to_owned(),
                    outcome: match conflict.winner {
                        Some(Side::Crm) => ConflictOutcome::CrmWon,
                        Some(Side::Office) => ConflictOutcome::OfficeWon,
                        None => ConflictOutcome::Open,
                    },
                    at: self.clock.now(),
                };
                if known.is_none() {
                    known = Some(self.store.conflicts(self.scope, u32::MAX).await?);
                }
                let is_known = |old: &Conflict| {
                    new.outcome == ConflictOutcome::Open
                        && (&old.crm_id, &old.field, old.outcome) == (&new.crm_id, &new.field, new.outcome)
                };
                if !known.iter().flatten().any(is_known) {
                    changes.push(Change::Conflict(self.scope, new));
                }
            }
        }
        Ok(())
    }

    /// Nothing is left to do for a contact.
    pub(super) fn done(&self, crm_id: String, run: &mut Run, changes: &mut Vec<Change>) {
        changes.push(Change::Unpark(self.scope, Side::Crm, crm_id.clone()));
        self.off_the_queue(crm_id, run, changes);
    }

    pub(super) fn off_the_queue(&self, crm_id: String, run: &mut Run, changes: &mut Vec<Change>) {
        run.state.unanswered.remove(&crm_id);
        if run.guard.unhold(&crm_id) {
            changes.push(Change::Unhold(self.scope, crm_id.clone()));
        }
        changes.push(Change::Dequeue(self.scope, crm_id));
    }

    /// Parks a contact until either side of it changes.
    pub(super) fn wait_for_a_change(
        &self,
        crm_id: String,
        reason: String,
        field: Option<String>,
        run: &mut Run,
        changes: &mut Vec<Change>,
    ) {
        changes.push(self.park(Side::Crm, crm_id.clone(), reason, field));
        self.off_the_queue(crm_id, run, changes);
    }
}
