//! One call before it is sent: alone or as a part of a batch.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_MATCH};
use http::{HeaderName, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::error::Error;
use crate::request::Reply;

/// Names the request in Microsoft's logs; echoed in the answer (`research/graph.md` §3).
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What a repetition does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The same as the first: reads, updates to the same values, deletes.
    Idempotent,
    /// Another item.
    Create,
}

/// What a call carries.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Json(Value),
    /// Plain text: base64 of a MIME message.
    Text(String),
}

/// A call, without its host and its token.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The template, for logs and metrics.
    pub(crate) route: &'static str,
    /// Path and query below the version; names people, so it is never logged.
    pub(crate) target: String,
    /// The mailbox whose limits count.
    pub(crate) mailbox: Option<String>,
    pub(crate) body: Option<Body>,
    pub(crate) if_match: Option<String>,
    pub(crate) page_size: Option<u32>,
    pub(crate) effect: Effect,
    /// Why it cannot be sent; kept until it would be, so that building a call never fails.
    pub(crate) flaw: Option<Error>,
}

impl Body {
    pub(crate) fn media_type(&self) -> &'static str {
        match self {
            Self::Json(_) => "application/json",
            Self::Text(_) => "text/plain",
        }
    }

    fn bytes(&self) -> Result<Bytes, Error> {
        match self {
            Self::Json(json) => serde_json::to_vec(json)
                .map(Bytes::from)
                .map_err(|_| Error::Unaskable("the body is no JSON")),
            Self::Text(text) => Ok(Bytes::copy_from_slice(text.as_bytes())),
        }
    }
}

impl Call {
    pub(crate) fn new(method: Method, route: &'static str, target: String) -> Self {
        let effect = if method == Method::POST {
            Effect::Create
        } else {
            Effect::Idempotent
        };
        Self {
            method,
            route,
            target,
            mailbox: None,
            body: None,
            if_match: None,
            page_size: None,
            effect,
            flaw: None,
        }
    }

    pub(crate) fn get(route: &'static str, target: String) -> Self {
        Self::new(Method::GET, route, target)
    }

    pub(crate) fn of_mailbox(mut self, mailbox: &str) -> Self {
        self.mailbox = Some(mailbox.to_owned());
        self
    }

    pub(crate) fn with_body(mut self, body: Value) -> Self {
        self.body = Some(Body::Json(body));
        self
    }

    pub(crate) fn with_text(mut self, body: String) -> Self {
        self.body = Some(Body::Text(body));
        self
    }

    pub(crate) fn if_match(mut self, etag: &str) -> Self {
        if HeaderValue::from_str(etag).is_err() {
            self.flaw = Some(Error::Unaskable("the etag is no header value"));
        }
        self.if_match = Some(etag.to_owned());
        self
    }

    pub(crate) fn flawed(mut self, flaw: Error) -> Self {
        self.flaw = Some(flaw);
        self
    }

    /// Immutable ids must be asked for in every request, also behind links and within batches
    /// (`research/graph.md` §3); so must the page size of a delta round.
    pub(crate) fn prefer(&self) -> String {
        let ids = "IdType=\"ImmutableId\"";
        self.page_size.map_or_else(
            || ids.to_owned(),
            |size| format!("{ids}, odata.maxpagesize={size}"),
        )
    }

    /// The HTTP request of the call alone.
    pub(crate) fn http(
        &self,
        base: &str,
        token: &SecretString,
        id: &str,
    ) -> Result<http::Request<Bytes>, Error> {
        let unaskable = |_| Error::Unaskable("the request is malformed");
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
            .map_err(|_| Error::Unaskable("the token is no header value"))?;
        bearer.set_sensitive(true);
        let mut request = http::Request::builder()
            .method(self.method.clone())
            .uri(format!("{base}{}", self.target))
            .header(AUTHORIZATION, bearer)
            .header(ACCEPT, "application/json")
            .header(PREFER, self.prefer())
            .header(CLIENT_REQUEST_ID, id);
        if let Some(etag) = &self.if_match {
            request = request.header(IF_MATCH, etag);
        }
        let body = match &self.body {
            Some(body) => {
                request = request.header(CONTENT_TYPE, body.media_type());
                body.bytes()?
            }
            None => Bytes::new(),
        };
        request.body(body).map_err(unaskable)
    }

    /// An answer to a create that cannot be read leaves the same question as no answer.
    pub(crate) fn judge_reading<T>(effect: Effect, read: Result<T, Error>) -> Result<T, Error> {
        match read {
            Err(error @ Error::Unreadable { .. }) if effect == Effect::Create => {
                Err(Error::Ambiguous(Box::new(error)))
            }
            other => other,
        }
    }
}

/// Reads what a call's success brought.
pub(crate) type Read<T> = Box<dyn FnOnce(Reply) -> Result<T, Error> + Send>;
