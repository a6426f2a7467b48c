//! Lost answers, crashes, a lost store, a new key.

use sync_engine::hash::Hasher;
use sync_engine::office_field::OfficeField;
use sync_runtime::contacts::Outcome;

use crate::fakes::faults::Fault;
use crate::fakes::world::World;

#[tokio::test]
async fn n2_a_create_whose_outcome_is_unknown_is_looked_up() {
    for effect in [true, false] {
        let world = World::one_way();
        let ids: Vec<String> = ["A", "B", "C"].iter().map(|name| world.person(name)).collect();
        world.faults.plan("create item", 1, Fault::MaybeDone { effect });
        world.run().await.unwrap_err();
        assert_eq!(world.counts().await.linked, 2, "what was done is kept");
        world.sync().await;
        for id in &ids {
            world.mailbox().id_of(id);
        }
        assert_eq!(world.mailbox().writes().creates, 3);
        assert_eq!(world.state().await.initial.done, 3);
    }
}

#[tokio::test]
async fn n2_a_crash_at_any_call_or_commit_of_a_run_doubles_and_loses_nothing() {
    for call in [
        "commit",
        "records",
        "create item",
        "update item",
        "delete item",
        "find",
        "read",
    ] {
        for skip in 0..12 {
            for effect in [true, false] {
                crash_once(call, skip, effect).await;
            }
        }
    }
}

async fn crash_once(call: &'static str, skip: u64, effect: bool) {
    let mut world = World::one_way();
    let ids: Vec<String> = ["A", "B", "C", "D"]
        .iter()
        .map(|name| world.person(name))
        .collect();
    world.sync().await;
    world.crm.edit(&ids[0], "Title", Some("new"));
    world.crm.delete(&ids[1]);
    world.crm.edit(&ids[2], "Last_Name", Some("renamed"));
    let fresh = [world.person("E"), world.person("F")];
    world
        .faults
        .plan("create item", 0, Fault::MaybeDone { effect: true });
    world.faults.plan(call, skip, Fault::Crash { effect });
    let mut runs = 0;
    loop {
        world.wait(300);
        match world.run_until(0, world.now()).await {
            Some(Ok(Outcome::UpToDate)) => break,
            None => world.restart(),
            _ => {}
        }
        runs += 1;
        assert!(runs < 20, "{call} {skip} {effect}");
    }
    world.sync().await;
    let mailbox = world.mailbox();
    assert_eq!(mailbox.shown(&ids[0], OfficeField::JobTitle).unwrap(), "new");
    assert!(mailbox.ids_of(&ids[1]).is_empty());
    assert_eq!(mailbox.shown(&ids[2], OfficeField::Surname).unwrap(), "renamed");
    for id in &fresh {
        mailbox.id_of(id);
    }
    assert_eq!(mailbox.all().len(), 5, "{call} {skip} {effect}");
    assert_eq!(mailbox.writes().no_ops, 0);
}

#[tokio::test]
async fn n1_an_edit_of_an_item_whose_create_was_cut_off_is_kept() {
    let world = World::one_way();
    let ada = world
        .crm
        .add("alice", &[("Last_Name", "Lovelace"), ("Title", "Analyst")]);
    world
        .faults
        .plan("create item", 0, Fault::MaybeDone { effect: true });
    world.run().await.unwrap_err();
    world
        .mailbox()
        .user_edits(&world.mailbox().id_of(&ada), OfficeField::JobTitle, Some("mine"));
    world.sync().await;
    assert_eq!(
        world.mailbox().shown(&ada, OfficeField::JobTitle).unwrap(),
        "mine"
    );
}

#[tokio::test]
async fn a_field_cleared_while_its_create_was_cut_off_is_cleared() {
    let world = World::one_way();
    let ada = world
        .crm
        .add("alice", &[("Last_Name", "Lovelace"), ("Title", "Analyst")]);
    world
        .faults
        .plan("create item", 0, Fault::MaybeDone { effect: true });
    world.run().await.unwrap_err();
    world.wait(60);
    world.crm.edit(&ada, "Title", None);
    world.sync().await;
    assert_eq!(world.mailbox().shown(&ada, OfficeField::JobTitle), None);
}

