//! The envelope of a `$batch` call (`research/graph.md` §9).

use std::collections::HashMap;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use transport::retry_after;

use crate::call::{Body, Call};
use crate::error::Error;
use crate::refusal;
use crate::request::{Payload, Reply};

/// Under which name envelopes are counted.
pub(crate) const ROUTE: &str = "/$batch";

#[derive(Deserialize)]
struct Envelope {
    responses: Vec<Part>,
}

/// One part of the answer.
#[derive(Deserialize)]
pub(crate) struct Part {
    id: String,
    pub(crate) status: u16,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    body: Value,
}

/// The call that carries `calls`; each is named by its position.
pub(crate) fn envelope(mailbox: &str, calls: &[&Call]) -> Call {
    let requests: Vec<Value> = calls
        .iter()
        .enumerate()
        .map(|(id, call)| part(id, call))
        .collect();
    Call::new(Method::POST, ROUTE, "/$batch".to_owned())
        .of_mailbox(mailbox)
        .with_body(json!({ "requests": requests }))
}

fn part(id: usize, call: &Call) -> Value {
    let mut headers = Map::new();
    headers.insert("Prefer".to_owned(), call.prefer().into());
    if let Some(etag) = &call.if_match {
        headers.insert("If-Match".to_owned(), etag.as_str().into());
    }
    let mut part = json!({ "id": id.to_string(), "method": call.method.as_str(), "url": call.target });
    if let Some(body) = &call.body {
        headers.insert("Content-Type".to_owned(), body.media_type().into());
        part["body"] = match body {
            Body::Json(json) => json.clone(),
            Body::Text(text) => text.as_str().into(),
        };
    }
    part["headers"] = headers.into();
    part
}

/// The parts of the answer, by position. What the answer leaves out is missing here.
pub(crate) fn parts(reply: Reply) -> Result<HashMap<usize, Part>, Error> {
    let envelope: Envelope = reply.json("batch answer")?;
    Ok(envelope
        .responses
        .into_iter()
        .filter_map(|part| Some((part.id.parse().ok()?, part)))
        .collect())
}

impl Part {
    /// The part as if it had come alone.
    pub(crate) fn outcome(self, now: Timestamp) -> Result<Reply, Error> {
        if (200..300).contains(&self.status) {
            return Ok(Reply {
                status: self.status,
                body: Payload::Json(self.body),
            });
        }
        let wait = self.wait(now);
        let request_id = self.header("request-id").and_then(Value::as_str);
        Err(refusal::read(self.status, wait, request_id, &self.body))
    }

    /// Each part carries its own `Retry-After`, as text or as a number.
    fn wait(&self, now: Timestamp) -> Option<Duration> {
        let text = match self.header(RETRY_AFTER.as_str())? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(&text).ok()?);
        retry_after(&headers, now)
    }

    fn header(&self, name: &str) -> Option<&Value> {
        let headers = self.headers.as_ref()?;
        headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}
