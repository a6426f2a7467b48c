//! Switching off and on (K8): the copies leave the mailbox, the CRM stays as it is, and nothing is lost on the way.

use crmlink::api::{ConditionType, ContactSync, CrmTenant, REENABLE_ANNOTATION, Reason};
use serde_json::json;

use crate::support::{ANA, BEN, Case, Reported, World, contact_sync, crm_id};

async fn switch(case: &Case, on: bool) {
    case.change_sync("ana", json!({ "enabled": on })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_disabling_removes_the_copies_and_leaves_the_crm() {
    let case = Case::in_sync(World::three(), ANA).await;
    let (crm, before) = (case.crm_state().await, case.mailbox(ANA).await);
    switch(&case, false).await;
    let sync: ContactSync = case.settled("ana", Reason::Disabled).await;
    let words = ["spec.enabled is false", "the CRM is as it was"];
    sync.words(ConditionType::Ready, Reason::Disabled, &words);
    sync.words(ConditionType::Enabled, Reason::Disabled, &[]);
    assert!(sync.condition(ConditionType::ItemsLeft).is_none());
    let status = sync.status.unwrap();
    assert_eq!(
        (
            status.folder,
            status.linked,
            status.initial_sync,
            status.left_in_place
        ),
        (None, None, None, None)
    );
    assert!(status.mailbox.is_some(), "the person stays pinned");
    assert_eq!(crm, case.crm_state().await);
    let mailbox = case.mailbox(ANA).await;
    assert!(!mailbox.has_folder());
    assert_eq!(before.folder("Contacts"), mailbox.folder("Contacts"));
    assert_eq!(case.writes().await, [3, 0, 4, 1, 1]);

    switch(&case, true).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    assert_eq!(crm, case.crm_state().await);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_the_last_edits_in_outlook_reach_the_crm_before_the_copies_go() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.edits_copy(ANA, &crm_id(2), json!({ "mobilePhone": "+41 79 555 71 01" }))
        .await;
    case.makes_contact(
        ANA,
        json!({ "givenName": "Walpurga", "surname": "Eigengewaechs" }),
    )
    .await;
    // An edit in the CRM is not brought to a mailbox that is about to be left.
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
    switch(&case, false).await;
    let sync: ContactSync = case.settled("ana", Reason::Disabled).await;
    assert!(sync.condition(ConditionType::ItemsLeft).is_none());
    assert!(!case.mailbox(ANA).await.has_folder());
    assert_eq!(
        case.record(&crm_id(2)).await.unwrap()["Mobile"],
        "+41 79 555 71 01"
    );
    assert_eq!(case.record(&crm_id(1)).await.unwrap()["Title"], "Cooper");
    case.record_named("Eigengewaechs").await;
    assert_eq!(case.writes().await[1], 0);

    // Off it stays as it is, and on again everything is there once.
    let crm = case.crm_state().await;
    case.request::<ContactSync>("ana").await;
    case.settled::<ContactSync>("ana", Reason::Disabled).await;
    assert_eq!(crm, case.crm_state().await);
    switch(&case, true).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    assert_eq!(crm, case.crm_state().await);
    assert_eq!(case.mailbox(ANA).await.synced().len(), 4);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n6_disabling_keeps_what_only_the_mailbox_holds() {
    let case = Case::in_sync_with(World::three(), ANA, json!({ "conflict": "Manual" })).await;
    // Undecided, and without what the CRM needs of a contact.
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Hooper" }))
        .await;
    case.makes_contact(ANA, json!({ "givenName": "Walpurga" })).await;
    case.sync_now("ana").await;
    let crm = case.crm_state().await;
    switch(&case, false).await;
    let sync: ContactSync = case.settled("ana", Reason::Disabled).await;
    let words = [
        "2 contacts that only the mailbox holds were left",
        "the CRM is as it was",
    ];
    sync.words(ConditionType::Ready, Reason::Disabled, &words);
    sync.words(ConditionType::ItemsLeft, Reason::ItemsLeftInMailbox, &words);
    assert_eq!(sync.status.as_ref().unwrap().left_in_place, Some(2));
    let mailbox = case.mailbox(ANA).await;
    let left = mailbox.contacts("Zoho CRM Contacts (kept)");
    assert_eq!(left.len(), 2);
    assert!(left.iter().any(|contact| contact["jobTitle"] == "Hooper"));
    assert!(left.iter().any(|contact| contact["givenName"] == "Walpurga"));
    assert_eq!(crm, case.crm_state().await);

    // It is said as long as the sync is off.
    case.request::<ContactSync>("ana").await;
    let again: ContactSync = case.settled("ana", Reason::Disabled).await;
    again.words(ConditionType::ItemsLeft, Reason::ItemsLeftInMailbox, &words);
    assert_eq!(again.status.as_ref().unwrap().left_in_place, Some(2));

    // Enabling again goes on with what is there.
    switch(&case, true).await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    assert!(sync.condition(ConditionType::ItemsLeft).is_none());
    assert_eq!(sync.status.unwrap().left_in_place, None);
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.marked().len(), 1);
    let all: Vec<_> = mailbox.marked()[0]["contacts"].as_array().unwrap().clone();
    assert_eq!(all.len(), 4, "three copies and her own");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n6_a_crm_that_takes_nothing_more_does_not_keep_a_sync_on() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.edits_copy(ANA, &crm_id(2), json!({ "mobilePhone": "+41 79 555 71 01" }))
        .await;
    let refused = json!({ "code": "INTERNAL_ERROR", "message": "Internal Server Error", "status": "error" });
    case.fault(json!({
        "service": "zoho", "method": "PUT", "path": "/crm/v8/Contacts", "times": 0,
        "answer": { "status": 500, "body": refused },
    }))
    .await;
    let crm = case.crm_state().await;
    switch(&case, false).await;
    let sync: ContactSync = case.says("ana", Reason::RetryLater).await;
    sync.words(
        ConditionType::Reconciling,
        Reason::ProgressingWithRetry,
        &["Zoho CRM"],
    );
    assert_eq!(
        case.mailbox(ANA).await.copies().len(),
        3,
        "at first it is waited for"
    );
    let sync: ContactSync = case.settled("ana", Reason::Disabled).await;
    assert_eq!(sync.status.as_ref().unwrap().left_in_place, Some(1));
    assert_eq!(crm, case.crm_state().await);
    let mailbox = case.mailbox(ANA).await;
    let left = mailbox.contacts("Zoho CRM Contacts (kept)");
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["mobilePhone"], "+41 79 555 71 01");

    // Once it takes it again, the edit arrives.
    case.control.clear_faults().await.unwrap();
    switch(&case, true).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    assert_eq!(
        case.record(&crm_id(2)).await.unwrap()["Mobile"],
        "+41 79 555 71 01"
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n6_a_wave_of_disabling_is_slowed_down() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.create(&contact_sync(BEN)).await;
    case.settled::<ContactSync>("ben", Reason::InSync).await;
    let guard = |limit: u32| json!({ "spec": { "guard": { "maxDisablesPerHour": limit } } });
    case.change::<CrmTenant>("orchard", guard(1)).await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.change_sync("ben", json!({ "enabled": false })).await;
    case.settled::<ContactSync>("ben", Reason::Disabled).await;
    switch(&case, false).await;
    let sync: ContactSync = case.says("ana", Reason::DisablesHeld).await;
    let words = ["many syncs of this tenant", "maxDisablesPerHour"];
    sync.words(ConditionType::Held, Reason::DisablesHeld, &words);
    assert!(sync.condition(ConditionType::Stalled).is_none());
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);

    // The mistake is taken back: nothing happened.
    switch(&case, true).await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    assert!(sync.condition(ConditionType::Held).is_none());
    assert_eq!(case.writes().await[0], 3);

    // Meant so, it goes once there is room.
    switch(&case, false).await;
    case.says::<ContactSync>("ana", Reason::DisablesHeld).await;
    case.change::<CrmTenant>("orchard", guard(5)).await;
    let sync: ContactSync = case.settled("ana", Reason::Disabled).await;
    assert!(sync.condition(ConditionType::Held).is_none());
    assert!(!case.mailbox(ANA).await.has_folder());
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_a_folder_that_its_user_deleted_comes_back_when_that_is_asked_for() {
    let case = Case::in_sync(World::three(), ANA).await;
    let crm = case.crm_state().await;
    case.office(json!({ "do": "delete_folder", "user": ANA, "folder": "Zoho CRM Contacts" }))
        .await;
    case.request::<ContactSync>("ana").await;
    case.settled::<ContactSync>("ana", Reason::DisabledInMailbox)
        .await;
    let again = |value: &str| json!({ "metadata": { "annotations": { REENABLE_ANNOTATION: value } } });
    case.change::<ContactSync>("ana", again("she wants it after all"))
        .await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    let status = sync.status.unwrap();
    assert_eq!(
        status.last_handled_reenable.as_deref(),
        Some("she wants it after all")
    );
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.copies(), [crm_id(1), crm_id(2), crm_id(3)]);
    assert_eq!(
        mailbox.folder("Zoho CRM Contacts").unwrap()["id"],
        status.folder.unwrap().id
    );
    assert_eq!(crm, case.crm_state().await);

    // The value that took effect does nothing more.
    case.office(
        json!({ "do": "delete_folder", "user": ANA, "folder": "Zoho CRM Contacts", "permanently": true }),
    )
    .await;
    case.request::<ContactSync>("ana").await;
    case.settled::<ContactSync>("ana", Reason::DisabledInMailbox)
        .await;
    assert_eq!(crm, case.crm_state().await);
    case.finish().await;
}
