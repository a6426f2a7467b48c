//! What every store has to do. The suite is written against the trait; an implementation adds itself at the end.

use jiff::Timestamp;
use sync_engine::hash::{Base, FieldBase, Hasher};
use sync_engine::identity::{Kind, ScopeId};
use sync_engine::link::{Link, LinkState};
use sync_engine::office_field::OfficeField;
use sync_engine::value::Value;
use sync_runtime::store::{
    Cause, Change, Counts, Parked, Queued, ScopeState, SqliteStore, Store, StoreError,
};

use crate::fakes::world::directory;

pub(crate) fn scope(user: &str) -> ScopeId {
    ScopeId::derive("t", "o", user, Kind::Contacts)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

pub(crate) fn link(crm_id: &str, office_id: Option<&str>, state: LinkState) -> Link {
    Link {
        crm_id: crm_id.to_owned(),
        office_id: office_id.map(str::to_owned),
        state,
        crm_modified: Some(at(7)),
        base: base(&[
            (OfficeField::Surname, "Lovelace"),
            (OfficeField::Email1, "ada@example.com"),
        ]),
    }
}

fn base(values: &[(OfficeField, &str)]) -> Base {
    let hasher = Hasher::new([4; 32]);
    let hash = |(field, text): &(OfficeField, &str)| {
        let hash = hasher.field(*field, Value::text(text).as_ref());
        (
            *field,
            FieldBase {
                crm: hash,
                office: hash,
            },
        )
    };
    Base(values.iter().map(hash).collect())
}

pub(crate) fn queued(crm_id: &str, cause: Cause) -> Queued {
    Queued {
        crm_id: crm_id.to_owned(),
        cause,
    }
}

fn parked(crm_id: &str, reason: &str, since: i64) -> Parked {
    Parked {
        crm_id: crm_id.to_owned(),
        reason: reason.to_owned(),
        field: Some("Email".to_owned()),
        since: at(since),
    }
}

fn enqueue(scope: ScopeId, rows: &[(&str, Cause)]) -> Vec<Change> {
    rows.iter()
        .map(|(id, cause)| Change::Enqueue(scope, queued(id, *cause)))
        .collect()
}

async fn queue(store: &impl Store, scope: ScopeId) -> Vec<(String, Cause)> {
    let rows = store.queue(scope, 100).await.unwrap();
    rows.into_iter().map(|row| (row.crm_id, row.cause)).collect()
}

fn rows(rows: &[(&str, Cause)]) -> Vec<(String, Cause)> {
    rows.iter()
        .map(|(id, cause)| ((*id).to_owned(), *cause))
        .collect()
}

async fn sorted_links(store: &impl Store, scope: ScopeId) -> Vec<Link> {
    let mut links = store.all_links(scope).await.unwrap();
    links.sort_by(|a, b| a.crm_id.cmp(&b.crm_id));
    links
}

async fn a_commit_holds_as_a_whole_or_not_at_all(store: &impl Store) {
    let a = scope("a");
    store
        .commit(vec![Change::Link(a, link("1", Some("X"), LinkState::Linked))])
        .await
        .unwrap();
    let refused = store
        .commit(vec![
            Change::Scope(a, ScopeState::default()),
            Change::Enqueue(a, queued("9", Cause::Changed)),
            Change::DropLink(a, "1".into()),
            Change::Link(a, link("2", Some("Y"), LinkState::Linked)),
            Change::Link(a, link("3", Some("Y"), LinkState::Linked)),
        ])
        .await;
    assert!(
        matches!(refused, Err(StoreError::Database(_))),
        "one item in two links"
    );
    assert_eq!(store.scope(a).await.unwrap(), None);
    assert_eq!(queue(store, a).await, []);
    assert_eq!(
        sorted_links(store, a).await,
        [link("1", Some("X"), LinkState::Linked)]
    );
    // The same item in two scopes, and links without items, are no doubles.
    let changes = vec![
        Change::Link(scope("b"), link("1", Some("X"), LinkState::Linked)),
        Change::Link(a, link("4", None, LinkState::Intent)),
        Change::Link(a, link("5", None, LinkState::Tombstone)),
    ];
    store.commit(changes).await.unwrap();
}

async fn links_are_made_replaced_found_and_dropped(store: &impl Store) {
    let (a, b) = (scope("a"), scope("b"));
    let all = [
        link("1", None, LinkState::Intent),
        link("2", Some("Y"), LinkState::Linked),
        link("3", None, LinkState::Tombstone),
        link("4", Some("Z"), LinkState::Detached),
    ];
    store
        .commit(all.iter().map(|l| Change::Link(a, l.clone())).collect())
        .await
        .unwrap();
    assert_eq!(sorted_links(store, a).await, all);
    assert_eq!(store.all_links(b).await.unwrap(), []);
    assert_eq!(store.intents(a, 10).await.unwrap(), [all[0].clone()]);
    let found = store.links(a, &["2".into(), "9".into()]).await.unwrap();
    assert_eq!(found, [all[1].clone()]);
    let replaced = Link {
        office_id: Some("X".into()),
        state: LinkState::Linked,
        crm_modified: None,
        base: Base::default(),
        ..all[0].clone()
    };
    let changes = vec![
        Change::Link(a, replaced.clone()),
        Change::DropLink(a, "2".into()),
        Change::DropLink(b, "3".into()),
    ];
    store.commit(changes).await.unwrap();
    assert_eq!(
        sorted_links(store, a).await,
        [replaced, all[2].clone(), all[3].clone()]
    );
    assert_eq!(store.intents(a, 10).await.unwrap(), []);
    assert_eq!(
        store.counts(a).await.unwrap(),
        Counts {
            linked: 1,
            pending: 0,
            parked: 0
        }
    );
}

async fn intents_come_in_slices(store: &impl Store) {
    let a = scope("a");
    let intents = (0..25).map(|n| Change::Link(a, link(&n.to_string(), None, LinkState::Intent)));
    store.commit(intents.collect()).await.unwrap();
    assert_eq!(store.intents(a, 10).await.unwrap().len(), 10);
    assert_eq!(store.intents(a, 100).await.unwrap().len(), 25);
}

async fn the_queue_gives_changes_first_then_the_first_sync_each_in_order(store: &impl Store) {
    use Cause::{Changed, Deleted, Initial};
    let a = scope("a");
    store
        .commit(enqueue(a, &[("5", Initial), ("4", Initial)]))
        .await
        .unwrap();
    store
        .commit(enqueue(
            a,
            &[("9", Changed), ("3", Initial), ("7", Deleted), ("8", Changed)],
        ))
        .await
        .unwrap();
    let all = [
        ("9", Changed),
        ("7", Deleted),
        ("8", Changed),
        ("5", Initial),
        ("4", Initial),
        ("3", Initial),
    ];
    assert_eq!(queue(store, a).await, rows(&all));
    assert_eq!(store.queue(a, 2).await.unwrap().len(), 2);
    assert_eq!(store.initial_queue(a).await.unwrap(), 3);
    assert_eq!(queue(store, scope("b")).await, []);
    store
        .commit(vec![
            Change::Dequeue(a, "9".into()),
            Change::Dequeue(a, "4".into()),
        ])
        .await
        .unwrap();
    assert_eq!(
        queue(store, a).await,
        rows(&[("7", Deleted), ("8", Changed), ("5", Initial), ("3", Initial)])
    );
    assert_eq!(store.initial_unlinked(a).await.unwrap(), 2);
    let linked = Change::Link(a, link("3", Some("X"), LinkState::Linked));
    store
        .commit(vec![linked, Change::DequeueInitial(a)])
        .await
        .unwrap();
    assert_eq!(
        queue(store, a).await,
        rows(&[("7", Deleted), ("8", Changed), ("3", Initial)])
    );
    assert_eq!(store.initial_unlinked(a).await.unwrap(), 0);
}

async fn an_initial_row_stays_one_and_only_news_say_deleted(store: &impl Store) {
    use Cause::{Changed, Deleted, Initial};
    let a = scope("a");
    store
        .commit(enqueue(
            a,
            &[("1", Initial), ("2", Initial), ("3", Changed), ("4", Deleted)],
        ))
        .await
        .unwrap();
    store
        .commit(enqueue(a, &[("2", Changed), ("3", Initial), ("4", Initial)]))
        .await
        .unwrap();
    assert_eq!(store.initial_queue(a).await.unwrap(), 4);
    let after = queue(store, a).await;
    assert_eq!(after.len(), 4);
    assert!(after.contains(&("2".into(), Initial)) && after.contains(&("3".into(), Initial)));
    assert!(after.contains(&("4".into(), Deleted)));
    // Restored, and deleted once more.
    store
        .commit(enqueue(a, &[("4", Changed), ("1", Deleted)]))
        .await
        .unwrap();
    let after = queue(store, a).await;
    assert!(after.contains(&("4".into(), Initial)) && after.contains(&("1".into(), Deleted)));
}

async fn parking_keeps_the_first_time_of_a_reason(store: &impl Store) {
    let a = scope("a");
    let park = |id: &str, reason: &str, since| Change::Park(a, parked(id, reason, since));
    store
        .commit(vec![park("1", "bad", 10), park("2", "bad", 5)])
        .await
        .unwrap();
    store.commit(vec![park("1", "bad", 20)]).await.unwrap();
    assert_eq!(
        store.parked(a, 10).await.unwrap(),
        [parked("2", "bad", 5), parked("1", "bad", 10)]
    );
    store.commit(vec![park("2", "worse", 30)]).await.unwrap();
    assert_eq!(
        store.parked(a, 10).await.unwrap(),
        [parked("1", "bad", 10), parked("2", "worse", 30)]
    );
    assert_eq!(store.parked(a, 1).await.unwrap().len(), 1);
    store
        .commit(vec![Change::Unpark(a, "1".into()), Change::Unpark(a, "9".into())])
        .await
        .unwrap();
    assert_eq!(store.counts(a).await.unwrap().parked, 1);
}

async fn enqueue_all_brings_linked_and_parked_ahead_of_the_first_sync(store: &impl Store) {
    use Cause::{Changed, Deleted, Initial};
    let a = scope("a");
    let mut changes = enqueue(a, &[("5", Initial), ("2", Deleted)]);
    for (id, state) in [
        ("1", LinkState::Linked),
        ("2", LinkState::Linked),
        ("3", LinkState::Tombstone),
        ("4", LinkState::Detached),
    ] {
        changes.push(Change::Link(a, link(id, None, state)));
    }
    changes.extend([
        Change::Park(a, parked("1", "x", 1)),
        Change::Park(a, parked("6", "x", 1)),
    ]);
    changes.push(Change::Link(scope("b"), link("8", None, LinkState::Linked)));
    changes.push(Change::EnqueueAll(a));
    store.commit(changes).await.unwrap();
    let mut after = queue(store, a).await;
    assert_eq!(after.pop().unwrap(), ("5".into(), Initial));
    after.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(after, rows(&[("1", Changed), ("2", Deleted), ("6", Changed)]));
    assert_eq!(queue(store, scope("b")).await, []);
}

async fn bases_are_dropped_without_their_links(store: &impl Store) {
    let (a, b) = (scope("a"), scope("b"));
    let linked = link("1", Some("X"), LinkState::Linked);
    store
        .commit(vec![
            Change::Link(a, linked.clone()),
            Change::Link(b, linked.clone()),
            Change::DropBases(a),
        ])
        .await
        .unwrap();
    let without = Link {
        base: Base::default(),
        ..linked.clone()
    };
    assert_eq!(store.all_links(a).await.unwrap(), [without]);
    assert_eq!(store.all_links(b).await.unwrap(), [linked]);
}

async fn a_dropped_scope_is_gone_and_others_stay(store: &impl Store) {
    let scopes = [scope("a"), scope("b")];
    let fill = scopes.iter().flat_map(|s| {
        [
            Change::Scope(*s, ScopeState::default()),
            Change::Link(*s, link("1", Some("X"), LinkState::Linked)),
            Change::Enqueue(*s, queued("1", Cause::Changed)),
            Change::Park(*s, parked("1", "x", 1)),
        ]
    });
    store.commit(fill.collect()).await.unwrap();
    store.commit(vec![Change::DropScope(scopes[0])]).await.unwrap();
    assert_eq!(store.scope(scopes[0]).await.unwrap(), None);
    assert_eq!(store.counts(scopes[0]).await.unwrap(), Counts::default());
    assert_eq!(
        store.counts(scopes[1]).await.unwrap(),
        Counts {
            linked: 1,
            pending: 1,
            parked: 1
        }
    );
    assert!(store.scope(scopes[1]).await.unwrap().is_some());
}

macro_rules! conformance {
    ($name:ident, $open:expr, $($property:ident)*) => {
        mod $name {
            $(#[tokio::test]
            async fn $property() {
                let directory = super::directory();
                super::$property(&$open(&directory).await).await;
            })*
        }
    };
}
pub(crate) use conformance;

pub(crate) async fn sqlite(directory: &tempfile::TempDir) -> SqliteStore {
    SqliteStore::open(&directory.path().join("store.db"))
        .await
        .unwrap()
}

conformance! { on_sqlite, super::sqlite,
    a_commit_holds_as_a_whole_or_not_at_all
    links_are_made_replaced_found_and_dropped
    intents_come_in_slices
    the_queue_gives_changes_first_then_the_first_sync_each_in_order
    an_initial_row_stays_one_and_only_news_say_deleted
    parking_keeps_the_first_time_of_a_reason
    enqueue_all_brings_linked_and_parked_ahead_of_the_first_sync
    bases_are_dropped_without_their_links
    a_dropped_scope_is_gone_and_others_stay
}
