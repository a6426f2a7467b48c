//! A request as the handlers see it.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{Answer, bad_request, invalid_param};

/// Method, path without `/crm/v8`, query, headers and body.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Call {
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A whole number within bounds, or the default when the parameter is absent.
    pub(super) fn number(&self, name: &str, default: u64, least: u64, most: u64) -> Result<u64, Answer> {
        let Some(text) = self.param(name) else {
            return Ok(default);
        };
        let number = text.parse::<u64>().map_err(|_| invalid_param(name))?;
        if (least..=most).contains(&number) {
            Ok(number)
        } else {
            Err(invalid_param(name))
        }
    }

    /// A parameter with a closed list of values.
    pub(super) fn choice<'a>(
        &'a self,
        name: &str,
        values: &[&str],
        default: &'a str,
    ) -> Result<&'a str, Answer> {
        match self.param(name) {
            None => Ok(default),
            Some(value) if values.contains(&value) => Ok(value),
            Some(_) => Err(invalid_param(name)),
        }
    }

    /// The parts of a comma list.
    pub(super) fn list(&self, name: &str) -> Option<Vec<&str>> {
        let parts = self
            .param(name)?
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>();
        (!parts.is_empty()).then_some(parts)
    }

    /// A date-time header in ISO 8601 with an offset; anything else is refused, never ignored.
    pub(super) fn instant(&self, header: &str) -> Result<Option<Timestamp>, Answer> {
        let Some(value) = self.headers.get(header) else {
            return Ok(None);
        };
        let parsed = value
            .to_str()
            .ok()
            .and_then(|text| text.parse::<Timestamp>().ok());
        parsed.map(Some).ok_or_else(|| {
            bad_request(
                "INVALID_DATA",
                "the header is not a date-time with an offset",
                json!({"header": header}),
            )
        })
    }

    pub(super) fn json(&self) -> Result<Value, Answer> {
        serde_json::from_slice(&self.body).map_err(|_| {
            bad_request(
                "INVALID_REQUEST",
                "the body of the request is no valid JSON",
                json!({}),
            )
        })
    }
}
