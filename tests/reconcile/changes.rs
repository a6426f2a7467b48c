//! What people do in the CRM after the first sync.

use crmlink::api::ContactSync;
use serde_json::json;

use crate::support::{ANA, Case, World, contact_of, crm_id};

#[tokio::test(flavor = "multi_thread")]
async fn edits_creates_and_deletes_are_followed_when_a_run_is_requested() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.crm(json!({ "do": "update_contact", "id": crm_id(1), "fields": { "Phone": "+41 31 555 41 01" } }))
        .await;
    case.crm(json!({ "do": "delete_contact", "id": crm_id(2) })).await;
    let fields = json!({ "First_Name": "Tibor", "Last_Name": "Hollenstein" });
    let added = case
        .crm(json!({ "do": "create_contact", "owner": ANA, "fields": fields }))
        .await;
    let before: ContactSync = case.get("ana").await;
    let sync = case.sync_now("ana").await;
    let (before, after) = (before.status.unwrap(), sync.status.unwrap());
    assert_eq!(
        after.last_handled_requested_at.as_deref(),
        Some("request 1"),
        "echoed"
    );
    assert_eq!(after.linked, Some(3));
    assert!(after.last_change_time.unwrap().0 >= before.last_change_time.unwrap().0);
    assert_eq!(after.initial_sync, before.initial_sync, "the first sync is over");

    let mailbox = case.mailbox(ANA).await;
    let new = added["ids"][0].as_str().unwrap();
    assert_eq!(
        mailbox.copy(&crm_id(1)).unwrap()["businessPhones"],
        json!(["+41 31 555 41 01"])
    );
    assert!(mailbox.copy(&crm_id(2)).is_none());
    assert_eq!(mailbox.copy(new).unwrap()["surname"], "Hollenstein");
    assert_eq!(case.writes().await, [4, 1, 1, 1, 0]);

    // Back from the recycle bin, with its old time.
    case.crm(json!({ "do": "restore_contact", "id": crm_id(2) }))
        .await;
    case.crm(json!({ "do": "update_contact", "id": crm_id(2), "fields": { "Department": "Ferries" } }))
        .await;
    case.sync_now("ana").await;
    assert!(case.mailbox(ANA).await.copy(&crm_id(2)).is_some());
    case.finish().await;
}

/// `Modified_Time` has whole seconds, and people work faster than that.
#[tokio::test(flavor = "multi_thread")]
async fn n1_two_edits_within_one_second_with_a_run_between_them() {
    let case = Case::in_sync(World::three(), ANA).await;
    let start = case.control.now().await.unwrap();
    let second = jiff::Timestamp::from_second(start.as_second() + 2).unwrap();
    let mut times = Vec::new();
    for phone in ["+41 31 555 42 01", "+41 31 555 42 02"] {
        let edit = json!({ "do": "update_contact", "id": crm_id(1), "fields": { "Phone": phone } });
        // Back to where the second began, so that both share their Modified_Time.
        let now = case.control.now().await.unwrap();
        case.control.advance(second.duration_since(now)).await.unwrap();
        case.control.edit("zoho", &edit).await.unwrap();
        let crm = case.crm_state().await;
        times.push(contact_of(&crm, &crm_id(1)).unwrap()["Modified_Time"].clone());
        case.sync_now("ana").await;
    }
    assert_eq!(times[0], times[1]);
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(
        mailbox.copy(&crm_id(1)).unwrap()["businessPhones"],
        json!(["+41 31 555 42 02"])
    );
    case.finish().await;
}
