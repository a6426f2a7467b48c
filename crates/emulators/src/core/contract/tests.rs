//! Runs against the contracts if `CRMLINK_CONTRACTS` names them; the checks themselves against a small document.

use std::path::PathBuf;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::spec::{Dialect, Spec};
use super::{Contracts, Direction, Loaded, Report, check};
use crate::core::bodies::{Media, Seen};

fn seen(method: &str, path: &str, query: &str, body: Option<&Value>) -> Seen {
    let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    Seen {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        json: body.cloned(),
        bytes,
        media: Media::Json,
    }
}

fn contracts() -> Option<Contracts> {
    let directory = std::env::var_os("CRMLINK_CONTRACTS").map(PathBuf::from)?;
    Some(Contracts::load(&directory).unwrap())
}

fn small() -> Spec {
    let document = json!({
        "paths": { "/things/{id}": { "patch": {
            "parameters": [
                { "name": "top", "in": "query", "schema": { "type": "integer", "maximum": 10 } },
                { "name": "need", "in": "query", "required": true, "schema": { "type": "string" } },
            ],
            "requestBody": { "required": true, "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/thing" }
            } } },
            "responses": {
                "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/thing" } } } },
                "204": {},
            },
        } } },
        "components": { "schemas": {
            "entity": { "type": "object", "properties": { "id": { "type": "string" } } },
            "thing": { "allOf": [
                { "$ref": "#/components/schemas/entity" },
                { "type": "object", "properties": {
                    "size": { "type": ["integer", "null"] },
                    "place": { "anyOf": [{ "$ref": "#/components/schemas/place" }, { "type": "null" }] },
                } },
            ] },
            "place": { "type": "object", "properties": { "city": { "type": "string" } } },
            "free": { "type": "object", "properties": { "name": {} }, "additionalProperties": true },
        } },
    });
    let dialect = Dialect {
        prefix: "/v1",
        closed: (true, false),
        annotations: true,
        common: &[],
    };
    Spec::read("small", &document, dialect).unwrap()
}

fn found(query: &str, body: &Value) -> Vec<(String, String)> {
    let spec = small();
    let request = seen("PATCH", "/v1/things/7", query, Some(body));
    let number = spec.find(&request.method, &request.path).unwrap();
    let reasons = check::request(&spec, &spec.operations[number], &request, false);
    reasons
        .into_iter()
        .map(|reason| (reason.pointer, reason.reason))
        .collect()
}

#[test]
fn parents_count_and_annotations_pass() {
    let good =
        json!({ "id": "7", "size": null, "place": { "city": "x" }, "@odata.type": "#thing", "size@x": 1 });
    assert_eq!(found("need=1&top=10", &good), vec![]);
}

#[test]
fn a_misspelt_property_is_found_wherever_it_stands() {
    assert_eq!(
        found("need=1", &json!({ "sise": 1 })),
        vec![(String::new(), "unknown property: sise".to_owned())]
    );
    assert_eq!(
        found("need=1", &json!({ "place": { "ctiy": "x" } })),
        vec![("/place".to_owned(), "unknown property: ctiy".to_owned())]
    );
}

#[test]
fn types_and_query_are_checked_and_values_are_not_told() {
    let all = found("top=11&odd=secret", &json!({ "size": "secret" }));
    let places: Vec<&str> = all.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(places, ["query:top", "query:odd", "query:need", "/size"]);
    assert!(
        all.iter().all(|(_, reason)| !reason.contains("secret")),
        "{all:?}"
    );
}

