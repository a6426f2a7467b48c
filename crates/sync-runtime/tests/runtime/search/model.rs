//! What the search knows to be true: contacts by what people typed, and what people did to them.
//!
//! Every text is typed once, so a record or an item is known by its texts, whoever made it.

use std::collections::{BTreeMap, BTreeSet};

use ambient::{Random, SeededRandom};
use jiff::{SignedDuration, Timestamp};
use sync_engine::import::SETTLING;
use sync_engine::link::Side;
use sync_engine::mapping::Direction;
use sync_engine::merge::ConflictPolicy;
use sync_engine::office_field::OfficeField;
use sync_engine::plan::Deletes;
use sync_engine::project::{CrmView, named, project};
use sync_runtime::contacts::GuardLimits;
use sync_runtime::store::{MemoryStore, Store};

use crate::fakes::mailbox::Held;
use crate::fakes::world::{World, unguarded};

/// The mapped pairs that the search edits: two of them are one address.
pub(super) const FIELDS: &[(OfficeField, &str)] = &[
    (OfficeField::Surname, "Last_Name"),
    (OfficeField::JobTitle, "Title"),
    (OfficeField::Department, "Department"),
    (OfficeField::PersonalNotes, "Description"),
    (OfficeField::BusinessStreet, "Mailing_Street"),
    (OfficeField::BusinessCity, "Mailing_City"),
];

/// What somebody typed, or cleared.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Typed {
    pub(super) value: Option<String>,
    pub(super) at: Timestamp,
}

/// What was typed on each side since both were equal.
#[derive(Debug, Clone, Default)]
pub(super) struct Open {
    pub(super) crm: Option<Typed>,
    pub(super) office: Option<Typed>,
}

/// One contact, on whatever side.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "independent facts of a model")]
pub(super) struct Contact {
    pub(super) open: BTreeMap<OfficeField, Open>,
    /// Every record it ever had.
    pub(super) records: BTreeSet<String>,
    /// Somebody deleted, moved away or gave away one side of it: what was typed need not meet any more.
    pub(super) parted: bool,
    /// A copy of an item of it was made in Outlook.
    pub(super) copied: bool,
    /// It waits for review: both sides stay as they are.
    pub(super) reviewed: bool,
    /// It was given to another owner, or an item of it was moved away: not both, as an item that comes back to somebody
    /// whose record it was is a new contact.
    pub(super) given: bool,
    pub(super) moved: bool,
}

/// What a world is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "independent facts of a model")]
pub(super) struct Kind {
    pub(super) one_way: bool,
    /// The store gets lost, or an older one is put back: nobody deletes or gives away in such worlds, as that cannot be
    /// known after.
    pub(super) forgetful: bool,
    pub(super) external_ids: bool,
    pub(super) guarded: bool,
    /// At the end the sync is switched off, and on again.
    pub(super) switched: bool,
}

pub(super) struct Model {
    pub(super) world: World,
    pub(super) kind: Kind,
    random: SeededRandom,
    pub(super) contacts: Vec<Contact>,
    /// By what was typed.
    pub(super) contact_of: BTreeMap<String, usize>,
    /// Private items, copies and what was moved away: never to be touched.
    pub(super) untouchable: BTreeMap<(usize, String), Held>,
    /// Items that their owner deleted or moved away, by contact: not made again, unless the record is edited.
    pub(super) buried: BTreeSet<(usize, usize)>,
    /// Records that people deleted.
    pub(super) deleted: BTreeSet<String>,
    /// Conflicts of stores that are lost.
    pub(super) recorded: BTreeMap<(String, String), Timestamp>,
    pub(super) older: Option<MemoryStore>,
    serial: u64,
}

