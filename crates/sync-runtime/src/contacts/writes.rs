//! Carrying out what was planned. Creates go through the outbox: the intent is committed before the call, the link
//! after it, and a create whose outcome is unknown stays an intent.

use jiff::Timestamp;
use sync_engine::hash::Base;
use sync_engine::identity::item_marker;
use sync_engine::link::{Link, LinkState};
use sync_engine::plan::{Changes, Op, settled_base};
use sync_engine::project::{Fields, Unfit};

use super::{ContactSync, Stop};
use crate::ports::{Crm, Failure, Item, ItemFailure, ItemUpdate, Mailbox, NewItem, Service};
use crate::store::{Change, Parked, ScopeState, Store};

/// One record with what is to be done for it.
pub(super) struct Planned {
    pub(super) crm_id: String,
    /// It came from the first listing.
    pub(super) initial: bool,
    pub(super) op: Op,
    pub(super) modified: Option<Timestamp>,
    /// The record seen through the mapping.
    pub(super) wanted: Fields,
    pub(super) link: Option<Link>,
    pub(super) item: Option<Item>,
}

/// A chunk's work, by kind.
#[derive(Default)]
pub(super) struct Outbox {
    creates: Vec<(Planned, Fields)>,
    updates: Vec<(Planned, Item, Changes)>,
    deletes: Vec<(Planned, Item)>,
    parks: Vec<(Planned, Unfit)>,
    settled: Vec<Planned>,
    dropped: Vec<String>,
    initial_places: u64,
}

impl Outbox {
    /// Nothing is to be done for this row of the queue.
    pub(super) fn drop_row(&mut self, crm_id: String) {
        self.dropped.push(crm_id);
    }

    /// How many records of this chunk count towards the cap of the first sync: those to be made, and those that
    /// were found by their markers after a lost store.
    pub(super) fn initial_places(&self) -> u64 {
        self.initial_places
    }

    pub(super) fn add(&mut self, mut planned: Planned) {
        let takes_a_place = planned.link.is_some() || matches!(planned.op, Op::Create(_));
        self.initial_places += u64::from(planned.initial && takes_a_place);
        match (
            std::mem::replace(&mut planned.op, Op::Nothing),
            planned.item.clone(),
        ) {
            (Op::Create(fields), _) => self.creates.push((planned, fields)),
            (Op::Update(changes), Some(item)) => self.updates.push((planned, item, changes)),
            (Op::Delete, Some(item)) => self.deletes.push((planned, item)),
            (Op::Park(unfit), _) => self.parks.push((planned, unfit)),
            (op, _) => self.settled.push(Planned { op, ..planned }),
        }
    }
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    pub(super) async fn carry_out(
        &self,
        folder: &str,
        outbox: Outbox,
        state: &mut ScopeState,
    ) -> Result<(), Stop> {
        let mut changes: Vec<Change> = outbox
            .dropped
            .into_iter()
            .map(|crm_id| Change::Dequeue(self.scope, crm_id))
            .collect();
        for planned in outbox.settled {
            state.initial.done += u64::from(planned.initial && planned.link.is_some());
            self.settle(planned, &mut changes);
        }
        for (planned, unfit) in outbox.parks {
            let parked = self.parked(
                &planned.crm_id,
                unfit.to_string(),
                unfit.crm_field().map(str::to_owned),
            );
            changes.extend([
                Change::Park(self.scope, parked),
                Change::Dequeue(self.scope, planned.crm_id),
            ]);
        }
        changes.push(Change::Scope(self.scope, state.clone()));
        self.store.commit(changes).await?;
        self.create(folder, outbox.creates, state).await?;
        self.update(folder, outbox.updates, state).await?;
        self.delete(folder, outbox.deletes, state).await
    }

