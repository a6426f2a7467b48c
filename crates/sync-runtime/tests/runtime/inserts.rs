//! Making records: lost answers, crashes, refusals.

use sync_engine::office_field::OfficeField;
use sync_runtime::contacts::Stop;
use sync_runtime::ports::Failure;
use sync_runtime::store::Store;

use crate::fakes::faults::Fault;
use crate::fakes::world::World;
use crate::scenes::{own, stays_as_it_is, with_ada};

async fn with_own(external_ids: bool) -> (World, String) {
    let mut world = World::new();
    if external_ids {
        world.keeps_external_ids();
    }
    world.sync().await;
    let item = own(&world, "Hopper");
    world.wait(300);
    (world, item)
}

#[tokio::test]
async fn n2_an_insert_whose_answer_is_lost_is_looked_up_before_it_is_repeated() {
    for external_ids in [true, false] {
        for effect in [true, false] {
            let (world, item) = with_own(external_ids).await;
            world.faults.plan("insert record", 0, Fault::MaybeDone { effect });
            world.run().await.unwrap_err();
            world.sync().await;
            let grace = world.crm.the("Hopper");
            world
                .mailbox()
                .user_edits(&item, OfficeField::JobTitle, Some("Rear Admiral"));
            world.sync().await;
            assert_eq!(world.crm.text(&grace, "Title").unwrap(), "Rear Admiral");
            assert_eq!(world.mailbox().all().len(), 1);
            stays_as_it_is(&world).await;
        }
    }
}

