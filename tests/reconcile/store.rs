//! Losing the store costs reads, never data.

use crmlink::api::{ContactSync, Reason};
use serde_json::json;

use crate::support::{ANA, Case, World, crm_id};

#[tokio::test(flavor = "multi_thread")]
async fn n2_a_lost_store_is_found_again_in_the_mailbox() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    let writes = case.writes().await;
    case.stop_operator().await;
    case.lose_store();
    // Meanwhile the world goes on.
    case.crm(json!({ "do": "update_contact", "id": crm_id(1), "fields": { "Title": "Cooper" } }))
        .await;
    case.start_operator().await;
    let sync = case.sync_now("ana").await;
    assert_eq!(sync.status.unwrap().linked, Some(3));
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.copies(), [crm_id(1), crm_id(2), crm_id(3)]);
    assert_eq!(mailbox.copy(&crm_id(1)).unwrap()["jobTitle"], "Cooper");
    let now = case.writes().await;
    assert_eq!(
        (now[0], now[2], now[3]),
        (writes[0], writes[2], writes[3]),
        "no create and no delete"
    );

    // And what comes later still works.
    case.crm(json!({ "do": "delete_contact", "id": crm_id(2) })).await;
    case.sync_now("ana").await;
    assert_eq!(case.mailbox(ANA).await.copies(), [crm_id(1), crm_id(3)]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_a_folder_deleted_while_the_store_is_lost_is_not_made_again() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    case.stop_operator().await;
    case.lose_store();
    case.office(
        json!({ "do": "delete_folder", "user": ANA, "folder": "Zoho CRM Contacts", "permanently": true }),
    )
    .await;
    case.start_operator().await;
    case.request::<ContactSync>("ana").await;
    case.settled::<ContactSync>("ana", Reason::DisabledInMailbox)
        .await;
    assert!(!case.mailbox(ANA).await.has_folder());
    case.finish().await;
}
