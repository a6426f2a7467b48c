//! `$batch` and throttling.

use std::collections::BTreeMap;

use emulators::core::service::Service as _;
use serde_json::{Value, json};

use crate::core_clock::drive;
use crate::graph_support::{ADA, Answer, Graph, contacts};

fn get(id: &str, url: &str) -> Value {
    json!({"id": id, "method": "GET", "url": url, "headers": {"Prefer": "IdType=\"ImmutableId\""}})
}

fn post(id: &str, url: &str, body: &Value) -> Value {
    json!({
        "id": id, "method": "POST", "url": url, "body": body,
        "headers": {"Prefer": "IdType=\"ImmutableId\"", "Content-Type": "application/json"},
    })
}

impl Graph {
    async fn batch(&self, requests: &[Value]) -> Answer {
        self.bare("POST", "/$batch", &[], Some(&json!({"requests": requests})))
            .await
    }
}

fn by_id(answer: &Answer) -> BTreeMap<&str, &Value> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let responses = answer.body["responses"].as_array().unwrap();
    responses
        .iter()
        .map(|response| (response["id"].as_str().unwrap(), response))
        .collect()
}

#[tokio::test]
async fn a_batch_answers_each_request_alone_and_in_any_order() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let mut requests: Vec<Value> = (0..19)
        .map(|at| {
            post(
                &at.to_string(),
                &contacts(&folder),
                &json!({"givenName": at.to_string()}),
            )
        })
        .collect();
    requests.push(get("x", &format!("{}/nonsense", contacts(&folder))));
    let answer = graph.batch(&requests).await;
    let found = by_id(&answer);
    assert_eq!(found.len(), 20);
    assert_eq!(found["3"]["status"], 201);
    assert_eq!(found["3"]["body"]["givenName"], "3");
    assert_eq!(
        (&found["x"]["status"], &found["x"]["body"]["error"]["code"]),
        (&json!(400), &json!("ErrorInvalidIdMalformed"))
    );
    let order: Vec<&str> = answer.body["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|response| response["id"].as_str().unwrap())
        .collect();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_ne!(order, sorted);
    assert_eq!(graph.count("batch_calls"), 1);
    assert_eq!(graph.count("requests_without_immutable_id"), 0);
}

#[tokio::test]
async fn malformed_batches_are_refused_as_a_whole() {
    let graph = Graph::new().await;
    let path = "/organization";
    let twenty_one: Vec<Value> = (0..21).map(|at| get(&at.to_string(), path)).collect();
    let no_type = json!({"id": "1", "method": "POST", "url": path, "body": {}});
    let lonely = json!({"id": "1", "method": "GET", "url": path, "dependsOn": ["2"]});
    for requests in [
        twenty_one,
        vec![get("a", path), get("A", path)],
        vec![],
        vec![no_type],
        vec![lonely],
        vec![get("1", "/v1.0/organization")],
        vec![get("1", "https://graph.test/v1.0/organization")],
        vec![get("1", "/$batch")],
        vec![json!({"method": "GET", "url": path})],
    ] {
        assert_eq!(graph.batch(&requests).await.status, 400, "{requests:?}");
    }
}

#[tokio::test]
async fn the_preference_belongs_into_each_request_of_a_batch() {
    let graph = Graph::new().await;
    let folders = format!("/users/{ADA}/contactFolders");
    let plain = json!({"id": "1", "method": "GET", "url": folders});
    let body = json!({"requests": [plain]});
    graph
        .bare(
            "POST",
            "/$batch",
            &[("prefer", "IdType=\"ImmutableId\"")],
            Some(&body),
        )
        .await;
    assert_eq!(graph.count("requests_without_immutable_id"), 1);
}

#[tokio::test]
async fn what_depends_on_a_failed_request_is_not_sent() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let mut third = post("3", &contacts(&folder), &json!({"givenName": "Zoe"}));
    third["dependsOn"] = json!(["2"]);
    let mut second = get("2", &format!("{}/nonsense", contacts(&folder)));
    second["dependsOn"] = json!(["1"]);
    let answer = graph.batch(&[third, second, get("1", &contacts(&folder))]).await;
    let found = by_id(&answer);
    assert_eq!(found["1"]["status"], 200);
    assert_eq!(found["2"]["status"], 400);
    assert_eq!(found["3"]["status"], 424);
    assert_eq!(graph.count("creates"), 0);
}

