//! Bad days of the services: nothing is lost and nothing is doubled (N2).

use crmlink::api::{ConditionType, ContactSync, Reason};
use serde_json::{Value, json};

use crate::support::{ANA, Case, Reported, World, contact_sync, crm_id};

/// Nine contacts.
fn nine() -> World {
    (1..=9).fold(World::new(), |world, number| {
        world.fields(number, json!({ "Last_Name": format!("Neunauge{number}"), "Email": format!("n{number}@neunauge.example") }))
    })
}

/// A first sync with these faults ends with each contact there once.
async fn survives(rules: Value) -> Case {
    let case = Case::connected(nine()).await;
    let mut ids = Vec::new();
    for rule in rules.as_array().unwrap() {
        ids.push(case.fault(rule.clone()).await);
    }
    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    for id in ids {
        assert!(case.fired(id).await > 0, "the fault has to happen");
    }
    let status = sync.status.unwrap();
    let initial = status.initial_sync.unwrap();
    assert_eq!(
        (initial.total, initial.done, status.linked),
        (Some(9), Some(9), Some(9))
    );
    assert_eq!(status.parked, None);
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.copies(), (1..=9).map(crm_id).collect::<Vec<_>>());
    assert_eq!(mailbox.synced().len(), 9);
    assert_eq!(mailbox.marked().len(), 1, "one folder");
    assert_eq!(case.writes().await, [9, 0, 0, 1, 0]);
    case
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_a_server_error_on_creates_that_did_create() {
    let rules = json!([{
        "service": "graph", "method": "POST", "path": "*/contacts", "batched": true, "skip": 2, "times": 3,
        "effect": "after", "answer": { "status": 503 },
    }]);
    survives(rules).await.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_a_server_error_on_a_folder_that_was_made() {
    let rules = json!([{
        "service": "graph", "method": "POST", "path": "*/contactFolders", "effect": "after", "answer": { "status": 500 },
    }]);
    survives(rules).await.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_a_connection_that_breaks_after_the_work() {
    let rules = json!([
        { "service": "graph", "method": "POST", "path": "*/contactFolders", "effect": "after", "drop": true },
        { "service": "graph", "method": "POST", "path": "/v1.0/$batch", "effect": "after", "drop": true },
        { "service": "zoho", "method": "POST", "path": "/crm/v8/coql", "effect": "after", "drop": true },
    ]);
    survives(rules).await.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_throttled_items_whose_work_is_not_done() {
    let rules = json!([{
        "service": "graph", "method": "POST", "path": "*/contacts", "batched": true, "skip": 1, "times": 2,
        "answer": { "status": 429, "headers": { "Retry-After": "1" } },
    }]);
    survives(rules).await.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_throttled_items_whose_work_is_done() {
    let rules = json!([{
        "service": "graph", "method": "POST", "path": "*/contacts", "batched": true, "skip": 5, "times": 2,
        "effect": "after", "answer": { "status": 429, "headers": { "Retry-After": "1.5" } },
    }]);
    survives(rules).await.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_errors_of_the_crm() {
    let rules = json!([
        { "service": "zoho", "method": "POST", "path": "/crm/v8/coql", "answer": { "status": 500, "body": { "code": "INTERNAL_ERROR", "message": "Internal Server Error", "status": "error" } } },
        { "service": "zoho", "method": "GET", "path": "/crm/v8/Contacts", "drop": true },
    ]);
    survives(rules).await.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_updates_and_deletes_whose_answers_are_lost() {
    let case = Case::in_sync(nine(), ANA).await;
    for method in ["PATCH", "DELETE"] {
        case.fault(json!({
            "service": "graph", "method": method, "path": "*/contacts/*", "effect": "after", "times": 2,
            "answer": { "status": 503 },
        }))
        .await;
    }
    let five: Vec<String> = (1..=5).map(crm_id).collect();
    case.crm(json!({ "do": "mass_update", "ids": five, "fields": { "Department": "Fischereihafen" } }))
        .await;
    let four: Vec<String> = (6..=9).map(crm_id).collect();
    case.crm(json!({ "do": "delete_contact", "ids": four })).await;
    case.sync_now("ana").await;
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.copies(), five);
    assert!(
        mailbox
            .synced()
            .iter()
            .all(|copy| copy["department"] == "Fischereihafen")
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_does_not_answer_is_said_and_tried_again() {
    let case = Case::connected(World::three()).await;
    let rule = json!({
        "service": "zoho", "method": "POST", "path": "/crm/v8/coql", "times": 0, "answer": { "status": 500 },
    });
    case.fault(rule).await;
    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.says("ana", Reason::RetryLater).await;
    sync.words(
        ConditionType::Ready,
        Reason::RetryLater,
        &["Zoho CRM", "tried again"],
    );
    sync.words(
        ConditionType::Reconciling,
        Reason::ProgressingWithRetry,
        &["Zoho CRM"],
    );
    assert!(sync.condition(ConditionType::Stalled).is_none());
    case.control.clear_faults().await.unwrap();
    case.settled::<ContactSync>("ana", Reason::InSync).await;

    // Once in sync, a single failure is no news.
    let once = json!({ "service": "graph", "method": "GET", "path": "*/contactFolders/*", "times": 20, "answer": { "status": 503 } });
    case.fault(once).await;
    case.request::<ContactSync>("ana").await;
    let sync = case
        .when("ana", "trying again", |sync: &ContactSync| {
            sync.condition(ConditionType::Reconciling).is_some()
        })
        .await;
    sync.words(ConditionType::Ready, Reason::InSync, &[]);
    case.control.clear_faults().await.unwrap();
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.finish().await;
}
