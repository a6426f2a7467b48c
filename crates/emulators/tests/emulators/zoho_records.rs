//! What records do behind the back of a client that trusts times, texts and places.

use serde_json::{Value, json};

use crate::zoho_support::{Crm, contacts, organisation};

fn quiet(rows: impl Into<Value>) -> Value {
    json!({"data": rows.into(), "trigger": [], "skip_feature_execution": [{"name": "cadences"}]})
}

#[tokio::test]
async fn a_precondition_does_not_see_a_change_of_the_same_second() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    let path = format!("/Contacts/{}", crm.id("A"));
    crm.edit(json!({"do": "update_contact", "id": crm.id("A"), "fields": {"Title": "first"}}))
        .unwrap();
    let read = crm.get(&format!("{path}?fields=Modified_Time")).await.rows()[0]["Modified_Time"].clone();
    crm.edit(json!({"do": "update_contact", "id": crm.id("A"), "fields": {"Title": "second"}}))
        .unwrap();
    let since = [("if-unmodified-since", read.as_str().unwrap())];
    let body = quiet(json!([{"Title": "ours"}]));
    assert_eq!(crm.call("PUT", &path, &since, Some(&body)).await.status, 200);
    assert_eq!(
        crm.state()["contacts"][0]["Title"],
        "ours",
        "the person's edit is gone"
    );
}

#[tokio::test]
async fn modified_time_moves_for_what_a_client_does_not_look_at() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    let all = "/Contacts?fields=Last_Name,Email,Modified_Time";
    let before = crm.get(all).await.rows()[0].clone();
    crm.pass(60);
    let edit =
        json!({"do": "update_contact", "id": crm.id("A"), "fields": {"Fax": "1"}, "source": "workflow"});
    crm.edit(edit).unwrap();
    let after = crm.get(all).await.rows()[0].clone();
    assert_ne!(before["Modified_Time"], after["Modified_Time"]);
    assert_eq!(
        (&before["Last_Name"], &before["Email"]),
        (&after["Last_Name"], &after["Email"])
    );
}

#[tokio::test]
async fn a_record_that_is_handed_over_leaves_the_owners_rows_without_a_deletion() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    let id = crm.id("A");
    let of = |email: &str| format!("select id from Contacts where Owner = '{}'", crm.user(email));
    crm.edit(json!({"do": "transfer_contact", "id": id, "owner": "bob@example.com"}))
        .unwrap();
    assert_eq!(crm.coql(&of("ann@example.com")).await.status, 204);
    assert_eq!(crm.coql(&of("bob@example.com")).await.ids(), [id]);
    assert_eq!(crm.get("/Contacts/deleted").await.status, 204);
}

#[tokio::test]
async fn deleted_records_are_in_no_list_and_in_no_query() {
    let crm = Crm::with(json!({"contacts": contacts(&["A", "B"])})).await;
    let gone = crm.id("A");
    crm.edit(json!({"do": "delete_contact", "id": gone})).unwrap();
    assert_eq!(crm.get("/Contacts?fields=id").await.ids(), [crm.id("B")]);
    let query = "select id from Contacts where id is not null";
    assert_eq!(crm.coql(query).await.ids(), [crm.id("B")]);
    let by_id = format!("select id from Contacts where id = '{gone}'");
    assert_eq!(crm.coql(&by_id).await.status, 204);
    assert_eq!(
        crm.get(&format!("/Contacts?fields=id&ids={gone}")).await.status,
        204
    );
    assert_eq!(crm.get("/Contacts/deleted").await.ids(), [gone]);
}

#[tokio::test]
async fn with_the_right_to_all_records_those_of_other_owners_can_be_overwritten() {
    let crm = Crm::with(json!({
        "ownersInScope": ["ann@example.com"],
        "contacts": [{"owner": "bob@example.com", "fields": {"Last_Name": "His"}}],
    }))
    .await;
    let path = format!("/Contacts/{}", crm.id("His"));
    assert_eq!(crm.put(&path, quiet(json!([{"Title": "x"}]))).await.status, 200);
    assert_eq!(crm.counter("writes_outside_owners"), 1);
    assert_eq!(crm.state()["contacts"][0]["Owner"]["email"], "bob@example.com");
}

#[tokio::test]
async fn ids_are_too_large_for_numbers_of_json() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    let row = crm.get("/Contacts?fields=id").await.rows()[0].clone();
    let id = row["id"].as_str().expect("a text");
    assert!(id.parse::<u64>().unwrap() > 1 << 53, "{id}");
    let as_number = quiet(json!([{"id": id.parse::<u64>().unwrap(), "Title": "x"}]));
    let refused = crm.put("/Contacts", as_number).await;
    assert_eq!(refused.json()["data"][0]["code"], "MANDATORY_NOT_FOUND");
}

#[tokio::test]
async fn an_unlisted_value_is_refused_by_a_restricted_list_only() {
    let crm = Crm::with(json!({
        "customFields": [{"apiName": "Branch", "dataType": "picklist", "values": ["Berlin", "Lyon"]}],
    }))
    .await;
    let listed = quiet(json!([{"Last_Name": "A", "Branch": "Lyon", "Lead_Source": "A friend"}]));
    assert_eq!(crm.post("/Contacts", listed).await.status, 201);
    let unlisted = quiet(json!([{"Last_Name": "B", "Branch": "lyon"}]));
    let row = crm.post("/Contacts", unlisted).await.json()["data"][0].clone();
    assert_eq!(row["code"], "INVALID_DATA");
    assert_eq!(row["details"]["supported_values"], json!(["Berlin", "Lyon"]));
    let none = quiet(json!([{"Last_Name": "C", "Branch": "-None-"}]));
    assert_eq!(crm.post("/Contacts", none).await.status, 201);
    assert_eq!(
        crm.get("/Contacts?fields=Branch").await.rows()[0]["Branch"],
        Value::Null
    );
}

