//! A store that is lost or older than the truth, a key that is lost, both ways.

use sync_engine::hash::Hasher;
use sync_engine::merge::ConflictPolicy;
use sync_engine::office_field::OfficeField;
use sync_engine::plan::Deletes;
use sync_runtime::contacts::Outcome;

use crate::fakes::faults::Fault;
use crate::fakes::world::World;
use crate::scenes::{ada_in, grace_in, own, stays_as_it_is, with_ada};

/// Contacts of both births, synced; then the store is lost.
async fn lost(external_ids: bool, change: impl FnOnce(&World, &str, &str)) -> World {
    let mut world = World::new();
    if external_ids {
        world.keeps_external_ids();
    }
    ada_in(&world).await;
    let (grace, born) = grace_in(&world).await;
    for n in 0..5 {
        own(&world, &format!("O{n}"));
        world.person(&format!("P{n}"));
    }
    world.sync().await;
    world.sync().await;
    world.report().await;
    change(&world, &grace, &born);
    world.lose_store();
    world
}

#[tokio::test]
async fn n2_a_lost_store_costs_reads_and_nothing_else_with_and_without_a_unique_field() {
    for external_ids in [true, false] {
        let world = lost(external_ids, |_, _, _| {}).await;
        let before = (
            world.mailbox().writes(),
            world.crm.writes(),
            world.mailbox().all(),
        );
        world.sync().await;
        world.sync().await;
        let after = (
            world.mailbox().writes(),
            world.crm.writes(),
            world.mailbox().all(),
        );
        assert_eq!(after, before, "{external_ids}");
        let counts = world.counts().await;
        assert_eq!((counts.linked, counts.parked), (12, 0), "{external_ids}");
        // The bases are back: a clear needs one.
        let grace = world.crm.the("Hopper");
        world.crm.edit(&grace, "Title", None);
        world.sync().await;
        let titles = world
            .mailbox()
            .all()
            .into_values()
            .filter(|held| held.fields.contains_key(&OfficeField::JobTitle));
        assert_eq!(titles.count(), 1 + 5);
    }
}

#[tokio::test]
async fn n2_an_edit_while_the_store_is_lost_is_a_conflict_where_the_unique_field_tells_and_a_review_else() {
    for external_ids in [true, false] {
        let world = lost(external_ids, |world, _, born| {
            world
                .mailbox()
                .user_edits(born, OfficeField::JobTitle, Some("Rear Admiral"));
        })
        .await;
        world.sync().await;
        world.sync().await;
        let grace = world.crm.the("Hopper");
        assert_eq!(world.mailbox().all().len(), 12, "{external_ids}");
        if external_ids {
            assert_eq!(world.conflicts().await.len(), 1);
            assert_eq!(world.counts().await.parked, 0);
        } else {
            assert_eq!(world.counts().await.parked, 2, "the item and the record");
            assert_eq!(world.crm.text(&grace, "Title").unwrap(), "Admiral");
        }
        stays_as_it_is(&world).await;
        world.crm.the("Hopper");
    }
}