    /// What needs no call: both sides agree, or only the store has to learn something.
    fn settle(&self, planned: Planned, changes: &mut Vec<Change>) {
        let Planned {
            crm_id,
            op,
            link,
            item,
            wanted,
            modified,
            ..
        } = planned;
        match (op, link) {
            (Op::Forget, Some(_)) => changes.push(Change::DropLink(self.scope, crm_id.clone())),
            (Op::Bury, Some(link)) => {
                changes.push(Change::Link(
                    self.scope,
                    Link {
                        state: LinkState::Tombstone,
                        office_id: None,
                        ..link
                    },
                ));
            }
            (Op::Detach, Some(link)) => {
                changes.push(Change::Link(
                    self.scope,
                    Link {
                        state: LinkState::Detached,
                        ..link
                    },
                ));
            }
            (_, Some(link)) => {
                if let Some(item) = item {
                    let base = settled_base(&link.base, &wanted, &item.fields, self.mapping, self.hasher);
                    changes.push(Change::Link(
                        self.scope,
                        Link {
                            base,
                            crm_modified: modified,
                            ..link
                        },
                    ));
                }
            }
            (_, None) => {}
        }
        changes.extend([
            Change::Unpark(self.scope, crm_id.clone()),
            Change::Dequeue(self.scope, crm_id),
        ]);
    }

