//! What the operator lets others see: of a new object at once that nothing is known, and how it stands inside.

use crmlink::api::{ContactSync, CrmTenant, Reason};
use serde_json::json;

use crate::support::{ANA, Case, Kstatus, Reported, WITHIN, World, contact_sync, kstatus, tenant};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_just_seen_counts_as_in_progress_before_any_call() {
    let case = Case::start(World::three()).await;
    case.fault(json!({ "service": "graph", "path": "*", "times": 0, "hold": true, "effect": "before" }))
        .await;
    case.create_secrets().await;
    case.create(&tenant()).await;
    case.control.wait_parked(1, WITHIN).await.unwrap();
    let seen: CrmTenant = case.get("orchard").await;
    assert_eq!(
        (seen.reason(), seen.observed()),
        (Reason::Progressing.as_str(), None)
    );
    assert_eq!(kstatus(&json!(seen)), Kstatus::InProgress);
    case.create(&contact_sync(ANA)).await;
    let unknown = |sync: &ContactSync| !sync.reason().is_empty();
    let seen: ContactSync = case.when("ana", "seen", unknown).await;
    assert_eq!(kstatus(&json!(seen)), Kstatus::InProgress);
    case.control.clear_faults().await.unwrap();
    let settled: ContactSync = case.settled("ana", Reason::InSync).await;
    assert_eq!(kstatus(&json!(settled)), Kstatus::Current);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_object_counts_as_failed() {
    let case = Case::connected(World::three()).await;
    case.create(&contact_sync("nobody@orchard.example")).await;
    let stalled: ContactSync = case.says("nobody", Reason::UserNotFound).await;
    assert_eq!(kstatus(&json!(stalled)), Kstatus::Failed);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_debug_page_tells_how_tenants_and_syncs_stand() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.operator().rests().await;
    let page = case.operator().debug().await;
    assert_eq!(page["lease"]["leader"], true);
    assert_eq!(page["operator"]["concurrency"], 8);
    let tenant = &page["operator"]["tenants"][0];
    assert_eq!(
        (&tenant["name"], &tenant["connected"]),
        (&json!("orchard"), &json!(true))
    );
    assert!(tenant["credits"]["used"].as_u64().unwrap() > 0, "{tenant:#}");
    assert!(tenant["feedRead"].is_string(), "{tenant:#}");
    assert_eq!(tenant["crmUserInvites"], json!([]));
    let sync = &tenant["contactSyncs"][0];
    assert_eq!(
        (&sync["name"], &sync["reason"]),
        (&json!("ana"), &json!("InSync"))
    );
    assert_eq!(
        (&sync["lastOutcome"], &sync["failuresInARow"]),
        (&json!("done"), &json!(0))
    );
    assert_eq!(sync["contacts"]["linked"], 3);
    assert!(sync["nextRunInSeconds"].as_i64().unwrap() > 200, "{sync:#}");
    for (name, labels, value) in [
        ("crmlink_contacts", "linked", 3),
        ("crmlink_objects", "kind=\"ContactSync\",ready=\"True\"", 1),
        ("crmlink_watch_up", "", 4),
        ("crmlink_leader", "", 1),
    ] {
        assert_eq!(case.operator().counter(name, labels).await, value, "{name}");
    }
    case.finish().await;
}
