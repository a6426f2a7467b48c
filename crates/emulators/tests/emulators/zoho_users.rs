//! Changes of users, seats and editions.

use serde_json::{Value, json};

use crate::zoho_support::{Crm, Reply, organisation};

const BOB: &str = "bob@example.com";

async fn put(crm: &Crm, email: &str, row: Value) -> Reply {
    let path = format!("/users/{}", crm.user(email));
    crm.put(&path, json!({"users": [row]})).await
}

fn row_code(reply: &Reply) -> String {
    assert_eq!(reply.status, 400, "{}", reply.text);
    reply.json()["users"][0]["code"].as_str().unwrap().to_owned()
}

async fn licences(crm: &Crm) -> Value {
    crm.get("/__features/user_licenses").await.json()["__features"][0]["details"].clone()
}

#[tokio::test]
async fn a_user_is_switched_off_and_on() {
    let crm = Crm::with(json!({"licenses": 2})).await;
    assert_eq!(
        row_code(&put(&crm, BOB, json!({"status": "active"})).await),
        "ID_ALREADY_ACTIVE"
    );
    crm.pass(9);
    assert_eq!(put(&crm, BOB, json!({"status": "inactive"})).await.status, 200);
    assert_eq!(
        row_code(&put(&crm, BOB, json!({"status": "inactive"})).await),
        "ID_ALREADY_DEACTIVATED"
    );
    assert_eq!(licences(&crm).await["available_count"]["total"], 1);
    crm.edit(json!({"do": "add_user", "user": {"email": "joe@example.com"}}))
        .unwrap();
    assert_eq!(
        row_code(&put(&crm, BOB, json!({"status": "active"})).await),
        "LICENSE_LIMIT_EXCEEDED"
    );
    crm.edit(json!({"do": "set_licence", "licenses": 3})).unwrap();
    assert_eq!(put(&crm, BOB, json!({"status": "active"})).await.status, 200);
    let bob = crm.get(&format!("/users/{}", crm.user(BOB))).await.json()["users"][0].clone();
    assert_eq!(bob["Modified_Time"], "2026-03-02T15:30:09+05:30");
    assert_eq!(crm.counter("user_updates_by_api"), 2);
}

#[tokio::test]
async fn role_and_profile_change_by_id() {
    let crm = Crm::with(
        json!({"roles": [{"id": "77", "name": "Manager"}], "profiles": [{"id": "88", "name": "Sales"}]}),
    )
    .await;
    let changed = put(&crm, BOB, json!({"role": {"id": "77"}, "profile": "88"})).await;
    assert_eq!(
        (changed.status, &changed.json()["users"][0]["code"]),
        (200, &json!("SUCCESS"))
    );
    let bob = crm.get(&format!("/users/{}", crm.user(BOB))).await.json()["users"][0].clone();
    assert_eq!(
        (&bob["role"]["name"], &bob["profile"]["name"]),
        (&json!("Manager"), &json!("Sales"))
    );
    assert_eq!(
        row_code(&put(&crm, BOB, json!({"role": "78"})).await),
        "INVALID_DATA"
    );
}

#[tokio::test]
async fn the_super_admin_and_oneself_are_protected() {
    let mut other = organisation(&json!({}));
    other["users"][1]["profile"] = json!("Administrator");
    other["clients"][0]["user"] = json!(BOB);
    let crm = Crm::of(vec![other]).await;
    let ann = put(&crm, "ann@example.com", json!({"status": "inactive"})).await;
    assert_eq!(row_code(&ann), "INVALID_REQUEST");
    assert_eq!(ann.json()["users"][0]["details"]["json_path"], "$.users[0].id");
    let itself = put(&crm, BOB, json!({"status": "inactive"})).await;
    assert_eq!(
        (row_code(&itself), &itself.json()["users"][0]["details"]),
        ("INVALID_REQUEST".to_owned(), &json!({}))
    );
    let deleted = crm
        .delete(&format!("/users/{}", crm.user("ann@example.com")))
        .await;
    assert_eq!(row_code(&deleted), "INVALID_REQUEST");
}

