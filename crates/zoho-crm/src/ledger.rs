//! Credits used over the last 24 hours.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// The window of Zoho's credits (`research/zoho.md` §8).
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// One entry a minute bounds the ledger at 1,441 entries whatever the traffic.
const GRAIN: i64 = 60;

/// A rolling sum; the oldest minute leaves whole, so it errs to the careful side.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    minutes: VecDeque<(Timestamp, u32)>,
    used: u32,
}

impl Ledger {
    /// Credits used in the 24 hours before `now`.
    pub(crate) fn used(&mut self, now: Timestamp) -> u32 {
        while let Some((minute, credits)) = self.minutes.front().copied() {
            if leaves(minute) > now {
                break;
            }
            self.minutes.pop_front();
            self.used = self.used.saturating_sub(credits);
        }
        self.used
    }

    /// Books `credits` at `now`.
    pub(crate) fn book(&mut self, now: Timestamp, credits: u32) {
        self.used(now);
        let minute = minute_of(now);
        match self.minutes.back_mut() {
            // A clock that went back must not break the order of the queue.
            Some((last, sum)) if *last >= minute => *sum = sum.saturating_add(credits),
            _ => self.minutes.push_back((minute, credits)),
        }
        self.used = self.used.saturating_add(credits);
    }

    /// When `needed` credits fit under `ceiling` again, if nobody uses any until then.
    pub(crate) fn fits_at(&mut self, now: Timestamp, needed: u32, ceiling: u32) -> Timestamp {
        let mut used = self.used(now);
        for (minute, credits) in &self.minutes {
            if used.saturating_add(needed) <= ceiling {
                break;
            }
            used = used.saturating_sub(*credits);
            if used.saturating_add(needed) <= ceiling {
                return leaves(*minute);
            }
        }
        if used.saturating_add(needed) <= ceiling {
            now
        } else {
            // More than the whole budget: only a larger budget helps, so look again in a day.
            now.saturating_add(WINDOW).unwrap_or(Timestamp::MAX)
        }
    }
}

fn minute_of(time: Timestamp) -> Timestamp {
    let second = time.as_second();
    Timestamp::from_second(second - second.rem_euclid(GRAIN)).unwrap_or(time)
}

fn leaves(minute: Timestamp) -> Timestamp {
    minute
        .saturating_add(WINDOW + SignedDuration::from_secs(GRAIN))
        .unwrap_or(Timestamp::MAX)
}
