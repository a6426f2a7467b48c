//! The store of a dry run.

use sync_engine::link::{LinkState, Side};
use sync_runtime::store::Cause::{Changed, Deleted, Initial};
use sync_runtime::store::{
    Change, ConflictOutcome, Counted, FeedState, Guarded, ScopeState, Scratch, Store, StoreError, Tally,
};

use crate::file::run;
use crate::picture;
use crate::samples::{
    ORG, at, commit, conflict, crm_intent, enqueue, held, ids, link, news, parked, scope, stranger,
};
use crate::stores::{directory, sqlite};

fn hold(id: &str) -> Change {
    Change::Hold(scope("a"), held(id, Guarded::DeleteInOffice, None))
}

#[tokio::test]
async fn a_dry_run_starts_with_what_the_store_holds() {
    let (directory, a, b) = (directory(), scope("a"), scope("b"));
    let real = sqlite(&directory).await;
    // Among them an initial row that is deleted besides, ahead of the others, and two frozen lists.
    let mut changes = enqueue(
        a,
        &[
            ("9", Initial),
            ("1", Initial),
            ("5", Deleted),
            ("4", Changed),
            ("9", Deleted),
        ],
    );
    changes.extend([
        Change::Scope(a, ScopeState::default()),
        Change::Link(a, link("1", Some("A"), LinkState::Linked)),
        Change::Link(a, link("2", None, LinkState::Intent)),
        Change::Stranger(a, stranger("Z", true)),
        Change::Stranger(a, stranger("B", false)),
        Change::CrmIntent(a, crm_intent("C", 1)),
        Change::Park(a, parked(Side::Office, "D", "x", 1)),
        hold("1"),
        Change::Freeze(a, "trip-2".into()),
        hold("2"),
        Change::Freeze(a, "trip-1".into()),
        hold("3"),
        Change::Conflict(a, conflict("1", "title", ConflictOutcome::Open, 1)),
        Change::Link(b, link("1", Some("A"), LinkState::Linked)),
    ]);
    commit(&real, changes).await;
    let scratch = Scratch::of(&real, a).await.unwrap();
    assert_eq!(
        picture::of_sync(&scratch, a).await,
        picture::of_sync(&real, a).await
    );
    assert_eq!(scratch.initial_queue(a).await.unwrap(), 2);
    assert_eq!(scratch.all_links(b).await.unwrap(), [], "of one sync alone");
    // What is deleted besides stays an initial row when it is restored.
    let restored = enqueue(a, &[("9", Changed)]);
    commit(&real, restored.clone()).await;
    commit(&scratch, restored).await;
    assert_eq!(
        picture::of_sync(&scratch, a).await,
        picture::of_sync(&real, a).await
    );
}

#[tokio::test]
async fn a_dry_run_leaves_no_trace_of_the_sync() {
    let (directory, a) = (directory(), scope("a"));
    let real = sqlite(&directory).await;
    let count = Change::Tally(a, ORG.into(), Tally::Deletes, at(1), 2);
    commit(
        &real,
        [
            Change::Link(a, link("1", Some("A"), LinkState::Linked)),
            count.clone(),
        ],
    )
    .await;
    let before = picture::of_all(&real, &[a]).await;
    let scratch = Scratch::of(&real, a).await.unwrap();
    let mut changes = enqueue(a, &[("1", Changed), ("2", Initial)]);
    changes.extend([
        Change::Scope(a, ScopeState::default()),
        Change::DropLink(a, "1".into()),
        Change::Link(a, link("2", Some("A"), LinkState::Linked)),
        Change::Stranger(a, stranger("B", true)),
        Change::CrmIntent(a, crm_intent("C", 1)),
        Change::Park(a, parked(Side::Crm, "1", "x", 1)),
        hold("1"),
        Change::Conflict(a, conflict("1", "title", ConflictOutcome::Open, 1)),
        Change::EnqueueAll(a),
        count,
    ]);
    commit(&scratch, changes).await;
    assert_eq!(
        scratch.links_of_items(a, &ids(&["A"])).await.unwrap()[0].crm_id,
        "2"
    );
    assert_eq!(scratch.held(a).await.unwrap().len(), 1);
    let deletes = |of| scratch.tally(of, Tally::Deletes, at(0));
    assert_eq!(deletes(Counted::Sync(a)).await.unwrap(), 2, "nothing was deleted");
    assert_eq!(deletes(Counted::Organisation(ORG)).await.unwrap(), 2);
    commit(&scratch, [Change::DropScope(a)]).await;
    assert_eq!(scratch.all_links(a).await.unwrap(), []);
    assert_eq!(picture::of_all(&real, &[a]).await, before);
}

#[tokio::test]
async fn what_a_dry_run_learns_of_the_crm_is_kept() {
    let (directory, a) = (directory(), scope("a"));
    let real = sqlite(&directory).await;
    let scratch = Scratch::of(&real, a).await.unwrap();
    let feed = FeedState {
        changed_to: at(5),
        deleted_to: at(5),
        recheck: None,
    };
    let changes = [
        Change::Origin(ORG.into(), "1".into(), true),
        news("1", Some("alice"), 1),
        Change::Link(a, link("1", Some("A"), LinkState::Linked)),
        Change::Feed(ORG.into(), feed.clone()),
    ];
    commit(&scratch, changes).await;
    assert_eq!(real.feed(ORG).await.unwrap(), Some(feed));
    assert_eq!(real.feed_end(ORG).await.unwrap(), 1);
    assert_eq!(
        real.origins(ORG, &ids(&["1"])).await.unwrap(),
        [("1".to_owned(), true)]
    );
    assert_eq!(real.all_links(a).await.unwrap(), []);
    assert_eq!(
        picture::of_organisation(&scratch, ORG).await,
        picture::of_organisation(&real, ORG).await
    );
    // What others learn meanwhile is seen as well.
    commit(&real, [news("2", Some("alice"), 2)]).await;
    assert_eq!(scratch.news_for(ORG, a, "alice", 1, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_commit_of_a_dry_run_holds_as_a_whole_or_not_at_all() {
    let (directory, a) = (directory(), scope("a"));
    let real = sqlite(&directory).await;
    let scratch = Scratch::of(&real, a).await.unwrap();
    let fact = Change::Origin(ORG.into(), "1".into(), true);
    let linked = |id| Change::Link(a, link(id, Some("A"), LinkState::Linked));
    let refused = scratch.commit(vec![fact.clone(), linked("1"), linked("2")]).await;
    assert!(matches!(refused, Err(StoreError::Doubled { .. })));
    assert_eq!(real.origins(ORG, &ids(&["1"])).await.unwrap(), []);
    assert_eq!(scratch.all_links(a).await.unwrap(), []);
    run(&directory, "DROP TABLE origin").await;
    let failed = scratch.commit(vec![linked("1"), fact]).await;
    assert!(matches!(failed, Err(StoreError::Database(_))));
    assert_eq!(scratch.all_links(a).await.unwrap(), []);
    commit(&scratch, [linked("1")]).await;
    assert_eq!(scratch.all_links(a).await.unwrap().len(), 1);
}
