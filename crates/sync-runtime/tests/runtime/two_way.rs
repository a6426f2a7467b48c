//! Both ways: what is made, edited and deleted on either side.

use sync_engine::link::{LinkState, Side};
use sync_engine::mapping::{Direction, RequestedRule, TooLong};
use sync_engine::office_field::OfficeField;

use crate::fakes::world::World;
use crate::scenes::{ada_in, links, own, stays_as_it_is, with_ada, with_grace};

#[tokio::test]
async fn k3_a_contact_made_in_outlook_gets_a_record_of_the_user() {
    let world = World::new();
    world.sync().await;
    let item = own(&world, "Hopper");
    world.sync().await;
    let grace = world.crm.the("Hopper");
    assert_eq!(world.crm.text(&grace, "Title").unwrap(), "Admiral");
    let links = links(&world).await;
    assert_eq!((links.len(), links[0].office_id.as_ref()), (1, Some(&item)));
    assert_eq!((links[0].born, links[0].state), (Side::Office, LinkState::Linked));
    // Born in Outlook: it is not written to, not even for a marker.
    assert_eq!(world.mailbox().writes().updates, 0);
    assert_eq!(world.mailbox().get(&item).unwrap().marker, None);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn k3_edits_on_either_side_of_either_birth_are_carried_over() {
    for born_in_crm in [true, false] {
        let (world, record, item) = if born_in_crm {
            with_ada().await
        } else {
            with_grace().await
        };
        world
            .mailbox()
            .user_edits(&item, OfficeField::Department, Some("Engines"));
        world.sync().await;
        assert_eq!(world.crm.text(&record, "Department").unwrap(), "Engines");
        assert_eq!(
            (world.crm.writes().updates, world.crm.writes().updated_fields),
            (1, 1)
        );
        world.crm.edit(&record, "Assistant", Some("Charles"));
        world.sync().await;
        assert_eq!(
            world.mailbox().text(&item, OfficeField::AssistantName).unwrap(),
            "Charles"
        );
        assert_eq!(world.mailbox().writes().updated_fields, 1);
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn n1_edits_of_different_fields_on_both_sides_meet() {
    let (world, ada, item) = with_ada().await;
    world.crm.edit(&ada, "Title", Some("Countess"));
    world
        .mailbox()
        .user_edits(&item, OfficeField::Department, Some("Engines"));
    world
        .mailbox()
        .user_edits(&item, OfficeField::GivenName, Some("Augusta"));
    world.sync().await;
    assert_eq!(
        world.mailbox().text(&item, OfficeField::JobTitle).unwrap(),
        "Countess"
    );
    assert_eq!(world.crm.text(&ada, "Department").unwrap(), "Engines");
    assert_eq!(world.crm.text(&ada, "First_Name").unwrap(), "Augusta");
    assert_eq!(world.conflicts().await, []);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn k3_a_cleared_field_is_cleared_on_the_other_side() {
    let (world, ada, item) = with_ada().await;
    world.mailbox().user_edits(&item, OfficeField::JobTitle, None);
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Title"), None);
    world.crm.edit(&ada, "First_Name", None);
    world.sync().await;
    assert_eq!(world.mailbox().text(&item, OfficeField::GivenName), None);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n1_a_blank_overwrites_nothing_where_no_base_shows_a_clear() {
    let (mut world, ada, item) = with_ada().await;
    world.maps_without(&[OfficeField::JobTitle, OfficeField::Department]);
    world.sync().await;
    world.mailbox().user_edits(&item, OfficeField::JobTitle, None);
    world
        .mailbox()
        .user_edits(&item, OfficeField::Department, Some("typed in Outlook"));
    world.sync().await;
    world.maps(|_| {});
    world.sync().await;
    // Newly mapped: each side keeps what it has, and gives it to the other.
    assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Analyst");
    assert_eq!(
        world.mailbox().text(&item, OfficeField::JobTitle).unwrap(),
        "Analyst"
    );
    assert_eq!(world.crm.text(&ada, "Department").unwrap(), "typed in Outlook");
}

#[tokio::test]
async fn k3_an_address_moves_as_one() {
    let (world, ada, item) = with_ada().await;
    for (field, value) in [("Mailing_City", "London"), ("Mailing_Zip", "W1")] {
        world.crm.edit(&ada, field, Some(value));
    }
    world.sync().await;
    // A removal here, another city there: mixed together they would be an address of nowhere.
    world
        .mailbox()
        .user_edits(&item, OfficeField::BusinessPostalCode, Some("W2"));
    world.crm.edit(&ada, "Mailing_City", Some("Paris"));
    world.sync().await;
    let shown = |field| world.mailbox().text(&item, field).unwrap();
    assert_eq!(
        (
            shown(OfficeField::BusinessCity),
            shown(OfficeField::BusinessPostalCode)
        ),
        ("Paris".into(), "W1".into())
    );
    assert_eq!(world.crm.text(&ada, "Mailing_Zip").unwrap(), "W1");
    let fields: Vec<String> = world.conflicts().await.into_iter().map(|c| c.field).collect();
    assert!(fields.contains(&"businessPostalCode".to_owned()), "{fields:?}");
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn k3_lists_without_gaps_come_to_rest_on_both_sides() {
    let (world, ada, item) = with_ada().await;
    world.crm.edit(&ada, "Email", Some("a@example.com"));
    world.crm.edit(&ada, "Secondary_Email", Some("b@example.com"));
    world.sync().await;
    // The first one goes in Outlook, and the second one takes its place there.
    world.mailbox().user_edits(&item, OfficeField::Email1, None);
    world.sync().await;
    world.sync().await;
    assert_eq!(
        world.mailbox().text(&item, OfficeField::Email1).unwrap(),
        "b@example.com"
    );
    assert_eq!(world.mailbox().text(&item, OfficeField::Email2), None);
    assert_eq!(world.crm.text(&ada, "Email").unwrap(), "b@example.com");
    assert_eq!(world.crm.text(&ada, "Secondary_Email"), None);
    stays_as_it_is(&world).await;
    // And the same in the CRM, where a gap may stay.
    world.crm.edit(&ada, "Secondary_Email", Some("c@example.com"));
    world.sync().await;
    world.crm.edit(&ada, "Email", None);
    world.sync().await;
    world.sync().await;
    assert_eq!(
        world.mailbox().text(&item, OfficeField::Email1).unwrap(),
        "c@example.com"
    );
    assert_eq!(world.mailbox().text(&item, OfficeField::Email2), None);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n3_our_own_writes_come_back_without_a_call_of_the_mailbox() {
    let (world, ada, item) = with_ada().await;
    world.sync().await;
    world
        .mailbox()
        .user_edits(&item, OfficeField::Department, Some("Engines"));
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.sync().await;
    for _ in 0..3 {
        world.faults.take_calls();
        world.sync().await;
        let calls = world.faults.take_calls();
        assert!(!calls.contains_key("read"), "{calls:?}");
    }
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n3_the_servers_own_spelling_is_no_edit_in_either_direction() {
    let world = World::new();
    world.mailbox().rewrites_phones();
    let ada = world
        .crm
        .add("alice", &[("Last_Name", "Lovelace"), ("Mobile", "020-7946")]);
    world.sync().await;
    for _ in 0..2 {
        world.crm.touch(&ada);
        let item = world.mailbox().id_of(&ada);
        world
            .mailbox()
            .user_edits(&item, OfficeField::SpouseName, Some("William"));
        world.sync().await;
    }
    assert_eq!(world.crm.text(&ada, "Mobile").unwrap(), "020-7946");
    assert_eq!(world.mailbox().writes().updates, 0);
    assert_eq!(world.crm.writes().updates, 0);
}

#[tokio::test]
async fn n5_one_way_fields_go_one_way() {
    let mut world = World::new();
    let rule = |direction| RequestedRule {
        office: OfficeField::NickName,
        crm: "Nickname".to_owned(),
        direction: Some(direction),
        conflict: None,
        too_long: None,
    };
    world.maps_by(rule(Direction::CrmToOffice));
    let (ada, item) = ada_in(&world).await;
    world.crm.edit(&ada, "Nickname", Some("Addie"));
    world.sync().await;
    world
        .mailbox()
        .user_edits(&item, OfficeField::NickName, Some("mine"));
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Nickname").unwrap(), "Addie");
    assert_eq!(
        world.mailbox().text(&item, OfficeField::NickName).unwrap(),
        "mine"
    );
    stays_as_it_is(&world).await;
    world.crm.edit(&ada, "Nickname", Some("Countess"));
    world.sync().await;
    assert_eq!(
        world.mailbox().text(&item, OfficeField::NickName).unwrap(),
        "Countess"
    );
    world.maps_by(rule(Direction::OfficeToCrm));
    world.sync().await;
    world
        .mailbox()
        .user_edits(&item, OfficeField::NickName, Some("mine"));
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Nickname").unwrap(), "mine");
    world.crm.edit(&ada, "Nickname", Some("theirs"));
    world.sync().await;
    assert_eq!(
        world.mailbox().text(&item, OfficeField::NickName).unwrap(),
        "mine"
    );
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n1_what_is_cut_on_its_way_stays_whole_where_it_was_written() {
    let mut world = World::new();
    world.describes("Title", |field| field.length = Some(5));
    world.maps_by(RequestedRule {
        office: OfficeField::JobTitle,
        crm: "Title".to_owned(),
        direction: None,
        conflict: None,
        too_long: Some(TooLong::Cut),
    });
    world.crm.limits("Title", 5);
    world.sync().await;
    let item = own(&world, "Hopper");
    world.sync().await;
    let grace = world.crm.the("Hopper");
    assert_eq!(world.crm.text(&grace, "Title").unwrap(), "Admir");
    assert_eq!(
        world.mailbox().text(&item, OfficeField::JobTitle).unwrap(),
        "Admiral"
    );
    stays_as_it_is(&world).await;
    world.crm.touch(&grace);
    world.sync().await;
    assert_eq!(
        world.mailbox().text(&item, OfficeField::JobTitle).unwrap(),
        "Admiral"
    );
}

#[tokio::test]
async fn n1_a_value_that_the_crm_withholds_is_neither_blank_nor_written() {
    let mut world = World::new();
    world.describes("Mobile", |field| field.private = true);
    let ada = world
        .crm
        .add("alice", &[("Last_Name", "Lovelace"), ("Mobile", "1")]);
    world.sync().await;
    let item = world.mailbox().id_of(&ada);
    world.crm.edit(&ada, "Mobile", None);
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
    world.sync().await;
    assert_eq!(
        world.mailbox().text(&item, OfficeField::MobilePhone).unwrap(),
        "1"
    );
    assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess");
    world
        .mailbox()
        .user_edits(&item, OfficeField::MobilePhone, Some("2"));
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Mobile"), None);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n1_an_edit_between_reading_and_writing_is_read_again_on_both_sides() {
    let (world, ada, item) = with_ada().await;
    world.crm.edit(&ada, "Title", Some("Countess"));
    world
        .mailbox()
        .user_edits(&item, OfficeField::Department, Some("Engines"));
    world.mailbox().meddles(1);
    world.crm.meddles(1);
    world.sync().await;
    assert_eq!(world.counts().await.pending, 1, "its second is not over yet");
    world.sync().await;
    assert_eq!(
        world.mailbox().text(&item, OfficeField::JobTitle).unwrap(),
        "Countess"
    );
    assert_eq!(world.crm.text(&ada, "Department").unwrap(), "Engines");
    assert_eq!(world.counts().await.pending, 0);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn a_contact_that_changes_each_time_it_is_written_ends_the_run_and_waits() {
    let (world, ada, item) = with_ada().await;
    let other = world.person("Other");
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.mailbox().meddles(1_000);
    world.sync().await;
    assert_eq!(world.mailbox().state().meddling, 1_000 - 3);
    assert_eq!(world.counts().await.pending, 1);
    assert_eq!(world.mailbox().ids_of(&other).len(), 1, "the others go on");
    world.mailbox().meddles(0);
    world.sync().await;
    assert_eq!(
        world.mailbox().text(&item, OfficeField::JobTitle).unwrap(),
        "Countess"
    );
    assert_eq!(world.counts().await.pending, 0);
}

#[tokio::test]
async fn n1_a_record_is_not_written_within_the_second_of_its_last_change() {
    let (world, ada, item) = with_ada().await;
    world
        .mailbox()
        .user_edits(&item, OfficeField::Department, Some("Engines"));
    world.wait(300);
    world.crm.touch(&ada);
    world.run().await.unwrap();
    assert_eq!(world.crm.writes().updates, 0);
    assert_eq!(world.counts().await.pending, 1);
    world.wait(2);
    world.run().await.unwrap();
    assert_eq!(world.crm.text(&ada, "Department").unwrap(), "Engines");
}
