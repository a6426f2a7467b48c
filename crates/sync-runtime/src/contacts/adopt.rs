//! Taking over what lies in a container already: links by marker after a lost store, so that nothing is made twice.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sync_engine::hash::Base;
use sync_engine::identity::{crm_id_of, is_marker};
use sync_engine::link::{Link, LinkState, Side};

use super::{ContactSync, Stop};
use crate::ports::{Crm, Item, Mailbox};
use crate::store::{Cause, Change, Store};

/// How many ids are asked for at a time.
const IDS: usize = 500;

/// What a container holds besides what the store knows.
pub(super) struct Adopted {
    /// The links of what carries a marker.
    pub(super) changes: Vec<Change>,
    /// Items without marker and link.
    pub(super) unmarked: Vec<String>,
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// What the store knows is right, but for an intent: that is settled by this.
    pub(super) async fn adopt(&self, items: Vec<Item>) -> Result<Adopted, Stop> {
        let ids: Vec<String> = items.iter().map(|item| item.id.clone()).collect();
        let mut taken = BTreeMap::new();
        for ids in ids.chunks(IDS) {
            let links = self.store.links_of_items(self.scope, ids).await?;
            taken.extend(
                links
                    .into_iter()
                    .filter_map(|link| Some((link.office_id?, link.crm_id))),
            );
        }
        let (marked, unmarked): (Vec<_>, Vec<_>) = items
            .into_iter()
            .partition(|item| item.marker.as_deref().is_some_and(is_marker));
        let marked = self.by_record(marked);
        let records: Vec<String> = marked.keys().cloned().collect();
        let mut known = BTreeMap::new();
        for ids in records.chunks(IDS) {
            let links = self.store.links(self.scope, ids).await?;
            known.extend(links.into_iter().map(|link| (link.crm_id, link.state)));
        }
        let mut changes = Vec::new();
        for (crm_id, item) in marked {
            let is_known = known
                .get(&crm_id)
                .is_some_and(|state| *state != LinkState::Intent);
            let is_taken = taken.get(&item.id).is_some_and(|other| *other != crm_id);
            if is_known || is_taken {
                continue;
            }
            let link = linked_without_base(crm_id.clone(), item.id, Side::Crm);
            changes.push(Change::Link(self.scope, link));
            changes.push(self.enqueue(crm_id, Cause::Changed, true));
        }
        let unmarked = unmarked.into_iter().map(|item| item.id);
        Ok(Adopted {
            changes,
            unmarked: unmarked.filter(|id| !taken.contains_key(id)).collect(),
        })
    }

    /// The record that an item's marker names, if it is a marker of this sync.
    pub(super) fn record_of<'i>(&self, item: &'i Item) -> Option<&'i str> {
        item.marker
            .as_deref()
            .and_then(|marker| crm_id_of(self.scope, marker))
    }

    /// One item per record. Where a user copied an item in Outlook two carry one marker: the older one keeps it, and the
    /// copy is its owner's.
    pub(super) fn by_record(&self, mut items: Vec<Item>) -> BTreeMap<String, Item> {
        items.sort_by(|a, b| age(a).cmp(&age(b)));
        let mut by_record = BTreeMap::new();
        for item in items {
            if let Some(crm_id) = self.record_of(&item).map(str::to_owned) {
                by_record.entry(crm_id).or_insert(item);
            }
        }
        by_record
    }
}

/// Orders items by age; the oldest comes first.
fn age(item: &Item) -> (Timestamp, &str) {
    (item.created.unwrap_or(Timestamp::MAX), &item.id)
}

/// A pair that belongs together and of which nobody knows what each side held when they last agreed.
pub(super) fn linked_without_base(crm_id: String, office_id: String, born: Side) -> Link {
    Link {
        crm_id,
        office_id: Some(office_id),
        state: LinkState::Linked,
        born,
        crm_modified: None,
        base: Base::default(),
        gone_since: None,
    }
}
