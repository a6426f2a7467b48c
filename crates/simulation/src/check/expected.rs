//! Whether a contact's item has to be in the container, as far as anybody can tell.

use serde_json::Value;

use super::Sync;
use crate::abilities;
use crate::field::{Field, Kind};
use crate::history::{Declared, Label};
use crate::ledger::{Contact, owner_of};
use crate::policy::{is_cut, to_office};

/// What anybody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// It has to be there.
    There,
    /// It must not be.
    Absent,
    /// Both are right, as things happened at the same time or nobody remembers.
    Either,
}

impl Sync<'_> {
    pub(super) fn expected(&self, label: Label, contact: &Contact) -> Expected {
        let record = contact
            .record
            .as_ref()
            .and_then(|id| self.quiet.view.records.get(id));
        match record {
            Some(record) if owner_of(record, self.quiet.declared.len()) == Some(self.person) => {
                self.expected_of_own(label, contact, record)
            }
            Some(_) => self.expected_of_lost(label, contact, true),
            None => self.expected_of_lost(label, contact, self.declared.deletes_to_office),
        }
    }

    /// Of a record that is gone, or belongs to somebody else.
    fn expected_of_lost(&self, label: Label, contact: &Contact, removes: bool) -> Expected {
        let ledger = self.quiet.ledger;
        let sync = &ledger.syncs[self.person];
        let item = contact.items.get(&self.person);
        let edited = item.is_some_and(|item| item.edited.is_some() || item.left.is_some());
        let gone = contact.deleted.max(contact.transferred);
        // What the sync wrote itself and could not take note of passes for an edit of the owner's; so does what Outlook
        // does not show as it was sent.
        let written = contact.changed.is_some_and(|(_, when)| Some(when) == gone);
        let shifted = contact.had_gap() && !abilities::KNOWS_LISTS;
        let unanswered = (ledger.disturbed >= gone && written) || shifted;
        let before_the_loss = |when: &Option<_>| when.is_some() && ledger.store_lost >= *when;
        // A change of which the base was lost passes for an edit of the owner's.
        let changed = contact.changed.map(|(_, when)| when);
        let forgotten = [contact.deleted, contact.transferred, changed]
            .iter()
            .any(before_the_loss);
        let rekeyed = ledger.key_lost >= gone && ledger.key_lost.is_some();
        let undecided = sync.declared.max(sync.switched).max(ledger.rights_changed);
        let undecided = undecided.is_some() && undecided >= gone;
        let confused = ledger.may_be_confused(label);
        // Deleted before, it left a copy that is its owner's own.
        let detached = contact.deleted.is_some() && !self.declared.deletes_to_office;
        if detached || edited || !removes || unanswered || forgotten || rekeyed || undecided || confused {
            Expected::Either
        } else {
            Expected::Absent
        }
    }

    fn expected_of_own(&self, label: Label, contact: &Contact, record: &Value) -> Expected {
        let ledger = self.quiet.ledger;
        let sync = &ledger.syncs[self.person];
        let began_now = ledger.now(ledger.store_lost) || ledger.now(sync.switched);
        let was_there = !began_now && self.quiet.agreed.contains_key(&(self.person, label));
        // While contacts of Outlook wait for review, so does a record of that time: it may be one of theirs.
        let may_be_of_another = !was_there && ledger.store_lost.is_some() && !self.quiet.setting.external_id;
        if let Some(item) = contact.items.get(&self.person)
            && let Some(left) = item.left
        {
            let began_anew = [ledger.store_lost, sync.switched]
                .into_iter()
                .any(|when| when >= Some(left));
            let crossed =
                contact.changed.is_some_and(|(_, when)| when == left) || ledger.disturbed >= Some(left);
            // Gone on both sides, its link was dropped: a record that comes back is a new one.
            let recreated = was_there && left < ledger.period;
            let came_back = contact.restored >= Some(left) || recreated;
            // Moved out while the links were lost, it was made again: there may be two of them.
            let forgot = ledger.store_lost.max(sync.switched).is_some();
            let strayed = item.moved && forgot && !abilities::FINDS_MOVED_ITEMS;
            return if item.returned.is_some() || began_anew || crossed || came_back || strayed {
                Expected::Either
            } else {
                Expected::Absent
            };
        }
        if contact.imported
            && self.declared.imported
            && sync.declared.is_some()
            && !abilities::BRINGS_LEFT_OUT
        {
            return Expected::Either;
        }
        if contact.imported && !self.declared.imported {
            match contact.changed {
                Some(_) if contact.is_settled() => {}
                None if sync.declared.is_none() => return Expected::Absent,
                _ => return Expected::Either,
            }
        }
        let unfit = !fits(record, self.declared);
        let hidden = match ledger.rights_changed {
            None => false,
            changed => ledger.now(changed) || !abilities::LOOKS_AGAIN,
        };
        let crowded = contact.crowded && !abilities::SEES_SECOND_CHANGE;
        let confused = ledger.may_be_confused(label);
        if crowded
            || may_be_of_another
            || confused
            || contact.returned_unseen()
            || unfit
            || hidden
            || self.beyond_the_cap(contact, was_there)
        {
            Expected::Either
        } else {
            Expected::There
        }
    }

    /// Whether a record takes part in a first sync.
    pub(super) fn takes_part(&self, contact: &Contact, record: &Value) -> bool {
        let own = owner_of(record, self.quiet.declared.len()) == Some(self.person);
        let imported = contact.imported && !contact.is_settled() && !self.declared.imported;
        own && !imported
    }

    /// Whether the first sync may have left the record out: nobody changed it since.
    fn beyond_the_cap(&self, contact: &Contact, was_there: bool) -> bool {
        let ledger = self.quiet.ledger;
        let sync = &ledger.syncs[self.person];
        let people = self.quiet.declared.len();
        let owned = self.quiet.view.records.values();
        let owned = owned
            .filter(|record| owner_of(record, people) == Some(self.person))
            .count();
        // Some may have been this person's while the sync listed them.
        let moved = ledger
            .contacts
            .values()
            .filter(|contact| {
                let gone = |id: &String| !self.quiet.view.records.contains_key(id);
                contact.deleted.max(contact.transferred).is_some()
                    || contact.record.as_ref().is_some_and(gone)
            })
            .count();
        let began = ledger.store_lost.max(sync.switched).unwrap_or(0);
        let changed_after = contact.changed.is_some_and(|(_, when)| when > began);
        !was_there && !changed_after && (owned + moved) as u64 > self.declared.cap
    }

    /// Whether the link may have been cut: the item then stays as its owner's own, and is written no more.
    pub(super) fn may_be_detached(&self, contact: &Contact) -> bool {
        let item = contact.items.get(&self.person);
        let edited = item.is_some_and(|item| item.edited.is_some());
        let lost = contact.deleted.max(contact.transferred);
        let ledger = self.quiet.ledger;
        let kept = !self.declared.deletes_to_office || ledger.syncs[self.person].declared.is_some();
        lost.is_some() && (edited || kept || ledger.disturbed.is_some() || ledger.store_lost.is_some())
    }
}

/// What Outlook can call a contact by.
pub(super) const NAMES: [Field; 5] = [
    Field::GivenName,
    Field::Surname,
    Field::Company,
    Field::Email,
    Field::SecondEmail,
];

/// Whether Outlook can hold the record as it is mapped.
pub(super) fn fits(record: &Value, declared: &Declared) -> bool {
    let mapped = || Field::ALL.into_iter().filter(|field| to_office(declared, *field));
    let held = |field: Field| field.of_record(record).filter(|_| to_office(declared, field));
    NAMES.into_iter().any(|field| held(field).is_some())
        && mapped().all(|field| {
            held(field).is_none_or(|text| match (field, field.kind()) {
                (Field::Notes, _) => text.chars().count() <= 32_000,
                (_, Kind::Date) => true,
                (_, Kind::Email) => text.split_once('@').is_some(),
                // Exchange counts in UTF-16.
                _ => {
                    let most = if is_cut(declared, field) { usize::MAX } else { 255 };
                    let cut: String = text.chars().take(255).collect();
                    text.chars().count() <= most && cut.encode_utf16().count() <= 255
                }
            })
        })
}
