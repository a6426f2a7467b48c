//! Folders: made, marked, found, claimed anew, removed.

use serde_json::{Value, json};
use sync_runtime::ports::{CreateFolderFailure, Failure, Mailbox};

use crate::services::{GUEST, Services};

#[tokio::test]
async fn k1_a_folder_is_made_with_its_marker_renamed_and_claimed_anew() {
    let services = Services::start();
    let mailbox = &services.mailbox;
    let made = services.folder().await;
    assert_eq!(made.marker.as_deref(), Some("v1 s claim"));
    assert_eq!(mailbox.folder(&made.id).await.unwrap().unwrap(), made);
    let taken = mailbox.create_folder("zoho crm contacts", "v1 t claim").await;
    assert_eq!(taken, Err(CreateFolderFailure::NameTaken));

    services.outlook(json!({"do": "create_folder", "displayName": "Family"}));
    let taken = mailbox.rename_folder(&made.id, "Family").await;
    assert_eq!(taken, Err(CreateFolderFailure::NameTaken));
    mailbox.rename_folder(&made.id, "Customers").await.unwrap();
    mailbox.mark_folder(&made.id, "v1 s other").await.unwrap();
    let found = mailbox.folder(&made.id).await.unwrap().unwrap();
    assert_eq!(
        (found.name.as_str(), found.marker.as_deref()),
        ("Customers", Some("v1 s other"))
    );
    assert_eq!(found.parent, made.parent);
    services.finish();
}

#[tokio::test]
async fn k8_a_trashed_folder_answers_from_elsewhere_and_a_purged_one_not_at_all() {
    let services = Services::start();
    let mailbox = &services.mailbox;
    let made = services.folder().await;
    services.outlook(json!({"do": "delete_folder", "folder": made.id}));
    let trashed = mailbox.folder(&made.id).await.unwrap().unwrap();
    assert_ne!(trashed.parent, made.parent);
    services.outlook(json!({"do": "delete_folder", "folder": made.id, "permanently": true}));
    assert_eq!(mailbox.folder(&made.id).await, Ok(None));
    assert_eq!(mailbox.delete_folder(&made.id).await, Ok(()));
    let gone = mailbox.mark_folder(&made.id, "v1 s other").await;
    assert!(matches!(gone, Err(Failure::Refused { .. })), "{gone:?}");
    services.finish();
}

#[tokio::test]
async fn k8_a_folder_is_removed_again_and_again_under_the_same_name() {
    let services = Services::start();
    let mut trashed = Vec::new();
    for _ in 0..3 {
        let made = services.folder().await;
        services.mailbox.delete_folder(&made.id).await.unwrap();
        let found = services.mailbox.folder(&made.id).await.unwrap().unwrap();
        assert_ne!(found.parent, made.parent);
        trashed.push(found.name);
    }
    assert_eq!(
        trashed,
        ["Zoho CRM Contacts", "Zoho CRM Contacts 2", "Zoho CRM Contacts 3"]
    );
    services.finish();
}

#[tokio::test]
async fn folders_are_found_however_deep_without_the_deleted_ones() {
    let services = Services::start();
    let mailbox = &services.mailbox;
    let made = services.folder().await;
    let below = |name: &str, parent: &str| -> Value {
        services.outlook(json!({"do": "create_folder", "displayName": name, "parent": parent}))
    };
    below("Family", "contacts");
    below("Cousins", "Family");
    below("Second cousins", "Cousins");
    below("Gone", "Family");
    services.outlook(json!({"do": "delete_folder", "folder": "Gone"}));
    services.outlook(json!({"do": "move_folder", "folder": made.id, "to": "Second cousins"}));

    let found = mailbox.folders().await.unwrap();
    let mut names: Vec<&str> = found.iter().map(|folder| folder.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["Cousins", "Family", "Second cousins", "Zoho CRM Contacts"]
    );
    let ours = found.iter().find(|folder| folder.id == made.id).unwrap();
    assert_eq!(ours.marker, made.marker);
    assert_ne!(ours.parent, made.parent);
    services.finish();
}

#[tokio::test]
async fn users_without_a_mailbox_or_no_longer_there_are_told_apart() {
    let services = Services::start();
    let none = services.mailbox_of(GUEST).folders().await;
    assert_eq!(none, Err(Failure::MailboxNotEnabled));
    let unknown = "6d0a3f0e-4c1b-4a6e-8a4e-0f6f0a5b7c99";
    let gone = services.mailbox_of(unknown).folder("AAA=").await;
    assert_eq!(gone, Err(Failure::UserGone));
    services
        .office(&json!({"do": "revoke_permission", "clientId": "app", "permission": "Contacts.ReadWrite"}));
    services.office(&json!({"do": "revoke_tokens"}));
    let denied = services.mailbox.folders().await;
    assert!(matches!(denied, Err(Failure::Permission { .. })), "{denied:?}");
    services.finish();
}
