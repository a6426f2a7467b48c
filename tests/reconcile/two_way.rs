//! Both ways (K3): what is made or changed on either side appears on the other, once, and does not come back.

use crmlink::api::{ContactSync, Reason};
use serde_json::{Value, json};

use crate::support::{ANA, Case, FOLDER, World, contact_sync, contacts_of, crm_id};

/// Everything that can be written in either direction by the default mapping, as Outlook has it.
fn in_outlook() -> Value {
    json!({
        "givenName": "Leocadia", "surname": "Fensterstock", "jobTitle": "Harbour pilot",
        "department": "Lighthouses", "assistantName": "Ignatius Pumpernickel",
        "birthday": "1984-02-29T11:59:00Z", "personalNotes": "First line.\nSecond line.",
        "mobilePhone": "+41 79 555 31 01", "businessPhones": ["+41 31 555 31 02"], "homePhones": ["+41 33 555 31 03"],
        "emailAddresses": [{ "address": "leocadia@fensterstock.example" }, { "address": "leo@lighthouse.example" }],
        "businessAddress": {
            "street": "Molenweg 17\nBackyard", "city": "Zoutelande", "state": "Zeeland",
            "postalCode": "4374 AB", "countryOrRegion": "Netherlands",
        },
        "otherAddress": {
            "street": "Seestrasse 99", "city": "Rorschacherberg", "state": "St. Gallen",
            "postalCode": "CH-9404", "countryOrRegion": "Switzerland",
        },
        // Neither has a place in the CRM by the default mapping.
        "nickName": "Leochen", "companyName": "Leuchtfeuer GmbH",
    })
}

