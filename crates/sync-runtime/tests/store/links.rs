//! Links, by record and by item.

use sync_engine::hash::Base;
use sync_engine::link::{CrmIntent, Link, LinkState, Side};
use sync_runtime::store::{Change, Counts, Store, StoreError};

use crate::samples::{at, commit, crm_intent, ids, link, scope};
use crate::stores::conformance_of_syncs;

async fn links_are_made_replaced_found_and_dropped(store: &impl Store) {
    let (a, b) = (scope("a"), scope("b"));
    let all = [
        link("1", None, LinkState::Intent),
        link("2", Some("Y"), LinkState::Linked),
        Link {
            born: Side::Office,
            gone_since: Some(at(9)),
            ..link("3", Some("T"), LinkState::Tombstone)
        },
        link("4", Some("Z"), LinkState::Detached),
    ];
    commit(store, all.iter().map(|l| Change::Link(a, l.clone()))).await;
    assert_eq!(store.all_links(a).await.unwrap(), all);
    assert_eq!(store.all_links(b).await.unwrap(), []);
    assert_eq!(store.intents(a, 10).await.unwrap(), [all[0].clone()]);
    let found = store.links(a, &ids(&["2", "9", "2"])).await.unwrap();
    assert_eq!(found, [all[1].clone()]);
    let replaced = Link {
        office_id: Some("X".into()),
        state: LinkState::Linked,
        born: Side::Office,
        crm_modified: None,
        base: Base::default(),
        gone_since: Some(at(3)),
        ..all[0].clone()
    };
    let changes = [
        Change::Link(a, replaced.clone()),
        Change::DropLink(a, "2".into()),
        Change::DropLink(b, "3".into()),
    ];
    commit(store, changes).await;
    assert_eq!(
        store.all_links(a).await.unwrap(),
        [replaced, all[2].clone(), all[3].clone()]
    );
    assert_eq!(store.intents(a, 10).await.unwrap(), []);
    let expected = Counts {
        linked: 1,
        ..Counts::default()
    };
    assert_eq!(store.counts(a).await.unwrap(), expected);
}

async fn links_are_found_by_their_items_whatever_their_state(store: &impl Store) {
    let a = scope("a");
    let of = |items: &'static [&str]| async move {
        let mut links = store.links_of_items(a, &ids(items)).await.unwrap();
        links.sort_by(|a, b| a.crm_id.cmp(&b.crm_id));
        links
    };
    let all = [
        link("1", Some("X"), LinkState::Linked),
        link("2", Some("Y"), LinkState::Tombstone),
        link("3", Some("x"), LinkState::Detached),
        link("4", None, LinkState::Intent),
    ];
    commit(store, all.iter().map(|l| Change::Link(a, l.clone()))).await;
    commit(
        store,
        [Change::Link(scope("b"), link("9", Some("Y"), LinkState::Linked))],
    )
    .await;
    assert_eq!(of(&["X", "Y", "x", "Z", "X"]).await, all[..3]);
    assert_eq!(of(&["x"]).await, [all[2].clone()], "ids differ by case alone");
    assert_eq!(of(&[]).await, []);
    // An item that its link no longer holds is nobody's.
    let changes = [
        Change::Link(a, link("1", Some("W"), LinkState::Linked)),
        Change::DropLink(a, "2".into()),
    ];
    commit(store, changes).await;
    assert_eq!(of(&["X", "Y"]).await, []);
    assert_eq!(of(&["W"]).await, [link("1", Some("W"), LinkState::Linked)]);
}

async fn n2_an_item_is_never_in_two_links(store: &impl Store) {
    let a = scope("a");
    let first = link("1", Some("X"), LinkState::Tombstone);
    commit(store, [Change::Link(a, first.clone())]).await;
    let error = store
        .commit(vec![Change::Link(a, link("2", Some("X"), LinkState::Linked))])
        .await
        .unwrap_err();
    assert!(
        matches!(&error, StoreError::Doubled { scope, crm_id } if *scope == a && crm_id == "2"),
        "{error}"
    );
    assert!(error.to_string().contains("record 2 of sync"), "{error}");
    assert_eq!(store.all_links(a).await.unwrap(), std::slice::from_ref(&first));
    // The same item in two syncs, links without items, and the same link once more, are no doubles.
    let changes = [
        Change::Link(scope("b"), link("1", Some("X"), LinkState::Linked)),
        Change::Link(a, link("4", None, LinkState::Intent)),
        Change::Link(a, link("5", None, LinkState::Tombstone)),
        Change::Link(a, first),
    ];
    commit(store, changes).await;
    // Nor is one that changes hands.
    let changes = [
        Change::DropLink(a, "1".into()),
        Change::Link(a, link("2", Some("X"), LinkState::Linked)),
        Change::Link(a, link("2", Some("Y"), LinkState::Linked)),
        Change::Link(a, link("3", Some("X"), LinkState::Linked)),
    ];
    commit(store, changes).await;
}

async fn intents_come_in_slices(store: &impl Store) {
    let a = scope("a");
    let intents = (0..25).map(|n| Change::Link(a, link(&n.to_string(), None, LinkState::Intent)));
    commit(store, intents).await;
    assert_eq!(store.intents(a, 10).await.unwrap().len(), 10);
    assert_eq!(store.intents(a, 100).await.unwrap().len(), 25);
}

async fn bases_are_dropped_without_their_links(store: &impl Store) {
    let (a, b) = (scope("a"), scope("b"));
    let (linked, intent) = (link("1", Some("X"), LinkState::Linked), crm_intent("Y", 1));
    for scope in [a, b] {
        let changes = [
            Change::Link(scope, linked.clone()),
            Change::CrmIntent(scope, intent.clone()),
        ];
        commit(store, changes).await;
    }
    commit(store, [Change::DropBases(a)]).await;
    let without = Link {
        base: Base::default(),
        ..linked.clone()
    };
    assert_eq!(store.all_links(a).await.unwrap(), [without]);
    assert_eq!(store.all_links(b).await.unwrap(), [linked]);
    let without = CrmIntent {
        base: Base::default(),
        ..intent.clone()
    };
    assert_eq!(store.crm_intents(a, 9).await.unwrap(), [without]);
    assert_eq!(store.crm_intents(b, 9).await.unwrap(), [intent]);
}

conformance_of_syncs! {
    links_are_made_replaced_found_and_dropped
    links_are_found_by_their_items_whatever_their_state
    n2_an_item_is_never_in_two_links
    intents_come_in_slices
    bases_are_dropped_without_their_links
}
