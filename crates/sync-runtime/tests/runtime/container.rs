//! The container: whose it is, where it is, what happens without it.

use sync_engine::identity::container_marker;
use sync_engine::office_field::OfficeField;
use sync_runtime::contacts::Outcome;

use crate::fakes::faults::Fault;
use crate::fakes::mailbox::TRASH;
use crate::fakes::world::{FOLDER, World};
use crate::scenes::own;

async fn with_two() -> (World, String) {
    let world = World::one_way();
    world.person("A");
    world.person("B");
    world.sync().await;
    let folder = world.mailbox().container();
    (world, folder)
}

/// The sync is off, stays off, and writes nothing on either side.
async fn stays_off(world: &World) {
    let (writes, crm) = (world.mailbox().writes(), world.crm.snapshot());
    for _ in 0..2 {
        world.wait(300);
        assert_eq!(world.run().await.unwrap(), Outcome::RemovedByOwner);
    }
    assert_eq!((world.mailbox().writes(), world.crm.snapshot()), (writes, crm));
    world.faults.take_calls();
    assert_eq!(world.run().await.unwrap(), Outcome::RemovedByOwner);
    assert_eq!(world.faults.take_calls().len(), 0, "no call while off");
}

#[tokio::test]
async fn k8_a_trashed_folder_ends_the_sync() {
    let (world, folder) = with_two().await;
    world.mailbox().user_changes_folder(&folder, Some(TRASH), None);
    world.person("C");
    stays_off(&world).await;
}

#[tokio::test]
async fn k8_a_folder_deleted_for_good_ends_the_sync() {
    let (world, folder) = with_two().await;
    world.mailbox().user_deletes_folder_for_good(&folder);
    stays_off(&world).await;
}

#[tokio::test]
async fn k8_a_folder_moved_elsewhere_ends_the_sync() {
    let (world, folder) = with_two().await;
    let other = world.mailbox().user_adds_folder("Archive", None);
    world.mailbox().user_changes_folder(&folder, Some(&other), None);
    stays_off(&world).await;
    world
        .mailbox()
        .user_changes_folder(&folder, Some(crate::fakes::mailbox::ROOT), None);
    stays_off(&world).await;
}

#[tokio::test]
async fn k8_a_folder_missing_after_a_lost_store_was_deleted_by_its_user() {
    let (mut world, folder) = with_two().await;
    world.users[0].known_folder = Some(folder.clone());
    world.mailbox().user_deletes_folder_for_good(&folder);
    world.lose_store();
    stays_off(&world).await;
}

#[tokio::test]
async fn k8_a_folder_that_goes_during_a_run_ends_the_run_and_parks_nothing() {
    let (world, _) = with_two().await;
    for n in 0..150 {
        world.person(&format!("P{n}"));
    }
    world.mailbox().loses_its_folder_after(50);
    world.wait(300);
    world.run().await.unwrap_err();
    stays_off(&world).await;
    assert_eq!(world.counts().await.parked, 0);
    assert_eq!(world.mailbox().writes().creates, 52);
}

#[tokio::test]
async fn k1_a_renamed_folder_keeps_its_users_name_and_a_new_declared_name_renames() {
    let (mut world, folder) = with_two().await;
    world
        .mailbox()
        .user_changes_folder(&folder, None, Some("Customers"));
    world.person("C");
    world.sync().await;
    assert_eq!(world.mailbox().folder_names(), ["Customers"]);
    world.policy.folder_name = "CRM".to_owned();
    world.sync().await;
    assert_eq!(world.mailbox().folder_names(), ["CRM"]);
    assert_eq!(world.mailbox().writes().creates, 3);
    let writes = world.mailbox().writes();
    world.sync().await;
    assert_eq!(world.mailbox().writes(), writes);
}

#[tokio::test]
async fn n5_a_folder_of_that_name_without_marker_is_not_touched() {
    let world = World::one_way();
    let folder = world.mailbox().user_adds_folder(FOLDER, None);
    world
        .mailbox()
        .user_adds(&folder, &[(OfficeField::Surname, "Own")]);
    world.person("A");
    assert_eq!(world.run().await.unwrap(), Outcome::NameTaken);
    assert_eq!(world.mailbox().writes().creates, 0);
    world.mailbox().user_changes_folder(&folder, None, Some("Mine"));
    world.sync().await;
    assert_eq!(world.mailbox().writes().creates, 1);
    assert_eq!(world.mailbox().writes().outside, 0);
}

#[tokio::test]
async fn n2_a_folder_claimed_by_another_cluster_is_not_touched() {
    let mut world = World::one_way();
    let marker = container_marker(world.users[0].scope, "cluster-2");
    world.mailbox().user_adds_folder(FOLDER, Some(&marker));
    world.person("A");
    assert_eq!(world.run().await.unwrap(), Outcome::ClaimedBy("cluster-2".into()));
    assert_eq!(world.mailbox().writes().creates, 0);
    world.cluster = "cluster-2".to_owned();
    world.sync().await;
    assert_eq!(world.mailbox().writes().creates, 1);
    world.cluster = "cluster-3".to_owned();
    world.person("B");
    assert_eq!(world.run().await.unwrap(), Outcome::ClaimedBy("cluster-2".into()));
    assert_eq!(world.mailbox().writes().creates, 1);
}

#[tokio::test]
async fn n2_a_create_whose_answer_was_lost_leaves_one_folder() {
    for effect in [true, false] {
        let world = World::one_way();
        world.faults.plan("create_folder", 0, Fault::Crash { effect });
        assert!(world.run_until(0, world.now()).await.is_none());
        world.sync().await;
        assert_eq!(world.mailbox().folder_names(), [FOLDER]);
    }
}

/// The container was made, and its maker died before it could take note.
async fn made_unseen() -> World {
    let world = World::new();
    let fault = Fault::Crash { effect: true };
    world.faults.plan("create_folder", 0, fault);
    assert!(world.run_until(0, world.now()).await.is_none());
    world
}

#[tokio::test]
async fn what_was_put_into_a_container_that_was_made_unseen_is_new() {
    let world = made_unseen().await;
    own(&world, "Hopper");
    world.sync().await;
    world.crm.the("Hopper");
    assert_eq!(world.counts().await.parked, 0);
}

#[tokio::test]
async fn k1_a_container_that_was_made_unseen_gets_the_name_that_is_declared_by_then() {
    let mut world = made_unseen().await;
    "Customers".clone_into(&mut world.policy.folder_name);
    world.sync().await;
    assert_eq!(world.mailbox().folder_names(), ["Customers"]);
}

#[tokio::test]
async fn k8_a_container_that_its_owner_moved_away_stays_off_after_a_lost_store() {
    let (mut world, folder) = with_two().await;
    let elsewhere = world.mailbox().user_adds_folder("Private", None);
    world
        .mailbox()
        .user_changes_folder(&folder, Some(&elsewhere), None);
    assert_eq!(world.run().await.unwrap(), Outcome::RemovedByOwner);
    world.report().await;
    world.lose_store();
    world.wait(300);
    assert_eq!(world.run().await.unwrap(), Outcome::RemovedByOwner);
    stays_off(&world).await;
}
