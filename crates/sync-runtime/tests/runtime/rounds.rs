//! Rounds of changes with all that the service does to them; the weekly list and the weekly pass.

use sync_engine::link::LinkState;
use sync_engine::office_field::OfficeField;
use sync_engine::plan::Deletes;
use sync_runtime::contacts::{Outcome, Stop};
use sync_runtime::ports::Failure;

use crate::fakes::faults::Fault;
use crate::fakes::world::World;
use crate::scenes::{ada_in, own, states, stays_as_it_is, with_ada};

const WEEK: u64 = 7 * 86_400;

#[tokio::test]
async fn n3_repeated_entries_are_taken_once() {
    let (world, ada, item) = with_ada().await;
    world.mailbox().state().delta.repeats = true;
    let mine = own(&world, "Hopper");
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
    for _ in 0..3 {
        world.sync().await;
    }
    assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess");
    assert_eq!((world.crm.writes().inserts, world.crm.writes().updates), (1, 1));
    assert!(world.mailbox().get(&mine).is_some());
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n9_a_false_removal_deletes_nothing() {
    let mut world = World::new();
    world.policy.deletes_to_crm = Deletes::Propagate;
    let (ada, item) = ada_in(&world).await;
    let mine = own(&world, "Hopper");
    world.sync().await;
    for id in [&item, &mine] {
        world.mailbox().state().delta.false_removals.insert(id.clone());
    }
    for _ in 0..3 {
        world.sync().await;
    }
    assert!(world.crm.text(&ada, "Last_Name").is_some());
    world.crm.the("Hopper");
    assert_eq!(states(&world).await, [LinkState::Linked; 2]);
    assert_eq!(world.crm.writes().deletes, 0);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n2_a_false_removal_of_a_new_contact_costs_it_no_record() {
    let world = World::new();
    world.sync().await;
    let mine = own(&world, "Hopper");
    world.wait(300);
    // Heard of and not read yet.
    world.faults.plan("read", 0, Fault::Transient);
    world.run().await.unwrap_err();
    world.mailbox().state().delta.false_removals.insert(mine);
    world.sync().await;
    world.crm.the("Hopper");
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n2_a_false_removal_after_a_lost_store_makes_no_second_item() {
    let mut world = World::new();
    world.keeps_external_ids();
    let (_, born) = crate::scenes::grace_in(&world).await;
    world.mailbox().state().delta.false_removals.insert(born);
    world.lose_store();
    for _ in 0..2 {
        world.sync().await;
    }
    assert_eq!(world.mailbox().all().len(), 1);
    assert_eq!(world.counts().await.linked, 1);
}

#[tokio::test]
async fn a_parked_contact_that_is_deleted_is_parked_no_more_and_one_that_is_not_stays() {
    let world = World::new();
    world.sync().await;
    let folder = world.mailbox().container();
    let nameless = [1, 2].map(|_| {
        world
            .mailbox()
            .user_adds(&folder, &[(OfficeField::GivenName, "Grace")])
    });
    world.sync().await;
    assert_eq!(world.counts().await.parked, 2);
    world.mailbox().user_deletes(&nameless[0]);
    world
        .mailbox()
        .state()
        .delta
        .false_removals
        .insert(nameless[1].clone());
    world.sync().await;
    assert_eq!(world.parked().await[0].id, nameless[1]);
    assert_eq!(world.counts().await.parked, 1);
}

#[tokio::test]
async fn n9_a_forgotten_place_brings_a_list_and_no_deletion() {
    let mut world = World::new();
    world.policy.deletes_to_crm = Deletes::Propagate;
    let (ada, item) = ada_in(&world).await;
    let gone = world.person("Gone");
    world.sync().await;
    world.mailbox().user_deletes(&world.mailbox().id_of(&gone));
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
    let mine = own(&world, "Hopper");
    world.mailbox().state().delta.forget_places();
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess");
    world.crm.the("Hopper");
    assert!(
        world.crm.text(&gone, "Last_Name").is_some(),
        "what is missing in a list was seen once"
    );
    world.sync().await;
    assert_eq!(world.crm.text(&gone, "Last_Name"), None);
    assert!(world.mailbox().get(&mine).is_some());
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn a_place_that_is_forgotten_between_two_pages_starts_the_list_anew() {
    let (world, ada, item) = with_ada().await;
    for n in 0..10 {
        own(&world, &format!("P{n}"));
    }
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
    world.wait(300);
    // The second page of the round is not there any more.
    world.faults.plan("changes", 0, Fault::Transient);
    world.run().await.unwrap_err();
    world.mailbox().state().delta.forget_places();
    world.sync().await;
    assert_eq!(world.crm.state().records.len(), 11);
    assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess");
}

#[tokio::test]
async fn n2_a_round_that_breaks_off_leaves_its_place_as_it_was() {
    for (call, skip) in [("changes", 0), ("changes", 1), ("commit", 0), ("commit", 1)] {
        for effect in [true, false] {
            let (mut world, ada, item) = with_ada().await;
            for n in 0..8 {
                own(&world, &format!("P{n}"));
            }
            world
                .mailbox()
                .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
            world.wait(300);
            world.faults.plan(call, skip, Fault::Crash { effect });
            assert!(world.run_until(0, jiff::Timestamp::MAX).await.is_none());
            world.restart();
            world.sync().await;
            assert_eq!(world.crm.state().records.len(), 9, "{call} {skip} {effect}");
            assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess");
            stays_as_it_is(&world).await;
        }
    }
}

#[tokio::test]
async fn a_round_without_end_is_replaced_by_a_list_and_tried_again_later() {
    for circular in [true, false] {
        let (world, ada, item) = with_ada().await;
        let set = |on: bool| {
            let mut state = world.mailbox().state();
            (state.delta.circular, state.delta.endless) = (on && circular, on && !circular);
        };
        set(true);
        world
            .mailbox()
            .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
        own(&world, "Hopper");
        world.sync().await;
        assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess");
        world.crm.the("Hopper");
        // Until then the CRM's changes go on, and the service is left alone.
        world.crm.edit(&ada, "Department", Some("Engines"));
        world.faults.take_calls();
        world.sync().await;
        let calls = world.faults.take_calls();
        assert!(
            !calls.contains_key("changes") && !calls.contains_key("items"),
            "{calls:?}"
        );
        assert_eq!(
            world.mailbox().text(&item, OfficeField::Department).unwrap(),
            "Engines"
        );
        set(false);
        world.wait(3_600);
        own(&world, "Lovelace");
        world.sync().await;
        assert_eq!(world.crm.named("alice", "Lovelace").len(), 2);
        assert!(world.state().await.cursor.is_some());
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn k3_the_weekly_list_finds_what_no_round_told() {
    let mut world = World::new();
    world.policy.deletes_to_crm = Deletes::Propagate;
    let (ada, item) = ada_in(&world).await;
    let gone = world.person("Gone");
    world.sync().await;
    let gone_item = world.mailbox().id_of(&gone);
    let mine = own(&world, "Hopper");
    for id in [&item, &gone_item, &mine] {
        world.mailbox().state().delta.silent.insert(id.clone());
    }
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
    world.mailbox().user_deletes(&gone_item);
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Analyst");
    world.wait(WEEK);
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess");
    world.crm.the("Hopper");
    world.sync().await;
    assert_eq!(world.crm.text(&gone, "Last_Name"), None);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn k3_the_weekly_pass_finds_what_no_feed_told() {
    let (world, ada, item) = with_ada().await;
    let hidden = world.person("Hidden");
    let deleted = world.person("Deleted");
    let given = world.person("Given");
    world.sync().await;
    // As if the feed had missed it all: a change of its own second, an owner, a deletion.
    let quiet = |id: &str, change: &dyn Fn()| {
        let before = world.crm.state().records[id].modified;
        change();
        let mut state = world.crm.state();
        state.records.get_mut(id).unwrap().modified = before + jiff::SignedDuration::from_secs(1);
    };
    quiet(&ada, &|| world.crm.edit(&ada, "Title", Some("Countess")));
    quiet(&given, &|| world.crm.transfer(&given, "bob"));
    world.crm.hide(&hidden, true);
    world.crm.delete(&deleted);
    world.crm.forgets_the_news_of(&deleted);
    world.wait(600);
    world.sync().await;
    assert_eq!(
        world.mailbox().text(&item, OfficeField::JobTitle).unwrap(),
        "Analyst"
    );
    world.wait(WEEK);
    world.sync().await;
    assert_eq!(
        world.mailbox().text(&item, OfficeField::JobTitle).unwrap(),
        "Countess"
    );
    assert_eq!(world.mailbox().ids_of(&given).len(), 0);
    assert_eq!(
        world.mailbox().ids_of(&hidden).len(),
        1,
        "n9: a lost right is no deletion"
    );
    assert_eq!(world.mailbox().ids_of(&deleted).len(), 0);
    let parked = world.parked().await;
    assert_eq!((parked.len(), &parked[0].id), (1, &hidden));
    world.crm.hide(&hidden, false);
    world.wait(WEEK);
    world.sync().await;
    assert_eq!(world.counts().await.parked, 0);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn k6_the_weekly_pass_brings_no_record_from_over_the_cap() {
    let mut world = World::new();
    world.policy.initial_cap = 2;
    for n in 0..5 {
        world.person(&format!("P{n}"));
        world.wait(1);
    }
    world.sync().await;
    world.wait(WEEK);
    world.sync().await;
    world.sync().await;
    assert_eq!(world.mailbox().writes().creates, 2);
}

#[tokio::test]
async fn a_run_that_is_cut_off_takes_the_rest_of_a_round_later() {
    let (world, _, _) = with_ada().await;
    for n in 0..9 {
        own(&world, &format!("P{n}"));
    }
    world.wait(300);
    world.faults.plan("insert record", 4, Fault::NotDone);
    assert!(matches!(
        world.run().await,
        Err(Stop::Failure(Failure::Transient { .. }))
    ));
    assert_eq!(world.crm.state().records.len(), 9);
    assert_eq!(world.run().await.unwrap(), Outcome::UpToDate);
    assert_eq!(world.crm.state().records.len(), 10);
    stays_as_it_is(&world).await;
}
