//! Invited people who use an account of another organisation (U3).

use crmlink::api::{ConditionType, CrmTenant, CrmUserInvite, InvitePhase, Reason};
use serde_json::{Value, json};

use crate::support::{CLARA, Case, NORA, ORGANISATION, Reported, World, invite, invite_with, tenant, with};

const QUARRY: &str = "klara@quarry.example";

/// Another organisation, whose user Clara is by another address.
fn two_organisations() -> World {
    World::with_clara().push(
        "/crm",
        json!({
            "companyName": "Quarry Works",
            "id": "4000000000000000202",
            "users": [
                { "email": NORA, "firstName": "Nora", "lastName": "Weissenfels", "profile": "Administrator" },
                { "email": QUARRY, "firstName": "Klara", "lastName": "Sommerhalder" },
            ],
            "clients": [{
                "clientId": "1000.OTHERCLIENT", "clientSecret": "othersecret33ee", "refreshToken": "1000.otherrefresh.1",
                "user": NORA,
            }],
        }),
    )
}

/// The tenant of the other organisation, signed in.
async fn quarry(case: &Case, more: Value) {
    case.create(&json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "zoho-quarry" },
        "stringData": {
            "client-id": "1000.OTHERCLIENT", "client-secret": "othersecret33ee",
            "refresh-token": "1000.otherrefresh.1",
        },
    }))
    .await;
    let mut other = with(tenant(), more);
    other["metadata"]["name"] = json!("quarry");
    other["spec"]["crm"]["zoho"]["credentialsRef"]["name"] = json!("zoho-quarry");
    case.create(&other).await;
    case.settled::<CrmTenant>("quarry", Reason::Connected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u3_who_is_declared_to_be_elsewhere_is_not_invited() {
    let case = Case::inviting(two_organisations()).await;
    let account = json!({ "account": { "mode": "Link", "email": QUARRY } });
    case.create(&invite_with(CLARA, account)).await;
    let declared: CrmUserInvite = case.settled("clara", Reason::LinkedElsewhere).await;
    declared.words(
        ConditionType::LinkedElsewhere,
        Reason::LinkedElsewhere,
        &["nobody is invited here", "nothing proves it"],
    );
    assert!(declared.conditions().unwrap().is_true(ConditionType::Ready));
    assert_eq!(declared.status.unwrap().phase, Some(InvitePhase::LinkedElsewhere));

    quarry(&case, json!({})).await;
    let named = json!({ "account": { "mode": "Link", "email": QUARRY, "tenantRef": { "name": "quarry" } } });
    case.change::<CrmUserInvite>("clara", json!({ "spec": named }))
        .await;
    let proven: CrmUserInvite = case.settled("clara", Reason::LinkedElsewhere).await;
    let of = format!("CrmTenant {}/quarry, which proves it", case.namespace);
    proven.words(ConditionType::LinkedElsewhere, Reason::LinkedElsewhere, &[&of]);
    assert_eq!(case.writes_of_users().await, [] as [&str; 0]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u3_a_pending_invitation_is_withdrawn_once_the_link_is_declared_and_sent_again_after_it() {
    let case = Case::inviting(two_organisations()).await;
    case.create(&invite(CLARA)).await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    let account = json!({ "account": { "mode": "Link", "email": QUARRY } });
    case.change::<CrmUserInvite>("clara", json!({ "spec": account }))
        .await;
    let linked: CrmUserInvite = case.settled("clara", Reason::LinkedElsewhere).await;
    let status = linked.status.unwrap();
    assert_eq!((status.crm_user_id, status.invited_at), (None, None));
    assert_eq!(case.fates(CLARA).await, ["withdrawn"]);

    case.change::<CrmUserInvite>("clara", json!({ "spec": { "account": null } }))
        .await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    assert_eq!(case.fates(CLARA).await, ["withdrawn", "pending"]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u3_an_undeclared_link_shows_only_once_another_tenant_proves_it() {
    let case = Case::inviting(two_organisations()).await;
    case.create(&invite(CLARA)).await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    case.crm(
        json!({ "do": "link_invitation", "organisation": ORGANISATION, "user": CLARA, "account": QUARRY }),
    )
    .await;
    let waits = case.invite_says("clara", Reason::InvitationSent).await;
    assert_eq!(waits.status.unwrap().phase, Some(InvitePhase::Invited));

    quarry(
        &case,
        json!({ "accountLinks": [{ "user": CLARA, "crmUser": QUARRY }] }),
    )
    .await;
    let found = case.invite_says("clara", Reason::LinkedElsewhere).await;
    let of = format!(
        "belongs to the CRM organisation of CrmTenant {}/quarry",
        case.namespace
    );
    found.words(
        ConditionType::LinkedElsewhere,
        Reason::LinkedElsewhere,
        &[&of, "account.mode: Link"],
    );
    let status = found.status.unwrap();
    assert!(
        status.invited_at.is_some(),
        "the invitation stays until that is declared"
    );
    assert_eq!(case.writes_of_users().await.len(), 1);
    case.finish().await;
}
