//! A fault rule: which requests it is for, and what happens to them.

use std::collections::BTreeMap;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::disturbance::Disturbance;
use crate::core::bodies::Seen;
use crate::core::service::Refused;

/// Where a rule acts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Before the service sees the request: with an answer or a drop, the work is not done.
    #[default]
    Before,
    /// After the service has done its work: its answer is thrown away for the rule's.
    After,
    /// The service works and answers as ever; only for a delay, a hold or a disturbance before, or a second delivery.
    None,
}

/// Whose answer the client gets when its request was delivered twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kept {
    /// The first delivery's: the second one goes unnoticed.
    First,
    /// The second delivery's: the first answer was lost.
    Last,
}

/// How long an answer tells the client to wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryAfter {
    /// Seconds; may have a fraction.
    pub seconds: f64,
    /// As a date by the emulators' clock, in whole seconds, instead of a number.
    #[serde(default)]
    pub date: bool,
}

/// The answer that a rule gives in the service's place.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers, such as `Retry-After`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body: JSON; a plain text goes out as it is.
    #[serde(default)]
    pub body: Value,
}

/// A rule as it is given to the control API.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// `graph` or `zoho`.
    pub service: String,
    /// The method; any if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The full path, encoded or decoded: a glob if it has a `*` (which also spans slashes), else a prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Text that the query holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_contains: Option<String>,
    /// Text that the request's body holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
    /// Only requests in a batch, or only those that are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batched: Option<bool>,
    /// How many matching requests pass first.
    pub skip: u64,
    /// How many it hits after that: 1 if not given, 0 for all until the rule is removed.
    pub times: Option<u64>,
    /// The share of matching requests that it hits, from 0 to 1, drawn from the seed; all if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
    /// Where it acts.
    pub effect: Effect,
    /// Answer in the service's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// `Retry-After` of that answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<RetryAfter>,
    /// Close the connection without an answer.
    pub drop: bool,
    /// Wait so long, by the emulators' clock.
    pub delay_ms: u64,
    /// Park the request until it is released.
    pub hold: bool,
    /// Deliver the request twice, once behind the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubled: Option<Kept>,
    /// Disturb what the request is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disturb: Option<Disturbance>,
}

impl Rule {
    /// Refuses rules that say nothing or contradict themselves.
    ///
    /// # Errors
    /// Names the member and what is wrong with it.
    pub fn check(&self) -> Result<(), Refused> {
        let refused = |at: &str, problem: &str| {
            Err(Refused {
                at: at.to_owned(),
                problem: problem.to_owned(),
            })
        };
        let replaces = self.answer.is_some() || self.drop;
        if !["graph", "zoho"].contains(&self.service.as_str()) {
            return refused("service", "has to be graph or zoho");
        }
        if self.answer.is_some() && self.drop {
            return refused("drop", "excludes an answer");
        }
        if replaces && self.effect == Effect::None {
            return refused(
                "effect",
                "none leaves the service's answer; an answer or a drop needs before or after",
            );
        }
        let acts = replaces || self.hold || self.delay_ms > 0;
        if !acts && self.doubled.is_none() && self.disturb.is_none() {
            return refused(
                "rule",
                "needs an answer, drop, delay_ms, hold, doubled or disturb",
            );
        }
        if self.doubled.is_some() && replaces && self.effect == Effect::Before {
            return refused(
                "doubled",
                "needs effect after: before, nothing is delivered at all",
            );
        }
        if self
            .disturb
            .is_some_and(|disturbance| !disturbance.is_for(&self.service))
        {
            return refused("disturb", "is for graph only");
        }
        if self.chance.is_some_and(|chance| !(0.0..=1.0).contains(&chance)) {
            return refused("chance", "has to be between 0 and 1");
        }
        if let Some(wait) = &self.retry_after {
            if self.answer.is_none() {
                return refused("retry_after", "needs an answer");
            }
            if !wait.seconds.is_finite() || wait.seconds < 0.0 {
                return refused("retry_after.seconds", "has to be zero or more");
            }
        }
        if let Some(answer) = &self.answer
            && !(200..600).contains(&answer.status)
        {
            return refused("answer.status", "has to be between 200 and 599");
        }
        for (name, value) in self.answer.iter().flat_map(|answer| &answer.headers) {
            if http::HeaderName::try_from(name).is_err() || http::HeaderValue::try_from(value).is_err() {
                return refused("answer.headers", "holds a name or value that HTTP does not allow");
            }
        }
        Ok(())
    }

    /// Whether the rule is for this request.
    #[must_use]
    pub fn matches(&self, service: &str, seen: &Seen, batched: bool) -> bool {
        self.service == service
            && self
                .method
                .as_deref()
                .is_none_or(|method| method.eq_ignore_ascii_case(&seen.method))
            && self.batched.is_none_or(|wanted| wanted == batched)
            && self
                .path
                .as_deref()
                .is_none_or(|pattern| path_matches(pattern, &seen.path))
            && self
                .query_contains
                .as_deref()
                .is_none_or(|part| contains_decoded(&seen.query, part))
            && self
                .body_contains
                .as_deref()
                .is_none_or(|part| contains(&seen.bytes, part.as_bytes()))
    }

    pub(super) fn limit(&self) -> Option<u64> {
        Some(self.times.unwrap_or(1)).filter(|times| *times > 0)
    }

    pub(super) fn delay(&self) -> Option<Duration> {
        (self.delay_ms > 0).then(|| Duration::from_millis(self.delay_ms))
    }
}

fn path_matches(pattern: &str, path: &str) -> bool {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    [path, decoded.as_ref()].into_iter().any(|path| {
        if pattern.contains('*') {
            glob(pattern, path)
        } else {
            path.starts_with(pattern)
        }
    })
}

fn contains_decoded(text: &str, part: &str) -> bool {
    text.contains(part) || percent_decode_str(text).decode_utf8_lossy().contains(part)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    needle.is_empty() || haystack.windows(needle.len()).any(|window| window == needle)
}

/// `*` stands for any text, slashes included; everything else for itself.
fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else {
        return rest.is_empty();
    };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::{glob, path_matches};

    #[test]
    fn globs_span_slashes_and_anchor_both_ends() {
        assert!(glob(
            "/v1.0/users/*/contactFolders/*/contacts",
            "/v1.0/users/a/contactFolders/b/contacts"
        ));
        assert!(!glob(
            "/v1.0/users/*/contactFolders/*/contacts",
            "/v1.0/users/a/contactFolders/b/contacts/c"
        ));
        assert!(glob("*", "/anything"));
        assert!(!glob("*/delta", "/users/delta/x"));
    }

    #[test]
    fn a_path_without_a_star_is_a_prefix_encoded_or_not() {
        assert!(path_matches(
            "/v1.0/users/ada@contoso.example",
            "/v1.0/users/ada%40contoso.example/events"
        ));
        assert!(!path_matches("/crm/v8/Contacts", "/crm/v8/Events"));
    }
}
