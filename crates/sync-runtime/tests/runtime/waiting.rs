//! Contacts that wait for something that shows nowhere when it is over.

use sync_engine::office_field::OfficeField;
use sync_engine::plan::Deletes;

use crate::fakes::faults::Fault;
use crate::fakes::world::World;
use crate::scenes::{ada_in, own, stays_as_it_is, with_ada};

const HOUR: u64 = 3600;

#[tokio::test]
async fn n1_a_locked_record_keeps_nobody_waiting_and_takes_the_edit_later() {
    let (world, ada, item) = with_ada().await;
    let edit = |text| {
        world
            .mailbox()
            .user_edits(&item, OfficeField::Department, Some(text));
    };
    edit("Engines");
    world.faults.plan("update record", 0, Fault::Locked);
    world.sync().await;
    let parked = world.parked().await;
    assert_eq!(parked.len(), 1);
    assert!(parked[0].reason.contains("RECORD_LOCKED"), "{}", parked[0].reason);
    // The others are synced, and nobody knocks at the lock each time.
    own(&world, "Hopper");
    let before = world.faults.calls("update record");
    world.sync().await;
    world.crm.the("Hopper");
    assert_eq!(world.faults.calls("update record"), before);
    world.wait(HOUR);
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Department").unwrap(), "Engines");
    assert_eq!(world.counts().await.parked, 0);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn a_record_that_stays_locked_is_tried_once_an_hour() {
    let (world, _, item) = with_ada().await;
    world
        .mailbox()
        .user_edits(&item, OfficeField::Department, Some("Engines"));
    for hour in 1..4 {
        world.faults.plan("update record", 0, Fault::Locked);
        world.sync().await;
        for _ in 0..3 {
            world.sync().await;
        }
        assert_eq!(world.faults.calls("update record"), hour);
        assert_eq!(world.counts().await.parked, 1);
        world.wait(HOUR);
    }
}

#[tokio::test]
async fn n6_a_locked_record_is_deleted_once_it_is_free() {
    let mut world = World::new();
    world.policy.deletes_to_crm = Deletes::Propagate;
    let (ada, item) = ada_in(&world).await;
    world.mailbox().user_deletes(&item);
    world.faults.plan("delete record", 0, Fault::Locked);
    for _ in 0..3 {
        world.sync().await;
    }
    assert!(world.crm.state().records.contains_key(&ada));
    world.wait(HOUR);
    for _ in 0..2 {
        world.sync().await;
    }
    assert!(!world.crm.state().records.contains_key(&ada));
    assert_eq!(world.counts().await.parked, 0);
}

#[tokio::test]
async fn n1_an_edit_of_a_record_out_of_sight_is_carried_over_once_it_is_seen_again() {
    let (world, ada, item) = with_ada().await;
    world.crm.hide(&ada, true);
    world
        .mailbox()
        .user_edits(&item, OfficeField::Department, Some("Engines"));
    world.sync().await;
    assert_eq!(world.counts().await.parked, 1);
    world.crm.hide(&ada, false);
    world.wait(HOUR);
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Department").unwrap(), "Engines");
    assert_eq!(world.counts().await.parked, 0);
}
