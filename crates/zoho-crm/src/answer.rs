//! Reading answers: status first, because 204 and 304 have no body (`research/zoho.md` §10).

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::call::{Answer, Effect};
use crate::error::Error;
use crate::refusal::Refusal;

impl Answer {
    /// The body, or nothing for the statuses that have none.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        if matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) || self.body.is_empty() {
            return Ok(None);
        }
        // The parser's own text may quote the body, so it is dropped.
        serde_json::from_slice(&self.body)
            .map(Some)
            .map_err(|_| self.unreadable("not the documented JSON"))
    }

    /// The body of a call that always has one.
    pub(crate) fn required<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.json()?.ok_or_else(|| self.unreadable("empty"))
    }

    pub(crate) fn unreadable(&self, what: &'static str) -> Error {
        Error::Unreadable {
            route: self.route,
            what,
        }
    }
}

/// The error object of an answer: flat, or the first row of the answer's only list.
pub(crate) fn error_object(body: &Bytes) -> Option<Map<String, Value>> {
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
        return None;
    };
    if body.contains_key("code") {
        return Some(body);
    }
    body.into_iter().find_map(|(_, value)| match value {
        Value::Array(rows) => rows.into_iter().find_map(|row| match row {
            Value::Object(row) if row.contains_key("code") => Some(row),
            _ => None,
        }),
        _ => None,
    })
}

/// Codes that mean that a new token may help (`research/zoho.md` §1).
pub(crate) fn is_stale_token(refusal: &Refusal) -> bool {
    refusal.status == 401 && matches!(refusal.code.as_str(), "INVALID_TOKEN" | "INVALID_OAUTHTOKEN")
}

/// Turns a status that is no success into an error. Statuses below 400 are not given here.
pub(crate) fn failure(route: &'static str, effect: Effect, status: StatusCode, body: &Bytes) -> Error {
    let object = error_object(body);
    let refusal = match &object {
        Some(object) => Refusal::read(status.as_u16(), object),
        None => Refusal::bare(status.as_u16()),
    };
    let refusal = Box::new(refusal);
    if status.is_server_error() {
        return match effect {
            Effect::Read => Error::Server { route, refusal },
            Effect::Insert | Effect::Change => Error::Ambiguous {
                route,
                status: status.as_u16(),
            },
        };
    }
    match (status.as_u16(), refusal.code.as_str()) {
        (_, "OAUTH_SCOPE_MISMATCH") => Error::ScopeMismatch { route, refusal },
        (_, "NO_PERMISSION" | "AUTHORIZATION_FAILED") | (403, _) => Error::NotPermitted { route, refusal },
        (401, _) => Error::Unauthorized { route, refusal },
        (412, _) | (_, "ALREADY_MODIFIED") => Error::AlreadyModified {
            route,
            modified_time: object.as_ref().and_then(modified_time),
        },
        // An unknown path is an error of ours, not a missing record.
        (404, code) if code != "INVALID_URL_PATTERN" && code != "INVALID_MODULE" => {
            Error::NotFound { route, refusal }
        }
        _ => Error::Invalid { route, refusal },
    }
}

/// `details.Modified_Time` of a row.
pub(crate) fn modified_time(row: &Map<String, Value>) -> Option<Timestamp> {
    row.get("details")?.get("Modified_Time")?.as_str()?.parse().ok()
}
