use serde_json::{Value, json};

use super::support::*;
use crate::{DeletedKind, Error, ListOptions, Module, RecordId, RequestError, Source};

fn rows(rows: &[Value]) -> Say {
    Say::Json(200, json!({"data": rows, "info": {"more_records": false}}))
}

fn ids(n: usize) -> Vec<RecordId> {
    (1..=n).map(|i| RecordId::new(i.to_string())).collect()
}

#[tokio::test]
async fn records_come_in_the_order_of_their_ids_and_missing_ones_are_left_out() {
    let World { server, zoho, .. } = world();
    server.answer(rows(&[
        json!({"id": "3", "Email": "c"}),
        json!({"id": "1", "Email": "a"}),
    ]));
    let found = zoho
        .records(Module::Contacts, &ids(3), &["id", "Email"])
        .await
        .unwrap();
    assert_eq!(
        found
            .iter()
            .map(|row| row["id"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["1", "3"]
    );
    assert_eq!(
        server.calls()[0].path(),
        "/Contacts?ids=1,2,3&fields=Email,Modified_Time&per_page=200"
    );
}

#[tokio::test]
async fn many_ids_and_fields_take_several_calls() {
    let World { server, zoho, .. } = world();
    let names: Vec<String> = (0..60).map(|i| format!("F{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let part = |id: &str, key: &str, time: &str| rows(&[json!({"id": id, key: 1, "Modified_Time": time})]);
    server.answer(part("1", "F0", "2026-01-01T00:00:00Z"));
    server.answer(part("1", "F59", "2026-01-01T00:00:09Z"));
    server.answer(part("101", "F0", "2026-01-01T00:00:00Z"));
    server.answer(Say::Text(204, ""));
    let found = zoho.records(Module::Contacts, &ids(150), &names).await.unwrap();
    // The record changed between its two parts: its earlier time stays, so that the later change is seen.
    assert_eq!(
        found,
        [
            json!({"id": "1", "F0": 1, "F59": 1, "Modified_Time": "2026-01-01T00:00:00Z"})
                .as_object()
                .unwrap()
                .clone()
        ]
    );
    let calls = server.calls();
    assert_eq!(calls.len(), 4);
    for call in &calls {
        let path = call.path();
        let fields = path.split("fields=").nth(1).unwrap().split('&').next().unwrap();
        assert!(fields.split(',').count() <= 50);
        assert!(
            path.split("ids=")
                .nth(1)
                .unwrap()
                .split('&')
                .next()
                .unwrap()
                .split(',')
                .count()
                <= 100
        );
    }
}

#[tokio::test]
async fn nothing_there_is_no_error() {
    let World { server, zoho, .. } = world();
    server.answer(Say::Text(204, ""));
    server.answer(Say::Text(304, ""));
    server.answer(Say::Text(304, ""));
    assert!(
        zoho.record(Module::Contacts, &"1".into(), &["Email"])
            .await
            .unwrap()
            .is_none()
    );
    let options = ListOptions {
        if_modified_since: Some(at(START)),
        ..ListOptions::default()
    };
    let mut pages = zoho.list(Module::Contacts, &["Email"], options).unwrap();
    assert!(pages.next().await.unwrap().is_none());
    assert!(pages.next().await.unwrap().is_none());
    assert!(
        zoho.deleted(Module::Contacts, Some(at(START)))
            .all()
            .await
            .unwrap()
            .is_empty()
    );
    let calls = server.calls();
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[1].header("if-modified-since"), "2026-03-01T10:00:00+00:00");
    assert_eq!(calls[2].header("if-modified-since"), "2026-03-01T10:00:00+00:00");
}

#[tokio::test]
async fn a_list_follows_its_tokens_with_the_same_parameters() {
    let World { server, zoho, .. } = world();
    server.answer(Say::Json(
        200,
        json!({"data": [{"id": "1"}], "info": {"more_records": true, "next_page_token": "t+1/x="}}),
    ));
    server.answer(Say::Lost);
    server.answer(Say::Json(
        200,
        json!({"data": [{"id": "2"}], "info": {"more_records": false, "next_page_token": null}}),
    ));
    let mut pages = zoho
        .list(Module::Contacts, &["Email"], ListOptions::default())
        .unwrap();
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 1);
    pages.next().await.unwrap_err();
    assert_eq!(pages.next().await.unwrap().unwrap()[0]["id"], "2");
    assert!(pages.next().await.unwrap().is_none());
    let calls = server.calls();
    assert_eq!(
        calls[0].path(),
        "/Contacts?fields=Email&per_page=200&sort_by=id&sort_order=asc"
    );
    assert_eq!(calls[2].path(), format!("{}&page_token=t+1/x=", calls[0].path()));
    assert!(calls[2].url.ends_with("page_token=t%2B1%2Fx%3D"));
}

#[tokio::test]
async fn a_list_cut_short_is_not_taken_for_whole() {
    let World { server, zoho, .. } = world();
    server.answer(Say::Json(
        200,
        json!({"data": [{"id": "1"}], "info": {"more_records": true}}),
    ));
    let mut pages = zoho
        .list(Module::Contacts, &["Email"], ListOptions::default())
        .unwrap();
    assert!(matches!(pages.next().await, Err(Error::Unreadable { .. })));
}

#[tokio::test]
async fn what_cannot_be_right_is_not_sent() {
    let World { server, zoho, .. } = world();
    let many: Vec<&str> = vec!["F"; 51];
    assert!(
        zoho.list(Module::Contacts, &many, ListOptions::default())
            .is_err()
    );
    assert!(
        zoho.list(Module::Contacts, &["a&page=2"], ListOptions::default())
            .is_err()
    );
    let bad = zoho.records(Module::Contacts, &["1,2".into()], &["Email"]).await;
    assert!(matches!(
        bad,
        Err(Error::Request(RequestError::MalformedId("record")))
    ));
    assert!(zoho.timeline(Module::Contacts, &"".into(), None).await.is_err());
    assert!(server.token_calls().is_empty());
}

#[tokio::test]
async fn deleted_records_are_paged() {
    let World { server, zoho, .. } = world();
    let page = |id: &str, kind: &str, more: bool| {
        Say::Json(
            200,
            json!({"data": [{"id": id, "type": kind, "deleted_time": "2026-01-01T05:30:00+05:30", "display_name": "Jane", "deleted_by": null}],
            "info": {"per_page": 200, "count": 1, "page": 1, "more_records": more}}),
        )
    };
    server.answer(page("1", "recycle", true));
    server.answer(page("2", "permanent", false));
    let deleted = zoho.deleted(Module::Contacts, None).all().await.unwrap();
    assert_eq!(deleted[0].deleted_time, at("2026-01-01T00:00:00Z"));
    assert_eq!(deleted[1].kind, DeletedKind::Permanent);
    assert_eq!(
        server.calls()[1].path(),
        "/Contacts/deleted?type=all&page=2&per_page=200"
    );
}

fn entry(action: &str, source: &str, second: u32, automation: &Value) -> Value {
    json!({"action": action, "source": source, "audited_time": format!("2026-01-01T00:00:{second:02}Z"),
        "id": "9", "done_by": {"name": "Jane", "id": "1"}, "automation_details": automation})
}

fn timeline(entries: &[Value], token: Option<&str>) -> Say {
    Say::Json(
        200,
        json!({"__timeline": entries, "info": {"more_records": token.is_some(), "next_page_token": token}}),
    )
}

#[tokio::test]
async fn an_import_counts_until_somebody_touches_it() {
    let rule = json!({"type": "workflow", "rule": {"name": "r", "id": "1"}});
    for (later, untouched) in [
        (vec![], true),
        (vec![entry("updated", "workflow", 5, &rule)], true),
        (vec![entry("updated", "crm_api", 5, &rule)], true),
        (vec![entry("updated", "import", 5, &Value::Null)], true),
        (vec![entry("tag_added", "crm_ui", 5, &Value::Null)], true),
        (vec![entry("updated", "mass_update", 5, &Value::Null)], false),
        (vec![entry("updated", "crm_ui", 5, &Value::Null)], false),
        (vec![entry("updated", "something_new", 5, &Value::Null)], false),
    ] {
        let World { server, zoho, .. } = world();
        let mut entries = vec![entry("added", "import", 1, &Value::Null)];
        entries.extend(later);
        server.answer(timeline(&entries, None));
        let origin = zoho
            .origin(Module::Contacts, &"12".into())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(origin.source, Source::Import);
        assert_eq!(origin.is_untouched_import(), untouched, "{entries:?}");
        assert_eq!(
            server.calls()[0].path(),
            "/Contacts/12/__timeline?sort_by=audited_time&sort_order=asc&per_page=50"
        );
    }
}

#[tokio::test]
async fn the_added_entry_is_looked_for_over_a_few_pages() {
    let World { server, zoho, .. } = world();
    server.answer(timeline(
        &[entry("open", "zoho_mail", 0, &Value::Null)],
        Some("next"),
    ));
    server.answer(timeline(
        &[entry("added", "crm_ui", 1, &Value::Null)],
        Some("more"),
    ));
    let origin = zoho
        .origin(Module::Contacts, &"12".into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (origin.source.is_import(), origin.at),
        (false, at("2026-01-01T00:00:01Z"))
    );
    assert!(server.calls()[1].path().ends_with("&page_token=next"));
    server.answer(Say::Text(204, ""));
    assert!(
        zoho.origin(Module::Contacts, &"12".into())
            .await
            .unwrap()
            .is_none()
    );
    for _ in 0..3 {
        server.answer(timeline(
            &[entry("open", "zoho_mail", 0, &Value::Null)],
            Some("next"),
        ));
    }
    assert!(
        zoho.origin(Module::Contacts, &"12".into())
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(server.calls().len(), 6);
}
