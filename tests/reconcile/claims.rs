//! One sync per mailbox and organisation.

use crmlink::api::{ConditionType, ContactSync, Reason};
use serde_json::json;

use crate::support::{ANA, Case, Reported, World, contact_sync};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sync_of_a_mailbox_is_refused_until_the_first_is_gone() {
    let case = Case::in_sync(World::three(), ANA).await;
    let mut second = contact_sync(ANA);
    second["metadata"]["name"] = json!("again");
    case.create(&second).await;
    let sync: ContactSync = case.says("again", Reason::AlreadyClaimed).await;
    let holder = format!("{}/ana already syncs this mailbox", case.namespace);
    sync.words(
        ConditionType::Stalled,
        Reason::AlreadyClaimed,
        &[&holder, "delete one of the two"],
    );
    let status = sync.status.unwrap();
    assert_eq!(
        (status.folder, status.linked),
        (None, None),
        "they are the other's"
    );
    case.sync_now("ana").await;
    assert_eq!(case.writes().await, [3, 0, 0, 1, 0]);

    case.delete::<ContactSync>("ana").await;
    case.settled::<ContactSync>("again", Reason::InSync).await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_the_refused_one_leaves_the_folder_to_the_other() {
    let case = Case::in_sync(World::three(), ANA).await;
    let mut second = contact_sync(ANA);
    second["metadata"]["name"] = json!("again");
    case.create(&second).await;
    case.says::<ContactSync>("again", Reason::AlreadyClaimed).await;
    case.delete::<ContactSync>("again").await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    case.sync_now("ana").await;
    assert_eq!(case.writes().await, [3, 0, 0, 1, 0]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_the_refused_one_off_leaves_the_folder_to_the_other() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    let mut second = contact_sync(ANA);
    second["metadata"]["name"] = json!("again");
    case.create(&second).await;
    case.says::<ContactSync>("again", Reason::AlreadyClaimed).await;
    case.change::<ContactSync>("again", json!({ "spec": { "enabled": false } }))
        .await;
    case.says::<ContactSync>("again", Reason::Disabled).await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    // Nor does it take the mailbox over while nobody remembers who holds it.
    case.stop_operator().await;
    case.start_operator().await;
    case.delete::<ContactSync>("again").await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    case.sync_now("ana").await;
    assert_eq!(case.writes().await, [3, 0, 0, 1, 0]);
    case.finish().await;
}