#[tokio::test]
async fn a_batch_runs_in_parallel_or_in_sequence_but_not_both() {
    let graph = Graph::new().await;
    let on = |id: &str, other: &str| {
        let mut request = get(id, "/organization");
        request["dependsOn"] = json!([other]);
        request
    };
    let free = |id: &str| get(id, "/organization");
    for (requests, status) in [
        (vec![free("1"), free("2"), free("3")], 200),
        (vec![free("1"), on("2", "1"), on("3", "2")], 200),
        (vec![free("1"), on("2", "1"), on("3", "1")], 200),
        (vec![free("1"), free("2"), on("3", "1")], 400),
    ] {
        assert_eq!(graph.batch(&requests).await.status, status, "{requests:?}");
    }
}

#[tokio::test]
async fn each_request_of_a_batch_counts_against_the_limit() {
    let graph = Graph::with(&json!({"throttle": {"requests": 5}})).await;
    let path = format!("/users/{ADA}/contactFolders");
    let requests: Vec<Value> = (0..8).map(|at| get(&at.to_string(), &path)).collect();
    let answer = graph.batch(&requests).await;
    let found = by_id(&answer);
    let throttled = found.values().filter(|response| response["status"] == 429);
    let waits: Vec<&Value> = throttled
        .map(|response| &response["headers"]["Retry-After"])
        .collect();
    assert_eq!(waits.len(), 3);
    assert!(waits.iter().all(|wait| *wait == "600.000"), "{waits:?}");
    assert!(
        !answer.headers.contains_key("retry-after"),
        "the batch itself is well"
    );
}

#[tokio::test]
async fn spaces_in_a_url_are_taken_as_they_are() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    graph.contact(&folder, "Zoe", "r 1").await;
    let filter = crate::graph_support::by_marker("r 1");
    let answer = graph
        .batch(&[get("1", &format!("{}?$filter={filter}", contacts(&folder)))])
        .await;
    assert_eq!(by_id(&answer)["1"]["body"]["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_batch_runs_four_requests_at_a_time() {
    let graph = Graph::with(&json!({"latencyMs": 100})).await;
    let folder = drive(&graph.clock, graph.folder()).await;
    let requests: Vec<Value> = (0..8)
        .map(|at| get(&at.to_string(), &contacts(&folder)))
        .collect();
    let before = graph.clock.now();
    let answer = drive(&graph.clock, graph.batch(&requests)).await;
    assert!(by_id(&answer).values().all(|response| response["status"] == 200));
    assert_eq!(graph.clock.now().duration_since(before).as_millis(), 200);
    assert_eq!(graph.count("max_in_flight"), 4);
    assert_eq!(graph.count("throttled"), 0);
}

#[tokio::test]
async fn a_fifth_concurrent_request_in_a_mailbox_is_throttled_in_its_own_answer() {
    let graph = Graph::with(&json!({"latencyMs": 100})).await;
    let folder = drive(&graph.clock, graph.folder()).await;
    let requests: Vec<Value> = (0..4)
        .map(|at| get(&at.to_string(), &contacts(&folder)))
        .collect();
    let other = "/users/bob@contoso.example/contactFolders";
    let folders = [get("5", &contacts(&folder)), get("6", other)];
    let both = futures::future::join(graph.batch(&requests), graph.batch(&folders));
    let (one, two) = drive(&graph.clock, both).await;
    assert!(by_id(&one).values().all(|response| response["status"] == 200));
    let two = by_id(&two);
    assert_eq!(two["6"]["status"], 200, "another mailbox");
    assert_eq!(two["5"]["status"], 429);
    assert_eq!(two["5"]["body"]["error"]["code"], "ApplicationThrottled");
    let wait: f64 = two["5"]["headers"]["Retry-After"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(wait > 0.0 && wait < 3.0);
    assert_eq!((graph.count("throttled"), graph.count("max_in_flight")), (1, 4));
    let users = &graph.emulator.state()["tenants"][0]["users"];
    assert_eq!(
        (&users[0]["maxInFlight"], &users[1]["maxInFlight"]),
        (&json!(4), &json!(1))
    );
}

#[tokio::test]
async fn the_window_is_full_after_its_requests_and_hammering_keeps_it_so() {
    let graph = Graph::with(&json!({"throttle": {"requests": 3, "windowSeconds": 600}})).await;
    let path = format!("/users/{ADA}/contactFolders");
    for _ in 0..3 {
        assert_eq!(graph.get(&path).await.status, 200);
    }
    graph.advance(100);
    let answer = graph.get(&path).await;
    assert_eq!((answer.status, answer.code()), (429, "ApplicationThrottled"));
    assert_eq!(answer.headers["retry-after"], "500.000");
    graph.advance(499);
    assert_eq!(graph.get(&path).await.status, 429);
    graph.advance(1);
    assert_eq!(
        graph.get(&path).await.status,
        200,
        "the first three have left the window"
    );
    assert_eq!(graph.get(&path).await.status, 429, "the refused ones count");
    assert_eq!(graph.count("throttled"), 3);
}
