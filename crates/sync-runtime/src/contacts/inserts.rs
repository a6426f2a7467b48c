//! Making records for items of the mailbox. Each goes through the outbox: the intent is committed before the call, the
//! link after it, and where the outcome is unknown the intent stays.

use std::collections::BTreeSet;

use sync_engine::hash::Base;
use sync_engine::link::{CrmIntent, Link, LinkState, Side};
use sync_engine::merge::{Changes, settled_base};
use sync_engine::office_field::OfficeField;
use sync_engine::project::{CrmView, record};

use super::intents::linked_without_base;
use super::{ContactSync, Stop};
use crate::ports::{Crm, Failure, Item, ItemFailure, Mailbox, NewRecord};
use crate::store::{Cause, Change, ScopeState, Store};

/// An item that gets a record.
pub(super) struct Insert {
    /// The item as just read.
    pub(super) item: Item,
    /// What the record is made of.
    pub(super) wanted: Changes,
    /// The record that it had and that was deleted.
    pub(super) in_place_of: Option<String>,
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    pub(super) async fn insert(&self, inserts: Vec<Insert>, state: &mut ScopeState) -> Result<(), Stop> {
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
        self.store.commit(intents.collect()).await?;
        let rows: Vec<_> = inserts
            .iter()
            .map(|insert| {
                let item = insert.item.id.clone();
                let mut fields = record(self.mapping, &insert.wanted);
                if let Some(field) = &self.policy.external_id {
                    fields.insert(field.clone(), item.as_str().into());
                }
                NewRecord { item, fields }
            })
            .collect();
        let results = self.crm.insert(self.owner, &rows).await;
        let (mut changes, mut first_failure) = (Vec::new(), None);
        for (insert, result) in inserts.into_iter().zip(results) {
            match result {
                Ok(written) => {
                    state.last_change = Some(self.clock.now());
                    let link = Link {
                        crm_id: written.id,
                        office_id: Some(insert.item.id.clone()),
                        state: LinkState::Linked,
                        born: Side::Office,
                        crm_modified: Some(written.modified),
                        base: self.base_of(&insert),
                        gone_since: None,
                    };
                    self.linked(insert, link, &mut changes);
                }
                // Stays an intent: looked up before it is tried again.
                Err(ItemFailure::MaybeDone(failure)) => {
                    changes.push(Change::DropStranger(self.scope, insert.item.id));
                    first_failure.get_or_insert(failure);
                }
                Err(ItemFailure::NotDone(failure)) => {
                    changes.push(Change::DropCrmIntent(self.scope, insert.item.id));
                    first_failure.get_or_insert(failure);
                }
                Err(ItemFailure::Gone | ItemFailure::Changed) => {
                    changes.push(Change::DropCrmIntent(self.scope, insert.item.id));
                    first_failure.get_or_insert(Failure::Transient {
                        service: crate::ports::Service::Crm,
                        code: "an insert that names a record".into(),
                    });
                }
                Err(ItemFailure::Exists { id, owner, field }) => {
                    self.exists(insert, id, owner.as_deref(), field, &mut changes)
                        .await?;
                }
                Err(ItemFailure::Refused { code, field }) => {
                    let reason = format!(
                        "the CRM refuses the contact ({code}): correct it in Outlook; it is tried again after its next change"
                    );
                    self.not_inserted(insert, reason, field, &mut changes);
                }
            }
        }
        changes.push(self.keep(state));
        self.store.commit(changes).await?;
        first_failure.map_or(Ok(()), |failure| Err(failure.into()))
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

    fn linked(&self, insert: Insert, link: Link, changes: &mut Vec<Change>) {
        let office_id = insert.item.id;
        if let Some(old) = insert.in_place_of {
            changes.push(Change::DropLink(self.scope, old.clone()));
            changes.push(Change::Dequeue(self.scope, old.clone()));
            changes.push(Change::Unpark(self.scope, Side::Crm, old));
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

    /// A unique field of the CRM holds the same value in another record: of the same owner it is the same contact.
    async fn exists(
        &self,
        insert: Insert,
        id: String,
        owner: Option<&str>,
        field: Option<String>,
        changes: &mut Vec<Change>,
    ) -> Result<(), Stop> {
        let linked = self.store.links(self.scope, std::slice::from_ref(&id)).await?;
        let ours = match owner {
            Some(owner) => owner == self.owner,
            None => self
                .crm
                .records(std::slice::from_ref(&id), &[])
                .await?
                .iter()
                .any(|record| record.owner == self.owner),
        };
        if ours && linked.is_empty() {
            let mut link = linked_without_base(id, insert.item.id.clone());
            link.born = Side::Office;
            changes.push(self.enqueue(link.crm_id.clone(), Cause::Changed, true));
            self.linked(insert, link, changes);
        } else {
            let reason = "the CRM has another contact with this value in a unique field: change one of the two; it is tried again after its next change";
            self.not_inserted(insert, reason.to_owned(), field, changes);
        }
        Ok(())
    }

    fn not_inserted(&self, insert: Insert, reason: String, field: Option<String>, changes: &mut Vec<Change>) {
        let office_id = insert.item.id;
        if let Some(old) = insert.in_place_of {
            changes.push(Change::Dequeue(self.scope, old));
        }
        changes.extend([
            Change::DropCrmIntent(self.scope, office_id.clone()),
            Change::DropStranger(self.scope, office_id.clone()),
            self.park(Side::Office, office_id, reason, field),
        ]);
    }
}
