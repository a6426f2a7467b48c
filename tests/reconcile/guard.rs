//! The guard on mass changes: what trips it, what it holds, and how that goes through.

use crmlink::api::{
    ConditionType, ContactSync, CrmTenant, PlanCause, PlanStatus, PlannedOperation, PlannedSide, Reason,
};
use serde_json::{Value, json};

use crate::support::{ANA, Case, Reported, World, crm_id};

/// This many contacts of Ana's.
fn many(count: u32) -> World {
    (1..=count).fold(World::new(), |world, number| {
        world.fields(
            number,
            json!({ "First_Name": "Hyazinth", "Last_Name": format!("Vieltausend{number}") }),
        )
    })
}

fn ids(numbers: std::ops::RangeInclusive<u32>) -> Vec<String> {
    numbers.map(crm_id).collect()
}

async fn held(case: &Case, reason: Reason) -> PlanStatus {
    case.request::<ContactSync>("ana").await;
    let sync = case
        .when("ana", "holding something", |sync: &ContactSync| {
            sync.settled(Reason::InSync) && sync.condition(ConditionType::Held).is_some()
        })
        .await;
    let plan = sync.status.as_ref().unwrap().plan.clone().expect("a plan");
    sync.words(
        ConditionType::Held,
        reason,
        &["everything else goes on", &plan.hash, "approvedPlans"],
    );
    plan
}

async fn approve(case: &Case, plans: Value) -> ContactSync {
    case.change_sync("ana", json!({ "approvedPlans": plans })).await;
    case.settled("ana", Reason::InSync).await
}

#[tokio::test(flavor = "multi_thread")]
async fn n9_many_deletions_wait_for_approval_and_everything_else_goes_on() {
    let case = Case::in_sync(many(40), ANA).await;
    case.deletes_records(&ids(1..=20)).await;
    case.edits_record(&crm_id(30), json!({ "Title": "Cooper" })).await;
    let plan = held(&case, Reason::GuardHolds).await;
    assert_eq!(plan.cause, PlanCause::Guard);
    // A few go through at once, before the whole run is known.
    assert_eq!(
        (plan.deletes.to_office, plan.deletes.to_crm, plan.updates.to_crm),
        (10, 0, 0)
    );
    assert_eq!(plan.items.len(), 10);
    assert!(plan.items.iter().all(|item| {
        item.operation == PlannedOperation::Delete
            && item.side == PlannedSide::Office
            && item.crm_id.is_some()
    }));
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.synced().len(), 30);
    assert_eq!(mailbox.copy(&crm_id(30)).unwrap()["jobTitle"], "Cooper");

    // Asked again it still holds the same, and no news are made of it; a hash that nobody knows does nothing.
    let before: ContactSync = case.get("ana").await;
    assert_eq!(held(&case, Reason::GuardHolds).await, plan);
    let after: ContactSync = case.get("ana").await;
    assert_eq!(before.conditions(), after.conditions());
    approve(&case, json!(["00000000000000000000000000000000"])).await;
    assert_eq!(case.mailbox(ANA).await.synced().len(), 30);

    // One of them was restored meanwhile: each is checked again.
    let restored = plan.items[0].crm_id.clone().unwrap();
    case.crm(json!({ "do": "restore_contact", "id": restored })).await;
    let sync = approve(&case, json!([plan.hash])).await;
    assert!(sync.condition(ConditionType::Held).is_none());
    assert_eq!(sync.status.as_ref().unwrap().plan, None);
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.synced().len(), 21);
    assert!(mailbox.copy(&restored).is_some());

    // What was approved once is used up.
    case.deletes_records(&ids(21..=39)).await;
    let next = held(&case, Reason::GuardHolds).await;
    assert_ne!(next.hash, plan.hash);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n9_the_tenants_guard_counts_all_its_syncs() {
    let case = Case::in_sync(many(12), ANA).await;
    case.change::<CrmTenant>(
        "orchard",
        json!({ "spec": { "guard": { "maxDeletesPerDay": 2 } } }),
    )
    .await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.deletes_records(&ids(1..=5)).await;
    let plan = held(&case, Reason::TenantGuardHolds).await;
    assert_eq!((plan.cause, plan.deletes.to_office), (PlanCause::TenantGuard, 3));
    assert_eq!(case.mailbox(ANA).await.synced().len(), 10);
    approve(&case, json!([plan.hash])).await;
    assert_eq!(case.mailbox(ANA).await.synced().len(), 7);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_a_flood_of_edits_in_outlook_waits_for_approval() {
    let case = Case::in_sync(many(70), ANA).await;
    for number in 1..=60 {
        case.edits_copy(ANA, &crm_id(number), json!({ "jobTitle": "Overwritten" }))
            .await;
    }
    let plan = held(&case, Reason::GuardHolds).await;
    assert_eq!((plan.updates.to_crm, plan.deletes.to_crm), (10, 0));
    assert!(
        plan.items
            .iter()
            .all(|item| { item.operation == PlannedOperation::Update && item.side == PlannedSide::Crm })
    );
    assert_eq!(case.counter("zoho", "updates_by_api").await, 50);
    // What the CRM changes in one of them meanwhile still comes to the mailbox.
    let one = plan.items[0].crm_id.clone().unwrap();
    case.edits_record(&one, json!({ "Department": "Barrels" })).await;
    case.sync_now("ana").await;
    let mailbox = case.mailbox(ANA).await;
    let copy = mailbox.copy(&one).unwrap();
    assert_eq!(
        (&copy["department"], &copy["jobTitle"]),
        (&json!("Barrels"), &json!("Overwritten"))
    );
    assert_eq!(case.record(&one).await.unwrap()["Title"], Value::Null);

    approve(&case, json!([plan.hash])).await;
    assert_eq!(case.counter("zoho", "updates_by_api").await, 60);
    assert_eq!(case.record(&one).await.unwrap()["Title"], "Overwritten");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n9_a_guard_of_nothing_holds_every_deletion() {
    let spec = json!({ "guard": { "maxDeletesPerDay": 0 } });
    let case = Case::in_sync_with(World::three(), ANA, spec).await;
    case.deletes_records(&[crm_id(1)]).await;
    let plan = held(&case, Reason::GuardHolds).await;
    assert_eq!(plan.deletes.to_office, 1);
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    case.finish().await;
}
