//! How a tenant behaves where the real service's behaviour varies or can be slow.

use serde_json::Value;

use super::delta_options::DeltaOptions;
use super::section::{Section, refuse};
use crate::core::service::Refused;

/// The switches of one tenant.
#[derive(Debug, Clone)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent switches of a test world"
)]
pub(super) struct Options {
    /// Added to every request on a mailbox.
    pub(super) latency_ms: u64,
    /// Life of a token.
    pub(super) token_lifetime: u64,
    /// Tokens a minute before the login host says 429; zero means no limit.
    pub(super) tokens_per_minute: u64,
    /// How many seconds after a write Exchange gives the item a new change key once more: drawn from these two, both
    /// included. Zero is behind the answer, before anything else.
    pub(super) second_bump: Option<(u64, u64)>,
    /// The second bump moves `lastModifiedDateTime` too.
    pub(super) last_modified_churn: bool,
    /// The change query.
    pub(super) delta: DeltaOptions,
    /// Exchange's own code stands in an inner error, under one that says nothing.
    pub(super) nested_errors: bool,
    /// Folders in Deleted Items answer by id; v1.0 has also been seen to hide them.
    pub(super) trashed_folders_visible: bool,
    /// Concurrent requests of one app in one mailbox.
    pub(super) concurrent: u64,
    /// Requests of one app in one mailbox per window.
    pub(super) requests: u64,
    /// The window in seconds.
    pub(super) window: u64,
    /// Messages that a mailbox may send in a minute.
    pub(super) mails_per_minute: u64,
    /// Bytes that one app may send to one mailbox in five minutes.
    pub(super) upload_bytes: u64,
    /// How a throttled answer says when to come back.
    pub(super) retry_after: RetryAfter,
    /// A throttled answer has a code that says nothing, and no text.
    pub(super) mute_throttle: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            token_lifetime: 3599,
            tokens_per_minute: 0,
            second_bump: Some((5, 5)),
            last_modified_churn: false,
            delta: DeltaOptions::default(),
            nested_errors: false,
            trashed_folders_visible: true,
            concurrent: 4,
            requests: 10_000,
            window: 600,
            mails_per_minute: 30,
            upload_bytes: 150 * 1024 * 1024,
            retry_after: RetryAfter::Fraction,
            mute_throttle: false,
        }
    }
}

impl Options {
    /// Takes the members that are there; what is absent stays.
    pub(super) fn read(&mut self, section: &mut Section<'_>) -> Result<(), Refused> {
        self.latency_ms = section.number("latencyMs", self.latency_ms)?;
        self.token_lifetime = section.number("tokenLifetimeSeconds", self.token_lifetime)?;
        self.tokens_per_minute = section.number("tokensPerMinute", self.tokens_per_minute)?;
        self.read_second_bump(section)?;
        self.last_modified_churn = section.flag("lastModifiedChurn", self.last_modified_churn)?;
        if let Some(value) = section.take("delta") {
            self.delta.read(section.path("delta"), value)?;
        }
        self.nested_errors = section.flag("nestedErrors", self.nested_errors)?;
        if let Some(value) = section.take("throttle") {
            let mut throttle = Section::new(section.path("throttle"), value)?;
            self.concurrent = throttle.number("concurrent", self.concurrent)?;
            self.requests = throttle.number("requests", self.requests)?;
            self.window = throttle.number("windowSeconds", self.window)?;
            self.mails_per_minute = throttle.number("mailsPerMinute", self.mails_per_minute)?;
            self.upload_bytes = throttle.number("uploadBytes", self.upload_bytes)?;
            self.mute_throttle = throttle.flag("mute", self.mute_throttle)?;
            if let Some(form) = throttle.opt_text("retryAfter")? {
                self.retry_after = RetryAfter::parse(&form).ok_or_else(|| {
                    refuse(
                        throttle.path("retryAfter"),
                        "expected fraction, seconds, date or none",
                    )
                })?;
            }
            throttle.finish()?;
        }
        match section.opt_text("trashedFolders")?.as_deref() {
            None => {}
            Some("visible") => self.trashed_folders_visible = true,
            Some("hidden") => self.trashed_folders_visible = false,
            Some(_) => {
                return Err(refuse(
                    section.path("trashedFolders"),
                    "expected visible or hidden",
                ));
            }
        }
        Ok(())
    }

    /// `secondBumpSeconds: 5`, `[0, 30]` for a time drawn in between, or 0 for never.
    fn read_second_bump(&mut self, section: &mut Section<'_>) -> Result<(), Refused> {
        let at = section.path("secondBumpSeconds");
        let Some(value) = section.take("secondBumpSeconds") else {
            return Ok(());
        };
        self.second_bump = match value {
            Value::Array(range) => match range.as_slice() {
                [from, to] => from.as_u64().zip(to.as_u64()).filter(|(from, to)| from <= to),
                _ => None,
            }
            .map(Some),
            seconds => seconds
                .as_u64()
                .map(|seconds| (seconds > 0).then_some((seconds, seconds))),
        }
        .ok_or_else(|| {
            refuse(
                at,
                "expected a number of seconds, or the least and the most of them",
            )
        })?;
        Ok(())
    }
}

/// The form of `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryAfter {
    /// Seconds with a fraction.
    Fraction,
    /// Whole seconds.
    Seconds,
    /// A date, in whole seconds.
    Date,
    /// Not at all.
    Absent,
}

impl RetryAfter {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "fraction" => Self::Fraction,
            "seconds" => Self::Seconds,
            "date" => Self::Date,
            "none" => Self::Absent,
            _ => return None,
        })
    }
}
