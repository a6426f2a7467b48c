//! Nobody's name, address, number or text leaves the two services (N8): neither by log, Event, status or metrics, nor
//! into the store.

use std::fs;
use std::io::Write;

use crmlink::api::{ContactSync, REENABLE_ANNOTATION, Reason};
use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;

use crate::support::{ANA, BEN, Case, World, contact_sync, crm_id};

/// Everything that is worth a line in a log or a status: conflicts, parked contacts, a guard that trips, a contact that
/// is refused, owners that change, trouble of either service, switching off.
#[tokio::test(flavor = "multi_thread")]
async fn n8_a_busy_day_betrays_nobody() {
    let long = "Vollmundig ".repeat(12);
    let mut case =
        Case::in_sync_with(World::three(), ANA, json!({ "guard": { "maxDeletesPerDay": 0 } })).await;
    case.create(&contact_sync(BEN)).await;
    case.settled::<ContactSync>("ben", Reason::InSync).await;
    let address = |address: &str| json!([{ "address": address }]);
    case.makes_contact(ANA, json!({ "givenName": "Walpurga", "surname": "Eigengewaechs", "emailAddresses": address("walpurga@intranet"), "personalNotes": "Owes me a ladder." }))
        .await;
    case.makes_contact(
        ANA,
        json!({ "givenName": "Adelheid", "mobilePhone": "+41 79 555 81 01" }),
    )
    .await;
    case.makes_contact(ANA, json!({ "surname": "Hollenstein", "jobTitle": long.trim() }))
        .await;
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Master cooper" }))
        .await;
    case.edits_record(&crm_id(1), json!({ "Title": "Master hooper" }))
        .await;
    case.deletes_records(&[crm_id(2)]).await;
    case.crm(json!({ "do": "transfer_contact", "id": crm_id(3), "owner": BEN }))
        .await;
    for (service, path) in [("graph", "*/contacts/*"), ("zoho", "/crm/v8/Contacts")] {
        let rule = json!({ "service": service, "path": path, "times": 2, "answer": { "status": 500 } });
        case.fault(rule).await;
    }
    let sync = case.sync_now("ana").await;
    let status = sync.status.unwrap();
    assert_eq!(status.parked.as_ref().unwrap().count, 3);
    assert!(status.plan.is_some() && status.conflicts.is_some());
    case.stop_operator().await;
    case.lose_store();
    case.start_operator().await;
    let again = json!({ "metadata": { "annotations": { REENABLE_ANNOTATION: "after the loss" } } });
    case.change::<ContactSync>("ana", again).await;
    case.sync_now("ana").await;
    case.change_sync("ben", json!({ "enabled": false })).await;
    case.settled::<ContactSync>("ben", Reason::Disabled).await;
    case.delete::<ContactSync>("ana").await;
    case.finish().await;
}

/// Proof that the scan can fail: what is planted in each place is found there, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn n8_what_is_planted_is_found() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    case.makes_contact(
        ANA,
        json!({ "surname": "Hollenstein", "personalNotes": "Owes me a ladder." }),
    )
    .await;
    case.sync_now("ana").await;

    let log = case.folder().join("operator-1.log");
    let mut log = fs::OpenOptions::new().append(true).open(log).unwrap();
    writeln!(log, "created Hollenstein").unwrap();
    fs::write(case.folder().join("data/notes"), b"\x00Owes me a ladder.\x01").unwrap();
    let status = json!({ "status": { "parked": { "count": 1, "items": [{ "reason": "cannot write Aldersgate", "since": "2026-01-01T00:00:00Z" }] } } });
    let syncs: Api<ContactSync> = case.api();
    syncs
        .patch_status("ana", &PatchParams::default(), &Patch::Merge(status))
        .await
        .unwrap();
    let event: Event = serde_json::from_value(json!({
        "metadata": { "name": "ana.planted" }, "eventTime": "2026-01-01T00:00:00.000000Z", "action": "Reconcile",
        "reason": "InSync", "type": "Normal", "note": "called +41 31 555 21 02", "reportingController": "crmlink",
        "reportingInstance": "crmlink", "regarding": { "kind": "ContactSync", "name": "ana", "namespace": case.namespace },
    }))
    .unwrap();
    let events: Api<Event> = case.api();
    events.create(&PostParams::default(), &event).await.unwrap();

    let mut found = case.betrayed().await;
    found.sort();
    let notes = case.folder().join("data/notes");
    let expected = [
        format!("{} holds \"Owes me a ladder.\"", notes.display()),
        "an Event holds \"+41 31 555 21 02\"".to_owned(),
        "the log holds \"Hollenstein\"".to_owned(),
        "the status of a ContactSync holds \"Aldersgate\"".to_owned(),
    ];
    assert_eq!(found, expected);
    case.abandon();
}
