//! What calls about users have in common: who may make them, their one row, and their answers.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::{Answer, RowError, bad_request, invalid_path, no_permission};
use super::auth::Session;
use super::call::Call;
use super::features::seats_used;
use super::state::{Org, User, World};

const MANAGE_USERS: &str = "Crm_Implied_Manage_Users";
/// Settings that a user has to choose for itself.
pub(super) const OWN: [&str; 8] = [
    "time_zone",
    "language",
    "locale",
    "country_locale",
    "date_format",
    "time_format",
    "number_separator",
    "decimal_separator",
];

/// The token's user needs the right to manage users.
pub(super) fn permitted(org: &Org, session: &Session) -> Result<(), Answer> {
    if org.permits(session.user, MANAGE_USERS) {
        Ok(())
    } else {
        Err(no_permission(MANAGE_USERS))
    }
}

/// The one row that a call may have.
pub(super) fn only_row(call: &Call) -> Result<Map<String, Value>, Answer> {
    let body = call.json()?;
    match body.get("users").and_then(Value::as_array).map(Vec::as_slice) {
        Some([Value::Object(row)]) => Ok(row.clone()),
        _ => Err(bad_request(
            "INVALID_DATA",
            "the call takes exactly one user",
            json!({"maximum_length": 1, "api_name": "users", "json_path": "$.users"}),
        )),
    }
}

/// The user of a path.
pub(super) fn found<'a>(org: &'a Org, id: &str) -> Result<&'a User, Answer> {
    let found = id.parse().ok().and_then(|id| org.user(id));
    found.ok_or_else(|| invalid_path(1))
}

/// The super admin.
pub(super) fn is_primary(org: &Org, id: u64) -> bool {
    org.users.first().is_some_and(|first| first.id == id)
}

/// The refusal of a sandbox.
pub(super) fn not_in_sandbox() -> RowError {
    RowError::new("NOT_ALLOWED", "a sandbox has no users of its own", json!({}))
}

/// Whether there is a seat for one more user.
pub(super) fn seat(org: &Org) -> Result<(), RowError> {
    if seats_used(org) < org.licenses {
        return Ok(());
    }
    Err(RowError::new(
        "LICENSE_LIMIT_EXCEEDED",
        "all seats are taken",
        json!({}),
    ))
}

/// A name of at most 50 characters.
pub(super) fn name(row: &Map<String, Value>, api_name: &str) -> Result<Option<String>, RowError> {
    let text = match row.get(api_name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        Some(_) => return Err(at("INVALID_DATA", "invalid data", api_name)),
    };
    if text.chars().count() > 50 {
        let details = json!({
            "api_name": api_name, "json_path": format!("$.users[0].{api_name}"), "maximum_length": 50,
        });
        return Err(RowError::new("INVALID_DATA", "invalid data", details));
    }
    if text.contains(['<', '>']) {
        return Err(at("INVALID_DATA", "special characters", api_name));
    }
    Ok(Some(text.clone()))
}

/// An id as text or in an object, of something that is there.
pub(super) fn reference(
    row: &Map<String, Value>,
    api_name: &str,
    exists: impl Fn(u64) -> bool,
) -> Result<Option<u64>, RowError> {
    let Some(value) = row.get(api_name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let id = value.as_str().or_else(|| value.get("id").and_then(Value::as_str));
    let id = id.and_then(|id| id.parse().ok()).filter(|id| exists(*id));
    id.map(Some)
        .ok_or_else(|| at("INVALID_DATA", "invalid data", api_name))
}

/// An error of one member of the row.
pub(super) fn at(code: &'static str, message: &'static str, api_name: &str) -> RowError {
    let details = json!({"api_name": api_name, "json_path": format!("$.users[0].{api_name}")});
    RowError::new(code, message, details)
}

/// The answer to a row that is refused.
pub(super) fn refused(world: &mut World, error: &RowError) -> Answer {
    world.counters.one("user_rows_refused");
    Answer::json(error.status, json!({"users": [error.to_value()]}))
}

/// The answer to a row that was done.
pub(super) fn done(status: StatusCode, message: &str, details: Value) -> Answer {
    let mut row = json!({"code": "SUCCESS", "message": message, "status": "success"});
    row["details"] = details;
    Answer::json(status, json!({"users": [row]}))
}
