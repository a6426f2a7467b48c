//! Requests to join (U4, U5): everybody who may approve is mailed once, and nobody is added before one of them does.

use crmlink::api::{ConditionType, CrmTenant, CrmUserInvite, InvitePhase, Reason};
use serde_json::{Value, json};

use crate::support::{ANA, CLARA, CLIENT_ID, Case, NORA, Reported, World, invite_with, until};

const GREGOR: &str = "gregor@orchard.example";

/// Clara asks to join.
fn request() -> Value {
    invite_with(CLARA, json!({ "type": "JoinRequest" }))
}

/// Nora and Gregor may manage users, Ana and Ben may not.
fn two_managers() -> World {
    let gregor = json!({
        "email": GREGOR, "firstName": "Gregorius", "lastName": "Hohenfelder", "profile": "Administrator",
    });
    World::with_clara().push("/crm/0/users", gregor)
}

/// The mails by recipient, in order.
async fn recipients(case: &Case) -> Vec<String> {
    let mails = case.request_mails().await;
    let mut all: Vec<String> = mails
        .iter()
        .map(|mail| {
            let to = mail["to"].as_array().unwrap();
            assert_eq!(to.len(), 1, "recipients do not see each other");
            to[0].as_str().unwrap().to_owned()
        })
        .collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn u4_u5_everybody_who_may_approve_is_mailed_and_one_of_them_lets_the_person_in() {
    let case = Case::inviting(two_managers()).await;
    case.create(&request()).await;
    let waits: CrmUserInvite = case.says("clara", Reason::AwaitingApproval).await;
    waits.words(
        ConditionType::Ready,
        Reason::AwaitingApproval,
        &["2 CRM users", "were mailed", "crmlink approve"],
    );
    let conditions = waits.conditions().unwrap();
    assert!(conditions.is_true(ConditionType::AwaitingApproval));
    assert!(conditions.is_true(ConditionType::Reconciling));
    let status = waits.status.unwrap();
    assert_eq!(status.phase, Some(InvitePhase::AwaitingApproval));
    let mails = status.request_mails.unwrap();
    assert_eq!((mails.sent, mails.failed), (2, None));
    assert_eq!(recipients(&case).await, [GREGOR, NORA]);
    for mail in case.request_mails().await {
        let id = case.crm_user_id(mail["to"][0].as_str().unwrap()).await;
        let (text, html) = (mail["text"].as_str().unwrap(), mail["html"].as_str().unwrap());
        for part in [
            format!("crmlink approve clara -n {} --crm-user {id}", case.namespace),
            format!("crmlink deny clara -n {} --crm-user {id}", case.namespace),
            format!("CrmUserInvite {}/clara", case.namespace),
            format!("Klarissa Sommerhalder ({CLARA})"),
        ] {
            assert!(text.contains(&part), "{part} is not in {text}");
            assert!(html.contains(&part), "{part} is not in {html}");
        }
        assert!(text.contains("Setup > Users") && html.contains("Setup &gt; Users"));
        assert_eq!(mail["from"], NORA);
    }
    case.invite_says("clara", Reason::AwaitingApproval).await;
    assert_eq!(recipients(&case).await.len(), 2, "once each");
    assert_eq!(case.writes_of_users().await, [] as [&str; 0], "nobody is added");

    case.decides("clara", "Approved", &case.crm_user_id(GREGOR).await)
        .await;
    let sent: CrmUserInvite = case.settled("clara", Reason::InvitationSent).await;
    sent.words(ConditionType::Approved, Reason::ApprovedByManager, &["decided"]);
    assert!(sent.status.unwrap().decision.is_some());
    case.accepts(CLARA).await;
    let active = case.invite_says("clara", Reason::UserActive).await;
    active.words(ConditionType::Approved, Reason::ApprovedByManager, &["decided"]);
    assert_eq!(recipients(&case).await.len(), 2);
    assert_eq!(case.counter("zoho", "invitation_mails_sent").await, 1);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u5_only_the_name_of_somebody_with_manage_users_counts() {
    let case = Case::inviting(World::with_clara()).await;
    case.create(&request()).await;
    case.says::<CrmUserInvite>("clara", Reason::AwaitingApproval)
        .await;
    let ana = case.crm_user_id(ANA).await;
    case.decides("clara", "Approved", &ana).await;
    let refused: CrmUserInvite = case.says("clara", Reason::ApproverNotPermitted).await;
    let words = [ana.as_str(), "Manage Users", "does not count"];
    refused.words(ConditionType::Ready, Reason::ApproverNotPermitted, &words);
    assert_eq!(case.writes_of_users().await, [] as [&str; 0]);
    case.crm(json!({ "do": "set_profile", "name": "Standard", "manageUsers": true }))
        .await;
    case.request::<CrmUserInvite>("clara").await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u5_a_denial_is_final_and_shown() {
    let case = Case::inviting(World::with_clara()).await;
    case.create(&request()).await;
    case.says::<CrmUserInvite>("clara", Reason::AwaitingApproval)
        .await;
    case.decides("clara", "Denied", &case.crm_user_id(NORA).await)
        .await;
    for _ in 0..2 {
        let denied: CrmUserInvite = case.settled("clara", Reason::Denied).await;
        let conditions = denied.conditions().unwrap();
        assert!(conditions.is_true(ConditionType::Ready), "nobody failed");
        assert!(conditions.is_true(ConditionType::Denied));
        assert!(!conditions.is_true(ConditionType::AwaitingApproval));
        assert_eq!(denied.status.unwrap().phase, Some(InvitePhase::Denied));
        case.request::<CrmUserInvite>("clara").await;
    }
    assert_eq!(case.writes_of_users().await, [] as [&str; 0]);
    case.delete::<CrmUserInvite>("clara").await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u5_who_is_added_in_the_crm_itself_is_approved_there() {
    let case = Case::inviting(World::with_clara()).await;
    case.create(&request()).await;
    case.says::<CrmUserInvite>("clara", Reason::AwaitingApproval)
        .await;
    case.crm(json!({ "do": "invite_user", "user": { "email": CLARA, "lastName": "Sommerhalder" } }))
        .await;
    case.request::<CrmUserInvite>("clara").await;
    let invited: CrmUserInvite = case.settled("clara", Reason::InvitationSent).await;
    invited.words(
        ConditionType::Approved,
        Reason::ApprovedInCrm,
        &["administrator of the CRM"],
    );
    case.accepts(CLARA).await;
    let active = case.invite_says("clara", Reason::UserActive).await;
    active.words(ConditionType::Approved, Reason::ApprovedInCrm, &[]);
    assert_eq!(case.writes_of_users().await, [] as [&str; 0]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u5_who_is_approved_beforehand_is_invited_at_once() {
    let settings = json!({
        "role": "CEO", "profile": "Standard", "joinRequests": { "preApproved": { "users": [CLARA] } },
    });
    let case = Case::inviting_with(World::with_clara(), json!({ "invites": settings })).await;
    case.create(&request()).await;
    let invited: CrmUserInvite = case.settled("clara", Reason::InvitationSent).await;
    invited.words(
        ConditionType::Approved,
        Reason::PreApproved,
        &["joinRequests.preApproved"],
    );
    assert_eq!(recipients(&case).await, [] as [&str; 0]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u5_an_invitation_of_an_administrator_is_theirs_though_it_was_not_seen_before_an_approval() {
    let case = Case::inviting(World::with_clara()).await;
    case.create(&request()).await;
    case.says::<CrmUserInvite>("clara", Reason::AwaitingApproval)
        .await;
    case.crm(json!({ "do": "invite_user", "user": { "email": CLARA, "lastName": "Sommerhalder" } }))
        .await;
    let listed = json!({ "joinRequests": { "preApproved": { "users": [CLARA] } } });
    case.change::<CrmTenant>("orchard", json!({ "spec": { "invites": listed } }))
        .await;
    let found: CrmUserInvite = case.settled("clara", Reason::InvitationSent).await;
    assert_eq!(found.status.unwrap().invited_at, None);
    case.delete::<CrmUserInvite>("clara").await;
    assert_eq!(case.fates(CLARA).await, ["pending"]);
    assert_eq!(case.writes_of_users().await, [] as [&str; 0]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u4_without_a_mailbox_to_send_from_nobody_is_mailed_and_an_approval_counts_all_the_same() {
    let invites = json!({ "invites": { "role": "CEO", "profile": "Standard" } });
    let case = Case::inviting_with(World::with_clara(), invites).await;
    case.create(&request()).await;
    let stalls: CrmUserInvite = case.says("clara", Reason::SenderMailboxMissing).await;
    stalls.words(
        ConditionType::Stalled,
        Reason::SenderMailboxMissing,
        &["invites.senderMailbox"],
    );
    assert!(
        stalls
            .conditions()
            .unwrap()
            .is_true(ConditionType::AwaitingApproval)
    );
    case.change::<CrmTenant>(
        "orchard",
        json!({ "spec": { "invites": { "senderMailbox": "nobody@orchard.example" } } }),
    )
    .await;
    let fails: CrmUserInvite = case.says("clara", Reason::RequestMailsFailed).await;
    fails.words(
        ConditionType::Ready,
        Reason::RequestMailsFailed,
        &["invites.senderMailbox", "no such user"],
    );
    case.decides("clara", "Approved", &case.crm_user_id(NORA).await)
        .await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    assert_eq!(recipients(&case).await, [] as [&str; 0]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u4_without_the_right_to_send_nobody_is_given_up() {
    let permissions = [
        "Application.Read.All",
        "GroupMember.Read.All",
        "RoleManagement.Read.Directory",
        "User.Read.All",
        "Contacts.ReadWrite",
    ];
    let world = two_managers().set("/office365/0/apps/0", "permissions", json!(permissions));
    let case = Case::inviting(world).await;
    case.create(&request()).await;
    let fails: CrmUserInvite = case.says("clara", Reason::RequestMailsFailed).await;
    fails.words(
        ConditionType::Ready,
        Reason::RequestMailsFailed,
        &["Mail.Send", "invites.senderMailbox"],
    );
    // More often than a mail in doubt is tried.
    for _ in 0..6 {
        case.invite_says("clara", Reason::RequestMailsFailed).await;
    }
    let role = json!({ "permission": "Mail.Send", "users": [NORA] });
    case.office(json!({ "do": "grant_exchange_role", "clientId": CLIENT_ID, "role": role }))
        .await;
    let waits = case.invite_says("clara", Reason::AwaitingApproval).await;
    assert_eq!(waits.status.unwrap().request_mails.unwrap().sent, 2);
    assert_eq!(recipients(&case).await, [GREGOR, NORA]);
    case.finish().await;
}

/// A rule for the mails of the operator.
fn mails(more: Value) -> Value {
    let mut rule = json!({ "service": "graph", "method": "POST", "path": "*/sendMail", "effect": "after" });
    rule.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    rule
}

#[tokio::test(flavor = "multi_thread")]
async fn u4_a_mail_whose_answer_is_lost_is_sent_again_and_no_other_one_is() {
    let mut case = Case::inviting(two_managers()).await;
    let lost = case.fault(mails(json!({ "drop": true }))).await;
    case.create(&request()).await;
    let doubt: CrmUserInvite = case.says("clara", Reason::RequestMailsFailed).await;
    doubt.words(
        ConditionType::Reconciling,
        Reason::ProgressingWithRetry,
        &["not every mail"],
    );
    assert_eq!(case.fired(lost).await, 1);
    let waits = case.invite_says("clara", Reason::AwaitingApproval).await;
    let told = waits.status.unwrap().request_mails.unwrap();
    assert_eq!((told.sent, told.failed), (2, None));
    assert_eq!(case.request_mails().await.len(), 3);
    assert_eq!(case.counter("graph", "requested_mails_repeated").await, 1);

    // Whatever is lost, nobody is mailed once more.
    case.stop_operator().await;
    case.lose_store();
    case.start_operator().await;
    case.invite_says("clara", Reason::AwaitingApproval).await;
    assert_eq!(case.request_mails().await.len(), 3);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u4_a_crash_in_the_middle_of_the_mails_leaves_nobody_out() {
    let mut case = Case::inviting(two_managers()).await;
    let held = case.fault(mails(json!({ "hold": true, "skip": 1 }))).await;
    case.create(&request()).await;
    let parked = until(async || (case.fired(held).await == 1).then_some(()));
    parked.await.expect("the second mail is under way");
    case.kill_operator().await;
    case.control.release(Some(held)).await.unwrap();
    case.start_operator().await;
    let waits: CrmUserInvite = case.says("clara", Reason::AwaitingApproval).await;
    assert_eq!(waits.status.unwrap().request_mails.unwrap().sent, 2);
    let mailed = recipients(&case).await;
    assert!(mailed.contains(&NORA.to_owned()) && mailed.contains(&GREGOR.to_owned()));
    assert_eq!(
        mailed.len(),
        3,
        "the one that was under way may be there twice, the other one not"
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u4_whom_no_mail_reaches_is_counted_and_left_alone() {
    let case = Case::inviting(World::with_clara()).await;
    let rule = case.fault(mails(json!({ "drop": true, "times": 0 }))).await;
    case.create(&request()).await;
    case.says::<CrmUserInvite>("clara", Reason::RequestMailsFailed)
        .await;
    for _ in 2..5 {
        case.invite_says("clara", Reason::RequestMailsFailed).await;
    }
    let waits = case.invite_says("clara", Reason::AwaitingApproval).await;
    waits.words(
        ConditionType::AwaitingApproval,
        Reason::AwaitingApproval,
        &["0 CRM users", "1 could not be mailed"],
    );
    let told = waits.status.unwrap().request_mails.unwrap();
    assert_eq!((told.sent, told.failed), (0, Some(1)));
    case.invite_says("clara", Reason::AwaitingApproval).await;
    assert_eq!(case.fired(rule).await, 5);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u1_a_request_to_an_organisation_that_cannot_invite_mails_nobody() {
    let world = World::with_clara().set("/crm/0", "edition", json!("free"));
    let case = Case::inviting(world).await;
    case.create(&request()).await;
    case.says::<CrmUserInvite>("clara", Reason::EditionNotPaid).await;
    assert_eq!(recipients(&case).await, [] as [&str; 0]);
    case.finish().await;
}