impl Model {
    pub(super) async fn new(seed: u64) -> Self {
        let random = SeededRandom::new(seed.wrapping_mul(0x9e37_79b9) ^ 0x5eed);
        let draw = |end: u64| random.next_u64() % end;
        let kind = Kind {
            one_way: draw(6) == 0,
            forgetful: draw(4) == 0,
            external_ids: draw(2) == 0,
            guarded: draw(4) == 0,
            switched: draw(4) == 0,
        };
        let mut world = if draw(8) == 0 && !kind.forgetful {
            World::on_disk().await
        } else {
            World::new()
        };
        if kind.one_way {
            world.flows(Direction::CrmToOffice);
        }
        if kind.external_ids {
            world.keeps_external_ids();
        }
        world.add_user("bob");
        world.policy.conflict = [
            ConflictPolicy::CrmWins,
            ConflictPolicy::OfficeWins,
            ConflictPolicy::NewestWins,
        ][usize::try_from(draw(3)).unwrap()];
        if draw(2) == 0 {
            world.policy.deletes_to_crm = Deletes::Propagate;
        }
        if draw(4) == 0 {
            world.policy.deletes_to_office = Deletes::Never;
        }
        if kind.guarded {
            world.policy.guard = GuardLimits {
                deletes_per_run: draw(3),
                deletes_percent: 10,
                updates_per_run: draw(4),
                updates_percent: 10,
                ..unguarded()
            };
        }
        // One poll a second: what changes within the second of two polls cannot be seen.
        world.policy.feed_max_age = SignedDuration::from_secs(1);
        let mut untouchable = BTreeMap::new();
        for (index, user) in world.users.iter().enumerate() {
            let folder = user.mailbox.user_adds_folder("Private", None);
            let item = user
                .mailbox
                .user_adds(&folder, &[(OfficeField::Surname, "Private")]);
            let held = user.mailbox.get(&item).unwrap();
            untouchable.insert((index, item), held);
        }
        let mut model = Self {
            world,
            kind,
            random,
            contacts: vec![],
            contact_of: BTreeMap::new(),
            untouchable,
            buried: BTreeSet::new(),
            deleted: BTreeSet::new(),
            recorded: BTreeMap::new(),
            older: None,
            serial: 0,
        };
        for _ in 0..model.below(30) {
            model.adds_record();
        }
        model
    }

    pub(super) fn next(&self) -> u64 {
        self.random.next_u64()
    }

    pub(super) fn below(&self, end: usize) -> usize {
        usize::try_from(self.random.next_u64() % end as u64).unwrap()
    }

    pub(super) fn note(&self, what: &str) {
        self.world.faults.note(format!("  {what}"));
    }

    /// A text that nobody used before.
    pub(super) fn text(&mut self, contact: usize) -> String {
        self.serial += 1;
        let text = format!("text {}", self.serial);
        self.contact_of.insert(text.clone(), contact);
        text
    }

    pub(super) fn new_contact(&mut self) -> usize {
        self.contacts.push(Contact::default());
        self.contacts.len() - 1
    }

    /// What is known of the mailbox's folder: there may be none yet.
    pub(super) fn folder(&self, user: usize) -> Option<String> {
        let state = self.world.users[user].mailbox.state();
        let found = state.folders.values().find(|folder| folder.marker.is_some());
        found.map(|folder| folder.id.clone())
    }

    pub(super) fn record_text(&self, id: &str, field: &str) -> Option<String> {
        self.world.crm.text(id, field)
    }

    pub(super) fn item_text(&self, user: usize, id: &str, field: OfficeField) -> Option<String> {
        let state = self.world.users[user].mailbox.state();
        let value = state.items.get(id)?.fields.get(&field)?;
        Some(value.to_text())
    }

    /// The contact that a record belongs to.
    pub(super) fn of_record(&self, id: &str) -> Option<usize> {
        let mut texts = FIELDS.iter().filter_map(|(_, crm)| self.record_text(id, crm));
        texts.find_map(|text| self.contact_of.get(&text).copied())
    }

    /// The contact that an item belongs to.
    pub(super) fn of_item(&self, user: usize, id: &str) -> Option<usize> {
        let mut texts = FIELDS
            .iter()
            .filter_map(|(office, _)| self.item_text(user, id, *office));
        texts.find_map(|text| self.contact_of.get(&text).copied())
    }

    /// The records of a contact.
    pub(super) fn records_of(&self, contact: usize) -> Vec<String> {
        let ids: Vec<String> = self.world.crm.state().records.keys().cloned().collect();
        let of = |id: &String| self.of_record(id) == Some(contact);
        ids.into_iter().filter(of).collect()
    }

    /// The items of a contact in a user's container, copies left out.
    pub(super) fn items_of(&self, user: usize, contact: usize) -> Vec<String> {
        let Some(folder) = self.folder(user) else {
            return vec![];
        };
        let all = self.world.users[user].mailbox.all().into_iter();
        let here = all.filter(|(id, held)| {
            held.folder == folder && !self.untouchable.contains_key(&(user, id.clone()))
        });
        let ids: Vec<String> = here.map(|(id, _)| id).collect();
        let of = |id: &String| self.of_item(user, id) == Some(contact);
        ids.into_iter().filter(of).collect()
    }