#[tokio::test]
async fn n2_a_lost_store_costs_reads_and_nothing_else() {
    let mut world = World::one_way();
    for n in 0..30 {
        world.crm.add(
            "alice",
            &[("Last_Name", &format!("P{n}")), ("Email", "a@example.com")],
        );
        world.wait(1);
    }
    world.crm.import("alice", &[("Last_Name", "Imported")]);
    world.sync().await;
    world.users[0].known_folder = Some(world.mailbox().container());
    let (items, writes) = (world.mailbox().all(), world.mailbox().writes());
    world.lose_store();
    world.sync().await;
    world.sync().await;
    assert_eq!(world.mailbox().writes(), writes);
    assert_eq!(world.mailbox().all().len(), items.len());
    assert_eq!(world.counts().await.linked, 30);
    let initial = world.state().await.initial;
    assert_eq!((initial.total, initial.done, initial.imported), (31, 30, 1));
}

#[tokio::test]
async fn k6_a_lost_store_brings_no_record_from_over_the_cap() {
    let mut world = World::one_way();
    world.policy.initial_cap = 10;
    let mut ids = vec![];
    for n in 0..25 {
        ids.push(world.person(&format!("P{n}")));
        world.wait(1);
    }
    world.sync().await;
    // Beyond the cap, as they were made later.
    let later: Vec<String> = (0..5).map(|n| world.person(&format!("later {n}"))).collect();
    world.sync().await;
    assert_eq!(world.mailbox().writes().creates, 15);
    world.lose_store();
    world.sync().await;
    world.sync().await;
    assert_eq!(world.mailbox().writes().creates, 15);
    // All of them were compared: what comes next needs their bases.
    world.crm.delete(&ids[15]);
    world.crm.delete(&ids[24]);
    world.crm.delete(&later[0]);
    world.sync().await;
    assert_eq!(world.mailbox().all().len(), 12);
}

#[tokio::test]
async fn n2_a_lost_store_and_a_copy_make_no_third() {
    let mut world = World::one_way();
    let ada = world.person("Lovelace");
    world.sync().await;
    world
        .mailbox()
        .user_copies(&world.mailbox().id_of(&ada), "z-copy");
    world.lose_store();
    world.sync().await;
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.sync().await;
    assert_eq!(world.mailbox().ids_of(&ada).len(), 2);
    assert_eq!(world.mailbox().writes().updates, 1);
}

#[tokio::test]
async fn n9_an_adopted_item_without_its_record_stays() {
    let mut world = World::one_way();
    let ada = world.person("Lovelace");
    world.person("Hopper");
    world.sync().await;
    world.crm.delete(&ada);
    world.lose_store();
    world.wait(3_600);
    world.person("Later");
    world.sync().await;
    world.sync().await;
    assert_eq!(world.mailbox().writes().deletes, 0);
}

#[tokio::test]
async fn a_new_key_compares_anew_and_writes_nothing() {
    let mut world = World::one_way();
    let ada = world
        .crm
        .add("alice", &[("Last_Name", "Lovelace"), ("Title", "Analyst")]);
    world.sync().await;
    let writes = world.mailbox().writes();
    world.hasher = Hasher::new([6; 32]);
    world.sync().await;
    assert_eq!(world.mailbox().writes(), writes);
    // The new bases work: a clear needs one.
    world.crm.edit(&ada, "Title", None);
    world.sync().await;
    assert_eq!(world.mailbox().shown(&ada, OfficeField::JobTitle), None);
}

#[tokio::test]
async fn failures_of_either_service_end_the_run_and_lose_nothing() {
    for call in [
        "folders",
        "create_folder",
        "newest_change",
        "owned",
        "records",
        "origin",
        "find",
        "read",
    ] {
        for fault in [Fault::Transient, Fault::Throttled, Fault::OutOfCredits] {
            let world = World::one_way();
            let ids: Vec<String> = (0..3).map(|n| world.person(&format!("P{n}"))).collect();
            world.faults.plan(call, 0, fault);
            let first = world.run().await;
            let late = ["find", "read"].contains(&call);
            world.wait(1);
            assert_eq!(first.is_err(), !late, "{call}");
            for id in &ids {
                world.crm.edit(id, "Title", Some("new"));
            }
            world.wait(300);
            assert_eq!(world.run().await.is_err(), call == "read", "{call}");
            world.sync().await;
            for id in &ids {
                assert_eq!(world.mailbox().shown(id, OfficeField::JobTitle).unwrap(), "new");
            }
        }
    }
}
