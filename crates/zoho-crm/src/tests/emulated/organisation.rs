use serde_json::json;

use super::{BOB, EVE, World, client};
use crate::{
    Applied, CannotInvite, Class, ManagerProfiles, Role, Unresolved, UserChange, UserRefusal, UserStatus,
    UserType,
};

#[tokio::test]
async fn u1_without_the_permission_the_call_says_which() {
    let world = World::new(&json!({}));
    let eve = world.eve().await;
    let acting = world.zoho.current_user().await.unwrap();
    assert!(world.zoho.manages_users(&acting).await.unwrap());
    world.edit(&json!({"do": "set_profile", "name": "Administrator", "manageUsers": false}));
    assert!(!world.zoho.manages_users(&acting).await.unwrap());
    let permission = Some("Crm_Implied_Manage_Users".to_owned());
    let denied = world.zoho.invite_user(&eve).await.unwrap_err().class();
    assert_eq!(
        denied,
        Class::Permission {
            permission: permission.clone()
        }
    );
    let denied = world.zoho.delete_user(&acting.id).await.unwrap_err().class();
    assert_eq!(denied, Class::Permission { permission });
}

#[tokio::test]
async fn u4_the_managers_of_the_organisation_are_found() {
    let world = World::new(&json!({
        "profiles": [{"name": "Team lead", "manageUsers": true}],
        "users": [
            {"email": "ann@example.com", "profile": "Administrator"},
            {"email": BOB, "profile": "Team lead"},
            {"email": "off@example.com", "profile": "Team lead", "status": "inactive"},
            {"email": "joe@example.com"},
        ],
    }));
    let mut known = ManagerProfiles::default();
    let managers = world.zoho.user_managers(&mut known).await.unwrap();
    let addresses: Vec<&str> = managers.iter().map(|user| user.email.as_str()).collect();
    assert_eq!(addresses, ["ann@example.com", BOB]);
}

#[tokio::test]
async fn users_change_and_a_downgrade_shows_its_reason() {
    let world = World::new(&json!({"roles": [{"name": "Twin"}, {"name": "Twin"}]}));
    let roles = world.zoho.roles().await.unwrap();
    assert_eq!(
        Role::find(&roles, "Twin"),
        Err(Unresolved::Ambiguous { count: 2 })
    );
    let bob = world
        .zoho
        .user_by_email(BOB, UserType::Active)
        .await
        .unwrap()
        .unwrap()
        .id;
    let change = |active| UserChange {
        role: Some(roles[1].id.clone()),
        active: Some(active),
        ..UserChange::default()
    };
    assert_eq!(
        world.zoho.update_user(&bob, &change(false)).await.unwrap(),
        Ok(Applied::Now)
    );
    assert_eq!(
        world.zoho.update_user(&bob, &change(false)).await.unwrap(),
        Ok(Applied::Before)
    );
    assert_eq!(
        world.zoho.update_user(&bob, &change(true)).await.unwrap(),
        Ok(Applied::Now)
    );
    world.edit(&json!({"do": "downgrade", "licenses": 1}));
    let off = world.zoho.user(&bob).await.unwrap().unwrap();
    assert_eq!(off.status, UserStatus::Disabled);
    assert_eq!(
        off.status_reason.as_deref(),
        Some("disabled due to license downgrade")
    );
    assert_eq!(world.zoho.seats().await.unwrap().available, 0);
    let refused = world
        .zoho
        .update_user(&bob, &change(true))
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(refused.reason, UserRefusal::NoSeat);
    let ann = world.zoho.current_user().await.unwrap();
    let refused = world.zoho.delete_user(&ann.id).await.unwrap().unwrap_err();
    assert_eq!(refused.reason, UserRefusal::PrimaryContact);
    let nobody = world
        .zoho
        .delete_user(&"12345".into())
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(nobody.reason, UserRefusal::NoSuchUser);
}

#[tokio::test]
async fn t3_an_account_answers_from_its_sign_up_on() {
    let world = World::new(&json!({}));
    let later = client(&world.emulators, "new", "later");
    assert_eq!(later.org().await.unwrap_err().class(), Class::Auth);
    let account = json!({
        "companyName": "New Ltd", "edition": "free",
        "users": [{"email": EVE, "firstName": "Eve", "profile": "Administrator"}],
        "clients": [{"clientId": "new", "clientSecret": "s", "refreshToken": "later", "user": EVE}],
    });
    world.edit(&json!({"do": "sign_up", "account": account}));
    let org = client(&world.emulators, "new", "later").org().await.unwrap();
    assert_eq!(org.can_invite(), Err(CannotInvite::Unpaid));
}

#[tokio::test]
async fn t6_the_first_user_is_the_super_admin() {
    let world = World::new(&json!({}));
    let org = world.zoho.org().await.unwrap();
    assert!(org.is_super_admin(&world.zoho.current_user().await.unwrap()));
    let bob = world
        .zoho
        .user_by_email(BOB, UserType::Active)
        .await
        .unwrap()
        .unwrap();
    assert!(!org.is_super_admin(&bob));
}

#[tokio::test]
async fn u1_a_trial_that_nobody_paid_for_invites_nobody() {
    let world =
        World::new(&json!({"paid": false, "trialType": "enterprise", "trialExpiry": "2026-03-09T10:00:00Z"}));
    let org = world.zoho.org().await.unwrap();
    assert!(org.on_trial && org.trial_expiry == Some("2026-03-09T10:00:00Z".parse().unwrap()));
    assert_eq!(org.can_invite(), Err(CannotInvite::Unpaid));
    world.edit(&json!({"do": "set_licence", "paid": true, "trialType": false}));
    assert_eq!(world.zoho.org().await.unwrap().can_invite(), Ok(()));
}
