use serde_json::json;

use super::*;

fn sync() -> ContactSync {
    serde_json::from_value(json!({
        "apiVersion": "crmlink.dev/v1alpha1", "kind": "ContactSync", "metadata": { "name": "ana" },
        "spec": { "tenantRef": { "name": "t" }, "user": "ana@x.example" },
    }))
    .unwrap()
}

fn crm() -> Value {
    let record = |name: &str, source: &str, modified: &str| {
        json!({
            "Last_Name": name, "Owner": { "email": "ana@x.example" }, "source": source,
            "Created_Time": "2026-01-01T00:00:00Z", "Modified_Time": modified,
        })
    };
    json!({ "organisations": [{ "contacts": [
        record("Own", "crm_ui", "2026-01-01T00:00:00Z"),
        record("Imported", "import", "2026-01-01T00:00:20Z"),
        record("Edited", "import", "2026-01-02T00:00:00Z"),
    ] }] })
}

fn office(names: &[&str]) -> Value {
    let contacts: Vec<Value> = names.iter().map(|name| json!({ "surname": name })).collect();
    json!({ "tenants": [{ "users": [{ "userPrincipalName": "ana@x.example", "folders": [
        { "id": "1", "displayName": "Contacts", "marker": null, "contacts": [{ "surname": "Private" }] },
        { "id": "2", "displayName": DEFAULT_CONTACT_FOLDER, "marker": "m", "contacts": contacts },
    ] }] }] })
}

fn findings(names: &[&str]) -> Vec<String> {
    compare(&sync(), &office(names), &crm()).1
}

#[test]
fn what_has_to_be_there_is_there_once() {
    let (counts, findings) = compare(&sync(), &office(&["Edited", "Own"]), &crm());
    assert!(findings.is_empty(), "{findings:?}");
    let expected = Counts {
        sync: "ana".to_owned(),
        owned: 3,
        imported: 1,
        eligible: 2,
        from_outlook: 0,
        held: 2,
    };
    assert_eq!(counts, expected);
}

#[test]
fn a_missing_a_doubled_and_an_imported_contact_are_found() {
    assert!(findings(&["Own"])[0].contains("missing"));
    assert!(findings(&["Own", "Own", "Edited"])[0].contains("should not be"));
    assert!(findings(&["Own", "Imported", "Edited"])[0].contains("should not be"));
}

#[test]
fn a_folder_of_another_name_and_no_folder_are_found() {
    let mut renamed = office(&["Own", "Edited"]);
    renamed["tenants"][0]["users"][0]["folders"][1]["displayName"] = json!("Else");
    assert!(compare(&sync(), &renamed, &crm()).1[0].contains("is called"));
    let mut unmarked = office(&["Own", "Edited"]);
    unmarked["tenants"][0]["users"][0]["folders"][1]["marker"] = Value::Null;
    assert!(compare(&sync(), &unmarked, &crm()).1[0].contains("0 marked folders"));
}

#[test]
fn a_change_in_a_folder_of_the_user_is_found() {
    let (before, mut after) = (office(&[]), office(&[]));
    assert!(untouched(&before, &after).is_empty());
    after["tenants"][0]["users"][0]["folders"][0]["contacts"][0]["surname"] = json!("Changed");
    assert_eq!(untouched(&before, &after).len(), 1);
}
