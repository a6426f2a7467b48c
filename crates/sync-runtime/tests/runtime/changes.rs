//! Changes after the first sync.

use sync_engine::link::LinkState;
use sync_engine::office_field::OfficeField;
use sync_engine::plan::Deletes;
use sync_runtime::contacts::Outcome;
use sync_runtime::store::Store;

use crate::fakes::world::World;

const ADA: &[(&str, &str)] = &[
    ("First_Name", "Ada"),
    ("Last_Name", "Lovelace"),
    ("Title", "Analyst"),
];

async fn with_ada() -> (World, String) {
    let world = World::one_way();
    let ada = world.crm.add("alice", ADA);
    world.sync().await;
    (world, ada)
}

async fn states(world: &World) -> Vec<LinkState> {
    let links = world.store.all_links(world.users[0].scope).await.unwrap();
    links.into_iter().map(|link| link.state).collect()
}

#[tokio::test]
async fn n5_an_edit_writes_the_changed_fields_and_no_others() {
    let (world, ada) = with_ada().await;
    let item = world.mailbox().id_of(&ada);
    world
        .mailbox()
        .user_edits(&item, OfficeField::GivenName, Some("Augusta"));
    world
        .mailbox()
        .user_edits(&item, OfficeField::SpouseName, Some("William"));
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.crm.edit(&ada, "Department", Some("Engines"));
    world.sync().await;
    let writes = world.mailbox().writes();
    assert_eq!((writes.updates, writes.updated_fields), (1, 2));
    let shown = |field| world.mailbox().shown(&ada, field).unwrap();
    assert_eq!(shown(OfficeField::JobTitle), "Countess");
    assert_eq!(shown(OfficeField::Department), "Engines");
    assert_eq!(shown(OfficeField::GivenName), "Augusta");
    assert_eq!(shown(OfficeField::SpouseName), "William");
}

#[tokio::test]
async fn a_cleared_field_is_cleared_and_another_blank_overwrites_nothing() {
    let (world, ada) = with_ada().await;
    let item = world.mailbox().id_of(&ada);
    world
        .mailbox()
        .user_edits(&item, OfficeField::Department, Some("typed in Outlook"));
    world.crm.edit(&ada, "Title", None);
    world.sync().await;
    assert_eq!(world.mailbox().shown(&ada, OfficeField::JobTitle), None);
    assert_eq!(
        world.mailbox().shown(&ada, OfficeField::Department).unwrap(),
        "typed in Outlook"
    );
}

#[tokio::test]
async fn n1_an_edit_between_reading_and_writing_is_read_again() {
    let (world, ada) = with_ada().await;
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.mailbox().meddles(2);
    world.sync().await;
    assert_eq!(
        world.mailbox().shown(&ada, OfficeField::JobTitle).unwrap(),
        "Countess"
    );
    assert_eq!(world.mailbox().writes().updates, 1);
}

#[tokio::test]
async fn n3_the_servers_own_spelling_and_late_change_keys_are_no_changes() {
    let world = World::one_way();
    world.mailbox().rewrites_phones();
    let ada = world
        .crm
        .add("alice", &[("Last_Name", "Lovelace"), ("Mobile", "020-7946")]);
    world.sync().await;
    assert_eq!(
        world.mailbox().shown(&ada, OfficeField::MobilePhone).unwrap(),
        "020 7946"
    );
    world.crm.touch(&ada);
    world.sync().await;
    assert_eq!(world.mailbox().writes().updates, 0);
    world.crm.delete(&ada);
    world.sync().await;
    assert!(
        world.mailbox().ids_of(&ada).is_empty(),
        "a rewritten copy is an unedited copy"
    );
}

#[tokio::test]
async fn a_record_made_later_comes() {
    let (world, _) = with_ada().await;
    let grace = world.person("Hopper");
    world.sync().await;
    assert_eq!(world.mailbox().ids_of(&grace).len(), 1);
    assert_eq!(world.state().await.initial.total, 1);
}

#[tokio::test]
async fn a_deletion_in_the_crm_removes_the_copy() {
    let (world, ada) = with_ada().await;
    world.crm.delete(&ada);
    world.sync().await;
    assert!(world.mailbox().all().is_empty());
    assert_eq!(states(&world).await, []);
}

#[tokio::test]
async fn a_deletion_in_the_crm_leaves_the_copy_where_the_policy_says_never() {
    let (mut world, ada) = with_ada().await;
    world.policy.deletes_to_office = Deletes::Never;
    world.crm.delete(&ada);
    world.sync().await;
    assert_eq!(world.mailbox().ids_of(&ada).len(), 1);
    assert_eq!(states(&world).await, [LinkState::Detached]);
}

#[tokio::test]
async fn n1_an_edited_copy_is_detached_and_never_written_again() {
    let (world, ada) = with_ada().await;
    let item = world.mailbox().id_of(&ada);
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("mine"));
    let before = world.mailbox().get(&item);
    world.crm.delete(&ada);
    world.sync().await;
    world.sync().await;
    assert_eq!(world.mailbox().get(&item), before);
    assert_eq!(states(&world).await, [LinkState::Detached]);
}

#[tokio::test]
async fn n9_a_record_that_only_disappears_costs_no_copy() {
    let (world, ada) = with_ada().await;
    world.crm.touch(&ada);
    world.wait(300);
    // Seen in the feed, gone when it is read.
    world.crm.edit(&ada, "Title", Some("unseen"));
    world
        .feed
        .refresh(&world.crm, &world.store, &world.clock, jiff::SignedDuration::ZERO)
        .await
        .unwrap();
    world.crm.hide(&ada, true);
    world.sync().await;
    assert_eq!(world.mailbox().ids_of(&ada).len(), 1);
    world.crm.hide(&ada, false);
    world.crm.touch(&ada);
    world.sync().await;
    assert_eq!(
        world.mailbox().shown(&ada, OfficeField::JobTitle).unwrap(),
        "unseen"
    );
}

