//! What every store has to do for feeds and origins.

use sync_engine::link::{LinkState, Side};
use sync_runtime::store::{Change, FeedRow, FeedState, News, Store};

use crate::samples::{ORG, at, commit, ids, link, news, parked, scope};
use crate::stores::conformance;

async fn for_alice(store: &impl Store, after: i64) -> Vec<FeedRow> {
    store
        .news_for(ORG, scope("a"), "alice", after, 100)
        .await
        .unwrap()
}

fn records(rows: &[FeedRow]) -> Vec<(&str, bool)> {
    rows.iter()
        .map(|row| (row.crm_id.as_str(), row.deleted))
        .collect()
}

async fn known_news_add_nothing_and_later_news_move_to_the_end(store: &impl Store) {
    assert_eq!(store.feed_end(ORG).await.unwrap(), 0);
    let both = [news("1", Some("alice"), 10), news("2", Some("alice"), 11)];
    commit(store, both.clone()).await;
    let end = store.feed_end(ORG).await.unwrap();
    commit(store, both).await;
    assert_eq!(store.feed_end(ORG).await.unwrap(), end);
    commit(store, [news("1", Some("alice"), 9)]).await;
    assert_eq!(store.feed_end(ORG).await.unwrap(), end, "older news are no news");
    commit(store, [news("1", Some("alice"), 12)]).await;
    let rows = for_alice(store, 0).await;
    assert_eq!(records(&rows), [("2", false), ("1", false)]);
    assert_eq!(records(&for_alice(store, end).await), [("1", false)]);
    assert_eq!(store.feed_end(ORG).await.unwrap(), rows[1].position);
    assert_eq!(store.feed_end("other").await.unwrap(), 0);
}

async fn known_news_are_announced_again_where_they_ask_for_it(store: &impl Store) {
    let again = |owner: &str, seconds| match news("1", Some(owner), seconds) {
        Change::News(organisation, news) => Change::News(organisation, News { again: true, ..news }),
        other => other,
    };
    commit(store, [news("1", Some("alice"), 10)]).await;
    let end = store.feed_end(ORG).await.unwrap();
    commit(store, [again("alice", 10)]).await;
    assert_eq!(records(&for_alice(store, end).await), [("1", false)]);
    let end = store.feed_end(ORG).await.unwrap();
    commit(store, [again("alice", 9)]).await;
    assert_eq!(store.feed_end(ORG).await.unwrap(), end, "later news are known");
}

async fn a_new_owner_within_the_same_second_is_news(store: &impl Store) {
    commit(store, [news("1", Some("alice"), 10)]).await;
    let end = store.feed_end(ORG).await.unwrap();
    commit(store, [news("1", Some("bob"), 10)]).await;
    assert!(store.feed_end(ORG).await.unwrap() > end);
    assert_eq!(for_alice(store, end).await, []);
    let linked = Change::Link(scope("a"), link("1", Some("X"), LinkState::Linked));
    commit(store, [linked]).await;
    assert_eq!(
        records(&for_alice(store, end).await),
        [("1", false)],
        "the old owner's link hears of it"
    );
}

async fn a_deletion_is_news_once_and_a_restoration_too(store: &impl Store) {
    let linked = Change::Link(scope("a"), link("1", Some("X"), LinkState::Linked));
    commit(store, [linked]).await;
    commit(store, [news("1", Some("alice"), 10)]).await;
    let end = store.feed_end(ORG).await.unwrap();
    commit(store, [news("1", None, 10)]).await;
    assert_eq!(records(&for_alice(store, end).await), [("1", true)]);
    let end = store.feed_end(ORG).await.unwrap();
    commit(store, [news("1", None, 10), news("1", Some("alice"), 9)]).await;
    assert_eq!(store.feed_end(ORG).await.unwrap(), end);
    commit(store, [news("1", Some("alice"), 11)]).await;
    assert_eq!(records(&for_alice(store, end).await), [("1", false)]);
}

async fn news_are_routed_by_owner_link_and_parking(store: &impl Store) {
    let changes = [
        Change::Link(scope("a"), link("2", None, LinkState::Intent)),
        Change::Link(scope("b"), link("3", None, LinkState::Linked)),
        Change::Park(scope("a"), parked(Side::Crm, "4", "x", 0)),
        Change::Park(scope("a"), parked(Side::Office, "5", "x", 0)),
        news("1", Some("alice"), 1),
        news("2", Some("bob"), 2),
        news("3", Some("bob"), 3),
        news("4", None, 4),
        news("5", None, 5),
    ];
    commit(store, changes).await;
    let rows = for_alice(store, 0).await;
    assert_eq!(records(&rows), [("1", false), ("2", false), ("4", true)]);
    let second = FeedRow {
        position: rows[1].position,
        crm_id: "2".into(),
        owner: Some("bob".into()),
        at: at(2),
        deleted: false,
    };
    assert_eq!(rows[1], second);
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
        changed_to: at(5),
        deleted_to: at(0),
        recheck: None,
    };
    assert_eq!(store.feed(ORG).await.unwrap(), None);
    let earlier = FeedState {
        changed_to: at(0),
        ..state.clone()
    };
    let changes = [
        Change::Feed(ORG.into(), earlier),
        Change::Feed(ORG.into(), state.clone()),
        Change::Origin(ORG.into(), "1".into(), true),
        Change::Origin(ORG.into(), "2".into(), false),
        Change::DropScope(scope("a")),
    ];
    commit(store, changes).await;
    assert_eq!(store.feed(ORG).await.unwrap(), Some(state));
    assert_eq!(store.feed("other").await.unwrap(), None);
    let mut origins = store.origins(ORG, &ids(&["1", "2", "3", "1"])).await.unwrap();
    origins.sort();
    assert_eq!(origins, [("1".to_owned(), true), ("2".to_owned(), false)]);
    assert_eq!(store.origins("other", &ids(&["1"])).await.unwrap(), []);
}

conformance! {
    known_news_add_nothing_and_later_news_move_to_the_end
    known_news_are_announced_again_where_they_ask_for_it
    a_new_owner_within_the_same_second_is_news
    a_deletion_is_news_once_and_a_restoration_too
    news_are_routed_by_owner_link_and_parking
    feeds_and_origins_are_kept_by_organisation
}
