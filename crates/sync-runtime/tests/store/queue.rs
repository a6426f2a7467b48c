//! The queue of records.

use sync_engine::identity::ScopeId;
use sync_engine::link::{LinkState, Side};
use sync_runtime::store::Cause::{Changed, Deleted, Initial};
use sync_runtime::store::{Cause, Change, Queued, Store};

use crate::samples::{commit, enqueue, link, parked, queued, scope, stranger};
use crate::stores::conformance_of_syncs;

async fn queue(store: &impl Store, scope: ScopeId) -> Vec<(String, Cause)> {
    let rows = store.queue(scope, 100).await.unwrap();
    rows.into_iter().map(|row| (row.crm_id, row.cause)).collect()
}

fn rows(rows: &[(&str, Cause)]) -> Vec<(String, Cause)> {
    rows.iter()
        .map(|(id, cause)| ((*id).to_owned(), *cause))
        .collect()
}

async fn the_queue_gives_changes_first_then_the_first_sync_each_in_order(store: &impl Store) {
    let a = scope("a");
    commit(store, enqueue(a, &[("5", Initial), ("4", Initial)])).await;
    let more = [("9", Changed), ("3", Initial), ("7", Deleted), ("8", Changed)];
    commit(store, enqueue(a, &more)).await;
    let all = [
        ("9", Changed),
        ("7", Deleted),
        ("8", Changed),
        ("5", Initial),
        ("4", Initial),
        ("3", Initial),
    ];
    assert_eq!(queue(store, a).await, rows(&all));
    let two = [queued("9", Changed), queued("7", Deleted)];
    assert_eq!(store.queue(a, 2).await.unwrap(), two);
    assert_eq!(store.initial_queue(a).await.unwrap(), 3);
    assert_eq!(queue(store, scope("b")).await, []);
    let changes = ["9", "4"].map(|id| Change::Dequeue(a, id.into()));
    commit(store, changes).await;
    assert_eq!(
        queue(store, a).await,
        rows(&[("7", Deleted), ("8", Changed), ("5", Initial), ("3", Initial)])
    );
    assert_eq!(store.initial_unlinked(a).await.unwrap(), 2);
    let linked = Change::Link(a, link("3", Some("X"), LinkState::Linked));
    commit(store, [linked, Change::DequeueInitial(a)]).await;
    assert_eq!(
        queue(store, a).await,
        rows(&[("7", Deleted), ("8", Changed), ("3", Initial)])
    );
    assert_eq!(store.initial_unlinked(a).await.unwrap(), 0);
}

async fn an_initial_row_stays_one_and_only_news_say_deleted(store: &impl Store) {
    let a = scope("a");
    let first = [("1", Initial), ("2", Initial), ("3", Changed), ("4", Deleted)];
    commit(store, enqueue(a, &first)).await;
    commit(
        store,
        enqueue(a, &[("2", Changed), ("3", Initial), ("4", Initial)]),
    )
    .await;
    assert_eq!(store.initial_queue(a).await.unwrap(), 4);
    let all = [("1", Initial), ("2", Initial), ("3", Initial), ("4", Deleted)];
    assert_eq!(queue(store, a).await, rows(&all));
    // Restored, and deleted once more.
    commit(store, enqueue(a, &[("4", Changed), ("1", Deleted)])).await;
    let all = [("1", Deleted), ("2", Initial), ("3", Initial), ("4", Initial)];
    assert_eq!(queue(store, a).await, rows(&all));
}

async fn a_row_keeps_its_place_and_takes_one_in_the_first_sync_when_it_is_listed(store: &impl Store) {
    let a = scope("a");
    let first = [("1", Changed), ("2", Changed), ("8", Initial), ("9", Initial)];
    commit(store, enqueue(a, &first)).await;
    commit(
        store,
        enqueue(a, &[("1", Deleted), ("8", Changed), ("8", Initial)]),
    )
    .await;
    let all = [("1", Deleted), ("2", Changed), ("8", Initial), ("9", Initial)];
    assert_eq!(queue(store, a).await, rows(&all));
    commit(store, enqueue(a, &[("2", Initial), ("7", Initial)])).await;
    let all = [
        ("1", Deleted),
        ("8", Initial),
        ("9", Initial),
        ("2", Initial),
        ("7", Initial),
    ];
    assert_eq!(queue(store, a).await, rows(&all));
}

