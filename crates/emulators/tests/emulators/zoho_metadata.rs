//! Organisation, users, profiles, roles, licences and fields.

use serde_json::{Value, json};

use crate::zoho_support::Crm;

#[tokio::test]
async fn the_organisation_shows_edition_privacy_and_super_admin() {
    let crm = Crm::with(json!({"edition": "free", "privacySettings": true})).await;
    let org = crm.get("/org").await.json()["org"][0].clone();
    assert_eq!(org["license_details"]["paid"], false);
    assert_eq!(
        (&org["privacy_settings"], &org["primary_email"]),
        (&json!(true), &json!("ann@example.com"))
    );
    crm.edit(json!({"do": "set_edition", "edition": "enterprise"}))
        .unwrap();
    let org = crm.get("/org").await.json()["org"][0].clone();
    assert_eq!(
        (
            &org["license_details"]["paid"],
            &org["license_details"]["paid_type"]
        ),
        (&json!(true), &json!("enterprise"))
    );
}

#[tokio::test]
async fn an_invited_user_is_active_unconfirmed_and_without_zuid() {
    let crm = Crm::with(json!({})).await;
    crm.edit(json!({"do": "add_user", "user": {"email": "new@example.com", "confirm": false}}))
        .unwrap();
    let found = crm.get("/users?type=NotConfirmedUsers").await.json();
    let user = &found["users"][0];
    assert_eq!(
        (&user["status"], &user["confirm"], &user["zuid"]),
        (&json!("active"), &json!(false), &Value::Null)
    );
    assert_eq!(
        crm.get("/users?type=ActiveConfirmedUsers").await.json()["info"]["count"],
        2
    );
    assert_eq!(crm.get("/users?type=DeletedUsers").await.status, 204);
    let licences = crm.get("/__features/user_licenses").await.json();
    assert_eq!(licences["__features"][0]["details"]["used_count"]["total"], 3);
}

#[tokio::test]
async fn users_page_and_answer_304_when_nobody_changed() {
    let crm = Crm::with(json!({})).await;
    let first = crm.get("/users?per_page=1").await.json();
    assert_eq!(
        (
            first["info"]["count"].clone(),
            first["info"]["more_records"].clone()
        ),
        (json!(1), json!(true))
    );
    assert_eq!(crm.get("/users?per_page=1&page=3").await.status, 204);
    let unchanged = crm.get_since("/users", "2026-03-02T10:00:00+00:00").await;
    assert_eq!((unchanged.status, unchanged.text.as_str()), (304, ""));
    crm.pass(5);
    crm.edit(json!({"do": "set_user", "user": "bob@example.com", "firstName": "Robert"}))
        .unwrap();
    let changed = crm.get_since("/users", "2026-03-02T10:00:00+00:00").await.json();
    assert_eq!(changed["users"][0]["full_name"], "Robert Best");
}

