//! The folder: its name, and its owner's right to take it away (K8).

use crmlink::api::{ConditionType, ContactSync, Reason};
use serde_json::{Value, json};

use crate::support::{ANA, Case, Reported, World, contact_sync, crm_id};

#[tokio::test(flavor = "multi_thread")]
async fn k4_a_folder_of_that_name_is_left_alone() {
    let own = json!({ "displayName": "Zoho CRM Contacts", "contacts": [{ "givenName": "Eusebius", "surname": "Bassbariton" }] });
    let case = Case::connected(World::three().set("/office365/0/users/1", "folders", json!([own]))).await;
    let before = case.mailbox(ANA).await;
    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.says("ana", Reason::FolderNameTaken).await;
    let words = ["did not make", "rename it in Outlook", "another folderName"];
    sync.words(ConditionType::Stalled, Reason::FolderNameTaken, &words);
    assert_eq!(before, case.mailbox(ANA).await);

    case.change_sync("ana", json!({ "folderName": "Kundschaft" }))
        .await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    let after = case.mailbox(ANA).await;
    assert_eq!(after.contacts("Kundschaft").len(), 3);
    assert_eq!(
        before.folder("Zoho CRM Contacts"),
        after.folder("Zoho CRM Contacts")
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k1_another_name_renames_the_folder() {
    let case = Case::in_sync(World::three(), ANA).await;
    let id = case.mailbox(ANA).await.folder("Zoho CRM Contacts").unwrap()["id"].clone();
    case.change_sync("ana", json!({ "folderName": "Kundschaft" }))
        .await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.folder("Kundschaft").unwrap()["id"], id);
    assert_eq!(mailbox.contacts("Kundschaft").len(), 3);
    assert_eq!(case.writes().await, [3, 0, 0, 1, 0]);
    case.finish().await;
}

/// Whatever way the folder goes, the sync is off and nothing else happens until its author switches it off and on.
async fn switched_off_by(action: Value) {
    let case = Case::in_sync(World::three(), ANA).await;
    let crm = case.crm_state().await;
    case.office(action).await;
    let (writes, mailbox) = (case.writes().await, case.mailbox(ANA).await);
    case.request::<ContactSync>("ana").await;
    let sync: ContactSync = case.settled("ana", Reason::DisabledInMailbox).await;
    let words = [
        "deleted or moved the folder",
        "the CRM is as it was",
        "enabled to false and back to true",
    ];
    sync.words(ConditionType::Ready, Reason::DisabledInMailbox, &words);
    sync.words(ConditionType::Enabled, Reason::DisabledInMailbox, &words);
    assert!(
        sync.condition(ConditionType::Stalled).is_none(),
        "a person's choice is no failure"
    );
    for _ in 0..2 {
        case.request::<ContactSync>("ana").await;
        case.settled::<ContactSync>("ana", Reason::DisabledInMailbox)
            .await;
    }
    assert_eq!(
        (writes, mailbox),
        (case.writes().await, case.mailbox(ANA).await),
        "nothing is made again"
    );
    assert_eq!(crm, case.crm_state().await);

    case.change_sync("ana", json!({ "enabled": false })).await;
    let sync: ContactSync = case.settled("ana", Reason::Disabled).await;
    assert_eq!(sync.status.unwrap().folder, None);
    case.change_sync("ana", json!({ "enabled": true })).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    assert_eq!(
        case.mailbox(ANA).await.copies(),
        [crm_id(1), crm_id(2), crm_id(3)]
    );
    assert_eq!(crm, case.crm_state().await);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_deleting_the_folder_switches_the_sync_off() {
    switched_off_by(json!({ "do": "delete_folder", "user": ANA, "folder": "Zoho CRM Contacts" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_deleting_the_folder_for_good_switches_the_sync_off() {
    let action =
        json!({ "do": "delete_folder", "user": ANA, "folder": "Zoho CRM Contacts", "permanently": true });
    switched_off_by(action).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_moving_the_folder_switches_the_sync_off() {
    let choir = json!({ "displayName": "Choir" });
    let case = Case::in_sync(
        World::three().set("/office365/0/users/1", "folders", json!([choir])),
        ANA,
    )
    .await;
    let crm = case.crm_state().await;
    case.office(json!({ "do": "move_folder", "user": ANA, "folder": "Zoho CRM Contacts", "to": "Choir" }))
        .await;
    let (writes, mailbox) = (case.writes().await, case.mailbox(ANA).await);
    case.request::<ContactSync>("ana").await;
    case.settled::<ContactSync>("ana", Reason::DisabledInMailbox)
        .await;
    case.change_sync("ana", json!({ "enabled": false })).await;
    case.settled::<ContactSync>("ana", Reason::Disabled).await;
    assert_eq!((writes, mailbox), (case.writes().await, case.mailbox(ANA).await));
    assert_eq!(crm, case.crm_state().await);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_a_folder_that_was_renamed_in_outlook_goes_on() {
    let case = Case::in_sync(World::three(), ANA).await;
    let rename = json!({ "do": "rename_folder", "user": ANA, "folder": "Zoho CRM Contacts", "displayName": "Meine Leute" });
    case.office(rename).await;
    case.crm(json!({ "do": "update_contact", "id": crm_id(1), "fields": { "Title": "Cooper" } }))
        .await;
    case.sync_now("ana").await;
    let mailbox = case.mailbox(ANA).await;
    assert!(
        mailbox
            .contacts("Meine Leute")
            .iter()
            .any(|copy| copy["jobTitle"] == "Cooper")
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k1_a_new_name_that_is_taken_is_said() {
    let choir = json!({ "displayName": "Choir" });
    let world = World::three().set("/office365/0/users/1", "folders", json!([choir]));
    let case = Case::in_sync(world, ANA).await;
    case.change_sync("ana", json!({ "folderName": "Choir" })).await;
    let sync: ContactSync = case.says("ana", Reason::FolderNameTaken).await;
    let words = ["did not make", "another folderName"];
    sync.words(ConditionType::Stalled, Reason::FolderNameTaken, &words);
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    case.change_sync("ana", json!({ "folderName": "Kundschaft" }))
        .await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    assert_eq!(case.mailbox(ANA).await.contacts("Kundschaft").len(), 3);
    case.finish().await;
}
