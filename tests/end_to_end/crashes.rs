//! SIGKILL in the middle of a first sync (N1, N2).

use crmlink::api::{ContactSync, Reason};
use serde_json::{Value, json};

use crate::work::{ahead, begin, ends_well, let_go};

/// A request of the operator is held; the operator is killed, and the service does its work all the same.
async fn killed_at(rule: Value) {
    let mut case = ahead().await;
    let mut rule = rule;
    rule["hold"] = json!(true);
    case.fault(rule).await;
    begin(&case).await;
    case.kill_operator().await;
    let_go(&case).await;
    case.start_operator().await;
    ends_well(case).await;
}

fn create(skip: u32, effect: &str) -> Value {
    json!({ "service": "graph", "method": "POST", "path": "*/contacts", "batched": true, "skip": skip, "effect": effect })
}

fn folder(effect: &str) -> Value {
    json!({ "service": "graph", "method": "POST", "path": "*/contactFolders", "effect": effect })
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_killed_before_the_folder_is_made() {
    killed_at(folder("before")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_killed_after_the_folder_is_made() {
    killed_at(folder("after")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_killed_before_the_first_contact_is_made() {
    killed_at(create(0, "before")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_killed_after_the_first_contact_is_made() {
    killed_at(create(0, "after")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_killed_in_the_middle_of_a_batch() {
    killed_at(create(26, "after")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_killed_at_the_last_contact() {
    killed_at(create(44, "after")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_killed_while_the_crm_is_listed() {
    killed_at(
        json!({ "service": "zoho", "method": "POST", "path": "/crm/v8/coql", "skip": 1, "effect": "after" }),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_killed_while_the_crm_is_read() {
    killed_at(json!({ "service": "zoho", "method": "GET", "path": "/crm/v8/Contacts", "effect": "before" }))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_killed_again_and_again() {
    let mut case = ahead().await;
    let mut hold = folder("after");
    hold["hold"] = json!(true);
    case.fault(hold).await;
    begin(&case).await;
    for (skip, effect) in [(3, "after"), (0, "before"), (2, "after")] {
        case.kill_operator().await;
        let_go(&case).await;
        let mut hold = create(skip, effect);
        hold["hold"] = json!(true);
        case.fault(hold).await;
        case.start_operator().await;
        case.control.wait_parked(1, crate::support::WITHIN).await.unwrap();
    }
    case.kill_operator().await;
    let_go(&case).await;
    case.start_operator().await;
    ends_well(case).await;
}

/// Killed while what was made and edited in Outlook goes to the CRM.
async fn killed_on_the_way_to_the_crm(rule: Value) {
    let mut case = crate::work::in_outlook().await;
    let mut rule = rule;
    rule["hold"] = json!(true);
    case.fault(rule).await;
    case.request::<ContactSync>("ana").await;
    case.control.wait_parked(1, crate::support::WITHIN).await.unwrap();
    case.kill_operator().await;
    let_go(&case).await;
    case.start_operator().await;
    crate::work::ends_well_in_the_crm(case).await;
}

fn in_the_crm(method: &str, effect: &str) -> Value {
    json!({ "service": "zoho", "method": method, "path": "/crm/v8/Contacts", "effect": effect })
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_killed_before_the_crm_makes_records() {
    killed_on_the_way_to_the_crm(in_the_crm("POST", "before")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_killed_after_the_crm_made_records() {
    killed_on_the_way_to_the_crm(in_the_crm("POST", "after")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_killed_before_the_crm_changes_records() {
    killed_on_the_way_to_the_crm(in_the_crm("PUT", "before")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_killed_after_the_crm_changed_records() {
    killed_on_the_way_to_the_crm(in_the_crm("PUT", "after")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n6_killed_while_the_sync_is_switched_off() {
    let mut case = crate::work::in_outlook().await;
    case.fault(json!({
        "service": "graph", "method": "DELETE", "path": "*/contacts/*", "batched": true, "skip": 4, "effect": "after", "hold": true,
    }))
    .await;
    case.change_sync("ana", json!({ "enabled": false })).await;
    case.control.wait_parked(1, crate::support::WITHIN).await.unwrap();
    case.kill_operator().await;
    let_go(&case).await;
    case.start_operator().await;
    case.settled::<ContactSync>("ana", Reason::Disabled).await;
    assert!(!case.mailbox(crate::support::ANA).await.has_folder());
    case.change_sync("ana", json!({ "enabled": true })).await;
    crate::work::ends_well_in_the_crm(case).await;
}
