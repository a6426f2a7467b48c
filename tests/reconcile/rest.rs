//! At rest nothing is written (N10).

use crmlink::api::{ContactSync, CrmTenant, Reason};
use kube::ResourceExt;
use serde_json::json;

use crate::support::{ANA, Case, World, contact_sync, crm_id, until};

#[tokio::test(flavor = "multi_thread")]
async fn n10_a_restart_writes_nothing() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    case.when("orchard", "counting its syncs", |tenant: &CrmTenant| {
        let syncs = tenant.status.as_ref().and_then(|status| status.syncs);
        syncs.is_some_and(|syncs| syncs.contact_syncs == 1)
    })
    .await;
    let writes = case.writes().await;
    for _ in 0..2 {
        case.stop_operator().await;
        let versions = (
            case.get::<CrmTenant>("orchard").await.resource_version(),
            case.get::<ContactSync>("ana").await.resource_version(),
        );
        case.start_operator().await;
        case.looked_at().await;
        let now = (
            case.get::<CrmTenant>("orchard").await.resource_version(),
            case.get::<ContactSync>("ana").await.resource_version(),
        );
        assert_eq!(versions, now, "a status was written");
        assert_eq!(writes, case.writes().await);
    }
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n10_a_requested_run_without_changes_echoes_the_request_and_nothing_else() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.sync_now("ana").await;
    let before: ContactSync = case.get("ana").await;
    let writes = case.writes().await;
    let after = case.sync_now("ana").await;
    assert_eq!(writes, case.writes().await);
    let (mut before, after) = (before.status.unwrap(), after.status.unwrap());
    before
        .last_handled_requested_at
        .clone_from(&after.last_handled_requested_at);
    assert_eq!(before, after);

    // An edit that changes nothing for the mailbox is none either.
    case.crm(json!({ "do": "update_contact", "id": crm_id(1), "fields": { "Lead_Source": "Trade Show" } }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(writes, case.writes().await);
    case.finish().await;
}

async fn versions(case: &Case) -> [Option<String>; 3] {
    [
        case.get::<ContactSync>("ana").await.resource_version(),
        case.get::<ContactSync>("anna").await.resource_version(),
        case.get::<CrmTenant>("orchard").await.resource_version(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn n10_trouble_that_lasts_is_said_once() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    case.create(&contact_sync("anna@orchard.example")).await;
    case.says::<ContactSync>("anna", Reason::UserNotFound).await;
    case.change::<CrmTenant>(
        "orchard",
        json!({ "spec": { "guard": { "maxDeletesPerDay": 0 } } }),
    )
    .await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.deletes_records(&[crm_id(1)]).await;
    case.sync_now("ana").await;
    case.stop_operator().await;
    let before = versions(&case).await;
    case.start_operator().await;
    let looked = until(async || {
        let labels = "kind=\"ContactSync\",outcome=\"done\"";
        let done = case.operator().counter("crmlink_reconciles_total", labels).await;
        (done >= 2).then_some(())
    });
    looked.await.expect("a look at both syncs");
    assert_eq!(before, versions(&case).await, "a status was written");

    // Nor while it is tried again and again.
    let down = json!({ "service": "zoho", "method": "POST", "path": "/crm/v8/coql", "times": 0, "answer": { "status": 500 } });
    let rule = case.fault(down).await;
    case.request::<ContactSync>("ana").await;
    case.says::<ContactSync>("ana", Reason::RetryLater).await;
    let before = case.get::<ContactSync>("ana").await;
    let (fired, tries) = (case.fired(rule).await, 2);
    let again = until(async || (case.fired(rule).await >= fired + tries).then_some(()));
    again.await.expect("further tries");
    let after = case.get::<ContactSync>("ana").await;
    assert_eq!(before.resource_version(), after.resource_version());
    case.finish().await;
}