async fn an_item_that_may_have_changed_is_read_whatever_comes_later(store: &impl Store) {
    let a = scope("a");
    let with_item = |id: &str, cause| Queued {
        item_too: true,
        ..queued(id, cause)
    };
    let changes = [
        Change::Enqueue(a, with_item("1", Changed)),
        Change::Enqueue(a, queued("2", Changed)),
        Change::Enqueue(a, queued("3", Changed)),
        Change::Enqueue(a, queued("1", Deleted)),
        Change::Enqueue(a, with_item("2", Changed)),
    ];
    commit(store, changes).await;
    let all = [
        with_item("1", Deleted),
        with_item("2", Changed),
        queued("3", Changed),
    ];
    assert_eq!(store.queue(a, 9).await.unwrap(), all);
    // Looked at and queued anew.
    let changes = [
        Change::Dequeue(a, "1".into()),
        Change::Enqueue(a, queued("1", Changed)),
    ];
    commit(store, changes).await;
    assert_eq!(store.queue(a, 9).await.unwrap()[2], queued("1", Changed));
}

async fn enqueue_all_brings_linked_and_parked_ahead_of_the_first_sync(store: &impl Store) {
    let a = scope("a");
    let mut changes = enqueue(a, &[("5", Initial), ("2", Deleted), ("9", Initial)]);
    for (id, state) in [
        ("9", LinkState::Linked),
        ("1", LinkState::Linked),
        ("2", LinkState::Linked),
        ("3", LinkState::Tombstone),
        ("4", LinkState::Detached),
        ("7", LinkState::Intent),
    ] {
        changes.push(Change::Link(a, link(id, None, state)));
    }
    changes.extend([
        Change::Park(a, parked(Side::Crm, "1", "x", 1)),
        Change::Park(a, parked(Side::Crm, "6", "x", 1)),
        Change::Park(a, parked(Side::Office, "Z", "x", 1)),
        Change::Link(scope("b"), link("8", None, LinkState::Linked)),
        Change::EnqueueAll(a),
    ]);
    commit(store, changes).await;
    let all = [
        ("2", Deleted, true),
        ("1", Changed, true),
        ("4", Changed, true),
        ("6", Changed, true),
        ("5", Initial, false),
        ("9", Initial, true),
    ];
    let all = all.map(|(id, cause, item_too)| Queued {
        item_too,
        ..queued(id, cause)
    });
    assert_eq!(store.queue(a, 100).await.unwrap(), all);
    assert_eq!(queue(store, scope("b")).await, []);
}

async fn enqueue_all_puts_parked_items_behind_the_strangers(store: &impl Store) {
    let a = scope("a");
    let changes = [
        Change::Stranger(a, stranger("M", true)),
        Change::Park(a, parked(Side::Office, "M", "x", 1)),
        Change::Park(a, parked(Side::Office, "B", "x", 2)),
        Change::Park(a, parked(Side::Office, "A", "x", 2)),
        Change::Park(a, parked(Side::Office, "Z", "x", 1)),
        Change::Park(a, parked(Side::Crm, "1", "x", 1)),
        Change::Park(scope("b"), parked(Side::Office, "Y", "x", 1)),
        Change::EnqueueAll(a),
        Change::Stranger(a, stranger("C", false)),
    ];
    commit(store, changes).await;
    let all = [
        ("M", true),
        ("Z", false),
        ("A", false),
        ("B", false),
        ("C", false),
    ];
    assert_eq!(
        store.strangers(a, 9).await.unwrap(),
        all.map(|(id, review)| stranger(id, review))
    );
    assert_eq!(store.strangers(scope("b"), 9).await.unwrap(), []);
    assert_eq!(store.counts(a).await.unwrap().parked, 5, "parked until they fit");
}

conformance_of_syncs! {
    the_queue_gives_changes_first_then_the_first_sync_each_in_order
    an_initial_row_stays_one_and_only_news_say_deleted
    a_row_keeps_its_place_and_takes_one_in_the_first_sync_when_it_is_listed
    an_item_that_may_have_changed_is_read_whatever_comes_later
    enqueue_all_brings_linked_and_parked_ahead_of_the_first_sync
    enqueue_all_puts_parked_items_behind_the_strangers
}
