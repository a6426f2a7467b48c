//! Apps that act for a person who signed in, and what client libraries ask before they sign in.

use serde_json::{Value, json};

use crate::graph_support::{ADA, Answer, CLIENT, Graph, SECRET, TENANT, form};

async fn signed_in() -> Graph {
    let sign_in = json!({"clientId": CLIENT, "user": "bob@contoso.example", "refreshToken": "bobs"});
    let mut graph = Graph::with(&json!({"signIns": [sign_in], "secondBumpSeconds": 0})).await;
    let answer = refresh(&graph, "common", "bobs").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["refresh_token"], "bobs");
    graph.token = answer.body["access_token"].as_str().unwrap().to_owned();
    graph
}

async fn refresh(graph: &Graph, tenant: &str, token: &str) -> Answer {
    let form = format!("grant_type=refresh_token&client_id={CLIENT}&refresh_token={token}");
    graph.login(tenant, &form).await
}

#[tokio::test]
async fn a_person_works_in_the_own_mailbox_and_in_no_other() {
    let graph = signed_in().await;
    let made = graph
        .post("/me/contactFolders", &json!({"displayName": "Friends"}))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let own = graph.get("/users/bob@contoso.example/contactFolders").await;
    assert_eq!(own.rows()[0]["id"], json!(made.id()));
    let path = format!("/me/contactFolders/{}/contacts", made.id());
    graph.post(&path, &json!({"givenName": "Zoe"})).await;
    let changes = graph.get(&format!("{path}/delta")).await;
    assert_eq!(changes.rows().len(), 1);
    let link = changes.link("@odata.deltaLink").unwrap();
    assert!(link.starts_with("/v1.0/me/"), "{link}");
    assert_eq!(graph.get(&link).await.status, 200);
    let other = graph.get(&format!("/users/{ADA}/contactFolders")).await;
    assert_eq!((other.status, other.code()), (403, "ErrorAccessDenied"));
}

#[tokio::test]
async fn an_app_on_its_own_is_nobody() {
    let graph = Graph::new().await;
    let answer = graph.get("/me/contactFolders").await;
    assert_eq!((answer.status, answer.code()), (400, "BadRequest"));
}

#[tokio::test]
async fn a_refresh_token_that_is_not_known_is_refused() {
    let graph = signed_in().await;
    for (tenant, token) in [("common", "other"), ("fabrikam.example", "bobs")] {
        let answer = refresh(&graph, tenant, token).await;
        assert_eq!(
            (answer.status, &answer.body["error"]),
            (400, &json!("invalid_grant"))
        );
    }
    graph.edit(&json!({"do": "delete_user", "user": "bob@contoso.example"}));
    assert_eq!(refresh(&graph, "common", "bobs").await.status, 400);
}

#[tokio::test]
async fn the_login_host_tells_its_addresses() {
    let graph = Graph::new().await;
    let ask = |tenant: &str| {
        let request = http::Request::get(format!("/{tenant}/v2.0/.well-known/openid-configuration"))
            .header("host", "login.test")
            .body(axum::body::Body::empty());
        graph.send(request.unwrap())
    };
    let found = ask(TENANT).await.body;
    let token = format!("http://login.test/{TENANT}/oauth2/v2.0/token");
    assert_eq!(found["token_endpoint"], json!(token));
    let answer = graph
        .login(
            token
                .trim_start_matches("http://login.test/")
                .trim_end_matches("/oauth2/v2.0/token"),
            &form(CLIENT, SECRET),
        )
        .await;
    assert_eq!(answer.status, 200);
    let unknown = ask("fabrikam.example").await;
    assert_eq!(
        (unknown.status, &unknown.body["error"]),
        (400, &json!("invalid_tenant"))
    );
}

#[tokio::test]
async fn nobody_has_a_photo() {
    let graph = Graph::new().await;
    let folder = graph.folder().await;
    let made = graph.contact(&folder, "Zoe", "r1").await.id();
    let photo = graph
        .get(&format!("/users/{ADA}/contacts/{made}/photo/$value"))
        .await;
    assert_eq!((photo.status, photo.code()), (404, "ImageNotFound"));
    assert_eq!(photo.body["value"], Value::Null);
}
