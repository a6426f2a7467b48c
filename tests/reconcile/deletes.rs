//! What is deleted on one side: what becomes of the other, and who wins where it was edited (section 6.5 of the design).

use crmlink::api::{ConditionType, ContactSync, REENABLE_ANNOTATION, Reason};
use serde_json::json;

use crate::support::{ANA, Case, Reported, World, crm_id};

#[tokio::test(flavor = "multi_thread")]
async fn n6_a_copy_that_its_owner_deleted_stays_away_until_it_is_asked_for() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.deletes_copy(ANA, &crm_id(1)).await;
    let crm = case.crm_state().await;
    case.sync_now("ana").await;
    assert_eq!(crm, case.crm_state().await, "the CRM keeps its record");
    // A later edit in the CRM does not bring it back.
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
    case.sync_now("ana").await;
    assert_eq!(case.mailbox(ANA).await.copies(), [crm_id(2), crm_id(3)]);

    let again = json!({ "metadata": { "annotations": { REENABLE_ANNOTATION: "bring them back" } } });
    case.change::<ContactSync>("ana", again).await;
    case.when("ana", "switched on again", |sync: &ContactSync| {
        let status = sync.status.as_ref().unwrap();
        status.last_handled_reenable.as_deref() == Some("bring them back") && sync.settled(Reason::InSync)
    })
    .await;
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.copies(), [crm_id(1), crm_id(2), crm_id(3)]);
    assert_eq!(mailbox.copy(&crm_id(1)).unwrap()["jobTitle"], "Cooper");
    // Once is enough.
    case.deletes_copy(ANA, &crm_id(2)).await;
    case.sync_now("ana").await;
    assert_eq!(case.mailbox(ANA).await.copies(), [crm_id(1), crm_id(3)]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n6_a_contact_born_in_outlook_and_deleted_there_stays_in_the_crm() {
    let case = Case::in_sync(World::three(), ANA).await;
    let id = case
        .makes_contact(ANA, json!({ "givenName": "Tibor", "surname": "Hollenstein" }))
        .await;
    case.sync_now("ana").await;
    let record = case.record_named("Hollenstein").await;
    case.office(json!({ "do": "delete_contact", "user": ANA, "contact": id }))
        .await;
    for _ in 0..2 {
        case.sync_now("ana").await;
    }
    assert_eq!(record, case.record_named("Hollenstein").await);
    assert_eq!(case.mailbox(ANA).await.synced().len(), 3, "nor is it made again");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_deletions_in_outlook_reach_the_crm_where_that_is_declared() {
    let spec = json!({ "deletes": { "toCrm": "Propagate" } });
    let mut case = Case::in_sync_with(World::three(), ANA, spec).await;
    case.deletes_copy(ANA, &crm_id(1)).await;
    case.deletes_copy(ANA, &crm_id(2)).await;
    case.request::<ContactSync>("ana").await;
    let sync = case
        .when("ana", "waiting for proof", |sync: &ContactSync| {
            sync.says(Reason::InSync) && sync.condition(ConditionType::Reconciling).is_some()
        })
        .await;
    let words = ["changed or went just now", "looked at again"];
    sync.words(ConditionType::Reconciling, Reason::ProgressingWithRetry, &words);
    assert_eq!(
        case.counter("zoho", "deletes_by_api").await,
        0,
        "seen once is no proof"
    );
    // One of them is edited in the CRM meanwhile.
    case.edits_record(&crm_id(2), json!({ "Title": "Hooper" })).await;
    case.minutes_later(5).await;
    case.sync_now("ana").await;
    assert_eq!(case.record(&crm_id(1)).await, None);
    let deleted = case.crm_state().await["organisations"][0]["deleted"].clone();
    assert_eq!(deleted[0]["type"], "recycle", "it can be restored");
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.copies(), [crm_id(2), crm_id(3)], "the edit wins");
    assert_eq!(mailbox.copy(&crm_id(2)).unwrap()["jobTitle"], "Hooper");
    assert_eq!(case.counter("zoho", "deletes_by_api").await, 1);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n9_a_false_notice_of_removal_deletes_nothing() {
    let spec = json!({ "deletes": { "toCrm": "Propagate" } });
    let mut case = Case::in_sync_with(World::three(), ANA, spec).await;
    let crm = case.crm_state().await;
    let copy = case.copy_id(ANA, &crm_id(1)).await;
    case.office(json!({ "do": "announce_removed", "user": ANA, "contact": copy }))
        .await;
    case.sync_now("ana").await;
    case.minutes_later(5).await;
    case.sync_now("ana").await;
    assert_eq!(crm, case.crm_state().await);
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n6_a_contact_moved_out_of_the_folder_is_let_go_and_the_crm_keeps_it() {
    let spec = json!({ "deletes": { "toCrm": "Propagate" } });
    let mut case = Case::in_sync_with(World::three(), ANA, spec).await;
    let crm = case.crm_state().await;
    let copy = case.copy_id(ANA, &crm_id(1)).await;
    case.office(json!({ "do": "move_contact", "user": ANA, "contact": copy, "to": "contacts" }))
        .await;
    case.sync_now("ana").await;
    case.minutes_later(5).await;
    case.sync_now("ana").await;
    assert_eq!(crm, case.crm_state().await);
    // Neither is it written any more.
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
    case.sync_now("ana").await;
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.copies(), [crm_id(2), crm_id(3)]);
    assert_eq!(mailbox.contacts("Contacts").len(), 1);
    assert_eq!(case.writes().await, [3, 0, 0, 1, 0]);

    // Moved back it takes part again.
    case.office(json!({ "do": "move_contact", "user": ANA, "contact": copy, "to": "Zoho CRM Contacts" }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(
        case.mailbox(ANA).await.copy(&crm_id(1)).unwrap()["jobTitle"],
        "Cooper"
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_an_edited_copy_whose_record_was_deleted_becomes_a_record_again() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.edits_copy(ANA, &crm_id(2), json!({ "mobilePhone": "+41 79 555 43 01" }))
        .await;
    case.deletes_records(&[crm_id(1), crm_id(2)]).await;
    case.sync_now("ana").await;
    let record = case.record_named("Wolkenstein").await;
    assert_ne!(record["id"], json!(crm_id(2)));
    assert_eq!(record["Mobile"], "+41 79 555 43 01");
    assert_eq!(record["Phone"], "+41 31 555 21 02", "all that the copy held");
    let mailbox = case.mailbox(ANA).await;
    assert!(mailbox.copy(&crm_id(1)).is_none(), "deleted on both sides");
    assert_eq!(mailbox.synced().len(), 2);
    // It is a pair like any other: its marker follows.
    let id = record["id"].as_str().unwrap();
    assert_eq!(mailbox.copies(), [crm_id(3), id.to_owned()]);
    case.edits_record(id, json!({ "Title": "Hooper" })).await;
    case.sync_now("ana").await;
    assert_eq!(case.mailbox(ANA).await.copy(id).unwrap()["jobTitle"], "Hooper");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletes_can_be_kept_out_of_the_mailbox() {
    let spec = json!({ "deletes": { "toOffice": "Never" } });
    let case = Case::in_sync_with(World::three(), ANA, spec).await;
    case.deletes_records(&[crm_id(1)]).await;
    case.sync_now("ana").await;
    assert!(case.mailbox(ANA).await.copy(&crm_id(1)).is_some());
    assert_eq!(case.counter("graph", "deletes").await, 0);
    // It is her own from now on: never pushed back.
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Cooper" }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(case.counter("zoho", "writes_by_api").await, 0);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_on_both_sides_is_forgotten() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.deletes_copy(ANA, &crm_id(1)).await;
    case.deletes_records(&[crm_id(1)]).await;
    let sync = case.sync_now("ana").await;
    assert_eq!(sync.status.unwrap().linked, Some(2));
    assert_eq!(case.writes().await, [3, 0, 0, 1, 0]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n9_a_record_that_the_crm_hides_is_not_deleted() {
    let case = Case::in_sync(World::three(), ANA).await;
    let before = case.mailbox(ANA).await;
    // The connected user loses the right to see what others own: no list of deletions tells of it.
    let may_see = async |all: bool| {
        case.crm(json!({ "do": "set_profile", "name": "Administrator", "allRecords": all }))
            .await;
    };
    may_see(false).await;
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Cooper" }))
        .await;
    let sync = case.sync_now("ana").await;
    assert_eq!(case.counter("graph", "deletes").await, 0);
    assert_eq!(before.copies(), case.mailbox(ANA).await.copies());
    let words = [
        "does not show 1 contacts",
        "may have lost the right",
        "give the right back",
    ];
    sync.words(ConditionType::RecordsHidden, Reason::RecordsNotVisible, &words);
    let parked = sync.status.unwrap().parked.unwrap();
    assert!(
        parked.items[0]
            .reason
            .contains("may have lost the right to see it")
    );
    may_see(true).await;
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Hooper" }))
        .await;
    let sync = case.sync_now("ana").await;
    assert!(sync.condition(ConditionType::RecordsHidden).is_none());
    assert_eq!(sync.status.unwrap().parked, None);
    assert_eq!(case.record(&crm_id(1)).await.unwrap()["Title"], "Hooper");
    case.finish().await;
}
