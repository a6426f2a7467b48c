//! Carrying out what was planned, the mailbox's part. Creates go through the outbox: the intent is committed before the
//! call, the link after it, and a create whose outcome is unknown stays an intent.

use std::collections::BTreeSet;

use sync_engine::hash::Base;
use sync_engine::identity::item_marker;
use sync_engine::link::{Link, LinkState, Side};
use sync_engine::merge::{Merge, settled_base};
use sync_engine::office_field::OfficeField;
use sync_engine::plan::Op;
use sync_engine::project::{CrmView, Fields};

use super::guard::Guard;
use super::inserts::Insert;
use super::outbox::{Outbox, Planned};
use super::{ContactSync, Stop};
use crate::ports::{Crm, Failure, Item, ItemFailure, ItemUpdate, Mailbox, NewItem, Service};
use crate::store::{Change, Conflict, ConflictOutcome, Held, ScopeState, Store, Tally};

const LOST: &str = "the CRM does not show this contact any more and lists no deletion of it: the connected user may have lost the right to see it. Nothing is deleted for that; give the right back, or delete the contact in Outlook";

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    pub(super) async fn carry_out(
        &self,
        folder: &str,
        outbox: Outbox,
        guard: &Guard,
        state: &mut ScopeState,
    ) -> Result<(), Stop> {
        let mut changes = Vec::new();
        for planned in outbox.settled {
            state.initial.done += u64::from(planned.is_initial() && planned.link.is_some());
            self.settle(planned, guard, &mut changes);
        }
        for (planned, unfit) in outbox.parks {
            let field = unfit.field().map(str::to_owned);
            changes.push(self.park(Side::Crm, planned.crm_id.clone(), unfit.to_string(), field));
            self.off_the_queue(planned.crm_id, guard, &mut changes);
        }
        for (crm_id, reason) in outbox.review {
            changes.push(self.park(Side::Crm, crm_id.clone(), reason, None));
            self.off_the_queue(crm_id, guard, &mut changes);
        }
        for (crm_id, operation) in outbox.held {
            let held = Held {
                crm_id,
                operation,
                trip: None,
            };
            changes.push(Change::Hold(self.scope, held));
        }
        changes.extend(
            outbox
                .dropped
                .into_iter()
                .map(|crm_id| Change::Dequeue(self.scope, crm_id)),
        );
        changes.push(self.keep(state));
        self.store.commit(changes).await?;
        self.create(folder, outbox.creates, guard, state).await?;
        self.merge(folder, outbox.merges, guard, state).await?;
        let inserts = outbox.inserts.into_iter().map(|(planned, item, wanted)| Insert {
            item,
            wanted,
            in_place_of: Some(planned.crm_id),
        });
        self.insert(inserts.collect(), state).await?;
        self.remove(folder, outbox.removals, guard, state).await?;
        self.delete_records(outbox.deletes, guard, state).await
    }

    /// What needs no call: both sides agree, or only the store has to learn something.
    fn settle(&self, planned: Planned, guard: &Guard, changes: &mut Vec<Change>) {
        let crm_id = planned.crm_id.clone();
        let now = self.clock.now();
        let with_state = |link: Link, state| Link {
            state,
            gone_since: None,
            ..link
        };
        match (planned.op, planned.link) {
            (Op::Forget, Some(_)) => changes.push(Change::DropLink(self.scope, crm_id.clone())),
            (Op::Bury, Some(link)) => {
                changes.push(Change::Link(self.scope, with_state(link, LinkState::Tombstone)));
            }
            (Op::Detach, Some(link)) => {
                changes.push(Change::Link(self.scope, with_state(link, LinkState::Detached)));
            }
            (Op::LookAgain, Some(link)) => {
                let gone_since = link.gone_since.or(Some(now));
                changes.push(Change::Link(self.scope, Link { gone_since, ..link }));
            }
            (Op::Lost, Some(_)) => {
                changes.push(self.park(Side::Crm, crm_id.clone(), LOST.to_owned(), None));
                return self.off_the_queue(crm_id, guard, changes);
            }
            (Op::Nothing, Some(link)) => {
                let link = match (planned.item, &planned.view) {
                    (Some(item), Some(view)) => {
                        let base = self.base(&link, view, &item.fields, &BTreeSet::new());
                        let state = match link.state {
                            LinkState::Tombstone | LinkState::Detached if !base.0.is_empty() => {
                                LinkState::Linked
                            }
                            state => state,
                        };
                        Link {
                            base,
                            crm_modified: planned.modified,
                            ..with_state(link, state)
                        }
                    }
                    _ => Link {
                        crm_modified: planned.modified.or(link.crm_modified),
                        ..link
                    },
                };
                changes.push(Change::CloseConflicts(self.scope, crm_id.clone(), Vec::new()));
                changes.push(Change::Link(self.scope, link));
            }
            _ => {}
        }
        self.done(crm_id, guard, changes);
    }

    fn base(&self, link: &Link, view: &CrmView, item: &Fields, pending: &BTreeSet<OfficeField>) -> Base {
        let old = match link.state {
            LinkState::Detached => &Base::default(),
            _ => &link.base,
        };
        let mut base = settled_base(old, view, item, pending, &self.terms());
        if self.policy.is_last_round {
            // Fields that no rule carries to the CRM have their part in what counts as a copy.
            for (field, was) in &old.0 {
                base.0.entry(*field).or_insert(*was);
            }
        }
        base
    }

    async fn create(
        &self,
        folder: &str,
        creates: Vec<(Planned, Fields)>,
        guard: &Guard,
        state: &mut ScopeState,
    ) -> Result<(), Stop> {
        if creates.is_empty() {
            return Ok(());
        }
        // With what is about to be sent as its base: where the answer is lost, later edits on either side are still
        // seen as such.
        let none = BTreeSet::new();
        let link = |planned: &Planned, office_id: Option<String>, item: &Fields| Link {
            crm_id: planned.crm_id.clone(),
            state: if office_id.is_some() {
                LinkState::Linked
            } else {
                LinkState::Intent
            },
            born: planned.link.as_ref().map_or(Side::Crm, |link| link.born),
            crm_modified: office_id.as_ref().and(planned.modified),
            base: planned.view.as_ref().map_or_else(Base::default, |view| {
                settled_base(&Base::default(), view, item, &none, &self.terms())
            }),
            gone_since: None,
            office_id,
        };
        let intents = creates
            .iter()
            .map(|(planned, fields)| Change::Link(self.scope, link(planned, None, fields)))
            .collect();
        self.store.commit(intents).await?;
        let items: Vec<NewItem> = creates
            .iter()
            .map(|(planned, fields)| NewItem {
                marker: item_marker(self.scope, &planned.crm_id),
                fields: fields.clone(),
            })
            .collect();
        let results = self.mailbox.create(folder, &items).await;
        let (mut changes, mut first_failure) = (Vec::new(), None);
        for ((planned, _), result) in creates.into_iter().zip(results) {
            match result {
                Ok(item) => {
                    state.initial.done += u64::from(planned.is_initial());
                    state.last_change = Some(self.clock.now());
                    changes.push(Change::Link(
                        self.scope,
                        link(&planned, Some(item.id), &item.fields),
                    ));
                    self.done(planned.crm_id, guard, &mut changes);
                }
                // Stays an intent: looked up before it is tried again.
                Err(ItemFailure::MaybeDone(failure)) => {
                    first_failure.get_or_insert(failure);
                }
                Err(ItemFailure::NotDone(failure)) => {
                    changes.push(self.not_created(planned));
                    first_failure.get_or_insert(failure);
                }
                // Of an item to be made this can only mean the container: the next run looks where it is.
                Err(ItemFailure::Gone | ItemFailure::Changed) => {
                    changes.push(self.not_created(planned));
                    first_failure.get_or_insert(Failure::Transient {
                        service: Service::Office,
                        code: "containerGone".into(),
                    });
                }
                Err(failure @ (ItemFailure::Refused { .. } | ItemFailure::Exists { .. })) => {
                    let crm_id = planned.crm_id.clone();
                    changes.push(self.not_created(planned));
                    self.refused_by_office(crm_id, &failure, guard, &mut changes);
                }
            }
        }
        self.finish(changes, state, first_failure).await
    }

    /// Back to what was known of it: nothing, or an item that is gone.
    fn not_created(&self, planned: Planned) -> Change {
        match planned.link {
            Some(link) => Change::Link(self.scope, link),
            None => Change::DropLink(self.scope, planned.crm_id),
        }
    }

    /// Writes what goes to the mailbox, then what goes to the CRM; each commits its own part of the base.
    async fn merge(
        &self,
        folder: &str,
        merges: Vec<(Planned, Item, Merge)>,
        guard: &Guard,
        state: &mut ScopeState,
    ) -> Result<(), Stop> {
        let (to_office, mut to_crm): (Vec<_>, Vec<_>) = merges
            .into_iter()
            .partition(|(planned, _, merge)| !merge.to_office.is_empty() || planned.marker.is_some());
        let calls: Vec<ItemUpdate> = to_office
            .iter()
            .map(|(planned, item, merge)| ItemUpdate {
                item: item.clone(),
                changes: merge.to_office.clone(),
                marker: planned.marker.clone(),
            })
            .collect();
        let results = if calls.is_empty() {
            Vec::new()
        } else {
            self.mailbox.update(folder, &calls).await
        };
        let (mut changes, mut first_failure) = (Vec::new(), None);
        for ((mut planned, _, merge), result) in to_office.into_iter().zip(results) {
            match result {
                Ok(item) => {
                    state.last_change = Some(self.clock.now());
                    planned.marker = None;
                    let pending = pending(&planned, &merge, true);
                    changes.extend(self.settled(&mut planned, &item, None, &pending));
                    if merge.to_crm.is_empty() {
                        self.merged(planned, &merge, guard, state, &mut changes);
                    } else {
                        to_crm.push((planned, item, merge));
                    }
                }
                // Stays in the queue: both sides are read again and planned anew.
                Err(ItemFailure::Gone | ItemFailure::Changed) => {}
                Err(ItemFailure::MaybeDone(failure) | ItemFailure::NotDone(failure)) => {
                    first_failure.get_or_insert(failure);
                }
                Err(failure @ (ItemFailure::Refused { .. } | ItemFailure::Exists { .. })) => {
                    self.refused_by_office(planned.crm_id, &failure, guard, &mut changes);
                }
            }
        }
        self.finish(changes, state, first_failure).await?;
        self.update_records(to_crm, guard, state).await
    }

    /// The link with what both sides are known to hold now.
    pub(super) fn settled(
        &self,
        planned: &mut Planned,
        item: &Item,
        modified: Option<jiff::Timestamp>,
        pending: &BTreeSet<OfficeField>,
    ) -> Option<Change> {
        let link = planned.link.take()?;
        let link = Link {
            base: match &planned.view {
                Some(view) => self.base(&link, view, &item.fields, pending),
                None => link.base.clone(),
            },
            office_id: Some(item.id.clone()),
            state: LinkState::Linked,
            crm_modified: modified.or(planned.modified),
            gone_since: None,
            ..link
        };
        planned.link = Some(link.clone());
        Some(Change::Link(self.scope, link))
    }

    /// Both parts of a merge are written.
    pub(super) fn merged(
        &self,
        planned: Planned,
        merge: &Merge,
        guard: &Guard,
        state: &mut ScopeState,
        changes: &mut Vec<Change>,
    ) {
        state.initial.done += u64::from(planned.is_initial());
        for conflict in &merge.conflicts {
            if planned.later.contains(&conflict.field) {
                continue;
            }
            let outcome = match conflict.winner {
                Some(Side::Crm) => ConflictOutcome::CrmWon,
                Some(Side::Office) => ConflictOutcome::OfficeWon,
                None => ConflictOutcome::Open,
            };
            let conflict = Conflict {
                crm_id: planned.crm_id.clone(),
                field: conflict.field.name().to_owned(),
                outcome,
                at: self.clock.now(),
            };
            changes.push(Change::Conflict(self.scope, conflict));
        }
        let open = merge.open().map(|field| field.name().to_owned()).collect();
        changes.push(Change::CloseConflicts(self.scope, planned.crm_id.clone(), open));
        if planned.later.is_empty() {
            self.done(planned.crm_id, guard, changes);
        } else {
            // Held by the guard, which looks at it again.
            changes.push(Change::Dequeue(self.scope, planned.crm_id));
        }
    }

    async fn remove(
        &self,
        folder: &str,
        removals: Vec<(Planned, Item)>,
        guard: &Guard,
        state: &mut ScopeState,
    ) -> Result<(), Stop> {
        if removals.is_empty() {
            return Ok(());
        }
        let items: Vec<Item> = removals.iter().map(|(_, item)| item.clone()).collect();
        let results = self.mailbox.delete(folder, &items).await;
        let (mut changes, mut first_failure) = (Vec::new(), None);
        for ((planned, _), result) in removals.into_iter().zip(results) {
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
                // The record is gone, so no change of it will come that this could wait for: the copy is its owner's.
                Err(ItemFailure::Refused { .. } | ItemFailure::Exists { .. }) => {
                    if let Some(link) = planned.link {
                        let state = LinkState::Detached;
                        changes.push(Change::Link(self.scope, Link { state, ..link }));
                    }
                    self.done(planned.crm_id, guard, &mut changes);
                }
            }
        }
        self.finish(changes, state, first_failure).await
    }

    pub(super) fn counted_delete(&self, state: &mut ScopeState, changes: &mut Vec<Change>) {
        let now = self.clock.now();
        state.last_change = Some(now);
        state.run.deletes += 1;
        let organisation = self.feed.organisation().to_owned();
        changes.push(Change::Tally(self.scope, organisation, Tally::Deletes, now, 1));
    }

    /// Nothing is left to do for a contact.
    pub(super) fn done(&self, crm_id: String, guard: &Guard, changes: &mut Vec<Change>) {
        changes.push(Change::Unpark(self.scope, Side::Crm, crm_id.clone()));
        self.off_the_queue(crm_id, guard, changes);
    }

    pub(super) fn off_the_queue(&self, crm_id: String, guard: &Guard, changes: &mut Vec<Change>) {
        if guard.holds(&crm_id) {
            changes.push(Change::Unhold(self.scope, crm_id.clone()));
        }
        changes.push(Change::Dequeue(self.scope, crm_id));
    }

    fn refused_by_office(
        &self,
        crm_id: String,
        failure: &ItemFailure,
        guard: &Guard,
        changes: &mut Vec<Change>,
    ) {
        let reason = match failure {
            ItemFailure::Refused { code, .. } => {
                format!(
                    "Microsoft 365 refuses the contact ({code}): correct the record in the CRM; it is tried again after its next change"
                )
            }
            _ => format!(
                "the contact could not be written ({failure}); it is tried again after its next change"
            ),
        };
        changes.push(self.park(Side::Crm, crm_id.clone(), reason, None));
        self.off_the_queue(crm_id, guard, changes);
    }

    /// Commits what was done before the first failure is reported.
    pub(super) async fn finish(
        &self,
        mut changes: Vec<Change>,
        state: &ScopeState,
        failure: Option<Failure>,
    ) -> Result<(), Stop> {
        if !changes.is_empty() {
            changes.push(self.keep(state));
            self.store.commit(changes).await?;
        }
        failure.map_or(Ok(()), |failure| Err(failure.into()))
    }
}

/// The fields whose base stays as it is: still to be written, or undecided.
pub(super) fn pending(planned: &Planned, merge: &Merge, crm_is_to_come: bool) -> BTreeSet<OfficeField> {
    let mut pending: BTreeSet<OfficeField> = planned.later.iter().copied().chain(merge.open()).collect();
    if crm_is_to_come {
        pending.extend(merge.to_crm.keys());
    }
    pending
}
