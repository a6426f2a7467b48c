//! Random changes: all stores give the same answers to every question after every commit.

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::FileFailurePersistence;
use sync_engine::hash::Base;
use sync_engine::identity::ScopeId;
use sync_engine::link::{CrmIntent, Link, LinkState, Side};
use sync_runtime::store::{
    Cause, Change, Conflict, ConflictOutcome, FeedState, Guarded, Held, MemoryStore, News, Parked, Queued,
    ScopeState, Scratch, Store, Stranger, Tally,
};

use crate::picture::{self, ITEMS, RECORDS};
use crate::samples::{ORG, at, base, scope};
use crate::stores::{directory, sqlite};

fn scopes() -> [ScopeId; 2] {
    [scope("a"), scope("b")]
}

fn text(of: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    select(of).prop_map(str::to_owned)
}

fn record() -> impl Strategy<Value = String> + Clone {
    text(RECORDS)
}

fn item() -> impl Strategy<Value = String> + Clone {
    text(ITEMS)
}

fn organisation() -> impl Strategy<Value = String> + Clone {
    text(&[ORG, "other"])
}

fn side() -> impl Strategy<Value = Side> + Clone {
    select(&[Side::Office, Side::Crm])
}

/// Few, so that equal ones meet; with fractions; and two days apart.
fn time() -> impl Strategy<Value = Timestamp> + Clone {
    (
        0_i64..6,
        select(&[0_i64, 172_800, 345_600]),
        select(&[0_i64, 500]),
    )
        .prop_map(|(seconds, days, millis)| at(seconds + days) + SignedDuration::from_millis(millis))
}

fn some_base() -> impl Strategy<Value = Base> + Clone {
    any::<bool>().prop_map(|some| if some { base() } else { Base::default() })
}

fn link() -> impl Strategy<Value = Link> + Clone {
    let state = select(&[
        LinkState::Intent,
        LinkState::Linked,
        LinkState::Linked,
        LinkState::Tombstone,
        LinkState::Detached,
    ]);
    let times = (option::of(time()), option::of(time()));
    (record(), option::of(item()), state, side(), times, some_base()).prop_map(
        |(crm_id, office_id, state, born, (crm_modified, gone_since), base)| Link {
            crm_id,
            office_id,
            state,
            born,
            crm_modified,
            base,
            gone_since,
        },
    )
}

fn queued() -> impl Strategy<Value = Queued> + Clone {
    let cause = select(&[Cause::Initial, Cause::Changed, Cause::Deleted]);
    (record(), cause, any::<bool>()).prop_map(|(crm_id, cause, item_too)| Queued {
        crm_id,
        cause,
        item_too,
    })
}

fn parked() -> impl Strategy<Value = Parked> + Clone {
    // Ids of both kinds on both sides: a side decides what an id means, not its form.
    let id = prop_oneof![record(), item()];
    let words = (text(&["bad", "worse"]), option::of(text(&["Email"])));
    (side(), id, words, time()).prop_map(|(side, id, (reason, field), since)| Parked {
        side,
        id,
        reason,
        field,
        since,
    })
}

fn held() -> impl Strategy<Value = Held> + Clone {
    let operation = select(&[
        Guarded::DeleteInOffice,
        Guarded::HandOver,
        Guarded::DeleteInCrm,
        Guarded::UpdateInCrm,
    ]);
    (record(), operation, option::of(text(&["claimed"]))).prop_map(|(crm_id, operation, trip)| Held {
        crm_id,
        operation,
        trip,
    })
}

fn conflict() -> impl Strategy<Value = Conflict> + Clone {
    let outcome = select(&[
        ConflictOutcome::CrmWon,
        ConflictOutcome::OfficeWon,
        ConflictOutcome::Open,
    ]);
    (record(), text(&["title", "surname"]), outcome, time()).prop_map(|(crm_id, field, outcome, at)| {
        Conflict {
            crm_id,
            field,
            outcome,
            at,
        }
    })
}

fn news() -> impl Strategy<Value = News> + Clone {
    let owner = option::of(text(&["alice", "bob"]));
    (record(), owner, time(), any::<bool>(), any::<bool>()).prop_map(|(crm_id, owner, at, deleted, again)| {
        News {
            crm_id,
            owner,
            at,
            deleted,
            again,
        }
    })
}

/// A change of one sync, but for counts over time.
fn of_sync(scope: ScopeId) -> impl Strategy<Value = Change> + Clone {
    let state = (option::of(time()), any::<bool>()).prop_map(|(recovering, reviewing)| ScopeState {
        recovering,
        reviewing,
        ..ScopeState::default()
    });
    let stranger = (item(), any::<bool>()).prop_map(|(office_id, review)| Stranger { office_id, review });
    let intent = (item(), time(), some_base()).prop_map(|(office_id, since, base)| CrmIntent {
        office_id,
        since,
        base,
    });
    let put = prop_oneof![
        1 => state.prop_map(move |state| Change::Scope(scope, state)),
        6 => link().prop_map(move |link| Change::Link(scope, link)),
        6 => queued().prop_map(move |queued| Change::Enqueue(scope, queued)),
        3 => stranger.prop_map(move |stranger| Change::Stranger(scope, stranger)),
        2 => intent.prop_map(move |intent| Change::CrmIntent(scope, intent)),
        4 => parked().prop_map(move |parked| Change::Park(scope, parked)),
        3 => held().prop_map(move |held| Change::Hold(scope, held)),
        3 => conflict().prop_map(move |conflict| Change::Conflict(scope, conflict)),
    ];
    let drop = prop_oneof![
        3 => record().prop_map(move |id| Change::DropLink(scope, id)),
        3 => record().prop_map(move |id| Change::Dequeue(scope, id)),
        2 => item().prop_map(move |id| Change::DropStranger(scope, id)),
        1 => item().prop_map(move |id| Change::DropCrmIntent(scope, id)),
        2 => (side(), record()).prop_map(move |(side, id)| Change::Unpark(scope, side, id)),
        1 => record().prop_map(move |id| Change::Unhold(scope, id)),
        2 => (record(), vec(text(&["title", "surname"]), 0..2))
            .prop_map(move |(id, but)| Change::CloseConflicts(scope, id, but)),
    ];
    let all = prop_oneof![
        1 => Just(Change::DropScope(scope)),
        1 => Just(Change::DropBases(scope)),
        4 => Just(Change::EnqueueAll(scope)),
        2 => Just(Change::DequeueInitial(scope)),
        3 => text(&["trip-1", "trip-2"]).prop_map(move |trip| Change::Freeze(scope, trip)),
    ];
    prop_oneof![7 => put, 3 => drop, 1 => all]
}

