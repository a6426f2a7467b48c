//! What people did, as far as it bears on what may be expected of the sync.
//!
//! Between two quiet times lies a period: what was done in an earlier one has been carried over, what was done in the
//! present one may cross the sync's own work in any order.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use sync_engine::identity::item_marker;
use sync_engine::link::Link;

use crate::abilities;
use crate::field::Field;
use crate::history::{Label, Owner, Setting};
use crate::world::{PRIVATE, World, scope, seeded_id};

/// A period, counted from 0.
pub(crate) type Period = u32;

/// One of the two sides of a contact; the mailbox is a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// The record.
    Crm,
    /// The item in this person's mailbox.
    Office(usize),
}

/// A value that a person typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Write {
    /// On which side.
    pub side: Side,
    /// The field.
    pub field: Field,
    /// What stands there since; none for blank.
    pub value: Option<String>,
    /// What stood there before: the person has seen it and let it go.
    pub over: Option<String>,
    /// When.
    pub period: Period,
}

/// What became of a contact.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contact {
    /// The id of its record, once known.
    pub record: Option<String>,
    /// It was made in this person's mailbox; else in the CRM.
    pub born_in: Option<usize>,
    /// It came by an import.
    pub imported: bool,
    /// When its record was made.
    pub created: Timestamp,
    /// When a person last changed its record after that, and in which period.
    pub changed: Option<(Timestamp, Period)>,
    /// When its record was deleted, or was merged into another.
    pub deleted: Option<Period>,
    /// When its record came back.
    pub restored: Option<Period>,
    /// When its record was last handed over.
    pub transferred: Option<Period>,
    /// Its record was last changed within the second of another change, while the feed of changes was opened anew.
    pub crowded: bool,
    /// What happened to its item in each mailbox.
    pub items: BTreeMap<usize, Item>,
    /// What was typed, in order.
    pub writes: Vec<Write>,
}

/// What the owner of a mailbox did to the item of a contact.
#[derive(Debug, Clone, Default)]
pub(crate) struct Item {
    /// The id that it was last met under.
    pub id: Option<String>,
    /// When it was deleted or moved away.
    pub left: Option<Period>,
    /// It left by being moved, so it is still in the mailbox.
    pub moved: bool,
    /// When it was moved back after that.
    pub returned: Option<Period>,
    /// When a field was last edited.
    pub edited: Option<Period>,
}

/// What happened to a sync as a whole, and when last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sync {
    /// Its folder was deleted or moved by its owner.
    pub folder_left: Option<Period>,
    /// The folder that was deleted or moved.
    pub folder: Option<String>,
    /// Its folder was renamed by its owner.
    pub folder_renamed: Option<Period>,
    /// It was switched off, or on again.
    pub switched: Option<Period>,
    /// Its policy was changed.
    pub declared: Option<Period>,
    /// Another name was declared for its folder.
    pub named: Option<Period>,
    /// Its mapping was changed.
    pub remapped: Option<Period>,
    /// A folder that its owner deleted was asked for anew.
    pub reenabled: Option<Period>,
    /// What the guard holds was approved.
    pub approved: Option<Period>,
}

/// How long after its making a change of an imported record may pass for one of the import's own automations.
const SETTLING: SignedDuration = SignedDuration::from_mins(5);

impl Contact {
    /// Whether it was changed long enough after its making that an import cannot have done it.
    pub(crate) fn is_settled(&self) -> bool {
        self.changed
            .is_some_and(|(changed, _)| changed.duration_since(self.created) >= SETTLING)
    }

    /// Whether its record came back in a way that the runtime, as it is, may not notice.
    pub(crate) fn returned_unseen(&self) -> bool {
        let touched_since = self.changed.map(|(_, when)| when) > self.restored;
        !abilities::SEES_RESTORED && self.restored.is_some() && !touched_since
    }