#[tokio::test]
async fn n2_a_crash_around_an_insert_makes_no_second_record() {
    for external_ids in [true, false] {
        for (call, skips) in [
            ("insert record", 1),
            ("commit", 6),
            ("find record", 2),
            ("read", 1),
        ] {
            for skip in 0..skips {
                for effect in [true, false] {
                    let (mut world, item) = with_own(external_ids).await;
                    world.faults.plan(call, skip, Fault::Crash { effect });
                    let _ = world.run_until(0, jiff::Timestamp::MAX).await;
                    world.faults.unplan();
                    world.restart();
                    world.sync().await;
                    let context = format!("{call} {skip} {effect} {external_ids}");
                    assert_eq!(world.crm.named("alice", "Hopper").len(), 1, "{context}");
                    assert_eq!(world.mailbox().all().len(), 1, "{context}");
                    assert!(world.mailbox().get(&item).is_some(), "{context}");
                    stays_as_it_is(&world).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn n2_without_a_unique_field_a_lost_insert_is_waited_for() {
    let (world, _) = with_own(false).await;
    let other = world.person("Other");
    world
        .faults
        .plan("insert record", 0, Fault::MaybeDone { effect: true });
    world.run().await.unwrap_err();
    for _ in 0..2 {
        world.wait(10);
        match world.run().await {
            Err(Stop::Failure(Failure::Unsettled { after })) => assert!(after.as_secs() <= 20),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        world.mailbox().all().len(),
        1,
        "what it made must not pass for a new record"
    );
    world.wait(10);
    world.run().await.unwrap();
    assert_eq!(world.mailbox().ids_of(&other).len(), 1);
    assert_eq!(world.mailbox().all().len(), 2);
    world.crm.the("Hopper");
}

#[tokio::test]
async fn n2_with_a_unique_field_a_lost_insert_is_settled_at_once() {
    let (world, _) = with_own(true).await;
    world
        .faults
        .plan("insert record", 0, Fault::MaybeDone { effect: true });
    world.run().await.unwrap_err();
    world.run().await.unwrap();
    world.crm.the("Hopper");
    assert_eq!(world.counts().await.linked, 1);
}

#[tokio::test]
async fn n1_edits_made_while_an_insert_was_in_doubt_meet() {
    let (world, item) = with_own(false).await;
    world
        .faults
        .plan("insert record", 0, Fault::MaybeDone { effect: true });
    world.run().await.unwrap_err();
    world
        .mailbox()
        .user_edits(&item, OfficeField::Department, Some("Engines"));
    world.sync().await;
    let grace = world.crm.the("Hopper");
    assert_eq!(world.crm.text(&grace, "Department").unwrap(), "Engines");
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n2_where_nobody_can_tell_which_record_it_is_both_wait_for_a_person() {
    for (resolved_by, edited) in [("equal", "Title"), ("equal", "Last_Name"), ("reenable", "Title")] {
        let (mut world, item) = with_own(false).await;
        world
            .faults
            .plan("insert record", 0, Fault::MaybeDone { effect: true });
        world.run().await.unwrap_err();
        let grace = world.crm.the("Hopper");
        world.wait(2);
        world.crm.edit(&grace, edited, Some("Captain"));
        let other = world.person("Other");
        world.sync().await;
        assert_eq!(
            world.mailbox().ids_of(&other).len(),
            1,
            "records that it cannot be go on"
        );
        assert_eq!(world.counts().await.parked, 2);
        world.crm.touch(&grace);
        stays_as_it_is(&world).await;
        assert_eq!(world.counts().await.parked, 2);
        assert_eq!(world.crm.state().records.len(), 2);
        if resolved_by == "equal" {
            let field = if edited == "Title" {
                OfficeField::JobTitle
            } else {
                OfficeField::Surname
            };
            world.mailbox().user_edits(&item, field, Some("Captain"));
            world.sync().await;
            assert_eq!(world.crm.state().records.len(), 2);
            assert_eq!(world.mailbox().all().len(), 2);
        } else {
            world.users[0].reenable = true;
            world.sync().await;
            world.users[0].reenable = false;
            assert_eq!(world.crm.named("alice", "Hopper").len(), 2);
            assert_eq!(world.mailbox().all().len(), 3);
        }
        assert_eq!(world.counts().await.parked, 0);
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn n2_of_several_records_that_it_may_be_none_gets_an_item() {
    let (world, _) = with_own(false).await;
    world
        .faults
        .plan("insert record", 0, Fault::MaybeDone { effect: true });
    let unfit = world
        .crm
        .add("alice", &[("Last_Name", "Other"), ("Email", "broken")]);
    world.run().await.unwrap_err();
    let grace = world.crm.the("Hopper");
    world.wait(2);
    world.crm.edit(&grace, "Title", Some("Captain"));
    world.sync().await;
    assert_eq!(world.counts().await.parked, 3);
    world.crm.edit(&unfit, "Email", None);
    world.crm.touch(&grace);
    stays_as_it_is(&world).await;
    assert_eq!(world.mailbox().all().len(), 1);
    assert_eq!(world.crm.state().records.len(), 2);
}

#[tokio::test]
async fn n2_a_record_in_doubt_that_became_unfit_may_be_the_one() {
    let (world, item) = with_own(false).await;
    world
        .faults
        .plan("insert record", 0, Fault::MaybeDone { effect: true });
    world.run().await.unwrap_err();
    let grace = world.crm.the("Hopper");
    world.wait(2);
    world.crm.edit(&grace, "Email", Some("broken"));
    world.sync().await;
    assert_eq!(world.crm.the("Hopper"), grace);
    assert_eq!(world.counts().await.parked, 2);
    world.crm.edit(&grace, "Email", None);
    world.mailbox().state().touch(&item);
    world.sync().await;
    assert_eq!(world.crm.the("Hopper"), grace);
    assert_eq!((world.counts().await.linked, world.counts().await.parked), (1, 0));
}

#[tokio::test]
async fn a_contact_that_is_deleted_while_its_insert_is_in_doubt_is_not_parked() {
    let (world, item) = with_own(false).await;
    world
        .faults
        .plan("insert record", 0, Fault::MaybeDone { effect: true });
    world.run().await.unwrap_err();
    let grace = world.crm.the("Hopper");
    world.wait(2);
    world.crm.edit(&grace, "Title", Some("Captain"));
    world.mailbox().user_deletes(&item);
    world.sync().await;
    let parked = world.parked().await;
    assert_eq!((parked.len(), &parked[0].id), (1, &grace));
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn a_record_refused_inside_a_batch_keeps_no_other_from_being_made() {
    let world = World::new();
    world.crm.refuses("Title", Some("bad"));
    world.sync().await;
    own(&world, "A");
    let bad = own(&world, "B");
    own(&world, "C");
    world
        .mailbox()
        .user_edits(&bad, OfficeField::JobTitle, Some("bad"));
    world.sync().await;
    assert_eq!(world.crm.state().records.len(), 2);
    let parked = world.parked().await;
    assert_eq!((&parked[0].id, parked[0].field.as_deref()), (&bad, Some("Title")));
    assert!(!parked[0].reason.contains("bad"), "n8: {}", parked[0].reason);
    stays_as_it_is(&world).await;
    world
        .mailbox()
        .user_edits(&bad, OfficeField::JobTitle, Some("good"));
    world.sync().await;
    world.crm.the("B");
    assert_eq!(world.counts().await.parked, 0);
}

#[tokio::test]
async fn a_change_that_the_crm_refuses_waits_and_keeps_nothing_else_back() {
    let (world, ada, item) = with_ada().await;
    let other = own(&world, "Hopper");
    world.sync().await;
    world.crm.refuses("Title", Some("bad"));
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("bad"));
    world
        .mailbox()
        .user_edits(&other, OfficeField::JobTitle, Some("Rear Admiral"));
    world.sync().await;
    let grace = world.crm.the("Hopper");
    assert_eq!(world.crm.text(&grace, "Title").unwrap(), "Rear Admiral");
    assert_eq!(world.parked().await[0].id, ada);
    // A touch of the record that changes nothing that is mapped ends nothing.
    world.crm.touch(&ada);
    world.sync().await;
    assert_eq!(world.counts().await.parked, 1);
    world.crm.refuses("Title", None);
    world.crm.touch(&ada);
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Title").unwrap(), "bad");
    assert_eq!(world.counts().await.parked, 0);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn an_edit_that_is_taken_back_ends_its_parking() {
    let (world, _, item) = with_ada().await;
    world.mailbox().user_edits(&item, OfficeField::Surname, None);
    world.sync().await;
    assert_eq!(world.counts().await.parked, 1);
    world
        .mailbox()
        .user_edits(&item, OfficeField::Surname, Some("Lovelace"));
    world.sync().await;
    assert_eq!(world.counts().await.parked, 0);
    assert_eq!(world.crm.writes().updates, 0);
}

#[tokio::test]
async fn k2_what_the_crm_would_refuse_is_parked_before_the_call() {
    let mut world = World::new();
    world.describes("Title", |field| field.length = Some(5));
    world.sync().await;
    let folder = world.mailbox().container();
    let nameless = world
        .mailbox()
        .user_adds(&folder, &[(OfficeField::GivenName, "Grace")]);
    let long = own(&world, "Hopper");
    let no_address = own(&world, "Lovelace");
    world
        .mailbox()
        .user_edits(&no_address, OfficeField::JobTitle, None);
    world
        .mailbox()
        .user_edits(&no_address, OfficeField::Email1, Some("not an address"));
    world.sync().await;
    assert_eq!(world.faults.calls("insert record"), 0);
    let parked = world.parked().await;
    let field = |id: &str| {
        let found = parked.iter().find(|parked| parked.id == id).unwrap();
        assert!(
            !found.reason.contains("Hopper") && !found.reason.contains("Grace"),
            "n8"
        );
        found.field.clone().unwrap()
    };
    assert_eq!(
        [field(&nameless), field(&long), field(&no_address)],
        ["surname", "jobTitle", "email1"]
    );
    world
        .mailbox()
        .user_edits(&nameless, OfficeField::Surname, Some("Hopper"));
    world
        .mailbox()
        .user_edits(&long, OfficeField::JobTitle, Some("Adm"));
    world.mailbox().user_edits(&no_address, OfficeField::Email1, None);
    world.sync().await;
    assert_eq!(world.crm.state().records.len(), 3);
    assert_eq!(world.counts().await.parked, 0);
}

#[tokio::test]
async fn n2_a_unique_value_of_the_same_owner_is_the_same_contact_and_of_another_a_conflict() {
    for owner in ["alice", "bob"] {
        let world = World::new();
        world.crm.makes_unique("Email");
        let record = world
            .crm
            .import(owner, &[("Last_Name", "Murray"), ("Email", "g@example.com")]);
        world.sync().await;
        let item = own(&world, "Hopper");
        world
            .mailbox()
            .user_edits(&item, OfficeField::Email1, Some("g@example.com"));
        world.sync().await;
        world.sync().await;
        assert_eq!(world.crm.state().records.len(), 1);
        assert_eq!(world.mailbox().all().len(), 1);
        if owner == "alice" {
            assert_eq!(world.counts().await.linked, 1);
            assert_eq!(world.crm.text(&record, "Title").unwrap(), "Admiral");
            assert_eq!(
                world.mailbox().text(&item, OfficeField::Surname).unwrap(),
                "Murray",
                "the names conflict, and the CRM wins"
            );
        } else {
            let parked = world.parked().await;
            assert_eq!(
                (&parked[0].id, parked[0].field.as_deref()),
                (&item, Some("Email"))
            );
            assert_eq!(world.crm.text(&record, "Title"), None);
        }
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn n2_two_items_with_one_unique_value_do_not_share_a_record() {
    let world = World::new();
    world.crm.makes_unique("Email");
    world.sync().await;
    let items = [own(&world, "A"), own(&world, "B")];
    for item in &items {
        world
            .mailbox()
            .user_edits(item, OfficeField::Email1, Some("same@example.com"));
    }
    world.sync().await;
    assert_eq!(world.crm.state().records.len(), 1);
    assert_eq!((world.counts().await.linked, world.counts().await.parked), (1, 1));
    let links = world.store.inner.all_links(world.users[0].scope).await.unwrap();
    let linked = links[0].office_id.clone().unwrap();
    let parked = world.parked().await[0].id.clone();
    assert_ne!(linked, parked);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n2_a_lost_answer_to_making_a_record_anew_leaves_one() {
    for external_ids in [true, false] {
        for effect in [true, false] {
            let mut world = World::new();
            if external_ids {
                world.keeps_external_ids();
            }
            let (ada, item) = crate::scenes::ada_in(&world).await;
            let (_, born) = crate::scenes::grace_in(&world).await;
            let grace = world.crm.the("Hopper");
            for (record, item) in [(&ada, &item), (&grace, &born)] {
                world
                    .mailbox()
                    .user_edits(item, OfficeField::JobTitle, Some("Countess"));
                world.crm.delete(record);
            }
            world.faults.plan("insert record", 0, Fault::MaybeDone { effect });
            world.wait(300);
            world.run().await.unwrap_err();
            world.sync().await;
            world.crm.the("Lovelace");
            world.crm.the("Hopper");
            assert_eq!(world.counts().await.linked, 2);
            assert_eq!(world.mailbox().all().len(), 2);
            stays_as_it_is(&world).await;
        }
    }
}

#[tokio::test]
async fn failures_of_the_writes_to_the_crm_end_the_run_and_lose_nothing() {
    for fault in [
        Fault::NotDone,
        Fault::MaybeDone { effect: false },
        Fault::MaybeDone { effect: true },
    ] {
        let (world, ada, item) = with_ada().await;
        world
            .mailbox()
            .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
        world.faults.plan("update record", 0, fault);
        world.wait(300);
        world.run().await.unwrap_err();
        world.sync().await;
        assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess");
        assert_eq!(world.conflicts().await, [], "{fault:?}");
        stays_as_it_is(&world).await;
    }
}
