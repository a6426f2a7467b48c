//! One call, described.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::error::{Error, RequestError};
use crate::times;

/// Query values keep their commas readable: lists of ids and fields are long.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b',');

/// What a call does if it is carried out although no answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Read,
    /// Makes something new; twice makes two.
    Insert,
    /// Changes or deletes by id; twice is the same as once.
    Change,
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The template for logs and metrics.
    pub(crate) route: &'static str,
    /// Path and query after `/crm/v8`.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) credits: u32,
    pub(crate) effect: Effect,
    has_query: bool,
}

impl Call {
    /// A read; `path` holds nothing that needs escaping.
    pub(crate) fn get(route: &'static str, path: impl Into<String>) -> Self {
        Self::new(Method::GET, route, path.into(), Effect::Read)
    }

    pub(crate) fn new(method: Method, route: &'static str, path: String, effect: Effect) -> Self {
        let headers = HeaderMap::new();
        Self {
            method,
            route,
            path,
            headers,
            body: Bytes::new(),
            credits: 1,
            effect,
            has_query: false,
        }
    }

    pub(crate) fn query(mut self, key: &str, value: &str) -> Self {
        self.path.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        self.path.push_str(key);
        self.path.push('=');
        self.path.extend(utf8_percent_encode(value, QUERY));
        self
    }

    pub(crate) fn maybe_query(self, key: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.query(key, value),
            None => self,
        }
    }

    pub(crate) fn time_header(mut self, name: &'static str, time: Option<Timestamp>) -> Self {
        let value = time.and_then(|time| HeaderValue::from_str(&times::text(time)).ok());
        if let Some(value) = value {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.headers.insert(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        self.body = Bytes::from(body.to_string());
        self
    }

    pub(crate) fn costing(mut self, credits: u32) -> Self {
        self.credits = credits;
        self
    }
}

/// Lower-case names of the two conditions (`research/zoho.md` §4, §5).
pub(crate) const IF_MODIFIED_SINCE: &str = "if-modified-since";
pub(crate) const IF_UNMODIFIED_SINCE: &str = "if-unmodified-since";

/// An answer that is no whole-call error.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) route: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// Fails for ids that would not be one in a path.
pub(crate) fn check_id(what: &'static str, well_formed: bool) -> Result<(), Error> {
    if well_formed {
        Ok(())
    } else {
        Err(RequestError::MalformedId(what).into())
    }
}
