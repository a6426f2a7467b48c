//! Tokens, scopes and who may call.

use serde_json::json;

use crate::zoho_support::{Crm, organisation};

#[tokio::test]
async fn a_token_answer_names_the_domain_it_was_asked_under_and_says_bearer() {
    let crm = Crm::with(json!({})).await;
    let answer = crm.login("client", "secret", "refresh").await.json();
    assert_eq!(answer["api_domain"], "http://accounts.example:81");
    assert_eq!(
        (&answer["token_type"], &answer["expires_in"]),
        (&json!("Bearer"), &json!(3600))
    );
    assert!(answer.get("refresh_token").is_none());
}

#[tokio::test]
async fn a_login_error_comes_with_status_200_most_of_the_time() {
    let crm = Crm::with(json!({})).await;
    let wrong_secret = crm.login("client", "wrong", "refresh").await;
    assert_eq!(
        (wrong_secret.status, wrong_secret.json()),
        (200, json!({"error": "invalid_client"}))
    );
    let wrong_grant = crm.login("client", "secret", "wrong").await;
    assert_eq!(
        (wrong_grant.status, wrong_grant.json()),
        (200, json!({"error": "invalid_code"}))
    );
    assert_eq!(crm.login("client", "wrong", "refresh").await.status, 400);
}

#[tokio::test]
async fn the_eleventh_token_in_ten_minutes_is_denied() {
    let crm = Crm::with(json!({})).await;
    for _ in 0..9 {
        crm.fresh_token().await;
    }
    let denied = crm.login("client", "secret", "refresh").await;
    assert_eq!(
        (denied.status, &denied.json()["error"]),
        (400, &json!("Access Denied"))
    );
    assert_eq!(denied.json()["status"], "failure");
    // The other form that it has, which a look at the status does not tell from success.
    let again = crm.login("client", "secret", "refresh").await;
    assert_eq!((again.status, again.json()), (200, denied.json()));
    crm.pass(599);
    assert_eq!(crm.login("client", "secret", "refresh").await.status, 400);
    crm.pass(1);
    crm.fresh_token().await;
    assert_eq!(
        (crm.counter("tokens_issued"), crm.counter("token_throttled")),
        (11, 3)
    );
}

#[tokio::test]
async fn old_clients_get_their_lifetime_in_milliseconds_beside_the_seconds() {
    let mut old = organisation(&json!({}));
    old["clients"][0]["oldAnswers"] = json!(true);
    let crm = Crm::of(vec![old]).await;
    let answer = crm.login("client", "secret", "refresh").await.json();
    assert_eq!(
        (&answer["expires_in_sec"], &answer["expires_in"]),
        (&json!(3_600), &json!(3_600_000))
    );
}

#[tokio::test]
async fn the_sixteenth_active_token_ends_the_oldest() {
    let crm = Crm::with(json!({})).await;
    for count in 0..15 {
        if count == 9 {
            crm.pass(600);
        }
        assert_eq!(crm.get("/org").await.status, 200);
        crm.fresh_token().await;
    }
    let refused = crm.get("/org").await;
    assert_eq!(
        (refused.status, refused.code()),
        (401, "INVALID_OAUTHTOKEN".to_owned())
    );
}

#[tokio::test]
async fn a_token_ends_after_an_hour() {
    let crm = Crm::with(json!({})).await;
    crm.pass(3_599);
    assert_eq!(crm.get("/org").await.status, 200);
    crm.pass(1);
    let refused = crm.get("/org").await;
    assert_eq!(
        (refused.status, refused.code()),
        (401, "INVALID_TOKEN".to_owned())
    );
}

#[tokio::test]
async fn bearer_is_not_the_word() {
    let crm = Crm::with(json!({})).await;
    let request = http::Request::get("/crm/v8/org")
        .header("authorization", format!("Bearer {}", crm.token))
        .body(axum::body::Body::empty())
        .unwrap();
    let refused = crm.send(request).await;
    assert_eq!(
        (refused.status, refused.code()),
        (401, "AUTHENTICATION_FAILURE".to_owned())
    );
}

#[tokio::test]
async fn a_missing_scope_is_refused_call_by_call() {
    let crm = Crm::with(json!({})).await;
    let scopes = ["ZohoCRM.org.READ", "ZohoCRM.modules.READ"];
    crm.edit(json!({"do": "set_scopes", "clientId": "client", "scopes": scopes}))
        .unwrap();
    assert_eq!(crm.get("/org").await.status, 200);
    assert_eq!(crm.get("/Contacts?fields=id").await.status, 204);
    for refused in [
        crm.get("/users").await,
        crm.coql("select id from Contacts where id is not null").await,
        crm.delete("/Contacts?ids=1").await,
        crm.get("/settings/profiles").await,
    ] {
        assert_eq!(
            (refused.status, refused.code()),
            (401, "OAUTH_SCOPE_MISMATCH".to_owned())
        );
    }
}

#[tokio::test]
async fn a_rotated_secret_stops_new_tokens_and_a_revoked_grant_stops_all() {
    let crm = Crm::with(json!({})).await;
    crm.edit(json!({"do": "rotate_secret", "clientId": "client", "secret": "new"}))
        .unwrap();
    assert_eq!(
        crm.login("client", "secret", "refresh").await.json()["error"],
        "invalid_client"
    );
    assert!(crm.login("client", "new", "refresh").await.json()["access_token"].is_string());
    assert_eq!(crm.get("/org").await.status, 200);

    crm.edit(json!({"do": "revoke_refresh_token", "clientId": "client"}))
        .unwrap();
    assert_eq!(
        crm.login("client", "new", "refresh").await.json()["error"],
        "invalid_code"
    );
    assert_eq!(crm.get("/org").await.code(), "INVALID_TOKEN");
    crm.edit(json!({"do": "set_refresh_token", "clientId": "client", "refreshToken": "next"}))
        .unwrap();
    assert!(crm.login("client", "new", "next").await.json()["access_token"].is_string());
}

#[tokio::test]
async fn the_token_of_a_disabled_user_fails() {
    let crm = Crm::with(json!({})).await;
    crm.edit(json!({"do": "disable_user", "user": "ann@example.com"}))
        .unwrap();
    let refused = crm.get("/org").await;
    assert_eq!(
        (refused.status, refused.code()),
        (401, "AUTHENTICATION_FAILURE".to_owned())
    );
}

#[tokio::test]
async fn organisations_are_kept_apart() {
    let mut other = organisation(&json!({
        "id": "4000000000000000002",
        "companyName": "Other Ltd",
        "contacts": [{"owner": "ann@example.com", "fields": {"Last_Name": "Hidden"}}],
    }));
    other["clients"][0]["refreshToken"] = json!("other");
    let mut crm = Crm::of(vec![organisation(&json!({})), other]).await;
    assert_eq!(
        crm.get("/org").await.json()["org"][0]["id"],
        "4000000000000000001"
    );
    assert_eq!(crm.get("/Contacts?fields=id").await.status, 204);
    crm.token = crm.login("client", "secret", "other").await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        crm.get("/org").await.json()["org"][0]["company_name"],
        "Other Ltd"
    );
    assert_eq!(
        crm.get("/Contacts?fields=Last_Name").await.rows()[0]["Last_Name"],
        "Hidden"
    );
}

#[tokio::test]
async fn the_same_seed_gives_the_same_ids_and_tokens() {
    let world = json!({"generate": [{"owner": "ann@example.com", "count": 20, "imported": 5}]});
    let (one, two) = (Crm::with(world.clone()).await, Crm::with(world).await);
    assert_eq!(one.token, two.token);
    assert_eq!(one.state(), two.state());
}
