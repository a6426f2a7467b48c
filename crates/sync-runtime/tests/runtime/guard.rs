//! The guard on mass changes: floor, percent, day, tenant; lists that wait for approval.

use sync_engine::office_field::OfficeField;
use sync_engine::plan::Deletes;
use sync_runtime::contacts::{GuardLimits, Outcome};
use sync_runtime::store::Guarded;

use crate::fakes::faults::Fault;
use crate::fakes::world::{World, unguarded};
use crate::scenes::{own, stays_as_it_is};

/// So many people on both sides, and a guard that lets five deletions or updates of a run through at once.
async fn people(count: usize) -> (World, Vec<String>) {
    let mut world = World::new().with_pages_of(500);
    let ids: Vec<String> = (0..count).map(|n| world.person(&format!("P{n}"))).collect();
    world.sync().await;
    world.policy.guard = GuardLimits {
        deletes_per_run: 5,
        deletes_percent: 10,
        updates_per_run: 5,
        updates_percent: 25,
        ..unguarded()
    };
    (world, ids)
}

fn copies(world: &World) -> usize {
    world.mailbox().all().len()
}

/// The hash of the list that waits.
async fn hash(world: &World) -> String {
    world.state().await.trip.unwrap().hash
}

#[tokio::test]
async fn n9_a_few_deletions_go_through_whatever_share_they_are() {
    let (world, ids) = people(6).await;
    for id in &ids[..5] {
        world.crm.delete(id);
    }
    world.sync().await;
    assert_eq!(copies(&world), 1);
    assert_eq!(world.state().await.trip, None);
}

#[tokio::test]
async fn n9_more_go_through_while_they_are_a_small_share() {
    let (world, ids) = people(100).await;
    for id in &ids[..10] {
        world.crm.delete(id);
    }
    world.sync().await;
    assert_eq!(copies(&world), 90);
    assert_eq!(world.state().await.trip, None);
}

#[tokio::test]
async fn n9_beyond_the_share_a_list_is_frozen_and_everything_else_goes_on() {
    let (world, ids) = people(100).await;
    for id in &ids[..11] {
        world.crm.delete(id);
    }
    world.crm.edit(&ids[50], "Title", Some("Countess"));
    let fresh = world.person("Fresh");
    world.sync().await;
    // Five went before the run was known.
    assert_eq!(copies(&world), 96);
    let trip = world.state().await.trip.unwrap();
    assert!(!trip.by_tenant);
    let held = world.held().await;
    assert_eq!(held.len(), 6);
    assert!(
        held.iter().all(|held| {
            held.operation == Guarded::DeleteInOffice && held.trip.as_ref() == Some(&trip.id)
        })
    );
    assert_eq!(
        world.mailbox().shown(&ids[50], OfficeField::JobTitle).unwrap(),
        "Countess"
    );
    assert_eq!(world.mailbox().ids_of(&fresh).len(), 1);
    stays_as_it_is(&world).await;
    assert_eq!(world.state().await.trip.unwrap(), trip, "and stays the same list");
    assert_eq!((world.counts().await.held, world.counts().await.pending), (6, 0));
}

#[tokio::test]
async fn n9_only_the_approved_list_goes_through_and_once() {
    let (mut world, ids) = people(100).await;
    for id in &ids[..30] {
        world.crm.delete(id);
    }
    world.sync().await;
    let approved = hash(&world).await;
    world.policy.guard.approved = vec!["somethingelse".to_owned()];
    stays_as_it_is(&world).await;
    // What comes later waits for its turn, approved or not.
    for id in &ids[30..60] {
        world.crm.delete(id);
    }
    world.policy.guard.approved = vec![approved.clone()];
    world.sync().await;
    // Those that were approved, and the few that go through in every run.
    assert_eq!(copies(&world), 95 - 25 - 5);
    let second = hash(&world).await;
    assert_ne!(second, approved);
    assert_eq!(world.held().await.len(), 25);
    stays_as_it_is(&world).await;
    world.policy.guard.approved.push(second);
    world.sync().await;
    assert_eq!(copies(&world), 40);
    assert_eq!(world.state().await.trip, None);
    assert_eq!(world.counts().await.held, 0);
}

#[tokio::test]
async fn n9_what_was_approved_counts_for_no_limit() {
    let (mut world, ids) = people(100).await;
    world.policy.guard.deletes_per_day = 20;
    world.policy.guard.tenant_deletes_per_day = 20;
    for id in &ids[..40] {
        world.crm.delete(id);
    }
    world.sync().await;
    world.policy.guard.approved = vec![hash(&world).await];
    world.sync().await;
    assert_eq!(copies(&world), 60);
    for id in &ids[40..44] {
        world.crm.delete(id);
    }
    world.sync().await;
    assert_eq!(copies(&world), 56);
}

