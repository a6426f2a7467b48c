//! Deleting the objects: the copies leave the mailboxes, and nothing hangs.

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::{DeleteParams, ListParams};
use serde_json::json;

use crate::support::{ANA, BEN, CRM_CLIENT, Case, Reported, World, contact_sync, crm_id};

/// Asks for the deletion of an object, without waiting for it.
async fn begin_to_delete<K: Reported>(case: &Case, name: &str) {
    let api: Api<K> = case.api();
    api.delete(name, &DeleteParams::default()).await.unwrap();
}

async fn gone<K: Reported>(case: &Case, name: &str) {
    let api: Api<K> = case.api();
    let gone = crate::support::until(async || api.get_opt(name).await.unwrap().is_none().then_some(()));
    gone.await.unwrap_or_else(|| panic!("{name} does not go"));
}

/// The Event with this reason.
async fn told(case: &Case, reason: Reason) -> Event {
    let found = crate::support::until(async || {
        let events = case.api::<Event>().list(&ListParams::default()).await.unwrap();
        events
            .items
            .into_iter()
            .find(|event| event.reason.as_deref() == Some(reason.as_str()))
    });
    found.await.unwrap_or_else(|| panic!("no Event tells {reason}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_deletion_removes_the_copies_and_leaves_the_crm() {
    let case = Case::in_sync(World::three(), ANA).await;
    let crm = case.crm_state().await;
    case.delete::<ContactSync>("ana").await;
    assert!(!case.mailbox(ANA).await.has_folder());
    assert_eq!(case.writes().await, [3, 0, 4, 1, 1]);
    assert_eq!(crm, case.crm_state().await);
    case.when("orchard", "without syncs", |tenant: &CrmTenant| {
        let syncs = tenant.status.as_ref().and_then(|status| status.syncs);
        syncs.is_some_and(|syncs| syncs.contact_syncs == 0)
    })
    .await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n6_deletion_carries_the_last_edits_over_and_keeps_what_only_the_mailbox_holds() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.edits_copy(ANA, &crm_id(2), json!({ "mobilePhone": "+41 79 555 71 01" }))
        .await;
    case.makes_contact(ANA, json!({ "givenName": "Walpurga" })).await;
    case.delete::<ContactSync>("ana").await;
    assert_eq!(
        case.record(&crm_id(2)).await.unwrap()["Mobile"],
        "+41 79 555 71 01"
    );
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.contacts("Zoho CRM Contacts (kept)").len(), 1);
    let event = told(&case, Reason::ItemsLeftInMailbox).await;
    assert!(
        event
            .note
            .unwrap()
            .starts_with("1 contacts that only the mailbox holds")
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orphaned_copies_stay_and_are_taken_up_again() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.change_sync("ana", json!({ "deletionPolicy": "Orphan" }))
        .await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.delete::<ContactSync>("ana").await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    // A new object for the same pair finds its folder.
    case.create(&contact_sync(ANA)).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    assert_eq!(case.writes().await, [3, 0, 0, 1, 0]);
    assert_eq!(case.counter("zoho", "writes_by_api").await, 0);
    assert_eq!(
        case.mailbox(ANA).await.copies(),
        [crm_id(1), crm_id(2), crm_id(3)]
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_deleted_stays_until_its_syncs_have_left() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.create(&contact_sync(BEN)).await;
    case.settled::<ContactSync>("ben", Reason::InSync).await;
    let crm = case.crm_state().await;
    begin_to_delete::<CrmTenant>(&case, "orchard").await;
    let tenant = case
        .when("orchard", "saying that it is in use", |tenant: &CrmTenant| {
            tenant.reason() == Reason::TenantInUse.as_str()
        })
        .await;
    tenant.words(
        ConditionType::Ready,
        Reason::TenantInUse,
        &[
            "2 ContactSyncs and 0 CrmUserInvites still refer",
            "Delete them too",
        ],
    );
    // Its syncs know at once.
    let sync: ContactSync = case.says("ana", Reason::TenantNotReady).await;
    sync.words(
        ConditionType::Ready,
        Reason::TenantNotReady,
        &["the CrmTenant is being deleted"],
    );
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
    let end = case.journal_end().await;
    case.request::<ContactSync>("ana").await;
    case.says::<ContactSync>("ana", Reason::TenantNotReady).await;
    assert_eq!(case.journal_end().await, end, "no call");

    for name in ["ana", "ben"] {
        begin_to_delete::<ContactSync>(&case, name).await;
    }
    for name in ["ana", "ben"] {
        gone::<ContactSync>(&case, name).await;
    }
    gone::<CrmTenant>(&case, "orchard").await;
    assert!(!case.mailbox(ANA).await.has_folder() && !case.mailbox(BEN).await.has_folder());
    assert_ne!(crm, case.crm_state().await, "as somebody edited it");
    assert_eq!(case.counter("zoho", "writes_by_api").await, 0);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_without_syncs_goes_at_once() {
    let case = Case::connected(World::three()).await;
    case.delete::<CrmTenant>("orchard").await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_does_not_hang_when_the_tenant_is_gone() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.when("orchard", "kept for its sync", |tenant: &CrmTenant| {
        tenant
            .metadata
            .finalizers
            .as_ref()
            .is_some_and(|all| all.len() == 1)
    })
    .await;
    // Somebody takes the finalizer off.
    begin_to_delete::<CrmTenant>(&case, "orchard").await;
    case.change::<CrmTenant>("orchard", json!({ "metadata": { "finalizers": null } }))
        .await;
    gone::<CrmTenant>(&case, "orchard").await;
    case.request::<ContactSync>("ana").await;
    case.says::<ContactSync>("ana", Reason::TenantNotFound).await;
    case.delete::<ContactSync>("ana").await;
    assert_eq!(
        case.mailbox(ANA).await.copies().len(),
        3,
        "nobody can sign in: the folder stays"
    );
    let event = told(&case, Reason::CopiesLeft).await;
    assert!(event.note.unwrap().contains("the CrmTenant is gone"));
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_does_not_hang_when_the_secrets_are_gone() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    case.stop_operator().await;
    for name in ["office365", "zoho"] {
        let secrets: Api<Secret> = case.api();
        secrets.delete(name, &DeleteParams::default()).await.unwrap();
    }
    case.start_operator().await;
    begin_to_delete::<ContactSync>(&case, "ana").await;
    case.when("ana", "saying why it is still there", |sync: &ContactSync| {
        let ready = sync.condition(ConditionType::Ready);
        ready.is_some_and(|ready| ready.message().contains("deletionPolicy: Orphan"))
    })
    .await;
    gone::<ContactSync>(&case, "ana").await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    let event = told(&case, Reason::CopiesLeft).await;
    assert!(
        event
            .note
            .unwrap()
            .contains("the Secret of the CrmTenant is gone")
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_of_everything_at_once_still_empties_the_mailbox() {
    let case = Case::in_sync(World::three(), ANA).await;
    // In the order in which a namespace that is deleted loses what is in it.
    for name in ["office365", "zoho"] {
        let secrets: Api<Secret> = case.api();
        secrets.delete(name, &DeleteParams::default()).await.unwrap();
    }
    case.says::<CrmTenant>("orchard", Reason::MissingSecret).await;
    begin_to_delete::<CrmTenant>(&case, "orchard").await;
    begin_to_delete::<ContactSync>(&case, "ana").await;
    gone::<ContactSync>(&case, "ana").await;
    gone::<CrmTenant>(&case, "orchard").await;
    assert!(!case.mailbox(ANA).await.has_folder());
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n6_deletion_does_not_hang_when_the_crm_lets_nobody_in() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.crm(json!({ "do": "revoke_refresh_token", "clientId": CRM_CLIENT }))
        .await;
    case.crm(json!({ "do": "expire_tokens" })).await;
    case.edits_copy(ANA, &crm_id(2), json!({ "mobilePhone": "+41 79 555 71 01" }))
        .await;
    case.request::<CrmTenant>("orchard").await;
    case.says::<CrmTenant>("orchard", Reason::CrmCredentialsRejected)
        .await;
    let crm = case.crm_state().await;
    begin_to_delete::<ContactSync>(&case, "ana").await;
    gone::<ContactSync>(&case, "ana").await;
    assert_eq!(crm, case.crm_state().await);
    let mailbox = case.mailbox(ANA).await;
    let left = mailbox.contacts("Zoho CRM Contacts (kept)");
    assert_eq!(left.len(), 1, "what the CRM does not have stays");
    assert_eq!(left[0]["mobilePhone"], "+41 79 555 71 01");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_works_while_sync_and_tenant_are_suspended() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    case.change_sync("ana", json!({ "suspend": true })).await;
    case.change::<CrmTenant>("orchard", json!({ "spec": { "suspend": true } }))
        .await;
    case.when("orchard", "suspended", |tenant: &CrmTenant| {
        tenant.condition(ConditionType::Suspended).is_some()
    })
    .await;
    // An operator that never signed in for it does so for this alone.
    case.stop_operator().await;
    case.start_operator().await;
    case.delete::<ContactSync>("ana").await;
    assert!(!case.mailbox(ANA).await.has_folder());
    let tenant: CrmTenant = case.get("orchard").await;
    assert!(tenant.condition(ConditionType::Suspended).is_some());
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_does_not_hang_when_the_mailbox_is_gone() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.create(&contact_sync(BEN)).await;
    case.settled::<ContactSync>("ben", Reason::InSync).await;
    let crm = case.crm_state().await;
    case.office(json!({ "do": "delete_user", "user": ANA })).await;
    case.office(json!({ "do": "disable_mailbox", "user": BEN })).await;
    case.delete::<ContactSync>("ana").await;
    case.delete::<ContactSync>("ben").await;
    assert_eq!(crm, case.crm_state().await);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_waits_for_a_service_that_does_not_answer() {
    let case = Case::in_sync(World::three(), ANA).await;
    let down = json!({ "service": "graph", "path": "/v1.0/users/", "times": 0, "answer": { "status": 503 } });
    case.fault(down).await;
    begin_to_delete::<ContactSync>(&case, "ana").await;
    case.when("ana", "saying why it is still there", |sync: &ContactSync| {
        sync.reason() == Reason::Deleting.as_str()
    })
    .await;
    case.control.clear_faults().await.unwrap();
    gone::<ContactSync>(&case, "ana").await;
    assert!(!case.mailbox(ANA).await.has_folder());
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n6_a_wave_of_deletions_is_slowed_down_too() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.create(&contact_sync(BEN)).await;
    case.settled::<ContactSync>("ben", Reason::InSync).await;
    let guard = |limit: u32| json!({ "spec": { "guard": { "maxDisablesPerHour": limit } } });
    case.change::<CrmTenant>("orchard", guard(1)).await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.delete::<ContactSync>("ben").await;
    begin_to_delete::<ContactSync>(&case, "ana").await;
    let sync = case
        .when("ana", "held", |sync: &ContactSync| {
            sync.condition(ConditionType::Held).is_some()
        })
        .await;
    sync.words(ConditionType::Held, Reason::DisablesHeld, &["maxDisablesPerHour"]);
    sync.words(
        ConditionType::Ready,
        Reason::Deleting,
        &["many syncs of this tenant"],
    );
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    case.change::<CrmTenant>("orchard", guard(5)).await;
    gone::<ContactSync>(&case, "ana").await;
    case.finish().await;
}
