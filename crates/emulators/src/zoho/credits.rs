//! API credits in a rolling window of 24 hours.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// What an organisation has spent, by time.
#[derive(Debug, Default)]
pub(super) struct Spent {
    entries: VecDeque<(Timestamp, u64)>,
    sum: u64,
}

impl Spent {
    /// Credits spent in the 24 hours before `now`.
    pub(super) fn within_a_day(&mut self, now: Timestamp) -> u64 {
        while let Some((at, credits)) = self.entries.front().copied() {
            if now.duration_since(at) < SignedDuration::from_hours(24) {
                break;
            }
            self.sum -= credits;
            self.entries.pop_front();
        }
        self.sum
    }

    /// Takes `credits`, unless fewer than that are left.
    pub(super) fn take(&mut self, now: Timestamp, credits: u64, limit: u64) -> bool {
        if self.within_a_day(now) + credits > limit {
            return false;
        }
        self.force(now, credits);
        true
    }

    /// Takes `credits` whatever is left: other applications of the organisation spend as well.
    pub(super) fn force(&mut self, now: Timestamp, credits: u64) {
        self.entries.push_back((now, credits));
        self.sum += credits;
    }

    /// What the header says: nothing until half of the credits are used.
    pub(super) fn announced(&mut self, now: Timestamp, limit: u64) -> Option<u64> {
        let spent = self.within_a_day(now);
        (spent.saturating_mul(2) >= limit).then(|| limit.saturating_sub(spent))
    }
}
