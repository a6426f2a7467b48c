//! Making records for items of the mailbox. Each goes through the outbox: the intent is committed before the call, the
//! link after it, and where the outcome is unknown the intent stays.

use std::collections::BTreeSet;

use sync_engine::hash::Base;
use sync_engine::identity::external_id;
use sync_engine::link::{CrmIntent, Link, LinkState, Side};
use sync_engine::merge::{Changes, settled_base};
use sync_engine::office_field::OfficeField;
use sync_engine::project::{CrmView, record};

use super::adopt::linked_without_base;
use super::crm_writes::HELD_BY_ANOTHER;
use super::run::Run;
use super::{ContactSync, Stop};
use crate::planted::{Bug, planted};
use crate::ports::{Crm, Failure, Item, ItemFailure, Mailbox, NewRecord, Service};
use crate::store::{Cause, Change, Store};

/// An item that gets a record.
pub(super) struct Insert {
    /// The item as just read.
    pub(super) item: Item,
    /// What the record is made of.
    pub(super) wanted: Changes,
    /// The record that it had and that was deleted.
    pub(super) in_place_of: Option<String>,
}

/// A record that holds a value which must be unique.
struct Holder {
    id: String,
    owner: Option<String>,
    field: Option<String>,
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    pub(super) async fn insert(&self, inserts: Vec<Insert>, run: &mut Run) -> Result<(), Stop> {
        if inserts.is_empty() {
            return Ok(());
        }
        let since = self.clock.now();
        let intents = inserts.iter().map(|insert| {
            let intent = CrmIntent {
                office_id: insert.item.id.clone(),
                since,
                base: self.base_of(insert),
            };
            Change::CrmIntent(self.scope, intent)
        });
        self.intend(intents.collect(), run).await?;
        let rows: Vec<NewRecord> = inserts.iter().map(|insert| self.row_of(insert)).collect();
        let results = self.crm.insert(self.owner, &rows).await;
        let (mut changes, mut first_failure) = (Vec::new(), None);
        let mut linked = BTreeSet::new();
        for (insert, result) in inserts.into_iter().zip(results) {
            match result {
                Ok(written) => {
                    linked.insert(written.id.clone());
                    let link = Link {
                        crm_id: written.id,
                        office_id: Some(insert.item.id.clone()),
                        state: LinkState::Linked,
                        born: Side::Office,
                        crm_modified: Some(written.modified),
                        base: self.base_of(&insert),
                        gone_since: None,
                    };
                    self.inserted(insert, link, run, &mut changes);
                }
                // Stays an intent: looked up before it is tried again.
                Err(ItemFailure::MaybeDone(failure)) => {
                    if planted(Bug::ForgetCrmIntent) {
                        changes.push(Change::DropCrmIntent(self.scope, insert.item.id));
                    }
                    first_failure.get_or_insert(failure);
                }
                Err(ItemFailure::NotDone(failure)) => {
                    changes.push(Change::DropCrmIntent(self.scope, insert.item.id));
                    first_failure.get_or_insert(failure);
                }
                // No answer to an insert: there is no record yet that could be gone, changed or locked.
                Err(ItemFailure::Gone | ItemFailure::Changed | ItemFailure::Locked { .. }) => {
                    changes.push(Change::DropCrmIntent(self.scope, insert.item.id));
                    first_failure.get_or_insert(Failure::Transient {
                        service: Service::Crm,
                        code: "an insert that names a record".into(),
                    });
                }
                Err(ItemFailure::Exists { id, owner, field }) => {
                    let holder = Holder { id, owner, field };
                    self.exists(insert, holder, &mut linked, run, &mut changes)
                        .await?;
                }
                Err(ItemFailure::Refused { code, field }) => {
                    let reason = format!(
                        "the CRM refuses the contact ({code}): correct it in Outlook; it is tried again after its next change"
                    );
                    self.not_inserted(insert, reason, field, run, &mut changes);
                }
            }
        }
        self.finish(changes, run, first_failure).await
    }

    fn row_of(&self, insert: &Insert) -> NewRecord {
        let item = insert.item.id.clone();
        let mut fields = record(self.mapping, &insert.wanted);
        if let Some(field) = &self.policy.external_id {
            fields.insert(field.clone(), external_id(&item).into());
        }
        NewRecord { item, fields }
    }

    /// Both sides as they are once the record is made; what the CRM fills in by itself has no base yet.
    fn base_of(&self, insert: &Insert) -> Base {
        let view = CrmView::default().with(&insert.wanted, self.mapping);
        let unknown: BTreeSet<OfficeField> = self
            .mapping
            .rules()
            .iter()
            .filter(|rule| !rule.direction.reaches_crm())
            .map(|rule| rule.office)
            .collect();
        settled_base(
            &Base::default(),
            &view,
            &insert.item.fields,
            &unknown,
            &self.terms(),
        )
    }

    fn inserted(&self, insert: Insert, link: Link, run: &mut Run, changes: &mut Vec<Change>) {
        let office_id = insert.item.id;
        if let Some(old) = insert.in_place_of {
            changes.push(Change::DropLink(self.scope, old.clone()));
            self.done(old, run, changes);
            // Its marker names the record that is gone.
            changes.push(self.enqueue(link.crm_id.clone(), Cause::Changed, true));
        }
        changes.extend([
            Change::Link(self.scope, link),
            Change::DropCrmIntent(self.scope, office_id.clone()),
            Change::DropStranger(self.scope, office_id.clone()),
            Change::Unpark(self.scope, Side::Office, office_id),
        ]);
    }

    /// A unique field of the CRM holds the same value in another record: of the same owner it is the same contact,
    /// unless it is another item's.
    async fn exists(
        &self,
        insert: Insert,
        holder: Holder,
        linked: &mut BTreeSet<String>,
        run: &mut Run,
        changes: &mut Vec<Change>,
    ) -> Result<(), Stop> {
        let id = std::slice::from_ref(&holder.id);
        let ours = if let Some(owner) = &holder.owner {
            owner == self.owner
        } else {
            let records = self.crm.records(id, &[]).await?;
            records.iter().any(|record| record.owner == self.owner)
        };
        let links = self.store.links(self.scope, id).await?;
        let free = links.is_empty() || !self.vacant(&run.folder, links).await?.is_empty();
        if ours && free && linked.insert(holder.id.clone()) {
            let item = insert.item.id.clone();
            let link = linked_without_base(holder.id, item, Side::Office);
            changes.push(self.enqueue(link.crm_id.clone(), Cause::Changed, true));
            self.inserted(insert, link, run, changes);
        } else {
            let reason = HELD_BY_ANOTHER.to_owned();
            self.not_inserted(insert, reason, holder.field, run, changes);
        }
        Ok(())
    }

    /// The item waits until its owner changes it.
    fn not_inserted(
        &self,
        insert: Insert,
        reason: String,
        field: Option<String>,
        run: &mut Run,
        changes: &mut Vec<Change>,
    ) {
        let office_id = insert.item.id;
        changes.push(Change::DropCrmIntent(self.scope, office_id.clone()));
        match insert.in_place_of {
            // Known by the record that it had.
            Some(old) => self.wait_for_a_change(old, reason, field, run, changes),
            None => changes.extend([
                Change::DropStranger(self.scope, office_id.clone()),
                self.park(Side::Office, office_id, reason, field),
            ]),
        }
    }
}
