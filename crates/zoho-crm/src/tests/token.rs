use std::time::Duration;

use serde_json::json;
use url::Url;

use super::support::*;
use crate::{ApiHosts, Class, DataCenter, Environment, Error, LimitSettings, TokenError};

fn org() -> Say {
    Say::Json(
        200,
        json!({"org": [{"id": "1", "type": "production",
        "license_details": {"paid": true, "paid_type": "zohogalaxy", "users_license_purchased": 3}}]}),
    )
}

fn token_error(error: &Error) -> &TokenError {
    match error {
        Error::Token(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_refresh_grant_is_posted_as_a_form_and_the_token_goes_to_the_known_host() {
    let World { server, zoho, .. } = world();
    server.answer(org());
    zoho.org().await.unwrap();
    let grant = &server.token_calls()[0];
    assert_eq!(
        (grant.method.as_str(), grant.url.as_str()),
        ("POST", "https://accounts.zoho.eu/oauth/v2/token")
    );
    assert_eq!(grant.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(
        grant.body,
        "grant_type=refresh_token&client_id=1000.CLIENT&client_secret=hush-secret&refresh_token=hush-refresh"
    );
    let call = &server.calls()[0];
    assert_eq!(call.url, "https://www.zohoapis.eu/crm/v8/org");
    assert_eq!(call.header("authorization"), "Zoho-oauthtoken access-1");
}

#[tokio::test]
async fn many_first_calls_fetch_one_token() {
    let World { server, zoho, .. } = world();
    for _ in 0..8 {
        server.answer(org());
    }
    let calls = (0..8).map(|_| zoho.org());
    for result in futures::future::join_all(calls).await {
        result.unwrap();
    }
    assert_eq!(server.token_calls().len(), 1);
}

#[tokio::test]
async fn a_token_is_kept_until_five_minutes_before_its_end() {
    let World { server, clock, zoho } = world();
    for _ in 0..3 {
        server.answer(org());
    }
    zoho.org().await.unwrap();
    clock.advance(Duration::from_mins(54));
    zoho.org().await.unwrap();
    assert_eq!(server.token_calls().len(), 1);
    clock.advance(Duration::from_mins(1));
    zoho.org().await.unwrap();
    assert_eq!(server.token_calls().len(), 2);
}

#[tokio::test]
async fn the_seconds_of_old_clients_are_read_first() {
    let World { server, clock, zoho } = world();
    server.token(Say::Json(
        200,
        json!({"access_token": "a", "expires_in_sec": 1200, "expires_in": 1_200_000}),
    ));
    server.answer(org());
    server.answer(org());
    zoho.org().await.unwrap();
    clock.advance(Duration::from_mins(15));
    zoho.org().await.unwrap();
    assert_eq!(server.token_calls().len(), 2);
}

#[tokio::test]
async fn a_token_for_an_unknown_host_is_sent_nowhere() {
    for domain in [
        "https://www.zohoapis.eu.example.com",
        "https://evil.example",
        "http://www.zohoapis.eu",
        "https://www.zohoapis.com",
        "https://sandbox.zohoapis.eu",
        "https://www.zohoapis.eu@evil.example",
        "nonsense",
    ] {
        let World { server, zoho, .. } = world();
        server.token(Say::Json(
            200,
            json!({"access_token": "a", "expires_in": 3600, "api_domain": domain}),
        ));
        let error = zoho.org().await.unwrap_err();
        assert!(
            matches!(token_error(&error), TokenError::UnknownApiHost { .. }),
            "{domain}"
        );
        assert_eq!(error.class(), Class::Auth);
        assert!(server.calls().is_empty(), "{domain}");
        // Nor is another token asked for at once.
        zoho.org().await.unwrap_err();
        assert_eq!(server.token_calls().len(), 1);
    }
}

#[tokio::test]
async fn an_override_takes_all_calls() {
    let url = Url::parse("http://127.0.0.1:9999/").unwrap();
    let mut config = config();
    config.api_hosts = ApiHosts::of(DataCenter::Eu, Environment::Production).overridden_by(Some(&url));
    let World { server, zoho, .. } = world_with(config, LimitSettings::default(), None);
    server.token(Say::Json(
        200,
        json!({"access_token": "a", "expires_in": 3600, "api_domain": "http://127.0.0.1:9999"}),
    ));
    server.answer(org());
    zoho.org().await.unwrap();
    assert_eq!(server.calls()[0].url, "http://127.0.0.1:9999/crm/v8/org");
}

#[tokio::test]
async fn a_sandbox_is_called_at_its_own_host() {
    let mut config = config();
    config.api_hosts = ApiHosts::of(DataCenter::Eu, Environment::Sandbox);
    let World { server, zoho, .. } = world_with(config, LimitSettings::default(), None);
    server.answer(org());
    zoho.org().await.unwrap();
    assert_eq!(server.calls()[0].url, "https://sandbox.zohoapis.eu/crm/v8/org");
}

#[tokio::test]
async fn refusals_are_told_apart_whatever_their_status() {
    for (say, expected) in [
        (Say::Json(200, json!({"error": "invalid_client"})), "client"),
        (Say::Json(400, json!({"error": "invalid_code"})), "refresh token"),
        (
            Say::Json(200, json!({"error": "general_error"})),
            "general_error (HTTP 200)",
        ),
        (
            Say::Json(400, json!({"error": "jane@example.com is odd"})),
            "unknown error (HTTP 400)",
        ),
        (
            Say::Text(502, "<html>"),
            "no access token in the answer (HTTP 502)",
        ),
    ] {
        let World { server, zoho, .. } = world();
        server.token(say);
        let error = zoho.org().await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error:?}").contains("jane"));
        assert!(server.calls().is_empty());
    }
}

#[tokio::test]
async fn a_refused_refresh_token_is_not_tried_again_at_once() {
    let World { server, clock, zoho } = world();
    server.token(Say::Json(200, json!({"error": "invalid_code"})));
    server.answer(org());
    assert!(matches!(
        token_error(&zoho.org().await.unwrap_err()),
        TokenError::InvalidCode
    ));
    clock.advance(Duration::from_secs(59));
    assert_eq!(zoho.org().await.unwrap_err().class(), Class::Auth);
    assert_eq!(server.token_calls().len(), 1);
    clock.advance(Duration::from_secs(1));
    zoho.org().await.unwrap();
}

#[tokio::test]
async fn the_throttle_is_remembered_and_doubles_up_to_fifteen_minutes() {
    let World { server, clock, zoho } = world();
    server.token(Say::Text(200, "Access Denied: you have made too many requests"));
    for _ in 0..5 {
        server.token(Say::Json(
            400,
            json!({"error": "Access Denied", "status": "failure"}),
        ));
    }
    for (nth, minutes) in [1, 2, 4, 8, 15, 15].into_iter().enumerate() {
        let wait = Duration::from_mins(minutes);
        assert_eq!(zoho.org().await.unwrap_err().class(), Class::Throttled(wait));
        clock.advance(wait.checked_sub(Duration::from_secs(1)).unwrap());
        assert_eq!(
            zoho.org().await.unwrap_err().class(),
            Class::Throttled(Duration::from_secs(1))
        );
        assert_eq!(server.token_calls().len(), nth + 1, "no call before the time");
        clock.advance(Duration::from_secs(1));
    }
    server.answer(org());
    zoho.org().await.unwrap();
    // Once it went well, the next throttle starts from one minute again.
    clock.advance(Duration::from_hours(1));
    server.token(Say::Json(400, json!({"error": "Access Denied"})));
    assert_eq!(
        zoho.org().await.unwrap_err().class(),
        Class::Throttled(Duration::from_mins(1))
    );
}

#[tokio::test]
async fn a_lost_token_call_is_transient() {
    let World { server, zoho, .. } = world();
    server.token(Say::Lost);
    assert_eq!(zoho.org().await.unwrap_err().class(), Class::Transient);
}

#[tokio::test]
async fn a_stale_token_is_renewed_once() {
    let World { server, zoho, .. } = world();
    server.answer(refused(401, "INVALID_TOKEN"));
    server.answer(org());
    zoho.org().await.unwrap();
    assert_eq!(
        server.calls()[1].header("authorization"),
        "Zoho-oauthtoken access-2"
    );
    server.answer(refused(401, "INVALID_TOKEN"));
    server.answer(refused(401, "INVALID_TOKEN"));
    assert_eq!(zoho.org().await.unwrap_err().class(), Class::Auth);
    assert_eq!(server.calls().len(), 4);
}

#[tokio::test]
async fn a_missing_scope_is_not_tried_again() {
    let World { server, zoho, .. } = world();
    server.answer(refused(401, "OAUTH_SCOPE_MISMATCH"));
    assert_eq!(zoho.org().await.unwrap_err().class(), Class::Scope);
    assert_eq!((server.calls().len(), server.token_calls().len()), (1, 1));
}

#[tokio::test]
async fn secrets_show_nowhere() {
    let World { zoho, .. } = world();
    let text = format!("{:?} {:?}", config(), zoho);
    assert!(!text.contains("hush"), "{text}");
}

#[test]
fn every_data_centre_has_its_own_hosts() {
    let mut hosts: Vec<_> = DataCenter::ALL
        .into_iter()
        .flat_map(|dc| {
            [
                dc.accounts_host().to_owned(),
                dc.api_host(Environment::Production),
            ]
        })
        .collect();
    hosts.sort();
    hosts.dedup();
    assert_eq!(hosts.len(), 16);
    for dc in DataCenter::ALL {
        assert_eq!(dc.as_str().parse(), Ok(dc));
    }
    assert!("uk".parse::<DataCenter>().is_err());
    assert_eq!(DataCenter::Ca.accounts_host(), "accounts.zohocloud.ca");
}
