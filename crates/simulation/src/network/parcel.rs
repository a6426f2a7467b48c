//! A request on its way, and what can be seen from outside.

use std::fmt;

use axum::body::Body;
use bytes::Bytes;
use emulators::core::service::Origin;
use http::{Method, Request};
use serde_json::Value;

use super::{GRAPH, ZOHO};
use crate::world::EXTERNAL_ID;

/// Whom a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Graph,
    Zoho,
}

impl Service {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Graph => "graph",
            Self::Zoho => "zoho",
        }
    }
}

/// A request of a batch.
#[derive(Debug, Clone)]
pub(super) struct Part {
    method: String,
    url: String,
    conditional: bool,
}

/// A request on its way.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) service: Service,
    request: Request<Bytes>,
    /// What a batch is made of; empty for a request alone.
    pub(super) parts: Vec<Part>,
}

impl Parcel {
    pub(super) fn new(request: Request<Bytes>) -> Self {
        let zoho = ZOHO.ends_with(request.uri().host().unwrap_or_default());
        let parts = if request.uri().path().ends_with("/$batch") {
            parts(request.body())
        } else {
            Vec::new()
        };
        Self {
            service: if zoho { Service::Zoho } else { Service::Graph },
            request,
            parts,
        }
    }

    pub(super) fn host(&self) -> String {
        self.request.uri().host().unwrap_or_default().to_owned()
    }

    /// As the stack takes it.
    pub(super) fn into_request(self) -> Request<Body> {
        let origin = match self.service {
            Service::Graph => GRAPH,
            Service::Zoho => ZOHO,
        };
        let mut request = self.request.map(Body::from);
        request.extensions_mut().insert(Origin(origin.to_owned()));
        request
    }

    /// The mailbox whose limits count.
    pub(super) fn mailbox(&self) -> Option<String> {
        if self.service == Service::Zoho {
            return None;
        }
        let target = self
            .parts
            .first()
            .map_or(self.request.uri().path(), |part| part.url.as_str());
        let (_, rest) = target.split_once("/users/")?;
        let id = rest.split(['/', '?']).next()?;
        Some(id.to_ascii_lowercase())
    }

    /// How many requests it is at the service at the same time.
    pub(super) fn width(&self) -> usize {
        self.parts.len().clamp(1, 4)
    }

    /// Whether it changes nothing if the world moved on in the meantime.
    pub(super) fn is_conditional(&self) -> bool {
        if self.parts.is_empty() {
            let headers = self.request.headers();
            return !self.is_login()
                && (self.request.method() == Method::GET
                    || headers.contains_key("if-match")
                    || headers.contains_key("if-unmodified-since"));
        }
        self.parts
            .iter()
            .all(|part| part.method == "GET" || part.conditional)
    }

    fn is_login(&self) -> bool {
        self.request.uri().path().contains("/oauth")
    }

    /// Whether it makes contacts.
    pub(super) fn makes_contacts(&self) -> bool {
        let path = self.request.uri().path();
        let posts = self.request.method() == Method::POST;
        match self.service {
            Service::Zoho => posts && path.ends_with("/Contacts"),
            Service::Graph if self.parts.is_empty() => posts && path.ends_with("/contacts"),
            Service::Graph => self
                .parts
                .iter()
                .any(|part| part.method == "POST" && part.url.ends_with("/contacts")),
        }
    }

    /// Whether its rows carry the unique field, so that a double is refused.
    pub(super) fn names_external_id(&self) -> bool {
        let body: Value = serde_json::from_slice(self.request.body()).unwrap_or_default();
        let rows = body["data"].as_array();
        rows.is_some_and(|rows| rows.iter().all(|row| row[EXTERNAL_ID].is_string()))
    }
}

fn parts(body: &Bytes) -> Vec<Part> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let requests = body["requests"].as_array();
    requests
        .into_iter()
        .flatten()
        .map(|request| Part {
            method: text(&request["method"]),
            url: text(&request["url"]),
            conditional: request["headers"]
                .as_object()
                .is_some_and(|headers| headers.keys().any(|name| name.eq_ignore_ascii_case("if-match"))),
        })
        .collect()
}

impl fmt::Display for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, uri) = (self.request.method(), self.request.uri());
        write!(f, "{} {method} {}", self.service.name(), uri.path())?;
        if let Some(query) = uri.query().filter(|_| self.service == Service::Zoho) {
            write!(f, "?{query}")?;
        }
        if uri.path().ends_with("/coql") {
            write!(f, " {}", String::from_utf8_lossy(self.request.body()))?;
        }
        if let Some(first) = self.parts.first() {
            write!(f, " [{}x {} {}]", self.parts.len(), first.method, first.url)?;
        }
        Ok(())
    }
}
