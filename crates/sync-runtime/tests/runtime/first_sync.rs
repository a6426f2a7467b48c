//! The first sync: order, cap, imported records.

use sync_engine::office_field::OfficeField;
use sync_runtime::contacts::{ImportedItems, Outcome};

use crate::fakes::world::{FOLDER, World};

#[tokio::test]
async fn k1_enabling_makes_the_folder_with_a_marker() {
    let world = World::one_way();
    world.sync().await;
    assert_eq!(world.mailbox().folder_names(), [FOLDER]);
    assert_eq!(
        world.state().await.folder.unwrap().id,
        world.mailbox().container()
    );
    assert!(world.state().await.initial.completed.is_some());
}

#[tokio::test]
async fn k6_the_first_sync_goes_from_the_newest_change_to_the_oldest() {
    let world = World::one_way();
    let mut ids = vec![];
    for n in 0..40 {
        world.wait(60);
        ids.push(world.person(&format!("P{n}")));
    }
    world.crm.touch(&ids[3]);
    world.wait(600);
    world.sync().await;
    let made: Vec<String> = world
        .mailbox()
        .made()
        .iter()
        .map(|m| m.rsplit('|').next().unwrap().to_owned())
        .collect();
    let last = ids.remove(39);
    let touched = ids.remove(3);
    // Both were changed in the same second: the higher id first.
    let expected: Vec<String> = [last, touched].into_iter().chain(ids.into_iter().rev()).collect();
    assert_eq!(made, expected);
}

#[tokio::test]
async fn k6_ten_thousand_and_one_records_bring_ten_thousand() {
    let world = World::one_way().with_pages_of(2_000);
    let oldest = world.person("Oldest");
    world.wait(10);
    for n in 0..10_000 {
        world.person(&format!("P{n}"));
    }
    world.wait(600);
    world.sync().await;
    let initial = world.state().await.initial;
    assert_eq!(
        (initial.total, initial.done, initial.over_cap),
        (10_001, 10_000, 1)
    );
    assert_eq!(world.mailbox().writes().creates, 10_000);
    assert!(world.mailbox().ids_of(&oldest).is_empty());
    world.sync().await;
    assert_eq!(
        world.mailbox().writes().creates,
        10_000,
        "the overlap of the feed is no modification"
    );
    world.crm.touch(&oldest);
    world.sync().await;
    assert_eq!(
        world.mailbox().writes().creates,
        10_001,
        "a modified record enters"
    );
}

#[tokio::test]
async fn k6_a_record_over_the_cap_does_not_slip_in_with_the_feeds_overlap() {
    let mut world = World::one_way();
    world.policy.initial_cap = 2;
    for n in 0..5 {
        world.person(&format!("P{n}"));
        world.wait(1);
    }
    for _ in 0..3 {
        world.sync().await;
    }
    assert_eq!(world.mailbox().writes().creates, 2);
    assert_eq!(world.state().await.initial.over_cap, 3);
}

#[tokio::test]
async fn k6_parked_records_take_no_place_under_the_cap() {
    let mut world = World::one_way();
    world.policy.initial_cap = 2;
    for _ in 0..4 {
        world.person("P");
        world.wait(1);
        world.crm.add("alice", &[("Phone", "1")]);
        world.wait(1);
    }
    world.sync().await;
    let initial = world.state().await.initial;
    assert_eq!((initial.total, initial.done), (8, 2));
    assert_eq!(world.mailbox().writes().creates, 2);
}

