//! A sync's own memory, commits as a whole, counts, and forgetting a sync.

use jiff::Timestamp;
use sync_engine::link::{CrmIntent, Link, LinkState, Side};
use sync_runtime::store::{
    Cause, Change, ConflictOutcome, Counts, Guarded, Initial, KnownFolder, Parked, RunCounts, ScopeState,
    Store, StoreError, Tally, Trip,
};

use crate::picture;
use crate::samples::{
    ORG, at, commit, conflict, crm_intent, held, link, news, parked, queued, scope, stranger,
};
use crate::stores::{conformance, conformance_of_syncs};

/// One change of every kind that adds something.
fn fill(scope: sync_engine::identity::ScopeId) -> Vec<Change> {
    vec![
        Change::Scope(scope, ScopeState::default()),
        Change::Link(scope, link("1", Some("A"), LinkState::Linked)),
        Change::Enqueue(scope, queued("1", Cause::Changed)),
        Change::Stranger(scope, stranger("B", true)),
        Change::CrmIntent(scope, crm_intent("C", 1)),
        Change::Park(scope, parked(Side::Crm, "1", "x", 1)),
        Change::Hold(scope, held("1", Guarded::DeleteInCrm, None)),
        Change::Freeze(scope, "trip".into()),
        Change::Conflict(scope, conflict("1", "title", ConflictOutcome::Open, 1)),
        Change::Tally(scope, ORG.into(), Tally::Deletes, at(1), 1),
    ]
}

async fn a_commit_holds_as_a_whole_or_not_at_all(store: &impl Store) {
    let scopes = [scope("a"), scope("b")];
    commit(store, fill(scopes[0])).await;
    let before = picture::of_all(store, &scopes).await;
    let mut changes = fill(scopes[1]);
    changes.extend([
        Change::Enqueue(scopes[0], queued("9", Cause::Changed)),
        Change::EnqueueAll(scopes[0]),
        Change::DropBases(scopes[0]),
        Change::DropLink(scopes[0], "1".into()),
        Change::Dequeue(scopes[0], "1".into()),
        Change::DropStranger(scopes[0], "B".into()),
        Change::DropCrmIntent(scopes[0], "C".into()),
        Change::Unpark(scopes[0], Side::Crm, "1".into()),
        Change::Unhold(scopes[0], "1".into()),
        Change::CloseConflicts(scopes[0], "1".into(), vec![]),
        Change::DropScope(scopes[0]),
        Change::Origin(ORG.into(), "1".into(), true),
        news("1", Some("alice"), 1),
        Change::Link(scopes[0], link("2", Some("Y"), LinkState::Linked)),
        Change::Link(scopes[0], link("3", Some("Y"), LinkState::Linked)),
        Change::Scope(scopes[1], ScopeState::default()),
    ]);
    let refused = store.commit(changes).await;
    assert!(
        matches!(refused, Err(StoreError::Doubled { .. })),
        "one item in two links"
    );
    assert_eq!(picture::of_all(store, &scopes).await, before);
    // The store is none the worse for it.
    commit(store, [news("1", Some("alice"), 1)]).await;
    assert_eq!(store.feed_end(ORG).await.unwrap(), 1);
    commit(store, []).await;
}

async fn a_scopes_memory_is_read_back_as_written(store: &impl Store) {
    let a = scope("a");
    let precise: Timestamp = "2026-01-02T03:04:05.123456789Z".parse().unwrap();
    let state = ScopeState {
        folder: Some(KnownFolder {
            id: "F".into(),
            parent: "P".into(),
            name: "Zoho CRM Contacts".into(),
        }),
        removed_by_owner: true,
        feed_position: Some(3),
        initial: Initial {
            total: 4,
            done: 3,
            over_cap: 1,
            completed: Some(at(9)),
            ..Initial::default()
        },
        key: Some("k".into()),
        cursor: Some("https://graph.example/delta?token=x".into()),
        polled: Some(precise),
        listed: Some(precise),
        recovering: Some(precise),
        reviewing: true,
        passed: Some(precise),
        trip: Some(Trip {
            id: "t".into(),
            hash: "h".into(),
            at: precise,
            by_tenant: true,
        }),
        run: RunCounts {
            deletes: 1,
            updates: 2,
        },
        disabling: Some(precise),
        ..ScopeState::default()
    };
    let changes = [
        Change::Scope(a, ScopeState::default()),
        Change::Scope(a, state.clone()),
    ];
    commit(store, changes).await;
    assert_eq!(store.scope(a).await.unwrap(), Some(state));
    assert_eq!(store.scope(scope("b")).await.unwrap(), None);
}

