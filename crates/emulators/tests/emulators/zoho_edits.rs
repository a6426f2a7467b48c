//! World files and what people do in the CRM itself.

use serde_json::{Value, json};

use crate::zoho_support::{Crm, contacts, organisation};

fn last_entry(crm: &Crm, name: &str) -> (String, String) {
    let state = crm.state();
    let row = state["contacts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["Last_Name"] == name)
        .unwrap()
        .clone();
    let entry = row["timeline"].as_array().unwrap().last().unwrap().clone();
    (
        entry["action"].as_str().unwrap().to_owned(),
        entry["source"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test]
async fn people_create_change_and_transfer_contacts() {
    let crm = Crm::with(json!({})).await;
    let create = json!({"do": "create_contact", "owner": "bob@example.com", "account": "Example Industries",
                        "fields": {"Last_Name": "A"}});
    let id = crm.edited(create);
    assert_eq!(last_entry(&crm, "A"), ("added".to_owned(), "crm_ui".to_owned()));
    crm.pass(5);
    crm.edit(json!({"do": "update_contact", "where": {"Last_Name": "A"}, "fields": {"Title": "Buyer"}, "source": "workflow"}))
        .unwrap();
    assert_eq!(last_entry(&crm, "A").1, "workflow");
    crm.edit(
        json!({"do": "transfer_contact", "id": id, "owner": "ann@example.com", "by": "bob@example.com"}),
    )
    .unwrap();
    let contact = crm.state()["contacts"][0].clone();
    assert_eq!(
        (&contact["Owner"]["email"], &contact["Account_Name"]["name"]),
        (&json!("ann@example.com"), &json!("Example Industries"))
    );
    assert_eq!(contact["Modified_Time"], "2026-03-02T10:00:05+00:00");
    crm.edit(json!({"do": "update_contact", "id": id, "account": null}))
        .unwrap();
    assert_eq!(crm.state()["contacts"][0].get("Account_Name"), None);
    assert_eq!(crm.counter("writes_by_api"), 0);
}

#[tokio::test]
async fn a_mass_update_gives_many_records_the_same_second() {
    let crm = Crm::with(json!({"contacts": contacts(&["A", "B", "C"])})).await;
    crm.pass(7);
    let edited = crm
        .edit(json!({"do": "mass_update", "where": {"owner": "ann@example.com"}, "fields": {"Title": "x"}}))
        .unwrap();
    assert_eq!(edited["ids"].as_array().unwrap().len(), 3);
    let state = crm.state();
    let times: Vec<&Value> = state["contacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["Modified_Time"])
        .collect();
    assert!(times.iter().all(|time| *time == "2026-03-02T10:00:07+00:00"));
    assert_eq!(
        last_entry(&crm, "A"),
        ("updated".to_owned(), "mass_update".to_owned())
    );
}

#[tokio::test]
async fn imports_are_marked_as_such() {
    let crm = Crm::with(json!({})).await;
    let rows = json!([{"fields": {"Last_Name": "A"}}, {"fields": {"Last_Name": "B"}, "account": "Example Industries"}]);
    crm.edit(json!({"do": "import_contacts", "owner": "ann@example.com", "contacts": rows}))
        .unwrap();
    assert_eq!(last_entry(&crm, "B"), ("added".to_owned(), "import".to_owned()));
    assert_eq!(crm.state()["contacts"][0]["source"], "import");
}

#[tokio::test]
async fn a_merge_deletes_the_loser_and_changes_the_winner() {
    let crm = Crm::with(json!({
        "customFields": [{"apiName": "Office_Id", "unique": true}],
        "contacts": [
            {"owner": "ann@example.com", "fields": {"Last_Name": "A"}},
            {"owner": "ann@example.com", "fields": {"Last_Name": "B", "Office_Id": "x"}},
        ],
    }))
    .await;
    let (winner, loser) = (crm.id("A"), crm.id("B"));
    crm.edit(json!({"do": "merge_contacts", "winner": winner, "loser": loser, "fields": {"Office_Id": "x"}}))
        .unwrap();
    assert_eq!(crm.get("/Contacts/deleted").await.ids(), [loser]);
    assert_eq!(crm.state()["contacts"][0]["Office_Id"], "x");
    assert_eq!(last_entry(&crm, "A").0, "find_and_merge_duplicate");
}

#[tokio::test]
async fn a_renamed_account_modifies_no_contact() {
    let crm = Crm::with(json!({"contacts": [
        {"owner": "ann@example.com", "account": "Old", "fields": {"Last_Name": "A"}},
    ]}))
    .await;
    let before = crm.state()["contacts"][0].clone();
    let id = before["Account_Name"]["id"].clone();
    crm.edit(json!({"do": "rename_account", "id": id, "name": "New"}))
        .unwrap();
    let after = crm.state()["contacts"][0].clone();
    assert_eq!(
        (&after["Account_Name"]["name"], &after["Modified_Time"]),
        (&json!("New"), &before["Modified_Time"])
    );
}

#[tokio::test]
async fn the_organisation_behind_a_token_can_change_its_id() {
    let crm = Crm::with(json!({})).await;
    crm.edit(json!({"do": "set_organisation_id", "id": "4000000000000000009"}))
        .unwrap();
    assert_eq!(
        crm.get("/org").await.json()["org"][0]["id"],
        "4000000000000000009"
    );
}

#[tokio::test]
async fn mistakes_in_edits_are_named() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    for (edit, at) in [
        (json!({"do": "nonsense"}), "do"),
        (
            json!({"do": "create_contact", "owner": "who@example.com", "fields": {"Last_Name": "x"}}),
            "owner",
        ),
        (
            json!({"do": "create_contact", "owner": "ann@example.com", "fields": {"Nonsense": "x"}}),
            "fields.Nonsense",
        ),
        (
            json!({"do": "create_contact", "owner": "ann@example.com", "fields": {}}),
            "fields.Last_Name",
        ),
        (json!({"do": "delete_contact", "id": "1"}), "id"),
        (
            json!({"do": "delete_contact", "where": {"Last_Name": "Z"}}),
            "where",
        ),
        (json!({"do": "set_edition", "edition": "gold"}), "edition"),
        (
            json!({"do": "set_edition", "edition": "free", "extra": 1}),
            "extra",
        ),
        (
            json!({"do": "set_edition", "edition": "free", "organisation": "none"}),
            "organisation",
        ),
    ] {
        assert_eq!(crm.edit(edit.clone()).unwrap_err().at, at, "{edit}");
    }
}

#[tokio::test]
async fn mistakes_in_a_world_are_named_and_leave_nothing_behind() {
    let crm = Crm::with(json!({})).await;
    crm.stack.service().reset();
    for (extra, at) in [
        (json!({"colour": 1}), "crm[0].colour"),
        (json!({"edition": "gold"}), "crm[0].edition"),
        (
            json!({"users": [{"email": "a@example.com", "profile": "None"}]}),
            "crm[0].users[0].profile",
        ),
        (
            json!({"contacts": [{"owner": "ann@example.com", "fields": {"Email": "x", "Last_Name": "A"}}]}),
            "crm[0].contacts[0].fields.Email",
        ),
        (
            json!({"contacts": [{"owner": "ann@example.com", "fields": {"Last_Name": "A"}, "createdTime": "soon"}]}),
            "crm[0].contacts[0].createdTime",
        ),
        (
            json!({"generate": [{"owner": "ann@example.com"}]}),
            "crm[0].generate[0].count",
        ),
        (
            json!({"clients": [{"clientId": "a", "clientSecret": "b", "refreshToken": "c", "user": "x@example.com"}]}),
            "crm[0].clients[0].user",
        ),
    ] {
        let refused = crm
            .stack
            .service()
            .seed(&json!([organisation(&extra)]))
            .unwrap_err();
        assert_eq!(refused.at, at);
        assert_eq!(crm.stack.service().state()["organisations"], json!([]));
    }
}
