//! What every store has to do for feeds and origins, and what concerns its file.

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use sync_engine::link::LinkState;
use sync_runtime::store::{
    Cause, Change, FeedRow, FeedState, Initial, News, Parked, ScopeState, SqliteStore, Store, StoreError,
};

use crate::fakes::world::{World, directory};
use crate::store::{conformance, link, queued, scope, sqlite};

const ORG: &str = "org";

fn news(crm_id: &str, owner: Option<&str>, at: i64) -> Change {
    let news = News {
        crm_id: crm_id.to_owned(),
        owner: owner.map(str::to_owned),
        at: Timestamp::from_second(at).unwrap(),
        deleted: owner.is_none(),
        again: false,
    };
    Change::News(ORG.to_owned(), news)
}

async fn for_alice(store: &impl Store, after: i64) -> Vec<FeedRow> {
    store
        .news_for(ORG, scope("a"), "alice", after, 100)
        .await
        .unwrap()
}

fn ids(rows: &[FeedRow]) -> Vec<(&str, bool)> {
    rows.iter()
        .map(|row| (row.crm_id.as_str(), row.deleted))
        .collect()
}

async fn known_news_add_nothing_and_later_news_move_to_the_end(store: &impl Store) {
    assert_eq!(store.feed_end(ORG).await.unwrap(), 0);
    store
        .commit(vec![news("1", Some("alice"), 10), news("2", Some("alice"), 11)])
        .await
        .unwrap();
    let end = store.feed_end(ORG).await.unwrap();
    store
        .commit(vec![news("1", Some("alice"), 10), news("2", Some("alice"), 11)])
        .await
        .unwrap();
    assert_eq!(store.feed_end(ORG).await.unwrap(), end);
    store.commit(vec![news("1", Some("alice"), 9)]).await.unwrap();
    assert_eq!(store.feed_end(ORG).await.unwrap(), end, "older news are no news");
    store.commit(vec![news("1", Some("alice"), 12)]).await.unwrap();
    let rows = for_alice(store, 0).await;
    assert_eq!(ids(&rows), [("2", false), ("1", false)]);
    assert_eq!(ids(&for_alice(store, end).await), [("1", false)]);
    assert_eq!(store.feed_end(ORG).await.unwrap(), rows[1].position);
    assert_eq!(store.feed_end("other").await.unwrap(), 0);
}

async fn known_news_are_announced_again_where_they_ask_for_it(store: &impl Store) {
    let again = |owner: &str, at| match news("1", Some(owner), at) {
        Change::News(organisation, news) => Change::News(organisation, News { again: true, ..news }),
        other => other,
    };
    store.commit(vec![news("1", Some("alice"), 10)]).await.unwrap();
    let end = store.feed_end(ORG).await.unwrap();
    store.commit(vec![again("alice", 10)]).await.unwrap();
    assert_eq!(ids(&for_alice(store, end).await), [("1", false)]);
    let end = store.feed_end(ORG).await.unwrap();
    store.commit(vec![again("alice", 9)]).await.unwrap();
    assert_eq!(store.feed_end(ORG).await.unwrap(), end, "later news are known");
}

async fn a_new_owner_within_the_same_second_is_news(store: &impl Store) {
    store.commit(vec![news("1", Some("alice"), 10)]).await.unwrap();
    let end = store.feed_end(ORG).await.unwrap();
    store.commit(vec![news("1", Some("bob"), 10)]).await.unwrap();
    assert!(store.feed_end(ORG).await.unwrap() > end);
    assert_eq!(for_alice(store, end).await, []);
    store
        .commit(vec![Change::Link(
            scope("a"),
            link("1", Some("X"), LinkState::Linked),
        )])
        .await
        .unwrap();
    assert_eq!(
        ids(&for_alice(store, end).await),
        [("1", false)],
        "the old owner's link hears of it"
    );
}

async fn a_deletion_is_news_once_and_a_restoration_too(store: &impl Store) {
    store
        .commit(vec![Change::Link(
            scope("a"),
            link("1", Some("X"), LinkState::Linked),
        )])
        .await
        .unwrap();
    store.commit(vec![news("1", Some("alice"), 10)]).await.unwrap();
    let end = store.feed_end(ORG).await.unwrap();
    store.commit(vec![news("1", None, 10)]).await.unwrap();
    assert_eq!(ids(&for_alice(store, end).await), [("1", true)]);
    let end = store.feed_end(ORG).await.unwrap();
    store
        .commit(vec![news("1", None, 10), news("1", Some("alice"), 9)])
        .await
        .unwrap();
    assert_eq!(store.feed_end(ORG).await.unwrap(), end);
    store.commit(vec![news("1", Some("alice"), 11)]).await.unwrap();
    assert_eq!(ids(&for_alice(store, end).await), [("1", false)]);
}

async fn news_are_routed_by_owner_link_and_parking(store: &impl Store) {
    let parked = Parked {
        crm_id: "4".into(),
        reason: "x".into(),
        field: None,
        since: Timestamp::UNIX_EPOCH,
    };
    let changes = vec![
        Change::Link(scope("a"), link("2", None, LinkState::Intent)),
        Change::Link(scope("b"), link("3", None, LinkState::Linked)),
        Change::Park(scope("a"), parked),
        news("1", Some("alice"), 1),
        news("2", Some("bob"), 2),
        news("3", Some("bob"), 3),
        news("4", None, 4),
        news("5", None, 5),
    ];
    store.commit(changes).await.unwrap();
    let rows = for_alice(store, 0).await;
    assert_eq!(ids(&rows), [("1", false), ("2", false), ("4", true)]);
    let first = store.news_for(ORG, scope("a"), "alice", 0, 1).await.unwrap();
    assert_eq!(first, rows[..1]);
    let rest = store
        .news_for(ORG, scope("a"), "alice", first[0].position, 100)
        .await
        .unwrap();
    assert_eq!(rest, rows[1..]);
}

