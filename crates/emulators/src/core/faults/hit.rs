//! What a rule does to one request.

use axum::body::Body;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Faults;
use super::rule::{Answer, Effect, Kept, RetryAfter, Rule};
use crate::core::clock::EmulatorClock;
use crate::core::http_date::not_before;
use crate::core::service::Service;

/// A rule that hits one request.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The rule's number.
    pub id: u64,
    rule: Rule,
    draw: u64,
}

/// What the client gets in the service's place.
#[derive(Debug)]
pub enum Replacement {
    /// An answer.
    Answer(Response<Body>),
    /// Nothing: the connection is closed.
    Drop,
}

/// Where a hit takes place.
#[derive(Clone, Copy)]
pub(in crate::core) struct Scene<'a> {
    pub(in crate::core) faults: &'a Faults,
    pub(in crate::core) clock: &'a EmulatorClock,
    pub(in crate::core) service: &'a dyn Service,
    pub(in crate::core) request: &'a Parts,
}

impl Hit {
    pub(super) fn new(id: u64, rule: Rule, draw: u64) -> Self {
        Self { id, rule, draw }
    }

    /// Whether the request is delivered a second time, and whose answer the client gets.
    pub(in crate::core) fn doubled(&self) -> Option<Kept> {
        self.rule.doubled
    }

    /// What happens before the service sees the request.
    pub(in crate::core) async fn before(&self, scene: Scene<'_>) -> Option<Replacement> {
        if self.rule.effect == Effect::After {
            None
        } else {
            self.act(scene).await
        }
    }

    /// What happens after the service has done its work.
    pub(in crate::core) async fn after(&self, scene: Scene<'_>) -> Option<Replacement> {
        if self.rule.effect == Effect::After {
            self.act(scene).await
        } else {
            None
        }
    }

    async fn act(&self, scene: Scene<'_>) -> Option<Replacement> {
        if let Some(delay) = self.rule.delay() {
            scene.clock.sleep(delay).await;
        }
        if self.rule.hold {
            scene.faults.park(self.id).await;
        }
        if let Some(disturbance) = self.rule.disturb {
            scene.service.disturb(disturbance, scene.request, self.draw);
        }
        if self.rule.drop {
            return Some(Replacement::Drop);
        }
        let answer = self.rule.answer.as_ref()?;
        let mut response = response(answer);
        if let Some(wait) = &self.rule.retry_after
            && let Ok(value) = HeaderValue::try_from(spelled(wait, scene.clock.now()))
        {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        Some(Replacement::Answer(response))
    }
}

/// `1.5`, or a date.
fn spelled(wait: &RetryAfter, now: Timestamp) -> String {
    if !wait.date {
        return wait.seconds.to_string();
    }
    let wait = SignedDuration::try_from_secs_f64(wait.seconds).unwrap_or_default();
    not_before(now.saturating_add(wait).unwrap_or(Timestamp::MAX))
}

fn response(answer: &Answer) -> Response<Body> {
    let (body, content_type) = match &answer.body {
        Value::Null => (Body::empty(), None),
        Value::String(text) => (Body::from(text.clone()), Some("text/plain; charset=utf-8")),
        json => (Body::from(json.to_string()), Some("application/json")),
    };
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    response
}
