//! Held operations and counts over time.

use jiff::Timestamp;
use sync_engine::identity::ScopeId;
use sync_runtime::store::Guarded::{DeleteInCrm, DeleteInOffice, UpdateInCrm};
use sync_runtime::store::{Change, Counted, Guarded, Store, Tally};

use crate::samples::{ORG, at, commit, held, scope};
use crate::stores::{conformance, conformance_of_syncs};

const HOUR: i64 = 3_600;

fn hold(scope: ScopeId, id: &str, operation: Guarded) -> Change {
    Change::Hold(scope, held(id, operation, None))
}

async fn a_held_operation_stays_on_its_list_as_long_as_it_is_the_same(store: &impl Store) {
    let (a, b) = (scope("a"), scope("b"));
    let changes = [
        hold(a, "2", DeleteInCrm),
        hold(a, "1", DeleteInOffice),
        hold(b, "1", UpdateInCrm),
        Change::Freeze(a, "trip-1".into()),
        hold(a, "3", UpdateInCrm),
        hold(a, "1", DeleteInOffice),
    ];
    commit(store, changes).await;
    let all = [
        held("1", DeleteInOffice, Some("trip-1")),
        held("2", DeleteInCrm, Some("trip-1")),
        held("3", UpdateInCrm, None),
    ];
    assert_eq!(store.held(a).await.unwrap(), all);
    assert_eq!(store.held(b).await.unwrap(), [held("1", UpdateInCrm, None)]);
    assert_eq!(store.counts(a).await.unwrap().held, 3);
    // Another operation, and the first one again, are on no list any more.
    commit(store, [hold(a, "1", UpdateInCrm), hold(a, "1", DeleteInOffice)]).await;
    commit(store, [hold(a, "2", UpdateInCrm), Change::Unhold(a, "3".into())]).await;
    let all = [held("1", DeleteInOffice, None), held("2", UpdateInCrm, None)];
    assert_eq!(store.held(a).await.unwrap(), all);
    let changes = [Change::Unhold(a, "?".into()), Change::Unhold(b, "1".into())];
    commit(store, changes).await;
    assert_eq!(store.held(a).await.unwrap(), all);
    assert_eq!(store.held(b).await.unwrap(), []);
}

async fn freezing_leaves_earlier_lists_alone(store: &impl Store) {
    let a = scope("a");
    let changes = [
        hold(a, "1", DeleteInOffice),
        Change::Freeze(a, "trip-1".into()),
        hold(a, "2", DeleteInOffice),
        Change::Freeze(a, "trip-2".into()),
        Change::Freeze(scope("b"), "trip-3".into()),
    ];
    commit(store, changes).await;
    let all = [
        held("1", DeleteInOffice, Some("trip-1")),
        held("2", DeleteInOffice, Some("trip-2")),
    ];
    assert_eq!(store.held(a).await.unwrap(), all);
}

async fn nothing_but_freezing_puts_an_operation_on_a_list(store: &impl Store) {
    let a = scope("a");
    let claimed = Change::Hold(a, held("1", DeleteInCrm, Some("trip-1")));
    commit(store, [claimed.clone(), claimed]).await;
    assert_eq!(store.held(a).await.unwrap(), [held("1", DeleteInCrm, None)]);
}

async fn deletes(store: &impl Store, of: Counted<'_>, since: Timestamp) -> u64 {
    store.tally(of, Tally::Deletes, since).await.unwrap()
}

async fn counts_add_up_by_sync_and_by_organisation(store: &impl Store) {
    let (a, b) = (scope("a"), scope("b"));
    let count = |scope, organisation: &str, seconds, n| {
        Change::Tally(scope, organisation.into(), Tally::Deletes, at(seconds), n)
    };
    let changes = [
        count(a, ORG, 10, 2),
        count(a, ORG, 10, 3),
        count(a, ORG, 20, 4),
        count(b, ORG, 10, 100),
        count(b, "other", 30, 1_000),
        Change::Tally(a, ORG.into(), Tally::Disables, at(20), 1),
    ];
    commit(store, changes).await;
    for (since, of_a, of_org) in [(0, 9, 109), (10, 9, 109), (11, 4, 4), (20, 4, 4), (21, 0, 0)] {
        assert_eq!(deletes(store, Counted::Sync(a), at(since)).await, of_a, "{since}");
        let of_organisation = deletes(store, Counted::Organisation(ORG), at(since)).await;
        assert_eq!(of_organisation, of_org, "{since}");
    }
    assert_eq!(deletes(store, Counted::Sync(b), at(0)).await, 1_100);
    assert_eq!(deletes(store, Counted::Organisation("other"), at(0)).await, 1_000);
    assert_eq!(deletes(store, Counted::Organisation("none"), at(0)).await, 0);
    for of in [Counted::Sync(a), Counted::Organisation(ORG)] {
        assert_eq!(store.tally(of, Tally::Disables, at(0)).await.unwrap(), 1);
    }
}

async fn counts_older_than_two_days_before_the_newest_are_forgotten(store: &impl Store) {
    let (a, b) = (scope("a"), scope("b"));
    let count = |scope, what, seconds| Change::Tally(scope, ORG.into(), what, at(seconds), 1);
    let changes = [
        count(a, Tally::Deletes, 0),
        count(a, Tally::Deletes, 1),
        count(a, Tally::Disables, 0),
        count(b, Tally::Deletes, 0),
    ];
    commit(store, changes).await;
    commit(store, [count(b, Tally::Deletes, 48 * HOUR)]).await;
    assert_eq!(
        deletes(store, Counted::Organisation(ORG), at(0)).await,
        4,
        "48 hours are kept"
    );
    commit(store, [count(b, Tally::Deletes, 48 * HOUR + 1)]).await;
    assert_eq!(deletes(store, Counted::Organisation(ORG), at(0)).await, 3);
    assert_eq!(deletes(store, Counted::Sync(b), at(0)).await, 2);
    assert_eq!(
        deletes(store, Counted::Sync(a), at(0)).await,
        2,
        "by its own newest"
    );
    for of in [Counted::Sync(a), Counted::Organisation(ORG)] {
        assert_eq!(store.tally(of, Tally::Disables, at(0)).await.unwrap(), 1);
    }
    // What comes too late was forgotten before it came.
    commit(store, [count(b, Tally::Deletes, 0), count(a, Tally::Deletes, 0)]).await;
    assert_eq!(deletes(store, Counted::Sync(b), at(0)).await, 2);
    assert_eq!(deletes(store, Counted::Organisation(ORG), at(0)).await, 3);
    assert_eq!(deletes(store, Counted::Sync(a), at(0)).await, 3);
}

async fn an_organisations_counts_outlive_its_syncs(store: &impl Store) {
    let a = scope("a");
    let count = Change::Tally(a, ORG.into(), Tally::Disables, at(5), 1);
    commit(store, [count, Change::DropScope(a)]).await;
    let of = |of| store.tally(of, Tally::Disables, at(0));
    assert_eq!(of(Counted::Sync(a)).await.unwrap(), 0);
    assert_eq!(of(Counted::Organisation(ORG)).await.unwrap(), 1);
}

mod holding {
    use super::*;

    conformance_of_syncs! {
        a_held_operation_stays_on_its_list_as_long_as_it_is_the_same
        freezing_leaves_earlier_lists_alone
        nothing_but_freezing_puts_an_operation_on_a_list
    }
}

conformance! {
    counts_add_up_by_sync_and_by_organisation
    counts_older_than_two_days_before_the_newest_are_forgotten
    an_organisations_counts_outlive_its_syncs
}
