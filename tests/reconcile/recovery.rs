//! Losing what the operator remembers: the store, an older copy of it, its key, a place in a list. It costs reads, never
//! data.

use std::fs;

use crmlink::api::{ContactSync, REENABLE_ANNOTATION, Reason, Recoverable};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::DeleteParams;
use serde_json::json;

use crate::support::{ANA, Case, KEY_SECRET, SYSTEM, World, contact_sync, contacts_of, crm_id};

/// In sync, with two contacts of hers that were made in Outlook.
async fn with_contacts_of_outlook(case: &Case) {
    for (first, last) in [("Tibor", "Hollenstein"), ("Walpurga", "Eigengewaechs")] {
        let contact = json!({ "givenName": first, "surname": last, "jobTitle": "Ferryman" });
        case.makes_contact(ANA, contact).await;
    }
    let sync = case.sync_now("ana").await;
    assert_eq!(sync.status.unwrap().linked, Some(5));
}

async fn lose_the_store(case: &mut Case) {
    case.stop_operator().await;
    case.lose_store();
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_a_lost_store_is_found_again_in_the_mailbox() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    let writes = case.writes().await;
    lose_the_store(&mut case).await;
    // Meanwhile the world goes on.
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
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

    // And what comes later still works, in both directions.
    case.deletes_records(&[crm_id(2)]).await;
    case.edits_copy(ANA, &crm_id(3), json!({ "jobTitle": "Hooper" }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(case.mailbox(ANA).await.copies(), [crm_id(1), crm_id(3)]);
    assert_eq!(case.record(&crm_id(3)).await.unwrap()["Title"], "Hooper");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_contacts_of_outlook_are_found_again_where_they_are_equal_and_reviewed_where_not() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    with_contacts_of_outlook(&case).await;
    let sync: ContactSync = case.get("ana").await;
    assert_eq!(sync.status.unwrap().recoverable, Some(Recoverable::Partial));
    lose_the_store(&mut case).await;
    let id = case.mailbox(ANA).await.named("Hollenstein")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    case.edits_contact(ANA, &id, json!({ "jobTitle": "Cooper" }))
        .await;
    let crm = case.crm_state().await;
    case.start_operator().await;
    let sync = case.sync_now("ana").await;
    let status = sync.status.unwrap();
    assert_eq!(
        status.linked,
        Some(4),
        "three by their markers, one as it is equal"
    );
    let parked = status.parked.unwrap();
    assert_eq!(parked.count, 2, "either side of the one that is not");
    let of_outlook = parked.items.iter().find(|item| item.office_id.is_some()).unwrap();
    assert_eq!(of_outlook.office_id.as_deref(), Some(id.as_str()));
    for word in [
        "store, or the answer to a creation, was lost",
        "make both equal",
        "crmlink.dev/reenable",
    ] {
        assert!(of_outlook.reason.contains(word), "{}", of_outlook.reason);
    }
    assert_eq!(crm, case.crm_state().await, "nothing is made");
    assert_eq!(case.mailbox(ANA).await.synced().len(), 5);

    // A person makes both equal.
    let record = case.record_named("Hollenstein").await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    case.edits_record(&record, json!({ "Title": "Cooper" })).await;
    case.edits_contact(ANA, &id, json!({ "nickName": "Tibi" })).await;
    let status = case.sync_now("ana").await.status.unwrap();
    assert_eq!((status.linked, status.parked), (Some(5), None));
    case.record_named("Hollenstein").await;
    case.edits_contact(ANA, &id, json!({ "department": "Ferries" }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(case.record(&record).await.unwrap()["Department"], "Ferries");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_what_waits_for_review_is_taken_as_new_when_that_is_asked_for() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    with_contacts_of_outlook(&case).await;
    lose_the_store(&mut case).await;
    // Made while nobody remembered anything: it may be anybody's.
    case.makes_contact(
        ANA,
        json!({ "givenName": "Adelheid", "surname": "Nebenhergehend" }),
    )
    .await;
    case.start_operator().await;
    let status = case.sync_now("ana").await.status.unwrap();
    assert_eq!(status.parked.unwrap().count, 1);
    assert!(case.records_named("Nebenhergehend").await.is_empty());
    let again = json!({ "metadata": { "annotations": { REENABLE_ANNOTATION: "they are new" } } });
    case.change::<ContactSync>("ana", again).await;
    let status = case.sync_now("ana").await.status.unwrap();
    assert_eq!((status.linked, status.parked), (Some(6), None));
    case.record_named("Nebenhergehend").await;
    assert_eq!(contacts_of(&case.crm_state().await).count(), 6);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_an_older_store_is_noticed_and_doubles_nothing() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    case.stop_operator().await;
    let file = |name: &str| case.folder().join(name);
    fs::copy(file("data/crmlink.sqlite"), file("backup.sqlite")).unwrap();
    case.start_operator().await;
    case.control
        .advance(jiff::SignedDuration::from_secs(5))
        .await
        .unwrap();
    let fields = json!({ "First_Name": "Casper", "Last_Name": "Zwischendrin" });
    case.crm(json!({ "do": "create_contact", "owner": ANA, "fields": fields }))
        .await;
    with_contacts_of_outlook_and(&case, 6).await;
    case.stop_operator().await;
    fs::remove_dir_all(case.folder().join("data")).unwrap();
    fs::create_dir(case.folder().join("data")).unwrap();
    fs::rename(
        case.folder().join("backup.sqlite"),
        case.folder().join("data/crmlink.sqlite"),
    )
    .unwrap();
    let (crm, before) = (case.crm_state().await, case.mailbox(ANA).await);
    case.start_operator().await;
    let status = case.sync_now("ana").await.status.unwrap();
    assert_eq!((status.linked, status.parked), (Some(6), None));
    assert_eq!(crm, case.crm_state().await);
    assert_eq!(before.synced().len(), case.mailbox(ANA).await.synced().len());
    case.finish().await;
}

async fn with_contacts_of_outlook_and(case: &Case, linked: u32) {
    for (first, last) in [("Tibor", "Hollenstein"), ("Walpurga", "Eigengewaechs")] {
        case.makes_contact(ANA, json!({ "givenName": first, "surname": last }))
            .await;
    }
    let sync = case.sync_now("ana").await;
    assert_eq!(sync.status.unwrap().linked, Some(linked));
}

/// The key is the cluster's, so this test has one of its own.
#[tokio::test(flavor = "multi_thread")]
async fn n1_a_lost_key_compares_anew_and_overwrites_nothing_in_silence() {
    let mut case = Case::everywhere(World::three()).await;
    case.sign_in().await;
    case.create(&contact_sync(ANA)).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.stop_operator().await;
    let secrets: Api<Secret> = Api::namespaced(case.client.clone(), SYSTEM);
    secrets
        .delete(KEY_SECRET, &DeleteParams::default())
        .await
        .unwrap();
    // One side was blank in one, both were filled in the other.
    case.edits_copy(ANA, &crm_id(1), json!({ "mobilePhone": "+41 79 555 43 01" }))
        .await;
    case.edits_record(&crm_id(2), json!({ "Phone": "+41 31 555 99 99" }))
        .await;
    case.start_operator().await;
    let sync = case.sync_now("ana").await;
    assert_eq!(
        case.record(&crm_id(1)).await.unwrap()["Mobile"],
        "+41 79 555 43 01"
    );
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(
        mailbox.copy(&crm_id(2)).unwrap()["businessPhones"],
        json!(["+41 31 555 99 99"])
    );
    let conflicts = sync
        .status
        .unwrap()
        .conflicts
        .expect("nobody knows who changed it");
    assert_eq!(conflicts.items[0].crm_id, crm_id(2));
    assert_eq!(case.writes().await, [3, 1, 0, 1, 0]);
    assert_eq!(case.counter("zoho", "writes_by_api").await, 1);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n9_an_expired_place_in_the_list_of_changes_deletes_and_doubles_nothing() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.office(json!({ "do": "expire_delta_tokens", "user": ANA }))
        .await;
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Cooper" }))
        .await;
    case.makes_contact(ANA, json!({ "givenName": "Tibor", "surname": "Hollenstein" }))
        .await;
    case.deletes_copy(ANA, &crm_id(2)).await;
    case.sync_now("ana").await;
    assert_eq!(case.record(&crm_id(1)).await.unwrap()["Title"], "Cooper");
    case.record_named("Hollenstein").await;
    assert!(case.record(&crm_id(2)).await.is_some(), "deletes.toCrm is Never");
    assert_eq!(contacts_of(&case.crm_state().await).count(), 4);
    assert_eq!(case.mailbox(ANA).await.synced().len(), 3);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_a_folder_deleted_while_the_store_is_lost_is_not_made_again() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    lose_the_store(&mut case).await;
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
