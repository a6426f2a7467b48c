//! Every row of the table of deletes and owners (`design.md` §6.5).

use sync_engine::link::LinkState;
use sync_engine::office_field::OfficeField;
use sync_engine::plan::Deletes;
use sync_runtime::contacts::Outcome;

use crate::fakes::faults::Fault;
use crate::fakes::mailbox::{ROOT, TRASH};
use crate::fakes::world::World;
use crate::scenes::{ada_in, grace_in, states, stays_as_it_is, with_ada, with_grace};

/// One contact of either birth in a world whose deletions reach the CRM.
async fn propagating(born_in_crm: bool) -> (World, String, String) {
    let mut world = World::new();
    world.policy.deletes_to_crm = Deletes::Propagate;
    let (record, item) = if born_in_crm {
        ada_in(&world).await
    } else {
        grace_in(&world).await
    };
    (world, record, item)
}

#[tokio::test]
async fn k3_deleted_in_the_crm_and_propagated_the_item_goes_to_the_trash() {
    for (world, record, item) in [with_ada().await, with_grace().await] {
        world.crm.delete(&record);
        world.sync().await;
        assert_eq!(world.mailbox().get(&item), None);
        assert_eq!(world.mailbox().state().items[&item].folder, TRASH);
        assert_eq!(states(&world).await, []);
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn n1_deleted_in_the_crm_and_not_propagated_the_copy_is_its_owners() {
    for (mut world, record, item) in [with_ada().await, with_grace().await] {
        world.policy.deletes_to_office = Deletes::Never;
        world.crm.delete(&record);
        world.sync().await;
        assert_eq!(states(&world).await, [LinkState::Detached]);
        // Never pushed back, whatever its owner does with it.
        world
            .mailbox()
            .user_edits(&item, OfficeField::JobTitle, Some("mine"));
        stays_as_it_is(&world).await;
        assert!(world.crm.state().records.is_empty());
        world.wait(8 * 86_400);
        stays_as_it_is(&world).await;
        assert_eq!(states(&world).await, [LinkState::Detached]);
    }
}

#[tokio::test]
async fn n9_deleted_in_outlook_and_propagated_the_record_goes_after_a_second_look() {
    for born_in_crm in [true, false] {
        let (world, record, item) = propagating(born_in_crm).await;
        world.mailbox().user_deletes(&item);
        world.sync().await;
        assert!(
            world.crm.text(&record, "Last_Name").is_some(),
            "once is no evidence"
        );
        assert_eq!(world.counts().await.pending, 1);
        world.sync().await;
        assert_eq!(world.crm.text(&record, "Last_Name"), None);
        assert_eq!(world.crm.writes().deletes, 1);
        assert_eq!(states(&world).await, []);
        assert_eq!(world.counts().await.pending, 0);
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn n9_looks_that_follow_each_other_are_one_look() {
    let (world, record, item) = propagating(true).await;
    world.mailbox().user_deletes(&item);
    world.sync().await;
    for _ in 0..5 {
        world.wait(20);
        world.run().await.unwrap();
    }
    assert!(world.crm.text(&record, "Last_Name").is_some());
    world.wait(20);
    world.run().await.unwrap();
    assert_eq!(world.crm.text(&record, "Last_Name"), None);
}

#[tokio::test]
async fn n9_an_item_that_is_back_at_the_second_look_was_never_deleted() {
    let (world, record, item) = propagating(true).await;
    let folder = world.mailbox().container();
    world.mailbox().user_deletes(&item);
    world.sync().await;
    world.mailbox().user_moves(&item, &folder);
    world.sync().await;
    world.sync().await;
    assert!(world.crm.text(&record, "Last_Name").is_some());
    // And later it takes two looks again.
    world.mailbox().user_deletes(&item);
    world.sync().await;
    assert!(world.crm.text(&record, "Last_Name").is_some());
}

#[tokio::test]
async fn n1_deleted_in_outlook_and_edited_in_the_crm_the_edit_wins() {
    for born_in_crm in [true, false] {
        let (world, record, item) = propagating(born_in_crm).await;
        world.mailbox().user_deletes(&item);
        world.sync().await;
        world.crm.edit(&record, "Title", Some("Countess"));
        world.sync().await;
        world.sync().await;
        let made = world.mailbox().id_of(&record);
        assert_ne!(made, item);
        assert_eq!(
            world.mailbox().text(&made, OfficeField::JobTitle).unwrap(),
            "Countess"
        );
        assert_eq!(world.crm.writes().deletes, 0);
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn deleted_in_outlook_and_not_propagated_it_is_buried_until_somebody_asks() {
    let (mut world, ada, item) = with_ada().await;
    world.mailbox().user_deletes(&item);
    world.sync().await;
    assert_eq!(states(&world).await, [LinkState::Tombstone]);
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.sync().await;
    assert!(world.mailbox().all().is_empty());
    assert_eq!(world.crm.writes().deletes, 0);
    world.users[0].reenable = true;
    world.sync().await;
    world.users[0].reenable = false;
    assert_eq!(
        world.mailbox().shown(&ada, OfficeField::JobTitle).unwrap(),
        "Countess"
    );
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n1_deleted_in_the_crm_and_edited_in_outlook_the_edit_wins() {
    for (world, record, item) in [with_ada().await, with_grace().await] {
        let name = world.mailbox().text(&item, OfficeField::Surname).unwrap();
        world
            .mailbox()
            .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
        world.crm.delete(&record);
        world.sync().await;
        let anew = world.crm.the(&name);
        assert_ne!(anew, record);
        assert_eq!(world.crm.text(&anew, "Title").unwrap(), "Countess");
        assert_eq!(world.mailbox().all().len(), 1);
        let marker = world.mailbox().get(&item).unwrap().marker;
        assert!(
            marker.as_ref().is_none_or(|marker| marker.ends_with(&anew)),
            "{marker:?}"
        );
        stays_as_it_is(&world).await;
        assert_eq!(world.counts().await.linked, 1);
    }
}

#[tokio::test]
async fn n1_an_edit_that_the_crm_refuses_after_its_deletion_waits_and_wins_when_it_is_mended() {
    let (world, ada, item) = with_ada().await;
    world.mailbox().user_edits(&item, OfficeField::Surname, None);
    world.crm.delete(&ada);
    world.sync().await;
    world.sync().await;
    assert_eq!(world.counts().await.parked, 1);
    assert!(world.crm.state().records.is_empty());
    world
        .mailbox()
        .user_edits(&item, OfficeField::Surname, Some("King"));
    world.sync().await;
    let anew = world.crm.the("King");
    assert_eq!(world.crm.text(&anew, "First_Name").unwrap(), "Ada");
    assert_eq!(world.counts().await.parked, 0);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n9_the_news_of_a_deletion_survive_a_touch_of_the_item() {
    let (world, ada, item) = with_ada().await;
    for n in 0..150 {
        world.person(&format!("P{n}"));
    }
    world.sync().await;
    world.crm.delete(&ada);
    world.wait(300);
    // The run ends with the news in the queue.
    world.faults.plan("records", 0, Fault::Transient);
    world.run().await.unwrap_err();
    world.mailbox().state().touch(&item);
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("x"));
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("Analyst"));
    world.sync().await;
    assert_eq!(world.mailbox().get(&item), None);
    assert_eq!(world.counts().await.parked, 0);
}

#[tokio::test]
async fn k5_given_away_in_the_crm_the_unedited_copy_goes_and_another_stays() {
    let (mut world, ada, item) = with_ada().await;
    world.add_user("bob");
    world.sync_user(1).await;
    world.crm.transfer(&ada, "bob");
    world.sync_user(0).await;
    world.sync_user(1).await;
    assert!(world.users[0].mailbox.all().is_empty());
    assert_eq!(world.users[1].mailbox.ids_of(&ada).len(), 1);
    assert_eq!(world.crm.writes().inserts, 0);

    let (mut edited, ada, item_edited) = with_ada().await;
    edited.add_user("bob");
    edited.sync_user(1).await;
    edited
        .mailbox()
        .user_edits(&item_edited, OfficeField::JobTitle, Some("mine"));
    edited.crm.transfer(&ada, "bob");
    edited.sync_user(0).await;
    edited.sync_user(1).await;
    assert_eq!(
        edited
            .mailbox()
            .text(&item_edited, OfficeField::JobTitle)
            .unwrap(),
        "mine"
    );
    assert_eq!(states(&edited).await, [LinkState::Detached]);
    assert_eq!(edited.crm.text(&ada, "Title").unwrap(), "Analyst");
    assert_eq!(edited.crm.writes().inserts, 0, "it never passes for a new one");
    drop(item);
}

#[tokio::test]
async fn k5_given_away_a_contact_born_in_outlook_stays_with_who_made_it() {
    let (mut world, grace, item) = with_grace().await;
    world.add_user("bob");
    world.sync_user(1).await;
    world.crm.transfer(&grace, "bob");
    world.sync_user(0).await;
    world.sync_user(1).await;
    assert!(world.mailbox().get(&item).is_some());
    assert_eq!(states(&world).await, [LinkState::Detached]);
    assert_eq!(world.users[1].mailbox.ids_of(&grace).len(), 1);
    assert_eq!(world.crm.named("alice", "Hopper").len(), 0);
    stays_as_it_is(&world).await;
    world.crm.transfer(&grace, "alice");
    world.sync_user(1).await;
    world.sync_user(0).await;
    assert_eq!(
        states(&world).await,
        [LinkState::Linked],
        "and it is the same contact again"
    );
    assert!(world.users[1].mailbox.all().is_empty());
}

#[tokio::test]
async fn n6_a_detached_item_of_a_record_that_is_hidden_stays_its_owners() {
    let (mut world, ada, item) = with_ada().await;
    world.add_user("bob");
    world.sync_user(1).await;
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("mine"));
    world.crm.transfer(&ada, "bob");
    world.sync_user(0).await;
    assert_eq!(states(&world).await, [LinkState::Detached]);
    // Read while the record cannot be seen, it must not pass for linked, or its deletion would take it along.
    world.crm.touch(&ada);
    world.wait(300);
    world
        .feed
        .refresh(&world.crm, &world.store, &world.clock, jiff::SignedDuration::ZERO)
        .await
        .unwrap();
    world.crm.hide(&ada, true);
    world.run().await.unwrap();
    assert_eq!(states(&world).await, [LinkState::Detached]);
    world.crm.hide(&ada, false);
    world.crm.delete(&ada);
    world.sync_user(0).await;
    assert!(world.mailbox().get(&item).is_some());
}

#[tokio::test]
async fn n9_moved_out_of_the_folder_it_is_unlinked_and_the_record_stays() {
    for target in ["default", "other"] {
        let (world, ada, item) = propagating(true).await;
        let to = match target {
            "default" => ROOT.to_owned(),
            _ => world.mailbox().user_adds_folder("Friends", None),
        };
        world.mailbox().user_moves(&item, &to);
        for _ in 0..3 {
            world.sync().await;
        }
        assert!(world.crm.text(&ada, "Last_Name").is_some(), "{target}");
        assert_eq!(states(&world).await, [LinkState::Tombstone]);
        let before = world.mailbox().get(&item);
        world.crm.edit(&ada, "Title", Some("Countess"));
        world.sync().await;
        assert_eq!(world.mailbox().get(&item), before);
        assert_eq!(world.mailbox().all().len(), 1);
    }
}

#[tokio::test]
async fn n2_moved_out_and_in_again_it_is_the_same_contact() {
    for (world, record, item) in [with_ada().await, with_grace().await] {
        let folder = world.mailbox().container();
        world.mailbox().user_moves(&item, ROOT);
        world.sync().await;
        world
            .mailbox()
            .user_edits(&item, OfficeField::Department, Some("Engines"));
        world.crm.edit(&record, "Assistant", Some("Charles"));
        world.sync().await;
        world.mailbox().user_moves(&item, &folder);
        world.sync().await;
        assert_eq!(states(&world).await, [LinkState::Linked]);
        assert_eq!(world.crm.text(&record, "Department").unwrap(), "Engines");
        assert_eq!(
            world.mailbox().text(&item, OfficeField::AssistantName).unwrap(),
            "Charles"
        );
        assert_eq!(
            (world.crm.state().records.len(), world.mailbox().all().len()),
            (1, 1)
        );
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn both_gone_the_link_is_dropped() {
    for born_in_crm in [true, false] {
        let (world, record, item) = propagating(born_in_crm).await;
        world.mailbox().user_deletes(&item);
        world.crm.delete(&record);
        world.sync().await;
        assert_eq!(states(&world).await, []);
        stays_as_it_is(&world).await;
        let (world, record, item) = with_ada().await;
        world.mailbox().user_deletes(&item);
        world.mailbox().user_empties_the_trash();
        world.crm.delete(&record);
        world.sync().await;
        assert_eq!(states(&world).await, []);
    }
}

#[tokio::test]
async fn a_record_that_the_crm_will_not_let_go_stays_and_its_item_is_not_made_again() {
    let (world, record, item) = propagating(true).await;
    world.crm.locks(&record);
    world.mailbox().user_deletes(&item);
    for _ in 0..3 {
        world.sync().await;
    }
    assert_eq!(states(&world).await, [LinkState::Tombstone]);
    assert_eq!(world.counts().await.pending, 0);
}

#[tokio::test]
async fn n1_a_record_merged_into_another_leaves_one_contact() {
    let (world, ada, item) = with_ada().await;
    let twin = world
        .crm
        .add("alice", &[("Last_Name", "Lovelace"), ("Department", "Engines")]);
    world.sync().await;
    world.crm.merge(&twin, &ada);
    world.sync().await;
    assert_eq!(world.mailbox().get(&item), None);
    assert_eq!(
        world.mailbox().shown(&twin, OfficeField::JobTitle).unwrap(),
        "Analyst"
    );
    assert_eq!(world.mailbox().all().len(), 1);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n2_a_record_restored_before_its_deletion_was_seen_keeps_its_item() {
    let (world, ada, item) = with_ada().await;
    world.crm.delete(&ada);
    world.wait(300);
    world
        .feed
        .refresh(&world.crm, &world.store, &world.clock, jiff::SignedDuration::ZERO)
        .await
        .unwrap();
    world.crm.restore(&ada);
    assert_eq!(world.run().await.unwrap(), Outcome::UpToDate);
    assert!(world.mailbox().get(&item).is_some());
    assert_eq!(states(&world).await, [LinkState::Linked]);
}

#[tokio::test]
async fn n2_a_record_restored_later_comes_once_it_is_touched() {
    let (world, ada, _) = with_ada().await;
    world.crm.delete(&ada);
    world.sync().await;
    world.crm.restore(&ada);
    world.crm.touch(&ada);
    world.sync().await;
    assert_eq!(world.mailbox().ids_of(&ada).len(), 1);
    stays_as_it_is(&world).await;
}
