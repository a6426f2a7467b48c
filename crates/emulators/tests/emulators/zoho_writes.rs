//! Creating, updating and deleting contacts.

use serde_json::{Value, json};

use crate::zoho_support::{Crm, contacts};

fn quiet(rows: impl Into<Value>) -> Value {
    json!({"data": rows.into(), "trigger": [], "skip_feature_execution": [{"name": "cadences"}]})
}

#[tokio::test]
async fn all_well_is_201_some_is_207_none_is_400_and_rows_keep_their_order() {
    let crm = Crm::with(json!({})).await;
    let both = crm
        .post(
            "/Contacts",
            quiet(json!([{"Last_Name": "A"}, {"Last_Name": "B"}])),
        )
        .await;
    assert_eq!(both.status, 201);
    assert_eq!(
        both.json()["data"][0]["details"]["Modified_Time"],
        "2026-03-02T15:30:00+05:30"
    );
    let mixed = crm
        .post(
            "/Contacts",
            quiet(json!([{"First_Name": "No"}, {"Last_Name": "C"}])),
        )
        .await;
    let rows = mixed.json()["data"].clone();
    assert_eq!(
        (mixed.status, &rows[0]["code"], &rows[1]["code"]),
        (207, &json!("MANDATORY_NOT_FOUND"), &json!("SUCCESS"))
    );
    assert_eq!(rows[0]["details"]["api_name"], "Last_Name");
    let none = crm.post("/Contacts", quiet(json!([{"First_Name": "No"}]))).await;
    assert_eq!(
        (none.status, &none.json()["data"][0]["status"]),
        (400, &json!("error"))
    );
    assert_eq!(
        (crm.counter("creates_by_api"), crm.counter("rows_refused")),
        (3, 2)
    );
}

#[tokio::test]
async fn a_batch_takes_1_to_100_rows() {
    let crm = Crm::with(json!({})).await;
    let rows = vec![json!({"Last_Name": "A"}); 101];
    assert_eq!(
        crm.post("/Contacts", json!({"data": rows})).await.json()["details"]["maximum_length"],
        100
    );
    assert_eq!(
        crm.post("/Contacts", json!({"data": []})).await.code(),
        "INVALID_DATA"
    );
    assert_eq!(
        crm.post("/Contacts", json!({})).await.code(),
        "MANDATORY_NOT_FOUND"
    );
    assert_eq!(crm.counter("creates_by_api"), 0);
}

#[tokio::test]
async fn a_value_too_long_names_field_and_length_and_is_never_cut() {
    let crm = Crm::with(json!({})).await;
    let reply = crm
        .post(
            "/Contacts",
            quiet(json!([{"Last_Name": "A", "First_Name": "x".repeat(41)}])),
        )
        .await;
    let row = reply.json()["data"][0].clone();
    assert_eq!((reply.status, &row["code"]), (400, &json!("INVALID_DATA")));
    assert_eq!(
        row["details"],
        json!({"api_name": "First_Name", "json_path": "$.data[0].First_Name", "maximum_length": 40})
    );
    // Characters count, not bytes.
    let umlauts = crm
        .post("/Contacts", quiet(json!([{"Last_Name": "ü".repeat(80)}])))
        .await;
    assert_eq!(umlauts.status, 201);
}

#[tokio::test]
async fn values_of_the_wrong_kind_are_refused() {
    let crm = Crm::with(json!({})).await;
    for (field, value) in [
        ("Email", json!("no address")),
        ("Phone", json!("030/1234")),
        ("Phone", json!(123)),
        ("Date_of_Birth", json!("1990-02-30")),
        ("Email_Opt_Out", json!("yes")),
        ("Created_Time", json!("2026-01-01T00:00:00+00:00")),
        ("Full_Name", json!("A B")),
        ("Account_Name", json!({"id": "1"})),
        ("Owner", json!({"id": 4_000_001_000_100_001_u64})),
    ] {
        let reply = crm
            .post("/Contacts", quiet(json!([{"Last_Name": "A", field: value}])))
            .await;
        assert_eq!(
            (reply.status, &reply.json()["data"][0]["code"]),
            (400, &json!("INVALID_DATA")),
            "{field}"
        );
    }
    let two = crm
        .post(
            "/Contacts",
            quiet(json!([{"Last_Name": "A", "Phone": 1, "Email": "x"}])),
        )
        .await;
    let row = two.json()["data"][0].clone();
    assert_eq!(
        (&row["code"], row["details"]["errors"].as_array().unwrap().len()),
        (&json!("MULTIPLE_OR_MULTI_ERRORS"), 2)
    );
}

