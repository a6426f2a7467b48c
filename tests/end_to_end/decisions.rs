//! `crmlink approve` and `crmlink deny` against the API server, under the chart's admission policy.

use crmlink::api::{ConditionType, CrmUserInvite, DecisionVerdict, Reason};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};

use crate::support::{ANA, BEN, Case, Reported, SYSTEM, World, invite, invite_with};

const CRM_USER: &str = "4000000000000000901";

fn request(user: &str) -> Value {
    invite_with(user, json!({ "type": "JoinRequest" }))
}

/// A request to join that nobody works on: what is decided is the API server's alone.
async fn asked() -> Case {
    let case = Case::without_operator(World::new()).await;
    case.create(&request(ANA)).await;
    case
}

async fn own_name(case: &Case) -> String {
    let reviews: Api<SelfSubjectReview> = Api::all(case.client.clone());
    let asked = SelfSubjectReview::default();
    let review = reviews.create(&PostParams::default(), &asked).await.unwrap();
    review.status.unwrap().user_info.unwrap().username.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn u5_a_request_is_approved_in_ones_own_name_and_once() {
    let case = asked().await;
    let ended = case
        .command(&["approve", "ana", "--crm-user", CRM_USER])
        .await
        .with(0);
    assert_eq!(
        ended.printed,
        format!("approved ana in namespace {}\n", case.namespace)
    );
    let approved: CrmUserInvite = case.get("ana").await;
    let words = ["approved in the name of CRM user", CRM_USER];
    approved.words(ConditionType::Approved, Reason::ApprovedByManager, &words);
    let decision = approved.status.unwrap().decision.unwrap();
    assert_eq!(decision.verdict, DecisionVerdict::Approved);
    assert_eq!(decision.crm_user_id, CRM_USER);
    assert_eq!(decision.by, own_name(&case).await);
    let owners = approved.metadata.managed_fields.unwrap();
    assert!(
        owners
            .iter()
            .any(|owner| owner.manager.as_deref() == Some("crmlink-approval")
                && owner.subresource.as_deref() == Some("status")),
        "{owners:?}"
    );

    for verb in ["approve", "deny"] {
        let again = case
            .command(&[verb, "ana", "--crm-user", "4000000000000000902"])
            .await;
        again
            .with(1)
            .about(&["ana was approved already", "create another"]);
    }
    let kept: CrmUserInvite = case.get("ana").await;
    assert_eq!(
        kept.status.unwrap().decision.unwrap(),
        decision,
        "nothing was changed"
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u5_a_request_is_denied_with_words() {
    let case = asked().await;
    let denied = [
        "deny",
        "ana",
        "--crm-user",
        CRM_USER,
        "--message",
        "not in this team",
    ];
    case.command(&denied).await.with(0);
    let found: CrmUserInvite = case.get("ana").await;
    found.words(ConditionType::Denied, Reason::Denied, &["not in this team"]);
    assert!(found.condition(ConditionType::Approved).is_none());
    let decision = found.status.unwrap().decision.unwrap();
    assert_eq!(decision.verdict, DecisionVerdict::Denied);
    let approved = case.command(&["approve", "ana", "--crm-user", CRM_USER]).await;
    approved.with(1).about(&["ana was denied already"]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decided_is_said() {
    let case = asked().await;
    case.create(&invite(BEN)).await;
    let of_ben = case.command(&["approve", "ben", "--crm-user", CRM_USER]).await;
    of_ben
        .with(1)
        .about(&["ben is an invitation", "type JoinRequest"]);
    let of_nobody = case.command(&["deny", "nobody", "--crm-user", CRM_USER]).await;
    of_nobody
        .with(1)
        .about(&["there is no CrmUserInvite nobody", &case.namespace]);
    let by_address = case.command(&["approve", "ana", "--crm-user", ANA]).await;
    by_address.with(2).about(&["at most 32 digits"]);
    let nowhere = case.command(&["approve", "ana", "--crm-user", CRM_USER, "--context", "nowhere"]);
    nowhere.await.with(1).about(&["context nowhere"]);
    let untouched: CrmUserInvite = case.get("ana").await;
    assert!(untouched.status.is_none_or(|status| status.decision.is_none()));
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u5_who_may_not_approve_is_told_what_is_missing_and_who_may_decides() {
    let case = asked().await;
    let approve = ["approve", "ana", "--crm-user", CRM_USER];
    let refused = case
        .command_of_holder("system:basic-user", &approve)
        .await
        .with(1);
    let namespace = format!("namespace {}", case.namespace);
    refused.about(&["verb approve on crmuserinvites", "crmlink-approver", &namespace]);
    // The context of the kubeconfig names the namespace.
    case.command_of_holder(&format!("{SYSTEM}-crmlink-approver"), &approve)
        .await
        .with(0);
    let approved: CrmUserInvite = case.get("ana").await;
    let by = approved.status.unwrap().decision.unwrap().by;
    assert_eq!(
        by,
        format!(
            "system:serviceaccount:{}:{SYSTEM}-crmlink-approver",
            case.namespace
        )
    );
    case.finish().await;
}
