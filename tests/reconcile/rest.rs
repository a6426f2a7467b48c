//! At rest nothing is written (N10).

use crmlink::api::{ContactSync, CrmTenant};
use kube::ResourceExt;
use serde_json::json;

use crate::support::{ANA, Case, World, crm_id};

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
