//! One way only: nothing is written on the side that the contacts come from.

use sync_engine::link::LinkState;
use sync_engine::mapping::Direction;
use sync_engine::office_field::OfficeField;
use sync_engine::plan::Deletes;
use sync_runtime::contacts::Disabled;

use crate::fakes::crm::CrmWrites;
use crate::fakes::mailbox::Writes;
use crate::fakes::world::World;
use crate::scenes::{grace_in, own, states, stays_as_it_is};

fn towards_crm() -> World {
    let mut world = World::new();
    world.flows(Direction::OfficeToCrm);
    world
}

#[tokio::test]
async fn i19_from_the_crm_only_nothing_is_written_there() {
    let mut world = World::one_way();
    world.policy.deletes_to_crm = Deletes::Propagate;
    let ids: Vec<String> = (0..5).map(|n| world.person(&format!("P{n}"))).collect();
    world.sync().await;
    let item = |n: usize| world.mailbox().id_of(&ids[n]);
    let mine = own(&world, "Hopper");
    world
        .mailbox()
        .user_edits(&item(0), OfficeField::JobTitle, Some("mine"));
    let edited = item(1);
    world
        .mailbox()
        .user_edits(&edited, OfficeField::JobTitle, Some("mine"));
    world.crm.delete(&ids[1]);
    world.mailbox().user_deletes(&item(2));
    world.crm.edit(&ids[0], "Department", Some("Engines"));
    world.crm.edit(&ids[2], "Department", Some("Engines"));
    for _ in 0..3 {
        world.sync().await;
    }
    assert_eq!(world.crm.writes(), CrmWrites::default());
    assert_eq!(
        world.mailbox().text(&item(0), OfficeField::Department).unwrap(),
        "Engines"
    );
    assert!(world.mailbox().get(&mine).is_some() && world.mailbox().get(&edited).is_some());
    assert_eq!(world.disabled().await, 3);
    assert_eq!(world.crm.writes(), CrmWrites::default());
}

#[tokio::test]
async fn i19_from_the_mailbox_only_nothing_is_written_there_but_the_folder() {
    let mut world = towards_crm();
    world.policy.deletes_to_crm = Deletes::Propagate;
    let theirs = world.person("Theirs");
    let (grace, born) = grace_in(&world).await;
    let given = own(&world, "Given");
    let gone = own(&world, "Gone");
    world.sync().await;
    world.crm.edit(&grace, "Department", Some("theirs"));
    world
        .mailbox()
        .user_edits(&born, OfficeField::JobTitle, Some("Rear Admiral"));
    world.crm.transfer(&world.crm.the("Given"), "bob");
    world.mailbox().user_deletes(&gone);
    world.sync().await;
    world.sync().await;
    assert_eq!(world.crm.text(&grace, "Title").unwrap(), "Rear Admiral");
    assert_eq!(world.crm.text(&grace, "Department").unwrap(), "theirs");
    assert!(world.crm.named("alice", "Gone").is_empty());
    world.crm.delete(&grace);
    world.sync().await;
    assert!(world.mailbox().get(&born).is_some() && world.mailbox().get(&given).is_some());
    assert_eq!(world.mailbox().ids_of(&theirs).len(), 0);
    let folder_alone = Writes {
        folders: 1,
        ..Writes::default()
    };
    assert_eq!(world.mailbox().writes(), folder_alone);
    assert!(
        states(&world)
            .await
            .iter()
            .all(|state| *state == LinkState::Detached)
    );
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn i19_a_direction_that_opens_brings_what_was_left_out() {
    let mut world = towards_crm();
    let theirs: Vec<String> = (0..9).map(|n| world.person(&format!("P{n}"))).collect();
    grace_in(&world).await;
    world.flows(Direction::Both);
    world.sync().await;
    for id in &theirs {
        assert_eq!(world.mailbox().ids_of(id).len(), 1);
    }
    assert_eq!(world.mailbox().all().len(), 10);
    stays_as_it_is(&world).await;

    let mut world = World::one_way();
    world.person("Theirs");
    world.sync().await;
    own(&world, "Hopper");
    world.sync().await;
    world.flows(Direction::Both);
    world.sync().await;
    world.crm.the("Hopper");
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn i19_a_direction_that_closes_leaves_what_is_there() {
    for direction in [Direction::CrmToOffice, Direction::OfficeToCrm] {
        let mut world = World::new();
        world.person("Theirs");
        grace_in(&world).await;
        world.flows(direction);
        stays_as_it_is(&world).await;
        assert_eq!(
            (world.crm.state().records.len(), world.mailbox().all().len()),
            (2, 2)
        );
        world.flows(Direction::Both);
        stays_as_it_is(&world).await;
        assert_eq!(
            (world.crm.state().records.len(), world.mailbox().all().len()),
            (2, 2)
        );
    }
}

#[tokio::test]
async fn k8_from_the_mailbox_only_disabling_leaves_every_record() {
    let world = towards_crm();
    grace_in(&world).await;
    assert_eq!(
        world.disable().await.unwrap(),
        Disabled::Done { left_in_place: 0 }
    );
    world.crm.the("Hopper");
}
