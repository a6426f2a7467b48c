//! Items that no link knows: ours after a lost store, copies of ours, or contacts that were made in Outlook. Each is
//! read with its marker before anything is made for it.

use std::collections::{BTreeMap, BTreeSet};

use sync_engine::hash::Base;
use sync_engine::identity::{external_id, is_marker};
use sync_engine::link::{Link, LinkState, Side};
use sync_engine::merge::{same, settled_base};
use sync_engine::office_field::OfficeField;
use sync_engine::project::{Fields, for_new_record, named, project};

use super::adopt::linked_without_base;
use super::inserts::Insert;
use super::review::Review;
use super::run::Run;
use super::{ContactSync, Stop};
use crate::ports::{Crm, CrmRecord, Found, Item, Mailbox};
use crate::store::{Cause, Change, Store, Stranger};

/// How many values one question to the CRM may name.
pub(super) const VALUES: usize = 50;

const COPY: &str = "a copy of a contact that is synced already: it stays in Outlook only. Make a new contact there instead of a copy to have it in the CRM";

/// An item that carries no marker.
struct Own {
    item: Item,
    /// It was there when the store was lost.
    review: bool,
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Works on the next strangers; `false` if there are none.
    pub(super) async fn work_strangers(&self, run: &mut Run) -> Result<bool, Stop> {
        let most = u32::try_from(VALUES).unwrap_or(u32::MAX);
        let strangers = self.store.strangers(self.scope, most).await?;
        if strangers.is_empty() {
            return Ok(false);
        }
        let own = self.known_by_marker(strangers, run).await?;
        let own = self.known_by_external_id(own).await?;
        let inserts = self.known_by_content(own, run).await?;
        self.insert(inserts, run).await?;
        Ok(true)
    }

    /// Links what carries a marker of this sync; what carries none is left.
    async fn known_by_marker(&self, strangers: Vec<Stranger>, run: &mut Run) -> Result<Vec<Own>, Stop> {
        let ids: Vec<String> = strangers
            .iter()
            .map(|stranger| stranger.office_id.clone())
            .collect();
        let found = self.mailbox.read(&run.folder, &ids).await?;
        let linked = self.store.links_of_items(self.scope, &ids).await?;
        let linked: BTreeSet<String> = linked.into_iter().filter_map(|link| link.office_id).collect();
        let (mut changes, mut own, mut ours) = (Vec::new(), Vec::new(), Vec::new());
        for (Stranger { office_id, review }, found) in strangers.into_iter().zip(found) {
            let item = match found {
                Found::Here(item) if !linked.contains(&office_id) => Some(item),
                Found::Here(_) | Found::Elsewhere { .. } | Found::Gone => None,
            };
            match item {
                Some(item) if self.record_of(&item).is_some() => ours.push(item),
                // Another sync's item, copied here by somebody: none of ours, and no contact of this user.
                Some(item) if item.marker.as_deref().is_some_and(is_marker) => {
                    changes.extend(self.wait_in_outlook(item.id, COPY.to_owned(), None));
                }
                Some(item) if self.policy.direction.reaches_crm() => own.push(Own { item, review }),
                _ => changes.extend([
                    Change::DropStranger(self.scope, office_id.clone()),
                    Change::Unpark(self.scope, Side::Office, office_id),
                ]),
            }
        }
        changes.extend(self.take_back(ours, run).await?);
        self.commit(changes).await?;
        Ok(own)
    }

    /// Links items of ours with the records that their markers name, unless those have an item.
    async fn take_back(&self, ours: Vec<Item>, run: &Run) -> Result<Vec<Change>, Stop> {
        let mut changes = Vec::new();
        if ours.is_empty() {
            return Ok(changes);
        }
        let all: Vec<String> = ours.iter().map(|item| item.id.clone()).collect();
        let by_record = self.by_record(ours);
        let records: Vec<String> = by_record.keys().cloned().collect();
        let links = self.store.links(self.scope, &records).await?;
        let taken: BTreeSet<String> = links.iter().map(|link| link.crm_id.clone()).collect();
        let mut vacant = self.vacant(&run.folder, links).await?;
        let mut linked = BTreeSet::new();
        for (crm_id, item) in by_record {
            let link = match vacant.remove(&crm_id) {
                // It was copied and its original deleted, or it came back under another id: as if dug up, so that it
                // is compared, and left to its owner where there is nothing to compare it with. Without a base, as a
                // copy may hold the values of another time.
                Some(link) => Link {
                    office_id: Some(item.id.clone()),
                    state: match link.state {
                        LinkState::Detached => LinkState::Detached,
                        _ => LinkState::Tombstone,
                    },
                    gone_since: None,
                    base: Base::default(),
                    ..link
                },
                None if taken.contains(&crm_id) => continue,
                None => linked_without_base(crm_id.clone(), item.id.clone(), Side::Crm),
            };
            changes.extend(self.known(link, &item.id));
            changes.push(self.enqueue(crm_id, Cause::Changed, true));
            linked.insert(item.id);
        }
        for office_id in all.into_iter().filter(|id| !linked.contains(id)) {
            changes.extend(self.wait_in_outlook(office_id, COPY.to_owned(), None));
        }
        Ok(changes)
    }