    /// Notes that somebody types on a side. What was typed there before counts as carried over if both sides are equal
    /// now.
    pub(super) fn types(
        &mut self,
        contact: usize,
        field: OfficeField,
        side: Side,
        values: [Option<&Option<String>>; 2],
        new: Option<String>,
    ) {
        let at = self.world.now();
        let open = self.contacts[contact].open.entry(field).or_default();
        if let [Some(crm), Some(office)] = values
            && crm == office
        {
            *open = Open::default();
        }
        let typed = Some(Typed { value: new, at });
        match side {
            Side::Crm => open.crm = typed,
            Side::Office => open.office = typed,
        }
    }

    /// Whether the record may be edited: an import just after it was made would look as if nobody had.
    pub(super) fn editable(&self, id: &str) -> bool {
        let state = self.world.crm.state();
        let record = &state.records[id];
        !record.hidden && (!record.imported || self.world.now().duration_since(record.created) > SETTLING)
    }

    pub(super) fn view(&self, id: &str) -> Option<CrmView> {
        let state = self.world.crm.state();
        let view = project(&self.world.mapping, &state.records.get(id)?.fields).ok()?;
        named(&view.fields).ok()?;
        Some(view)
    }

    /// Whether the record belongs into this user's folder.
    pub(super) fn eligible(&self, user: usize, id: &str) -> bool {
        let fits = self.view(id).is_some();
        let state = self.world.crm.state();
        state.records.get(id).is_some_and(|record| {
            let untouched = record.imported && record.modified.duration_since(record.created) < SETTLING;
            record.owner == self.world.users[user].owner && !untouched && fits
        })
    }

    /// Keeps the conflicts of a store that goes.
    pub(super) async fn keep_conflicts(&mut self) {
        for user in &self.world.users {
            let conflicts = self
                .world
                .store
                .inner
                .conflicts(user.scope, 10_000)
                .await
                .unwrap();
            for conflict in conflicts {
                let at = self
                    .recorded
                    .entry((conflict.crm_id, conflict.field))
                    .or_insert(conflict.at);
                *at = conflict.at.max(*at);
            }
        }
    }

    /// The store is lost, or an older one comes back.
    pub(super) async fn forget(&mut self) {
        self.keep_conflicts().await;
        self.world.report().await;
        match self.older.take() {
            Some(older) if self.below(2) == 0 => {
                self.world.faults.note("an older store is put back".to_owned());
                self.world.put_back(older);
            }
            _ => {
                self.world.faults.note("the store is lost".to_owned());
                self.world.lose_store();
            }
        }
        self.world.wait(1);
    }

    /// What waits for a person is done: hidden records show again, what is unfit is mended, what was refused is saved
    /// again, and what the guard holds is approved.
    pub(super) async fn mend(&mut self) {
        self.world.wait(600);
        let ids: Vec<String> = self.world.crm.state().records.keys().cloned().collect();
        for id in ids {
            let untouched_import = {
                let state = self.world.crm.state();
                let record = &state.records[&id];
                record.imported && record.modified == record.created
            };
            self.world.crm.hide(&id, false);
            if !untouched_import {
                self.world.crm.edit(&id, "Email", Some("mended@example.com"));
            }
        }
        for user in 0..self.world.users.len() {
            let Some(folder) = self.folder(user) else { continue };
            let items: Vec<String> = {
                let state = self.world.users[user].mailbox.state();
                let here = state.items.iter().filter(|(_, held)| held.folder == folder);
                here.map(|(id, _)| id.clone()).collect()
            };
            for id in items {
                if self.untouchable.contains_key(&(user, id.clone())) {
                    continue;
                }
                let nameless = self.item_text(user, &id, OfficeField::Surname).is_none();
                match self.of_item(user, &id) {
                    Some(contact) if nameless => self.types_in_item(user, &id, contact, OfficeField::Surname),
                    _ => self.world.users[user].mailbox.state().touch(&id),
                }
            }
            self.world.users[user].mailbox.state().delta.calm();
        }
        self.approve().await;
    }

    pub(super) async fn approve(&mut self) {
        for user in &self.world.users {
            let state = self.world.store.inner.scope(user.scope).await.unwrap();
            let trip = state.and_then(|state| state.trip);
            self.world
                .policy
                .guard
                .approved
                .extend(trip.map(|trip| trip.hash));
        }
    }
}
