//! Looking before anything is written: `mode: Observe`.

use crmlink::api::{ConditionType, ContactSync, CrmTenant, PlanCause, PlanCounts, Reason};
use kube::ResourceExt;
use serde_json::json;

use crate::support::{ANA, Case, Reported, World, contact_sync_with, crm_id};

const fn counts(to_office: u32, to_crm: u32) -> PlanCounts {
    PlanCounts { to_office, to_crm }
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_observed_before_the_first_sync_it_shows_what_would_be_made() {
    let case = Case::connected(World::three()).await;
    let (crm, before) = (case.crm_state().await, case.mailbox(ANA).await);
    case.create(&contact_sync_with(ANA, json!({ "mode": "Observe" })))
        .await;
    let sync: ContactSync = case.settled("ana", Reason::ObserveOnly).await;
    sync.words(
        ConditionType::Ready,
        Reason::ObserveOnly,
        &["nothing is written", "status.plan", "3 operations"],
    );
    let plan = sync.status.as_ref().unwrap().plan.clone().unwrap();
    assert_eq!(
        (plan.cause, plan.creates, plan.deletes),
        (PlanCause::Observe, counts(3, 0), counts(0, 0))
    );
    assert_eq!((crm, before), (case.crm_state().await, case.mailbox(ANA).await));
    assert_eq!(case.writes().await, [0; 5]);

    case.change_sync("ana", json!({ "mode": "Apply" })).await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    assert_eq!(sync.status.unwrap().plan, None);
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_observed_while_it_runs_it_shows_both_directions() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.change::<CrmTenant>(
        "orchard",
        json!({ "spec": { "syncDefaults": { "contacts": { "mode": "Observe" } } } }),
    )
    .await;
    case.settled::<ContactSync>("ana", Reason::ObserveOnly).await;
    case.makes_contact(ANA, json!({ "givenName": "Tibor", "surname": "Hollenstein" }))
        .await;
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Cooper" }))
        .await;
    case.edits_record(&crm_id(2), json!({ "Title": "Hooper" })).await;
    case.deletes_records(&[crm_id(3)]).await;
    let (crm, before, writes) = (
        case.crm_state().await,
        case.mailbox(ANA).await,
        case.writes().await,
    );
    case.request::<ContactSync>("ana").await;
    let sync: ContactSync = case.settled("ana", Reason::ObserveOnly).await;
    let plan = sync.status.as_ref().unwrap().plan.clone().unwrap();
    assert_eq!(
        (plan.creates, plan.updates, plan.deletes),
        (counts(0, 1), counts(1, 1), counts(1, 0))
    );
    assert_eq!(plan.items.len(), 4);
    assert_eq!(
        (&crm, &before),
        (&case.crm_state().await, &case.mailbox(ANA).await)
    );

    // Seen again it is no news.
    case.request::<ContactSync>("ana").await;
    let again: ContactSync = case.settled("ana", Reason::ObserveOnly).await;
    assert_eq!(again.status.as_ref().unwrap().plan, Some(plan));
    // Trouble that passes does not make it forgotten.
    case.fault(json!({ "service": "zoho", "method": "POST", "path": "/crm/v8/coql", "times": 0, "answer": { "status": 500 } }))
        .await;
    case.request::<ContactSync>("ana").await;
    let troubled = case
        .when("ana", "trying again", |sync: &ContactSync| {
            sync.condition(ConditionType::Reconciling).is_some()
        })
        .await;
    assert_eq!(troubled.status.unwrap().plan, again.status.unwrap().plan);
    case.control.clear_faults().await.unwrap();
    case.settled::<ContactSync>("ana", Reason::ObserveOnly).await;
    assert_eq!(writes, case.writes().await);

    case.change_sync("ana", json!({ "mode": "Apply" })).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.record_named("Hollenstein").await;
    assert_eq!(case.record(&crm_id(1)).await.unwrap()["Title"], "Cooper");
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.copies(), [crm_id(1), crm_id(2)]);
    assert_eq!(mailbox.copy(&crm_id(2)).unwrap()["jobTitle"], "Hooper");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n10_observing_again_and_again_writes_no_status() {
    let mut case = Case::connected(World::three()).await;
    case.create(&contact_sync_with(ANA, json!({ "mode": "Observe" })))
        .await;
    let sync: ContactSync = case.settled("ana", Reason::ObserveOnly).await;
    case.stop_operator().await;
    case.start_operator().await;
    case.looked_at().await;
    let after: ContactSync = case.get("ana").await;
    assert_eq!(sync.resource_version(), after.resource_version());
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_what_was_applied_is_taken_back_while_observing_too() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.change_sync("ana", json!({ "mode": "Observe" })).await;
    case.settled::<ContactSync>("ana", Reason::ObserveOnly).await;
    let crm = case.crm_state().await;
    case.change_sync("ana", json!({ "enabled": false })).await;
    case.settled::<ContactSync>("ana", Reason::Disabled).await;
    assert!(!case.mailbox(ANA).await.has_folder());
    assert_eq!(crm, case.crm_state().await);
    case.finish().await;
}