    /// Whether its record ever held a second e-mail address alone, which Outlook shows as the first.
    pub(crate) fn had_gap(&self) -> bool {
        let (mut first, mut second, mut gap) = (false, false, false);
        for write in self.writes.iter().filter(|write| write.side == Side::Crm) {
            match write.field {
                Field::Email => first = write.value.is_some(),
                Field::SecondEmail => second = write.value.is_some(),
                _ => continue,
            }
            gap |= second && !first;
        }
        gap
    }
}

/// What people did.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// The present period.
    pub period: Period,
    /// All contacts.
    pub contacts: BTreeMap<Label, Contact>,
    /// Copies of items that their owners made, by person and id.
    pub copies: BTreeMap<(usize, String), Label>,
    /// Contacts outside the syncs' reach, as their owners left them, by person and id.
    pub private: BTreeMap<(usize, String), Map<String, Value>>,
    /// Every record as people left it, by id.
    pub records: BTreeMap<String, Value>,
    /// What happened to each sync.
    pub syncs: Vec<Sync>,
    /// When the store was last lost or replaced.
    pub store_lost: Option<Period>,
    /// When the key was last lost.
    pub key_lost: Option<Period>,
    /// When a fault or a crash last came in between.
    pub disturbed: Option<Period>,
    /// The connected CRM user does not see the records of others.
    pub hidden: bool,
    /// When the rights of the connected CRM user last changed.
    pub rights_changed: Option<Period>,
    /// How many acts there were in the present period.
    pub acts: u32,
    /// How many came after the first sync had begun.
    pub acts_after_start: u32,
    /// A sync ran.
    pub started: bool,
    /// When a round of changes first never ended: the container is listed once an hour until there are rounds again.
    pub without_rounds: Option<Period>,
    /// Records that the CRM has locked.
    pub locked: BTreeSet<Label>,
    /// Other applications used up the CRM's credits of the day.
    pub credits_used: bool,
    /// When a record was last changed, in whole seconds.
    last_change: Option<i64>,
    labels: BTreeMap<String, Label>,
}

impl Ledger {
    /// The ledger of a world in which nobody did anything yet.
    #[must_use]
    pub(crate) fn new(setting: &Setting, world: &World) -> Self {
        let mut ledger = Self {
            syncs: vec![Sync::default(); setting.people.len()],
            ..Self::default()
        };
        for seeded in setting.people.iter().flat_map(|person| &person.records) {
            let id = seeded_id(seeded.label);
            let Some(record) = world.record(&id) else { continue };
            let time = |name: &str| record[name].as_str().and_then(|text| text.parse().ok());
            let created = time("Created_Time").unwrap_or_default();
            let contact = Contact {
                record: Some(id.clone()),
                imported: seeded.imported,
                created,
                changed: time("Modified_Time")
                    .filter(|modified| *modified > created)
                    .map(|modified| (modified, 0)),
                ..Contact::default()
            };
            ledger.contacts.insert(seeded.label, contact);
            ledger.labels.insert(id, seeded.label);
            ledger.wrote_record(seeded.label, &Value::Null, &record);
        }
        ledger.see_private_folders(world);
        ledger
    }

    fn see_private_folders(&mut self, world: &World) {
        let mailboxes = world.all_mailboxes();
        let users = mailboxes["tenants"][0]["users"].as_array();
        for (person, user) in users.into_iter().flatten().enumerate() {
            let folders = user["folders"].as_array();
            for contact in folders
                .into_iter()
                .flatten()
                .filter(|folder| folder["marker"].is_null())
                .flat_map(|folder| folder["contacts"].as_array().into_iter().flatten())
            {
                if let (Some(id), Some(contact)) = (contact["id"].as_str(), contact.as_object()) {
                    self.private.insert((person, id.to_owned()), lasting(contact));
                }
            }
        }
    }

    /// Whether something happened in the present period.
    #[must_use]
    pub(crate) fn now(&self, when: Option<Period>) -> bool {
        when == Some(self.period)
    }

