//! Dates as HTTP headers write them.

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

/// `Thu, 01 Oct 2026 09:00:03 GMT`: whole seconds, rounded up so that whoever waits for it is never early.
pub(crate) fn not_before(at: Timestamp) -> String {
    let up = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil);
    let at = at.round(up).unwrap_or(at);
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
