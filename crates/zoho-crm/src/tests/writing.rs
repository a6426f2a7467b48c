use serde_json::{Map, Value, json};

use super::support::*;
use crate::{Change, Class, Error, Module, NewRecord, RecordId, RequestError};

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn new_row(name: &str) -> NewRecord {
    NewRecord {
        owner: "7".into(),
        fields: fields(&json!({"Last_Name": name})),
    }
}

fn done(id: &str) -> Value {
    json!({"code": "SUCCESS", "status": "success", "message": "record added",
        "details": {"id": id, "Modified_Time": "2026-01-01T01:00:00+01:00", "Created_Time": "2026-01-01T01:00:00+01:00"}})
}

fn failed(code: &str, details: &Value) -> Value {
    json!({"code": code, "status": "error", "message": "about jane@example.com", "details": details})
}

#[tokio::test]
async fn an_insert_names_the_owner_and_keeps_everything_else_off() {
    let World { server, zoho, .. } = world();
    server.answer(Say::Json(201, json!({"data": [done("1")]})));
    let outcomes = zoho.insert(Module::Contacts, &[new_row("Doe")]).await.unwrap();
    let written = outcomes[0].as_ref().unwrap();
    assert_eq!(written.id.as_str(), "1");
    assert_eq!(written.modified_time, Some(at("2026-01-01T00:00:00Z")));
    let call = &server.calls()[0];
    assert_eq!(
        (call.method.as_str(), call.path().as_str()),
        ("POST", "/Contacts")
    );
    assert_eq!(
        call.json(),
        json!({"data": [{"Last_Name": "Doe", "Owner": {"id": "7"}}], "trigger": [],
            "skip_feature_execution": [{"name": "cadences"}]})
    );
}

#[tokio::test]
async fn an_event_never_notifies() {
    let World { server, zoho, .. } = world();
    server.answer(Say::Json(201, json!({"data": [done("1")]})));
    zoho.insert(Module::Events, &[new_row("x")]).await.unwrap()[0]
        .as_ref()
        .unwrap();
    assert_eq!(server.calls()[0].json()["data"][0]["$send_notification"], false);
}

#[tokio::test]
async fn mixed_rows_have_an_outcome_each_and_texts_without_values() {
    let World { server, zoho, .. } = world();
    server.answer(Say::Json(
        207,
        json!({"data": [
            done("1"),
            failed("INVALID_DATA", &json!({"api_name": "Phone", "maximum_length": 30})),
            failed("DUPLICATE_DATA", &json!({"api_name": "Email",
                "duplicate_record": {"id": "55", "Owner": {"id": "8", "name": "Jane"}, "module": {"api_name": "Contacts"}}})),
            failed("MULTIPLE_OR_MULTI_ERRORS", &json!({"errors": [failed("INVALID_DATA", &json!({"api_name": "Fax"}))]})),
            failed("RECORD_LOCKED", &json!({})),
        ]}),
    ));
    let sent: Vec<NewRecord> = (0..5).map(|_| new_row("Doe")).collect();
    let outcomes = zoho.insert(Module::Contacts, &sent).await.unwrap();
    assert!(outcomes[0].is_ok());
    let errors: Vec<_> = outcomes[1..]
        .iter()
        .map(|outcome| outcome.as_ref().unwrap_err())
        .collect();
    assert_eq!(errors[0].refusal.field.as_deref(), Some("Phone"));
    assert_eq!(errors[0].refusal.maximum_length, Some(30));
    let duplicate = errors[1].duplicate.as_ref().unwrap();
    assert_eq!(
        (duplicate.id.as_str(), duplicate.owner.as_ref().unwrap().as_str()),
        ("55", "8")
    );
    assert_eq!(errors[2].also[0].refusal.field.as_deref(), Some("Fax"));
    assert_eq!(errors[3].class(), Class::Transient);
    assert!(!format!("{outcomes:?}").to_lowercase().contains("jane"));
}

#[tokio::test]
async fn an_update_with_a_condition_meets_a_newer_record() {
    let World { server, zoho, .. } = world();
    let row = failed(
        "ALREADY_MODIFIED",
        &json!({"id": "1", "Modified_Time": "2026-02-02T00:00:00Z"}),
    );
    server.answer(Say::Json(412, json!({"data": [row]})));
    server.answer(Say::Json(412, row_of("ALREADY_MODIFIED")));
    let change = Change {
        id: "1".into(),
        fields: fields(&json!({"Phone": null})),
    };
    let outcome = zoho
        .update_unmodified(Module::Contacts, &change, at("2026-02-01T12:00:00Z"))
        .await
        .unwrap();
    let error = outcome.unwrap_err();
    assert_eq!(error.class(), Class::AlreadyModified);
    assert_eq!(error.modified_time, Some(at("2026-02-02T00:00:00Z")));
    let call = &server.calls()[0];
    assert_eq!(
        (call.method.as_str(), call.header("if-unmodified-since")),
        ("PUT", "2026-02-01T12:00:00+00:00")
    );
    assert_eq!(call.json()["data"][0], json!({"id": "1", "Phone": null}));
    assert_eq!(call.json()["trigger"], json!([]));
    let flat = zoho
        .update_unmodified(Module::Contacts, &change, at("2026-02-01T12:00:00Z"))
        .await;
    assert_eq!(flat.unwrap_err().class(), Class::AlreadyModified);
}

