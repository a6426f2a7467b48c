//! Exchange's limits per app and mailbox: so many requests at once, so many in ten minutes.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::errors::Failure;
use super::options::Options;

/// What one app does in one mailbox.
#[derive(Debug, Default)]
pub(super) struct Gate {
    in_flight: u64,
    /// The most requests that ever ran at once.
    pub(super) peak: u64,
    recent: VecDeque<Timestamp>,
}

impl Gate {
    /// Admits a request or refuses it. Refused requests count as well, as the service counts them: whoever
    /// keeps hammering stays out.
    pub(super) fn enter(&mut self, now: Timestamp, options: &Options, jitter: u64) -> Result<u64, Failure> {
        let window = SignedDuration::from_secs(i64::try_from(options.window).unwrap_or(600));
        while self
            .recent
            .front()
            .is_some_and(|first| now.duration_since(*first) >= window)
        {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        let used = u64::try_from(self.recent.len()).unwrap_or(u64::MAX);
        if used > options.requests {
            let over = usize::try_from(used - options.requests).unwrap_or(1);
            let free = self.recent.get(over - 1).copied().unwrap_or(now);
            let wait = window - now.duration_since(free);
            return Err(throttled("RequestCount", wait.as_millis().max(1)));
        }
        if self.in_flight >= options.concurrent {
            return Err(throttled("MailboxConcurrency", i128::from(500 + jitter % 2_000)));
        }
        self.in_flight += 1;
        self.peak = self.peak.max(self.in_flight);
        Ok(self.in_flight)
    }

    pub(super) fn leave(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }
}

/// `Retry-After` in seconds, fractional as the service sends it.
fn throttled(limit: &str, wait_ms: i128) -> Failure {
    Failure::new(
        429,
        "ApplicationThrottled",
        format!("Application is over its {limit} limit."),
    )
    .with("retry-after", format!("{}.{:03}", wait_ms / 1000, wait_ms % 1000))
}
