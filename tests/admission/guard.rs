//! What is done without asking a person first, and how a person approves.

use serde_json::{Value, json};

use crate::{
    objects::{sync, tenant},
    support::Server,
};

/// The limits accept their bounds and whole numbers between, and nothing else.
async fn bounds(server: &Server, limits: &[(&str, i64, i64)], with: impl Fn(Value) -> Value) {
    server.accepts(with(json!({}))).await;
    for (limit, least, most) in limits {
        for value in [*least, *most] {
            server.accepts(with(json!({ *limit: value }))).await;
        }
        let less = format!("{limit}: Invalid value: {}", least - 1);
        server.rejects(with(json!({ *limit: least - 1 })), &less).await;
        let more = format!("should be less than or equal to {most}");
        server.rejects(with(json!({ *limit: most + 1 })), &more).await;
        server
            .rejects(with(json!({ *limit: 1.5 })), "must be of type integer")
            .await;
        server
            .rejects(with(json!({ *limit: "10%" })), "must be of type integer")
            .await;
    }
}

#[tokio::test]
async fn n9_the_guard_of_a_sync_is_bounded() {
    let server = Server::new().await;
    let limits = [
        ("maxDeletesPerRun", 0, 10_000),
        ("maxDeletesPercent", 0, 100),
        ("maxDeletesPerDay", 0, 100_000),
        ("maxUpdatesPercent", 0, 100),
    ];
    bounds(&server, &limits, |guard| sync(json!({ "guard": guard }))).await;
    bounds(&server, &limits, |guard| {
        tenant(json!({ "syncDefaults": { "contacts": { "guard": guard } } }))
    })
    .await;
}

#[tokio::test]
async fn n6_the_guard_of_a_tenant_is_bounded() {
    let server = Server::new().await;
    let limits = [
        ("maxDeletesPerDay", 0, 1_000_000),
        ("maxDisablesPerHour", 1, 10_000),
    ];
    bounds(&server, &limits, |guard| tenant(json!({ "guard": guard }))).await;
}

#[tokio::test]
async fn n9_approved_plans_are_hashes() {
    let server = Server::new().await;
    let approving = |hash: &str| sync(json!({ "approvedPlans": [hash] }));
    for hash in ["0123456789abcdef", &"f".repeat(64)] {
        server.accepts(approving(hash)).await;
    }
    let message = "must be the hash of a plan as status.plan.hash shows it";
    for hash in [
        "0123456789abcde",
        "0123456789ABCDEF",
        "0123456789abcdeg",
        "all plans of today",
        "*",
    ] {
        server.rejects(approving(hash), message).await;
    }
    server.rejects(approving(""), "spec.approvedPlans[0]").await;
    server
        .rejects(approving(&"f".repeat(65)), "spec.approvedPlans[0]: Too long")
        .await;
}

#[tokio::test]
async fn approved_plans_are_few_and_each_stands_once() {
    let server = Server::new().await;
    let approving = |count: u64| {
        let hashes: Vec<_> = (0..count).map(|n| format!("{n:016x}")).collect();
        sync(json!({ "approvedPlans": hashes }))
    };
    server.accepts(approving(20)).await;
    server.rejects(approving(21), "must have at most 20 items").await;
    let twice = json!({ "approvedPlans": ["0123456789abcdef", "0123456789abcdef"] });
    server
        .rejects(sync(twice), "spec.approvedPlans[1]: Duplicate value")
        .await;
}

/// An approval names what one sync would do, so a tenant's defaults cannot give it: the server drops it there.
#[tokio::test]
async fn n9_a_plan_is_approved_in_its_own_sync_alone() {
    let server = Server::new().await;
    let object = tenant(json!({
        "syncDefaults": { "contacts": { "mode": "Apply", "approvedPlans": ["0123456789abcdef"] } }
    }));
    server.create(object.clone()).await;
    let stored = server.dynamic(&object).get("acme").await.unwrap();
    assert_eq!(
        stored.data["spec"]["syncDefaults"]["contacts"],
        json!({ "mode": "Apply" })
    );
}
