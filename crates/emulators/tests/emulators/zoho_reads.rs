//! Listing and reading contacts, and the deleted list.

use serde_json::{Value, json};

use crate::zoho_support::{Crm, contacts};

#[tokio::test]
async fn a_list_without_fields_is_refused() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    let refused = crm.get("/Contacts").await;
    assert_eq!(
        (refused.status, refused.code()),
        (400, "REQUIRED_PARAM_MISSING".to_owned())
    );
    assert_eq!(crm.get("/Contacts?fields=Nonsense").await.code(), "INVALID_DATA");
    let many = vec!["id"; 51].join(",");
    assert_eq!(
        crm.get(&format!("/Contacts?fields={many}")).await.code(),
        "LIMIT_EXCEEDED"
    );
}

#[tokio::test]
async fn no_rows_is_204_without_a_body() {
    let crm = Crm::with(json!({})).await;
    let empty = crm.get("/Contacts?fields=id").await;
    assert_eq!((empty.status, empty.text.as_str()), (204, ""));
    assert_eq!(crm.get("/Contacts/1").await.status, 204);
    assert_eq!(crm.get("/Contacts/deleted").await.status, 204);
}

#[tokio::test]
async fn times_have_whole_seconds_and_the_offset_of_the_tokens_user() {
    let crm = Crm::with(json!({"contacts": [
        {"owner": "bob@example.com", "createdTime": "2026-01-05T10:00:00.9+01:00", "fields": {"Last_Name": "A"}},
    ]}))
    .await;
    let row = crm.get("/Contacts?fields=Created_Time,Owner").await.rows()[0].clone();
    assert_eq!(row["Created_Time"], "2026-01-05T14:30:00+05:30");
    assert_eq!(row["Owner"]["email"], "bob@example.com");
    crm.edit(json!({"do": "set_user", "user": "ann@example.com", "timeZone": "America/New_York"}))
        .unwrap();
    let row = crm.get("/Contacts?fields=Created_Time").await.rows()[0].clone();
    assert_eq!(row["Created_Time"], "2026-01-05T04:00:00-05:00");
}

#[tokio::test]
async fn page_stops_at_2000_rows_and_the_token_goes_on() {
    let crm = Crm::with(json!({"generate": [{"owner": "ann@example.com", "count": 2_150}]})).await;
    assert_eq!(crm.get("/Contacts?fields=id&page=10").await.ids().len(), 200);
    let stopped = crm.get("/Contacts?fields=id&page=11").await;
    assert_eq!(
        (stopped.status, stopped.code()),
        (400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED".to_owned())
    );

    let mut seen = Vec::new();
    let mut path = "/Contacts?fields=id".to_owned();
    loop {
        let page = crm.get(&path).await;
        seen.extend(page.ids());
        let info = page.json()["info"].clone();
        let Some(token) = info["next_page_token"].as_str() else {
            assert_eq!(info["more_records"], false);
            break;
        };
        path = format!("/Contacts?fields=id&page_token={token}");
    }
    assert_eq!(seen.len(), 2_150);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 2_150);
}

#[tokio::test]
async fn a_page_token_is_bound_to_its_parameters_and_lives_a_day() {
    let mut crm = Crm::with(json!({"contacts": contacts(&["A", "B", "C"])})).await;
    let info = crm.get("/Contacts?fields=id&per_page=1").await.json()["info"].clone();
    let token = info["next_page_token"].as_str().unwrap();
    let other = crm
        .get(&format!("/Contacts?fields=Email&per_page=1&page_token={token}"))
        .await;
    assert_eq!(other.code(), "TOKEN_BOUND_DATA_MISMATCH");
    let both = crm
        .get(&format!(
            "/Contacts?fields=id&per_page=1&page=2&page_token={token}"
        ))
        .await;
    assert_eq!(both.code(), "AMBIGUITY_DURING_PROCESSING");
    assert_eq!(
        crm.get("/Contacts?fields=id&per_page=1&page_token=made-up")
            .await
            .code(),
        "INVALID_DATA"
    );
    crm.pass(86_400);
    crm.token = crm.fresh_token().await;
    let late = crm
        .get(&format!("/Contacts?fields=id&per_page=1&page_token={token}"))
        .await;
    assert_eq!(late.code(), "EXPIRED_VALUE");
}

