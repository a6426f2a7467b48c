//! All faults at once.

use emulators::core::faults::storm;
use serde_json::{Value, json};

use crate::core_clock::drive;
use crate::graph_support::{Graph, MARKER, contacts};
use crate::zoho_support::{self, Crm};

const IMMUTABLE: [(&str, &str); 1] = [("prefer", "IdType=\"ImmutableId\"")];

/// What a client that never retries sees while the storm blows.
async fn weather(seed: u64) -> (Vec<String>, Value) {
    let mut graph = Graph::seeded(seed, &json!({})).await;
    let folder = graph.folder().await;
    for rule in storm("graph", 0.03) {
        graph.fault(rule);
    }
    let mut answers = Vec::new();
    for at in 0..400 {
        let body = json!({
            "givenName": format!("N{at}"),
            "singleValueExtendedProperties": [{"id": MARKER, "value": format!("r{at}")}],
        });
        let path = contacts(&folder);
        let made = graph.try_bare("POST", &path, &IMMUTABLE, Some(&body));
        let made = drive(&graph.clock, made).await;
        let id = made
            .as_ref()
            .and_then(|answer| answer.body["id"].as_str())
            .map(str::to_owned);
        answers.push(format!("{:?}", made.map(|answer| answer.status)));
        if let Some(id) = id {
            let path = format!("{}/{id}", contacts(&folder));
            for (method, body) in [("PATCH", Some(json!({"jobTitle": "x"}))), ("DELETE", None)] {
                let done = graph.try_bare(method, &path, &IMMUTABLE, body.as_ref());
                let done = drive(&graph.clock, done).await;
                answers.push(format!("{:?}", done.map(|answer| answer.status)));
            }
        }
        let changes = format!("{}/delta", contacts(&folder));
        let page = drive(&graph.clock, graph.try_bare("GET", &changes, &IMMUTABLE, None)).await;
        answers.push(format!("{:?}", page.map(|answer| answer.body["value"].clone())));
        graph.sign_in().await;
    }
    let fired: Vec<u64> = graph.shared.faults.list().iter().map(|rule| rule.fired).collect();
    (answers, json!(fired))
}

#[tokio::test]
async fn a_storm_has_every_fault_and_the_same_seed_blows_the_same() {
    let (seen, fired) = weather(7).await;
    for (rule, fired) in storm("graph", 0.03).iter().zip(fired.as_array().unwrap()) {
        assert_ne!(*fired, 0, "{rule:?}");
    }
    assert_eq!((seen.clone(), fired), weather(7).await);
    assert_ne!(seen, weather(8).await.0);
}

#[tokio::test]
async fn the_storm_over_the_crm_blows_too() {
    let crm = Crm::with(json!({"contacts": zoho_support::contacts(&["A"])})).await;
    for rule in storm("zoho", 1.0) {
        assert!(rule.retry_after.is_none(), "Zoho does not say when to come back");
        crm.fault(rule);
    }
    let request = http::Request::get("/crm/v8/org").body(axum::body::Body::empty());
    assert!(
        crm.try_send(request.unwrap()).await.is_none(),
        "the first rule always wins"
    );
    assert_eq!(
        crm.login("client", "secret", "refresh").await.status,
        200,
        "logins are spared"
    );
}