#[tokio::test]
async fn a_field_made_read_only_by_an_administrator_is_refused() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    crm.edit(json!({"do": "set_field_meta", "field": "Title", "readOnly": true}))
        .unwrap();
    let path = format!("/Contacts/{}", crm.id("A"));
    let reply = crm.put(&path, quiet(json!([{"Title": "Buyer"}]))).await;
    assert_eq!(reply.json()["data"][0]["details"]["api_name"], "Title");
}

#[tokio::test]
async fn an_unknown_or_misspelt_name_is_dropped_without_a_word() {
    let crm = Crm::with(json!({})).await;
    let reply = crm
        .post(
            "/Contacts",
            quiet(json!([{"Last_Name": "A", "last_name": "B", "Nonsense": 1}])),
        )
        .await;
    assert_eq!(reply.status, 201);
    assert_eq!(crm.state()["contacts"][0].get("Nonsense"), None);
    assert_eq!(crm.counter("unknown_fields_ignored"), 2);
}

#[tokio::test]
async fn null_or_an_empty_text_clears_and_a_missing_key_keeps() {
    let crm = Crm::with(json!({"contacts": [
        {"owner": "ann@example.com", "fields": {"Last_Name": "A", "Title": "T", "Phone": "1", "Mobile": "2"}},
    ]}))
    .await;
    let path = format!("/Contacts/{}", crm.id("A"));
    assert_eq!(
        crm.put(&path, quiet(json!([{"Title": null, "Phone": ""}])))
            .await
            .status,
        200
    );
    let contact = crm.state()["contacts"][0].clone();
    assert_eq!(
        (
            contact.get("Title"),
            contact.get("Phone"),
            contact["Mobile"].as_str()
        ),
        (None, None, Some("2"))
    );
    let refused = crm.put(&path, quiet(json!([{"Last_Name": null}]))).await;
    assert_eq!(refused.json()["data"][0]["code"], "MANDATORY_NOT_FOUND");
}