async fn feeds_and_origins_are_kept_by_organisation(store: &impl Store) {
    let state = FeedState {
        changed_to: Timestamp::from_second(5).unwrap(),
        deleted_to: Timestamp::UNIX_EPOCH,
        recheck: None,
    };
    assert_eq!(store.feed(ORG).await.unwrap(), None);
    store
        .commit(vec![
            Change::Feed(
                ORG.into(),
                FeedState {
                    changed_to: Timestamp::UNIX_EPOCH,
                    ..state.clone()
                },
            ),
            Change::Feed(ORG.into(), state.clone()),
            Change::Origin(ORG.into(), "1".into(), true),
            Change::Origin(ORG.into(), "2".into(), false),
            Change::DropScope(scope("a")),
        ])
        .await
        .unwrap();
    assert_eq!(store.feed(ORG).await.unwrap(), Some(state));
    assert_eq!(store.feed("other").await.unwrap(), None);
    let mut origins = store
        .origins(ORG, &["1".into(), "2".into(), "3".into()])
        .await
        .unwrap();
    origins.sort();
    assert_eq!(origins, [("1".to_owned(), true), ("2".to_owned(), false)]);
    assert_eq!(store.origins("other", &["1".into()]).await.unwrap(), []);
}

async fn a_scopes_memory_is_read_back_as_written(store: &impl Store) {
    let a = scope("a");
    let state = ScopeState {
        removed_by_owner: true,
        feed_position: Some(3),
        initial: Initial {
            total: 4,
            done: 3,
            over_cap: 1,
            completed: Some(Timestamp::from_second(9).unwrap()),
            ..Initial::default()
        },
        key: Some("k".into()),
        ..ScopeState::default()
    };
    store
        .commit(vec![
            Change::Scope(a, ScopeState::default()),
            Change::Scope(a, state.clone()),
        ])
        .await
        .unwrap();
    assert_eq!(store.scope(a).await.unwrap(), Some(state));
}

conformance! { on_sqlite, super::sqlite,
    known_news_add_nothing_and_later_news_move_to_the_end
    known_news_are_announced_again_where_they_ask_for_it
    a_new_owner_within_the_same_second_is_news
    a_deletion_is_news_once_and_a_restoration_too
    news_are_routed_by_owner_link_and_parking
    feeds_and_origins_are_kept_by_organisation
    a_scopes_memory_is_read_back_as_written
}

#[tokio::test]
async fn reopening_a_file_keeps_all() {
    let directory = directory();
    let state = FeedState {
        changed_to: Timestamp::from_second(5).unwrap(),
        deleted_to: Timestamp::UNIX_EPOCH,
        recheck: None,
    };
    let expected = link("1", Some("X"), LinkState::Linked);
    {
        let store = sqlite(&directory).await;
        store
            .commit(vec![
                Change::Link(scope("a"), expected.clone()),
                Change::Enqueue(scope("a"), queued("2", Cause::Initial)),
                news("1", Some("alice"), 3),
                Change::Feed(ORG.into(), state.clone()),
            ])
            .await
            .unwrap();
    }
    let store = sqlite(&directory).await;
    assert_eq!(store.all_links(scope("a")).await.unwrap(), [expected]);
    assert_eq!(
        store.queue(scope("a"), 9).await.unwrap(),
        [queued("2", Cause::Initial)]
    );
    assert_eq!(store.feed(ORG).await.unwrap(), Some(state));
    let end = store.feed_end(ORG).await.unwrap();
    store.commit(vec![news("1", Some("alice"), 4)]).await.unwrap();
    assert!(
        store.feed_end(ORG).await.unwrap() > end,
        "positions rise over restarts"
    );
}

#[tokio::test]
async fn a_file_of_a_newer_release_is_refused_in_words() {
    let directory = directory();
    let path = directory.path().join("store.db");
    drop(SqliteStore::open(&path).await.unwrap());
    let options = SqliteConnectOptions::new().filename(&path);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("PRAGMA user_version = 2")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found: 2, known: 1 }),
        "{error}"
    );
    assert!(error.to_string().contains("run the newer release"), "{error}");
}

#[tokio::test]
async fn n8_the_file_holds_no_name_address_or_text() {
    let world = World::new();
    let values = [
        "Lovelaceish",
        "ada.private@example.com",
        "020 7946 0000",
        "Analytical Enginery",
        "a very private note",
    ];
    let fields = ["Last_Name", "Email", "Mobile", "Department", "Description"];
    let fields: Vec<(&str, &str)> = fields.into_iter().zip(values).collect();
    let ada = world.crm.add("alice", &fields);
    world.crm.add(
        "alice",
        &[("Last_Name", "Parkedperson"), ("Email", "broken-secret")],
    );
    world.sync().await;
    world.crm.edit(&ada, "Title", Some("Topsecrettitle"));
    world.sync().await;
    assert_eq!((world.counts().await.linked, world.counts().await.parked), (1, 1));
    let (mut ids_seen, id) = (0, ada.as_bytes());
    for entry in std::fs::read_dir(world.store_directory()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for value in values
            .iter()
            .chain(&["Parkedperson", "broken-secret", "Topsecrettitle"])
        {
            let found = bytes
                .windows(value.len())
                .any(|window| window.eq_ignore_ascii_case(value.as_bytes()));
            assert!(!found, "{value}");
        }
        ids_seen += usize::from(bytes.windows(id.len()).any(|window| window == id));
    }
    assert!(ids_seen > 0, "the search finds what is there");
}