    /// A record was made or changed now.
    pub(crate) fn changed_at(&mut self, label: Label, at: Timestamp) {
        let before = self.last_change.replace(at.as_second());
        let switched = self.syncs.iter().any(|sync| self.now(sync.switched));
        let opens = self.period == 0 || switched || self.now(self.store_lost);
        let crowded = opens && before == Some(at.as_second());
        self.contacts.entry(label).or_default().crowded = crowded;
    }

    /// The contact of a record.
    #[must_use]
    pub(crate) fn label_of(&self, record: &str) -> Option<Label> {
        self.labels.get(record).copied()
    }

    /// A record turned out to be this contact's.
    pub(crate) fn learn_record(&mut self, label: Label, record: &str) {
        self.labels.insert(record.to_owned(), label);
        let contact = self.contacts.entry(label).or_default();
        contact.record = Some(record.to_owned());
    }

    /// A record that the sync made is known by the sync's own account only: of a contact that was made in a mailbox, or
    /// whose record was deleted while its item was edited.
    pub(crate) fn learn_links(&mut self, person: usize, links: &[Link]) {
        for link in links {
            if self.labels.contains_key(&link.crm_id) {
                continue;
            }
            let born = self.contacts.iter().find(|(_, contact)| {
                let item = contact.items.get(&person).and_then(|item| item.id.as_ref());
                let made_here = contact.born_in == Some(person) || contact.deleted.is_some();
                made_here && item.is_some() && item == link.office_id.as_ref()
            });
            if let Some(label) = born.map(|(label, _)| *label) {
                self.learn_record(label, &link.crm_id);
            }
        }
    }

    /// The record's id of a contact that has one.
    #[must_use]
    pub(crate) fn record(&self, label: Label) -> Option<&str> {
        self.contacts.get(&label)?.record.as_deref()
    }

    /// The item of a contact in a mailbox, wherever it lies there; the original, not a copy.
    pub(crate) fn item(&mut self, world: &World, person: usize, label: Label) -> Option<Map<String, Value>> {
        let contact = self.contacts.get_mut(&label)?;
        let marked = contact.record.as_ref().and_then(|record| {
            let marked = world.items(person, &item_marker(scope(person), record));
            let mut originals = marked
                .into_iter()
                .filter(|item| !self.copies.contains_key(&(person, id_of(item).to_owned())));
            originals.next()
        });
        let known = contact.items.entry(person).or_default();
        let item = marked.or_else(|| world.items(person, known.id.as_deref()?).into_iter().next())?;
        known.id = Some(id_of(&item).to_owned());
        Some(item)
    }

    /// The owner of a mailbox changed one of their own contacts, moved it, or put an end to it.
    pub(crate) fn own_changed(&mut self, person: usize, id: &str, now: Option<&Map<String, Value>>) {
        let place = (person, id.to_owned());
        match now {
            Some(now) => {
                if let Some(private) = self.private.get_mut(&place) {
                    *private = lasting(now);
                }
            }
            None => drop(self.private.remove(&place)),
        }
    }

    /// What the owner of a mailbox did to the item of a contact.
    pub(crate) fn at(&mut self, person: usize, label: Label) -> &mut Item {
        let contact = self.contacts.entry(label).or_default();
        contact.items.entry(person).or_default()
    }

    /// Somebody wrote a record: which values, over which.
    pub(crate) fn wrote_record(&mut self, label: Label, before: &Value, after: &Value) {
        let values = Field::ALL.map(|field| (field, field.of_record(before), field.of_record(after)));
        self.wrote(label, Side::Crm, values);
        if let Some(id) = after["id"].as_str() {
            self.records.insert(id.to_owned(), after.clone());
        }
    }

    /// The owner of a mailbox wrote an item: which values, over which.
    pub(crate) fn wrote_item(
        &mut self,
        person: usize,
        label: Label,
        before: &Map<String, Value>,
        after: &Map<String, Value>,
    ) {
        let values = Field::ALL.map(|field| (field, field.of_contact(before), field.of_contact(after)));
        self.wrote(label, Side::Office(person), values);
    }

