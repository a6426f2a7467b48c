//! Why somebody is not invited (U1): every reason in words, and no call where it is known beforehand.

use crmlink::api::{ConditionType, CrmTenant, CrmUserInvite, Reason};
use serde_json::{Value, json};

use crate::support::{ANA, CLARA, Case, NORA, Reported, World, invite, invite_with};

/// Clara is not invited into this organisation, without a call about users, and this is said.
async fn refused_beforehand(world: World, reason: Reason, words: &[&str]) {
    let case = Case::inviting(world).await;
    let end = case.journal_end().await;
    case.create(&invite(CLARA)).await;
    let refused: CrmUserInvite = case.says("clara", reason).await;
    refused.words(ConditionType::Stalled, reason, words);
    assert_eq!(case.writes_of_users().await, [] as [&str; 0]);
    let read = case.journal("zoho", "GET", end).await;
    let settings = read.iter().filter(|view| view.path.contains("/settings/"));
    assert_eq!(settings.count(), 0, "nothing is asked that does not matter");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u1_a_free_edition_invites_nobody() {
    let world = World::with_clara().set("/crm/0", "edition", json!("free"));
    refused_beforehand(world, Reason::EditionNotPaid, &["choose a paid edition"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u1_the_users_of_a_suite_are_added_there() {
    let world = World::with_clara().set("/crm/0", "edition", json!("zohooneenterprise"));
    let words = ["Zoho One or CRM Plus", "own administration"];
    refused_beforehand(world, Reason::SuiteManaged, &words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u1_a_sandbox_has_no_users_of_its_own() {
    let world = World::with_clara().set("/crm/0", "type", json!("sandbox"));
    refused_beforehand(world, Reason::NoUsersHere, &["sandbox"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u1_an_acting_user_without_manage_users_invites_nobody_until_it_has_the_permission() {
    let world = World::with_clara()
        .set(
            "/crm/0",
            "profiles",
            json!([{ "name": "Clerk", "manageUsers": false }]),
        )
        .set("/crm/0/users/0", "profile", json!("Clerk"));
    let case = Case::inviting(world).await;
    case.create(&invite(CLARA)).await;
    let refused: CrmUserInvite = case.says("clara", Reason::ManageUsersMissing).await;
    let words = ["Manage Users", "Setup > Security control > Profiles"];
    refused.words(ConditionType::Stalled, Reason::ManageUsersMissing, &words);
    assert_eq!(case.writes_of_users().await, [] as [&str; 0]);
    case.crm(json!({ "do": "set_profile", "name": "Clerk", "manageUsers": true }))
        .await;
    case.request::<CrmUserInvite>("clara").await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u1_a_permission_that_is_lost_just_now_is_told_by_the_answer() {
    let world = World::with_clara()
        .set(
            "/crm/0",
            "profiles",
            json!([{ "name": "Clerk", "manageUsers": true }]),
        )
        .set("/crm/0/users/0", "profile", json!("Clerk"))
        .push(
            "/office365/0/users",
            json!({ "userPrincipalName": "daniel@orchard.example" }),
        );
    let case = Case::inviting(world).await;
    case.create(&invite(CLARA)).await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    case.crm(json!({ "do": "set_profile", "name": "Clerk", "manageUsers": false }))
        .await;
    case.create(&invite("daniel@orchard.example")).await;
    case.says::<CrmUserInvite>("daniel", Reason::ManageUsersMissing)
        .await;
    assert_eq!(case.invitations().await.len(), 1);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_a_seat_is_waited_for() {
    let case = Case::inviting(World::with_clara().set("/crm/0", "licenses", json!(3))).await;
    case.create(&invite(CLARA)).await;
    let waits: CrmUserInvite = case.says("clara", Reason::NoFreeSeat).await;
    waits.words(
        ConditionType::Reconciling,
        Reason::ProgressingWithRetry,
        &["buy one", "by itself"],
    );
    assert!(!waits.conditions().unwrap().is_true(ConditionType::Stalled));
    case.crm(json!({ "do": "set_licence", "licenses": 9 })).await;
    case.request::<CrmUserInvite>("clara").await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_what_is_wrong_with_an_address_is_said() {
    let case = Case::inviting(World::with_clara()).await;
    let address = |more: Value| {
        let mut action = json!({ "do": "set_address", "email": CLARA });
        action
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        action
    };
    case.crm(address(json!({ "otherDataCenter": true }))).await;
    case.create(&invite(CLARA)).await;
    let elsewhere: CrmUserInvite = case.says("clara", Reason::AddressInOtherDataCenter).await;
    elsewhere.words(
        ConditionType::Stalled,
        Reason::AddressInOtherDataCenter,
        &["another of Zoho's data centres", "account.email"],
    );
    case.crm(address(
        json!({ "otherDataCenter": false, "invitationsElsewhere": 20 }),
    ))
    .await;
    let full = case.invite_says("clara", Reason::InvitationQuotaReached).await;
    full.words(
        ConditionType::Reconciling,
        Reason::ProgressingWithRetry,
        &["over all organisations", "tried again"],
    );
    case.crm(address(json!({ "invitationsElsewhere": 0 }))).await;
    case.request::<CrmUserInvite>("clara").await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    assert_eq!(case.counter("zoho", "invitation_mails_sent").await, 1);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_an_address_that_no_list_shows_is_taken() {
    let case = Case::inviting(World::with_clara()).await;
    let row = json!({
        "code": "DUPLICATE_DATA", "details": {}, "message": "Failed to add user since same email id is already present",
        "status": "error",
    });
    case.fault(json!({
        "service": "zoho", "method": "POST", "path": "/crm/v8/users",
        "answer": { "status": 400, "body": { "users": [row] } },
    }))
    .await;
    case.create(&invite(CLARA)).await;
    let taken: CrmUserInvite = case.says("clara", Reason::AddressTaken).await;
    taken.words(
        ConditionType::Stalled,
        Reason::AddressTaken,
        &["account.mode: Link", "account.email"],
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_role_and_profile_have_to_be_there_and_to_be_one() {
    let twins = json!([
        { "name": "Clerk" }, { "name": "Clerk", "reportingTo": "CEO" }, { "name": "Manager" },
    ]);
    let case = Case::inviting(World::with_clara().set("/crm/0", "roles", twins)).await;
    for (spec, reason, words) in [
        (
            json!({ "role": "Chief of Nothing" }),
            Reason::RoleUnknown,
            "no role with",
        ),
        (
            json!({ "profile": "Nobody" }),
            Reason::RoleUnknown,
            "no profile with",
        ),
        (
            json!({ "role": "Clerk" }),
            Reason::RoleAmbiguous,
            "2 of the CRM's roles",
        ),
    ] {
        case.create(&invite_with(CLARA, spec)).await;
        let refused: CrmUserInvite = case.says("clara", reason).await;
        refused.words(ConditionType::Stalled, reason, &[words, "id"]);
        case.delete::<CrmUserInvite>("clara").await;
    }
    assert_eq!(case.writes_of_users().await, [] as [&str; 0]);

    let without = json!({ "spec": { "invites": { "role": null, "senderMailbox": NORA } } });
    case.change::<CrmTenant>("orchard", without).await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.create(&invite(CLARA)).await;
    let missing: CrmUserInvite = case.says("clara", Reason::RoleMissing).await;
    missing.words(
        ConditionType::Stalled,
        Reason::RoleMissing,
        &["no role is declared", "invites.role"],
    );
    let role = json!({ "spec": { "role": "Manager" } });
    case.change::<CrmUserInvite>("clara", role).await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u1_who_is_a_user_already_is_shown_whatever_the_edition() {
    let world = World::new().set("/crm/0", "edition", json!("free"));
    let case = Case::inviting(world).await;
    case.create(&invite(ANA)).await;
    case.settled::<CrmUserInvite>("ana", Reason::UserActive).await;
    case.finish().await;
}
