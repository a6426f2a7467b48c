//! Checks of one request and one answer against the operation that they belong to.

use serde_json::{Value, json};

use super::reasons::Reason;
use super::spec::{Operation, Parameter, Spec};
use crate::core::bodies::Seen;

/// Parameters of follow-up calls: the service itself puts them into its links.
const FOLLOW_UP: [&str; 3] = ["$skiptoken", "$deltatoken", "$skip"];

/// What is wrong with a request.
pub(super) fn request(spec: &Spec, operation: &Operation, seen: &Seen, follow_ups: bool) -> Vec<Reason> {
    let mut found = query(spec, operation, seen, follow_ups);
    found.extend(body(spec, operation, seen));
    found
}

fn query(spec: &Spec, operation: &Operation, seen: &Seen, follow_ups: bool) -> Vec<Reason> {
    let given: Vec<(String, String)> = url::form_urlencoded::parse(seen.query.as_bytes())
        .into_owned()
        .filter(|(name, _)| !name.is_empty())
        .collect();
    let may_follow = follow_ups && seen.method == "GET";
    let follows = may_follow
        && given
            .iter()
            .any(|(name, _)| FOLLOW_UP[..2].contains(&name.as_str()));
    let mut found = Vec::new();
    for (name, value) in &given {
        match operation.query.iter().find(|parameter| parameter.name == *name) {
            Some(parameter) => found.extend(parameter_value(spec, parameter, value)),
            None if may_follow && FOLLOW_UP.contains(&name.as_str()) => {}
            None => found.push(query_reason(name, "unknown query parameter".to_owned())),
        }
    }
    for parameter in operation
        .query
        .iter()
        .filter(|parameter| parameter.required && !follows)
    {
        if !given.iter().any(|(name, _)| *name == parameter.name) {
            found.push(query_reason(
                &parameter.name,
                "missing query parameter".to_owned(),
            ));
        }
    }
    found
}

fn query_reason(name: &str, reason: String) -> Reason {
    Reason {
        pointer: format!("query:{name}"),
        reason,
    }
}

/// A query holds texts only, so a value is good if any reading of it is: text, number, truth value, list.
fn parameter_value(spec: &Spec, parameter: &Parameter, value: &str) -> Option<Reason> {
    let mut readings = Vec::new();
    if parameter.is_json {
        readings.extend(serde_json::from_str(value).ok());
    } else {
        readings.push(Value::String(value.to_owned()));
        readings.extend(value.parse::<i64>().ok().map(Value::from));
        readings.extend(value.parse::<bool>().ok().map(Value::from));
        readings.push(
            value
                .split(',')
                .map(|item| Value::String(item.to_owned()))
                .collect(),
        );
    }
    let mut first = None;
    for reading in &readings {
        match spec.requests.check(parameter.schema, reading).into_iter().next() {
            None => return None,
            Some(reason) => {
                first.get_or_insert(reason.reason);
            }
        }
    }
    Some(query_reason(
        &parameter.name,
        first.unwrap_or_else(|| "not JSON".to_owned()),
    ))
}

fn body(spec: &Spec, operation: &Operation, seen: &Seen) -> Vec<Reason> {
    let whole = |reason: &str| {
        vec![Reason {
            pointer: String::new(),
            reason: reason.to_owned(),
        }]
    };
    match (&operation.body, &seen.json) {
        (Some(body), None) if seen.bytes.is_empty() => {
            if body.required {
                whole("missing body")
            } else {
                Vec::new()
            }
        }
        (Some(_), None) => whole("body is no JSON"),
        (Some(body), Some(_)) if body.media != seen.media => whole("body of the wrong media type"),
        (Some(body), Some(json)) => spec.requests.check(body.schema, json),
        (None, None) if seen.bytes.is_empty() => Vec::new(),
        // In a batch, an action without a body carries an empty object.
        (None, Some(json)) if *json == json!({}) => Vec::new(),
        (None, _) => whole("a body where none is described"),
    }
}

/// What is wrong with an answer.
pub(super) fn answer(spec: &Spec, operation: &Operation, status: u16, bytes: &[u8]) -> Vec<Reason> {
    let whole = |reason: String| {
        vec![Reason {
            pointer: String::new(),
            reason,
        }]
    };
    let described = operation
        .answers
        .get(&status.to_string())
        .or_else(|| operation.answers.get(&format!("{}XX", status / 100)))
        .or_else(|| operation.answers.get("default"));
    match described {
        None => whole(format!("status {status} is not described")),
        Some(None) if bytes.is_empty() => Vec::new(),
        Some(None) => whole(format!("a body with status {status}, where none is described")),
        Some(Some(schema)) => match serde_json::from_slice::<Value>(bytes) {
            Ok(json) => spec.answers.check(*schema, &json),
            Err(_) => whole("body is no JSON".to_owned()),
        },
    }
}
