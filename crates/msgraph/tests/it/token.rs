//! Tokens: one for all, renewed once, errors told apart.

use std::time::Duration;

use futures::future::join_all;
use msgraph::{Class, Error, TokenError};
use serde_json::json;

use crate::support::{Fixture, GRANT, Say, error, sequence};

fn user() -> Say {
    Say::Json(200, json!({ "id": "u-1" }))
}

#[tokio::test]
async fn many_callers_share_one_token() {
    let fixture = Fixture::slow(Duration::from_secs(1), |_| user());
    let users = fixture.graph.users();
    let calls = fixture
        .run(join_all((0..20).map(|_| users.get("ada@example.com").send())))
        .await;
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!(fixture.service.tokens(), 1);
    let asked = fixture.service.all().remove(0);
    assert_eq!(asked.uri, "https://login.test/tenant-1/oauth2/v2.0/token");
    assert_eq!(asked.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(
        asked.text,
        "client_id=app-1&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_secret=s3cr3t%7Evalue&grant_type=client_credentials"
    );
}

#[tokio::test]
async fn it_is_renewed_before_it_expires() {
    let fixture = Fixture::new(|_| user());
    fixture.graph.users().get("u").send().await.unwrap();
    fixture.clock.advance(Duration::from_mins(50));
    fixture.graph.users().get("u").send().await.unwrap();
    assert_eq!(fixture.service.tokens(), 1);
    fixture.clock.advance(Duration::from_mins(5));
    fixture.graph.users().get("u").send().await.unwrap();
    assert_eq!(fixture.service.tokens(), 2);
    assert_eq!(fixture.service.seen()[2].header("authorization"), "Bearer token2");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_call_repeated_once() {
    let fixture = Fixture::new(|seen| {
        if seen.header("authorization") == "Bearer token1" {
            error(401, "InvalidAuthenticationToken")
        } else {
            user()
        }
    });
    fixture.graph.users().get("u").send().await.unwrap();
    assert_eq!((fixture.service.tokens(), fixture.service.seen().len()), (2, 2));

    let fixture = Fixture::new(|_| error(401, "InvalidAuthenticationToken"));
    let refused = fixture.graph.users().get("u").send().await.unwrap_err();
    assert_eq!(refused.class(), Class::Auth);
    assert_eq!((fixture.service.tokens(), fixture.service.seen().len()), (2, 2));
}

#[tokio::test]
async fn a_create_is_repeated_after_a_401_as_it_had_no_effect() {
    let fixture = Fixture::new(sequence(vec![
        error(401, "InvalidAuthenticationToken"),
        Say::Json(201, json!({ "id": "f" })),
    ]));
    let folder = fixture
        .mailbox()
        .contact_folders()
        .create("Zoho CRM Contacts", "m")
        .send()
        .await
        .unwrap();
    assert_eq!(folder.id, "f");
}

#[tokio::test]
async fn refusals_of_the_token_endpoint_are_told_apart_and_not_repeated() {
    let no = |error: &str, code: u64| json!({ "error": error, "error_description": "AADSTS: ada@example.com", "error_codes": [code] });
    for (status, body, expected, class) in [
        (
            401,
            no("invalid_client", 7_000_215),
            "the client secret is wrong",
            Class::Auth,
        ),
        (
            401,
            no("invalid_client", 7_000_222),
            "the client secret has expired",
            Class::Auth,
        ),
        (
            400,
            no("unauthorized_client", 700_016),
            "the tenant does not know the application",
            Class::Auth,
        ),
        (
            400,
            no("invalid_request", 90_002),
            "there is no such tenant",
            Class::Auth,
        ),
        (
            503,
            json!("gone fishing"),
            "the token endpoint is unavailable (status 503)",
            Class::Transient,
        ),
    ] {
        let fixture = Fixture::raw(Duration::ZERO, move |_| Say::Json(status, body.clone()));
        let error = fixture.graph.authenticate().await.unwrap_err();
        assert_eq!(error.to_string(), format!("no token: {expected}"));
        assert_eq!(error.class(), class);
        assert_eq!(fixture.service.all().len(), 1);
    }
}

#[tokio::test]
async fn a_throttled_token_endpoint_names_its_wait() {
    let fixture = Fixture::raw(Duration::ZERO, |_| Say::Wait(429, "30", json!({})));
    let error = fixture
        .mailbox()
        .contact_folders()
        .create("n", "m")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Throttled(Some(Duration::from_secs(30))));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
}

#[tokio::test]
async fn a_lost_token_answer_leaves_no_doubt_about_the_create() {
    let fixture = Fixture::raw(Duration::ZERO, |_| Say::Lost);
    let error = fixture
        .mailbox()
        .contact_folders()
        .create("n", "m")
        .send()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Token(TokenError::Network(_))), "{error}");
    assert_eq!(error.class(), Class::Transient);
    // The next call asks again.
    let fixture = Fixture::raw(Duration::ZERO, {
        let script = sequence(vec![Say::Lost, GRANT]);
        move |seen| {
            if seen.uri.contains("login") {
                script(seen)
            } else {
                user()
            }
        }
    });
    assert!(fixture.graph.authenticate().await.is_err());
    assert!(fixture.graph.authenticate().await.is_ok());
}
