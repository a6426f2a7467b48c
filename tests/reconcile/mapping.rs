//! Which field comes where, and what happens to a mapping that cannot work.

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason};
use serde_json::{Value, json};

use crate::support::{ANA, Case, Reported, World, contact_sync, crm_id};

/// A contact with every field of the default mapping.
fn everything() -> Value {
    json!({
        "Salutation": "Dr.", "First_Name": "Leocadia", "Last_Name": "Fensterstock", "Title": "Harbour pilot",
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

/// Every part of `expected` is in `found`; lists are equal.
#[track_caller]
fn holds(found: &Value, expected: &Value) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for (name, value) in expected {
                holds(found.get(name).unwrap_or(&Value::Null), value);
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{found:?} and {expected:?}");
            for (found, expected) in found.iter().zip(expected) {
                holds(found, expected);
            }
        }
        _ => assert_eq!(found, expected),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k2_default_mapping_field_by_field() {
    let world = World::new().contact(
        json!({ "id": crm_id(1), "owner": ANA, "account": "Leuchtfeuer GmbH", "fields": everything() }),
    );
    let case = Case::in_sync(world, ANA).await;
    let mailbox = case.mailbox(ANA).await;
    holds(
        mailbox.copy(&crm_id(1)).unwrap(),
        &json!({
            "title": "Dr.", "givenName": "Leocadia", "surname": "Fensterstock", "companyName": "Leuchtfeuer GmbH",
            "jobTitle": "Harbour pilot", "department": "Lighthouses", "assistantName": "Ignatius Pumpernickel",
            "birthday": "1984-02-29T11:59:00Z", "personalNotes": "First line.\nSecond line.",
            "mobilePhone": "+41 79 555 31 01", "businessPhones": ["+41 31 555 31 02"],
            "homePhones": ["+41 33 555 31 03"],
            "emailAddresses": [{ "address": "leocadia@fensterstock.example" }, { "address": "leo@lighthouse.example" }],
            "businessAddress": {
                "street": "Molenweg 17\nBackyard", "city": "Zoutelande", "state": "Zeeland",
                "postalCode": "4374 AB", "countryOrRegion": "Netherlands",
            },
            "otherAddress": {
                "street": "Seestrasse 99", "city": "Rorschacherberg", "state": "St. Gallen",
                "postalCode": "CH-9404", "countryOrRegion": "Switzerland",
            },
            "nickName": null, "officeLocation": null, "homeAddress": {},
        }),
    );

    // What nobody mapped is the owner's; what is cleared in the CRM is cleared in the copy.
    let copy = mailbox.copy(&crm_id(1)).unwrap()["id"].clone();
    case.office(json!({
        "do": "update_contact", "user": ANA, "contact": copy,
        "set": { "nickName": "Leochen", "homeAddress": { "city": "Heimathafen" } },
    }))
    .await;
    case.crm(json!({
        "do": "update_contact", "id": crm_id(1), "account": null,
        "fields": {
            "Mobile": null, "Email": null, "Date_of_Birth": null, "Mailing_Street": null,
            "Other_City": "Goldachmuendung", "Salutation": "Prof.", "Description": null,
        },
    }))
    .await;
    case.sync_now("ana").await;
    let mailbox = case.mailbox(ANA).await;
    holds(
        mailbox.copy(&crm_id(1)).unwrap(),
        &json!({
            "title": "Prof.", "companyName": null, "mobilePhone": null, "birthday": null, "personalNotes": null,
            "emailAddresses": [{ "address": "leo@lighthouse.example" }],
            "businessAddress": { "street": null, "city": "Zoutelande", "postalCode": "4374 AB" },
            "otherAddress": { "street": "Seestrasse 99", "city": "Goldachmuendung" },
            "nickName": "Leochen", "homeAddress": { "city": "Heimathafen" }, "jobTitle": "Harbour pilot",
        }),
    );
    assert_eq!(case.writes().await[..3], [1, 1, 0]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k2_own_mapping() {
    let mut fields = everything();
    let own = json!({
        "Berth": "Pier Vierzehn", "Third_Email": "third@fensterstock.example", "Skype_ID": "live:leocadia.f",
        "Other_Phone": "+41 44 555 31 04",
    });
    fields
        .as_object_mut()
        .unwrap()
        .extend(own.as_object().unwrap().clone());
    let world = World::new()
        .set(
            "/crm/0",
            "customFields",
            json!([
                { "apiName": "Berth", "dataType": "text", "length": 80 },
                { "apiName": "Third_Email", "dataType": "email", "length": 100 },
            ]),
        )
        .fields(1, fields);
    let case = Case::connected(world).await;
    let mut sync = contact_sync(ANA);
    sync["spec"]["mapping"] = json!({
        "fields": [
            { "office": "officeLocation", "crm": "Berth" },
            { "office": "email3", "crm": "Third_Email" },
            { "office": "imAddress1", "crm": "Skype_ID" },
            { "office": "homePhone2", "crm": "Other_Phone" },
            { "office": "nickName", "crm": "First_Name" },
        ],
        "exclude": ["personalNotes", "givenName"],
    });
    case.create(&sync).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    let mailbox = case.mailbox(ANA).await;
    holds(
        mailbox.copy(&crm_id(1)).unwrap(),
        &json!({
            "surname": "Fensterstock", "nickName": "Leocadia", "givenName": null, "personalNotes": null,
            "officeLocation": "Pier Vierzehn", "imAddresses": ["live:leocadia.f"],
            "homePhones": ["+41 33 555 31 03", "+41 44 555 31 04"],
            "emailAddresses": [
                { "address": "leocadia@fensterstock.example" },
                { "address": "leo@lighthouse.example" },
                { "address": "third@fensterstock.example" },
            ],
        }),
    );

    // A change of the mapping reaches what is there already; what is no longer mapped stays as it is.
    let mapping = json!({
        "base": "None",
        "fields": [{ "office": "surname", "crm": "Last_Name" }, { "office": "profession", "crm": "Title" }],
        "exclude": [],
    });
    case.change_sync("ana", json!({ "mapping": mapping })).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    let mailbox = case.mailbox(ANA).await;
    holds(
        mailbox.copy(&crm_id(1)).unwrap(),
        &json!({ "profession": "Harbour pilot", "officeLocation": "Pier Vierzehn", "department": "Lighthouses" }),
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k2_defaults_of_the_tenant() {
    let case = Case::connected(World::three()).await;
    let mapping =
        json!({ "fields": [{ "office": "profession", "crm": "Description" }], "exclude": ["personalNotes"] });
    let defaults = json!({ "contacts": { "folderName": "Kundschaft", "mapping": mapping } });
    case.change::<CrmTenant>("orchard", json!({ "spec": { "syncDefaults": defaults } }))
        .await;
    case.settled::<CrmTenant>("orchard", Reason::Connected).await;
    case.create(&contact_sync(ANA)).await;
    let first: ContactSync = case.settled("ana", Reason::InSync).await;
    let mailbox = case.mailbox(ANA).await;
    let contacts = mailbox.contacts("Kundschaft");
    assert_eq!(contacts.len(), 3);
    assert!(
        contacts
            .iter()
            .any(|contact| contact["profession"] == "Collects barometers.")
    );

    // A change there wakes the sync by itself.
    let renamed =
        json!({ "spec": { "syncDefaults": { "contacts": { "folderName": "Zoho CRM Contacts" } } } });
    case.change::<CrmTenant>("orchard", renamed).await;
    let hash = |sync: &ContactSync| {
        sync.status
            .as_ref()
            .and_then(|status| status.effective_policy_hash.clone())
    };
    case.when("ana", "at the new policy", |sync: &ContactSync| {
        sync.settled(Reason::InSync) && hash(sync) != hash(&first)
    })
    .await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), 3);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k2_a_mapping_that_cannot_work_is_refused_in_words() {
    let custom = json!([
        { "apiName": "Berth", "dataType": "text", "length": 80 },
        { "apiName": "Hidden_Berth", "dataType": "text", "length": 80 },
    ]);
    let case = Case::connected(World::three().set("/crm/0", "customFields", custom)).await;
    case.crm(json!({ "do": "set_field_meta", "field": "Hidden_Berth", "visible": false }))
        .await;
    let mut sync = contact_sync(ANA);
    sync["spec"]["mapping"] = json!({ "fields": [{ "office": "nickName", "crm": "Nick_Name" }] });
    case.create(&sync).await;
    let one = |office: &str, crm: &str| json!([{ "office": office, "crm": crm }]);
    let wrong: [(Value, &[&str]); 6] = [
        (one("nickName", "Nick_Name"), &["nickName", "no field Nick_Name"]),
        (one("nickName", "berth"), &["no field berth", "case-sensitive"]),
        (one("nickName", "Hidden_Berth"), &["hides Hidden_Berth", "access"]),
        (
            one("birthday", "Berth"),
            &["birthday holds a date", "Berth is of type text"],
        ),
        (
            one("email3", "Berth"),
            &["email3 holds an e-mail address", "Berth"],
        ),
        (
            one("businessPhone2", "Mobile"),
            &[
                "Mobile is mapped twice",
                "mobilePhone",
                "businessPhone2",
                "exclude",
            ],
        ),
    ];
    for (fields, words) in wrong {
        case.change_sync("ana", json!({ "mapping": { "fields": fields } }))
            .await;
        let sync: ContactSync = case.says("ana", Reason::MappingInvalid).await;
        sync.words(ConditionType::Ready, Reason::MappingInvalid, words);
        sync.words(ConditionType::Stalled, Reason::MappingInvalid, words);
    }
    // All problems at once.
    let both = json!([{ "office": "nickName", "crm": "Nope" }, { "office": "email3", "crm": "Berth" }]);
    case.change_sync("ana", json!({ "mapping": { "fields": both } }))
        .await;
    let sync: ContactSync = case.says("ana", Reason::MappingInvalid).await;
    sync.words(ConditionType::Ready, Reason::MappingInvalid, &["Nope", "Berth"]);
    assert!(!case.mailbox(ANA).await.has_folder(), "nothing is made");

    case.change_sync(
        "ana",
        json!({ "mapping": { "fields": one("nickName", "Berth") } }),
    )
    .await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    assert!(sync.condition(ConditionType::Stalled).is_none());

    // A field that the CRM computes can be read.
    let computed = json!([{ "office": "nickName", "crm": "Full_Name", "direction": "CrmToOffice" }]);
    case.change_sync("ana", json!({ "mapping": { "fields": computed } }))
        .await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(
        mailbox.copy(&crm_id(2)).unwrap()["nickName"],
        "Casimir Wolkenstein"
    );

    // What Microsoft 365 cannot hold is refused at once.
    let fourth = json!({ "spec": { "mapping": { "fields": one("email4", "Berth") } } });
    let api = case.api::<ContactSync>();
    let patch = kube::api::Patch::Merge(fourth);
    let refused = api.patch("ana", &kube::api::PatchParams::default(), &patch).await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("email4") && refused.contains("email3"),
        "{refused}"
    );
    case.finish().await;
}