#[tokio::test]
async fn n9_a_list_that_is_due_no_more_goes_by_itself() {
    let (world, ids) = people(100).await;
    for id in &ids[..30] {
        world.crm.delete(id);
    }
    world.sync().await;
    assert_eq!(world.held().await.len(), 25);
    for held in world.held().await {
        world.crm.restore(&held.crm_id);
        world.crm.touch(&held.crm_id);
    }
    world.sync().await;
    assert_eq!(world.counts().await.held, 0);
    assert_eq!(world.state().await.trip, None);
    assert_eq!(copies(&world), 95);
}

#[tokio::test]
async fn n9_each_operation_of_an_approved_list_is_checked_again() {
    let (mut world, ids) = people(100).await;
    for id in &ids[..30] {
        world.crm.delete(id);
    }
    world.sync().await;
    let held: Vec<String> = world.held().await.into_iter().map(|held| held.crm_id).collect();
    // One was restored and one edited while the list waited, and no news of it has come.
    world.crm.restore(&held[0]);
    let edited = world.mailbox().id_of(&held[1]);
    world
        .mailbox()
        .user_edits(&edited, OfficeField::JobTitle, Some("mine"));
    world.policy.guard.approved = vec![hash(&world).await];
    world.sync().await;
    assert_eq!(world.mailbox().ids_of(&held[0]).len(), 1);
    assert!(world.mailbox().get(&edited).is_some());
    assert_eq!(copies(&world), 72);
    assert_eq!(world.crm.named("alice", "P6").len(), 1, "the edit has won");
    assert_eq!(world.counts().await.held, 0);
}

#[tokio::test]
async fn n9_the_day_has_a_limit_of_its_own() {
    let (mut world, ids) = people(100).await;
    world.policy.guard.deletes_per_day = 8;
    for (round, ids) in ids[..12].chunks(4).enumerate() {
        for id in ids {
            world.crm.delete(id);
        }
        world.sync().await;
        assert_eq!(copies(&world), [96, 92, 92][round]);
    }
    assert_eq!(world.held().await.len(), 4);
    // A day later the limit is free again, but a list that waits waits for approval.
    world.wait(86_400);
    world.sync().await;
    assert_eq!(copies(&world), 92);
    world.crm.delete(&ids[20]);
    world.sync().await;
    assert_eq!(copies(&world), 91);
}

#[tokio::test]
async fn n9_the_tenant_has_a_limit_over_all_its_syncs() {
    let (mut world, ids) = people(100).await;
    world.add_user("bob");
    let theirs: Vec<String> = (0..20)
        .map(|n| world.crm.add("bob", &[("Last_Name", &format!("B{n}"))]))
        .collect();
    world.sync_user(1).await;
    world.policy.guard.tenant_deletes_per_day = 6;
    for id in ids[..4].iter().chain(&theirs[..3]) {
        world.crm.delete(id);
    }
    world.sync_user(0).await;
    world.sync_user(1).await;
    assert_eq!(copies(&world), 96);
    assert_eq!(
        world.users[1].mailbox.all().len(),
        18,
        "two of three fit the limit"
    );
    world.crm.delete(&ids[10]);
    world.sync_user(0).await;
    assert!(world.state().await.trip.unwrap().by_tenant);
}

#[tokio::test]
async fn n9_deletions_in_the_crm_and_hand_overs_are_watched_too() {
    let (mut world, ids) = people(40).await;
    world.policy.deletes_to_crm = Deletes::Propagate;
    for id in &ids[..20] {
        world.mailbox().user_deletes(&world.mailbox().id_of(id));
    }
    world.sync().await;
    world.sync().await;
    assert_eq!(world.crm.writes().deletes, 5);
    let held = world.held().await;
    assert_eq!(held.len(), 15);
    assert!(held.iter().all(|held| held.operation == Guarded::DeleteInCrm));
    world.policy.guard.approved = vec![hash(&world).await];
    world.sync().await;
    assert_eq!(world.crm.writes().deletes, 20);

    let (world, ids) = people(40).await;
    for id in &ids[..20] {
        world.crm.transfer(id, "bob");
    }
    world.sync().await;
    assert_eq!(copies(&world), 35);
    let held = world.held().await;
    assert!(held.iter().all(|held| held.operation == Guarded::HandOver));
}

#[tokio::test]
async fn n9_a_folder_emptied_by_its_owner_costs_no_record() {
    let (mut world, ids) = people(40).await;
    world.policy.deletes_to_crm = Deletes::Propagate;
    for id in &ids {
        world.mailbox().user_deletes(&world.mailbox().id_of(id));
    }
    for _ in 0..4 {
        world.sync().await;
    }
    assert_eq!(world.crm.writes().deletes, 5);
    assert_eq!(world.counts().await.held, 35);
}

