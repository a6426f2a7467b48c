//! A unique field of the CRM that keeps the ids of contacts made in Outlook: their links survive everything.

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason, Recoverable};
use serde_json::{Value, json};
use sync_engine::identity::external_id;

use crate::support::{ANA, Case, Reported, World, contact_sync, contacts_of, crm_id, tenant};

fn with_field(unique: bool) -> World {
    let field = json!([{ "apiName": "Outlook_Id", "dataType": "text", "length": 255, "unique": unique }]);
    World::three().set("/crm/0", "customFields", field)
}

fn declared() -> Value {
    let mut tenant = tenant();
    tenant["spec"]["crm"]["zoho"]["externalIdFields"] = json!({ "contacts": "Outlook_Id" });
    tenant
}

async fn in_sync() -> Case {
    let case = Case::start(with_field(true)).await;
    case.create_secrets().await;
    case.create(&declared()).await;
    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    assert_eq!(sync.status.unwrap().recoverable, Some(Recoverable::Full));
    case
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_with_a_field_for_ids_a_lost_store_loses_no_link() {
    let mut case = in_sync().await;
    let id = case
        .makes_contact(ANA, json!({ "givenName": "Tibor", "surname": "Hollenstein" }))
        .await;
    case.sync_now("ana").await;
    let record = case.record_named("Hollenstein").await;
    assert_eq!(record["Outlook_Id"], json!(external_id(&id)));
    case.stop_operator().await;
    case.lose_store();
    // Both a change of hers and a new one of hers.
    case.edits_contact(ANA, &id, json!({ "mobilePhone": "+41 79 555 43 01" }))
        .await;
    case.makes_contact(
        ANA,
        json!({ "givenName": "Walpurga", "surname": "Eigengewaechs" }),
    )
    .await;
    case.start_operator().await;
    let status = case.sync_now("ana").await.status.unwrap();
    assert_eq!((status.linked, status.parked), (Some(5), None));
    assert_eq!(
        case.record_named("Hollenstein").await["Mobile"],
        "+41 79 555 43 01"
    );
    case.record_named("Eigengewaechs").await;
    assert_eq!(contacts_of(&case.crm_state().await).count(), 5);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_with_a_field_for_ids_a_lost_answer_is_looked_up_at_once() {
    let case = in_sync().await;
    case.makes_contact(ANA, json!({ "givenName": "Tibor", "surname": "Hollenstein" }))
        .await;
    let rule = case
        .fault(json!({
            "service": "zoho", "method": "POST", "path": "/crm/v8/Contacts", "effect": "after", "answer": { "status": 500 },
        }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(case.fired(rule).await, 1);
    case.record_named("Hollenstein").await;
    assert_eq!(case.counter("zoho", "creates_by_api").await, 1);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_without_one_a_lost_answer_is_settled_by_what_was_sent() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.makes_contact(ANA, json!({ "givenName": "Tibor", "surname": "Hollenstein" }))
        .await;
    case.fault(json!({
        "service": "zoho", "method": "POST", "path": "/crm/v8/Contacts", "effect": "after", "answer": { "status": 500 },
    }))
    .await;
    let sync = case.sync_now("ana").await;
    assert_eq!(sync.status.unwrap().linked, Some(4));
    case.record_named("Hollenstein").await;
    assert_eq!(case.counter("zoho", "creates_by_api").await, 1);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_a_field_that_cannot_keep_ids_is_refused_in_words() {
    let case = Case::start(with_field(false)).await;
    case.create_secrets().await;
    case.create(&declared()).await;
    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.says("ana", Reason::ExternalIdFieldUnusable).await;
    let words = [
        "no single-line text field Outlook_Id",
        "unique",
        "externalIdFields",
    ];
    sync.words(ConditionType::Stalled, Reason::ExternalIdFieldUnusable, &words);
    assert!(!case.mailbox(ANA).await.has_folder());
    case.crm(json!({ "do": "set_field_meta", "field": "Outlook_Id", "unique": true }))
        .await;
    case.sync_now("ana").await;

    // Nobody maps it besides.
    let mapping = json!({ "fields": [{ "office": "nickName", "crm": "Outlook_Id" }] });
    case.change_sync("ana", json!({ "mapping": mapping })).await;
    let sync: ContactSync = case.says("ana", Reason::MappingInvalid).await;
    sync.words(
        ConditionType::Stalled,
        Reason::MappingInvalid,
        &["Outlook_Id", "writes itself"],
    );

    // Without it again, the sync goes on with less.
    case.change_sync("ana", json!({ "mapping": null })).await;
    case.change::<CrmTenant>(
        "orchard",
        json!({ "spec": { "crm": { "zoho": { "externalIdFields": null } } } }),
    )
    .await;
    case.when("ana", "less recoverable", |sync: &ContactSync| {
        let status = sync.status.as_ref().unwrap();
        status.recoverable == Some(Recoverable::Partial) && sync.settled(Reason::InSync)
    })
    .await;
    assert_eq!(
        case.mailbox(ANA).await.copies(),
        [crm_id(1), crm_id(2), crm_id(3)]
    );
    case.finish().await;
}
