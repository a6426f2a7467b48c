//! A duration as Go writes it.

use std::{borrow::Cow, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A duration in the form that Kubernetes uses: `30s`, `5m`, `1h30m`.
///
/// It keeps the text as it was written, so that an object reads back as it was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Interval(String);

impl Interval {
    /// An interval from its text, unchecked: the API server checks it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The duration, or `None` for a text that the API server would not have accepted.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        kube::core::Duration::from_str(&self.0)
            .ok()
            .filter(|duration| *duration > Duration::ZERO)
            .map(Duration::from)
    }
}

impl JsonSchema for Interval {
    fn schema_name() -> Cow<'static, str> {
        "Interval".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 2,
            "maxLength": 24,
            "x-kubernetes-validations": [{
                "rule": "self.matches(r'^([0-9]{1,5}(\\.[0-9]{1,3})?(h|m|s))+$') \
                    && duration(self) >= duration('30s') && duration(self) <= duration('24h')",
                "message": "must be a duration from 30s to 24h, such as 5m or 1h30m"
            }]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_are_understood() {
        for (text, seconds) in [
            ("30s", 30),
            ("5m", 300),
            ("1h30m", 5_400),
            ("1.5h", 5_400),
            ("24h", 86_400),
        ] {
            assert_eq!(
                Interval::new(text).duration(),
                Some(Duration::from_secs(seconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_duration_is_none() {
        for text in ["", "5", "-5m", "five minutes"] {
            assert_eq!(Interval::new(text).duration(), None, "{text}");
        }
    }
}
