//! A search for trouble: random worlds, edits on both sides, faults and crashes by seed, then quiet runs, then the
//! invariants. The same seed gives the same run, call by call; a failing one prints itself.

mod acts;
mod check;
mod model;

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use sync_runtime::contacts::Outcome;
use sync_runtime::store::Store;

use self::model::Model;

const WEEK: u64 = 7 * 86_400;

/// One seed from beginning to end.
async fn live(model: &mut Model) {
    for round in 0..6 {
        model.world.faults.note(format!("--- round {round}"));
        model.act(12).await;
        let rate = [0, 15, 60, 150][model.below(4)];
        let seed = model.next();
        model.world.faults.randomly(seed, rate);
        for _ in 0..=model.below(3) {
            run_all(model).await;
            model.world.faults.quiet();
            model.act(3).await;
            model.world.faults.randomly(seed ^ 1, rate);
        }
        model.world.faults.quiet();
        if model.kind.forgetful && model.below(3) == 0 {
            model.forget().await;
        }
        // Until the feed is open a change within the second of its opening is part of no listing and no news.
        let steps = [u64::from(!model.feed_is_open().await), 1, 30, 130, 1_000];
        let step = steps[model.below(steps.len())];
        model.world.wait(step);
    }
    settle(model).await;
    model.mend().await;
    model.world.wait(WEEK);
    settle(model).await;
    settle(model).await;
}

/// A run of each user's sync, with a deadline now and then.
async fn run_all(model: &mut Model) {
    for user in 0..model.world.users.len() {
        let until = if model.below(2) == 0 {
            model.world.now()
        } else {
            jiff::Timestamp::MAX
        };
        let meddling = u64::from(model.below(4) == 0);
        model.world.users[user].mailbox.meddles(meddling);
        model.world.crm.meddles(u64::from(model.below(4) == 0));
        let outcome = model.world.run_until(user, until).await;
        model.world.users[user].mailbox.meddles(0);
        model.world.crm.meddles(0);
        model.world.faults.note(format!("user {user}: {outcome:?}"));
        if outcome.is_none() {
            model.world.restart();
            model.world.wait(1);
        }
        if let Some(Ok(outcome)) = outcome {
            assert!(
                matches!(outcome, Outcome::UpToDate | Outcome::MoreWork),
                "{outcome:?}"
            );
        }
        if model.below(3) == 0 {
            model.approve().await;
        }
    }
}

/// Quiet runs until nothing is left; a bounded number of them.
async fn settle(model: &mut Model) {
    model.world.faults.quiet();
    for _ in 0..4 {
        for user in 0..model.world.users.len() {
            model.world.faults.note(format!("settling user {user}"));
            model.world.sync_user(user).await;
        }
        model.approve().await;
    }
}

/// The first user's sync is switched off, whatever fails on the way, and on again.
async fn off_and_on(model: &mut Model) {
    model.world.faults.note("--- switched off".to_owned());
    model.act(8).await;
    let rate = [0, 60, 150][model.below(3)];
    let seed = model.next();
    for round in 0..50 {
        let rate = if round < 20 { rate } else { 0 };
        let deletes = model.world.crm.writes().deletes;
        model.world.faults.randomly(seed ^ round, rate);
        let mut done = model
            .world
            .faults
            .until_crash(model.world.goes_to_the_crm())
            .await;
        model.keep_conflicts().await;
        if let Some(Ok(Outcome::UpToDate)) = done {
            let taken = model.world.take_copies_back();
            let taken = model.world.faults.until_crash(taken).await;
            done = taken.map(|taken| taken.map(|_| Outcome::UpToDate));
        }
        assert_eq!(model.world.crm.writes().deletes, deletes, "N6");
        model.world.faults.quiet();
        model.world.faults.note(format!("{done:?}"));
        match done {
            Some(Ok(_)) => break,
            Some(Err(_)) => {}
            None => model.world.restart(),
        }
        // Called off now and then.
        if model.below(6) == 0 {
            let outcome = model.world.run_until(0, jiff::Timestamp::MAX).await;
            model.world.faults.note(format!("called off: {outcome:?}"));
            model.keep_conflicts().await;
        }
        model.world.wait(31);
        assert!(round < 40, "it is never off");
    }
    check::everything_typed_is_somewhere(model);
    model.world.faults.note("--- switched on".to_owned());
    model.world.users[0].known_folder = None;
    settle(model).await;
    model.mend().await;
    settle(model).await;
    settle(model).await;
    check::nobody_is_there_twice(model);
    model.keep_conflicts().await;
    if !model.kind.one_way {
        // One way the CRM's values run over what was left: without a base nobody knows that it was typed.
        check::everything_typed_is_somewhere(model);
    }
    let before = writes(model);
    settle(model).await;
    assert_eq!(before, writes(model), "I4");
}

/// Every write so far.
fn writes(model: &Model) -> String {
    let users = model.world.users.iter();
    let mailboxes: Vec<_> = users.map(|user| user.mailbox.writes()).collect();
    format!("{mailboxes:?} {:?}", model.world.crm.writes())
}

async fn explore(seed: u64) -> Vec<String> {
    let mut model = Model::new(seed).await;
    let faults = std::sync::Arc::clone(&model.world.faults);
    let whole = async {
        live(&mut model).await;
        check::invariants(&mut model).await;
        let before = writes(&model);
        settle(&mut model).await;
        assert_eq!(before, writes(&model), "I3, I4: a quiet system writes nothing");
        if model.kind.switched {
            off_and_on(&mut model).await;
        }
    };
    if let Err(panic) = AssertUnwindSafe(whole).catch_unwind().await {
        eprintln!("seed {seed}\n{}", faults.trace().join("\n"));
        eprintln!("seed {seed}: {:?}", model.kind);
        for user in &model.world.users {
            let links = model.world.store.inner.all_links(user.scope).await.unwrap();
            for link in links {
                eprintln!(
                    "{} {:?} {:?} {:?}",
                    link.crm_id, link.office_id, link.state, link.born
                );
            }
            for parked in model.world.store.inner.parked(user.scope, 1_000).await.unwrap() {
                eprintln!("parked {:?} {} {}", parked.side, parked.id, parked.reason);
            }
        }
        std::panic::resume_unwind(panic);
    }
    faults.trace()
}

/// `SEARCH_SEEDS=from..to` looks elsewhere than at the usual seeds.
fn seeds() -> std::ops::Range<u64> {
    let Ok(range) = std::env::var("SEARCH_SEEDS") else {
        return 0..300;
    };
    let (from, to) = range.split_once("..").unwrap();
    from.parse().unwrap()..to.parse().unwrap()
}

#[tokio::test]
async fn i12_n1_n2_n9_whatever_fails_the_world_converges_and_nothing_is_doubled_or_lost() {
    let (mut crashes, mut calls) = (0, 0);
    for seed in seeds() {
        let trace = explore(seed).await;
        crashes += trace.iter().filter(|line| line.contains("Crash")).count();
        calls += trace.len();
    }
    eprintln!("{crashes} crashes in {calls} calls");
    assert!(crashes > 0);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_trace() {
    for seed in [1, 8, 15] {
        let (a, b) = (explore(seed).await, explore(seed).await);
        let different = a.iter().zip(&b).position(|(a, b)| a != b);
        assert_eq!(different, None, "seed {seed}");
        assert_eq!(a.len(), b.len());
    }
}

impl Model {
    async fn feed_is_open(&self) -> bool {
        let organisation = crate::fakes::world::ORGANISATION;
        self.world.store.inner.feed(organisation).await.unwrap().is_some()
    }
}
