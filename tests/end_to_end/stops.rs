//! SIGTERM in the middle of a first sync: it ends well and in time, and the next start goes on.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{ANA, Case, World, contact_sync, until};
use crate::work::{CONTACTS, ahead, begin, ends_well, let_go};

/// What Kubernetes waits by default before it kills.
const GRACE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn n1_stopped_between_batches() {
    let mut case = ahead().await;
    // Slow enough that the stop comes before the end.
    case.office(json!({ "do": "set_options", "latencyMs": 200 }))
        .await;
    case.create(&contact_sync(ANA)).await;
    let some = until(async || (case.counter("graph", "creates").await > 4).then_some(()));
    some.await.expect("the first contacts");
    let asked = Instant::now();
    case.stop_operator().await;
    assert!(asked.elapsed() < GRACE, "{:?}", asked.elapsed());
    let made = case.counter("graph", "creates").await;
    assert!(
        made < u64::from(CONTACTS),
        "the stop came too late to prove anything"
    );
    case.office(json!({ "do": "set_options", "latencyMs": 0 })).await;
    case.start_operator().await;
    ends_well(case).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_stopped_while_a_request_is_under_way() {
    let mut case = ahead().await;
    case.fault(json!({
        "service": "graph", "method": "POST", "path": "*/contacts", "batched": true, "skip": 10, "effect": "none",
        "hold": true,
    }))
    .await;
    begin(&case).await;
    let asked = Instant::now();
    // The answer never comes: the slice is dropped, and the next start looks up what became of it.
    case.stop_operator().await;
    assert!(asked.elapsed() < GRACE, "{:?}", asked.elapsed());
    case.control.clear_faults().await.unwrap();
    let_go(&case).await;
    case.start_operator().await;
    ends_well(case).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_rest_and_while_it_starts_it_stops_at_once() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    for _ in 0..3 {
        let asked = Instant::now();
        case.stop_operator().await;
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
        case.start_operator().await;
    }
    case.finish().await;
}
