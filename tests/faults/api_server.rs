//! The API server goes away and comes back.

use crmlink::api::{ContactSync, CrmTenant};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;
use kube::api::PostParams;
use serde_json::json;

use crate::support::{ANA, Case, World, contact_sync, crm_id, until};

/// How often the operator has to find the API server gone: far beyond the time for which it may act without it.
const FAILURES: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn n10_an_api_server_that_is_gone_for_long_costs_neither_a_restart_nor_a_write() {
    let case = Case::everywhere(World::three()).await;
    let Some(control_plane) = case.control_plane() else {
        return case.finish().await;
    };
    case.sign_in().await;
    let mut sync = contact_sync(ANA);
    sync["spec"]["interval"] = json!("30s");
    case.create(&sync).await;
    case.settled::<ContactSync>("ana", crmlink::api::Reason::InSync)
        .await;
    let counted = |tenant: &CrmTenant| {
        let syncs = tenant.status.as_ref().and_then(|status| status.syncs);
        syncs.is_some_and(|syncs| syncs.contact_syncs == 1)
    };
    case.when("orchard", "counting its syncs", counted).await;
    let operator = case.operator();
    let (pid, lease) = (operator.pid(), case.lease().await);
    let versions = async || {
        (
            case.get::<CrmTenant>("orchard").await.resource_version(),
            case.get::<ContactSync>("ana").await.resource_version(),
        )
    };
    let before = versions().await;
    // Others write meanwhile, so the place where the operator's watches stopped is forgotten when they go on.
    for number in 0..3 {
        let mut map = ConfigMap::default();
        map.metadata.name = Some(format!("busy-{number}"));
        case.api::<ConfigMap>()
            .create(&PostParams::default(), &map)
            .await
            .unwrap();
    }

    control_plane.stop_apiserver();
    let closed = until(async || {
        let (status, text) = operator.get("/readyz").await;
        (status == 503 && !operator.leads().await).then_some(text)
    });
    let why = closed.await.expect("it notices");
    assert!(why.contains("the Lease could not be renewed"), "{why}");
    let calls = case.journal_end().await;
    let again = until(async || {
        let failed = operator.logged("the Lease cannot be renewed").len();
        (failed > FAILURES).then_some(())
    });
    again.await.expect("it goes on trying");
    assert_eq!(
        case.journal_end().await,
        calls,
        "a call without a Lease held for sure"
    );
    assert_eq!(operator.get("/livez").await.0, 200, "a restart would not help");
    case.crm(json!({ "do": "delete_contact", "id": crm_id(2) })).await;

    control_plane.start_apiserver().await.unwrap();
    let back = until(async || (operator.get("/readyz").await.0 == 200).then_some(()));
    back.await.expect("it leads again");
    let now = case.lease().await;
    assert_eq!(operator.pid(), pid);
    assert_eq!(now.holder_identity, lease.holder_identity);
    assert_eq!(now.lease_transitions, lease.lease_transitions);
    // Of the three kinds and of Secrets. Each is listed anew, as the place where it stopped is forgotten.
    let watching = until(async || (operator.counter("crmlink_watch_up", "").await == 4).then_some(()));
    watching.await.expect("its watches are restored");
    assert!(operator.counter("crmlink_watch_errors_total", "expired").await > 0);
    let synced = until(async || (case.mailbox(ANA).await.copies() == [crm_id(1), crm_id(3)]).then_some(()));
    synced.await.expect("the next run comes by itself");
    let (tenant, _) = versions().await;
    assert_eq!(tenant, before.0, "nothing about the tenant was news");
    case.sync_now("ana").await;
    case.finish().await;
}