#[tokio::test]
async fn n2_what_waits_for_review_is_linked_once_both_are_equal_and_taken_as_new_once_somebody_says_so() {
    for equal in [true, false] {
        let mut world = lost(false, |world, _, born| {
            world
                .mailbox()
                .user_edits(born, OfficeField::JobTitle, Some("Rear Admiral"));
        })
        .await;
        world.sync().await;
        if equal {
            let grace = world.crm.the("Hopper");
            world.crm.edit(&grace, "Title", Some("Rear Admiral"));
            let item = world
                .parked()
                .await
                .into_iter()
                .find(|parked| parked.side == sync_engine::link::Side::Office);
            world.mailbox().state().touch(&item.unwrap().id);
            world.sync().await;
            world.crm.the("Hopper");
            assert_eq!(world.mailbox().all().len(), 12);
            assert_eq!(world.counts().await.linked, 12);
        } else {
            world.users[0].reenable = true;
            world.sync().await;
            world.users[0].reenable = false;
            assert_eq!(world.crm.named("alice", "Hopper").len(), 2);
            assert_eq!(world.mailbox().all().len(), 13);
        }
        assert_eq!(world.counts().await.parked, 0);
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn n2_what_waits_for_review_waits_on_whatever_its_owner_does() {
    let mut world = lost(false, |world, _, born| {
        world
            .mailbox()
            .user_edits(born, OfficeField::JobTitle, Some("Rear Admiral"));
    })
    .await;
    world.sync().await;
    let parked = world.parked().await;
    let office = sync_engine::link::Side::Office;
    let item = parked
        .into_iter()
        .find(|parked| parked.side == office)
        .unwrap()
        .id;
    for title in ["Captain", "Commodore"] {
        world
            .mailbox()
            .user_edits(&item, OfficeField::JobTitle, Some(title));
        world.sync().await;
        world.crm.the("Hopper");
        assert_eq!(world.counts().await.parked, 2);
    }
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("Admiral"));
    world.sync().await;
    assert_eq!(
        (world.counts().await.linked, world.counts().await.parked),
        (12, 0)
    );
    world.users[0].reenable = true;
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n2_what_waits_for_review_waits_on_when_the_sync_was_off_and_is_on_again() {
    let mut world = lost(false, |world, _, born| {
        world
            .mailbox()
            .user_edits(born, OfficeField::JobTitle, Some("Rear Admiral"));
    })
    .await;
    world.sync().await;
    assert_eq!(world.disabled().await, 1);
    for _ in 0..2 {
        world.sync().await;
    }
    // Which of the records may be its nobody knows any more, so all of them wait with it.
    assert_eq!(world.mailbox().all().len(), 1);
    assert_eq!(world.counts().await.parked, 1 + 12);
    world.crm.the("Hopper");
    world.users[0].reenable = true;
    world.sync().await;
    world.users[0].reenable = false;
    assert_eq!(world.mailbox().all().len(), 1 + 12);
    assert_eq!(world.counts().await.parked, 0);
}

#[tokio::test]
async fn n2_new_contacts_are_not_reviewed_after_a_lost_store() {
    let world = lost(false, |world, _, born| {
        world
            .mailbox()
            .user_edits(born, OfficeField::JobTitle, Some("Rear Admiral"));
    })
    .await;
    world.sync().await;
    world.wait(1);
    let mine = own(&world, "Later");
    let theirs = world.person("Theirs");
    world.sync().await;
    world.crm.the("Later");
    assert_eq!(world.mailbox().ids_of(&theirs).len(), 1);
    assert_eq!(world.counts().await.parked, 2);
    // Not even by the weekly list.
    world.mailbox().state().delta.silent.insert("own999".to_owned());
    let folder = world.mailbox().container();
    let fields = crate::fakes::outlook::fields(&[(OfficeField::Surname, "Unheard")]);
    world.mailbox().state().put("own999", &folder, None, &fields);
    world.wait(7 * 86_400);
    world.sync().await;
    world.crm.the("Unheard");
    assert!(world.mailbox().get(&mine).is_some());
}

#[tokio::test]
async fn k1_a_folder_whose_creation_was_cut_off_is_no_lost_store() {
    let mut world = World::new();
    let theirs = world.person("Theirs");
    world
        .faults
        .plan("create_folder", 0, Fault::Crash { effect: true });
    assert!(world.run_until(0, world.now()).await.is_none());
    world.restart();
    world.sync().await;
    own(&world, "Hopper");
    world.sync().await;
    world.crm.the("Hopper");
    assert_eq!(world.mailbox().ids_of(&theirs).len(), 1);
    assert_eq!(world.counts().await.parked, 0);
}

#[tokio::test]
async fn n9_a_lost_store_deletes_nothing_on_either_side() {
    let mut world = World::new();
    world.policy.deletes_to_crm = Deletes::Propagate;
    let (ada, item) = ada_in(&world).await;
    let (grace, born) = grace_in(&world).await;
    world.sync().await;
    world.report().await;
    world.mailbox().user_deletes(&item);
    world.crm.delete(&grace);
    world.lose_store();
    for _ in 0..3 {
        world.sync().await;
    }
    assert!(world.crm.text(&ada, "Last_Name").is_some());
    assert!(world.mailbox().get(&born).is_some());
    assert_eq!(
        (world.crm.writes().deletes, world.mailbox().writes().deletes),
        (0, 0)
    );
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n2_an_older_store_is_known_by_the_status_and_makes_nothing_twice() {
    for external_ids in [true, false] {
        let mut world = World::new();
        if external_ids {
            world.keeps_external_ids();
        }
        let (ada, item) = ada_in(&world).await;
        world.sync().await;
        let older = world.copy_store();
        let born = own(&world, "Hopper");
        let theirs = world.person("Theirs");
        world.crm.edit(&ada, "Department", Some("Engines"));
        world
            .mailbox()
            .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
        world.sync().await;
        world.report().await;
        world.put_back(older);
        let (writes, crm) = (world.mailbox().writes(), world.crm.writes());
        world.sync().await;
        world.sync().await;
        assert_eq!(
            (world.mailbox().writes(), world.crm.writes()),
            (writes, crm),
            "{external_ids}"
        );
        assert_eq!(world.counts().await.linked, 3);
        assert_eq!(world.counts().await.parked, 0);
        world.crm.the("Hopper");
        assert_eq!(world.mailbox().ids_of(&theirs).len(), 1);
        assert!(world.mailbox().get(&born).is_some());
        assert_eq!(world.conflicts().await, []);
        world.report().await;
        world.faults.take_calls();
        world.sync().await;
        assert!(!world.faults.take_calls().contains_key("items"), "once is enough");
    }
}

#[tokio::test]
async fn n2_an_older_store_is_known_where_the_last_answer_was_lost() {
    for call in ["create item", "insert record"] {
        let mut world = World::new();
        world.keeps_external_ids();
        world.sync().await;
        let older = world.copy_store();
        let theirs = world.person("Theirs");
        if call == "insert record" {
            own(&world, "Hopper");
        }
        world.faults.plan(call, 0, Fault::MaybeDone { effect: true });
        world.wait(300);
        world.run().await.unwrap_err();
        world.report().await;
        world.put_back(older);
        for _ in 0..2 {
            world.sync().await;
        }
        assert_eq!(world.mailbox().ids_of(&theirs).len(), 1, "{call}");
        assert_eq!(
            world.crm.state().records.len(),
            world.mailbox().all().len(),
            "{call}"
        );
    }
}

#[tokio::test]
async fn n1_an_older_store_loses_no_edit() {
    let mut world = World::new();
    world.policy.conflict = ConflictPolicy::Manual;
    let (ada, item) = ada_in(&world).await;
    world.sync().await;
    let older = world.copy_store();
    world.crm.edit(&ada, "Department", Some("Engines"));
    world.sync().await;
    world.report().await;
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
    world.crm.edit(&ada, "Assistant", Some("Charles"));
    world.put_back(older);
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess");
    assert_eq!(
        world.mailbox().text(&item, OfficeField::AssistantName).unwrap(),
        "Charles"
    );
    assert_eq!(world.conflicts().await, []);
}

#[tokio::test]
async fn n1_a_lost_key_overwrites_nothing_and_writes_nothing_where_both_are_equal() {
    let (mut world, ada, item) = with_ada().await;
    grace_in(&world).await;
    world.policy.conflict = ConflictPolicy::Manual;
    let writes = (world.mailbox().writes(), world.crm.writes());
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
    world.hasher = Hasher::new([6; 32]);
    world.sync().await;
    assert_eq!((world.mailbox().writes(), world.crm.writes()), writes);
    assert_eq!(
        world.conflicts().await.len(),
        1,
        "nobody knows who changed the title"
    );
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.sync().await;
    assert_eq!(world.conflicts().await, []);
    world.crm.edit(&ada, "Title", None);
    world.sync().await;
    assert_eq!(world.mailbox().text(&item, OfficeField::JobTitle), None);
}

#[tokio::test]
async fn n2_a_key_lost_while_an_insert_is_in_doubt_makes_no_second_record() {
    let mut world = World::new();
    world.sync().await;
    own(&world, "Hopper");
    world
        .faults
        .plan("insert record", 0, Fault::MaybeDone { effect: true });
    world.wait(300);
    world.run().await.unwrap_err();
    world.hasher = Hasher::new([6; 32]);
    world.sync().await;
    world.crm.the("Hopper");
    assert_eq!(world.counts().await.linked, 1);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n2_a_crash_at_any_point_of_a_recovery_doubles_nothing() {
    for call in [
        "commit",
        "items",
        "read",
        "records",
        "find record",
        "changes",
        "folders",
    ] {
        for skip in 0..10 {
            for effect in [true, false] {
                let mut world = lost(false, |world, _, born| {
                    world
                        .mailbox()
                        .user_edits(born, OfficeField::JobTitle, Some("Rear Admiral"));
                })
                .await;
                world.faults.plan(call, skip, Fault::Crash { effect });
                let mut tries = 0;
                loop {
                    world.wait(300);
                    match world.run_until(0, world.now()).await {
                        Some(Ok(Outcome::UpToDate)) => break,
                        None => world.restart(),
                        _ => {}
                    }
                    tries += 1;
                    assert!(tries < 30, "{call} {skip} {effect}");
                }
                world.faults.unplan();
                world.sync().await;
                assert_eq!(world.crm.state().records.len(), 12, "{call} {skip} {effect}");
                assert_eq!(world.mailbox().all().len(), 12, "{call} {skip} {effect}");
                assert_eq!(world.counts().await.parked, 2, "{call} {skip} {effect}");
            }
        }
    }
}