#[tokio::test]
async fn if_modified_since_gives_later_rows_or_304() {
    let crm = Crm::with(json!({"contacts": contacts(&["A", "B"])})).await;
    crm.edit(json!({"do": "update_contact", "id": crm.id("B"), "fields": {"Title": "Buyer"}}))
        .unwrap();
    let changed = crm
        .get_since("/Contacts?fields=Last_Name", "2026-03-02T09:59:59+00:00")
        .await;
    assert_eq!(changed.rows()[0]["Last_Name"], "B");
    // Strictly later: a change in the very second of the header does not show.
    let same = crm
        .get_since("/Contacts?fields=Last_Name", "2026-03-02T10:00:00+00:00")
        .await;
    assert_eq!((same.status, same.text.as_str()), (304, ""));
    assert_eq!(
        crm.get_since("/Contacts?fields=id", "yesterday").await.status,
        400
    );
    let one = crm
        .get_since(&format!("/Contacts/{}", crm.id("A")), "2026-03-02T10:00:00+00:00")
        .await;
    assert_eq!(one.status, 304);
}

#[tokio::test]
async fn ids_picks_up_to_a_hundred_and_leaves_out_the_unknown() {
    let crm = Crm::with(json!({"contacts": contacts(&["A", "B", "C"])})).await;
    let path = format!(
        "/Contacts?fields=Last_Name&ids={},{},123&sort_by=id&sort_order=asc",
        crm.id("A"),
        crm.id("C")
    );
    assert_eq!(crm.get(&path).await.ids(), [crm.id("A"), crm.id("C")]);
    let many = vec!["1"; 101].join(",");
    assert_eq!(
        crm.get(&format!("/Contacts?fields=id&ids={many}")).await.code(),
        "LIMIT_EXCEEDED"
    );
}

#[tokio::test]
async fn rows_come_newest_first_unless_asked_otherwise() {
    let crm = Crm::with(json!({"contacts": contacts(&["A", "B"])})).await;
    crm.edit(json!({"do": "update_contact", "id": crm.id("A"), "fields": {"Title": "Buyer"}}))
        .unwrap();
    let (a, b) = (crm.id("A"), crm.id("B"));
    assert_eq!(crm.get("/Contacts?fields=id").await.ids(), [b.clone(), a.clone()]);
    assert_eq!(
        crm.get("/Contacts?fields=id&sort_by=Modified_Time").await.ids(),
        [a, b]
    );
    assert_eq!(
        crm.get("/Contacts?fields=id&sort_by=Last_Name").await.code(),
        "INVALID_DATA"
    );
}

#[tokio::test]
async fn a_record_names_its_account_where_a_query_gives_the_id_only() {
    let crm = Crm::with(json!({"contacts": [
        {"owner": "ann@example.com", "account": "Example Industries", "fields": {"Last_Name": "A", "First_Name": "Ada"}},
    ]}))
    .await;
    let record = crm.get(&format!("/Contacts/{}", crm.id("A"))).await.rows()[0].clone();
    assert_eq!(
        (&record["Account_Name"]["name"], &record["Full_Name"]),
        (&json!("Example Industries"), &json!("Ada A"))
    );
    let row = crm
        .coql("select Account_Name, Owner from Contacts where Last_Name = 'A'")
        .await
        .rows()[0]
        .clone();
    assert_eq!(row["Account_Name"], json!({"id": record["Account_Name"]["id"]}));
    assert_eq!(row["Owner"], json!({"id": crm.user("ann@example.com")}));
}

#[tokio::test]
async fn a_restricted_field_reads_as_null_although_it_holds_a_value() {
    let crm = Crm::with(json!({"contacts": [
        {"owner": "ann@example.com", "fields": {"Last_Name": "A", "Mobile": "123"}},
    ]}))
    .await;
    crm.edit(json!({"do": "set_field_meta", "field": "Mobile", "private": "High"}))
        .unwrap();
    assert_eq!(
        crm.get("/Contacts?fields=Mobile").await.rows()[0]["Mobile"],
        Value::Null
    );
    assert_eq!(
        crm.coql("select Mobile from Contacts where Last_Name = 'A'")
            .await
            .rows()[0]["Mobile"],
        Value::Null
    );
    assert_eq!(crm.state()["contacts"][0]["Mobile"], "123");
}

