//! What the search knows to be true: the records, and what the owners of the mailboxes did.

use std::collections::{BTreeMap, BTreeSet};

use ambient::{Random, SeededRandom};
use jiff::SignedDuration;
use serde_json::Value as Json;
use sync_engine::import::SETTLING;
use sync_engine::office_field::OfficeField;
use sync_engine::project::project;

use crate::fakes::mailbox::Held;
use crate::fakes::world::World;

/// The mapped pairs that the search edits.
pub(super) const FIELDS: &[(OfficeField, &str)] = &[
    (OfficeField::Surname, "Last_Name"),
    (OfficeField::JobTitle, "Title"),
    (OfficeField::Department, "Department"),
    (OfficeField::PersonalNotes, "Description"),
    (OfficeField::BusinessCity, "Mailing_City"),
];

/// What is known of a record beside the record.
#[derive(Default)]
pub(super) struct Known {
    /// CRM fields edited since all was last settled.
    pub(super) dirty: BTreeSet<String>,
    /// An owner of a mailbox did something to an item of it.
    pub(super) pinned: bool,
    pub(super) transferred: bool,
}

/// An edit that has to survive: the CRM did not change the field before it was seen, nor since.
#[derive(Debug)]
pub(super) struct Precious {
    pub(super) user: usize,
    pub(super) item: String,
    pub(super) crm_id: String,
    pub(super) field: OfficeField,
    pub(super) value: Option<String>,
}

pub(super) struct Model {
    pub(super) world: World,
    random: SeededRandom,
    /// Worlds whose store gets lost: nobody deletes, transfers or edits copies in them, as that cannot be known after.
    pub(super) lossy: bool,
    pub(super) known: BTreeMap<String, Known>,
    /// Own items and copies: never to be touched.
    pub(super) untouchable: BTreeMap<(usize, String), Held>,
    pub(super) precious: Vec<Precious>,
    /// Items with mapped fields that their owner edited, and which.
    pub(super) edited: BTreeMap<(usize, String), BTreeSet<OfficeField>>,
    /// Items that were updated in a run that came to a bad end: what was written may pass for an edit of their owner,
    /// so such a copy may stay where an unedited one would go.
    pub(super) unanswered: BTreeSet<(usize, String)>,
    /// Records whose items their owner deleted.
    pub(super) buried: BTreeSet<(usize, String)>,
    serial: u64,
}

impl Model {
    pub(super) async fn new(seed: u64) -> Self {
        let mut world = World::new();
        world.add_user("bob");
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
            random: SeededRandom::new(seed.wrapping_mul(0x9e37_79b9) ^ 0x5eed),
            lossy: seed % 4 == 3,
            known: BTreeMap::new(),
            untouchable,
            precious: vec![],
            edited: BTreeMap::new(),
            unanswered: BTreeSet::new(),
            buried: BTreeSet::new(),
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

    /// A text that nobody used before.
    pub(super) fn text(&mut self) -> String {
        self.serial += 1;
        format!("text {}", self.serial)
    }

    pub(super) fn adds_record(&mut self) {
        let owner = ["alice", "bob", "carol"][self.below(10).saturating_sub(7)];
        let (name, title) = (self.text(), self.text());
        let email = if self.below(8) == 0 {
            "broken"
        } else {
            "same@example.com"
        };
        let fields = [("Last_Name", name.as_str()), ("Title", &title), ("Email", email)];
        let imported = self.below(5) == 0;
        let id = if imported {
            self.world.crm.import(owner, &fields)
        } else {
            self.world.crm.add(owner, &fields)
        };
        self.known.insert(id, Known::default());
    }

    /// Whether the record may be edited: an import just after it was made would look as if nobody had.
    pub(super) fn editable(&self, id: &str) -> bool {
        let state = self.world.crm.state();
        let record = &state.records[id];
        !record.hidden && (!record.imported || self.world.now().duration_since(record.created) > SETTLING)
    }

    /// Whether the record belongs into this user's folder.
    pub(super) fn eligible(&self, user: usize, id: &str) -> bool {
        let state = self.world.crm.state();
        state.records.get(id).is_some_and(|record| {
            let untouched = record.imported && record.modified.duration_since(record.created) < SETTLING;
            record.owner == self.world.users[user].owner
                && !untouched
                && project(&self.world.mapping, &record.fields).is_ok()
                && !self.buried.contains(&(user, id.to_owned()))
        })
    }

    /// Everything is carried over: from now on an edit of a copy is later than what the CRM did.
    pub(super) fn settled(&mut self) {
        for known in self.known.values_mut() {
            known.dirty.clear();
        }
    }

    /// What waits for a person is done: hidden records show again, refused ones are saved again.
    pub(super) fn mend(&mut self) {
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
                self.world.crm.touch(&id);
            }
        }
    }

    pub(super) async fn lose_store(&mut self) {
        self.world.faults.note("the store is lost".to_owned());
        self.world.lose_store().await;
        self.world.wait(1);
    }

    pub(super) fn field_text(&self, id: &str, field: &str) -> Option<String> {
        let state = self.world.crm.state();
        state
            .records
            .get(id)?
            .fields
            .get(field)
            .and_then(Json::as_str)
            .map(str::to_owned)
    }
}