#[tokio::test]
async fn k7_imported_records_stay_out_until_they_are_updated() {
    let world = World::one_way();
    let single = world.person("Single");
    let imported = world.crm.import("alice", &[("Last_Name", "Imported")]);
    world.sync().await;
    assert!(world.mailbox().ids_of(&imported).is_empty());
    assert_eq!(
        world.mailbox().shown(&single, OfficeField::Surname).unwrap(),
        "Single"
    );
    let initial = world.state().await.initial;
    assert_eq!((initial.total, initial.done, initial.imported), (2, 1, 1));
    assert_eq!(world.faults.calls("origin"), 2);

    // Neither later, and the question is not asked again.
    let later = world.crm.import("alice", &[("Last_Name", "Later")]);
    world.sync().await;
    world.sync().await;
    assert!(world.mailbox().ids_of(&later).is_empty());
    assert_eq!(world.faults.calls("origin"), 3);

    world.crm.edit(&imported, "Title", Some("Countess"));
    world.crm.edit(&later, "Title", Some("Duke"));
    world.sync().await;
    assert_eq!(
        world.mailbox().shown(&imported, OfficeField::JobTitle).unwrap(),
        "Countess"
    );
    assert_eq!(
        world.mailbox().shown(&later, OfficeField::JobTitle).unwrap(),
        "Duke"
    );
    assert_eq!(world.faults.calls("origin"), 3, "the times alone prove an update");
}

#[tokio::test]
async fn k7_imported_records_take_part_where_the_policy_says_so() {
    let mut world = World::one_way();
    world.policy.imported = ImportedItems::Include;
    let imported = world.crm.import("alice", &[("Last_Name", "Imported")]);
    world.sync().await;
    assert_eq!(world.mailbox().ids_of(&imported).len(), 1);
    assert_eq!(world.faults.calls("origin"), 0);
}

#[tokio::test]
async fn k5_only_the_users_own_records_come() {
    let world = World::one_way();
    let own = world.person("Own");
    let other = world.crm.add("bob", &[("Last_Name", "Other")]);
    world.sync().await;
    world.crm.touch(&other);
    world.sync().await;
    assert_eq!(world.mailbox().ids_of(&own).len(), 1);
    assert!(world.mailbox().ids_of(&other).is_empty());
}

#[tokio::test]
async fn n2_two_records_with_one_address_are_two_contacts() {
    let world = World::one_way();
    let a = world
        .crm
        .add("alice", &[("Last_Name", "A"), ("Email", "same@example.com")]);
    let b = world
        .crm
        .add("alice", &[("Last_Name", "A"), ("Email", "same@example.com")]);
    world.sync().await;
    assert_ne!(world.mailbox().id_of(&a), world.mailbox().id_of(&b));
}

#[tokio::test]
async fn a_deadline_ends_the_slice_and_the_next_one_goes_on() {
    let world = World::one_way();
    for n in 0..350 {
        world.person(&format!("P{n}"));
    }
    world.wait(600);
    let mut slices = 0;
    loop {
        let before = world.mailbox().writes().creates;
        match world.run_until(0, world.now()).await.unwrap().unwrap() {
            Outcome::MoreWork => {}
            Outcome::UpToDate => break,
            other => panic!("{other:?}"),
        }
        assert!(world.mailbox().writes().creates - before <= 100);
        slices += 1;
    }
    // 50 pages of the listing, four chunks of the queue.
    assert_eq!(slices, 54);
    assert_eq!(world.mailbox().writes().creates, 350);
    assert_eq!(world.state().await.initial.done, 350);
}

#[tokio::test]
async fn a_record_that_changes_while_the_listing_runs_is_not_missed() {
    let world = World::one_way();
    let mut ids = vec![];
    for n in 0..20 {
        ids.push(world.person(&format!("P{n}")));
        world.wait(60);
    }
    assert_eq!(
        world.run_until(0, world.now()).await.unwrap().unwrap(),
        Outcome::MoreWork
    );
    // From behind the place that the listing has reached to before it.
    world.crm.edit(&ids[0], "Title", Some("Moved"));
    let fresh = world.person("Fresh");
    world.wait(1);
    world.sync().await;
    world.sync().await;
    assert_eq!(
        world.mailbox().shown(&ids[0], OfficeField::JobTitle).unwrap(),
        "Moved"
    );
    assert_eq!(world.mailbox().ids_of(&fresh).len(), 1);
    assert_eq!(world.mailbox().writes().creates, 21);
}

#[tokio::test]
async fn listings_that_do_not_advance_are_errors() {
    let world = World::one_way();
    for n in 0..20 {
        world.person(&format!("P{n}"));
    }
    world.crm.gets_stuck();
    let error = world.run().await.unwrap_err();
    assert!(error.to_string().contains("does not advance"), "{error}");
    assert_eq!(world.mailbox().writes().creates, 0);
}
