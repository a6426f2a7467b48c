//! How a tenant behaves where the real service's behaviour varies or can be slow.

use serde_json::Value;

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
    /// Seconds after a write at which Exchange gives the item a new change key once more; zero means never.
    pub(super) second_bump: u64,
    /// The second bump moves `lastModifiedDateTime` too.
    pub(super) last_modified_churn: bool,
    /// How many generations of delta tokens stay valid.
    pub(super) delta_generations: u64,
    /// Status of a token that is too old: 410, or 400 as some have seen.
    pub(super) delta_expired_status: u16,
    /// Entries of the round before that come again at the start of a round.
    pub(super) delta_replays: u64,
    /// A follow-up round starts with an empty page.
    pub(super) delta_empty_page: bool,
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
}

impl Default for Options {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            token_lifetime: 3599,
            tokens_per_minute: 0,
            second_bump: 5,
            last_modified_churn: false,
            delta_generations: 3,
            delta_expired_status: 410,
            delta_replays: 0,
            delta_empty_page: false,
            trashed_folders_visible: true,
            concurrent: 4,
            requests: 10_000,
            window: 600,
            mails_per_minute: 30,
        }
    }
}

impl Options {
    /// Takes the members that are there; what is absent stays.
    pub(super) fn read(&mut self, section: &mut Section<'_>) -> Result<(), Refused> {
        self.latency_ms = section.number("latencyMs", self.latency_ms)?;
        self.token_lifetime = section.number("tokenLifetimeSeconds", self.token_lifetime)?;
        self.tokens_per_minute = section.number("tokensPerMinute", self.tokens_per_minute)?;
        self.second_bump = section.number("secondBumpSeconds", self.second_bump)?;
        self.last_modified_churn = section.flag("lastModifiedChurn", self.last_modified_churn)?;
        if let Some(value) = section.take("delta") {
            self.read_delta(section.path("delta"), value)?;
        }
        if let Some(value) = section.take("throttle") {
            let mut throttle = Section::new(section.path("throttle"), value)?;
            self.concurrent = throttle.number("concurrent", self.concurrent)?;
            self.requests = throttle.number("requests", self.requests)?;
            self.window = throttle.number("windowSeconds", self.window)?;
            self.mails_per_minute = throttle.number("mailsPerMinute", self.mails_per_minute)?;
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

    fn read_delta(&mut self, at: String, value: &Value) -> Result<(), Refused> {
        let mut delta = Section::new(at, value)?;
        self.delta_generations = delta.number("generations", self.delta_generations)?.max(1);
        self.delta_replays = delta.number("replays", self.delta_replays)?;
        self.delta_empty_page = delta.flag("emptyPage", self.delta_empty_page)?;
        let status = delta.number("expiredStatus", u64::from(self.delta_expired_status))?;
        self.delta_expired_status = match status {
            400 => 400,
            404 => 404,
            410 => 410,
            _ => return Err(refuse(delta.path("expiredStatus"), "expected 400, 404 or 410")),
        };
        delta.finish()
    }
}
