//! What the tenant declares for all its syncs: defaults, and fields that no mapping reaches.

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason};
use serde_json::{Value, json};

use crate::support::{ANA, BEN, Case, Reported, World, contact_sync, contact_sync_with, crm_id};

async fn declare(case: &Case, spec: Value) {
    case.change::<CrmTenant>("orchard", json!({ "spec": spec })).await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
}

fn hash(sync: &ContactSync) -> Option<String> {
    sync.status.as_ref()?.effective_policy_hash.clone()
}

/// The sync as it is once another policy is in force.
async fn at_another_policy(case: &Case, before: &ContactSync) -> ContactSync {
    case.when("ana", "at another policy", |sync: &ContactSync| {
        sync.settled(Reason::InSync) && hash(sync) != hash(before)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn k2_what_is_never_synced_beats_every_mapping() {
    let case = Case::connected(World::three()).await;
    declare(
        &case,
        json!({ "neverSync": { "office": ["personalNotes"], "crm": ["Phone"] } }),
    )
    .await;
    let mapping = json!({ "fields": [{ "office": "officeLocation", "crm": "Phone" }, { "office": "personalNotes", "crm": "Description" }] });
    case.create(&contact_sync_with(ANA, json!({ "mapping": mapping })))
        .await;
    let before: ContactSync = case.settled("ana", Reason::InSync).await;
    let mailbox = case.mailbox(ANA).await;
    let (casimir, philippa) = (
        mailbox.copy(&crm_id(2)).unwrap(),
        mailbox.copy(&crm_id(3)).unwrap(),
    );
    assert_eq!(
        (&casimir["businessPhones"], &casimir["officeLocation"]),
        (&json!([]), &Value::Null)
    );
    assert_eq!(philippa["personalNotes"], Value::Null);
    // Nor is it written the other way.
    case.edits_copy(
        ANA,
        &crm_id(3),
        json!({ "personalNotes": "Collects hygrometers.", "jobTitle": "Cooper" }),
    )
    .await;
    case.makes_contact(ANA, json!({ "surname": "Hollenstein", "personalNotes": "Ferryman's son.", "businessPhones": ["+41 31 555 99 99"] }))
        .await;
    case.sync_now("ana").await;
    let record = case.record(&crm_id(3)).await.unwrap();
    assert_eq!(
        (&record["Title"], &record["Description"]),
        (&json!("Cooper"), &json!("Collects barometers."))
    );
    let record = case.record_named("Hollenstein").await;
    assert_eq!(
        (&record["Description"], &record["Phone"]),
        (&Value::Null, &Value::Null)
    );

    // Another policy is in force once the tenant says otherwise, and each side keeps what it has.
    declare(&case, json!({ "neverSync": { "office": [], "crm": ["Phone"] } })).await;
    at_another_policy(&case, &before).await;
    let record = case.record_named("Hollenstein").await;
    assert_eq!(
        record["Description"], "Ferryman's son.",
        "a blank never overwrites"
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k2_never_syncing_what_the_crm_requires_stalls_the_syncs() {
    let case = Case::in_sync(World::three(), ANA).await;
    declare(&case, json!({ "neverSync": { "office": ["surname"] } })).await;
    let sync: ContactSync = case.says("ana", Reason::MappingInvalid).await;
    let words = ["surname", "neverSync", "Last_Name"];
    sync.words(ConditionType::Stalled, Reason::MappingInvalid, &words);
    declare(&case, json!({ "neverSync": null })).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_defaults_of_the_tenant_hold_where_a_sync_says_nothing() {
    let case = Case::connected(World::three()).await;
    let defaults =
        json!({ "conflict": "OfficeWins", "deletes": { "toOffice": "Never" }, "direction": "CrmToOffice" });
    declare(&case, json!({ "syncDefaults": { "contacts": defaults } })).await;
    case.create(&contact_sync_with(ANA, json!({ "direction": "TwoWay" })))
        .await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Hooper" }))
        .await;
    case.deletes_records(&[crm_id(2)]).await;
    case.sync_now("ana").await;
    assert_eq!(
        case.record(&crm_id(1)).await.unwrap()["Title"],
        "Hooper",
        "the tenant's word on conflicts"
    );
    assert!(
        case.mailbox(ANA).await.copy(&crm_id(2)).is_some(),
        "and on deletions"
    );

    // A change there wakes the sync by itself.
    declare(
        &case,
        json!({ "syncDefaults": { "contacts": { "conflict": "CrmWins" } } }),
    )
    .await;
    at_another_policy(&case, &sync).await;
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Sexton" }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(
        case.mailbox(ANA).await.copy(&crm_id(1)).unwrap()["jobTitle"],
        "Cooper"
    );

    // Where nothing else is said, the sync of a colleague goes one way only.
    case.create(&contact_sync(BEN)).await;
    case.settled::<ContactSync>("ben", Reason::InSync).await;
    case.makes_contact(BEN, json!({ "surname": "Hollenstein" })).await;
    case.sync_now("ben").await;
    assert!(case.records_named("Hollenstein").await.is_empty());
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k2_a_read_only_field_is_refused_in_both_directions() {
    let case = Case::connected(World::three()).await;
    let both = json!({ "fields": [{ "office": "nickName", "crm": "Full_Name" }] });
    case.create(&contact_sync_with(ANA, json!({ "mapping": both })))
        .await;
    let sync: ContactSync = case.says("ana", Reason::MappingInvalid).await;
    let words = ["Full_Name is read-only in the CRM", "direction: CrmToOffice"];
    sync.words(ConditionType::Stalled, Reason::MappingInvalid, &words);
    let one = json!({ "fields": [{ "office": "nickName", "crm": "Full_Name", "direction": "CrmToOffice" }] });
    case.change_sync("ana", json!({ "mapping": one })).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    // Typed over in Outlook, it stays hers, and the CRM is left alone.
    case.edits_copy(ANA, &crm_id(2), json!({ "nickName": "Casi" }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(case.counter("zoho", "writes_by_api").await, 0);
    assert_eq!(
        case.mailbox(ANA).await.copy(&crm_id(2)).unwrap()["nickName"],
        "Casi"
    );
    case.finish().await;
}
