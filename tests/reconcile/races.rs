//! Both services at their worst between a read and a write: somebody else was faster, or a list never ends.

use crmlink::api::{ConditionType, ContactSync, Reason};
use serde_json::json;

use crate::support::{ANA, Case, Reported, WITHIN, World, contact_sync, crm_id};

/// Lets what is parked go, and waits for the end of the run.
async fn let_go(case: &Case) {
    case.control.clear_faults().await.unwrap();
    case.settled::<ContactSync>("ana", Reason::InSync).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_an_edit_in_the_crm_between_read_and_write_is_not_overwritten() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.edits_copy(
        ANA,
        &crm_id(1),
        json!({ "jobTitle": "Hooper", "department": "Barrels" }),
    )
    .await;
    case.fault(json!({ "service": "zoho", "method": "PUT", "path": "/crm/v8/Contacts", "effect": "before", "hold": true }))
        .await;
    case.request::<ContactSync>("ana").await;
    case.control.wait_parked(1, WITHIN).await.unwrap();
    case.edits_record(
        &crm_id(1),
        json!({ "Title": "Cooper", "Phone": "+41 31 555 99 99" }),
    )
    .await;
    let_go(&case).await;
    let sync = case.sync_now("ana").await;
    let record = case.record(&crm_id(1)).await.unwrap();
    assert_eq!(
        (&record["Title"], &record["Department"], &record["Phone"]),
        (&json!("Cooper"), &json!("Barrels"), &json!("+41 31 555 99 99"))
    );
    let conflicts = sync.status.unwrap().conflicts.unwrap();
    assert_eq!(
        conflicts.items[0].fields,
        ["jobTitle"],
        "where both changed it, that is a conflict"
    );
    let mailbox = case.mailbox(ANA).await;
    let copy = mailbox.copy(&crm_id(1)).unwrap();
    assert_eq!(
        (&copy["jobTitle"], &copy["department"]),
        (&json!("Cooper"), &json!("Barrels"))
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_an_edit_in_outlook_between_read_and_write_is_not_overwritten() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
    case.fault(json!({ "service": "graph", "method": "PATCH", "path": "*/contacts/*", "effect": "before", "hold": true }))
        .await;
    case.request::<ContactSync>("ana").await;
    case.control.wait_parked(1, WITHIN).await.unwrap();
    case.edits_copy(ANA, &crm_id(1), json!({ "department": "Barrels" }))
        .await;
    let_go(&case).await;
    case.sync_now("ana").await;
    let (record, mailbox) = (case.record(&crm_id(1)).await.unwrap(), case.mailbox(ANA).await);
    let copy = mailbox.copy(&crm_id(1)).unwrap();
    assert_eq!(
        (&record["Title"], &record["Department"]),
        (&json!("Cooper"), &json!("Barrels"))
    );
    assert_eq!(
        (&copy["jobTitle"], &copy["department"]),
        (&json!("Cooper"), &json!("Barrels"))
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_updates_of_the_crm_whose_answers_are_lost_are_not_lost() {
    let case = Case::in_sync(World::three(), ANA).await;
    for number in 1..=3 {
        case.edits_copy(ANA, &crm_id(number), json!({ "jobTitle": "Cooper" }))
            .await;
    }
    let rule = json!({ "service": "zoho", "method": "PUT", "path": "/crm/v8/Contacts", "effect": "after", "drop": true });
    let rule = case.fault(rule).await;
    let sync = case.sync_now("ana").await;
    assert_eq!(case.fired(rule).await, 1);
    for number in 1..=3 {
        assert_eq!(case.record(&crm_id(number)).await.unwrap()["Title"], "Cooper");
    }
    let status = sync.status.unwrap();
    assert_eq!((status.conflicts, status.parked), (None, None));
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_changes_that_never_ends_is_noticed_and_done_without() {
    let case = Case::in_sync(World::three(), ANA).await;
    let forever = json!({ "do": "loop_delta", "user": ANA, "folder": "Zoho CRM Contacts", "pages": 0 });
    case.office(forever).await;
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Cooper" }))
        .await;
    let end = case.journal_end().await;
    case.sync_now("ana").await;
    assert_eq!(case.record(&crm_id(1)).await.unwrap()["Title"], "Cooper");
    assert!(
        case.journal("graph", "GET", end).await.len() < 20,
        "it does not ask for ever"
    );
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_records_that_never_ends_is_noticed_and_waited_out() {
    let case = Case::connected(World::three()).await;
    let row = json!({
        "id": crm_id(1), "Modified_Time": "2026-11-01T10:00:00+00:00", "Created_Time": "2026-11-01T10:00:00+00:00",
        "Owner": { "id": "1" }, "Owner.id": "1",
    });
    let page = json!({ "data": [row], "info": { "count": 1, "more_records": true } });
    case.fault(json!({
        "service": "zoho", "method": "POST", "path": "/crm/v8/coql", "times": 0, "answer": { "status": 200, "body": page },
    }))
    .await;
    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.says("ana", Reason::InternalError).await;
    sync.words(
        ConditionType::Ready,
        Reason::InternalError,
        &["Zoho CRM", "does not advance", "report"],
    );
    assert_eq!(case.writes().await[0], 0, "nothing is made of it");
    case.control.clear_faults().await.unwrap();
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spent_credits_are_said_and_waited_for() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Cooper" }))
        .await;
    // Others leave room for one call, whose answer says that it was the last one.
    let used = case.counter("zoho", "credits_used").await;
    case.crm(json!({ "do": "set_limits", "dailyCredits": 4000 }))
        .await;
    case.crm(json!({ "do": "use_credits", "credits": 3999 - used }))
        .await;
    case.request::<ContactSync>("ana").await;
    let sync = case
        .when("ana", "waiting for credits", |sync: &ContactSync| {
            let reconciling = sync.condition(ConditionType::Reconciling);
            reconciling.is_some_and(|retry| retry.message().contains("API credits are used up"))
        })
        .await;
    let words = ["the sync goes on when there are new ones"];
    sync.words(ConditionType::Reconciling, Reason::ProgressingWithRetry, &words);
    sync.words(ConditionType::Ready, Reason::InSync, &[]);
    assert!(sync.condition(ConditionType::Stalled).is_none());
    // Asked again it calls nobody: the wait is kept to.
    let calls = case.counter("zoho", "calls").await;
    case.request::<ContactSync>("ana").await;
    case.when("ana", "echoing the request", |sync: &ContactSync| {
        sync.handled() == Some("request 2")
    })
    .await;
    assert_eq!(calls, case.counter("zoho", "calls").await);

    // New credits, and nothing is lost. Whoever starts anew asks whether there are some.
    case.stop_operator().await;
    case.crm(json!({ "do": "set_limits", "dailyCredits": 50000 }))
        .await;
    case.start_operator().await;
    case.sync_now("ana").await;
    assert_eq!(case.record(&crm_id(1)).await.unwrap()["Title"], "Cooper");
    case.finish().await;
}