#[tokio::test]
async fn without_the_right_to_all_records_those_of_others_are_gone_without_a_trace() {
    let crm = Crm::with(json!({"contacts": [
        {"owner": "ann@example.com", "fields": {"Last_Name": "Mine"}},
        {"owner": "bob@example.com", "fields": {"Last_Name": "His"}},
    ]}))
    .await;
    crm.edit(json!({"do": "set_user", "user": "ann@example.com", "profile": "Standard"}))
        .unwrap();
    assert_eq!(crm.get("/Contacts?fields=id").await.ids(), [crm.id("Mine")]);
    let query = format!(
        "select id from Contacts where Owner = '{}'",
        crm.user("bob@example.com")
    );
    assert_eq!(crm.coql(&query).await.status, 204);
    assert_eq!(crm.get("/Contacts/deleted").await.status, 204);
}

#[tokio::test]
async fn deleted_rows_show_only_in_the_deleted_list_newest_first() {
    let crm = Crm::with(json!({"contacts": contacts(&["A", "B", "C"])})).await;
    let (a, b) = (crm.id("A"), crm.id("B"));
    crm.edit(json!({"do": "delete_contact", "id": a})).unwrap();
    crm.pass(10);
    crm.edit(json!({"do": "delete_contact", "id": b, "permanent": true}))
        .unwrap();
    assert_eq!(crm.get("/Contacts?fields=id").await.ids(), [crm.id("C")]);
    assert_eq!(crm.get(&format!("/Contacts/{a}")).await.status, 204);
    let rows = crm.get("/Contacts/deleted?type=all").await.rows();
    assert_eq!((&rows[0]["id"], &rows[1]["id"]), (&json!(b), &json!(a)));
    assert_eq!(
        (&rows[0]["type"], &rows[0]["display_name"], &rows[0]["deleted_by"]),
        (&json!("permanent"), &Value::Null, &Value::Null)
    );
    assert_eq!(
        (&rows[1]["display_name"], &rows[1]["deleted_by"]["name"]),
        (&json!("A"), &json!("Ann Able"))
    );
    assert_eq!(crm.get("/Contacts/deleted?type=recycle").await.ids(), [a]);
    assert_eq!(crm.get("/Contacts/deleted?per_page=1&page=3").await.status, 204);
    assert_eq!(
        crm.get_since("/Contacts/deleted", "2026-03-02T10:00:05+00:00")
            .await
            .ids(),
        [b]
    );
    assert_eq!(
        crm.get_since("/Contacts/deleted", "2026-03-02T10:00:10+00:00")
            .await
            .status,
        304
    );
}

#[tokio::test]
async fn the_deleted_list_forgets_names_after_60_days_and_all_after_120() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    crm.edit(json!({"do": "delete_contact", "id": crm.id("A")}))
        .unwrap();
    let mut crm = crm;
    for (days, expected) in [(59, Some("recycle")), (1, Some("permanent")), (60, None)] {
        crm.pass(days * 86_400);
        crm.token = crm.fresh_token().await;
        let reply = crm.get("/Contacts/deleted").await;
        match expected {
            Some(kind) => assert_eq!(reply.rows()[0]["type"], kind),
            None => assert_eq!(reply.status, 204),
        }
    }
}

#[tokio::test]
async fn a_restored_record_comes_back_with_its_old_modified_time() {
    let crm = Crm::with(json!({"contacts": contacts(&["A"])})).await;
    let id = crm.id("A");
    let before = crm.get("/Contacts?fields=Modified_Time").await.rows();
    crm.edit(json!({"do": "delete_contact", "id": id})).unwrap();
    crm.pass(60);
    crm.edit(json!({"do": "restore_contact", "id": id})).unwrap();
    assert_eq!(crm.get("/Contacts?fields=Modified_Time").await.rows(), before);
    assert_eq!(crm.get("/Contacts/deleted").await.status, 204);
}
