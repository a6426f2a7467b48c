use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use super::support::*;
use crate::{Class, Error, LimitSettings, Module, NewRecord, Observer, RecordId};

#[tokio::test]
async fn each_refusal_has_its_class() {
    for (say, class) in [
        (
            refused(403, "NO_PERMISSION"),
            Class::Permission { permission: None },
        ),
        (
            Say::Json(
                403,
                json!({"code": "NO_PERMISSION", "details": {"permissions": ["Crm_Implied_Manage_Users"]}}),
            ),
            Class::Permission {
                permission: Some("Crm_Implied_Manage_Users".to_owned()),
            },
        ),
        (
            refused(401, "AUTHORIZATION_FAILED"),
            Class::Permission { permission: None },
        ),
        (refused(401, "AUTHENTICATION_FAILURE"), Class::Auth),
        (refused(401, "OAUTH_SCOPE_MISMATCH"), Class::Scope),
        (refused(404, "INVALID_DATA"), Class::NotFound),
        (refused(404, "INVALID_URL_PATTERN"), Class::Invalid),
        (refused(400, "INVALID_MODULE"), Class::Invalid),
        (refused(412, "ALREADY_MODIFIED"), Class::AlreadyModified),
        (refused(500, "INTERNAL_ERROR"), Class::Transient),
        (Say::Text(502, "<html>jane@example.com</html>"), Class::Transient),
        (Say::Text(302, ""), Class::Transient),
        (
            Say::Text(200, "{\"org\": [{\"primary_email\": \"jane@example.com\"}]}"),
            Class::Transient,
        ),
        (Say::Text(200, ""), Class::Transient),
        (Say::Lost, Class::Transient),
        (Say::NoConnection, Class::Transient),
    ] {
        let World { server, zoho, .. } = world();
        server.answer(say);
        let error = zoho.org().await.unwrap_err();
        assert_eq!(error.class(), class, "{error}");
        assert!(!format!("{error} {error:?}").contains("jane"), "{error:?}");
        assert_eq!(server.calls().len(), 1);
    }
}

#[tokio::test]
async fn an_error_shows_the_field_and_never_the_value() {
    let World { server, zoho, .. } = world();
    server.answer(Say::Json(
        400,
        json!({"code": "INVALID_DATA", "message": "jane@example.com is too long",
        "details": {"api_name": "Email", "expected_data_type": "email", "maximum_length": 100, "given": "jane@example.com"}}),
    ));
    let error = zoho.org().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /org: INVALID_DATA (HTTP 400), field Email, expected type email, maximum length 100"
    );
    server.answer(Say::Json(
        400,
        json!({"code": "jane@example.com", "details": {"api_name": "Jane Doe"}}),
    ));
    assert_eq!(
        zoho.org().await.unwrap_err().to_string(),
        "GET /org: no code (HTTP 400)"
    );
}

#[tokio::test]
async fn an_insert_without_a_clear_answer_is_ambiguous() {
    let row = NewRecord {
        owner: "7".into(),
        fields: serde_json::Map::new(),
    };
    for (say, class) in [
        (Say::Lost, Class::Ambiguous),
        (Say::NoConnection, Class::Transient),
        (refused(500, "INTERNAL_ERROR"), Class::Ambiguous),
        (Say::Text(503, ""), Class::Ambiguous),
        (refused(429, "TOO_MANY_REQUESTS"), Class::Ambiguous),
        (Say::Text(201, "{}"), Class::Ambiguous),
        (Say::Json(201, json!({"data": []})), Class::Ambiguous),
        (refused(400, "INVALID_MODULE"), Class::Invalid),
        (
            refused(403, "NO_PERMISSION"),
            Class::Permission { permission: None },
        ),
    ] {
        let World { server, zoho, .. } = world();
        server.answer(say);
        let error = zoho
            .insert(Module::Contacts, std::slice::from_ref(&row))
            .await
            .unwrap_err();
        assert_eq!(error.class(), class, "{error}");
        assert_eq!(server.calls().len(), 1, "never sent twice");
    }
}

#[tokio::test]
async fn a_throttled_delete_is_left_to_the_caller() {
    let World { server, zoho, .. } = world();
    server.answer(refused(429, "TOO_MANY_REQUESTS"));
    let error = zoho
        .delete(Module::Contacts, &[RecordId::from("1")])
        .await
        .unwrap_err();
    assert!(matches!(error.class(), Class::Throttled(_)));
    assert_eq!(server.calls().len(), 1);
}

#[tokio::test]
async fn a_throttled_read_waits_and_gives_up_in_the_end() {
    let settings = LimitSettings {
        attempts: 3,
        daily_credits: 1_000,
        ..LimitSettings::default()
    };
    let World { server, clock, zoho } = limited(settings);
    for _ in 0..3 {
        server.answer(refused(429, "TOO_MANY_REQUESTS"));
    }
    let (result, passed) = with_time(&clock, zoho.org()).await;
    assert!(matches!(result.unwrap_err(), Error::Throttled { .. }));
    assert_eq!(server.calls().len(), 3);
    assert!((2..=6).contains(&passed.as_secs()), "{passed:?}");
}

#[tokio::test]
async fn a_wait_that_the_server_names_is_kept() {
    let World { server, clock, zoho } = world();
    server.answer(Say::Header(
        429,
        "retry-after",
        "20",
        json!({"code": "TOO_MANY_REQUESTS"}),
    ));
    server.answer(Say::Json(200, json!({"roles": []})));
    let (result, passed) = with_time(&clock, zoho.roles()).await;
    result.unwrap();
    assert!((20..=41).contains(&passed.as_secs()), "{passed:?}");
}

#[derive(Default)]
struct Log(Mutex<Vec<(&'static str, u16, u32)>>);

impl Observer for Log {
    fn call(&self, route: &'static str, status: u16, credits: u32, _took: Duration) {
        self.0.lock().unwrap().push((route, status, credits));
    }
}

#[tokio::test]
async fn the_observer_hears_of_every_call_by_its_template() {
    let log = Arc::new(Log::default());
    let World { server, zoho, .. } = world_with(config(), LimitSettings::default(), Some(log.clone()));
    server.answer(Say::Text(204, ""));
    server.answer(Say::Lost);
    zoho.user(&"42".into()).await.unwrap();
    zoho.org().await.unwrap_err();
    let expected = vec![
        ("POST /oauth/v2/token", 200, 0),
        ("GET /users/{id}", 204, 1),
        ("GET /org", 0, 1),
    ];
    assert_eq!(*log.0.lock().unwrap(), expected);
}

#[test]
fn calls_can_move_between_threads() {
    fn sendable<T: Send>(_: T) {}
    let World { zoho, .. } = world();
    sendable(zoho.org());
    sendable(zoho.delete(Module::Contacts, &[]));
}
