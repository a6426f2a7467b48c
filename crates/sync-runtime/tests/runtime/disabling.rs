//! Disabling. That the CRM stays as it is follows from the types: `disable` is not given one.

use sync_engine::hash::Hasher;
use sync_engine::office_field::OfficeField;
use sync_runtime::store::Store;

use crate::fakes::faults::Fault;
use crate::fakes::world::{FOLDER, World};

async fn with_three() -> (World, Vec<String>) {
    let world = World::one_way();
    let ids = ["A", "B", "C"].iter().map(|name| world.person(name)).collect();
    world.sync().await;
    (world, ids)
}

#[tokio::test]
async fn k8_disabling_takes_the_copies_and_the_folder() {
    let (world, _) = with_three().await;
    let crm = world.crm.snapshot();
    assert_eq!(world.disabled().await, 0);
    assert!(world.mailbox().all().is_empty());
    assert_eq!(world.mailbox().folder_names(), [] as [&str; 0]);
    assert_eq!(world.crm.snapshot(), crm);
    assert_eq!(world.store.scope(world.users[0].scope).await.unwrap(), None);
    assert_eq!(world.disabled().await, 0, "twice does no harm");
    world.sync().await;
    assert_eq!(world.mailbox().all().len(), 3, "enabled anew");
}

#[tokio::test]
async fn n6_edited_and_own_items_stay_with_the_folder() {
    let (world, ids) = with_three().await;
    let folder = world.mailbox().container();
    let edited = world.mailbox().id_of(&ids[0]);
    world
        .mailbox()
        .user_edits(&edited, OfficeField::JobTitle, Some("mine"));
    let own = world
        .mailbox()
        .user_adds(&folder, &[(OfficeField::Surname, "Own")]);
    let copy = world
        .mailbox()
        .user_copies(&world.mailbox().id_of(&ids[1]), "copy");
    assert_eq!(world.disabled().await, 3);
    let mut left: Vec<String> = world.mailbox().all().into_keys().collect();
    left.sort();
    assert_eq!(left, [copy, edited, own]);
    assert_eq!(world.mailbox().folder_names(), [format!("{FOLDER} (kept)")]);
}

#[tokio::test]
async fn n6_an_edit_made_while_disabling_stays() {
    let (world, _) = with_three().await;
    world.mailbox().meddles(1);
    assert_eq!(world.disabled().await, 3);
    assert_eq!(world.mailbox().all().len(), 3);
}

#[tokio::test]
async fn n6_without_the_key_nothing_is_proven_and_nothing_goes() {
    let (mut world, _) = with_three().await;
    world.hasher = Hasher::new([6; 32]);
    assert_eq!(world.disabled().await, 3);
    assert_eq!(world.mailbox().all().len(), 3);
}

#[tokio::test]
async fn n9_a_folder_that_was_moved_or_is_claimed_elsewhere_is_not_emptied() {
    let (world, _) = with_three().await;
    let other = world.mailbox().user_adds_folder("Archive", None);
    world
        .mailbox()
        .user_changes_folder(&world.mailbox().container(), Some(&other), None);
    world.disable().await.unwrap();
    assert_eq!(world.mailbox().all().len(), 3);
    let (mut world, _) = with_three().await;
    world.cluster = "cluster-2".to_owned();
    world.disable().await.unwrap();
    assert_eq!(world.mailbox().all().len(), 3);
}

#[tokio::test]
async fn k8_disabling_that_is_cut_off_goes_on() {
    for (call, skips) in [
        ("delete item", 3),
        ("delete_folder", 1),
        ("commit", 1),
        ("items", 2),
    ] {
        for skip in 0..skips {
            for effect in [true, false] {
                let (world, _) = with_three().await;
                world.faults.plan(call, skip, Fault::Crash { effect });
                assert!(
                    world.faults.until_crash(world.disable()).await.is_none(),
                    "{call} {skip}"
                );
                let _ = world.disable().await.unwrap();
                assert!(world.mailbox().all().is_empty());
                assert_eq!(world.mailbox().folder_names(), [] as [&str; 0]);
            }
        }
    }
    for fault in [Fault::NotDone, Fault::MaybeDone { effect: true }] {
        let (world, _) = with_three().await;
        world.faults.plan("delete item", 1, fault);
        world.disable().await.unwrap_err();
        assert_eq!(world.disabled().await, 0);
        assert!(world.mailbox().all().is_empty());
    }
}

#[tokio::test]
async fn n6_disabling_twice_names_the_kept_folder_once() {
    let (world, ids) = with_three().await;
    world.mailbox().user_edits(
        &world.mailbox().id_of(&ids[0]),
        OfficeField::JobTitle,
        Some("mine"),
    );
    world.faults.plan("commit", 0, Fault::Crash { effect: false });
    assert!(world.faults.until_crash(world.disable()).await.is_none());
    assert_eq!(world.disabled().await, 1);
    assert_eq!(world.mailbox().folder_names(), [format!("{FOLDER} (kept)")]);
}
