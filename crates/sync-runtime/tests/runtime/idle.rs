//! What a cycle costs while nothing happens, and what many syncs cost together.

use jiff::{SignedDuration, Timestamp};

use crate::fakes::world::World;
use crate::scenes::own;

#[tokio::test]
async fn n10_an_idle_run_writes_nothing_and_makes_three_calls() {
    let world = World::one_way();
    for n in 0..5 {
        world.person(&format!("P{n}"));
    }
    world.sync().await;
    world.sync().await;
    world.sync().await;
    let (writes, state) = (world.mailbox().writes(), world.state().await);
    for _ in 0..3 {
        world.faults.take_calls();
        world.sync().await;
        let calls: Vec<_> = world.faults.take_calls().into_iter().collect();
        assert_eq!(calls, [("changed", 1), ("deleted", 1), ("folder", 1)]);
    }
    assert_eq!(world.mailbox().writes(), writes);
    assert_eq!(world.state().await, state);
}

#[tokio::test]
async fn n10_an_idle_run_of_both_ways_makes_one_call_of_the_mailbox_and_commits_nothing() {
    let world = World::new();
    for n in 0..5 {
        world.person(&format!("P{n}"));
    }
    world.sync().await;
    own(&world, "Hopper");
    for _ in 0..3 {
        world.sync().await;
    }
    let (writes, crm, state) = (world.mailbox().writes(), world.crm.writes(), world.state().await);
    for _ in 0..5 {
        world.faults.take_calls();
        world.sync().await;
        let calls: Vec<_> = world.faults.take_calls().into_iter().collect();
        assert_eq!(calls, [("changed", 1), ("deleted", 1), ("poll", 1)]);
    }
    assert_eq!((world.mailbox().writes(), world.crm.writes()), (writes, crm));
    assert_eq!(world.state().await, state);
    // No place in the rounds lasts for ever: once a day a new one is kept.
    world.wait(86_400);
    world.faults.take_calls();
    world.sync().await;
    assert_eq!(world.faults.take_calls()["commit"], 1);
    assert_ne!(world.state().await.cursor, state.cursor);
}

#[tokio::test]
async fn n10_the_feed_is_read_once_for_all_syncs() {
    let mut world = World::one_way();
    for name in ["bob", "carol"] {
        world.add_user(name);
    }
    for user in 0..3 {
        world.sync_user(user).await;
    }
    for owner in ["alice", "bob", "carol"] {
        world.crm.add(owner, &[("Last_Name", owner)]);
    }
    world.wait(300);
    world.faults.take_calls();
    for user in 0..3 {
        world.run_until(user, Timestamp::MAX).await.unwrap().unwrap();
        assert_eq!(world.users[user].mailbox.writes().creates, 1);
    }
    let calls = world.faults.take_calls();
    assert_eq!((calls["changed"], calls["deleted"], calls["records"]), (1, 1, 3));
}

#[tokio::test]
async fn n10_a_feed_that_is_young_enough_is_not_read_again() {
    let mut world = World::one_way();
    world.policy.feed_max_age = SignedDuration::from_mins(4);
    world.sync().await;
    world.sync().await;
    world.faults.take_calls();
    world.wait(200);
    world.run().await.unwrap();
    assert!(!world.faults.take_calls().contains_key("changed"));
    world.wait(100);
    world.run().await.unwrap();
    assert!(world.faults.take_calls().contains_key("changed"));
}

#[tokio::test]
async fn two_syncs_that_run_together_wait_for_one_poll() {
    let mut world = World::one_way();
    world.add_user("bob");
    world.sync_user(0).await;
    world.sync_user(1).await;
    world.crm.add("alice", &[("Last_Name", "A")]);
    world.crm.add("bob", &[("Last_Name", "B")]);
    world.wait(300);
    world.faults.take_calls();
    let (a, b) = tokio::join!(
        world.run_until(0, Timestamp::MAX),
        world.run_until(1, Timestamp::MAX)
    );
    a.unwrap().unwrap();
    b.unwrap().unwrap();
    assert_eq!(world.faults.take_calls()["changed"], 1);
    assert_eq!(world.users[0].mailbox.writes().creates, 1);
    assert_eq!(world.users[1].mailbox.writes().creates, 1);
}