#[tokio::test]
async fn every_update_moves_modified_time_even_without_a_change() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    let path = format!("/Contacts/{}", crm.id("A"));
    crm.pass(90);
    assert_eq!(
        crm.put(&path, quiet(json!([{"Last_Name": "A"}]))).await.status,
        200
    );
    assert_eq!(
        crm.state()["contacts"][0]["Modified_Time"],
        "2026-03-02T10:01:30+00:00"
    );
    assert_eq!(
        (
            crm.counter("updates_without_change"),
            crm.counter("updates_without_precondition")
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn rows_of_one_call_share_their_second() {
    let crm = Crm::with(json!({})).await;
    crm.post(
        "/Contacts",
        quiet(json!([{"Last_Name": "A"}, {"Last_Name": "B"}])),
    )
    .await;
    let contacts = crm.state()["contacts"].clone();
    assert_eq!(contacts[0]["Modified_Time"], contacts[1]["Modified_Time"]);
}

#[tokio::test]
async fn a_record_changed_in_the_meantime_answers_412_and_stays() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    let path = format!("/Contacts/{}", crm.id("A"));
    let read = crm.get("/Contacts?fields=Modified_Time").await.rows()[0]["Modified_Time"].clone();
    crm.edit(json!({"do": "update_contact", "id": crm.id("A"), "fields": {"Title": "Person's"}}))
        .unwrap();
    let since = [("if-unmodified-since", read.as_str().unwrap())];
    let body = quiet(json!([{"Title": "Ours"}]));
    let refused = crm.call("PUT", &path, &since, Some(&body)).await;
    let row = refused.json()["data"][0].clone();
    assert_eq!((refused.status, &row["code"]), (412, &json!("ALREADY_MODIFIED")));
    assert_eq!(crm.state()["contacts"][0]["Title"], "Person's");

    let again = [(
        "if-unmodified-since",
        row["details"]["Modified_Time"].as_str().unwrap(),
    )];
    assert_eq!(crm.call("PUT", &path, &again, Some(&body)).await.status, 200);
    assert_eq!(crm.counter("updates_without_precondition"), 0);
}

#[tokio::test]
async fn one_precondition_for_many_rows_fails_some_of_them() {
    let crm = Crm::with(json!({"contacts": contacts(&["A", "B"])})).await;
    crm.edit(json!({"do": "update_contact", "id": crm.id("A"), "fields": {"Title": "x"}}))
        .unwrap();
    let body = quiet(json!([{"id": crm.id("A"), "Title": "y"}, {"id": crm.id("B"), "Title": "y"}]));
    let since = [("if-unmodified-since", "2026-03-01T00:00:00+00:00")];
    let reply = crm.call("PUT", "/Contacts", &since, Some(&body)).await;
    let rows = reply.json()["data"].clone();
    assert_eq!(
        (reply.status, &rows[0]["code"], &rows[1]["code"]),
        (207, &json!("ALREADY_MODIFIED"), &json!("SUCCESS"))
    );
}

#[tokio::test]
async fn a_unique_field_names_the_record_that_holds_the_value() {
    let crm = Crm::with(json!({
        "customFields": [{"apiName": "Office_Id", "length": 120, "unique": true}],
        "contacts": [{"owner": "bob@example.com", "fields": {"Last_Name": "A", "Office_Id": "abc"}}],
    }))
    .await;
    let reply = crm
        .post(
            "/Contacts",
            quiet(json!([{"Last_Name": "B", "Office_Id": "ABC"}])),
        )
        .await;
    let row = reply.json()["data"][0].clone();
    assert_eq!((reply.status, &row["code"]), (400, &json!("DUPLICATE_DATA")));
    let duplicate = &row["details"]["duplicate_record"];
    assert_eq!(
        (&duplicate["id"], &duplicate["Owner"]["name"]),
        (&json!(crm.id("A")), &json!("Bob Best"))
    );
    // Within one call too, and free again once the holder is gone.
    let twice = quiet(json!([{"Last_Name": "C", "Office_Id": "d"}, {"Last_Name": "D", "Office_Id": "d"}]));
    assert_eq!(crm.post("/Contacts", twice).await.status, 207);
    crm.edit(json!({"do": "delete_contact", "id": crm.id("A")}))
        .unwrap();
    assert_eq!(
        crm.post(
            "/Contacts",
            quiet(json!([{"Last_Name": "B", "Office_Id": "abc"}]))
        )
        .await
        .status,
        201
    );
}

#[tokio::test]
async fn without_an_owner_the_record_belongs_to_the_tokens_user() {
    let crm = Crm::with(json!({"ownersInScope": ["bob@example.com"]})).await;
    let bob = crm.user("bob@example.com");
    crm.post(
        "/Contacts",
        quiet(json!([{"Last_Name": "A"}, {"Last_Name": "B", "Owner": {"id": bob}}])),
    )
    .await;
    let contacts = crm.state()["contacts"].clone();
    assert_eq!(
        (&contacts[0]["Owner"]["email"], &contacts[1]["Owner"]["email"]),
        (&json!("ann@example.com"), &json!("bob@example.com"))
    );
    assert_eq!(
        (
            crm.counter("creates_without_owner"),
            crm.counter("writes_outside_owners")
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn only_confirmed_active_users_can_own() {
    let crm = Crm::with(json!({})).await;
    crm.edit(json!({"do": "disable_user", "user": "bob@example.com"}))
        .unwrap();
    let bob = crm.user("bob@example.com");
    let reply = crm
        .post(
            "/Contacts",
            quiet(json!([{"Last_Name": "B", "Owner": {"id": bob}}])),
        )
        .await;
    assert_eq!(reply.json()["data"][0]["details"]["api_name"], "Owner");
}

#[tokio::test]
async fn an_absent_trigger_runs_automation_and_an_empty_one_does_not() {
    let crm = Crm::with(json!({"contacts": contacts(&["A", "B"])})).await;
    let path = format!("/Contacts/{}", crm.id("A"));
    crm.put(&path, quiet(json!([{"Title": "x"}]))).await;
    // Zoho's own client for Python writes it with a capital.
    crm.delete(&format!("/Contacts?ids={}&wf_trigger=False", crm.id("B")))
        .await;
    assert_eq!(
        (
            crm.counter("automation_runs"),
            crm.counter("notifications_sent"),
            crm.counter("mails_sent"),
            crm.counter("cadences_run")
        ),
        (0, 0, 0, 0)
    );
    crm.put(&path, json!({"data": [{"Title": "y"}]})).await;
    crm.put(&path, json!({"data": [{"Title": "z"}], "trigger": ["workflow"]}))
        .await;
    crm.delete(&path).await;
    assert_eq!(
        (
            crm.counter("automation_runs"),
            crm.counter("notifications_sent"),
            crm.counter("mails_sent"),
            crm.counter("cadences_run")
        ),
        (3, 3, 3, 2)
    );
    assert_eq!(
        crm.put(&path, json!({"data": [{"Title": "y"}], "trigger": ["all"]}))
            .await
            .code(),
        "INVALID_DATA"
    );
}

#[tokio::test]
async fn a_doubled_record_is_counted() {
    let crm = Crm::with(json!({})).await;
    let row = quiet(json!([{"Last_Name": "A", "Email": "a@example.com"}]));
    crm.post("/Contacts", row.clone()).await;
    assert_eq!(crm.counter("duplicates"), 0);
    crm.post("/Contacts", row).await;
    assert_eq!(crm.counter("duplicates"), 1);
}

#[tokio::test]
async fn an_unknown_id_fails_its_row_only() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    let rows = json!([{"id": "123", "Title": "x"}, {"id": crm.id("A"), "Title": "x"}, {"Title": "x"}]);
    let reply = crm.put("/Contacts", quiet(rows)).await;
    let codes: Vec<Value> = reply.json()["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["code"].clone())
        .collect();
    assert_eq!(
        (reply.status, codes),
        (
            207,
            vec![
                json!("INVALID_DATA"),
                json!("SUCCESS"),
                json!("MANDATORY_NOT_FOUND")
            ]
        )
    );
}

#[tokio::test]
async fn a_locked_record_can_neither_be_written_nor_deleted() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    crm.edit(json!({"do": "lock_contact", "id": crm.id("A")}))
        .unwrap();
    let path = format!("/Contacts/{}", crm.id("A"));
    assert_eq!(
        crm.put(&path, quiet(json!([{"Title": "x"}]))).await.json()["data"][0]["code"],
        "RECORD_LOCKED"
    );
    assert_eq!(crm.delete(&path).await.code(), "RECORD_LOCKED");
}

#[tokio::test]
async fn a_profile_without_the_right_to_write_gets_403() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    let permissions = json!({"Crm_Implied_Edit_Contacts": false, "Crm_Implied_Delete_Contacts": false});
    crm.edit(json!({"do": "set_profile", "name": "Administrator", "permissions": permissions}))
        .unwrap();
    let path = format!("/Contacts/{}", crm.id("A"));
    let refused = crm.put(&path, quiet(json!([{"Title": "x"}]))).await;
    assert_eq!(
        (refused.status, refused.code()),
        (403, "NO_PERMISSION".to_owned())
    );
    assert_eq!(
        refused.json()["details"]["permissions"][0],
        "Crm_Implied_Edit_Contacts"
    );
    assert_eq!(crm.delete(&path).await.status, 403);
}

#[tokio::test]
async fn deletes_answer_200_207_or_400() {
    let crm = Crm::with(json!({"contacts": contacts(&["A", "B", "C"])})).await;
    let (a, b, c) = (crm.id("A"), crm.id("B"), crm.id("C"));
    assert_eq!(
        crm.delete(&format!("/Contacts?ids={a}&wf_trigger=false"))
            .await
            .status,
        200
    );
    let mixed = crm.delete(&format!("/Contacts?ids={a},{b}")).await;
    assert_eq!(
        (mixed.status, &mixed.json()["data"][0]["code"]),
        (207, &json!("INVALID_DATA"))
    );
    let gone = crm.delete(&format!("/Contacts?ids={a}")).await;
    assert_eq!((gone.status, gone.code()), (400, "INVALID_DATA".to_owned()));
    assert_eq!(crm.delete(&format!("/Contacts/{c}")).await.status, 200);
    assert_eq!(crm.delete(&format!("/Contacts/{c}")).await.status, 400);
    assert_eq!(crm.delete("/Contacts").await.code(), "REQUIRED_PARAM_MISSING");
    assert_eq!(
        (crm.counter("deletes_by_api"), crm.counter("writes_by_api")),
        (3, 3)
    );
}

#[tokio::test]
async fn the_state_names_the_fields_that_the_api_wrote() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    crm.edit(json!({"do": "update_contact", "id": crm.id("A"), "fields": {"Fax": "1"}}))
        .unwrap();
    crm.put(
        &format!("/Contacts/{}", crm.id("A")),
        quiet(json!([{"Title": "x"}])),
    )
    .await;
    assert_eq!(crm.state()["fields_written_by_api"], json!(["Title"]));
}