fn tally(scope: ScopeId) -> impl Strategy<Value = Change> + Clone {
    let what = select(&[Tally::Deletes, Tally::Disables]);
    (organisation(), what, time(), 0_u64..4)
        .prop_map(move |(organisation, what, at, count)| Change::Tally(scope, organisation, what, at, count))
}

fn of_organisation() -> impl Strategy<Value = Change> + Clone {
    let feed = (time(), option::of(time())).prop_map(|(to, recheck)| FeedState {
        changed_to: to,
        deleted_to: to,
        recheck,
    });
    prop_oneof![
        2 => (organisation(), record(), any::<bool>()).prop_map(|(of, id, imported)| Change::Origin(of, id, imported)),
        6 => (organisation(), news()).prop_map(|(of, news)| Change::News(of, news)),
        1 => (organisation(), feed).prop_map(|(of, feed)| Change::Feed(of, feed)),
    ]
}

fn change() -> impl Strategy<Value = Change> + Clone {
    let [a, b] = scopes();
    prop_oneof![
        8 => of_sync(a),
        3 => of_sync(b),
        2 => tally(a),
        1 => tally(b),
        3 => of_organisation(),
    ]
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::with_cases(cases)
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test);
}

/// Commits to both; both refuse for the same reason, or none.
async fn commit_alike(one: &impl Store, other: &impl Store, changes: &[Change]) {
    let (one, other) = (
        one.commit(changes.to_vec()).await,
        other.commit(changes.to_vec()).await,
    );
    assert_eq!(format!("{one:?}"), format!("{other:?}"), "{changes:?}");
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn random_changes_are_answered_alike(commits in vec(vec(change(), 1..8), 1..24)) {
        run(async {
            let directory = directory();
            let (file, memory) = (sqlite(&directory).await, MemoryStore::default());
            for changes in commits {
                commit_alike(&file, &memory, &changes).await;
                assert_eq!(
                    picture::of_all(&file, &scopes()).await,
                    picture::of_all(&memory, &scopes()).await,
                    "{changes:?}"
                );
            }
        });
    }
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn a_snapshot_stays_what_it_was(
        before in vec(vec(change(), 1..8), 1..8),
        after in vec(vec(change(), 1..8), 1..8),
    ) {
        run(async {
            let store = MemoryStore::default();
            for changes in before {
                let _ = store.commit(changes).await;
            }
            let was = picture::of_all(&store, &scopes()).await;
            let (untouched, other) = (store.snapshot(), store.snapshot());
            for changes in after {
                commit_alike(&store, &other, &changes).await;
            }
            assert_eq!(picture::of_all(&untouched, &scopes()).await, was);
            assert_eq!(picture::of_all(&store, &scopes()).await, picture::of_all(&other, &scopes()).await);
        });
    }

    #[test]
    fn a_dry_run_does_to_a_copy_what_a_run_does_to_the_store(
        before in vec(vec(change(), 1..8), 1..16),
        after in vec(vec(prop_oneof![8 => of_sync(scope("a")), 1 => tally(scope("a")), 2 => of_organisation()], 1..8), 1..16),
    ) {
        run(async {
            let (real, a) = (MemoryStore::default(), scope("a"));
            for changes in before {
                let _ = real.commit(changes).await;
            }
            let syncs = [picture::of_sync(&real, a).await, picture::of_sync(&real, scope("b")).await];
            let tallies = picture::of_tallies(&real, &scopes()).await;
            let twin = real.snapshot();
            let scratch = Scratch::of(&real, a).await.unwrap();
            for changes in after {
                assert_eq!(picture::of_sync(&scratch, a).await, picture::of_sync(&twin, a).await);
                for organisation in [ORG, "other"] {
                    let expected = picture::of_organisation(&twin, organisation).await;
                    assert_eq!(picture::of_organisation(&scratch, organisation).await, expected);
                    assert_eq!(picture::of_organisation(&real, organisation).await, expected);
                }
                assert_eq!(picture::of_tallies(&scratch, &scopes()).await, tallies);
                commit_alike(&scratch, &twin, &changes).await;
            }
            assert_eq!(picture::of_sync(&scratch, a).await, picture::of_sync(&twin, a).await);
            assert_eq!(picture::of_sync(&real, a).await, syncs[0]);
            assert_eq!(picture::of_sync(&real, scope("b")).await, syncs[1]);
            assert_eq!(picture::of_tallies(&real, &scopes()).await, tallies);
        });
    }
}