    fn wrote<const N: usize>(
        &mut self,
        label: Label,
        side: Side,
        values: [(Field, Option<String>, Option<String>); N],
    ) {
        let period = self.period;
        let changed = values.into_iter().filter(|(_, over, value)| over != value);
        let writes = &mut self.contacts.entry(label).or_default().writes;
        writes.extend(changed.map(|(field, over, value)| Write {
            side,
            field,
            value,
            over,
            period,
        }));
    }

    /// The values typed on one side of one field in the present period, in order.
    pub(crate) fn written(
        &self,
        label: Label,
        side: Side,
        field: Field,
    ) -> impl DoubleEndedIterator<Item = &Write> {
        let period = self.period;
        let writes = self.contacts.get(&label).map(|contact| &contact.writes);
        writes
            .into_iter()
            .flatten()
            .filter(move |write| write.period == period && write.side == side && write.field == field)
    }

    /// Whether the runtime, as it is, may take a copy of a contact's item for the original.
    pub(crate) fn may_be_confused(&self, label: Label) -> bool {
        let copied = self.copies.values().any(|copied| *copied == label);
        copied && !abilities::TELLS_COPIES && self.store_lost.max(self.disturbed).is_some()
    }

    /// Whether the original of a contact's item may have left the container: a copy then takes its place.
    pub(crate) fn has_left(&self, person: usize, label: Label) -> bool {
        self.contacts.get(&label).is_some_and(|contact| {
            let left = contact.items.get(&person).is_some_and(|item| item.left.is_some());
            left || contact.deleted.max(contact.transferred).is_some()
        })
    }

    /// Whether the runtime, as it is, cannot help making something with a marker that is in use already.
    #[must_use]
    pub(crate) fn twins_excused(&self) -> bool {
        // The links were forgotten, or the one of this item was, or was not known yet.
        let forgot = |contact: &Contact, person: usize, item: &Item| {
            let sync = self.syncs.get(person);
            let anew = sync.is_some_and(|sync| self.store_lost.max(sync.switched).is_some());
            let gone = contact.deleted.max(contact.transferred);
            let changed = contact.changed.map(|(_, when)| when);
            anew || gone.max(changed) >= item.left || self.disturbed >= item.left
        };
        let moved = self.contacts.values().any(|contact| {
            let strayed = |item: &Item| item.moved || item.returned.is_some();
            let mut items = contact.items.iter().filter(|(_, item)| strayed(item));
            items.any(|(person, item)| forgot(contact, *person, item))
        });
        let container = self
            .syncs
            .iter()
            .any(|sync| sync.folder_left.is_some() && (self.disturbed.max(self.store_lost).is_some()));
        (moved && !abilities::FINDS_MOVED_ITEMS) || (container && !abilities::FINDS_MOVED_CONTAINER)
    }

    /// Everything so far has been carried over: a new period begins.
    pub(crate) fn quiet(&mut self) {
        self.period += 1;
        self.acts = 0;
    }
}

/// The owner of a record in the CRM's state document; none for somebody without a sync.
#[must_use]
pub(crate) fn owner_of(record: &Value, people: usize) -> Option<usize> {
    let address = record["Owner"]["email"].as_str()?;
    (0..people).find(|person| crate::world::address(Owner::Person(*person)) == address)
}

/// The id of a contact of a mailbox.
#[must_use]
pub(crate) fn id_of(item: &Map<String, Value>) -> &str {
    item.get("id").and_then(Value::as_str).unwrap_or_default()
}

/// What a contact holds, without what moves by itself.
#[must_use]
pub(crate) fn lasting(contact: &Map<String, Value>) -> Map<String, Value> {
    let mut contact = contact.clone();
    contact.retain(|name, _| {
        !matches!(
            name.as_str(),
            "@odata.etag" | "changeKey" | "lastModifiedDateTime"
        )
    });
    contact
}

/// The name of the folder that holds a person's private contacts.
#[must_use]
pub(crate) fn private_folder() -> &'static str {
    PRIVATE
}