#[tokio::test]
async fn an_item_deleted_in_outlook_is_not_made_again() {
    let (world, ada) = with_ada().await;
    let crm = world.crm.snapshot();
    world.mailbox().user_deletes(&world.mailbox().id_of(&ada));
    world.sync().await;
    assert_eq!(world.crm.snapshot(), crm);
    for title in ["Countess", "Lady"] {
        world.crm.edit(&ada, "Title", Some(title));
        world.sync().await;
    }
    assert!(world.mailbox().all().is_empty());
    assert_eq!(states(&world).await, [LinkState::Tombstone]);
    world.crm.delete(&ada);
    world.sync().await;
    assert_eq!(states(&world).await, [], "nothing is left on either side");
}

#[tokio::test]
async fn k4_an_item_moved_out_of_the_folder_is_its_owners() {
    let (world, ada) = with_ada().await;
    let item = world.mailbox().id_of(&ada);
    let elsewhere = world.mailbox().user_adds_folder("Friends", None);
    world.mailbox().user_moves(&item, &elsewhere);
    let before = world.mailbox().get(&item);
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.sync().await;
    world.crm.delete(&ada);
    world.sync().await;
    assert_eq!(world.mailbox().get(&item), before);
    assert_eq!(world.mailbox().all().len(), 1);
}

#[tokio::test]
async fn k5_a_transferred_record_moves_from_one_mailbox_to_the_other() {
    let (mut world, ada) = with_ada().await;
    world.add_user("bob");
    world.sync_user(1).await;
    world.crm.transfer(&ada, "bob");
    world.sync_user(0).await;
    world.sync_user(1).await;
    assert!(world.users[0].mailbox.all().is_empty());
    assert_eq!(world.users[1].mailbox.ids_of(&ada).len(), 1);
    world.crm.transfer(&ada, "alice");
    world.sync_user(1).await;
    world.sync_user(0).await;
    assert_eq!(world.users[0].mailbox.ids_of(&ada).len(), 1);
    assert!(world.users[1].mailbox.all().is_empty());
}

#[tokio::test]
async fn k5_an_edited_copy_stays_with_the_old_owner() {
    let (mut world, ada) = with_ada().await;
    world.add_user("bob");
    world.sync_user(1).await;
    world
        .mailbox()
        .user_edits(&world.mailbox().id_of(&ada), OfficeField::JobTitle, Some("mine"));
    world.crm.transfer(&ada, "bob");
    world.sync_user(0).await;
    world.sync_user(1).await;
    assert_eq!(
        world.mailbox().shown(&ada, OfficeField::JobTitle).unwrap(),
        "mine"
    );
    assert_eq!(
        world.users[1].mailbox.shown(&ada, OfficeField::JobTitle).unwrap(),
        "Analyst"
    );
}

#[tokio::test]
async fn n2_a_copy_made_in_outlook_is_its_owners() {
    let (world, ada) = with_ada().await;
    let item = world.mailbox().id_of(&ada);
    let copy = world.mailbox().user_copies(&item, "a-copy");
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.sync().await;
    assert_eq!(world.mailbox().get(&item).unwrap().fields.len(), 3);
    let title = |id: &str| world.mailbox().get(id).unwrap().fields[&OfficeField::JobTitle].to_text();
    assert_eq!(
        (title(&item), title(&copy)),
        ("Countess".into(), "Analyst".into())
    );
    world.crm.delete(&ada);
    world.sync().await;
    assert_eq!(world.mailbox().all().keys().collect::<Vec<_>>(), [&copy]);
}

#[tokio::test]
async fn k2_a_changed_mapping_writes_only_what_is_newly_mapped() {
    let (mut world, ada) = with_ada().await;
    world.maps_without(&[OfficeField::JobTitle, OfficeField::Department]);
    world.sync().await;
    assert_eq!(world.mailbox().writes().updates, 0);
    assert_eq!(
        world.mailbox().shown(&ada, OfficeField::JobTitle).unwrap(),
        "Analyst"
    );
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.crm.edit(&ada, "Department", Some("Engines"));
    world.sync().await;
    assert_eq!(world.mailbox().writes().updates, 0);
    world.mailbox().user_edits(
        &world.mailbox().id_of(&ada),
        OfficeField::GivenName,
        Some("Augusta"),
    );
    world.maps_without(&[OfficeField::JobTitle]);
    world.sync().await;
    let writes = world.mailbox().writes();
    assert_eq!((writes.updates, writes.updated_fields), (1, 1));
    assert_eq!(
        world.mailbox().shown(&ada, OfficeField::Department).unwrap(),
        "Engines"
    );
    assert_eq!(
        world.mailbox().shown(&ada, OfficeField::GivenName).unwrap(),
        "Augusta"
    );
}

#[tokio::test]
async fn two_edits_within_one_second_on_both_sides_of_a_poll_are_both_carried_over() {
    let (world, ada) = with_ada().await;
    world.crm.edit(&ada, "Title", Some("first"));
    assert_eq!(world.run().await.unwrap(), Outcome::UpToDate);
    world.wait(60);
    world.crm.edit(&ada, "Title", Some("first"));
    assert_eq!(world.run().await.unwrap(), Outcome::UpToDate);
    world.crm.edit(&ada, "Title", Some("second"));
    world.sync().await;
    assert_eq!(
        world.mailbox().shown(&ada, OfficeField::JobTitle).unwrap(),
        "second"
    );
}
