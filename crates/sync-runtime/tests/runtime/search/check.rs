//! The invariants of a settled world.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sync_engine::link::{Link, LinkState, Side};
use sync_engine::merge::same;
use sync_engine::office_field::{Group, OfficeField};
use sync_runtime::store::{Parked, Store};

use super::model::{FIELDS, Model, Typed};

/// One user's side of the world.
struct Seen {
    user: usize,
    links: Vec<Link>,
    parked: BTreeMap<(Side, String), Parked>,
}

impl Seen {
    /// Whether a contact is parked for review, which no world with a unique field needs.
    fn reviews(&self, side: Side, id: &str) -> bool {
        let parked = self.parked.get(&(side, id.to_owned()));
        parked.is_some_and(|parked| parked.reason.contains("crmlink.dev/reenable"))
    }
}

pub(super) async fn invariants(model: &mut Model) {
    model.keep_conflicts().await;
    for user in 0..model.world.users.len() {
        let scope = model.world.users[user].scope;
        let store = &model.world.store.inner;
        let parked = store.parked(scope, 10_000).await.unwrap();
        let seen = Seen {
            user,
            links: store.all_links(scope).await.unwrap(),
            parked: parked
                .into_iter()
                .map(|parked| ((parked.side, parked.id.clone()), parked))
                .collect(),
        };
        for (side, id) in seen.parked.keys().filter(|(side, id)| seen.reviews(*side, id)) {
            let contact = match side {
                Side::Crm => model.of_record(id),
                Side::Office => model.of_item(user, id),
            };
            if let Some(contact) = contact {
                model.contacts[contact].reviewed = true;
            }
        }
        nothing_is_open(model, &seen).await;
        untouched(model, user);
        both_sides_are_equal(model, &seen);
        everybody_has_another_side(model, &seen);
    }
    nobody_is_there_twice(model);
    nothing_typed_is_lost(model);
    nothing_goes_without_a_cause(model);
}

async fn nothing_is_open(model: &Model, seen: &Seen) {
    let scope = model.world.users[seen.user].scope;
    let store = &model.world.store.inner;
    let counts = store.counts(scope).await.unwrap();
    assert_eq!(
        (counts.pending, counts.held),
        (0, 0),
        "user {} is not done",
        seen.user
    );
    assert!(seen.links.iter().all(|link| link.state != LinkState::Intent));
    let initial = store.scope(scope).await.unwrap().unwrap().initial;
    assert!(initial.completed.is_some() && initial.listed);
    assert!(
        initial.done + initial.imported + initial.over_cap <= initial.total,
        "{initial:?}"
    );
    for (side, id) in seen.parked.keys() {
        let there = match side {
            Side::Crm => model.world.crm.state().records.contains_key(id),
            Side::Office => model.world.users[seen.user].mailbox.get(id).is_some(),
        };
        assert!(there, "{id} is parked and gone");
    }
}

/// I7, N5: nothing outside the marked folder, no own item, no copy was written; no write was without effect.
fn untouched(model: &Model, user: usize) {
    let all = model.world.users[user].mailbox.all();
    for ((_, id), was) in model.untouchable.iter().filter(|((of, _), _)| *of == user) {
        assert_eq!(all.get(id), Some(was), "item {id} of user {user} was touched");
    }
    let writes = model.world.users[user].mailbox.writes();
    assert_eq!((writes.outside, writes.no_ops), (0, 0), "{writes:?}");
    let writes = model.world.crm.writes();
    assert_eq!(writes.no_ops, 0, "{writes:?}");
    if model.kind.one_way {
        assert_eq!(
            (writes.inserts, writes.updates, writes.deletes),
            (0, 0, 0),
            "{writes:?}"
        );
    }
}