fn row_of(code: &str) -> Value {
    failed(code, &json!({}))
}

#[tokio::test]
async fn a_row_that_is_gone_is_not_found() {
    let World { server, zoho, .. } = world();
    server.answer(Say::Json(
        400,
        json!({"data": [failed("INVALID_DATA", &json!({"id": "1"}))]}),
    ));
    server.answer(Say::Json(
        400,
        json!({"data": [failed("NO_PERMISSION", &json!({}))]}),
    ));
    let outcomes = zoho.delete(Module::Contacts, &["1".into()]).await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap_err().class(), Class::NotFound);
    assert_eq!(server.calls()[0].path(), "/Contacts?ids=1&wf_trigger=false");
    // One refusal for two rows concerns the call.
    let both = zoho.delete(Module::Contacts, &["1".into(), "2".into()]).await;
    assert_eq!(both.unwrap_err().class(), Class::Permission { permission: None });
}

#[tokio::test]
async fn the_error_of_the_only_row_may_stand_alone() {
    let World { server, zoho, .. } = world();
    for (code, status) in [
        ("INVALID_DATA", 400),
        ("RECORD_LOCKED", 400),
        ("ALREADY_MODIFIED", 412),
    ] {
        server.answer(Say::Json(status, failed(code, &json!({"id": "1"}))));
    }
    let mut classes = Vec::new();
    for _ in 0..3 {
        let outcomes = zoho.delete(Module::Contacts, &["1".into()]).await.unwrap();
        classes.push(outcomes[0].as_ref().unwrap_err().class());
    }
    assert_eq!(
        classes,
        [Class::NotFound, Class::Transient, Class::AlreadyModified]
    );
    // What names no record is about the call, and so is one error for two rows.
    let of_the_call = failed("INVALID_DATA", &json!({"param_name": "ids"}));
    server.answer(Say::Json(400, of_the_call));
    server.answer(Say::Json(400, failed("INVALID_DATA", &json!({"id": "1"}))));
    let one = zoho.delete(Module::Contacts, &["1".into()]).await;
    assert_eq!(one.unwrap_err().class(), Class::Invalid);
    let two = zoho.delete(Module::Contacts, &["1".into(), "2".into()]).await;
    assert_eq!(two.unwrap_err().class(), Class::Invalid);
}

#[tokio::test]
async fn duplicates_are_named_in_each_form() {
    let World { server, zoho, .. } = world();
    let old = failed("DUPLICATE_DATA", &json!({"api_name": "Email", "id": "55"}));
    let new = failed(
        "DUPLICATE_DATA",
        &json!({"api_name": "Email", "duplicate_record": {"id": "56"}}),
    );
    let several = failed("MULTIPLE_OR_MULTI_ERRORS", &json!({"errors": [new]}));
    server.answer(Say::Json(400, json!({"data": [old, several]})));
    let outcomes = zoho
        .insert(Module::Contacts, &[new_row("Doe"), new_row("Roe")])
        .await
        .unwrap();
    let error = |nth: usize| outcomes[nth].as_ref().unwrap_err();
    assert_eq!(error(0).duplicate.as_ref().unwrap().id.as_str(), "55");
    let nested = &error(1).also[0];
    assert_eq!(nested.duplicate.as_ref().unwrap().id.as_str(), "56");
    assert_eq!(nested.refusal.field.as_deref(), Some("Email"));
}

#[tokio::test]
async fn a_row_that_says_nothing_leaves_the_outcome_open() {
    let World { server, zoho, .. } = world();
    server.answer(Say::Json(200, json!({"data": [{"status": "success"}]})));
    server.answer(Say::Json(200, json!({"data": [{"message": "hm"}]})));
    for _ in 0..2 {
        let unclear = zoho.insert(Module::Contacts, &[new_row("Doe")]).await;
        assert_eq!(unclear.unwrap_err().class(), Class::Ambiguous);
    }
}

#[tokio::test]
async fn rows_cost_by_tens() {
    let World { server, zoho, .. } = world();
    let rows: Vec<_> = (0..11).map(|_| new_row("Doe")).collect();
    server.answer(Say::Json(
        201,
        json!({"data": (0..11).map(|_| done("1")).collect::<Vec<_>>()}),
    ));
    zoho.insert(Module::Contacts, &rows).await.unwrap();
    assert_eq!(zoho.limits().credits_used(at(START)), 2);
}

#[tokio::test]
async fn what_must_never_be_written_is_not_sent() {
    let World { server, zoho, .. } = world();
    for name in [
        "Participants",
        "Owner",
        "id",
        "Recurring_Activity",
        "$send_notification",
    ] {
        let change = Change {
            id: "1".into(),
            fields: fields(&json!({name: 1})),
        };
        let result = zoho.update(Module::Events, &[change]).await;
        assert!(matches!(result, Err(Error::Request(RequestError::ForbiddenField(field))) if field == name));
    }
    let too_many: Vec<RecordId> = (0..101).map(|i| RecordId::new(i.to_string())).collect();
    assert!(zoho.delete(Module::Contacts, &too_many).await.is_err());
    assert!(zoho.delete(Module::Contacts, &["1&x".into()]).await.is_err());
    assert!(zoho.insert(Module::Contacts, &[]).await.unwrap().is_empty());
    assert!(server.token_calls().is_empty());
}
