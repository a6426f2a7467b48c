//! The timeline tells how a record came into being.

use serde_json::{Value, json};

use crate::zoho_support::Crm;

fn entries(reply: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    reply["__timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text(&row["action"]), text(&row["source"])))
        .collect()
}

fn pair(action: &str, source: &str) -> (String, String) {
    (action.to_owned(), source.to_owned())
}

#[tokio::test]
async fn the_origin_and_later_changes_show_with_their_sources() {
    let crm = Crm::with(json!({"contacts": [
        {"owner": "ann@example.com", "source": "import", "fields": {"Last_Name": "Imported"}},
        {"owner": "ann@example.com", "source": "mass_update", "fields": {"Last_Name": "Updated"}},
        {"owner": "ann@example.com", "noTimeline": true, "fields": {"Last_Name": "Forgotten"}},
    ]}))
    .await;
    let path = |name: &str| {
        format!(
            "/Contacts/{}/__timeline?sort_by=audited_time&sort_order=asc&per_page=5",
            crm.id(name)
        )
    };
    assert_eq!(
        entries(&crm.get(&path("Imported")).await.json()),
        [pair("added", "import")]
    );
    assert_eq!(
        entries(&crm.get(&path("Updated")).await.json()),
        [pair("added", "import"), pair("updated", "mass_update")]
    );
    let empty = crm.get(&path("Forgotten")).await;
    assert_eq!((empty.status, empty.text.as_str()), (204, ""));
    assert_eq!(
        (crm.counter("timeline_calls"), crm.counter("credits_used")),
        (3, 3)
    );
}

#[tokio::test]
async fn what_the_api_does_shows_as_crm_api_with_old_and_new_values() {
    let crm = Crm::with(json!({})).await;
    crm.post("/Contacts", json!({"data": [{"Last_Name": "A"}], "trigger": []}))
        .await;
    let id = crm.id("A");
    crm.put(
        &format!("/Contacts/{id}"),
        json!({"data": [{"Title": "Buyer"}], "trigger": []}),
    )
    .await;
    let reply = crm.get(&format!("/Contacts/{id}/__timeline")).await.json();
    assert_eq!(
        entries(&reply),
        [pair("updated", "crm_api"), pair("added", "crm_api")]
    );
    let history = &reply["__timeline"][0]["field_history"][0];
    assert_eq!(
        (&history["api_name"], &history["_value"]),
        (&json!("Title"), &json!({"old": null, "new": "Buyer"}))
    );
}

#[tokio::test]
async fn a_long_timeline_goes_on_behind_a_token() {
    let crm = Crm::with(
        json!({"contacts": [{"owner": "ann@example.com", "source": "import", "fields": {"Last_Name": "A"}}]}),
    )
    .await;
    let id = crm.id("A");
    for title in ["a", "b", "c"] {
        crm.edit(json!({"do": "update_contact", "id": id, "fields": {"Title": title}}))
            .unwrap();
    }
    let path = format!("/Contacts/{id}/__timeline?per_page=3");
    let first = crm.get(&path).await.json();
    assert_eq!(first["info"]["more_records"], true);
    let token = first["info"]["next_page_token"].as_str().unwrap();
    let second = crm.get(&format!("{path}&page_token={token}")).await.json();
    assert_eq!(entries(&second), [pair("added", "import")]);
    assert_eq!(second["info"]["next_page_token"], Value::Null);
}

#[tokio::test]
async fn the_filter_on_sources_is_refused() {
    let crm =
        Crm::with(json!({"contacts": [{"owner": "ann@example.com", "fields": {"Last_Name": "A"}}]})).await;
    let refused = crm
        .get(&format!("/Contacts/{}/__timeline?filters=x", crm.id("A")))
        .await;
    assert_eq!(
        (refused.status, refused.code()),
        (400, "NOT_SUPPORTED".to_owned())
    );
    assert_eq!(crm.get("/Contacts/1/__timeline").await.code(), "INVALID_DATA");
}
