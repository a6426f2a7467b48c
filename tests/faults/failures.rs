//! Failures in a row, over a restart.

use serde_json::json;

use crate::support::{ANA, Case, World, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_with_the_waits() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    let down = json!({ "service": "graph", "path": "/v1.0/users/", "times": 0, "answer": { "status": 503 } });
    case.fault(down).await;
    case.request::<crmlink::api::ContactSync>("ana").await;
    let failures = async |case: &Case| {
        let page = case.operator().debug().await;
        page["operator"]["tenants"][0]["contactSyncs"][0]["failuresInARow"].as_u64()
    };
    let failed = until(async || failures(&case).await.filter(|failures| *failures >= 2));
    let before = failed.await.expect("some failures");
    case.stop_operator().await;
    case.start_operator().await;
    let again = until(async || failures(&case).await.filter(|failures| *failures > 0));
    let after = again.await.expect("the failures are known");
    assert!(after >= before, "{after} of {before}");
    case.control.clear_faults().await.unwrap();
    case.sync_now("ana").await;
    // Counted once the status is written.
    let ended = until(async || failures(&case).await.filter(|failures| *failures == 0));
    ended.await.expect("the row of failures ends");
    case.stop_operator().await;
    case.start_operator().await;
    case.operator().rests().await;
    assert_eq!(failures(&case).await, Some(0), "they ended for good");
    case.finish().await;
}
