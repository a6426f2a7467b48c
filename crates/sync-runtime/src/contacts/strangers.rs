//! Items that no link knows: ours after a lost store, copies of ours, or contacts that were made in Outlook. Each is
//! read with its marker before anything is made for it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use sync_engine::hash::Base;
use sync_engine::identity::{crm_id_of, is_marker};
use sync_engine::link::{Link, LinkState, Side};
use sync_engine::merge::{same, settled_base};
use sync_engine::office_field::OfficeField;
use sync_engine::plan::unedited_item;
use sync_engine::project::{Fields, for_new_record, named, project};

use super::inserts::Insert;
use super::intents::{VALUES, linked_without_base};
use super::{ContactSync, Stop};
use crate::ports::{Crm, CrmRecord, Found, Item, Mailbox};
use crate::store::{Cause, Change, ScopeState, Store, Stranger};

/// How far apart two deliveries of one request are at most.
const DELIVERED_TWICE: SignedDuration = SignedDuration::from_mins(2);

/// What becomes of the strangers of one chunk.
#[derive(Default)]
struct Sorted {
    changes: Vec<Change>,
    /// Made in Outlook.
    own: Vec<(Item, bool)>,
    /// Under the marker of a contact that is linked with another item.
    copies: Vec<(Item, Link)>,
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Works on the next strangers; `false` if there are none.
    pub(super) async fn work_strangers(&self, folder: &str, state: &mut ScopeState) -> Result<bool, Stop> {
        let most = u32::try_from(VALUES).unwrap_or(50);
        let strangers = self.store.strangers(self.scope, most).await?;
        if strangers.is_empty() {
            return Ok(false);
        }
        let sorted = self.sort_strangers(folder, strangers).await?;
        self.drop_twins(folder, &sorted.copies).await?;
        self.store.commit(sorted.changes).await?;
        if sorted.own.is_empty() {
            return Ok(true);
        }
        let unknown = self.by_external_id(sorted.own).await?;
        let (inserts, mut changes) = self.by_content(unknown, state).await?;
        changes.push(self.keep(state));
        self.store.commit(changes).await?;
        self.insert(inserts, state).await?;
        Ok(true)
    }

    async fn sort_strangers(&self, folder: &str, strangers: Vec<Stranger>) -> Result<Sorted, Stop> {
        let ids: Vec<String> = strangers
            .iter()
            .map(|stranger| stranger.office_id.clone())
            .collect();
        let found = self.mailbox.read(folder, &ids).await?;
        let named = |found: &Found| match found {
            Found::Here(item) => Some(self.record_of(item)?.to_owned()),
            Found::Elsewhere { .. } | Found::Gone => None,
        };
        let crm_ids: Vec<String> = found
            .iter()
            .filter_map(named)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let mut links: BTreeMap<String, Link> = self
            .store
            .links(self.scope, &crm_ids)
            .await?
            .into_iter()
            .map(|link| (link.crm_id.clone(), link))
            .collect();
        let mut shown = BTreeSet::new();
        if !crm_ids.is_empty() {
            let records = self.crm.records(&crm_ids, &[]).await?;
            shown.extend(records.into_iter().map(|record| record.id));
        }
        let mut sorted = Sorted::default();
        for (stranger, found) in strangers.into_iter().zip(found) {
            let forget = Change::DropStranger(self.scope, stranger.office_id.clone());
            let Found::Here(item) = found else {
                sorted.changes.push(forget);
                sorted
                    .changes
                    .push(Change::Unpark(self.scope, Side::Office, stranger.office_id));
                continue;
            };
            let Some(crm_id) = self.record_of(&item).map(str::to_owned) else {
                if item.marker.as_deref().is_some_and(is_marker) {
                    // Another sync's item, copied here by somebody: none of ours, and no contact of this user.
                    sorted.changes.push(forget);
                    sorted.changes.push(self.park_copy(&item));
                } else if self.policy.direction.reaches_crm() {
                    sorted.own.push((item, stranger.review));
                } else {
                    sorted.changes.push(forget);
                }
                continue;
            };
            sorted.changes.push(forget);
            match links.get(&crm_id) {
                // Its user deleted it and put it back, or the answer to its creation was lost.
                Some(link) if link.state == LinkState::Tombstone || link.state == LinkState::Intent => {
                    let back = Link {
                        office_id: Some(item.id.clone()),
                        state: LinkState::Linked,
                        gone_since: None,
                        ..link.clone()
                    };
                    self.adopt_one(back, &item, &mut links, &mut sorted.changes);
                }
                Some(link) if link.office_id.as_ref() != Some(&item.id) => {
                    sorted.changes.push(self.park_copy(&item));
                    sorted.copies.push((item, link.clone()));
                }
                Some(_) => {}
                None => {
                    let mut link = linked_without_base(crm_id.clone(), item.id.clone());
                    if !shown.contains(&crm_id) {
                        // Its record is gone: it stays, as its owner's.
                        link.state = LinkState::Detached;
                    }
                    self.adopt_one(link, &item, &mut links, &mut sorted.changes);
                }
            }
        }
        Ok(sorted)
    }

