//! One entry: a request and how it ended.

use std::collections::BTreeMap;

use axum::body::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::route::route_of;
use crate::core::bodies::{self, Media, Seen};

/// A request in the journal. Bodies stay bytes until somebody asks to see them.
#[derive(Debug, Clone)]
pub struct Entry {
    pub(super) seq: u64,
    pub(super) service: &'static str,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) outcome: Option<Outcome>,
    pub(super) batched: bool,
    again: bool,
    route: String,
    query: String,
    headers: BTreeMap<String, String>,
    at: Timestamp,
    body: Option<Bytes>,
    body_json: Option<Value>,
}

/// How a request ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The status; none if the connection was closed without an answer.
    pub status: Option<u16>,
    /// Headers of the answer.
    pub headers: BTreeMap<String, String>,
    /// The body of the answer.
    pub body: Option<Bytes>,
    /// The fault rule that touched the request, by number.
    pub fault: Option<u64>,
    /// Whether the answer is the rule's and not the service's.
    pub faulted: bool,
    /// When it ended, by the emulated clock.
    pub at: Timestamp,
}

impl Outcome {
    pub(super) fn label(&self) -> String {
        self.status
            .map_or_else(|| "dropped".to_owned(), |status| status.to_string())
    }
}

/// An entry as the control API shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct View {
    /// Sequence number over both services.
    pub seq: u64,
    /// `graph` or `zoho`.
    pub service: String,
    /// When it came, by the emulated clock.
    pub at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The method.
    pub method: String,
    /// The path as it came.
    pub path: String,
    /// The path with its ids taken out.
    pub route: String,
    /// The query as it came; secrets are withheld.
    pub query: String,
    /// Whether it came in a batch.
    pub batched: bool,
    /// Whether a fault rule delivered the request before this one a second time.
    #[serde(default)]
    pub again: bool,
    /// `pending`, `answered` or `dropped`.
    pub outcome: String,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The fault rule that touched it.
    pub fault: Option<u64>,
    /// Whether the answer is the rule's.
    pub faulted: bool,
    /// Headers of the request, without `Authorization`.
    pub request_headers: BTreeMap<String, String>,
    /// Body of the request, where it is JSON or a form and still kept.
    pub request_body: Option<Value>,
    /// Headers of the answer.
    pub answer_headers: BTreeMap<String, String>,
    /// Body of the answer, where it is JSON and still kept.
    pub answer_body: Option<Value>,
}

impl Entry {
    /// An entry for a request that has just come.
    #[must_use]
    pub fn new(
        service: &'static str,
        seen: &Seen,
        headers: &HeaderMap,
        batched: bool,
        at: Timestamp,
    ) -> Self {
        // A form is small and may hold secrets; everything else is kept as it came and parsed when shown.
        let is_form = seen.media == Media::Form;
        let body_json = is_form.then(|| seen.json.clone()).flatten().map(|mut form| {
            bodies::withhold(&mut form);
            form
        });
        let keep = !is_form && !seen.is_login() && !seen.bytes.is_empty();
        Self {
            seq: 0,
            service,
            method: seen.method.clone(),
            path: seen.path.clone(),
            outcome: None,
            batched,
            again: false,
            route: route_of(&seen.path),
            query: seen.safe_query(),
            headers: header_map(headers),
            at,
            body: keep.then(|| seen.bytes.clone()),
            body_json,
        }
    }

    /// The same request, delivered once more by a fault.
    #[must_use]
    pub fn delivered_again(self) -> Self {
        Self { again: true, ..self }
    }

    pub(super) fn counted_as(&self) -> String {
        format!("{} {}", self.method, self.route)
    }

    pub(super) fn forget_bodies(&mut self) {
        self.body = None;
        self.body_json = None;
        if let Some(outcome) = &mut self.outcome {
            outcome.body = None;
        }
    }

    pub(super) fn view(&self) -> View {
        let outcome = self.outcome.as_ref();
        let mut answer_body = outcome.and_then(|outcome| outcome.body.as_ref()).and_then(parsed);
        if bodies::is_login(&self.path) {
            answer_body.as_mut().map(bodies::withhold);
        }
        View {
            seq: self.seq,
            service: self.service.to_owned(),
            at: self.at,
            ended_at: outcome.map(|outcome| outcome.at),
            method: self.method.clone(),
            path: self.path.clone(),
            route: self.route.clone(),
            query: self.query.clone(),
            batched: self.batched,
            again: self.again,
            outcome: match outcome {
                None => "pending",
                Some(Outcome { status: None, .. }) => "dropped",
                Some(_) => "answered",
            }
            .to_owned(),
            status: outcome.and_then(|outcome| outcome.status),
            fault: outcome.and_then(|outcome| outcome.fault),
            faulted: outcome.is_some_and(|outcome| outcome.faulted),
            request_headers: self.headers.clone(),
            request_body: self
                .body_json
                .clone()
                .or_else(|| self.body.as_ref().and_then(parsed)),
            answer_headers: outcome.map(|outcome| outcome.headers.clone()).unwrap_or_default(),
            answer_body,
        }
    }
}

fn parsed(bytes: &Bytes) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}

/// Headers by name, without the one that carries the token. Values that are no text are left out.
#[must_use]
pub fn header_map(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter(|(name, _)| *name != http::header::AUTHORIZATION)
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect()
}
