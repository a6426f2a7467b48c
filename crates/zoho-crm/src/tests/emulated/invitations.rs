use serde_json::json;

use super::{EVE, World};
use crate::{AddressProblem, Applied, Invited, UserRefusal, UserType};

#[tokio::test]
async fn u2_an_invited_user_accepts_and_is_active() {
    let world = World::new(&json!({}));
    let Invited::Sent(id) = world
        .zoho
        .ensure_invited(&world.eve().await)
        .await
        .unwrap()
        .unwrap()
    else {
        panic!()
    };
    assert!(world.zoho.user(&id).await.unwrap().unwrap().is_invited());
    world.edit(&json!({"do": "accept_invitation", "user": EVE, "via": "office365"}));
    let eve = world.zoho.user(&id).await.unwrap().unwrap();
    assert!(eve.has_joined() && eve.microsoft == Some(true));
    assert_eq!(world.counter("invitation_mails_sent"), 1);
}

#[tokio::test]
async fn u2_a_lost_answer_mails_nobody_twice() {
    let world = World::new(&json!({}));
    let eve = world.eve().await;
    let lost = json!({"service": "zoho", "method": "POST", "path": "/crm/v8/users", "effect": "after", "drop": true});
    world.fault(lost);
    assert!(matches!(
        world.zoho.ensure_invited(&eve).await.unwrap().unwrap(),
        Invited::Found(_)
    ));
    assert!(matches!(
        world.zoho.ensure_invited(&eve).await.unwrap().unwrap(),
        Invited::Found(_)
    ));
    assert_eq!(world.counter("invitation_mails_sent"), 1);
}

#[tokio::test]
async fn u3_a_linked_account_elsewhere_changes_nothing_here() {
    let world = World::new(&json!({}));
    let Invited::Sent(id) = world
        .zoho
        .ensure_invited(&world.eve().await)
        .await
        .unwrap()
        .unwrap()
    else {
        panic!()
    };
    world.edit(&json!({"do": "link_invitation", "user": EVE, "account": "eve@home.example"}));
    assert!(world.zoho.user(&id).await.unwrap().unwrap().is_invited());
    assert_eq!(world.zoho.delete_user(&id).await.unwrap(), Ok(Applied::Now));
    assert_eq!(world.zoho.delete_user(&id).await.unwrap(), Ok(Applied::Before));
    assert!(
        world
            .zoho
            .user_by_email(EVE, UserType::All)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        world
            .zoho
            .user_by_email(EVE, UserType::Deleted)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn refusals_of_the_emulator_have_their_reasons() {
    for (world, edit, expected) in [
        (json!({"licenses": 2}), None, UserRefusal::NoSeat),
        (json!({"edition": "crmplus"}), None, UserRefusal::SuiteManaged),
        (json!({"edition": "free"}), None, UserRefusal::NotInEdition),
        (json!({"type": "sandbox"}), None, UserRefusal::Sandbox),
        (
            json!({}),
            Some(json!({"do": "set_address", "email": EVE, "otherDataCenter": true})),
            UserRefusal::Address(AddressProblem::OtherDataCenter),
        ),
        (
            json!({}),
            Some(json!({"do": "set_address", "email": EVE, "invitationsElsewhere": 20})),
            UserRefusal::InvitationLimit,
        ),
        (
            json!({"users": [{"email": "ann@example.com", "profile": "Administrator"}, {"email": EVE}]}),
            None,
            UserRefusal::AlreadyThere { id: None },
        ),
    ] {
        let world = World::new(&world);
        if let Some(edit) = edit {
            world.edit(&edit);
        }
        assert_eq!(world.refusal().await, expected);
    }
}

#[tokio::test]
async fn a_rejected_invitation_is_final() {
    let world = World::new(&json!({}));
    world
        .zoho
        .ensure_invited(&world.eve().await)
        .await
        .unwrap()
        .unwrap();
    world.edit(&json!({"do": "reject_invitation", "user": EVE, "row": "deleted"}));
    assert_eq!(
        world.refusal().await,
        UserRefusal::Address(AddressProblem::Unspecified)
    );
}