    async fn create(
        &self,
        folder: &str,
        creates: Vec<(Planned, Fields)>,
        state: &mut ScopeState,
    ) -> Result<(), Stop> {
        if creates.is_empty() {
            return Ok(());
        }
        // With what is about to be sent as its base: where the answer is lost, later edits on either side are still
        // seen as such.
        let intent = |planned: &Planned| Link {
            crm_id: planned.crm_id.clone(),
            office_id: None,
            state: LinkState::Intent,
            crm_modified: None,
            base: settled_base(
                &Base::default(),
                &planned.wanted,
                &planned.wanted,
                self.mapping,
                self.hasher,
            ),
        };
        let intents = creates
            .iter()
            .map(|(planned, _)| Change::Link(self.scope, intent(planned)))
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
                    state.initial.done += u64::from(planned.initial);
                    state.last_change = Some(self.clock.now());
                    let base = settled_base(
                        &Base::default(),
                        &planned.wanted,
                        &item.fields,
                        self.mapping,
                        self.hasher,
                    );
                    let link = Link {
                        crm_id: planned.crm_id.clone(),
                        office_id: Some(item.id),
                        state: LinkState::Linked,
                        crm_modified: planned.modified,
                        base,
                    };
                    changes.push(Change::Link(self.scope, link));
                    self.done(planned.crm_id, &mut changes);
                }
                // Stays an intent: looked up before it is tried again.
                Err(ItemFailure::MaybeDone(failure)) => {
                    first_failure.get_or_insert(failure);
                }
                Err(ItemFailure::NotDone(failure)) => {
                    changes.push(Change::DropLink(self.scope, planned.crm_id));
                    first_failure.get_or_insert(failure);
                }
                // Of an item to be made this can only mean the container: the next run looks where it is.
                Err(ItemFailure::Gone | ItemFailure::Changed) => {
                    changes.push(Change::DropLink(self.scope, planned.crm_id));
                    first_failure.get_or_insert(Failure::Transient {
                        service: Service::Office,
                        code: "containerGone".into(),
                    });
                }
                Err(failure @ ItemFailure::Refused { .. }) => {
                    changes.push(Change::DropLink(self.scope, planned.crm_id.clone()));
                    self.refused(planned.crm_id, &failure, &mut changes);
                }
            }
        }
        self.finish(changes, state, first_failure).await
    }

    async fn update(
        &self,
        folder: &str,
        updates: Vec<(Planned, Item, Changes)>,
        state: &mut ScopeState,
    ) -> Result<(), Stop> {
        if updates.is_empty() {
            return Ok(());
        }
        let calls: Vec<ItemUpdate> = updates
            .iter()
            .map(|(_, item, changes)| ItemUpdate {
                item: item.clone(),
                changes: changes.clone(),
            })
            .collect();
        let results = self.mailbox.update(folder, &calls).await;
        let (mut changes, mut first_failure) = (Vec::new(), None);
        for ((planned, _, _), result) in updates.into_iter().zip(results) {
            let Some(link) = planned.link else { continue };
            match result {
                Ok(item) => {
                    state.initial.done += u64::from(planned.initial);
                    state.last_change = Some(self.clock.now());
                    let base = settled_base(
                        &link.base,
                        &planned.wanted,
                        &item.fields,
                        self.mapping,
                        self.hasher,
                    );
                    changes.push(Change::Link(
                        self.scope,
                        Link {
                            base,
                            crm_modified: planned.modified,
                            ..link
                        },
                    ));
                    self.done(planned.crm_id, &mut changes);
                }
                // Stays in the queue: both sides are read again and planned anew.
                Err(ItemFailure::Gone | ItemFailure::Changed) => {}
                Err(ItemFailure::MaybeDone(failure) | ItemFailure::NotDone(failure)) => {
                    first_failure.get_or_insert(failure);
                }
                Err(failure @ ItemFailure::Refused { .. }) => {
                    self.refused(planned.crm_id, &failure, &mut changes);
                }
            }
        }
        self.finish(changes, state, first_failure).await
    }

    async fn delete(
        &self,
        folder: &str,
        deletes: Vec<(Planned, Item)>,
        state: &mut ScopeState,
    ) -> Result<(), Stop> {
        if deletes.is_empty() {
            return Ok(());
        }
        let items: Vec<Item> = deletes.iter().map(|(_, item)| item.clone()).collect();
        let results = self.mailbox.delete(folder, &items).await;
        let (mut changes, mut first_failure) = (Vec::new(), None);
        for ((planned, _), result) in deletes.into_iter().zip(results) {
            match result {
                Ok(()) | Err(ItemFailure::Gone) => {
                    state.last_change = Some(self.clock.now());
                    changes.push(Change::DropLink(self.scope, planned.crm_id.clone()));
                    self.done(planned.crm_id, &mut changes);
                }
                Err(ItemFailure::Changed) => {}
                Err(ItemFailure::MaybeDone(failure) | ItemFailure::NotDone(failure)) => {
                    first_failure.get_or_insert(failure);
                }
                // The record is gone, so no change of it will come that this could wait for: the copy is its owner's.
                Err(ItemFailure::Refused { .. }) => {
                    if let Some(link) = planned.link {
                        let state = LinkState::Detached;
                        changes.push(Change::Link(self.scope, Link { state, ..link }));
                    }
                    self.done(planned.crm_id, &mut changes);
                }
            }
        }
        self.finish(changes, state, first_failure).await
    }

    fn done(&self, crm_id: String, changes: &mut Vec<Change>) {
        changes.extend([
            Change::Unpark(self.scope, crm_id.clone()),
            Change::Dequeue(self.scope, crm_id),
        ]);
    }

    fn refused(&self, crm_id: String, failure: &ItemFailure, changes: &mut Vec<Change>) {
        let reason = match failure {
            ItemFailure::Refused { code } => {
                format!(
                    "Microsoft 365 refuses the contact ({code}): correct the record in the CRM; it is tried again after its next change"
                )
            }
            _ => format!(
                "the contact could not be written ({failure}); it is tried again after its next change"
            ),
        };
        let parked = self.parked(&crm_id, reason, None);
        changes.extend([
            Change::Park(self.scope, parked),
            Change::Dequeue(self.scope, crm_id),
        ]);
    }

    fn parked(&self, crm_id: &str, reason: String, field: Option<String>) -> Parked {
        Parked {
            crm_id: crm_id.to_owned(),
            reason,
            field,
            since: self.clock.now(),
        }
    }

    /// Commits what was done before the first failure is reported.
    async fn finish(
        &self,
        mut changes: Vec<Change>,
        state: &ScopeState,
        failure: Option<Failure>,
    ) -> Result<(), Stop> {
        changes.push(Change::Scope(self.scope, state.clone()));
        self.store.commit(changes).await?;
        failure.map_or(Ok(()), |failure| Err(failure.into()))
    }
}
