//! The mailbox's user: unknown, without a mailbox, renamed, or somebody else by now.

use crmlink::api::{ConditionType, ContactSync, Reason};
use serde_json::json;

use crate::support::{ANA, Case, Reported, World, contact_sync, crm_id};

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_user_is_said() {
    let case = Case::connected(World::three()).await;
    case.create(&contact_sync("anna@orchard.example")).await;
    let sync: ContactSync = case.says("anna", Reason::UserNotFound).await;
    let words = ["no user with the name in spec.user", "spelling", "object id"];
    sync.words(ConditionType::Stalled, Reason::UserNotFound, &words);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_comes_later() {
    let world = World::three().set("/office365/0/users/1", "mailbox", json!("none"));
    let world = world.set("/office365/0/users/1", "mail", json!(ANA));
    let case = Case::connected(world).await;
    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.says("ana", Reason::MailboxNotEnabled).await;
    let words = ["no mailbox", "licence with Exchange Online"];
    sync.words(ConditionType::Stalled, Reason::MailboxNotEnabled, &words);
    case.office(json!({ "do": "enable_mailbox", "user": ANA })).await;
    let sync = case.sync_now("ana").await;
    assert!(sync.condition(ConditionType::Stalled).is_none());
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_user_is_followed_by_the_pinned_id() {
    let case = Case::in_sync(World::three(), ANA).await;
    let new = "ana.brandtner@orchard.example";
    case.office(json!({ "do": "rename_user", "user": ANA, "userPrincipalName": new }))
        .await;
    case.crm(json!({ "do": "update_contact", "id": crm_id(1), "fields": { "Title": "Cooper" } }))
        .await;
    case.sync_now("ana").await;
    let mailbox = case.mailbox(new).await;
    assert_eq!(mailbox.copy(&crm_id(1)).unwrap()["jobTitle"], "Cooper");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n7_a_name_that_another_person_bears_now_is_not_followed() {
    let stranger = json!({ "userPrincipalName": "newcomer@orchard.example" });
    let case = Case::in_sync(World::three().push("/office365/0/users", stranger), ANA).await;
    let old = "ana.brandtner@orchard.example";
    case.office(json!({ "do": "rename_user", "user": ANA, "userPrincipalName": old }))
        .await;
    let rename = json!({ "do": "rename_user", "user": "newcomer@orchard.example", "userPrincipalName": ANA });
    case.office(rename).await;
    case.crm(json!({ "do": "update_contact", "id": crm_id(1), "fields": { "Title": "Cooper" } }))
        .await;
    let (stranger, ana, writes) = (
        case.mailbox(ANA).await,
        case.mailbox(old).await,
        case.writes().await,
    );
    case.request::<ContactSync>("ana").await;
    let sync: ContactSync = case.says("ana", Reason::UserChanged).await;
    let words = [
        "another person",
        "nothing is read or written",
        "declare a new one",
    ];
    sync.words(ConditionType::Stalled, Reason::UserChanged, &words);
    assert_eq!(stranger, case.mailbox(ANA).await);
    assert_eq!((ana, writes), (case.mailbox(old).await, case.writes().await));
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_by_object_id() {
    let id = "7d1f7c3e-9c4a-4a0f-8e5b-2b6f0c9d1a07";
    let case = Case::connected(World::three().set("/office365/0/users/1", "id", json!(id))).await;
    let mut sync = contact_sync(ANA);
    sync["spec"]["user"] = json!(id);
    case.create(&sync).await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    assert_eq!(sync.status.unwrap().mailbox.unwrap().user_id, id);
    case.finish().await;
}
