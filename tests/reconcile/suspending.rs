//! Suspending, and being declared switched off.

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason};
use serde_json::json;

use crate::support::{ANA, BEN, Case, Reported, World, contact_sync, crm_id};

fn is_suspended(sync: &ContactSync) -> bool {
    sync.condition(ConditionType::Suspended).is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_sync_keeps_everything_as_it_is() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.change_sync("ana", json!({ "suspend": true })).await;
    let sync = case.when("ana", "suspended", is_suspended).await;
    sync.words(
        ConditionType::Suspended,
        Reason::Suspended,
        &["nothing is read or written"],
    );
    sync.words(ConditionType::Ready, Reason::InSync, &[]);
    case.crm(json!({ "do": "delete_contact", "id": crm_id(1) })).await;
    let end = case.journal_end().await;
    case.request::<ContactSync>("ana").await;
    case.when("ana", "echoing the request", |sync: &ContactSync| {
        sync.handled() == Some("request 1") && is_suspended(sync)
    })
    .await;
    assert_eq!(case.journal_end().await, end, "no call");
    case.change_sync("ana", json!({ "suspend": false })).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.sync_now("ana").await;
    assert_eq!(case.mailbox(ANA).await.copies(), [crm_id(2), crm_id(3)]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_tenant_suspends_its_syncs() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.change::<CrmTenant>("orchard", json!({ "spec": { "suspend": true } }))
        .await;
    let tenant = case
        .when("orchard", "suspended", |tenant: &CrmTenant| {
            tenant.condition(ConditionType::Suspended).is_some()
        })
        .await;
    tenant.words(
        ConditionType::Suspended,
        Reason::Suspended,
        &["nothing is read or written"],
    );
    let sync = case.when("ana", "suspended", is_suspended).await;
    sync.words(
        ConditionType::Suspended,
        Reason::TenantSuspended,
        &["the CrmTenant is suspended"],
    );
    sync.words(ConditionType::Ready, Reason::InSync, &[]);

    case.create(&contact_sync(BEN)).await;
    let ben = case.when("ben", "suspended", is_suspended).await;
    ben.words(ConditionType::Ready, Reason::TenantSuspended, &[]);

    case.change::<CrmTenant>("orchard", json!({ "spec": { "suspend": false } }))
        .await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.settled::<ContactSync>("ben", Reason::InSync).await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_declared_switched_off_makes_nothing() {
    let case = Case::connected(World::three()).await;
    let mut sync = contact_sync(ANA);
    sync["spec"]["enabled"] = json!(false);
    case.create(&sync).await;
    case.settled::<ContactSync>("ana", Reason::Disabled).await;
    assert!(!case.mailbox(ANA).await.has_folder());
    assert_eq!(case.counter("graph", "mailbox_requests").await, 0);
    case.finish().await;
}
