//! Open intents to make a record: an insert whose outcome nobody knows is looked up before anything else happens.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sync_engine::hash::Base;
use sync_engine::identity::external_id;
use sync_engine::link::{CrmIntent, Link, LinkState, Side};
use sync_engine::plan::unedited_record;
use sync_engine::project::{CrmView, project};

use super::review::Review;
use super::strangers::VALUES;
use super::{ContactSync, Stop};
use crate::ports::{Crm, CrmRecord, Failure, Keyset, Mailbox};
use crate::store::{Cause, Change, Parked, Store, Stranger};

/// How many intents are read from the store at a time.
const PAGE: u32 = 100;

/// A call whose answer was lost may still be on its way: this long nothing that is missing counts as not made.
const SETTLING: SignedDuration = SignedDuration::from_secs(30);

/// How far the clocks of operator and CRM may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Settles the intents to make records: by the unique field that names the item where there is one, else by what
    /// was sent, once the call can no longer be on its way.
    ///
    /// # Errors
    /// [`Failure::Unsettled`] while it can: a record that it made would pass for a new one.
    pub(super) async fn settle_crm_intents(&self) -> Result<(), Stop> {
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
            self.settle_by_content(intents).await?;
        }
    }

    async fn settle_by_external_id(&self, field: &str, intents: Vec<CrmIntent>) -> Result<(), Stop> {
        for chunk in intents.chunks(VALUES) {
            let ids: Vec<String> = chunk
                .iter()
                .map(|intent| external_id(&intent.office_id))
                .collect();
            let found = self.crm.find(None, field, &ids, &[field]).await?;
            let mut by_item: BTreeMap<&str, &CrmRecord> = found
                .iter()
                .filter_map(|record| Some((record.fields.get(field)?.as_str()?, record)))
                .collect();
            let mut changes = Vec::new();
            for (intent, id) in chunk.iter().zip(&ids) {
                match by_item.remove(id.as_str()) {
                    Some(record) => changes.extend(self.made(intent, record).await?),
                    None => changes.extend(self.not_made(intent, false)),
                }
            }
            self.commit(changes).await?;
        }
        Ok(())
    }

    async fn settle_by_content(&self, intents: Vec<CrmIntent>) -> Result<(), Stop> {
        let oldest = intents.iter().map(|intent| intent.since).min();
        let since = oldest.unwrap_or(Timestamp::MIN).saturating_sub(SKEW);
        let mut fresh = self.unlinked_since(since.unwrap_or(Timestamp::MIN)).await?;
        let (mut changes, mut unsettled) = (Vec::new(), Vec::new());
        for intent in intents {
            let holds = |record: &CrmRecord| {
                project(self.mapping, &record.fields)
                    .is_ok_and(|view| unedited_record(&intent.base, &view, self.hasher))
            };
            match fresh.iter().position(holds) {
                Some(at) => changes.extend(self.made(&intent, &fresh.swap_remove(at)).await?),
                None => unsettled.push(intent),
            }
        }
        let mut candidates: BTreeMap<&str, &CrmRecord> = BTreeMap::new();
        for intent in unsettled {
            let of_intent = self.candidates(&intent, &fresh);
            let in_doubt = !of_intent.is_empty();
            candidates.extend(of_intent.into_iter().map(|record| (record.id.as_str(), record)));
            if in_doubt {
                changes.extend(self.unlink(&intent.office_id).await?);
            }
            changes.extend(self.not_made(&intent, in_doubt));
        }
        for record in candidates.into_values() {
            changes.extend(self.hold_back(record));
        }
        self.commit(changes).await
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
                let is_linked = |record: &CrmRecord| {
                    let mut links = linked.iter().filter(|link| !is_held_back(link));
                    links.any(|link| link.crm_id == record.id)
                };
                unlinked.extend(records.into_iter().filter(|record| !is_linked(record)));
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

    /// Whether a record was made about when the intent's call went out, and still holds something of what was sent; of
    /// one that cannot be seen through the mapping nobody can tell.
    fn may_be_of(&self, intent: &CrmIntent, record: &CrmRecord) -> bool {
        let holds_some = |view: CrmView| {
            intent.base.0.iter().any(|(field, sent)| {
                let value = view.fields.get(field);
                value.is_some() && sent.crm.same_value(self.hasher.field(*field, value))
            })
        };
        record.created.duration_since(intent.since).abs() <= SKEW
            && project(self.mapping, &record.fields).map_or(true, holds_some)
    }

    /// The record is there: linked with what was sent as its base, in place of whatever its item was linked with.
    async fn made(&self, intent: &CrmIntent, record: &CrmRecord) -> Result<Vec<Change>, Stop> {
        let mut changes = self.unlink(&intent.office_id).await?;
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

    async fn unlink(&self, office_id: &String) -> Result<Vec<Change>, Stop> {
        let item = std::slice::from_ref(office_id);
        let links = self.store.links_of_items(self.scope, item).await?;
        let links = links.into_iter();
        Ok(links
            .map(|link| Change::DropLink(self.scope, link.crm_id))
            .collect())
    }

    /// The item is a stranger again: nothing was made, or nobody knows.
    fn not_made(&self, intent: &CrmIntent, review: bool) -> [Change; 2] {
        let stranger = Stranger {
            office_id: intent.office_id.clone(),
            review,
        };
        [
            Change::DropCrmIntent(self.scope, intent.office_id.clone()),
            Change::Stranger(self.scope, stranger),
        ]
    }

    /// The records that may be the one which an intent was about.
    fn candidates<'r>(&self, intent: &CrmIntent, fresh: &'r [CrmRecord]) -> Vec<&'r CrmRecord> {
        fresh
            .iter()
            .filter(|record| self.may_be_of(intent, record))
            .collect()
    }

    /// The record may be one that was made, edited since: made again it would be there twice. Neither it nor an item
    /// that it may be of gets another side until somebody has looked; for the record a tombstone sees to that.
    fn hold_back(&self, record: &CrmRecord) -> [Change; 2] {
        let buried = Link {
            crm_id: record.id.clone(),
            office_id: None,
            state: LinkState::Tombstone,
            born: Side::Crm,
            crm_modified: Some(record.modified),
            base: Base::default(),
            gone_since: None,
        };
        [
            Change::Link(self.scope, buried),
            self.park(Side::Crm, record.id.clone(), Review::Record.reason(), None),
        ]
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

/// A record that waits for somebody to tell whether it is an item's.
fn is_held_back(link: &Link) -> bool {
    link.state == LinkState::Tombstone && link.office_id.is_none()
}
