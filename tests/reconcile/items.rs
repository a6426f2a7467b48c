//! Single contacts that cannot be carried over: each waits by itself, in words, and holds nothing else up.

use crmlink::api::{ContactSync, ParkedItem, Reason};
use serde_json::{Value, json};

use crate::support::{ANA, Case, World, contact_sync, crm_id};

/// The one parked contact.
fn parked(sync: &ContactSync) -> &ParkedItem {
    let parked = sync
        .status
        .as_ref()
        .unwrap()
        .parked
        .as_ref()
        .expect("something is parked");
    assert_eq!((parked.count, parked.items.len()), (1, 1));
    &parked.items[0]
}

fn nothing_parked(sync: &ContactSync) -> bool {
    sync.status.as_ref().unwrap().parked.is_none()
}

/// Adds a field with room for long texts, mapped to a short one.
fn slogans(world: World) -> (World, Value) {
    let field = json!([{ "apiName": "Slogan", "dataType": "textarea", "length": 2000 }]);
    let mapping = json!({ "fields": [{ "office": "officeLocation", "crm": "Slogan" }] });
    (world.set("/crm/0", "customFields", field), mapping)
}

#[tokio::test(flavor = "multi_thread")]
async fn k2_a_text_that_does_not_fit_parks_its_contact_until_it_is_repaired() {
    let long = "Vollmundig ".repeat(30);
    let world = World::three().fields(4, json!({ "Last_Name": "Grossmaul", "Slogan": long.trim() }));
    let (world, mapping) = slogans(world);
    // Custom fields have to be there before the contacts that use them, whatever their order in the file.
    let case = Case::connected(world).await;
    let mut sync = contact_sync(ANA);
    sync["spec"]["mapping"] = mapping.clone();
    case.create(&sync).await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    let item = parked(&sync);
    assert_eq!(item.crm_id, Some(crm_id(4)));
    assert_eq!(item.field.as_deref(), Some("Slogan"));
    for word in [
        "Slogan holds 329 characters",
        "officeLocation takes 255",
        "shorten it in the CRM",
        "tooLong: Cut",
    ] {
        assert!(item.reason.contains(word), "{}", item.reason);
    }
    assert_eq!(
        case.mailbox(ANA).await.copies(),
        [crm_id(1), crm_id(2), crm_id(3)]
    );

    case.crm(json!({ "do": "update_contact", "id": crm_id(4), "fields": { "Slogan": "Kurzundgut" } }))
        .await;
    assert!(nothing_parked(&case.sync_now("ana").await));
    assert!(case.mailbox(ANA).await.copy(&crm_id(4)).is_some());

    // A copy that is there already stays as it was while its record does not fit.
    let update = json!({ "Slogan": long.trim(), "Title": "Herold" });
    case.crm(json!({ "do": "update_contact", "id": crm_id(4), "fields": update }))
        .await;
    let sync = case.sync_now("ana").await;
    assert_eq!(parked(&sync).crm_id, Some(crm_id(4)));
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.copy(&crm_id(4)).unwrap()["officeLocation"], "Kurzundgut");

    // The author may prefer a cut text.
    let mut cut = mapping.clone();
    cut["fields"][0]["tooLong"] = json!("Cut");
    case.change_sync("ana", json!({ "mapping": cut })).await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    assert!(nothing_parked(&sync));
    let mailbox = case.mailbox(ANA).await;
    let copy = mailbox.copy(&crm_id(4)).unwrap();
    assert!(copy["officeLocation"].as_str().unwrap().chars().count() <= 255);
    assert_eq!(copy["jobTitle"], "Herold");

    // A parked record that is deleted is no longer waited for.
    case.change_sync("ana", json!({ "mapping": mapping })).await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    assert_eq!(parked(&sync).crm_id, Some(crm_id(4)));
    case.crm(json!({ "do": "delete_contact", "id": crm_id(4) })).await;
    assert!(nothing_parked(&case.sync_now("ana").await));
    assert!(case.mailbox(ANA).await.copy(&crm_id(4)).is_none());
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k2_a_bad_address_parks_its_contact_until_it_is_repaired() {
    // A text field that its administrator made an e-mail field later.
    let field = json!([{ "apiName": "Third_Email", "dataType": "text", "length": 100 }]);
    let world = World::three().set("/crm/0", "customFields", field).fields(
        4,
        json!({ "Last_Name": "Schiefermeister", "Third_Email": "ask the janitor" }),
    );
    let case = Case::connected(world).await;
    case.crm(json!({ "do": "set_field_meta", "field": "Third_Email", "dataType": "email" }))
        .await;
    let mut sync = contact_sync(ANA);
    sync["spec"]["mapping"] = json!({ "fields": [{ "office": "email3", "crm": "Third_Email" }] });
    case.create(&sync).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    let sync: ContactSync = case.get("ana").await;
    let item = parked(&sync);
    assert_eq!(
        (item.crm_id.as_deref(), item.field.as_deref()),
        (Some(crm_id(4).as_str()), Some("Third_Email"))
    );
    for word in [
        "Third_Email holds no valid e-mail address",
        "email3",
        "correct it in the CRM",
    ] {
        assert!(item.reason.contains(word), "{}", item.reason);
    }
    case.crm(
        json!({ "do": "update_contact", "id": crm_id(4), "fields": { "Third_Email": "schiefer@meister.example" } }),
    )
    .await;
    assert!(nothing_parked(&case.sync_now("ana").await));
    assert_eq!(case.mailbox(ANA).await.copies().len(), 4);

    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k2_what_microsoft_refuses_is_parked_with_its_code() {
    let case = Case::connected(World::three()).await;
    let message =
        "The multi value property EmailAddresses has 4 entries, that exceeds the max allowed value of 3.";
    case.fault(json!({
        "service": "graph", "method": "POST", "path": "*/contacts", "body_contains": "Wolkenstein",
        "answer": { "status": 400, "body": { "error": { "code": "ErrorInvalidRequest", "message": message } } },
    }))
    .await;
    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    let item = parked(&sync);
    assert_eq!(item.crm_id, Some(crm_id(2)));
    for word in [
        "Microsoft 365 refuses",
        "EmailAddresses has 4 entries, 3 are allowed",
        "correct the record in the CRM",
    ] {
        assert!(item.reason.contains(word), "{}", item.reason);
    }
    assert_eq!(case.mailbox(ANA).await.copies(), [crm_id(1), crm_id(3)]);
    let creates = case.counter("graph", "creates").await;
    case.sync_now("ana").await;
    assert_eq!(
        case.counter("graph", "creates").await,
        creates,
        "not tried again before its next change"
    );

    case.crm(json!({ "do": "update_contact", "id": crm_id(2), "fields": { "Title": "Cooper" } }))
        .await;
    assert!(nothing_parked(&case.sync_now("ana").await));
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_two_records_with_one_address_are_two_contacts() {
    let family = |first: &str| json!({ "First_Name": first, "Last_Name": "Doppelstein", "Email": "family@doppelstein.example", "Phone": "+41 31 555 61 01" });
    // Twins in everything, and a sibling.
    let world = World::new()
        .fields(1, family("Kunigunde"))
        .fields(2, family("Kunigunde"))
        .fields(3, family("Adalbert"));
    let case = Case::in_sync(world, ANA).await;
    assert_eq!(
        case.mailbox(ANA).await.copies(),
        [crm_id(1), crm_id(2), crm_id(3)]
    );
    case.crm(json!({ "do": "delete_contact", "id": crm_id(1) })).await;
    case.sync_now("ana").await;
    assert_eq!(case.mailbox(ANA).await.copies(), [crm_id(2), crm_id(3)]);
    case.finish().await;
}
