//! The limits of a mailbox: 4 requests in flight and 10,000 in ten minutes per application (`research/graph.md` §10).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ambient::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::mail_pace::MailPace;

/// How many requests a mailbox serves at once.
pub(crate) const WIDTH: u32 = 4;
/// How many requests a mailbox serves in a window.
const QUOTA: u32 = 10_000;
/// The window, in seconds.
const WINDOW: i64 = 600;

/// The gates of all mailboxes. All clients of one process share it, because the service counts per application and
/// mailbox and not per client object.
pub struct MailboxLimits {
    clock: Arc<dyn Clock>,
    gates: Mutex<Gates>,
    pub(crate) mails: MailPace,
}

#[derive(Default)]
struct Gates {
    by_mailbox: HashMap<(String, String), Arc<Gate>>,
    sweep_at: usize,
}

impl MailboxLimits {
    /// No mailbox yet; `clock` is the one that the clients use.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            gates: Mutex::default(),
            mails: MailPace::default(),
        }
    }

    pub(crate) fn gate(&self, client_id: &str, mailbox: &str) -> Arc<Gate> {
        let key = (client_id.to_ascii_lowercase(), mailbox.to_ascii_lowercase());
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.by_mailbox.get(&key) {
            return gate.clone();
        }
        // Idle gates know nothing worth keeping. Sweeping at each doubling keeps the cost per call constant.
        if gates.by_mailbox.len() >= gates.sweep_at {
            let now = self.clock.now();
            gates
                .by_mailbox
                .retain(|_, gate| Arc::strong_count(gate) > 1 || !gate.state().is_idle(now));
            gates.sweep_at = (gates.by_mailbox.len() * 2).max(64);
        }
        let gate = Arc::new(Gate {
            clock: self.clock.clone(),
            width: Arc::new(Semaphore::new(WIDTH as usize)),
            state: Mutex::default(),
        });
        gates.by_mailbox.insert(key, gate.clone());
        gate
    }
}

impl std::fmt::Debug for MailboxLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailboxLimits").finish_non_exhaustive()
    }
}

/// The limits of one mailbox.
pub(crate) struct Gate {
    clock: Arc<dyn Clock>,
    width: Arc<Semaphore>,
    state: Mutex<State>,
}

/// Counted per second: 600 numbers at most instead of 10,000 instants.
#[derive(Default)]
struct State {
    sent: VecDeque<(i64, u32)>,
    used: u32,
    blocked_until: Option<Timestamp>,
}

/// The right to have some requests in flight; given back when dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    _permits: Option<OwnedSemaphorePermit>,
}

impl Gate {
    /// Waits until `requests` more may be sent. A batch runs four wide at the service, so it takes as many places as
    /// it has requests, up to all. An ordered wait for a longer time than `patience` is reported instead.
    pub(crate) async fn enter(&self, requests: u32, patience: Duration) -> Result<Pass, Duration> {
        let places = requests.clamp(1, WIDTH);
        // The semaphore is never closed, so there is always a permit.
        let pass = Pass {
            _permits: self.width.clone().acquire_many_owned(places).await.ok(),
        };
        loop {
            let wait = match self.state().admit(requests, self.clock.now()) {
                Admission::Granted => return Ok(pass),
                Admission::Blocked(wait) if wait > patience => return Err(wait),
                Admission::Blocked(wait) | Admission::Full(wait) => wait,
            };
            self.clock.sleep(wait).await;
        }
    }

    /// Keeps everybody out for `time`: requests made while throttled keep counting (`research/graph.md` §10).
    pub(crate) fn block(&self, time: Duration) {
        let until = self
            .clock
            .now()
            .saturating_add(signed(time))
            .unwrap_or(Timestamp::MAX);
        let mut state = self.state();
        state.blocked_until = state.blocked_until.max(Some(until));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Admission {
    Granted,
    Blocked(Duration),
    Full(Duration),
}

impl State {
    fn admit(&mut self, requests: u32, now: Timestamp) -> Admission {
        if let Some(until) = self.blocked_until.filter(|until| *until > now) {
            return Admission::Blocked(between(now, until));
        }
        self.blocked_until = None;
        self.forget(now);
        if self.used + requests > QUOTA {
            return Admission::Full(between(now, self.room_at(requests, now)));
        }
        self.used += requests;
        let second = now.as_second();
        match self.sent.back_mut() {
            Some((last, count)) if *last == second => *count += requests,
            _ => self.sent.push_back((second, requests)),
        }
        Admission::Granted
    }

    /// Drops the seconds of which even the last instant has left the window.
    fn forget(&mut self, now: Timestamp) {
        while let Some((second, count)) = self.sent.front().copied()
            && end_of_window(second) <= now
        {
            self.used -= count;
            self.sent.pop_front();
        }
    }

    /// When so many of the oldest have left that `requests` fit.
    fn room_at(&self, requests: u32, now: Timestamp) -> Timestamp {
        let mut left = self.used;
        for (second, count) in &self.sent {
            left -= count;
            if left + requests <= QUOTA {
                return end_of_window(*second);
            }
        }
        now
    }

    fn is_idle(&mut self, now: Timestamp) -> bool {
        self.forget(now);
        self.sent.is_empty() && self.blocked_until.is_none_or(|until| until <= now)
    }
}

fn end_of_window(second: i64) -> Timestamp {
    Timestamp::from_second(second.saturating_add(1 + WINDOW)).unwrap_or(Timestamp::MAX)
}

fn between(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or_default()
}

fn signed(time: Duration) -> SignedDuration {
    SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use ambient::ManualClock;

    use super::*;

    fn limits() -> (MailboxLimits, ManualClock) {
        let clock = ManualClock::starting_at(Timestamp::UNIX_EPOCH);
        (MailboxLimits::new(Arc::new(clock.clone())), clock)
    }

    #[tokio::test]
    async fn idle_gates_are_swept_and_used_ones_are_not() {
        let (limits, clock) = limits();
        for n in 0..64 {
            drop(
                limits
                    .gate("app", &format!("m{n}"))
                    .enter(1, Duration::ZERO)
                    .await
                    .unwrap(),
            );
        }
        limits.gate("app", "blocked").block(Duration::from_hours(1));
        clock.advance(Duration::from_secs(601));
        for n in 64..128 {
            limits.gate("app", &format!("m{n}"));
        }
        let gates = limits.gates.lock().unwrap();
        assert!(
            gates
                .by_mailbox
                .contains_key(&("app".to_owned(), "blocked".to_owned()))
        );
        assert!(
            !gates
                .by_mailbox
                .contains_key(&("app".to_owned(), "m0".to_owned()))
        );
        assert!(gates.by_mailbox.len() <= 65, "{}", gates.by_mailbox.len());
    }

    #[tokio::test]
    async fn applications_and_mailboxes_are_counted_apart() {
        let (limits, _) = limits();
        let gate = limits.gate("app", "m");
        gate.block(Duration::from_hours(1));
        assert!(limits.gate("APP", "M").enter(1, Duration::ZERO).await.is_err());
        assert!(limits.gate("other", "m").enter(1, Duration::ZERO).await.is_ok());
        assert!(limits.gate("app", "n").enter(1, Duration::ZERO).await.is_ok());
    }
}
