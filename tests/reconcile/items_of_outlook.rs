//! Single contacts of Outlook that the CRM cannot take: each waits by itself, in words, and holds nothing else up.

use crmlink::api::{ContactSync, ParkedItem, Reason};
use serde_json::{Value, json};

use crate::support::{ANA, BEN, Case, World, contact_sync, contacts_of, crm_id};

fn only_parked(sync: &ContactSync) -> &ParkedItem {
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

#[track_caller]
fn says(item: &ParkedItem, words: &[&str]) {
    for word in words {
        assert!(item.reason.contains(word), "{}", item.reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_a_contact_without_a_surname_waits_until_it_has_one() {
    let case = Case::in_sync(World::three(), ANA).await;
    let id = case
        .makes_contact(
            ANA,
            json!({ "givenName": "Walpurga", "mobilePhone": "+41 79 555 41 01" }),
        )
        .await;
    // Another one of the same run goes through.
    case.makes_contact(ANA, json!({ "givenName": "Tibor", "surname": "Hollenstein" }))
        .await;
    let sync = case.sync_now("ana").await;
    case.record_named("Hollenstein").await;
    let item = only_parked(&sync);
    assert_eq!(
        (item.office_id.as_deref(), item.field.as_deref()),
        (Some(id.as_str()), Some("surname"))
    );
    says(
        item,
        &[
            "surname is empty",
            "no contact without Last_Name",
            "fill it in in Outlook",
        ],
    );
    case.edits_contact(ANA, &id, json!({ "surname": "Eigengewaechs" }))
        .await;
    assert!(nothing_parked(&case.sync_now("ana").await));
    assert_eq!(
        case.record_named("Eigengewaechs").await["Mobile"],
        "+41 79 555 41 01"
    );

    // Cleared in a contact that the CRM has, it stays there, with everything else of that change.
    case.edits_contact(ANA, &id, json!({ "surname": null, "jobTitle": "Cooper" }))
        .await;
    let sync = case.sync_now("ana").await;
    says(only_parked(&sync), &["surname is empty", "fill it in in Outlook"]);
    assert_eq!(case.record_named("Eigengewaechs").await["Title"], Value::Null);
    case.edits_contact(ANA, &id, json!({ "surname": "Eigengewaechs" }))
        .await;
    assert!(nothing_parked(&case.sync_now("ana").await));
    assert_eq!(case.record_named("Eigengewaechs").await["Title"], "Cooper");

    // One that is waited for and deleted is waited for no longer.
    let id = case.makes_contact(ANA, json!({ "givenName": "Adelheid" })).await;
    case.sync_now("ana").await;
    case.office(json!({ "do": "delete_contact", "user": ANA, "contact": id }))
        .await;
    assert!(nothing_parked(&case.sync_now("ana").await));
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_a_row_that_the_crm_refuses_does_not_keep_the_others_back() {
    let case = Case::in_sync(World::three(), ANA).await;
    // Exchange keeps this address, and the CRM does not take it.
    let address = |address: &str| json!([{ "address": address }]);
    let contact = json!({ "givenName": "Walpurga", "surname": "Eigengewaechs", "emailAddresses": address("walpurga@intranet") });
    let id = case.makes_contact(ANA, contact).await;
    for (first, last) in [("Tibor", "Hollenstein"), ("Adelheid", "Nebenhergehend")] {
        case.makes_contact(ANA, json!({ "givenName": first, "surname": last }))
            .await;
    }
    case.edits_copy(
        ANA,
        &crm_id(1),
        json!({ "emailAddresses": address("quirina@intranet"), "jobTitle": "Cooper" }),
    )
    .await;
    case.edits_copy(ANA, &crm_id(2), json!({ "jobTitle": "Hooper" }))
        .await;
    let sync = case.sync_now("ana").await;
    case.record_named("Hollenstein").await;
    case.record_named("Nebenhergehend").await;
    assert_eq!(case.record(&crm_id(2)).await.unwrap()["Title"], "Hooper");
    let parked = sync.status.unwrap().parked.unwrap();
    assert_eq!(parked.count, 2);
    for item in &parked.items {
        says(item, &["the CRM refuses the", "INVALID_DATA", "in Outlook"]);
        assert_eq!(item.field.as_deref(), Some("Email"));
    }
    let refused = case.counter("zoho", "rows_refused").await;
    case.sync_now("ana").await;
    assert_eq!(
        case.counter("zoho", "rows_refused").await,
        refused,
        "not tried again before its next change"
    );

    case.edits_contact(
        ANA,
        &id,
        json!({ "emailAddresses": address("walpurga@eigengewaechs.example") }),
    )
    .await;
    case.edits_copy(
        ANA,
        &crm_id(1),
        json!({ "emailAddresses": address("q@aldersgate.example") }),
    )
    .await;
    assert!(nothing_parked(&case.sync_now("ana").await));
    assert_eq!(
        case.record_named("Eigengewaechs").await["Email"],
        "walpurga@eigengewaechs.example"
    );
    let record = case.record(&crm_id(1)).await.unwrap();
    assert_eq!(
        (&record["Email"], &record["Title"]),
        (&json!("q@aldersgate.example"), &json!("Cooper"))
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k2_an_address_that_is_none_waits_until_it_is_corrected() {
    let case = Case::in_sync(World::three(), ANA).await;
    // Exchange keeps the text as a name without an address.
    let address = json!([{ "address": "ask the janitor" }]);
    let contact = json!({ "givenName": "Tibor", "surname": "Hollenstein", "emailAddresses": address });
    let id = case.makes_contact(ANA, contact).await;
    let sync = case.sync_now("ana").await;
    let item = only_parked(&sync);
    assert_eq!(
        (item.office_id.as_deref(), item.field.as_deref()),
        (Some(id.as_str()), Some("email1"))
    );
    says(
        item,
        &["email1 holds no valid e-mail address", "correct it in Outlook"],
    );
    let address = json!([{ "address": "tibor@hollenstein.example" }]);
    case.edits_contact(ANA, &id, json!({ "emailAddresses": address }))
        .await;
    assert!(nothing_parked(&case.sync_now("ana").await));
    assert_eq!(
        case.record_named("Hollenstein").await["Email"],
        "tibor@hollenstein.example"
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k2_a_text_that_the_crm_has_no_room_for_waits_or_is_cut() {
    let case = Case::in_sync(World::three(), ANA).await;
    let long = "Vollmundig ".repeat(12);
    let long = long.trim();
    case.edits_copy(
        ANA,
        &crm_id(1),
        json!({ "jobTitle": long, "department": "Barrels" }),
    )
    .await;
    let sync = case.sync_now("ana").await;
    let item = only_parked(&sync);
    assert_eq!(
        (item.crm_id.clone(), item.field.as_deref()),
        (Some(crm_id(1)), Some("jobTitle"))
    );
    says(
        item,
        &[
            "jobTitle holds 131 characters",
            "Title takes 100",
            "shorten it in Outlook",
            "tooLong: Cut",
        ],
    );
    assert_eq!(
        case.record(&crm_id(1)).await.unwrap()["Department"],
        Value::Null,
        "not in part"
    );

    let mapping = json!({ "fields": [{ "office": "jobTitle", "crm": "Title", "tooLong": "Cut" }] });
    case.change_sync("ana", json!({ "mapping": mapping })).await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    assert!(nothing_parked(&sync));
    let record = case.record(&crm_id(1)).await.unwrap();
    assert_eq!(
        record["Title"].as_str().unwrap().trim_end(),
        long[..100].trim_end()
    );
    assert_eq!(record["Department"], "Barrels");
    // The mailbox keeps the whole, and neither side writes again.
    let writes = (case.writes().await, case.counter("zoho", "writes_by_api").await);
    case.sync_now("ana").await;
    assert_eq!(
        writes,
        (case.writes().await, case.counter("zoho", "writes_by_api").await)
    );
    assert_eq!(
        case.mailbox(ANA).await.copy(&crm_id(1)).unwrap()["jobTitle"],
        json!(long)
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n3_control_characters_that_exchange_drops_do_not_go_round_in_circles() {
    let world = World::three().fields(4, json!({ "Last_Name": "Steuerzeichen", "Title": "Cooper\u{b}and\u{1} hooper", "Description": "One.\r\nTwo.\u{c}Three." }));
    let case = Case::in_sync(world, ANA).await;
    let mailbox = case.mailbox(ANA).await;
    let title = mailbox.copy(&crm_id(4)).unwrap()["jobTitle"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(title.chars().all(|c| !c.is_control()), "{title:?}");
    let (crm, writes) = (case.crm_state().await, case.writes().await);
    case.office(json!({ "do": "touch", "user": ANA, "folder": "Zoho CRM Contacts" }))
        .await;
    case.sync_now("ana").await;
    assert_eq!((&crm, writes), (&case.crm_state().await, case.writes().await));
    // An edit of another field brings nothing of it along.
    case.edits_copy(ANA, &crm_id(4), json!({ "department": "Barrels" }))
        .await;
    case.sync_now("ana").await;
    let record = case.record(&crm_id(4)).await.unwrap();
    assert_eq!(
        (&record["Department"], &record["Title"]),
        (&json!("Barrels"), &json!("Cooper\u{b}and\u{1} hooper"))
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_a_private_field_that_the_crm_withholds_is_left_alone_on_both_sides() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.crm(json!({ "do": "set_privacy", "on": true })).await;
    case.crm(json!({ "do": "set_field_meta", "field": "Email", "private": "High" }))
        .await;
    // The operator looks at the fields now and then; a requested run does so at once.
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
    case.sync_now("ana").await;
    let mailbox = case.mailbox(ANA).await;
    let copy = mailbox.copy(&crm_id(1)).unwrap();
    assert_eq!(copy["jobTitle"], "Cooper");
    assert_eq!(
        copy["emailAddresses"][0]["address"], "quirina@aldersgate.example",
        "not cleared"
    );
    case.edits_copy(
        ANA,
        &crm_id(1),
        json!({ "emailAddresses": [{ "address": "q@aldersgate.example" }] }),
    )
    .await;
    case.sync_now("ana").await;
    assert_eq!(
        case.record(&crm_id(1)).await.unwrap()["Email"],
        "quirina@aldersgate.example",
        "not overwritten"
    );
    assert_eq!(case.counter("zoho", "writes_by_api").await, 0);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_a_value_that_is_unique_in_the_crm_links_or_waits() {
    let record = |number: u32, owner: &str, source: &str, last: &str, email: &str| {
        json!({
            "id": crm_id(number), "owner": owner, "source": source, "fields": { "Last_Name": last, "Email": email },
        })
    };
    let world = World::three()
        .contact(record(4, ANA, "import", "Habichtswald", "h@habichtswald.example"))
        .contact(record(5, BEN, "crm_ui", "Notforana", "n@notforana.example"));
    let case = Case::connected(world).await;
    case.crm(json!({ "do": "set_field_meta", "field": "Email", "unique": true }))
        .await;
    case.create(&contact_sync(ANA)).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    // The one is hers and was left out as imported, the other is a colleague's.
    let contact = |surname: &str, address: &str| json!({ "surname": surname, "emailAddresses": [{ "address": address }] });
    case.makes_contact(ANA, contact("Habichtswald-Meier", "h@habichtswald.example"))
        .await;
    let id = case
        .makes_contact(ANA, contact("Notforben", "n@notforana.example"))
        .await;
    let sync = case.sync_now("ana").await;
    let item = only_parked(&sync);
    assert_eq!(
        (item.office_id.as_deref(), item.field.as_deref()),
        (Some(id.as_str()), Some("Email"))
    );
    says(
        item,
        &[
            "another contact with this value in a unique field",
            "change one of the two",
        ],
    );
    assert_eq!(sync.status.as_ref().unwrap().linked, Some(4));
    assert_eq!(
        contacts_of(&case.crm_state().await).count(),
        5,
        "nobody is doubled"
    );
    case.finish().await;
}