    /// Links the items whose id a record keeps in the tenant's unique field; the rest is unknown.
    async fn known_by_external_id(&self, own: Vec<Own>) -> Result<Vec<Own>, Stop> {
        let Some(field) = self.policy.external_id.as_ref().filter(|_| !own.is_empty()) else {
            return Ok(own);
        };
        let ids: Vec<String> = own.iter().map(|own| external_id(&own.item.id)).collect();
        let found = self.crm.find(None, field, &ids, &[field]).await?;
        let by_item: BTreeMap<&str, &CrmRecord> = found
            .iter()
            .filter_map(|record| Some((record.fields.get(field)?.as_str()?, record)))
            .collect();
        let known: Vec<String> = found.iter().map(|record| record.id.clone()).collect();
        let linked = self.store.links(self.scope, &known).await?;
        let (mut unknown, mut changes) = (Vec::new(), Vec::new());
        for (own, id) in own.into_iter().zip(&ids) {
            let record = by_item.get(id.as_str());
            let Some(record) = record.filter(|record| linked.iter().all(|link| link.crm_id != record.id))
            else {
                // The field tells of every record: what it does not name has none.
                unknown.push(Own { review: false, ..own });
                continue;
            };
            let mut link = linked_without_base(record.id.clone(), own.item.id.clone(), Side::Office);
            if record.owner != self.owner {
                link.state = LinkState::Detached;
            }
            changes.push(self.enqueue(link.crm_id.clone(), Cause::Changed, true));
            changes.extend(self.known(link, &own.item.id));
        }
        self.commit(changes).await?;
        Ok(unknown)
    }

    /// Links items with a record that holds the same in every mapped field and has no item: it was made at the same time
    /// on both sides, its link was lost with the store, or its item came back under another id. What is left is to be
    /// inserted.
    async fn known_by_content(&self, own: Vec<Own>, run: &mut Run) -> Result<Vec<Insert>, Stop> {
        let mut records = self.equal_records_without_item(&own, run).await?;
        let (mut inserts, mut changes) = (Vec::new(), Vec::new());
        for Own { item, review } in own {
            let wanted = match named(&item.fields).and_then(|()| for_new_record(self.mapping, &item.fields)) {
                Ok(wanted) => wanted,
                Err(unfit) => {
                    let field = unfit.field().map(str::to_owned);
                    changes.extend(self.wait_in_outlook(item.id, unfit.to_string(), field));
                    continue;
                }
            };
            let equal = records
                .iter()
                .position(|record| self.holds_the_same(record, &item.fields));
            if let Some(at) = equal {
                // Of several that hold the same each is as good as another.
                let record = records.swap_remove(at);
                changes.extend(self.link_equal(&item, &record));
            } else if review {
                run.state.reviewing = run.state.recovering.is_some();
                changes.extend(self.wait_in_outlook(item.id, Review::Item.reason(), None));
            } else {
                inserts.push(Insert {
                    item,
                    wanted,
                    in_place_of: None,
                });
            }
        }
        if !changes.is_empty() {
            changes.push(self.keep(&run.state));
        }
        self.commit(changes).await?;
        Ok(inserts)
    }

    /// The owner's records that hold the same as one of these items and have none.
    async fn equal_records_without_item(&self, own: &[Own], run: &Run) -> Result<Vec<CrmRecord>, Stop> {
        let surname = OfficeField::Surname;
        let Some(rule) = self.mapping.to_crm().find(|rule| rule.office == surname) else {
            return Ok(Vec::new());
        };
        let names: BTreeSet<String> = own
            .iter()
            .filter_map(|own| Some(own.item.fields.get(&surname)?.to_text()))
            .collect();
        let names: Vec<String> = names.into_iter().collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut records = self
            .crm
            .find(Some(self.owner), &rule.crm, &names, &self.mapping.crm_fields())
            .await?;
        records.retain(|record| {
            own.iter()
                .any(|own| self.holds_the_same(record, &own.item.fields))
        });
        let ids: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
        let links = self.store.links(self.scope, &ids).await?;
        let linked: BTreeSet<String> = links.iter().map(|link| link.crm_id.clone()).collect();
        let vacant = self.vacant(&run.folder, links).await?;
        records.retain(|record| !linked.contains(&record.id) || vacant.contains_key(&record.id));
        records.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(records)
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
            crm_modified: Some(record.modified),
            base,
            ..linked_without_base(record.id.clone(), item.id.clone(), Side::Office)
        };
        let mut changes = self.known(link, &item.id).to_vec();
        changes.push(Change::Unpark(self.scope, Side::Crm, record.id.clone()));
        changes
    }

    /// An item is a stranger no more.
    fn known(&self, link: Link, office_id: &str) -> [Change; 3] {
        [
            Change::Link(self.scope, link),
            Change::DropStranger(self.scope, office_id.to_owned()),
            Change::Unpark(self.scope, Side::Office, office_id.to_owned()),
        ]
    }

    /// Parks an item until its owner changes it.
    fn wait_in_outlook(&self, office_id: String, reason: String, field: Option<String>) -> [Change; 2] {
        [
            Change::DropStranger(self.scope, office_id.clone()),
            self.park(Side::Office, office_id, reason, field),
        ]
    }
}
