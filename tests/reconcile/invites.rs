//! Inviting people to the CRM (U2, U6): once each, whatever fails.

use crmlink::api::{ConditionType, ContactSync, CrmTenant, CrmUserInvite, InvitePhase, Reason};
use kube::ResourceExt;
use serde_json::json;

use crate::support::{
    ANA, BEN, CLARA, Case, Reported, World, contact_sync, invite, invite_with, inviting_tenant, secrets,
    until, with,
};

#[tokio::test(flavor = "multi_thread")]
async fn u2_an_invitation_is_mailed_once_and_shows_when_the_person_accepts_it() {
    let case = Case::inviting(World::with_clara()).await;
    case.create(&contact_sync(CLARA)).await;
    case.says::<ContactSync>("clara", Reason::CrmUserNotFound).await;
    case.create(&invite(CLARA)).await;
    let sent: CrmUserInvite = case.settled("clara", Reason::InvitationSent).await;
    sent.words(
        ConditionType::Ready,
        Reason::InvitationSent,
        &["has to accept it", "app in Microsoft 365"],
    );
    let status = sent.status.unwrap();
    assert_eq!(status.phase, Some(InvitePhase::Invited));
    assert!(status.invited_at.is_some() && status.accepted_at.is_none());
    assert_eq!(status.crm_user_id, Some(case.crm_user_id(CLARA).await));
    assert!(status.conditions.is_true(ConditionType::Invited));
    assert!(!status.conditions.is_true(ConditionType::Accepted));
    let invitations = case.invitations().await;
    assert_eq!(invitations.len(), 1);
    assert_eq!(
        (&invitations[0]["by"], &invitations[0]["status"]),
        (&json!("api"), &json!("pending"))
    );
    let user = case.crm_user(CLARA).await;
    assert_eq!(
        (&user["name"], &user["role"], &user["profile"]),
        (&json!("Klarissa Sommerhalder"), &json!("CEO"), &json!("Standard"))
    );

    case.invite_says("clara", Reason::InvitationSent).await;
    case.accepts(CLARA).await;
    let active = case
        .invite_says("clara", Reason::UserActive)
        .await
        .status
        .unwrap();
    assert_eq!(active.phase, Some(InvitePhase::Active));
    assert!(active.accepted_at.is_some());
    assert_eq!(active.invited_at, status.invited_at);
    assert!(active.conditions.is_true(ConditionType::Accepted));
    // It waited for nothing but the CRM user.
    case.settled::<ContactSync>("clara", Reason::InSync).await;
    assert_eq!(case.counter("zoho", "invitation_mails_sent").await, 1);
    assert_eq!(case.writes_of_users().await, ["POST /crm/v8/users"]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_an_invite_can_be_ready_only_once_the_person_accepted() {
    let case = Case::inviting(World::with_clara()).await;
    case.create(&invite_with(CLARA, json!({ "readyWhen": "Accepted" })))
        .await;
    let waits: CrmUserInvite = case.says("clara", Reason::InvitationSent).await;
    for (kind, holds) in [
        (ConditionType::Ready, false),
        (ConditionType::Reconciling, true),
        (ConditionType::Stalled, false),
    ] {
        assert_eq!(waits.conditions().unwrap().is_true(kind), holds, "{kind}");
    }
    case.crm(json!({ "do": "accept_invitation", "user": CLARA, "via": "office365" }))
        .await;
    case.request::<CrmUserInvite>("clara").await;
    case.settled::<CrmUserInvite>("clara", Reason::UserActive).await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_role_profile_and_names_of_the_invite_come_before_the_tenants() {
    let world = World::with_clara()
        .set("/crm/0", "roles", json!([{ "name": "Sales Assistant" }]))
        .set("/crm/0", "profiles", json!([{ "name": "Field Sales" }]));
    let case = Case::inviting(world).await;
    let own = json!({
        "role": "Sales Assistant", "profile": "Field Sales", "firstName": "Kläri", "lastName": "Winterhalter",
    });
    case.create(&invite_with(CLARA, own)).await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    let user = case.crm_user(CLARA).await;
    assert_eq!(
        (&user["name"], &user["role"], &user["profile"]),
        (
            &json!("Kläri Winterhalter"),
            &json!("Sales Assistant"),
            &json!("Field Sales")
        )
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_who_is_a_user_already_is_taken_over_without_a_call() {
    let case = Case::inviting(World::new()).await;
    case.create(&invite(ANA)).await;
    let found: CrmUserInvite = case.settled("ana", Reason::UserActive).await;
    let status = found.status.unwrap();
    assert_eq!(status.phase, Some(InvitePhase::Active));
    assert_eq!(status.invited_at, None, "nobody was invited");
    assert_eq!(status.crm_user_id, Some(case.crm_user_id(ANA).await));
    case.crm(json!({ "do": "disable_user", "user": ANA })).await;
    let off = case.invite_says("ana", Reason::UserInactive).await;
    assert_eq!(off.status.unwrap().phase, Some(InvitePhase::Inactive));
    assert_eq!(
        case.writes_of_users().await,
        [] as [&str; 0],
        "a person's choice stays"
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_who_was_invited_in_the_crm_is_not_invited_again() {
    let case = Case::inviting(World::with_clara()).await;
    case.crm(json!({ "do": "invite_user", "user": { "email": CLARA, "lastName": "Sommerhalder" } }))
        .await;
    case.create(&invite(CLARA)).await;
    let found: CrmUserInvite = case.settled("clara", Reason::InvitationSent).await;
    found.words(
        ConditionType::Ready,
        Reason::InvitationSent,
        &["sent in the CRM itself"],
    );
    assert_eq!(found.status.unwrap().invited_at, None);
    case.delete::<CrmUserInvite>("clara").await;
    assert_eq!(case.fates(CLARA).await, ["pending"], "it is somebody else's");
    assert_eq!(case.writes_of_users().await, [] as [&str; 0]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_a_rejection_is_shown_and_nobody_is_asked_twice() {
    let case = Case::inviting(World::with_clara()).await;
    case.create(&invite(CLARA)).await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    case.crm(json!({ "do": "reject_invitation", "user": CLARA, "row": "deleted" }))
        .await;
    for _ in 0..2 {
        let rejected = case.invite_says("clara", Reason::InvitationRejected).await;
        assert!(rejected.conditions().unwrap().is_true(ConditionType::Ready));
        assert!(rejected.conditions().unwrap().is_true(ConditionType::Rejected));
        assert_eq!(rejected.status.unwrap().phase, Some(InvitePhase::Rejected));
    }
    assert_eq!(case.writes_of_users().await.len(), 1);

    case.delete::<CrmUserInvite>("clara").await;
    case.create(&invite(CLARA)).await;
    let refused: CrmUserInvite = case.says("clara", Reason::AddressRefused).await;
    refused.words(
        ConditionType::Stalled,
        Reason::AddressRefused,
        &["turned an earlier invitation", "Setup > Users"],
    );
    assert_eq!(case.counter("zoho", "invitation_mails_sent").await, 1);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_two_invites_for_one_person_are_one_invitation() {
    let case = Case::inviting(World::with_clara()).await;
    case.create(&invite(CLARA)).await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    let first: CrmUserInvite = case.get("clara").await;
    let id = first.status.unwrap().office_user_id.unwrap();
    let mut second = invite(&id);
    second["metadata"]["name"] = json!("again");
    case.create(&second).await;
    let refused: CrmUserInvite = case.says("again", Reason::AlreadyClaimed).await;
    let words = [
        format!("CrmUserInvite {}/clara", case.namespace),
        "delete one".to_owned(),
    ];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    refused.words(ConditionType::Stalled, Reason::AlreadyClaimed, &words);
    case.delete::<CrmUserInvite>("again").await;
    assert_eq!(case.fates(CLARA).await, ["pending"]);

    case.create(&second).await;
    case.says::<CrmUserInvite>("again", Reason::AlreadyClaimed).await;
    case.delete::<CrmUserInvite>("clara").await;
    case.settled::<CrmUserInvite>("again", Reason::InvitationSent)
        .await;
    assert_eq!(case.fates(CLARA).await, ["withdrawn", "pending"]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_invites_that_appear_at_once_under_different_names_are_one_invitation() {
    const ID: &str = "7d1f5a52-6b0c-4c39-9d0e-3f2b8a1c6e07";
    let mut world = World::with_clara();
    let users = world.0["office365"][0]["users"].as_array_mut().unwrap();
    users.last_mut().unwrap()["id"] = json!(ID);
    let mut case = Case::without_operator(world).await;
    for secret in secrets() {
        case.create(&secret).await;
    }
    case.create(&inviting_tenant()).await;
    let mut by_id = invite(ID);
    by_id["metadata"]["name"] = json!("by-id");
    case.create(&invite(CLARA)).await;
    case.create(&by_id).await;
    case.start_operator().await;
    let settled = until(async || {
        let mut reasons = [
            case.get::<CrmUserInvite>("clara").await.reason().to_owned(),
            case.get::<CrmUserInvite>("by-id").await.reason().to_owned(),
        ];
        reasons.sort();
        (reasons == ["AlreadyClaimed", "InvitationSent"]).then_some(())
    });
    settled.await.expect("one invites, and the other one says so");
    assert_eq!(case.fates(CLARA).await, ["pending"]);
    assert_eq!(case.writes_of_users().await.len(), 1);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_an_answer_that_is_lost_is_no_second_mail_and_the_invitation_is_still_our_own() {
    let case = Case::inviting(World::with_clara()).await;
    let rule = json!({
        "service": "zoho", "method": "POST", "path": "/crm/v8/users", "effect": "after", "drop": true,
    });
    let lost = case.fault(rule).await;
    case.create(&invite(CLARA)).await;
    let sent: CrmUserInvite = case.settled("clara", Reason::InvitationSent).await;
    assert_eq!(case.fired(lost).await, 1);
    assert!(sent.status.unwrap().invited_at.is_some());
    case.delete::<CrmUserInvite>("clara").await;
    assert_eq!(case.fates(CLARA).await, ["withdrawn"]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_a_crash_in_the_middle_of_an_invitation_is_no_second_mail() {
    let mut case = Case::inviting(World::with_clara()).await;
    let rule = json!({
        "service": "zoho", "method": "POST", "path": "/crm/v8/users", "effect": "after", "hold": true, "drop": true,
    });
    let held = case.fault(rule).await;
    case.create(&invite(CLARA)).await;
    let parked = until(async || (case.fired(held).await == 1).then_some(()));
    parked.await.expect("the invitation is under way");
    case.kill_operator().await;
    case.control.release(Some(held)).await.unwrap();
    case.start_operator().await;
    let sent: CrmUserInvite = case.settled("clara", Reason::InvitationSent).await;
    assert!(sent.status.unwrap().invited_at.is_some(), "it is our own");
    assert_eq!(case.counter("zoho", "invitation_mails_sent").await, 1);
    assert_eq!(case.writes_of_users().await.len(), 1);
    case.delete::<CrmUserInvite>("clara").await;
    assert_eq!(case.fates(CLARA).await, ["withdrawn"]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u6_a_new_user_need_not_be_a_user_of_microsoft_365() {
    const GUSTAV: &str = "gustav@partner.example";
    let listed = json!({ "approvedUsers": { "mode": "Listed", "users": [ANA] } });
    let case = Case::inviting_with(World::new(), listed).await;
    case.create(&invite(GUSTAV)).await;
    let unknown: CrmUserInvite = case.says("gustav", Reason::UserNotFound).await;
    unknown.words(
        ConditionType::Stalled,
        Reason::UserNotFound,
        &["newUser: true", "check the spelling"],
    );
    case.delete::<CrmUserInvite>("gustav").await;
    case.create(&invite_with(GUSTAV, json!({ "newUser": true })))
        .await;
    let sent: CrmUserInvite = case.settled("gustav", Reason::InvitationSent).await;
    assert_eq!(sent.status.unwrap().office_user_id, None);
    let name = &case.crm_user(GUSTAV).await["name"];
    assert_eq!(name.as_str().unwrap().trim(), "gustav", "the part before the @");
    case.accepts(GUSTAV).await;
    case.invite_says("gustav", Reason::UserActive).await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t2_only_approved_users_are_invited_and_new_user_is_no_way_around_it() {
    const ALIAS: &str = "klarissa@orchard.example";
    let listed = json!({ "approvedUsers": { "mode": "Listed", "users": [ANA] } });
    let mut world = World::with_clara();
    let users = world.0["office365"][0]["users"].as_array_mut().unwrap();
    users.last_mut().unwrap()["proxyAddresses"] = json!([format!("SMTP:{CLARA}"), format!("smtp:{ALIAS}")]);
    let case = Case::inviting_with(world, listed).await;
    case.create(&invite(CLARA)).await;
    let refused: CrmUserInvite = case.says("clara", Reason::UserNotApproved).await;
    refused.words(
        ConditionType::Stalled,
        Reason::UserNotApproved,
        &["approvedUsers", "goes on by itself"],
    );
    case.delete::<CrmUserInvite>("clara").await;
    case.create(&invite_with(CLARA, json!({ "newUser": true }))).await;
    let refused: CrmUserInvite = case.says("clara", Reason::UserNotApproved).await;
    refused.words(
        ConditionType::Stalled,
        Reason::UserNotApproved,
        &["newUser does not fit", "without newUser"],
    );
    let mut by_alias = invite_with(ALIAS, json!({ "newUser": true }));
    by_alias["metadata"]["name"] = json!("alias");
    case.create(&by_alias).await;
    case.says::<CrmUserInvite>("alias", Reason::UserNotApproved).await;
    case.delete::<CrmUserInvite>("alias").await;
    assert_eq!(case.writes_of_users().await, [] as [&str; 0]);
    case.delete::<CrmUserInvite>("clara").await;
    case.create(&invite(CLARA)).await;
    let everyone = json!({ "spec": { "approvedUsers": { "mode": "Everyone", "users": null } } });
    case.change::<CrmTenant>("orchard", everyone).await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n7_nobody_takes_over_the_account_of_a_colleague_by_naming_its_address() {
    let case = Case::inviting(World::with_clara()).await;
    let account = json!({ "account": { "mode": "New", "email": BEN } });
    case.create(&invite_with(CLARA, account)).await;
    let refused: CrmUserInvite = case.says("clara", Reason::PairNotProven).await;
    refused.words(
        ConditionType::Stalled,
        Reason::PairNotProven,
        &["nothing proves", "accountLinks"],
    );
    let conditions = refused.status.unwrap().conditions;
    assert!(!conditions.is_true(ConditionType::Accepted));
    case.create(&contact_sync(CLARA)).await;
    case.says::<ContactSync>("clara", Reason::CrmUserNotFound).await;
    // Not even once somebody who declined was known by an address of their own.
    case.change::<CrmUserInvite>("clara", json!({ "spec": { "account": null } }))
        .await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    case.crm(json!({ "do": "reject_invitation", "user": CLARA, "row": "deleted" }))
        .await;
    let account = json!({ "mode": "New", "email": BEN });
    case.change::<CrmUserInvite>("clara", json!({ "spec": { "account": account } }))
        .await;
    case.says::<CrmUserInvite>("clara", Reason::PairNotProven).await;

    let links = json!({ "spec": { "accountLinks": [{ "user": CLARA, "crmUser": BEN }] } });
    case.change::<CrmTenant>("orchard", links).await;
    case.settled::<CrmUserInvite>("clara", Reason::UserActive).await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_an_accepted_invitation_to_another_address_proves_the_pair() {
    let case = Case::inviting(World::with_clara()).await;
    case.clara_is_in_sync_once_she_accepts().await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_invite_or_tenant_invites_nobody() {
    let case = Case::inviting(World::with_clara()).await;
    case.create(&invite_with(CLARA, json!({ "suspend": true }))).await;
    case.says::<CrmUserInvite>("clara", Reason::Suspended).await;
    case.change::<CrmTenant>("orchard", json!({ "spec": { "suspend": true } }))
        .await;
    case.when("orchard", "suspended", |tenant: &CrmTenant| {
        tenant.condition(ConditionType::Suspended).is_some()
    })
    .await;
    case.change::<CrmUserInvite>("clara", json!({ "spec": { "suspend": false } }))
        .await;
    case.when("clara", "suspended by its tenant", |invite: &CrmUserInvite| {
        let suspended = invite.condition(ConditionType::Suspended);
        suspended.is_some_and(|found| found.reason() == Reason::TenantSuspended.as_str())
    })
    .await;
    assert_eq!(case.writes_of_users().await, [] as [&str; 0]);
    case.change::<CrmTenant>("orchard", json!({ "spec": { "suspend": false } }))
        .await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n10_looks_without_news_write_no_status_and_make_no_write() {
    let mut case = Case::inviting(World::with_clara()).await;
    for user in [ANA, CLARA] {
        case.create(&invite(user)).await;
    }
    case.settled::<CrmUserInvite>("ana", Reason::UserActive).await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    let writes = case.writes_of_users().await;
    let versions = async |case: &Case| {
        let [ana, clara] = [
            case.get::<CrmUserInvite>("ana").await,
            case.get::<CrmUserInvite>("clara").await,
        ];
        [ana.resource_version(), clara.resource_version()]
    };
    case.stop_operator().await;
    let before = versions(&case).await;
    case.start_operator().await;
    // Once before the tenant has signed in, and once after.
    let looked = until(async || {
        let labels = "kind=\"CrmUserInvite\",outcome=\"done\"";
        let done = case.operator().counter("crmlink_reconciles_total", labels).await;
        (done >= 4).then_some(())
    });
    looked.await.expect("two looks at each");
    assert_eq!(before, versions(&case).await, "a status was written");
    assert_eq!(writes, case.writes_of_users().await);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_without_a_tenant_says_so_and_waits() {
    let case = Case::start(World::with_clara()).await;
    case.create(&with(invite(CLARA), json!({ "role": "CEO" }))).await;
    let waits: CrmUserInvite = case.says("clara", Reason::TenantNotFound).await;
    waits.words(
        ConditionType::Reconciling,
        Reason::ProgressingWithRetry,
        &["no CrmTenant orchard"],
    );
    case.sign_in().await;
    let missing: CrmUserInvite = case.says("clara", Reason::RoleMissing).await;
    missing.words(
        ConditionType::Stalled,
        Reason::RoleMissing,
        &["no profile is declared", "invites.profile"],
    );
    case.finish().await;
}