/// I3: linked means equal.
fn both_sides_are_equal(model: &Model, seen: &Seen) {
    for link in seen.links.iter().filter(|link| link.state == LinkState::Linked) {
        let item = link.office_id.clone().unwrap();
        let context = format!("{} and {item} of user {}", link.crm_id, seen.user);
        let held = model.world.users[seen.user].mailbox.get(&item);
        if held.is_none() && model.kind.one_way {
            // What its owner does in Outlook is not looked for.
            continue;
        }
        let held = held.unwrap_or_else(|| panic!("{context}: no item"));
        let view = model.view(&link.crm_id);
        let view = view.unwrap_or_else(|| panic!("{context}: no record"));
        let typed = |field| {
            let contact = &model.contacts[model.of_record(&link.crm_id).unwrap()];
            let open = contact.open.get(&field);
            contact.parted || open.is_some_and(|open| open.office.is_some())
        };
        for rule in model.world.mapping.rules() {
            if model.kind.one_way
                && (typed(rule.office) || rule.office.group().is_some_and(Group::is_address))
            {
                continue;
            }
            assert!(same(rule, &view, &held.fields), "{context}: {}", rule.office);
        }
    }
}

/// I2: each eligible record has its item, and each item in the folder its record, but for those that wait.
fn everybody_has_another_side(model: &Model, seen: &Seen) {
    let user = seen.user;
    let linked: BTreeSet<&str> = seen
        .links
        .iter()
        .filter(|link| link.state == LinkState::Linked)
        .map(|link| link.crm_id.as_str())
        .collect();
    let ids: Vec<String> = model.world.crm.state().records.keys().cloned().collect();
    for id in ids.iter().filter(|id| model.eligible(user, id)) {
        let contact = model.of_record(id).unwrap();
        let buried = model.buried.contains(&(user, contact));
        let waits = seen.reviews(Side::Crm, id);
        assert!(
            linked.contains(id.as_str()) || buried || waits || model.contacts[contact].copied,
            "record {id} of user {user} has no item"
        );
    }
    let Some(folder) = model.folder(user) else { return };
    let known: BTreeSet<&str> = seen
        .links
        .iter()
        .filter_map(|link| link.office_id.as_deref())
        .collect();
    for (id, held) in model.world.users[user].mailbox.all() {
        let ours = held.folder == folder;
        let waits = seen.parked.contains_key(&(Side::Office, id.clone()));
        let is_copy = model.untouchable.contains_key(&(user, id.clone()));
        let expected = known.contains(id.as_str()) || waits && is_copy || seen.reviews(Side::Office, &id);
        assert!(
            !ours || expected || model.kind.one_way,
            "item {id} of user {user} has no record: {:?}",
            seen.parked.get(&(Side::Office, id.clone()))
        );
    }
}

/// I2, N2.
pub(super) fn nobody_is_there_twice(model: &Model) {
    for contact in 0..model.contacts.len() {
        let records = model.records_of(contact);
        assert!(
            records.len() <= 1,
            "contact {contact} has the records {records:?}"
        );
        for user in 0..model.world.users.len() {
            let items = model.items_of(user, contact);
            assert!(
                items.len() <= 1,
                "contact {contact} has the items {items:?} of user {user}, and the records {records:?}"
            );
        }
    }
}