#[tokio::test]
async fn a_deleted_user_stays_deleted_and_keeps_its_records() {
    let crm = Crm::with(json!({"contacts": [{"owner": BOB, "fields": {"Last_Name": "A"}}]})).await;
    let path = format!("/users/{}", crm.user(BOB));
    let deleted = crm.delete(&path).await;
    assert_eq!(
        (deleted.status, &deleted.json()["users"][0]["details"]),
        (200, &json!({}))
    );
    assert_eq!(row_code(&crm.delete(&path).await), "ID_ALREADY_DELETED");
    assert_eq!(
        row_code(&put(&crm, BOB, json!({"status": "active"})).await),
        "CANNOT_UPDATE_DELETED_USER"
    );
    assert_eq!(crm.state()["contacts"][0]["Owner"]["email"], BOB);
    assert_eq!(crm.counter("user_deletes_by_api"), 1);
}

#[tokio::test]
async fn what_is_not_there_or_not_ours_is_refused() {
    let crm = Crm::with(json!({})).await;
    for refused in [
        crm.put("/users/12345", json!({"users": [{"status": "active"}]}))
            .await,
        crm.delete("/users/12345").await,
    ] {
        assert_eq!((refused.status, refused.code().as_str()), (400, "INVALID_DATA"));
        assert_eq!(refused.json()["details"]["resource_path_index"], 1);
    }
    assert_eq!(
        row_code(&put(&crm, BOB, json!({"time_zone": "UTC"})).await),
        "NOT_ALLOWED"
    );
    assert_eq!(
        row_code(&put(&crm, BOB, json!({"email": "b@example.com"})).await),
        "EMAIL_UPDATE_NOT_ALOWED"
    );
    assert_eq!(
        row_code(&put(&crm, BOB, json!({"status": "closed"})).await),
        "INVALID_DATA"
    );
    crm.edit(json!({"do": "disable_user", "user": BOB, "status": "closed"}))
        .unwrap();
    let closed = crm.delete(&format!("/users/{}", crm.user(BOB))).await;
    assert_eq!(
        (closed.status, closed.code().as_str()),
        (403, "PERMISSION_DENIED")
    );
}

#[tokio::test]
async fn a_sandbox_and_an_ended_trial_change_no_users() {
    for (extra, code) in [
        (json!({"type": "sandbox"}), "NOT_ALLOWED"),
        (
            json!({"trialType": "enterprise", "trialExpiry": "-1h"}),
            "AUTHORIZATION_FAILED",
        ),
    ] {
        let crm = Crm::with(extra).await;
        assert_eq!(
            row_code(&put(&crm, BOB, json!({"status": "inactive"})).await),
            code
        );
    }
}

#[tokio::test]
async fn a_downgrade_disables_users_with_its_reason() {
    let crm = Crm::with(json!({"users": [
        {"email": "ann@example.com", "profile": "Administrator"}, {"email": BOB}, {"email": "joe@example.com"},
    ]}))
    .await;
    crm.edit(json!({"do": "downgrade", "edition": "standard", "licenses": 2}))
        .unwrap();
    let off = crm.get("/users?type=DeactiveUsers").await.json();
    assert_eq!(
        (
            &off["users"][0]["email"],
            &off["users"][0]["status"],
            &off["users"][0]["status_reason__s"]
        ),
        (
            &json!("joe@example.com"),
            &json!("disabled"),
            &json!("disabled due to license downgrade")
        )
    );
    assert_eq!(licences(&crm).await["used_count"]["total"], 2);
    let org = crm.get("/org").await.json()["org"][0]["license_details"].clone();
    assert_eq!(
        (&org["paid_type"], &org["users_license_purchased"]),
        (&json!("standard"), &json!(2))
    );
    assert_eq!(
        row_code(&put(&crm, "joe@example.com", json!({"status": "active"})).await),
        "LICENSE_LIMIT_EXCEEDED"
    );
}

#[tokio::test]
async fn a_trial_shows_in_the_organisation_until_it_is_bought() {
    let crm =
        Crm::with(json!({"trialType": "enterprise", "trialExpiry": "2026-03-09T10:00:00Z", "paid": false}))
            .await;
    let licence = async || crm.get("/org").await.json()["org"][0]["license_details"].clone();
    let trial = licence().await;
    assert_eq!(
        (&trial["paid"], &trial["trial_type"], &trial["trial_expiry"]),
        (
            &json!(false),
            &json!("enterprise"),
            &json!("2026-03-09T10:00:00+00:00")
        )
    );
    crm.edit(json!({"do": "set_licence", "paid": true, "trialType": false}))
        .unwrap();
    let bought = licence().await;
    assert_eq!(
        (&bought["paid"], &bought["trial_type"]),
        (&json!(true), &Value::Null)
    );
}
