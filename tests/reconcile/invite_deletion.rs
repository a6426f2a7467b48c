//! Deleting invites: what is pending is withdrawn, what becomes of a user is declared, and nothing hangs.

use crmlink::api::{ConditionType, CrmTenant, CrmUserInvite, Reason};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::{DeleteParams, ListParams};
use serde_json::json;

use crate::support::{ANA, BEN, CLARA, Case, NORA, Reported, World, invite, invite_with, until};

/// Asks for the deletion of an object, without waiting for it.
async fn begin_to_delete<K: Reported>(case: &Case, name: &str) {
    let api: Api<K> = case.api();
    api.delete(name, &DeleteParams::default()).await.unwrap();
}

async fn gone<K: Reported>(case: &Case, name: &str) {
    let api: Api<K> = case.api();
    let gone = until(async || api.get_opt(name).await.unwrap().is_none().then_some(()));
    gone.await.unwrap_or_else(|| panic!("{name} does not go"));
}

/// Waits for the Event about a CRM user who was left.
async fn told(case: &Case, why: &str) {
    let found = until(async || {
        let events = case.api::<Event>().list(&ListParams::default()).await.unwrap();
        let reason = Some(Reason::CrmUserLeft.as_str());
        let mut left = events
            .items
            .into_iter()
            .filter(|event| event.reason.as_deref() == reason);
        left.any(|event| event.note.is_some_and(|note| note.contains(why)))
            .then_some(())
    });
    found.await.unwrap_or_else(|| panic!("no Event tells that {why}"));
}

async fn suspend_tenant(case: &Case) {
    case.change::<CrmTenant>("orchard", json!({ "spec": { "suspend": true } }))
        .await;
    case.when("orchard", "suspended", |tenant: &CrmTenant| {
        tenant.condition(ConditionType::Suspended).is_some()
    })
    .await;
}

/// Clara is invited.
async fn invited() -> Case {
    let case = Case::inviting(World::with_clara()).await;
    case.create(&invite(CLARA)).await;
    case.settled::<CrmUserInvite>("clara", Reason::InvitationSent)
        .await;
    case
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_invitation_is_withdrawn_whatever_the_policy() {
    let case = invited().await;
    case.delete::<CrmUserInvite>("clara").await;
    assert_eq!(case.fates(CLARA).await, ["withdrawn"]);
    assert_eq!(case.crm_user(CLARA).await["status"], "deleted");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_user_stays_is_switched_off_or_goes_as_declared() {
    let case = Case::inviting(World::with_clara()).await;
    for (user, policy, status) in [
        (CLARA, "Retain", "active"),
        (ANA, "Deactivate", "inactive"),
        (BEN, "Remove", "deleted"),
    ] {
        let name = user.split('@').next().unwrap();
        case.create(&invite_with(user, json!({ "deletionPolicy": policy })))
            .await;
        if user == CLARA {
            case.settled::<CrmUserInvite>(name, Reason::InvitationSent).await;
            case.accepts(user).await;
            case.request::<CrmUserInvite>(name).await;
        }
        case.settled::<CrmUserInvite>(name, Reason::UserActive).await;
        case.delete::<CrmUserInvite>(name).await;
        assert_eq!(case.crm_user(user).await["status"], status, "{policy}");
    }
    // Whoever went can be invited again at once.
    case.create(&invite(BEN)).await;
    case.settled::<CrmUserInvite>("ben", Reason::InvitationSent).await;
    assert_eq!(case.fates(BEN).await, ["pending"]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_is_accepted_meanwhile_follows_the_policy() {
    let case = invited().await;
    case.accepts(CLARA).await;
    case.delete::<CrmUserInvite>("clara").await;
    assert_eq!(case.crm_user(CLARA).await["status"], "active");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_super_admin_and_whoever_the_operator_acts_for_always_stay() {
    const GREGOR: &str = "gregor@orchard.example";
    let gregor = json!({ "email": GREGOR, "firstName": "Gregorius", "lastName": "Hohenfelder", "profile": "Administrator" });
    let world = World::new()
        .push("/crm/0/users", gregor)
        .set("/crm/0/clients/0", "user", json!(GREGOR))
        .push("/office365/0/users", json!({ "userPrincipalName": GREGOR }));
    let case = Case::inviting(world).await;
    for (user, why) in [(NORA, "super admin"), (GREGOR, "acts for this user")] {
        let name = user.split('@').next().unwrap();
        case.create(&invite_with(user, json!({ "deletionPolicy": "Remove" })))
            .await;
        case.settled::<CrmUserInvite>(name, Reason::UserActive).await;
        case.delete::<CrmUserInvite>(name).await;
        told(&case, why).await;
        assert_eq!(case.crm_user(user).await["status"], "active");
    }
    assert_eq!(case.writes_of_users().await, [] as [&str; 0]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_crm_fails_at_is_tried_again() {
    let case = invited().await;
    let rule = json!({
        "service": "zoho", "method": "DELETE", "path": "/crm/v8/users/*", "times": 2, "effect": "after", "drop": true,
    });
    case.fault(rule).await;
    case.delete::<CrmUserInvite>("clara").await;
    assert_eq!(case.fates(CLARA).await, ["withdrawn"]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_being_deleted_or_suspended_signs_in_to_withdraw_what_is_pending() {
    let case = invited().await;
    begin_to_delete::<CrmTenant>(&case, "orchard").await;
    case.when("orchard", "being deleted", |tenant: &CrmTenant| {
        tenant.reason() == Reason::TenantInUse.as_str() || tenant.metadata.deletion_timestamp.is_some()
    })
    .await;
    case.delete::<CrmUserInvite>("clara").await;
    gone::<CrmTenant>(&case, "orchard").await;
    assert_eq!(case.fates(CLARA).await, ["withdrawn"]);
    case.finish().await;

    let case = invited().await;
    suspend_tenant(&case).await;
    case.delete::<CrmUserInvite>("clara").await;
    assert_eq!(case.fates(CLARA).await, ["withdrawn"]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_tenant_an_invite_goes_and_says_what_stays() {
    let case = invited().await;
    suspend_tenant(&case).await;
    begin_to_delete::<CrmTenant>(&case, "orchard").await;
    // Somebody takes its finalizer off by hand.
    let free = json!({ "metadata": { "finalizers": null } });
    case.change::<CrmTenant>("orchard", free).await;
    gone::<CrmTenant>(&case, "orchard").await;
    let seen = until(async || {
        let page = case.operator().debug().await;
        page["operator"]["tenants"].as_array()?.is_empty().then_some(())
    });
    seen.await.expect("the operator sees that it is gone");
    case.delete::<CrmUserInvite>("clara").await;
    told(&case, "the CrmTenant is gone").await;
    assert_eq!(case.fates(CLARA).await, ["pending"]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_secret_an_invite_goes_soon_and_says_what_stays() {
    let case = invited().await;
    let secrets: Api<Secret> = case.api();
    secrets.delete("zoho", &DeleteParams::default()).await.unwrap();
    case.says::<CrmTenant>("orchard", Reason::MissingSecret).await;
    case.delete::<CrmUserInvite>("clara").await;
    told(&case, "the Secret of the CrmTenant is gone").await;
    assert_eq!(case.fates(CLARA).await, ["pending"]);
    case.finish().await;
}
