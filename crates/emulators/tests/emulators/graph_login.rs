//! Tokens and what they allow.

use emulators::core::faults::{self, Rule};
use http::Request;
use serde_json::json;

use crate::graph_support::{ADA, CLIENT, Graph, SECRET, TENANT, form, world};

#[tokio::test]
async fn a_token_is_given_for_the_tenant_by_id_and_by_domain() {
    let graph = Graph::unsigned(&world(&json!({})));
    for tenant in [TENANT, "contoso.example"] {
        let answer = graph.login(tenant, &form(CLIENT, SECRET)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body["token_type"], "Bearer");
        assert_eq!(answer.body["expires_in"], 3599);
        assert!(answer.body.get("refresh_token").is_none());
    }
    assert_eq!(graph.count("tokens_issued"), 2);
}

#[tokio::test]
async fn wrong_credentials_are_refused_with_their_own_codes() {
    let graph = Graph::unsigned(&world(&json!({})));
    let bad_scope = form(CLIENT, SECRET).replace("%2F.default", "%2FContacts.Read");
    let no_secret = format!(
        "grant_type=client_credentials&client_id={CLIENT}&scope=https://graph.microsoft.com/.default"
    );
    let cases = [
        (TENANT, form(CLIENT, "wrong"), 401, "invalid_client", 7_000_215),
        (
            TENANT,
            form("unknown", SECRET),
            400,
            "unauthorized_client",
            700_016,
        ),
        (
            "fabrikam.example",
            form(CLIENT, SECRET),
            400,
            "invalid_request",
            90_002,
        ),
        (TENANT, bad_scope, 400, "invalid_scope", 70_011),
        (TENANT, no_secret, 401, "invalid_client", 7_000_216),
        (
            TENANT,
            "grant_type=password&client_id=x".to_owned(),
            400,
            "unsupported_grant_type",
            70_003,
        ),
    ];
    for (tenant, form, status, error, code) in cases {
        let answer = graph.login(tenant, &form).await;
        assert_eq!((answer.status, &answer.body["error"]), (status, &json!(error)));
        assert_eq!(answer.body["error_codes"], json!([code]));
        let text = answer.body["error_description"].as_str().unwrap();
        assert!(text.starts_with(&format!("AADSTS{code}: ")), "{text}");
        for name in ["timestamp", "trace_id", "correlation_id"] {
            assert!(answer.body[name].is_string());
        }
    }
    assert_eq!(graph.count("tokens_issued"), 0);
}

#[tokio::test]
async fn a_secret_that_is_sent_unencoded_is_another_secret() {
    let graph = Graph::unsigned(&world(&json!({})));
    let raw = format!(
        "grant_type=client_credentials&client_id={CLIENT}&client_secret={SECRET}&scope=https://graph.microsoft.com/.default"
    );
    assert_eq!(graph.login(TENANT, &raw).await.status, 401);
}

#[tokio::test]
async fn the_login_host_throttles_where_the_world_says_so() {
    let graph = Graph::unsigned(&world(&json!({"tokensPerMinute": 1})));
    assert_eq!(graph.login(TENANT, &form(CLIENT, SECRET)).await.status, 200);
    graph.advance(10);
    let answer = graph.login(TENANT, &form(CLIENT, SECRET)).await;
    assert_eq!(
        (answer.status, &answer.body["error"]),
        (429, &json!("temporarily_unavailable"))
    );
    assert_eq!(answer.headers["retry-after"], "50");
    graph.advance(50);
    assert_eq!(graph.login(TENANT, &form(CLIENT, SECRET)).await.status, 200);
}

