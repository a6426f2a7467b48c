//! Parked contacts.

use sync_engine::link::Side;
use sync_runtime::store::{Change, Parked, Store};

use crate::samples::{commit, parked, scope};
use crate::stores::conformance_of_syncs;

async fn parking_keeps_the_first_time_of_a_reason(store: &impl Store) {
    let a = scope("a");
    let row = |id: &str, reason: &str, since| parked(Side::Crm, id, reason, since);
    let park = |id: &str, reason: &str, since| Change::Park(a, row(id, reason, since));
    commit(store, [park("1", "bad", 10), park("2", "bad", 5)]).await;
    let again = Parked {
        field: None,
        ..row("1", "bad", 20)
    };
    commit(store, [Change::Park(a, again.clone())]).await;
    let first = Parked {
        since: row("1", "bad", 10).since,
        ..again
    };
    assert_eq!(
        store.parked(a, 10).await.unwrap(),
        [row("2", "bad", 5), first.clone()]
    );
    commit(store, [park("2", "worse", 30)]).await;
    assert_eq!(
        store.parked(a, 10).await.unwrap(),
        [first.clone(), row("2", "worse", 30)]
    );
    assert_eq!(store.parked(a, 1).await.unwrap(), [first]);
    let changes = ["1", "9"].map(|id| Change::Unpark(a, Side::Crm, id.into()));
    commit(store, changes).await;
    assert_eq!(store.counts(a).await.unwrap().parked, 1);
}

async fn a_record_and_an_item_of_one_id_are_parked_apart(store: &impl Store) {
    let a = scope("a");
    let (record, item) = (parked(Side::Crm, "1", "x", 1), parked(Side::Office, "1", "y", 1));
    let other = parked(Side::Office, "0", "z", 1);
    let changes = [&record, &item, &other].map(|row| Change::Park(a, row.clone()));
    commit(store, changes).await;
    assert_eq!(
        store.parked(a, 9).await.unwrap(),
        [other.clone(), item.clone(), record.clone()]
    );
    assert_eq!(store.counts(a).await.unwrap().parked, 3);
    let changes = [
        Change::Unpark(a, Side::Crm, "0".into()),
        Change::Unpark(a, Side::Office, "1".into()),
        Change::Unpark(scope("b"), Side::Crm, "1".into()),
    ];
    commit(store, changes).await;
    assert_eq!(store.parked(a, 9).await.unwrap(), [other, record]);
}

conformance_of_syncs! {
    parking_keeps_the_first_time_of_a_reason
    a_record_and_an_item_of_one_id_are_parked_apart
}
