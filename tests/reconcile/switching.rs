//! Suspending and switching off (K8).

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason};
use serde_json::json;

use crate::support::{ANA, BEN, Case, Reported, World, contact_sync, crm_id};

fn is_suspended(sync: &ContactSync) -> bool {
    sync.condition(ConditionType::Suspended).is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_sync_keeps_everything_as_it_is() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.change_sync("ana", json!({ "suspend": true })).await;
    let sync = case.when("ana", "suspended", is_suspended).await;
    sync.words(
        ConditionType::Suspended,
        Reason::Suspended,
        &["nothing is read or written"],
    );
    sync.words(ConditionType::Ready, Reason::InSync, &[]);
    case.crm(json!({ "do": "delete_contact", "id": crm_id(1) })).await;
    let end = case.journal_end().await;
    case.request::<ContactSync>("ana").await;
    case.when("ana", "echoing the request", |sync: &ContactSync| {
        sync.handled() == Some("request 1") && is_suspended(sync)
    })
    .await;
    assert_eq!(case.journal_end().await, end, "no call");
    case.change_sync("ana", json!({ "suspend": false })).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.sync_now("ana").await;
    assert_eq!(case.mailbox(ANA).await.copies(), [crm_id(2), crm_id(3)]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_tenant_suspends_its_syncs() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.change::<CrmTenant>("orchard", json!({ "spec": { "suspend": true } }))
        .await;
    let tenant = case
        .when("orchard", "suspended", |tenant: &CrmTenant| {
            tenant.condition(ConditionType::Suspended).is_some()
        })
        .await;
    tenant.words(
        ConditionType::Suspended,
        Reason::Suspended,
        &["nothing is read or written"],
    );
    let sync = case.when("ana", "suspended", is_suspended).await;
    sync.words(
        ConditionType::Suspended,
        Reason::TenantSuspended,
        &["the CrmTenant is suspended"],
    );
    sync.words(ConditionType::Ready, Reason::InSync, &[]);

    case.create(&contact_sync(BEN)).await;
    let ben = case.when("ben", "suspended", is_suspended).await;
    ben.words(ConditionType::Ready, Reason::TenantSuspended, &[]);

    case.change::<CrmTenant>("orchard", json!({ "spec": { "suspend": false } }))
        .await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.settled::<ContactSync>("ben", Reason::InSync).await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_disabling_removes_the_copies_and_leaves_the_crm() {
    let case = Case::in_sync(World::three(), ANA).await;
    let (crm, before) = (case.crm_state().await, case.mailbox(ANA).await);
    case.change_sync("ana", json!({ "enabled": false })).await;
    let sync: ContactSync = case.settled("ana", Reason::Disabled).await;
    sync.words(
        ConditionType::Ready,
        Reason::Disabled,
        &["spec.enabled is false", "the CRM is as it was"],
    );
    sync.words(ConditionType::Enabled, Reason::Disabled, &[]);
    let status = sync.status.unwrap();
    assert_eq!(
        (status.folder, status.linked, status.initial_sync),
        (None, None, None)
    );
    assert!(status.mailbox.is_some(), "the person stays pinned");
    assert_eq!(crm, case.crm_state().await);
    let mailbox = case.mailbox(ANA).await;
    assert!(!mailbox.has_folder());
    assert_eq!(before.folder("Contacts"), mailbox.folder("Contacts"));
    assert_eq!(case.writes().await, [3, 0, 4, 1, 1]);

    case.change_sync("ana", json!({ "enabled": true })).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    assert_eq!(crm, case.crm_state().await);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_disabling_keeps_what_only_the_mailbox_holds() {
    let case = Case::in_sync(World::three(), ANA).await;
    let crm = case.crm_state().await;
    let copy = case.mailbox(ANA).await.copy(&crm_id(2)).unwrap()["id"].clone();
    let edit = json!({ "mobilePhone": "+41 79 555 71 01" });
    case.office(json!({ "do": "update_contact", "user": ANA, "contact": copy, "set": edit }))
        .await;
    let own = json!({ "givenName": "Walpurga", "surname": "Eigengewaechs" });
    case.office(
        json!({ "do": "create_contact", "user": ANA, "folder": "Zoho CRM Contacts", "contact": own }),
    )
    .await;
    case.change_sync("ana", json!({ "enabled": false })).await;
    let sync: ContactSync = case.settled("ana", Reason::Disabled).await;
    sync.words(
        ConditionType::Ready,
        Reason::Disabled,
        &["2 contacts that only the mailbox holds were left"],
    );
    let mailbox = case.mailbox(ANA).await;
    let left = mailbox.contacts("Zoho CRM Contacts (kept)");
    assert_eq!(left.len(), 2);
    assert!(
        left.iter()
            .any(|contact| contact["mobilePhone"] == "+41 79 555 71 01")
    );
    assert!(left.iter().any(|contact| contact["surname"] == "Eigengewaechs"));
    assert_eq!(crm, case.crm_state().await);

    // Enabling again goes on with what is there.
    case.change_sync("ana", json!({ "enabled": true })).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.marked().len(), 1);
    let all: Vec<_> = mailbox.marked()[0]["contacts"].as_array().unwrap().clone();
    assert_eq!(all.len(), 4, "three copies and her own");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_declared_switched_off_makes_nothing() {
    let case = Case::connected(World::three()).await;
    let mut sync = contact_sync(ANA);
    sync["spec"]["enabled"] = json!(false);
    case.create(&sync).await;
    case.settled::<ContactSync>("ana", Reason::Disabled).await;
    assert!(!case.mailbox(ANA).await.has_folder());
    assert_eq!(case.counter("graph", "mailbox_requests").await, 0);
    case.finish().await;
}