#[tokio::test]
async fn permissions_come_with_the_single_profile_only() {
    let crm = Crm::with(json!({})).await;
    let list = crm.get("/settings/profiles").await.json();
    assert!(list["profiles"][0].get("permissions_details").is_none());
    let granted = |profile: Value| {
        let rows = profile["profiles"][0]["permissions_details"]
            .as_array()
            .unwrap()
            .clone();
        rows.iter()
            .find(|row| row["name"] == "Crm_Implied_Manage_Users")
            .unwrap()["enabled"]
            == true
    };
    let id = |name: &str| {
        let rows = list["profiles"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(granted(
        crm.get(&format!("/settings/profiles/{}", id("Administrator")))
            .await
            .json()
    ));
    assert!(!granted(
        crm.get(&format!("/settings/profiles/{}", id("Standard")))
            .await
            .json()
    ));
    assert_eq!(crm.get("/settings/roles").await.json()["roles"][0]["name"], "CEO");
}

async fn field(crm: &Crm, name: &str) -> Option<Value> {
    let fields = crm.get("/settings/fields?module=Contacts").await.json();
    fields["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["api_name"] == name)
        .cloned()
}

#[tokio::test]
async fn fields_tell_lengths_uniqueness_and_who_may_write() {
    let crm =
        Crm::with(json!({"customFields": [{"apiName": "Office_Id", "length": 120, "unique": true}]})).await;
    let last_name = field(&crm, "Last_Name").await.unwrap();
    assert_eq!(
        (&last_name["length"], &last_name["system_mandatory"]),
        (&json!(80), &json!(true))
    );
    assert_eq!(last_name["unique"], json!({}));
    let full_name = field(&crm, "Full_Name").await.unwrap();
    assert_eq!(full_name["operation_type"]["api_update"], false);
    let custom = field(&crm, "Office_Id").await.unwrap();
    assert_eq!(
        (&custom["custom_field"], &custom["unique"]["case_sensitive"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(crm.get("/settings/fields").await.code(), "REQUIRED_PARAM_MISSING");
    assert_eq!(
        crm.get("/settings/fields?module=Nothing").await.code(),
        "INVALID_MODULE"
    );
}

#[tokio::test]
async fn modules_and_the_fields_of_each_can_be_read_first() {
    let crm = Crm::with(json!({})).await;
    let modules = crm.get("/settings/modules").await.json();
    for module in modules["modules"].as_array().unwrap() {
        let name = module["api_name"].as_str().unwrap();
        let fields = crm.get(&format!("/settings/fields?module={name}")).await;
        assert_eq!(fields.status, 200, "{name}");
        let owner = |field: &Value| field["api_name"] == "Owner";
        assert!(
            fields.json()["fields"].as_array().unwrap().iter().any(owner),
            "{name}"
        );
    }
    let now = "2026-03-02T10:00:00+00:00";
    let unchanged = crm.get_since("/settings/modules", now).await;
    assert_eq!((unchanged.status, unchanged.text.as_str()), (304, ""));
    crm.pass(1);
    crm.edit(json!({"do": "add_field", "field": {"apiName": "Branch"}}))
        .unwrap();
    assert_eq!(crm.get_since("/settings/modules", now).await.status, 200);
}

#[tokio::test]
async fn data_source_exists_only_with_privacy_settings_and_its_label_is_not_its_value() {
    let crm = Crm::with(json!({})).await;
    assert!(field(&crm, "Data_Source").await.is_none());
    crm.edit(json!({"do": "set_privacy", "on": true})).unwrap();
    let values = field(&crm, "Data_Source").await.unwrap()["pick_list_values"]
        .as_array()
        .unwrap()
        .clone();
    let microsoft = values
        .iter()
        .find(|value| value["actual_value"] == "Microsoft")
        .unwrap();
    assert_eq!(microsoft["display_value"], "Office 365");
}

#[tokio::test]
async fn an_administrator_can_change_what_a_field_is() {
    let crm = Crm::with(json!({"customFields": [{"apiName": "Office_Id", "unique": true}]})).await;
    crm.edit(json!({"do": "set_field_meta", "field": "Title", "readOnly": true, "length": 10}))
        .unwrap();
    assert_eq!(field(&crm, "Title").await.unwrap()["field_read_only"], true);
    crm.edit(json!({"do": "set_field_meta", "field": "Office_Id", "rename": "Outlook_Id"}))
        .unwrap();
    assert_eq!(crm.get("/Contacts?fields=Office_Id").await.code(), "INVALID_DATA");
    assert_eq!(crm.get("/Contacts?fields=Outlook_Id").await.status, 204);
    crm.edit(json!({"do": "remove_field", "field": "Outlook_Id"}))
        .unwrap();
    assert!(field(&crm, "Outlook_Id").await.is_none());
}

#[tokio::test]
async fn an_address_outside_the_subset_is_refused_and_counted() {
    let crm = Crm::with(json!({})).await;
    let refused = crm.get("/Contacts/search?email=a@example.com").await;
    assert_eq!(
        (refused.status, refused.code()),
        (404, "INVALID_URL_PATTERN".to_owned())
    );
    assert_eq!(crm.get("/Deals?fields=id").await.status, 404);
    assert_eq!(crm.counter("unimplemented_calls"), 2);
}
