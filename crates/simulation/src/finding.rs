//! What must not be and was seen.

use std::fmt;

/// The requirement that was broken, as the design and the notes on syncing number them, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `I2`, `N9`, ...
    pub rule: &'static str,
    /// What was seen.
    pub what: String,
}

impl Finding {
    /// A finding.
    pub fn new(rule: &'static str, what: impl Into<String>) -> Self {
        Self {
            rule,
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.what)
    }
}
