//! Items that no link knows: contacts made in Outlook, copies, what comes back.

use sync_engine::link::{LinkState, Side};
use sync_engine::office_field::OfficeField;

use crate::fakes::faults::Fault;
use crate::fakes::mailbox::ROOT;
use crate::fakes::world::World;
use crate::scenes::{own, states, stays_as_it_is, with_ada, with_grace};

#[tokio::test]
async fn n2_a_contact_made_on_both_sides_at_once_is_one_contact() {
    for external_ids in [false, true] {
        let mut world = World::new();
        if external_ids {
            world.keeps_external_ids();
        }
        world.sync().await;
        let item = own(&world, "Hopper");
        let grace = world
            .crm
            .add("alice", &[("Last_Name", "Hopper"), ("Title", "Admiral")]);
        world.sync().await;
        assert_eq!(world.crm.named("alice", "Hopper"), std::slice::from_ref(&grace));
        assert_eq!(world.mailbox().all().len(), 1);
        world
            .mailbox()
            .user_edits(&item, OfficeField::JobTitle, Some("Rear Admiral"));
        world.sync().await;
        assert_eq!(world.crm.text(&grace, "Title").unwrap(), "Rear Admiral");
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn n2_of_several_equal_records_one_takes_the_item_and_the_others_get_their_own() {
    let world = World::new();
    world.sync().await;
    let item = own(&world, "Hopper");
    let twins: Vec<String> = (0..2)
        .map(|_| {
            world
                .crm
                .add("alice", &[("Last_Name", "Hopper"), ("Title", "Admiral")])
        })
        .collect();
    world.sync().await;
    assert_eq!(world.crm.state().records.len(), 2);
    assert_eq!(world.mailbox().all().len(), 2);
    assert_eq!(world.counts().await.linked, 2);
    assert_eq!(world.mailbox().ids_of(&twins[0]).len(), 0, "it has {item}");
    assert_eq!(world.mailbox().ids_of(&twins[1]).len(), 1);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n2_two_equal_contacts_made_in_outlook_are_two_records() {
    let world = World::new();
    world.sync().await;
    own(&world, "Hopper");
    own(&world, "Hopper");
    world.sync().await;
    assert_eq!(world.crm.named("alice", "Hopper").len(), 2);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n2_a_namesake_that_differs_is_another_person() {
    let world = World::new();
    world.sync().await;
    own(&world, "Hopper");
    world
        .crm
        .add("alice", &[("Last_Name", "Hopper"), ("Title", "Actor")]);
    world
        .crm
        .add("bob", &[("Last_Name", "Hopper"), ("Title", "Admiral")]);
    world.sync().await;
    assert_eq!(world.crm.named("alice", "Hopper").len(), 2);
    assert_eq!(world.mailbox().all().len(), 2);
    assert_eq!(world.crm.named("bob", "Hopper").len(), 1);
}

#[tokio::test]
async fn n2_a_copy_is_its_owners_and_says_so() {
    let (world, ada, item) = with_ada().await;
    let copy = world.mailbox().user_copies(&item, "a-copy");
    world.sync().await;
    assert_eq!(world.crm.state().records.len(), 1);
    let parked = world.parked().await;
    assert_eq!(
        (parked.len(), parked[0].side, &parked[0].id),
        (1, Side::Office, &copy)
    );
    assert!(parked[0].reason.contains("copy"));
    // Whatever happens to it.
    world
        .mailbox()
        .user_edits(&copy, OfficeField::JobTitle, Some("mine"));
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.sync().await;
    let title = |id: &str| world.mailbox().text(id, OfficeField::JobTitle).unwrap();
    assert_eq!((title(&item), title(&copy)), ("Countess".into(), "mine".into()));
    assert_eq!(world.crm.state().records.len(), 1);
    world.mailbox().user_deletes(&copy);
    world.sync().await;
    assert_eq!(world.counts().await.parked, 0);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n2_the_older_of_two_with_one_marker_is_the_original() {
    let (mut world, ada, item) = with_ada().await;
    world.wait(60);
    let copy = world.mailbox().user_copies(&item, "a-copy");
    assert!(copy < item);
    world.lose_store();
    world.sync().await;
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.sync().await;
    let title = |id: &str| world.mailbox().text(id, OfficeField::JobTitle).unwrap();
    assert_eq!(
        (title(&item), title(&copy)),
        ("Countess".into(), "Analyst".into())
    );
}

#[tokio::test]
async fn n2_a_copy_takes_over_where_its_original_is_deleted() {
    let (world, ada, item) = with_ada().await;
    let folder = world.mailbox().container();
    let copy = world.mailbox().user_copies(&item, "copy");
    world.mailbox().user_deletes(&item);
    world.sync().await;
    world
        .mailbox()
        .user_edits(&copy, OfficeField::JobTitle, Some("Countess"));
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess");
    assert_eq!(world.crm.state().records.len(), 1);
    // The original is the copy now.
    world.mailbox().user_moves(&item, &folder);
    world.sync().await;
    assert_eq!(world.crm.state().records.len(), 1);
    assert_eq!((world.counts().await.linked, world.counts().await.parked), (1, 1));
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n1_a_copy_that_takes_over_with_old_values_runs_over_nothing() {
    let (world, ada, item) = with_ada().await;
    let copy = world.mailbox().user_copies(&item, "copy");
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.sync().await;
    world.mailbox().user_deletes(&item);
    world.mailbox().state().touch(&copy);
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess");
    assert_eq!(
        world.mailbox().text(&copy, OfficeField::JobTitle).unwrap(),
        "Countess"
    );
    assert_eq!(world.conflicts().await.len(), 1);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n6_a_copy_of_what_we_removed_stays_its_owners() {
    for given_away in [true, false] {
        let (mut world, ada, item) = with_ada().await;
        let copy = world.mailbox().user_copies(&item, "copy");
        if given_away {
            world.crm.transfer(&ada, "bob");
        } else {
            world.crm.delete(&ada);
        }
        // The original goes, and nobody remembers that it was removed and not deleted by its owner.
        world.faults.plan("delete item", 0, Fault::Crash { effect: true });
        world.wait(300);
        assert!(world.run_until(0, jiff::Timestamp::MAX).await.is_none());
        world.restart();
        world.mailbox().state().touch(&copy);
        for _ in 0..3 {
            world.sync().await;
        }
        assert_eq!(world.mailbox().get(&item), None);
        assert!(world.mailbox().get(&copy).is_some(), "{given_away}");
    }
}

#[tokio::test]
async fn n2_a_mailbox_that_was_moved_has_other_ids_and_the_same_contacts() {
    let (world, ada, item) = with_ada().await;
    let mine = own(&world, "Hopper");
    world.sync().await;
    let grace = world.crm.the("Hopper");
    for old in [&item, &mine] {
        world.mailbox().user_copies(old, "moved");
        world.mailbox().state().items.remove(old);
    }
    world.mailbox().state().delta.forget_places();
    world.sync().await;
    assert_eq!(world.crm.state().records.len(), 2);
    assert_eq!(world.counts().await.linked, 2);
    for record in [&ada, &grace] {
        world.crm.edit(record, "Department", Some("Engines"));
    }
    world.sync().await;
    assert_eq!(world.mailbox().all().len(), 2);
    for held in world.mailbox().all().values() {
        assert_eq!(held.fields[&OfficeField::Department].to_text(), "Engines");
    }
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n5_another_syncs_item_is_none_of_ours() {
    let mut world = World::new();
    world.add_user("bob");
    world.crm.add("bob", &[("Last_Name", "Theirs")]);
    world.sync_user(0).await;
    world.sync_user(1).await;
    let theirs = world.users[1].mailbox.all().into_values().next().unwrap();
    let folder = world.mailbox().container();
    {
        let mut state = world.mailbox().state();
        state.put("dragged", &folder, theirs.marker.as_deref(), &theirs.fields);
    }
    world.sync_user(0).await;
    assert_eq!(world.crm.named("alice", "Theirs").len(), 0);
    assert_eq!(world.counts().await.parked, 1);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn k4_contacts_of_other_folders_are_never_seen() {
    let world = World::new();
    world.sync().await;
    let friends = world.mailbox().user_adds_folder("Friends", None);
    for folder in [ROOT, friends.as_str()] {
        world
            .mailbox()
            .user_adds(folder, &[(OfficeField::Surname, "Private")]);
    }
    world.sync().await;
    assert!(world.crm.state().records.is_empty());
    // Dragged into the folder it takes part, dragged out the record stays.
    let item = world
        .mailbox()
        .user_adds(&friends, &[(OfficeField::Surname, "Hopper")]);
    let folder = world.mailbox().container();
    world.mailbox().user_moves(&item, &folder);
    world.sync().await;
    let grace = world.crm.the("Hopper");
    world.mailbox().user_moves(&item, &friends);
    world.sync().await;
    assert!(world.crm.text(&grace, "Last_Name").is_some());
    assert_eq!(states(&world).await, [LinkState::Tombstone]);
}

#[tokio::test]
async fn n2_a_contact_that_is_deleted_and_put_back_has_one_record() {
    for deleted_for_long in [true, false] {
        let (world, grace, item) = with_grace().await;
        let folder = world.mailbox().container();
        world.mailbox().user_deletes(&item);
        if deleted_for_long {
            world.sync().await;
            assert_eq!(states(&world).await, [LinkState::Tombstone]);
        }
        world.mailbox().user_moves(&item, &folder);
        world
            .mailbox()
            .user_edits(&item, OfficeField::JobTitle, Some("Rear Admiral"));
        world.sync().await;
        assert_eq!(world.crm.the("Hopper"), grace);
        assert_eq!(world.crm.text(&grace, "Title").unwrap(), "Rear Admiral");
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn a_stranger_that_is_gone_before_it_is_read_leaves_nothing() {
    let world = World::new();
    world.sync().await;
    let item = own(&world, "Hopper");
    world.wait(300);
    world.faults.plan("read", 0, Fault::Transient);
    world.run().await.unwrap_err();
    world.mailbox().user_deletes(&item);
    world.sync().await;
    assert!(world.crm.state().records.is_empty());
    assert_eq!(
        (world.counts().await.pending, world.counts().await.parked),
        (0, 0)
    );
}

#[tokio::test]
async fn k3_many_contacts_made_in_outlook_come_in_slices() {
    let world = World::new().with_pages_of(40);
    world.sync().await;
    for n in 0..120 {
        own(&world, &format!("P{n}"));
    }
    world.wait(300);
    let mut slices = 0;
    while world.run_until(0, world.now()).await.unwrap().unwrap() != sync_runtime::contacts::Outcome::UpToDate
    {
        slices += 1;
    }
    assert!(slices >= 3, "{slices}");
    assert_eq!(world.crm.state().records.len(), 120);
    stays_as_it_is(&world).await;
}