/// I1, N1: what somebody typed alone is on both sides; what two typed is one of both, and the conflict is recorded.
fn nothing_typed_is_lost(model: &Model) {
    for (index, contact) in model.contacts.iter().enumerate() {
        for (field, crm) in FIELDS {
            let Some(open) = contact.open.get(field) else {
                continue;
            };
            let typed: Vec<&Typed> = open.crm.iter().chain(&open.office).collect();
            let values: BTreeSet<&Option<String>> = typed.iter().map(|typed| &typed.value).collect();
            let since = typed.iter().map(|typed| typed.at).min();
            let recorded = since.is_some_and(|since| is_recorded(model, index, field.name(), since));
            let held = model.records_of(index).into_iter();
            let held: Vec<Option<String>> = held.map(|id| model.record_text(&id, crm)).collect();
            let mut shown = vec![];
            for user in 0..model.world.users.len() {
                let items = model.items_of(user, index).into_iter();
                shown.extend(items.map(|id| model.item_text(user, &id, *field)));
            }
            for (user, id) in model.untouchable.keys() {
                if model.of_item(*user, id) == Some(index) {
                    shown.push(model.item_text(*user, id, *field));
                }
            }
            let context =
                || format!("contact {index}, {field}: {open:?}, in the CRM {held:?}, in Outlook {shown:?}");
            let somewhere = |value: &Option<String>| held.contains(value) || shown.contains(value);
            if contact.parted || model.kind.one_way {
                // Only that it is somewhere can be said, and a clear is nowhere.
                // One way the CRM's change runs over what was typed in Outlook, of an address each change over all of
                // it; and without a base everything is one.
                let in_address = field.group().is_some_and(Group::is_address);
                let overrun =
                    model.kind.one_way && (open.crm.is_some() || in_address || model.kind.forgetful);
                let of_office = open.office.iter().filter(|_| !overrun);
                for typed in open
                    .crm
                    .iter()
                    .chain(of_office)
                    .filter(|typed| typed.value.is_some())
                {
                    assert!(somewhere(&typed.value) || recorded, "lost: {}", context());
                }
                continue;
            }
            let waits = contact.reviewed && held != shown;
            match values.len() {
                0 => {}
                1 => {
                    let value = *values.iter().next().unwrap();
                    assert!(
                        recorded || waits || held.iter().chain(&shown).all(|now| now == value),
                        "not carried over: {}",
                        context()
                    );
                    assert!(somewhere(value) || recorded, "lost: {}", context());
                }
                _ => {
                    assert!(recorded || waits, "an unrecorded conflict: {}", context());
                    assert!(
                        values.iter().any(|value| somewhere(value)),
                        "both lost: {}",
                        context()
                    );
                }
            }
        }
    }
}

/// N1, N6: with the conflicts gone, at least one of what two people typed is somewhere.
pub(super) fn everything_typed_is_somewhere(model: &Model) {
    for (index, contact) in model.contacts.iter().enumerate() {
        for (field, crm) in FIELDS {
            let typed = contact.open.get(field);
            let Some(open) = typed.filter(|open| open.crm.is_some() || open.office.is_some()) else {
                continue;
            };
            let all: Vec<&Typed> = open.crm.iter().chain(&open.office).collect();
            let overrun = model.kind.one_way && (open.crm.is_some() || field.group().is_some());
            let since = all.iter().map(|typed| typed.at).min();
            let recorded = since.is_some_and(|since| is_recorded(model, index, field.name(), since));
            // A clear is nowhere.
            let clears = all.iter().any(|typed| typed.value.is_none());
            let mut values = all.iter().filter_map(|typed| typed.value.as_ref());
            assert!(
                clears || overrun || recorded || values.any(|value| model.is_somewhere(value, crm, *field)),
                "gone: contact {index}, {field}: {open:?}, records {:?}",
                model.records_of(index)
            );
        }
    }
}

impl Model {
    fn is_somewhere(&self, value: &String, crm: &str, field: OfficeField) -> bool {
        let records: Vec<String> = self.world.crm.state().records.keys().cloned().collect();
        let mut records = records.iter();
        records.any(|id| self.record_text(id, crm).as_ref() == Some(value))
            || (0..self.world.users.len()).any(|user| {
                let ids = self.world.users[user].mailbox.all().into_keys();
                let mut shown = ids.filter_map(|id| self.item_text(user, &id, field));
                shown.any(|shown| shown == *value)
            })
    }
}

fn is_recorded(model: &Model, contact: usize, field: &str, since: Timestamp) -> bool {
    let mut records = model.contacts[contact].records.clone();
    records.extend(model.records_of(contact));
    let floor = since - SignedDuration::from_secs(1);
    records.into_iter().any(|id| {
        let at = model.recorded.get(&(id, field.to_owned()));
        at.is_some_and(|at| *at >= floor)
    })
}

/// N9: a record goes where people deleted it, or an item of it.
fn nothing_goes_without_a_cause(model: &Model) {
    let buried: BTreeSet<usize> = model.buried.iter().map(|(_, contact)| *contact).collect();
    for (index, contact) in model.contacts.iter().enumerate() {
        for id in &contact.records {
            let there = model.world.crm.state().records.contains_key(id);
            assert!(
                there || model.deleted.contains(id) || buried.contains(&index),
                "record {id} of contact {index} is gone"
            );
        }
    }
}