#[tokio::test]
async fn updates_of_the_crm_are_held_beyond_floor_and_share_and_the_rest_of_a_merge_goes_on() {
    let (mut world, ids) = people(40).await;
    for id in &ids[..11] {
        let item = world.mailbox().id_of(id);
        world
            .mailbox()
            .user_edits(&item, OfficeField::JobTitle, Some("by a script"));
        world.crm.edit(id, "Department", Some("Engines"));
    }
    world.sync().await;
    assert_eq!(world.crm.writes().updates, 5);
    assert_eq!(world.held().await.len(), 6);
    for id in &ids[..11] {
        assert_eq!(
            world.mailbox().shown(id, OfficeField::Department).unwrap(),
            "Engines"
        );
    }
    // A touch of the record releases nothing.
    for id in &ids[..11] {
        world.crm.touch(id);
    }
    world.sync().await;
    assert_eq!(world.crm.writes().updates, 5);
    assert_eq!(world.held().await.len(), 6);
    world.policy.guard.approved = vec![hash(&world).await];
    world.sync().await;
    assert_eq!(world.crm.writes().updates, 11);
    assert_eq!(world.crm.text(&ids[10], "Title").unwrap(), "by a script");
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn updates_within_the_share_go_through_once_the_run_is_known() {
    let (world, ids) = people(40).await;
    for id in &ids[..10] {
        let item = world.mailbox().id_of(id);
        world
            .mailbox()
            .user_edits(&item, OfficeField::JobTitle, Some("edited"));
    }
    world.sync().await;
    assert_eq!(world.crm.writes().updates, 10);
    assert_eq!(world.counts().await.held, 0);
}

#[tokio::test]
async fn an_edit_that_is_taken_back_while_it_is_held_is_held_no_more() {
    let (world, ids) = people(40).await;
    let items: Vec<String> = ids[..20].iter().map(|id| world.mailbox().id_of(id)).collect();
    for item in &items {
        world
            .mailbox()
            .user_edits(item, OfficeField::JobTitle, Some("by a script"));
    }
    world.sync().await;
    assert_eq!(world.counts().await.held, 15);
    for item in &items {
        world.mailbox().user_edits(item, OfficeField::JobTitle, None);
    }
    world.sync().await;
    // Five of them are in the CRM already, and that is where they are taken back.
    assert_eq!(world.counts().await.held, 0);
    for id in &ids[..20] {
        assert_eq!(world.crm.text(id, "Title"), None);
    }
}

#[tokio::test]
async fn the_crms_own_mass_updates_are_a_feature() {
    let (world, ids) = people(40).await;
    for id in &ids {
        world.crm.edit(id, "Title", Some("Countess"));
    }
    world.sync().await;
    assert_eq!(world.mailbox().writes().updates, 40);
    assert_eq!(world.counts().await.held, 0);
}

#[tokio::test]
async fn new_contacts_of_either_side_are_not_held() {
    let (world, _) = people(10).await;
    for n in 0..40 {
        own(&world, &format!("own {n}"));
        world.person(&format!("theirs {n}"));
    }
    world.sync().await;
    assert_eq!((copies(&world), world.crm.state().records.len()), (90, 90));
}

#[tokio::test]
async fn n9_a_crash_at_any_point_lets_no_more_through_than_the_limits() {
    for call in ["commit", "delete item", "records", "read"] {
        for skip in 0..10 {
            for effect in [true, false] {
                let (mut world, ids) = people(100).await;
                for id in &ids[..30] {
                    world.crm.delete(id);
                }
                world.faults.plan(call, skip, Fault::Crash { effect });
                world.wait(300);
                let _ = world.run_until(0, jiff::Timestamp::MAX).await;
                world.faults.unplan();
                world.restart();
                world.sync().await;
                let context = format!("{call} {skip} {effect}");
                // One deletion that was under way at the crash counts for nobody.
                assert!(copies(&world) >= 94, "{context}: {}", copies(&world));
                world.policy.guard.approved = vec![hash(&world).await];
                world.faults.plan(call, skip, Fault::Crash { effect });
                world.wait(300);
                let _ = world.run_until(0, jiff::Timestamp::MAX).await;
                world.faults.unplan();
                world.restart();
                world.sync().await;
                assert_eq!(copies(&world), 70, "{context}");
                assert_eq!(world.state().await.trip, None, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_released_operation_that_cannot_be_done_now_ends_the_run_and_waits() {
    let (mut world, ids) = people(100).await;
    for id in &ids[..30] {
        world.crm.delete(id);
    }
    world.sync().await;
    world.policy.guard.approved = vec![hash(&world).await];
    world.mailbox().meddles(1_000);
    world.wait(300);
    assert_eq!(world.run().await.unwrap(), Outcome::UpToDate);
    assert_eq!(copies(&world), 95);
    world.mailbox().meddles(0);
    world.sync().await;
    assert_eq!(copies(&world), 70);
    assert_eq!(world.counts().await.held, 0);
}