#[tokio::test]
async fn the_login_host_can_be_down() {
    let graph = Graph::unsigned(&world(&json!({})));
    for (status, body) in [
        (
            503,
            json!({"error": "temporarily_unavailable", "error_codes": [90_033]}),
        ),
        (500, json!({})),
    ] {
        graph.fault(Rule {
            path: Some("*/oauth2/v2.0/token".to_owned()),
            answer: Some(faults::Answer {
                status,
                headers: [].into(),
                body: body.clone(),
            }),
            ..Rule::default()
        });
        let answer = graph.login(TENANT, &form(CLIENT, SECRET)).await;
        assert_eq!((answer.status, answer.body), (status, body));
        assert_eq!(graph.login(TENANT, &form(CLIENT, SECRET)).await.status, 200);
    }
}

#[tokio::test]
async fn a_token_ends_by_the_emulators_clock_and_by_revocation() {
    let mut graph = Graph::new().await;
    let path = format!("/users/{ADA}/contactFolders");
    assert_eq!(graph.get(&path).await.status, 200);
    graph.advance(3598);
    assert_eq!(graph.get(&path).await.status, 200);
    graph.advance(1);
    let answer = graph.get(&path).await;
    assert_eq!(
        (answer.status, answer.code()),
        (401, "InvalidAuthenticationToken")
    );
    assert!(answer.headers.contains_key("www-authenticate"));
    graph.sign_in().await;
    graph.edit(&json!({"do": "revoke_tokens", "clientId": CLIENT}));
    assert_eq!(graph.get(&path).await.status, 401);
}

#[tokio::test]
async fn a_rotated_secret_is_needed_for_the_next_token_only() {
    let graph = Graph::new().await;
    graph.edit(&json!({"do": "rotate_secret", "clientId": CLIENT, "secret": "new"}));
    assert_eq!(graph.get("/organization").await.status, 200);
    assert_eq!(graph.login(TENANT, &form(CLIENT, SECRET)).await.status, 401);
    assert_eq!(graph.login(TENANT, &form(CLIENT, "new")).await.status, 200);
    graph.edit(&json!({"do": "expire_secret", "clientId": CLIENT}));
    let answer = graph.login(TENANT, &form(CLIENT, "new")).await;
    assert_eq!(answer.body["error_codes"], json!([7_000_222]));
}

#[tokio::test]
async fn a_token_does_not_prove_consent_and_a_consent_shows_in_the_next_token() {
    let apps = json!([{"clientId": CLIENT, "clientSecret": SECRET, "permissions": []}]);
    let mut graph = Graph::with(&json!({"apps": apps})).await;
    let folders = format!("/users/{ADA}/contactFolders");
    let answer = graph.get(&folders).await;
    assert_eq!((answer.status, answer.code()), (403, "ErrorAccessDenied"));
    let answer = graph.get("/organization").await;
    assert_eq!(
        (answer.status, answer.code()),
        (403, "Authorization_RequestDenied")
    );
    graph.edit(&json!({"do": "grant_permission", "clientId": CLIENT, "permission": "Contacts.ReadWrite"}));
    assert_eq!(graph.get(&folders).await.status, 403);
    graph.sign_in().await;
    assert_eq!(graph.get(&folders).await.status, 200);
}

#[tokio::test]
async fn no_token_no_answer_and_every_answer_carries_its_ids() {
    let graph = Graph::new().await;
    let request = Request::get("/v1.0/organization").header("client-request-id", "abc");
    let answer = graph.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(
        (answer.status, answer.code()),
        (401, "InvalidAuthenticationToken")
    );
    assert_eq!(answer.headers["client-request-id"], "abc");
    let inner = &answer.body["error"]["innerError"];
    assert_eq!(inner["client-request-id"], "abc");
    assert_eq!(
        inner["request-id"].as_str(),
        answer.headers["request-id"].to_str().ok()
    );
    assert_eq!(inner["date"], "2026-10-01T09:00:00");
}

#[tokio::test]
async fn the_same_seed_gives_the_same_tokens_and_ids() {
    let (one, two) = (Graph::new().await, Graph::new().await);
    assert_eq!(one.token, two.token);
    assert_eq!(one.folder().await, two.folder().await);
}
