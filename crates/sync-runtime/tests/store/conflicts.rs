//! Conflicts: what is kept of them, and for how long.

use sync_runtime::store::ConflictOutcome::{CrmWon, OfficeWon, Open};
use sync_runtime::store::{Change, Conflict, MOST_CONFLICTS, Store};

use crate::samples::{commit, conflict, scope};
use crate::stores::conformance_of_syncs;

async fn conflicts_come_open_ones_first_then_the_latest(store: &impl Store) {
    let (a, b) = (scope("a"), scope("b"));
    let all = [
        conflict("3", "title", Open, 9),
        conflict("2", "title", Open, 5),
        conflict("1", "surname", CrmWon, 20),
        conflict("1", "title", CrmWon, 20),
        conflict("4", "title", OfficeWon, 20),
        conflict("2", "surname", OfficeWon, 1),
    ];
    commit(
        store,
        all.iter().rev().map(|row| Change::Conflict(a, row.clone())),
    )
    .await;
    assert_eq!(store.conflicts(a, 100).await.unwrap(), all);
    assert_eq!(store.conflicts(a, 3).await.unwrap(), all[..3]);
    assert_eq!(store.conflicts(b, 100).await.unwrap(), []);
    assert_eq!(store.counts(a).await.unwrap().conflicts, 4, "by record");
}

async fn a_conflict_replaces_the_earlier_one_of_its_field(store: &impl Store) {
    let a = scope("a");
    let changes = [
        conflict("1", "title", Open, 9),
        conflict("1", "surname", CrmWon, 3),
        conflict("1", "title", OfficeWon, 4),
        conflict("1", "surname", Open, 5),
    ];
    commit(store, changes.map(|row| Change::Conflict(a, row))).await;
    assert_eq!(
        store.conflicts(a, 100).await.unwrap(),
        [
            conflict("1", "surname", Open, 5),
            conflict("1", "title", OfficeWon, 4)
        ]
    );
}

async fn closing_forgets_the_open_conflicts_of_the_other_fields(store: &impl Store) {
    let (a, b) = (scope("a"), scope("b"));
    let rows = [
        conflict("1", "title", Open, 4),
        conflict("1", "surname", Open, 3),
        conflict("2", "title", Open, 2),
        conflict("1", "mobile", CrmWon, 1),
    ];
    for scope in [a, b] {
        commit(store, rows.iter().map(|row| Change::Conflict(scope, row.clone()))).await;
    }
    let close = |but: &[&str]| {
        let but = but.iter().map(|field| (*field).to_owned()).collect();
        Change::CloseConflicts(a, "1".into(), but)
    };
    commit(store, [close(&["surname", "mobile", "company"])]).await;
    assert_eq!(store.conflicts(a, 9).await.unwrap(), rows[1..]);
    commit(store, [close(&[])]).await;
    assert_eq!(store.conflicts(a, 9).await.unwrap(), rows[2..]);
    assert_eq!(store.conflicts(b, 9).await.unwrap(), rows);
}

async fn n1_open_conflicts_are_never_forgotten_and_the_latest_others_stay(store: &impl Store) {
    let (a, b) = (scope("a"), scope("b"));
    let most = i64::from(MOST_CONFLICTS);
    let row = |n: i64, outcome| conflict(&format!("{n:04}"), "title", outcome, n);
    let put = |rows: Vec<Conflict>| rows.into_iter().map(move |row| Change::Conflict(a, row));
    commit(store, [Change::Conflict(b, row(0, CrmWon))]).await;
    // Some newer and some older than all the others.
    let open = (0..most).chain(9_000..9_050).rev();
    let open: Vec<_> = open.map(|n| row(n, Open)).collect();
    commit(store, put(open.clone())).await;
    let ended: Vec<_> = (1_000..1_000 + most).map(|n| row(n, CrmWon)).collect();
    commit(store, put(ended.clone())).await;
    let expect = async |ended: &[Conflict]| {
        let latest_first = ended.iter().rev().cloned();
        let expected: Vec<_> = open.iter().cloned().chain(latest_first).collect();
        assert_eq!(store.conflicts(a, 9_999).await.unwrap(), expected);
    };
    expect(&ended).await;
    // One more ends, and the oldest goes; one that is older than all goes itself.
    let newest = row(5_000, OfficeWon);
    commit(store, put(vec![newest.clone(), row(500, OfficeWon)])).await;
    let kept: Vec<_> = ended[1..].iter().cloned().chain([newest]).collect();
    expect(&kept).await;
    // Replacing one makes no room.
    commit(store, put(vec![row(1_001, OfficeWon)])).await;
    let kept: Vec<_> = [row(1_001, OfficeWon)]
        .into_iter()
        .chain(kept[1..].iter().cloned())
        .collect();
    expect(&kept).await;
    assert_eq!(store.conflicts(b, 9).await.unwrap(), [row(0, CrmWon)]);
}

conformance_of_syncs! {
    conflicts_come_open_ones_first_then_the_latest
    a_conflict_replaces_the_earlier_one_of_its_field
    closing_forgets_the_open_conflicts_of_the_other_fields
    n1_open_conflicts_are_never_forgotten_and_the_latest_others_stay
}
