//! Open intents: a create whose outcome nobody knows is looked up before anything else happens, so that a crash or a
//! lost answer never doubles a contact.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sync_engine::hash::Base;
use sync_engine::identity::{crm_id_of, item_marker};
use sync_engine::link::{CrmIntent, Link, LinkState, Side};
use sync_engine::office_field::OfficeField;
use sync_engine::plan::unedited_record;
use sync_engine::project::project;

use super::{ContactSync, Stop};
use crate::ports::{Crm, CrmRecord, Failure, Item, Keyset, Mailbox};
use crate::store::{Cause, Change, Parked, ScopeState, Store, Stranger};

/// How many intents are read from the store at a time.
const PAGE: u32 = 100;

/// How many values one question to the CRM may name.
pub(super) const VALUES: usize = 50;

/// A call whose answer was lost may still be on its way: this long nothing that is missing counts as not made.
const SETTLING: SignedDuration = SignedDuration::from_secs(30);

/// How far the clocks of operator and CRM may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Settles every intent to make an item: found means linked, not found means that nothing was made.
    pub(super) async fn settle_intents(&self, folder: &str) -> Result<(), Stop> {
        loop {
            let intents = self.store.intents(self.scope, PAGE).await?;
            if intents.is_empty() {
                return Ok(());
            }
            let markers: Vec<_> = intents
                .iter()
                .map(|link| item_marker(self.scope, &link.crm_id))
                .collect();
            let mut found = self.by_record(self.mailbox.find(folder, &markers).await?);
            let mut changes = Vec::new();
            for intent in intents {
                changes.push(self.enqueue(intent.crm_id.clone(), Cause::Changed, true));
                changes.push(match found.remove(&intent.crm_id) {
                    // Linked with what was sent as its base; the next look compares both sides with it.
                    Some(item) => Change::Link(
                        self.scope,
                        Link {
                            office_id: Some(item.id),
                            state: LinkState::Linked,
                            ..intent
                        },
                    ),
                    None => Change::DropLink(self.scope, intent.crm_id),
                });
            }
            self.store.commit(changes).await?;
        }
    }

    /// Settles the intents to make records: by the unique field that names the item where there is one, else by what
    /// was sent, once the call can no longer be on its way.
    ///
    /// # Errors
    /// [`Failure::Unsettled`] while it can: a record that it made would pass for a new one.
    pub(super) async fn settle_crm_intents(&self, state: &mut ScopeState) -> Result<(), Stop> {
        loop {
            let intents = self.store.crm_intents(self.scope, PAGE).await?;
            let Some(youngest) = intents.iter().map(|intent| intent.since).max() else {
                return Ok(());
            };
            if let Some(field) = &self.policy.external_id {
                self.settle_by_external_id(field, intents).await?;
                continue;
            }
            let age = self.clock.now().duration_since(youngest);
            if age < SETTLING {
                let after = (SETTLING - age).unsigned_abs();
                return Err(Failure::Unsettled { after }.into());
            }
            self.settle_by_content(intents, state).await?;
        }
    }

    async fn settle_by_external_id(&self, field: &str, intents: Vec<CrmIntent>) -> Result<(), Stop> {
        for chunk in intents.chunks(VALUES) {
            let ids: Vec<String> = chunk.iter().map(|intent| intent.office_id.clone()).collect();
            let found = self.crm.find(None, field, &ids, &[field]).await?;
            let mut by_item: BTreeMap<&str, &CrmRecord> = found
                .iter()
                .filter_map(|record| Some((record.fields.get(field)?.as_str()?, record)))
                .collect();
            let mut changes = Vec::new();
            for intent in chunk {
                match by_item.remove(intent.office_id.as_str()) {
                    Some(record) => changes.extend(self.made(intent, record).await?),
                    None => changes.extend(self.not_made(intent)),
                }
            }
            self.store.commit(changes).await?;
        }
        Ok(())
    }

    async fn settle_by_content(&self, intents: Vec<CrmIntent>, state: &mut ScopeState) -> Result<(), Stop> {
        let oldest = intents.iter().map(|intent| intent.since).min();
        let since = oldest.unwrap_or(Timestamp::MIN).saturating_sub(SKEW);
        let mut fresh = self.unlinked_since(since.unwrap_or(Timestamp::MIN)).await?;
        let mut changes = Vec::new();
        for intent in intents {
            let holds = |record: &CrmRecord| {
                project(self.mapping, &record.fields)
                    .is_ok_and(|view| unedited_record(&intent.base, &view, self.hasher))
            };
            if let Some(at) = fresh.iter().position(holds) {
                let record = fresh.swap_remove(at);
                changes.extend(self.made(&intent, &record).await?);
            } else if fresh.iter().any(|record| self.may_be_of(&intent, record)) {
                // One of them may be it, edited since: made again it would be there twice.
                (state.reviewing, state.recovering) = (true, Some(self.clock.now()));
                changes.push(self.park(
                    Side::Office,
                    intent.office_id.clone(),
                    "the answer to its creation in the CRM was lost, and a contact that was made there at that time may be it: make both equal, or set the annotation crmlink.dev/reenable to have it made anew".to_owned(),
                    None,
                ));
                changes.push(Change::DropCrmIntent(self.scope, intent.office_id));
                changes.push(self.keep(state));
            } else {
                changes.extend(self.not_made(&intent));
            }
        }
        self.store.commit(changes).await?;
        Ok(())
    }

    /// The owner's records that were made or changed since then and that no link knows.
    async fn unlinked_since(&self, since: Timestamp) -> Result<Vec<CrmRecord>, Stop> {
        let mut after: Option<Keyset> = None;
        let mut unlinked = Vec::new();
        loop {
            let page = self.crm.owned(self.owner, after.as_ref()).await?;
            let fresh: Vec<_> = page.rows.iter().filter(|row| row.modified >= since).collect();
            let ids: Vec<String> = fresh.iter().map(|row| row.id.clone()).collect();
            for ids in ids.chunks(100) {
                let linked = self.store.links(self.scope, ids).await?;
                let records = self.crm.records(ids, &self.mapping.crm_fields()).await?;
                unlinked.extend(
                    records
                        .into_iter()
                        .filter(|record| linked.iter().all(|link| link.crm_id != record.id)),
                );
            }
            let whole = page.more && fresh.len() == page.rows.len();
            match page.rows.last().filter(|_| whole) {
                Some(last) => {
                    after = Some(Keyset {
                        modified: last.modified,
                        id: last.id.clone(),
                    });
                }
                None => return Ok(unlinked),
            }
        }
    }

    /// Whether a record was made about when the intent's call went out, under the same surname.
    fn may_be_of(&self, intent: &CrmIntent, record: &CrmRecord) -> bool {
        let surname = OfficeField::Surname;
        let sent = intent.base.0.get(&surname).map(|base| base.crm);
        record.created.duration_since(intent.since).abs() <= SKEW
            && project(self.mapping, &record.fields)
                .is_ok_and(|view| sent == Some(self.hasher.field(surname, view.fields.get(&surname))))
    }

    /// The record is there: linked with what was sent as its base, in place of whatever its item was linked with.
    async fn made(&self, intent: &CrmIntent, record: &CrmRecord) -> Result<Vec<Change>, Stop> {
        let item = std::slice::from_ref(&intent.office_id);
        let earlier = self.store.links_of_items(self.scope, item).await?;
        let mut changes: Vec<Change> = earlier
            .into_iter()
            .map(|link| Change::DropLink(self.scope, link.crm_id))
            .collect();
        let link = Link {
            crm_id: record.id.clone(),
            office_id: Some(intent.office_id.clone()),
            state: LinkState::Linked,
            born: Side::Office,
            crm_modified: None,
            base: intent.base.clone(),
            gone_since: None,
        };
        changes.extend([
            Change::Link(self.scope, link),
            Change::DropCrmIntent(self.scope, intent.office_id.clone()),
            Change::DropStranger(self.scope, intent.office_id.clone()),
            Change::Unpark(self.scope, Side::Office, intent.office_id.clone()),
            self.enqueue(record.id.clone(), Cause::Changed, true),
        ]);
        Ok(changes)
    }

    /// Nothing was made: the item is a stranger again.
    fn not_made(&self, intent: &CrmIntent) -> [Change; 2] {
        let stranger = Stranger {
            office_id: intent.office_id.clone(),
            review: false,
        };
        [
            Change::DropCrmIntent(self.scope, intent.office_id.clone()),
            Change::Stranger(self.scope, stranger),
        ]
    }

    /// Links everything in a container that was found by its marker: after a lost store, nothing is made twice.
    pub(super) async fn adopt(&self, folder: &str) -> Result<Vec<Change>, Stop> {
        let items = self.by_record(self.mailbox.items(folder).await?);
        let ids: Vec<String> = items.keys().cloned().collect();
        let mut known = Vec::new();
        for ids in ids.chunks(500) {
            known.extend(self.store.links(self.scope, ids).await?);
        }
        let known: BTreeMap<String, Link> = known
            .into_iter()
            .map(|link| (link.crm_id.clone(), link))
            .collect();
        let taken: Vec<String> = items.values().map(|item| item.id.clone()).collect();
        let mut linked = Vec::new();
        for ids in taken.chunks(500) {
            linked.extend(self.store.links_of_items(self.scope, ids).await?);
        }
        let mut changes = Vec::new();
        for (crm_id, item) in items {
            let elsewhere = |link: &Link| link.office_id.as_ref() == Some(&item.id) && link.crm_id != crm_id;
            // What the store does know is right, but for an intent: it is settled here.
            let is_known = known
                .get(&crm_id)
                .is_some_and(|link| link.state != LinkState::Intent);
            if is_known || linked.iter().any(elsewhere) {
                continue;
            }
            changes.push(Change::Link(
                self.scope,
                linked_without_base(crm_id.clone(), item.id),
            ));
            changes.push(self.enqueue(crm_id, Cause::Changed, true));
        }
        Ok(changes)
    }

    /// One item per record. Where a user copied an item in Outlook two carry one marker: the smaller id wins, each
    /// time, and the copy is its owner's.
    fn by_record(&self, items: Vec<Item>) -> BTreeMap<String, Item> {
        let mut by_record: BTreeMap<String, Item> = BTreeMap::new();
        for item in items {
            let marker = item.marker.as_deref();
            let Some(crm_id) = marker.and_then(|marker| crm_id_of(self.scope, marker)) else {
                continue;
            };
            match by_record.get(crm_id) {
                Some(known) if known.id <= item.id => {}
                _ => {
                    by_record.insert(crm_id.to_owned(), item);
                }
            }
        }
        by_record
    }

    pub(super) fn park(&self, side: Side, id: String, reason: String, field: Option<String>) -> Change {
        let parked = Parked {
            side,
            id,
            reason,
            field,
            since: self.clock.now(),
        };
        Change::Park(self.scope, parked)
    }
}

/// A pair that belongs together and of which nobody knows what each side held when they last agreed.
pub(super) fn linked_without_base(crm_id: String, office_id: String) -> Link {
    Link {
        crm_id,
        office_id: Some(office_id),
        state: LinkState::Linked,
        born: Side::Crm,
        crm_modified: None,
        base: Base::default(),
        gone_since: None,
    }
}
