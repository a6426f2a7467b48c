//! Records that do not fit wait with a reason; everything else goes on.

use sync_engine::office_field::OfficeField;

use crate::fakes::faults::Fault;
use crate::fakes::world::World;

#[tokio::test]
async fn k2_unfit_values_park_their_record_and_no_other() {
    let world = World::one_way();
    let long = "x".repeat(256);
    let nameless = world.crm.add("alice", &[("Phone", "1")]);
    let bad = world
        .crm
        .add("alice", &[("Last_Name", "Secretname"), ("Email", "no address")]);
    let too_long = world
        .crm
        .add("alice", &[("Last_Name", "L"), ("Department", &long)]);
    let no_date = world
        .crm
        .add("alice", &[("Last_Name", "L"), ("Date_of_Birth", "soon")]);
    let good = world.person("Good");
    world.sync().await;
    assert_eq!(world.mailbox().all().len(), 1);
    world.mailbox().id_of(&good);
    let parked = world.parked().await;
    let reason = |id: &str| {
        let found = parked.iter().find(|parked| parked.id == id).unwrap();
        (found.field.clone(), found.reason.clone())
    };
    assert_eq!(reason(&nameless).0, None);
    assert_eq!(reason(&bad).0.unwrap(), "Email");
    assert_eq!(reason(&too_long).0.unwrap(), "Department");
    assert_eq!(reason(&no_date).0.unwrap(), "Date_of_Birth");
    for id in [&nameless, &bad, &too_long, &no_date] {
        let text = reason(id).1;
        assert!(
            !text.contains("Secretname") && !text.contains("no address"),
            "n8: {text}"
        );
    }

    let since = parked[0].since;
    world.crm.edit(&bad, "Email", Some("still none"));
    world.sync().await;
    let again = world.parked().await;
    assert_eq!(
        again.iter().find(|p| p.id == bad).unwrap().since.as_second(),
        since.as_second()
    );

    world.crm.edit(&bad, "Email", Some("good@example.com"));
    world.sync().await;
    assert_eq!(
        world.mailbox().shown(&bad, OfficeField::Email1).unwrap(),
        "good@example.com"
    );
    assert_eq!(world.counts().await.parked, 3);
}

#[tokio::test]
async fn a_linked_record_that_becomes_unfit_keeps_its_copy_until_it_is_mended() {
    let world = World::one_way();
    let ada = world
        .crm
        .add("alice", &[("Last_Name", "Lovelace"), ("Email", "a@example.com")]);
    world.sync().await;
    world.crm.edit(&ada, "Email", Some("broken"));
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.sync().await;
    assert_eq!(
        world.mailbox().shown(&ada, OfficeField::Email1).unwrap(),
        "a@example.com"
    );
    assert_eq!(world.counts().await.parked, 1);
    world.crm.edit(&ada, "Email", Some("b@example.com"));
    world.sync().await;
    assert_eq!(
        world.mailbox().shown(&ada, OfficeField::Email1).unwrap(),
        "b@example.com"
    );
    assert_eq!(
        world.mailbox().shown(&ada, OfficeField::JobTitle).unwrap(),
        "Countess"
    );
    assert_eq!(world.counts().await.parked, 0);
}

#[tokio::test]
async fn what_the_mailbox_refuses_is_parked_and_tried_again_after_a_change() {
    let world = World::one_way();
    let ids: Vec<String> = ["A", "B", "C"].iter().map(|name| world.person(name)).collect();
    world.faults.plan("create item", 1, Fault::Refused);
    world.sync().await;
    let parked = world.parked().await;
    assert_eq!(parked.len(), 1);
    assert!(parked[0].reason.contains("ErrorInvalidProperty"));
    world.sync().await;
    assert_eq!(world.mailbox().writes().creates, 2);
    world.crm.touch(&parked[0].id);
    world.sync().await;
    for id in &ids {
        world.mailbox().id_of(id);
    }
    assert_eq!(world.counts().await.parked, 0);
}

#[tokio::test]
async fn a_copy_that_the_mailbox_will_not_let_go_is_left_to_its_owner() {
    let world = World::one_way();
    let ada = world.person("Lovelace");
    world.sync().await;
    world.crm.delete(&ada);
    world.faults.plan("delete item", 0, Fault::Refused);
    world.sync().await;
    // No change of the record will ever come, so waiting for one would park it for good.
    assert_eq!(world.mailbox().all().len(), 1);
    assert_eq!((world.counts().await.linked, world.counts().await.parked), (0, 0));
}

#[tokio::test]
async fn a_parked_record_that_is_deleted_or_transferred_is_parked_no_more() {
    let world = World::one_way();
    let deleted = world.crm.add("alice", &[("Phone", "1")]);
    let transferred = world.crm.add("alice", &[("Phone", "2")]);
    world.sync().await;
    assert_eq!(world.counts().await.parked, 2);
    world.crm.delete(&deleted);
    world.crm.transfer(&transferred, "bob");
    world.sync().await;
    assert_eq!(world.counts().await.parked, 0);
}