    /// The record that an item's marker names, if it is a marker of this sync.
    fn record_of<'i>(&self, item: &'i Item) -> Option<&'i str> {
        item.marker
            .as_deref()
            .and_then(|marker| crm_id_of(self.scope, marker))
    }

    fn adopt_one(
        &self,
        link: Link,
        item: &Item,
        links: &mut BTreeMap<String, Link>,
        changes: &mut Vec<Change>,
    ) {
        changes.push(Change::Link(self.scope, link.clone()));
        changes.push(Change::Unpark(self.scope, Side::Office, item.id.clone()));
        changes.push(self.enqueue(link.crm_id.clone(), Cause::Changed, true));
        links.insert(link.crm_id.clone(), link);
    }

    /// Removes items that a request delivered twice has made: equal to the linked one, unedited, and made with it. Any
    /// other copy is its user's.
    async fn drop_twins(&self, folder: &str, copies: &[(Item, Link)]) -> Result<(), Stop> {
        let suspects: Vec<_> = copies
            .iter()
            .filter(|(item, link)| unedited_item(&link.base, &item.fields, self.hasher))
            .collect();
        let linked: Vec<String> = suspects
            .iter()
            .filter_map(|(_, link)| link.office_id.clone())
            .collect();
        if linked.is_empty() {
            return Ok(());
        }
        let mut made = BTreeMap::new();
        for found in self.mailbox.read(folder, &linked).await? {
            if let Found::Here(item) = found {
                made.extend(item.created.map(|created| (item.id, created)));
            }
        }
        let twins: Vec<Item> = suspects
            .into_iter()
            .filter(|(item, link)| {
                let other = link.office_id.as_ref().and_then(|id| made.get(id));
                let apart = other
                    .zip(item.created)
                    .map(|(other, own)| own.duration_since(*other).abs());
                apart.is_some_and(|apart| apart <= DELIVERED_TWICE)
            })
            .map(|(item, _)| item.clone())
            .collect();
        // Whatever becomes of it: what is left stays parked as a copy, and the next round tells when it is gone.
        for result in self.mailbox.delete(folder, &twins).await {
            if let Err(failure) = result {
                tracing::debug!(%failure, "a twin was not removed");
            }
        }
        Ok(())
    }

    fn park_copy(&self, item: &Item) -> Change {
        let reason = "a copy of a contact that is synced already: it stays in Outlook only. Make a new contact there instead of a copy to have it in the CRM";
        self.park(Side::Office, item.id.clone(), reason.to_owned(), None)
    }

    /// Links the items whose id a record keeps in the tenant's unique field; the rest is unknown.
    async fn by_external_id(&self, own: Vec<(Item, bool)>) -> Result<Vec<(Item, bool)>, Stop> {
        let Some(field) = &self.policy.external_id else {
            return Ok(own);
        };
        let ids: Vec<String> = own.iter().map(|(item, _)| item.id.clone()).collect();
        let found = self.crm.find(None, field, &ids, &[field]).await?;
        let by_item: BTreeMap<&str, &CrmRecord> = found
            .iter()
            .filter_map(|record| Some((record.fields.get(field)?.as_str()?, record)))
            .collect();
        let known: Vec<String> = found.iter().map(|record| record.id.clone()).collect();
        let linked = self.store.links(self.scope, &known).await?;
        let (mut unknown, mut changes, mut links) = (Vec::new(), Vec::new(), BTreeMap::new());
        for (item, _) in own {
            let record = by_item.get(item.id.as_str());
            let Some(record) = record.filter(|record| linked.iter().all(|link| link.crm_id != record.id))
            else {
                // The field tells of every record: what it does not name has none.
                unknown.push((item, false));
                continue;
            };
            let mut link = linked_without_base(record.id.clone(), item.id.clone());
            link.born = Side::Office;
            if record.owner != self.owner {
                link.state = LinkState::Detached;
            }
            changes.push(Change::DropStranger(self.scope, item.id.clone()));
            self.adopt_one(link, &item, &mut links, &mut changes);
        }
        self.store.commit(changes).await?;
        Ok(unknown)
    }

    /// Links items with the one unlinked record that holds the same in every mapped field: it was made at the same time
    /// on both sides, or its link was lost with the store. What is left is to be inserted.
    async fn by_content(
        &self,
        own: Vec<(Item, bool)>,
        state: &mut ScopeState,
    ) -> Result<(Vec<Insert>, Vec<Change>), Stop> {
        let mut unlinked = self.unlinked_namesakes(&own).await?;
        let (mut inserts, mut changes) = (Vec::new(), Vec::new());
        for (item, review) in own {
            // One that waited for review and was edited, or is looked at anew, still waits.
            let waits = state.recovering.filter(|_| state.reviewing);
            let review = review || waits.is_some_and(|since| item.created.is_none_or(|made| made <= since));
            let wanted = match named(&item.fields).and_then(|()| for_new_record(self.mapping, &item.fields)) {
                Ok(wanted) => wanted,
                Err(unfit) => {
                    changes.push(Change::DropStranger(self.scope, item.id.clone()));
                    let field = unfit.field().map(str::to_owned);
                    changes.push(self.park(Side::Office, item.id, unfit.to_string(), field));
                    continue;
                }
            };
            let equal: Vec<usize> = (0..unlinked.len())
                .filter(|at| self.holds_the_same(&unlinked[*at], &item.fields))
                .collect();
            match equal[..] {
                [at] => {
                    let record = unlinked.swap_remove(at);
                    changes.extend(self.link_equal(&item, &record));
                }
                [] if !review => inserts.push(Insert {
                    item,
                    wanted,
                    in_place_of: None,
                }),
                _ => {
                    (state.reviewing, state.recovering) = (true, state.recovering.or(Some(self.clock.now())));
                    changes.push(Change::DropStranger(self.scope, item.id.clone()));
                    let reason = if equal.is_empty() {
                        "the operator's store was lost, and nothing tells whether this contact is one of the CRM's already: make both equal, or set the annotation crmlink.dev/reenable to take it as new"
                    } else {
                        "several contacts of the CRM hold the same as this one: merge them there"
                    };
                    changes.push(self.park(Side::Office, item.id, reason.to_owned(), None));
                }
            }
        }
        Ok((inserts, changes))
    }

    /// The owner's records under the same surnames that no link knows.
    async fn unlinked_namesakes(&self, own: &[(Item, bool)]) -> Result<Vec<CrmRecord>, Stop> {
        let surname = OfficeField::Surname;
        let Some(rule) = self.mapping.to_crm().find(|rule| rule.office == surname) else {
            return Ok(Vec::new());
        };
        let names: BTreeSet<String> = own
            .iter()
            .filter_map(|(item, _)| Some(item.fields.get(&surname)?.to_text()))
            .collect();
        let names: Vec<String> = names.into_iter().collect();
        let mut namesakes = Vec::new();
        for names in names.chunks(VALUES) {
            let found = self
                .crm
                .find(Some(self.owner), &rule.crm, names, &self.mapping.crm_fields())
                .await?;
            namesakes.extend(found);
        }
        let ids: Vec<String> = namesakes.iter().map(|record| record.id.clone()).collect();
        let linked = self.store.links(self.scope, &ids).await?;
        namesakes.retain(|record| linked.iter().all(|link| link.crm_id != record.id));
        Ok(namesakes)
    }

    fn holds_the_same(&self, record: &CrmRecord, item: &Fields) -> bool {
        project(self.mapping, &record.fields).is_ok_and(|view| {
            let mut rules = self.mapping.to_crm();
            rules.all(|rule| !view.withheld.contains(&rule.office) && same(rule, &view, item))
        })
    }

    fn link_equal(&self, item: &Item, record: &CrmRecord) -> Vec<Change> {
        let base = project(self.mapping, &record.fields).map_or_else(
            |_| Base::default(),
            |view| {
                settled_base(
                    &Base::default(),
                    &view,
                    &item.fields,
                    &BTreeSet::new(),
                    &self.terms(),
                )
            },
        );
        let link = Link {
            crm_id: record.id.clone(),
            office_id: Some(item.id.clone()),
            state: LinkState::Linked,
            born: Side::Office,
            crm_modified: Some(record.modified),
            base,
            gone_since: None,
        };
        vec![
            Change::Link(self.scope, link),
            Change::DropStranger(self.scope, item.id.clone()),
            Change::Unpark(self.scope, Side::Office, item.id.clone()),
            Change::Unpark(self.scope, Side::Crm, record.id.clone()),
        ]
    }
}
