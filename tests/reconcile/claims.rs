//! One sync per mailbox and organisation.

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason};
use serde_json::json;

use crate::support::{ANA, Case, Reported, World, contact_sync, crm_id};

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

/// What a folder that another cluster made looks like.
async fn claimed_by_another_cluster(case: &Case) -> &'static str {
    let other = "5a1f0c1e-0000-4000-8000-00000000c1a5";
    let mailbox = case.mailbox(ANA).await;
    let folder = mailbox.marked()[0];
    let marker = folder["marker"].as_str().unwrap();
    let (rest, _) = marker.rsplit_once('|').unwrap();
    case.mark_folder(ANA, folder["id"].as_str().unwrap(), &format!("{rest}|{other}"))
        .await;
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_another_cluster_keeps_is_left_to_it_until_it_is_taken_over() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    case.stop_operator().await;
    let other = claimed_by_another_cluster(&case).await;
    case.lose_store();
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
    let (writes, before) = (case.writes().await, case.mailbox(ANA).await);
    case.start_operator().await;
    case.request::<ContactSync>("ana").await;
    let sync: ContactSync = case.says("ana", Reason::AlreadyClaimed).await;
    sync.words(
        ConditionType::Stalled,
        Reason::AlreadyClaimed,
        &["another cluster", other, "takeoverFrom"],
    );
    assert_eq!((writes, &before), (case.writes().await, &case.mailbox(ANA).await));
    // Switching off here takes nothing out of it either.
    case.change_sync("ana", json!({ "enabled": false })).await;
    case.settled::<ContactSync>("ana", Reason::Disabled).await;
    assert_eq!((writes, &before), (case.writes().await, &case.mailbox(ANA).await));
    case.change_sync("ana", json!({ "enabled": true })).await;
    case.says::<ContactSync>("ana", Reason::AlreadyClaimed).await;

    case.change::<CrmTenant>("orchard", json!({ "spec": { "takeoverFrom": other } }))
        .await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.copies(), [crm_id(1), crm_id(2), crm_id(3)]);
    assert_eq!(mailbox.copy(&crm_id(1)).unwrap()["jobTitle"], "Cooper");
    assert!(!mailbox.marked()[0]["marker"].as_str().unwrap().contains(other));
    assert_eq!(case.writes().await[0], 3, "nothing is made twice");
    case.finish().await;
}
