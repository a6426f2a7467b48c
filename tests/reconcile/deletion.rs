//! Deleting the objects.

use crmlink::api::{ContactSync, CrmTenant, Reason};
use kube::Api;
use serde_json::json;

use crate::support::{ANA, Case, World, crm_id};

#[tokio::test(flavor = "multi_thread")]
async fn k8_deletion_removes_the_copies_and_leaves_the_crm() {
    let case = Case::in_sync(World::three(), ANA).await;
    let crm = case.crm_state().await;
    case.delete::<ContactSync>("ana").await;
    assert!(!case.mailbox(ANA).await.has_folder());
    assert_eq!(case.writes().await, [3, 0, 4, 1, 1]);
    assert_eq!(crm, case.crm_state().await);
    case.when("orchard", "without syncs", |tenant: &CrmTenant| {
        let syncs = tenant.status.as_ref().and_then(|status| status.syncs);
        syncs.is_some_and(|syncs| syncs.contact_syncs == 0)
    })
    .await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orphaned_copies_stay_and_are_taken_up_again() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.change_sync("ana", json!({ "deletionPolicy": "Orphan" }))
        .await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.delete::<ContactSync>("ana").await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    // A new object for the same pair finds its folder.
    case.create(&crate::support::contact_sync(ANA)).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    assert_eq!(case.writes().await, [3, 0, 0, 1, 0]);
    assert_eq!(
        case.mailbox(ANA).await.copies(),
        [crm_id(1), crm_id(2), crm_id(3)]
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_does_not_hang_when_the_tenant_is_gone() {
    let case = Case::in_sync(World::three(), ANA).await;
    let tenants: Api<CrmTenant> = case.api();
    tenants
        .delete("orchard", &kube::api::DeleteParams::default())
        .await
        .unwrap();
    case.request::<ContactSync>("ana").await;
    case.says::<ContactSync>("ana", Reason::TenantNotFound).await;
    case.delete::<ContactSync>("ana").await;
    assert_eq!(
        case.mailbox(ANA).await.copies().len(),
        3,
        "nobody can sign in: the folder stays"
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_waits_for_a_service_that_does_not_answer() {
    let case = Case::in_sync(World::three(), ANA).await;
    let down = json!({ "service": "graph", "path": "/v1.0/users/", "times": 0, "answer": { "status": 503 } });
    case.fault(down).await;
    let syncs: Api<ContactSync> = case.api();
    syncs
        .delete("ana", &kube::api::DeleteParams::default())
        .await
        .unwrap();
    case.when("ana", "saying why it is still there", |sync: &ContactSync| {
        use crate::support::Reported;
        sync.reason() == Reason::Deleting.as_str()
    })
    .await;
    case.control.clear_faults().await.unwrap();
    let gone = crate::support::until(async || syncs.get_opt("ana").await.unwrap().is_none().then_some(()));
    gone.await.expect("it goes by itself");
    assert!(!case.mailbox(ANA).await.has_folder());
    case.finish().await;
}