#[test]
fn answers_are_checked_by_status() {
    let spec = small();
    let operation = &spec.operations[0];
    assert_eq!(check::answer(&spec, operation, 204, b"").len(), 0);
    assert_eq!(check::answer(&spec, operation, 204, b"{}").len(), 1);
    assert_eq!(
        check::answer(&spec, operation, 200, br#"{"size":1,"more":2}"#).len(),
        0
    );
    assert_eq!(check::answer(&spec, operation, 200, br#"{"size":"x"}"#).len(), 1);
    assert_eq!(check::answer(&spec, operation, 409, b"{}").len(), 1);
}

#[test]
fn without_contracts_nothing_counts_as_checked() {
    let contracts = Contracts::none();
    assert!(
        contracts
            .request("graph", 1, &seen("GET", "/v1.0/nowhere", "", None))
            .is_none()
    );
    let Report {
        loaded,
        checked_requests,
        unchecked,
        ..
    } = contracts.findings();
    assert_eq!(
        (loaded, checked_requests, unchecked.without_contract),
        (false, 0, 1)
    );
}

#[test]
fn every_schema_of_the_contracts_compiles() {
    let Some(contracts) = contracts() else { return };
    for Loaded { specs, .. } in contracts.services.iter() {
        for spec in specs {
            spec.requests.compile_all().unwrap();
            spec.answers.compile_all().unwrap();
        }
    }
}

fn contact() -> Value {
    json!({
        "givenName": "A", "emailAddresses": [{ "address": "a@b.example", "name": null }],
        "singleValueExtendedProperties": [{ "id": "String {0} Name x", "value": "v1" }],
    })
}

#[test]
fn the_contracts_pass_what_is_right() {
    let Some(contracts) = contracts() else { return };
    let contact = contact();
    let rows = json!({ "data": [{ "Last_Name": "A", "Anything": 1 }], "trigger": [] });
    let batch = json!({ "requests": [{ "id": "1", "method": "GET", "url": "/users/1/calendars" }] });
    let right = [
        (
            "graph",
            seen(
                "POST",
                "/v1.0/users/1/contactFolders/2/contacts",
                "",
                Some(&contact),
            ),
        ),
        (
            "graph",
            seen(
                "GET",
                "/v1.0/users/1/contactFolders/2/contacts/delta",
                "%24deltatoken=x",
                None,
            ),
        ),
        (
            "graph",
            seen(
                "GET",
                "/v1.0/users/1/calendars/2/calendarView/delta",
                "$skiptoken=x",
                None,
            ),
        ),
        ("graph", seen("POST", "/v1.0/$batch", "", Some(&batch))),
        (
            "graph",
            seen(
                "GET",
                "/v1.0/users/1/contactFolders/2/childFolders",
                "$top=250&$select=id",
                None,
            ),
        ),
        ("zoho", seen("POST", "/crm/v8/Contacts", "", Some(&rows))),
        (
            "zoho",
            seen("GET", "/crm/v8/Contacts/deleted", "type=all&per_page=200", None),
        ),
        (
            "zoho",
            seen(
                "POST",
                "/crm/v8/coql",
                "",
                Some(&json!({ "select_query": "select id from Contacts" })),
            ),
        ),
        (
            "zoho",
            seen("DELETE", "/crm/v8/Contacts", "ids=1,2&wf_trigger=false", None),
        ),
    ];
    for (service, request) in &right {
        assert!(contracts.request(service, 1, request).is_some());
    }
    assert_eq!(contracts.findings().violations, vec![]);
}

#[test]
fn the_contracts_find_what_is_not_right() {
    let Some(contracts) = contracts() else { return };
    let mut misspelt = contact();
    misspelt["giveName"] = json!("A");
    let wrong = [
        (
            "graph",
            seen(
                "POST",
                "/v1.0/users/1/contactFolders/2/contacts",
                "",
                Some(&misspelt),
            ),
        ),
        (
            "graph",
            seen("GET", "/v1.0/users/1/calendars/2/events/delta", "", None),
        ),
        (
            "graph",
            seen(
                "GET",
                "/v1.0/users/1/calendars/2/calendarView/delta",
                "startDateTime=x",
                None,
            ),
        ),
        (
            "graph",
            seen("POST", "/v1.0/$batch", "", Some(&json!({ "requests": [] }))),
        ),
        (
            "graph",
            seen(
                "GET",
                "/v1.0/users/1/contactFolders/2/childFolders",
                "$above=1",
                None,
            ),
        ),
        ("zoho", seen("GET", "/crm/v8/settings/modules", "", None)),
        ("zoho", seen("GET", "/crm/v8/Contacts", "perpage=200", None)),
        (
            "zoho",
            seen(
                "POST",
                "/crm/v8/Contacts",
                "",
                Some(&json!({ "data": [], "triggers": [] })),
            ),
        ),
    ];
    for (service, request) in &wrong {
        let before = contracts.findings().violation_count;
        contracts.request(service, 2, request);
        assert!(contracts.findings().violation_count > before, "{request:?}");
    }
    assert!(
        contracts
            .findings()
            .violations
            .iter()
            .all(|violation| violation.direction == Direction::Request)
    );
}
