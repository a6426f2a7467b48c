//! Records that change hands between two users with a sync each (K5).

use crmlink::api::{ContactSync, Reason};
use serde_json::json;

use crate::support::{ANA, BEN, Case, World, contact_sync, crm_id};

async fn both_in_sync() -> Case {
    let case = Case::in_sync(World::three(), ANA).await;
    case.create(&contact_sync(BEN)).await;
    case.settled::<ContactSync>("ben", Reason::InSync).await;
    assert!(case.mailbox(BEN).await.copies().is_empty());
    case
}

async fn hands_over(case: &Case, id: &str) {
    case.crm(json!({ "do": "transfer_contact", "id": id, "owner": BEN }))
        .await;
    case.sync_now("ana").await;
    case.sync_now("ben").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k5_a_record_that_is_handed_over_moves_to_the_other_mailbox() {
    let case = both_in_sync().await;
    hands_over(&case, &crm_id(2)).await;
    assert_eq!(case.mailbox(ANA).await.copies(), [crm_id(1), crm_id(3)]);
    assert_eq!(case.mailbox(BEN).await.copies(), [crm_id(2)]);
    assert_eq!(case.counter("zoho", "writes_by_api").await, 0);
    // And his edits reach it.
    case.edits_copy(BEN, &crm_id(2), json!({ "jobTitle": "Hooper" }))
        .await;
    case.sync_now("ben").await;
    assert_eq!(case.record(&crm_id(2)).await.unwrap()["Title"], "Hooper");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_an_edited_copy_of_a_record_that_was_handed_over_stays_with_whoever_edited_it() {
    let case = both_in_sync().await;
    case.edits_copy(ANA, &crm_id(2), json!({ "mobilePhone": "+41 79 555 43 01" }))
        .await;
    hands_over(&case, &crm_id(2)).await;
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.named("Wolkenstein")["mobilePhone"], "+41 79 555 43 01");
    assert_eq!(case.mailbox(BEN).await.copies(), [crm_id(2)]);
    let record = case.record(&crm_id(2)).await.unwrap();
    assert_eq!(
        (&record["Mobile"], &record["Owner"]["email"]),
        (&json!(null), &json!(BEN))
    );
    // It is Ana's own now: she edits it for herself, and no second record comes of it.
    case.edits_copy(ANA, &crm_id(2), json!({ "jobTitle": "Cooper" }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(case.records_named("Wolkenstein").await.len(), 1);
    assert_eq!(case.counter("zoho", "writes_by_api").await, 0);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k5_a_contact_born_in_outlook_stays_there_when_its_record_is_handed_over() {
    let case = both_in_sync().await;
    case.makes_contact(ANA, json!({ "givenName": "Tibor", "surname": "Hollenstein" }))
        .await;
    case.sync_now("ana").await;
    let id = case.record_named("Hollenstein").await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    hands_over(&case, &id).await;
    case.mailbox(ANA).await.named("Hollenstein");
    assert_eq!(case.mailbox(BEN).await.copies(), std::slice::from_ref(&id));

    // Back again it is one contact, not two.
    case.crm(json!({ "do": "transfer_contact", "id": id, "owner": ANA }))
        .await;
    case.sync_now("ben").await;
    case.sync_now("ana").await;
    assert!(case.mailbox(BEN).await.copies().is_empty());
    case.mailbox(ANA).await.named("Hollenstein");
    case.record_named("Hollenstein").await;
    case.finish().await;
}