/// The same as the CRM has it.
fn in_the_crm() -> Value {
    json!({
        "First_Name": "Leocadia", "Last_Name": "Fensterstock", "Title": "Harbour pilot",
        "Department": "Lighthouses", "Assistant": "Ignatius Pumpernickel", "Date_of_Birth": "1984-02-29",
        "Description": "First line.\nSecond line.", "Mobile": "+41 79 555 31 01", "Phone": "+41 31 555 31 02",
        "Home_Phone": "+41 33 555 31 03", "Email": "leocadia@fensterstock.example",
        "Secondary_Email": "leo@lighthouse.example",
        "Mailing_Street": "Molenweg 17\nBackyard", "Mailing_City": "Zoutelande", "Mailing_State": "Zeeland",
        "Mailing_Zip": "4374 AB", "Mailing_Country": "Netherlands",
        "Other_Street": "Seestrasse 99", "Other_City": "Rorschacherberg", "Other_State": "St. Gallen",
        "Other_Zip": "CH-9404", "Other_Country": "Switzerland",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_a_contact_made_in_outlook_appears_in_the_crm_field_by_field() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.makes_contact(ANA, in_outlook()).await;
    let before = case.mailbox(ANA).await;
    let sync = case.sync_now("ana").await;
    let status = sync.status.unwrap();
    assert_eq!(
        (status.linked, status.pending, status.parked),
        (Some(4), Some(0), None)
    );

    let record = case.record_named("Fensterstock").await;
    for (name, value) in in_the_crm().as_object().unwrap() {
        assert_eq!(&record[name], value, "{name}");
    }
    assert_eq!(record["Owner"]["email"], ANA, "it is hers");
    assert_eq!(
        record["Account_Name"],
        Value::Null,
        "no account is chosen for anybody"
    );
    assert_eq!(record["source"], "crm_api");
    assert_eq!(before, case.mailbox(ANA).await, "Outlook's own is not written");

    // Whatever is cleared in Outlook is cleared in the CRM; the rest stays.
    let id = before.named("Fensterstock")["id"].as_str().unwrap().to_owned();
    let cleared = json!({ "mobilePhone": null, "birthday": null, "personalNotes": "", "emailAddresses": [{ "address": "leo@lighthouse.example" }] });
    case.edits_contact(ANA, &id, cleared).await;
    case.sync_now("ana").await;
    let record = case.record_named("Fensterstock").await;
    for name in ["Mobile", "Date_of_Birth", "Description", "Secondary_Email"] {
        assert_eq!(record[name], Value::Null, "{name}");
    }
    assert_eq!(record["Email"], "leo@lighthouse.example");
    assert_eq!(record["Phone"], "+41 31 555 31 02");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_edits_in_outlook_reach_the_crm_and_nothing_but_them() {
    let case = Case::in_sync(World::three(), ANA).await;
    let before = case.record(&crm_id(2)).await.unwrap();
    case.edits_copy(
        ANA,
        &crm_id(2),
        json!({ "mobilePhone": "+41 79 555 61 01", "nickName": "Casi" }),
    )
    .await;
    case.sync_now("ana").await;
    let mut after = case.record(&crm_id(2)).await.unwrap();
    assert_eq!(after["Mobile"], "+41 79 555 61 01");
    assert_ne!(after["Modified_Time"], before["Modified_Time"]);
    let mut before = before;
    for name in ["Mobile", "Modified_Time", "timeline"] {
        for record in [&mut before, &mut after] {
            record.as_object_mut().unwrap().remove(name);
        }
    }
    assert_eq!(before, after, "one field was written");
    let written = &case.crm_state().await["organisations"][0]["fields_written_by_api"];
    assert_eq!(written, &json!(["Mobile"]));
    assert_eq!(
        case.writes().await,
        [3, 0, 0, 1, 0],
        "nothing is written back to Outlook"
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_edits_of_different_fields_on_both_sides_meet() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
    case.edits_copy(ANA, &crm_id(1), json!({ "department": "Barrels" }))
        .await;
    let sync = case.sync_now("ana").await;
    assert_eq!(sync.status.unwrap().conflicts, None);
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
async fn n3_own_writes_do_not_come_back_as_changes() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.makes_contact(ANA, in_outlook()).await;
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Cooper" }))
        .await;
    case.edits_record(&crm_id(2), json!({ "Title": "Hooper" })).await;
    case.sync_now("ana").await;
    let (graph, crm) = (case.writes().await, case.counter("zoho", "writes_by_api").await);
    assert_eq!((graph, crm), ([3, 1, 0, 1, 0], 2));
    let before: ContactSync = case.get("ana").await;
    // The mailbox's server raises the versions once more, seconds after each write.
    case.control
        .advance(jiff::SignedDuration::from_mins(1))
        .await
        .unwrap();
    for _ in 0..2 {
        case.sync_now("ana").await;
    }
    assert_eq!(
        (graph, crm),
        (case.writes().await, case.counter("zoho", "writes_by_api").await)
    );
    let (mut before, after) = (
        before.status.unwrap(),
        case.get::<ContactSync>("ana").await.status.unwrap(),
    );
    before
        .last_handled_requested_at
        .clone_from(&after.last_handled_requested_at);
    assert_eq!(before, after, "nor does the status say anything new");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_the_same_contact_made_on_both_sides_is_one() {
    let case = Case::in_sync(World::three(), ANA).await;
    let fields =
        json!({ "First_Name": "Tibor", "Last_Name": "Hollenstein", "Email": "tibor@hollenstein.example" });
    case.crm(json!({ "do": "create_contact", "owner": ANA, "fields": fields }))
        .await;
    let contact = json!({ "givenName": "Tibor", "surname": "Hollenstein", "emailAddresses": [{ "address": "tibor@hollenstein.example" }] });
    case.makes_contact(ANA, contact).await;
    case.sync_now("ana").await;
    case.record_named("Hollenstein").await;
    case.mailbox(ANA).await.named("Hollenstein");
    assert_eq!(case.counter("zoho", "writes_by_api").await, 0);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k4_and_k5_only_her_folder_and_her_records_take_part() {
    let own = json!({ "givenName": "Dorothea", "surname": "Zahnfleisch", "mobilePhone": "+41 79 555 88 01" });
    let folder = json!({ "displayName": "Choir", "contacts": [{ "givenName": "Eusebius", "surname": "Bassbariton" }] });
    let world = World::three()
        .set("/office365/0/users/1", "contacts", json!([own]))
        .set("/office365/0/users/1", "folders", json!([folder]));
    let case = Case::in_sync(world, ANA).await;
    let crm = case.crm_state().await;
    for name in ["contacts", "Choir"] {
        let contact = json!({ "givenName": "Adelheid", "surname": "Nebenhergehend" });
        case.office(json!({ "do": "create_contact", "user": ANA, "folder": name, "contact": contact }))
            .await;
    }
    case.sync_now("ana").await;
    assert_eq!(crm, case.crm_state().await);
    // Moved into the folder it takes part, and a copy of a copy does not.
    let choir = case.mailbox(ANA).await.contacts("Choir")[0]["id"].clone();
    case.office(json!({ "do": "move_contact", "user": ANA, "contact": choir, "to": FOLDER }))
        .await;
    let copy = case.copy_id(ANA, &crm_id(1)).await;
    case.office(json!({ "do": "copy_contact", "user": ANA, "contact": copy, "to": FOLDER }))
        .await;
    let sync = case.sync_now("ana").await;
    case.record_named("Bassbariton").await;
    assert_eq!(case.records_named("Aldersgate").await.len(), 1);
    let parked = sync.status.unwrap().parked.unwrap();
    assert_eq!(parked.count, 1);
    assert!(
        parked.items[0]
            .reason
            .contains("a copy of a contact that is synced already")
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_what_happened_while_nobody_looked_is_caught_up_with() {
    let mut case = Case::in_sync(World::three(), ANA).await;
    case.stop_operator().await;
    case.makes_contact(ANA, in_outlook()).await;
    case.edits_copy(
        ANA,
        &crm_id(3),
        json!({ "personalNotes": "Collects hygrometers." }),
    )
    .await;
    case.edits_record(&crm_id(1), json!({ "Email": "q@aldersgate.example" }))
        .await;
    let fields = json!({ "First_Name": "Tibor", "Last_Name": "Hollenstein" });
    case.crm(json!({ "do": "create_contact", "owner": ANA, "fields": fields }))
        .await;
    case.start_operator().await;
    case.sync_now("ana").await;
    let (crm, mailbox) = (case.crm_state().await, case.mailbox(ANA).await);
    assert_eq!(contacts_of(&crm).count(), 5);
    assert_eq!(mailbox.synced().len(), 5);
    assert_eq!(
        case.record(&crm_id(3)).await.unwrap()["Description"],
        "Collects hygrometers."
    );
    let address = &mailbox.copy(&crm_id(1)).unwrap()["emailAddresses"][0]["address"];
    assert_eq!(address, "q@aldersgate.example");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_one_way_leaves_the_other_side_alone() {
    let case = Case::connected(World::three()).await;
    let mut sync = contact_sync(ANA);
    sync["spec"]["direction"] = json!("CrmToOffice");
    case.create(&sync).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    let crm = case.crm_state().await;
    case.makes_contact(ANA, in_outlook()).await;
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Cooper" }))
        .await;
    case.sync_now("ana").await;
    assert_eq!(crm, case.crm_state().await);
    assert_eq!(
        case.mailbox(ANA).await.copy(&crm_id(1)).unwrap()["jobTitle"],
        "Cooper",
        "hers"
    );

    // The other way round: nothing comes to the mailbox.
    case.change_sync("ana", json!({ "direction": "OfficeToCrm" }))
        .await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.edits_record(&crm_id(2), json!({ "Title": "Hooper" })).await;
    case.sync_now("ana").await;
    assert_eq!(
        case.mailbox(ANA).await.copy(&crm_id(2)).unwrap()["jobTitle"],
        Value::Null
    );
    case.record_named("Fensterstock").await;
    assert_eq!(case.record(&crm_id(1)).await.unwrap()["Title"], "Cooper");
    case.finish().await;
}
