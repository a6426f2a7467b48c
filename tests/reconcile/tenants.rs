//! The tenant that a sync refers to: missing, in another namespace, permitted or not.

use std::time::Instant;

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason};
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::support::{ANA, BEN, Case, NORA, Reported, World, contact_sync, tenant};

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_tenant_is_said_and_waited_for() {
    let case = Case::start(World::three()).await;
    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.says("ana", Reason::TenantNotFound).await;
    let words = format!("no CrmTenant orchard in namespace {}", case.namespace);
    sync.words(ConditionType::Ready, Reason::TenantNotFound, &[&words]);
    assert!(sync.condition(ConditionType::Stalled).is_none());
    case.create_secrets().await;
    case.create(&tenant()).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.finish().await;
}

/// All namespaces are watched here, so this test has a cluster of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_of_another_namespace_needs_its_permission() {
    let case = Case::everywhere(World::three()).await;
    case.sign_in().await;
    let elsewhere = case.create_namespace().await;
    let foreign = |user: &str| {
        let mut sync = contact_sync(user);
        sync["spec"]["tenantRef"]["namespace"] = json!(case.namespace);
        sync
    };
    let there = case.within(&elsewhere);
    there.create(&foreign(ANA)).await;
    let sync: ContactSync = there.says("ana", Reason::TenantNotAllowed).await;
    let words = format!("orchard does not admit namespace {elsewhere} in allowedNamespaces");
    sync.words(ConditionType::Ready, Reason::TenantNotAllowed, &[&words]);
    assert!(!case.mailbox(ANA).await.has_folder());

    let allow = |allowed| json!({ "spec": { "allowedNamespaces": allowed } });
    case.change::<CrmTenant>("orchard", allow(json!({ "from": "All" })))
        .await;
    there.settled::<ContactSync>("ana", Reason::InSync).await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);

    let selector = json!({ "from": "Selector", "selector": { "matchLabels": { "crm": "allowed" } } });
    case.change::<CrmTenant>("orchard", allow(selector)).await;
    there.says::<ContactSync>("ana", Reason::TenantNotAllowed).await;
    there.create(&foreign(BEN)).await;
    there.says::<ContactSync>("ben", Reason::TenantNotAllowed).await;
    let namespaces: Api<Namespace> = Api::all(case.client.clone());
    let label = json!({ "metadata": { "labels": { "crm": "allowed" } } });
    namespaces
        .patch(&elsewhere, &PatchParams::default(), &Patch::Merge(label))
        .await
        .unwrap();
    for name in ["ana", "ben"] {
        there.request::<ContactSync>(name).await;
        there.settled::<ContactSync>(name, Reason::InSync).await;
    }
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n10_new_syncs_are_counted_without_another_sign_in() {
    let began = Instant::now();
    let case = Case::connected(World::three()).await;
    let looks = async || {
        let calls = case.journal("zoho", "GET", 0).await;
        calls.iter().filter(|call| call.path == "/crm/v8/org").count() as u64
    };
    for user in [ANA, BEN, NORA] {
        case.create(&contact_sync(user)).await;
    }
    for name in ["ana", "ben", "nora"] {
        case.settled::<ContactSync>(name, Reason::InSync).await;
    }
    case.when("orchard", "counting its syncs", |tenant: &CrmTenant| {
        let counts = tenant.status.as_ref().and_then(|status| status.syncs);
        counts.is_some_and(|counts| counts.contact_syncs == 3)
    })
    .await;
    // The first sign-in, and one a minute at most where the machine is that slow.
    let most = 1 + began.elapsed().as_secs() / 60;
    let found = looks().await;
    assert!((1..=most).contains(&found), "{found} looks at the organisation");
    case.finish().await;
}