#[tokio::test]
async fn a_rich_text_is_whole_in_the_single_record_only() {
    let text = "ü".repeat(600);
    let crm = Crm::with(json!({
        "customFields": [{"apiName": "Profile", "dataType": "textarea", "length": 50_000}],
        "contacts": [{"owner": "ann@example.com", "fields": {
            "Last_Name": "A", "Profile": text, "Description": "d".repeat(600),
        }}],
    }))
    .await;
    let listed = crm.get("/Contacts?fields=Profile,Description").await.rows()[0].clone();
    assert_eq!(listed["Profile"].as_str().unwrap().chars().count(), 500);
    assert_eq!(
        listed["Description"].as_str().unwrap().len(),
        600,
        "a plain text area"
    );
    let single = crm.get(&format!("/Contacts/{}", crm.id("A"))).await.rows()[0].clone();
    assert_eq!(single["Profile"], json!(text));
}

#[tokio::test]
async fn a_restricted_field_that_is_written_still_reads_null() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    crm.edit(json!({"do": "set_field_meta", "field": "Mobile", "private": "High"}))
        .unwrap();
    let path = format!("/Contacts/{}", crm.id("A"));
    assert_eq!(crm.put(&path, quiet(json!([{"Mobile": "1"}]))).await.status, 200);
    let single = crm.get(&path).await.rows()[0].clone();
    assert_eq!(single["Mobile"], Value::Null, "null is not: the user cleared it");
    assert_eq!(crm.state()["contacts"][0]["Mobile"], "1");
    let query = "select id from Contacts where Mobile is null";
    assert_eq!(crm.coql(query).await.ids(), [crm.id("A")]);
}

#[tokio::test]
async fn a_field_that_an_administrator_removed_or_hid_is_gone_in_each_call_in_its_own_way() {
    let crm = Crm::with(json!({
        "customFields": [{"apiName": "Branch"}],
        "contacts": [{"owner": "ann@example.com", "fields": {"Last_Name": "A", "Branch": "x"}}],
    }))
    .await;
    for edit in [
        json!({"do": "set_field_meta", "field": "Branch", "visible": false}),
        json!({"do": "remove_field", "field": "Branch"}),
    ] {
        crm.edit(edit).unwrap();
        let listed = crm.get("/Contacts?fields=Branch").await;
        assert_eq!((listed.status, listed.code()), (400, "INVALID_DATA".to_owned()));
        let queried = crm.coql("select Branch from Contacts where id is not null").await;
        assert_eq!(
            (queried.status, queried.code()),
            (400, "INVALID_QUERY".to_owned())
        );
        let path = format!("/Contacts/{}", crm.id("A"));
        let written = crm.put(&path, quiet(json!([{"Branch": "y"}]))).await;
        assert_eq!(written.status, 200, "dropped without a word");
    }
    assert_eq!(crm.counter("unknown_fields_ignored"), 2);
}

#[tokio::test]
async fn the_loser_of_a_merge_is_deleted_and_the_winner_has_what_was_its_own() {
    let crm = Crm::with(json!({
        "customFields": [{"apiName": "Office_Id", "unique": true}],
        "contacts": [
            {"owner": "ann@example.com", "fields": {"Last_Name": "Winner"}},
            {"owner": "bob@example.com", "fields": {"Last_Name": "Loser", "Office_Id": "x", "Email": "l@example.com"}},
        ],
    }))
    .await;
    let (winner, loser) = (crm.id("Winner"), crm.id("Loser"));
    crm.pass(60);
    let fields = json!({"Office_Id": "x", "Email": "l@example.com"});
    crm.edit(json!({"do": "merge_contacts", "winner": winner, "loser": loser, "fields": fields}))
        .unwrap();
    assert_eq!(crm.get(&format!("/Contacts/{loser}")).await.status, 204);
    assert_eq!(crm.get("/Contacts/deleted").await.ids(), [loser]);
    let row = crm
        .get("/Contacts?fields=Office_Id,Email,Modified_Time,Owner")
        .await
        .rows()[0]
        .clone();
    assert_eq!((&row["id"], &row["Office_Id"]), (&json!(winner), &json!("x")));
    assert_eq!(row["Modified_Time"], "2026-03-02T15:31:00+05:30");
}

#[tokio::test]
async fn a_page_token_is_no_good_to_another_user_and_reaches_so_far_only() {
    let mut crm = Crm::of(vec![organisation(&json!({
        "pageTokenRows": 4,
        "contacts": contacts(&["A", "B", "C", "D", "E", "F"]),
        "clients": [
            {"clientId": "client", "clientSecret": "secret", "refreshToken": "refresh", "user": "ann@example.com"},
            {"clientId": "client", "clientSecret": "secret", "refreshToken": "bobs", "user": "bob@example.com"},
        ],
    }))])
    .await;
    let path = "/Contacts?fields=id&per_page=2";
    let token = |reply: &Value| reply["info"]["next_page_token"].as_str().unwrap().to_owned();
    let first = token(&crm.get(path).await.json());
    let ann = crm.token.clone();
    crm.token = crm.login("client", "secret", "bobs").await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let foreign = crm.get(&format!("{path}&page_token={first}")).await;
    assert_eq!(
        (foreign.status, foreign.code()),
        (400, "TOKEN_BOUND_DATA_MISMATCH".to_owned())
    );
    crm.token = ann;
    let second = token(&crm.get(&format!("{path}&page_token={first}")).await.json());
    let third = crm.get(&format!("{path}&page_token={second}")).await;
    assert_eq!(
        (third.status, third.code()),
        (400, "PAGINATION_LIMIT_EXCEEDED".to_owned())
    );
}
