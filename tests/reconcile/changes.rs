//! What people do in the CRM after the first sync.

use crmlink::api::{ContactSync, Reason};
use serde_json::json;

use crate::support::{ANA, BEN, Case, World, contact_of, contact_sync, crm_id};

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

#[tokio::test(flavor = "multi_thread")]
async fn k5_a_transferred_contact_changes_the_mailbox() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.create(&contact_sync(BEN)).await;
    case.settled::<ContactSync>("ben", Reason::InSync).await;
    assert!(case.mailbox(BEN).await.copies().is_empty());
    case.crm(json!({ "do": "transfer_contact", "id": crm_id(2), "owner": BEN }))
        .await;
    case.sync_now("ana").await;
    case.sync_now("ben").await;
    assert_eq!(case.mailbox(ANA).await.copies(), [crm_id(1), crm_id(3)]);
    assert_eq!(case.mailbox(BEN).await.copies(), [crm_id(2)]);
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

#[tokio::test(flavor = "multi_thread")]
async fn n1_an_edited_copy_outlives_its_record() {
    let case = Case::in_sync(World::three(), ANA).await;
    let copy = case.mailbox(ANA).await.copy(&crm_id(2)).unwrap()["id"].clone();
    let edit = json!({ "mobilePhone": "+41 79 555 43 01" });
    case.office(json!({ "do": "update_contact", "user": ANA, "contact": copy, "set": edit }))
        .await;
    case.crm(json!({ "do": "delete_contact", "ids": [crm_id(1), crm_id(2)] }))
        .await;
    case.sync_now("ana").await;
    let mailbox = case.mailbox(ANA).await;
    assert!(mailbox.copy(&crm_id(1)).is_none(), "deleted on both sides");
    assert_eq!(
        mailbox.copy(&crm_id(2)).unwrap()["mobilePhone"],
        "+41 79 555 43 01"
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletes_can_be_kept_out_of_the_mailbox() {
    let case = Case::connected(World::three()).await;
    let mut sync = contact_sync(ANA);
    sync["spec"]["deletes"] = json!({ "toOffice": "Never" });
    case.create(&sync).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.crm(json!({ "do": "delete_contact", "id": crm_id(1) })).await;
    case.sync_now("ana").await;
    assert!(case.mailbox(ANA).await.copy(&crm_id(1)).is_some());
    assert_eq!(case.counter("graph", "deletes").await, 0);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_its_owner_deleted_is_not_made_again() {
    let case = Case::in_sync(World::three(), ANA).await;
    let crm = case.crm_state().await;
    let copy = case.mailbox(ANA).await.copy(&crm_id(1)).unwrap()["id"].clone();
    case.office(json!({ "do": "delete_contact", "user": ANA, "contact": copy }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(crm, case.crm_state().await, "the CRM keeps its record");
    case.crm(json!({ "do": "update_contact", "id": crm_id(1), "fields": { "Title": "Cooper" } }))
        .await;
    case.sync_now("ana").await;
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.copies(), [crm_id(2), crm_id(3)]);
    case.finish().await;
}
