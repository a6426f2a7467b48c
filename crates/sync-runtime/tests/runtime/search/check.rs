//! The invariants of a settled world.

use std::collections::BTreeMap;

use sync_engine::identity::crm_id_of;
use sync_engine::link::{Link, LinkState};
use sync_engine::project::{Fields, project};
use sync_runtime::store::Store;

use super::model::Model;
use crate::fakes::mailbox::Held;

pub(super) async fn invariants(model: &Model) {
    for user in 0..model.world.users.len() {
        let scope = model.world.users[user].scope;
        let links = model.world.store.inner.all_links(scope).await.unwrap();
        assert!(
            links.iter().all(|link| link.state != LinkState::Intent),
            "open intents"
        );
        let links: BTreeMap<String, Link> = links
            .into_iter()
            .map(|link| (link.crm_id.clone(), link))
            .collect();
        let held = model.world.users[user].mailbox.all();
        untouched(model, user, &held);
        each_once(model, user, &links, &held);
        none_left_behind(model, user, &links, &held);
        counts(model, user).await;
    }
    edits_survive(model);
}

/// I7, N5: nothing outside the marked folder, no own item, no copy was written; no write was without effect.
fn untouched(model: &Model, user: usize, held: &BTreeMap<String, Held>) {
    for ((_, id), was) in model.untouchable.iter().filter(|((of, _), _)| *of == user) {
        assert_eq!(held.get(id), Some(was), "item {id} of user {user} was touched");
    }
    let writes = model.world.users[user].mailbox.writes();
    assert_eq!((writes.outside, writes.no_ops), (0, 0), "{writes:?}");
}

/// I2, I3: each eligible record has one item with what the record says; what its owner edited may differ.
fn each_once(model: &Model, user: usize, links: &BTreeMap<String, Link>, held: &BTreeMap<String, Held>) {
    let records = model.world.crm.snapshot().records;
    let eligible = records.iter().filter(|(id, _)| model.eligible(user, id));
    for (id, record) in eligible {
        let context = format!("record {id} for user {user}");
        let link = links.get(id).unwrap_or_else(|| panic!("{context}: no link"));
        assert_eq!(link.state, LinkState::Linked, "{context}");
        let item = link.office_id.clone().unwrap();
        let shown = held.get(&item).unwrap_or_else(|| panic!("{context}: no item"));
        let wanted = project(&model.world.mapping, &record.fields).unwrap();
        let edited = model.edited.get(&(user, item.clone()));
        for rule in model.world.mapping.to_office() {
            if edited.is_some_and(|fields| fields.contains(&rule.office)) {
                continue;
            }
            let (now, wants) = (shown.fields.get(&rule.office), wanted.get(&rule.office));
            assert_eq!(now, wants, "{context}: {} of {item}", rule.office);
        }
    }
}

/// I2, N2, N6: every other item of ours is there for a reason.
fn none_left_behind(
    model: &Model,
    user: usize,
    links: &BTreeMap<String, Link>,
    held: &BTreeMap<String, Held>,
) {
    let scope = model.world.users[user].scope;
    let records = model.world.crm.snapshot().records;
    for (item, held) in held {
        let key = (user, item.clone());
        let crm_id = held.marker.as_deref().and_then(|marker| crm_id_of(scope, marker));
        let Some(crm_id) = crm_id.filter(|_| !model.untouchable.contains_key(&key)) else {
            continue;
        };
        let link = links
            .get(crm_id)
            .filter(|link| link.office_id.as_deref() == Some(item));
        let owned = records
            .get(crm_id)
            .is_some_and(|record| record.owner == model.world.users[user].owner);
        // A record that became unfit keeps its copy until it is mended.
        let unfit = |fields| project(&model.world.mapping, fields).is_err();
        let parked = owned && unfit(&records[crm_id].fields);
        let expected = link.is_some() && (model.eligible(user, crm_id) || parked);
        let theirs = model.edited.contains_key(&key) || model.unanswered.contains(&key);
        assert!(
            expected || theirs,
            "item {item} of record {crm_id} of user {user} is left over: {link:?}"
        );
    }
    for (_, id) in model.buried.iter().filter(|(of, _)| *of == user) {
        let again = held.iter().filter(|(item, held)| {
            let of_record = held.marker.as_deref().and_then(|marker| crm_id_of(scope, marker)) == Some(id);
            of_record && !model.untouchable.contains_key(&(user, (*item).clone()))
        });
        assert_eq!(again.count(), 0, "record {id} was made again for user {user}");
    }
}

/// N1, I1: no edit of a copy is lost to anything but a later edit in the CRM.
fn edits_survive(model: &Model) {
    for edit in &model.precious {
        let held = model.world.users[edit.user].mailbox.get(&edit.item);
        let fields = held.map_or_else(Fields::new, |held| held.fields);
        let shown = fields.get(&edit.field).map(sync_engine::value::Value::to_text);
        let intact = shown == edit.value && !fields.is_empty();
        assert!(intact, "lost: {edit:?}, shown {shown:?}");
    }
}

/// What the status counts adds up.
async fn counts(model: &Model, user: usize) {
    let scope = model.world.users[user].scope;
    let state = model.world.store.inner.scope(scope).await.unwrap().unwrap();
    let initial = &state.initial;
    assert!(initial.completed.is_some() && initial.listed);
    assert!(
        initial.done + initial.imported + initial.over_cap <= initial.total,
        "{initial:?}"
    );
    let counts = model.world.store.inner.counts(scope).await.unwrap();
    assert_eq!(counts.pending, 0);
    let parked = model.world.store.inner.parked(scope, 1_000).await.unwrap();
    let records = model.world.crm.snapshot().records;
    for parked in parked {
        let record = records.get(&parked.crm_id);
        let record = record.unwrap_or_else(|| panic!("{} is parked and gone", parked.crm_id));
        assert_eq!(
            record.owner, model.world.users[user].owner,
            "{} is parked elsewhere",
            parked.crm_id
        );
        assert!(
            project(&model.world.mapping, &record.fields).is_err(),
            "{} is parked and fits",
            parked.crm_id
        );
    }
}
