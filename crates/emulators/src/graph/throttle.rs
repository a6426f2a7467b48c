//! Exchange's limits per app and mailbox: so many requests at once, so many in ten minutes, so much sent in five.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::errors::Failure;
use super::options::{Options, RetryAfter};
use crate::core::http_date::not_before;

/// How long what was sent counts.
const UPLOAD_WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// What one app does in one mailbox.
#[derive(Debug, Default)]
pub(super) struct Gate {
    in_flight: u64,
    /// The most requests that ever ran at once.
    pub(super) peak: u64,
    recent: VecDeque<Timestamp>,
    uploads: VecDeque<(Timestamp, u64)>,
    uploaded: u64,
}

impl Gate {
    /// Admits a request with a body of so many bytes, or refuses it. Refused requests count as well, as the service
    /// counts them: whoever keeps hammering stays out.
    pub(super) fn enter(
        &mut self,
        now: Timestamp,
        options: &Options,
        bytes: usize,
        jitter: u64,
    ) -> Result<u64, Failure> {
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
            return Err(throttled("RequestCount", now, wait, options));
        }
        if let Some(wait) = self.upload(
            now,
            u64::try_from(bytes).unwrap_or(u64::MAX),
            options.upload_bytes,
        ) {
            return Err(throttled("UploadBytes", now, wait, options));
        }
        if self.in_flight >= options.concurrent {
            let wait = i64::try_from(500 + jitter % 2_000).unwrap_or(500);
            let wait = SignedDuration::from_millis(wait);
            return Err(throttled("MailboxConcurrency", now, wait, options));
        }
        self.in_flight += 1;
        self.peak = self.peak.max(self.in_flight);
        Ok(self.in_flight)
    }

    /// How long to wait until so much may be sent; nothing if it may be sent now.
    fn upload(&mut self, now: Timestamp, bytes: u64, limit: u64) -> Option<SignedDuration> {
        while let Some((at, old)) = self.uploads.front().copied() {
            if now.duration_since(at) < UPLOAD_WINDOW {
                break;
            }
            self.uploaded -= old;
            self.uploads.pop_front();
        }
        if bytes > 0 && self.uploaded + bytes > limit {
            let first = self.uploads.front().map_or(now, |(at, _)| *at);
            return Some(UPLOAD_WINDOW - now.duration_since(first));
        }
        if bytes > 0 {
            self.uploaded += bytes;
            self.uploads.push_back((now, bytes));
        }
        None
    }

    pub(super) fn leave(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }
}

fn throttled(limit: &str, now: Timestamp, wait: SignedDuration, options: &Options) -> Failure {
    let failure = if options.mute_throttle {
        Failure::new(429, "UnknownError", "")
    } else {
        let text = format!("Application is over its {limit} limit.");
        Failure::new(429, "ApplicationThrottled", text)
    };
    let millis = wait.as_millis().max(1);
    match options.retry_after {
        RetryAfter::Fraction => {
            failure.with("retry-after", format!("{}.{:03}", millis / 1000, millis % 1000))
        }
        RetryAfter::Seconds => failure.with("retry-after", (millis + 999).div_euclid(1000).to_string()),
        RetryAfter::Date => {
            let at = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
            failure.with("retry-after", not_before(at))
        }
        RetryAfter::Absent => failure,
    }
}