async fn rows_keep_times_in_whole_seconds(store: &impl Store) {
    let a = scope("a");
    let precise: Timestamp = "2026-01-02T03:04:05.999Z".parse().unwrap();
    let whole: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let changes = [
        Change::Link(
            a,
            Link {
                crm_modified: Some(precise),
                gone_since: Some(precise),
                ..link("1", None, LinkState::Linked)
            },
        ),
        Change::CrmIntent(
            a,
            CrmIntent {
                since: precise,
                ..crm_intent("A", 0)
            },
        ),
        Change::Park(
            a,
            Parked {
                since: precise,
                ..parked(Side::Crm, "1", "x", 0)
            },
        ),
        Change::Conflict(
            a,
            sync_runtime::store::Conflict {
                at: precise,
                ..conflict("1", "title", ConflictOutcome::Open, 0)
            },
        ),
    ];
    commit(store, changes).await;
    let kept = &store.all_links(a).await.unwrap()[0];
    assert_eq!((kept.crm_modified, kept.gone_since), (Some(whole), Some(whole)));
    assert_eq!(store.crm_intents(a, 1).await.unwrap()[0].since, whole);
    assert_eq!(store.parked(a, 1).await.unwrap()[0].since, whole);
    assert_eq!(store.conflicts(a, 1).await.unwrap()[0].at, whole);
}

async fn what_waits_is_counted_once(store: &impl Store) {
    let a = scope("a");
    let changes = [
        Change::Enqueue(a, queued("1", Cause::Initial)),
        Change::Enqueue(a, queued("2", Cause::Changed)),
        Change::Link(a, link("2", None, LinkState::Intent)),
        Change::Link(a, link("3", None, LinkState::Intent)),
        Change::Link(a, link("1", Some("A"), LinkState::Linked)),
        Change::Link(a, link("4", Some("B"), LinkState::Tombstone)),
        Change::Stranger(a, stranger("X", false)),
        Change::Stranger(a, stranger("Y", true)),
        Change::CrmIntent(a, crm_intent("Y", 1)),
        Change::CrmIntent(a, crm_intent("Z", 1)),
    ];
    commit(store, changes).await;
    let expected = Counts {
        linked: 1,
        pending: 6,
        ..Counts::default()
    };
    assert_eq!(store.counts(a).await.unwrap(), expected);
}

async fn a_dropped_scope_is_gone_and_others_stay(store: &impl Store) {
    let (a, b, unknown) = (scope("a"), scope("b"), scope("c"));
    commit(store, fill(a)).await;
    commit(store, fill(b)).await;
    let of_b = picture::of_sync(store, b).await;
    commit(store, [Change::DropScope(a), Change::DropScope(unknown)]).await;
    assert_eq!(
        picture::of_sync(store, a).await,
        picture::of_sync(store, unknown).await
    );
    assert_eq!(store.counts(a).await.unwrap(), Counts::default());
    assert_eq!(picture::of_sync(store, b).await, of_b);
    let expected = Counts {
        linked: 1,
        pending: 3,
        parked: 1,
        conflicts: 1,
        held: 1,
    };
    assert_eq!(store.counts(b).await.unwrap(), expected);
    assert!(store.scope(b).await.unwrap().is_some());
}

mod commits {
    use super::*;

    conformance! {
        a_commit_holds_as_a_whole_or_not_at_all
    }
}

conformance_of_syncs! {
    a_scopes_memory_is_read_back_as_written
    rows_keep_times_in_whole_seconds
    what_waits_is_counted_once
    a_dropped_scope_is_gone_and_others_stay
}
