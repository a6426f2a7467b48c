//! What one organisation can bear: calls in flight and credits (`research/zoho.md` §8).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::Error;
use crate::ledger::Ledger;
use crate::times;

/// A pause once the server says that no credits are left (`research/zoho.md` §8).
const EXHAUSTED_PAUSE: Duration = Duration::from_hours(1);

/// How much of an organisation's limits the operator takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// Calls at the same time; the smallest edition allows 5 for all apps together.
    pub in_flight: usize,
    /// Credits over rolling 24 hours.
    pub daily_credits: u32,
    /// The part of them, in percent, that [`Zoho::bulk`](crate::Zoho::bulk) calls leave alone.
    pub reserve_percent: u8,
    /// How often a throttled read is sent in all.
    pub attempts: u32,
}

impl Default for LimitSettings {
    fn default() -> Self {
        // What the smallest edition has in all is 5,000 credits: half of it leaves the other half to people's own apps.
        Self {
            in_flight: 4,
            daily_credits: 2_500,
            reserve_percent: 20,
            attempts: 5,
        }
    }
}

/// The limits of one organisation, shared by everything that calls it.
#[derive(Debug)]
pub struct OrgLimits {
    permits: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    settings: LimitSettings,
    ledger: Ledger,
    paused_until: Option<Timestamp>,
    server_remaining: Option<u32>,
}

impl OrgLimits {
    /// Limits with nothing used yet.
    #[must_use]
    pub fn new(settings: LimitSettings) -> Arc<Self> {
        Arc::new(Self {
            permits: Semaphore::new(settings.in_flight.max(1)),
            state: Mutex::new(State {
                settings,
                ledger: Ledger::default(),
                paused_until: None,
                server_remaining: None,
            }),
        })
    }

    /// Changes the budget; what has been used stays booked.
    pub fn set_budget(&self, daily_credits: u32, reserve_percent: u8) {
        let mut state = self.state();
        state.settings.daily_credits = daily_credits;
        state.settings.reserve_percent = reserve_percent;
    }

    /// Credits used over the 24 hours before `now`, as far as this process knows.
    #[must_use]
    pub fn credits_used(&self, now: Timestamp) -> u32 {
        self.state().ledger.used(now)
    }

    /// Credits left for urgent calls.
    #[must_use]
    pub fn credits_left(&self, now: Timestamp) -> u32 {
        let mut state = self.state();
        state
            .settings
            .daily_credits
            .saturating_sub(state.ledger.used(now))
    }

    /// What the server last said is left; it says so only once half is used (`research/zoho.md` §8).
    #[must_use]
    pub fn server_remaining(&self) -> Option<u32> {
        self.state().server_remaining
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.state().settings.attempts.max(1)
    }

    /// Waits for a place, then books the credits. The place is given back when the guard drops.
    pub(crate) async fn enter(
        &self,
        credits: u32,
        bulk: bool,
        now: impl Fn() -> Timestamp,
    ) -> Result<SemaphorePermit<'_>, Error> {
        // Asked before queueing as well: a caller that cannot be served should not wait to hear so.
        self.state().admit(credits, bulk, now())?;
        let Ok(permit) = self.permits.acquire().await else {
            // The semaphore is never closed.
            return Err(Error::OutOfCredits {
                until: Timestamp::MAX,
            });
        };
        let mut state = self.state();
        let now = now();
        state.admit(credits, bulk, now)?;
        state.ledger.book(now, credits);
        Ok(permit)
    }

    /// Takes in the `X-API-CREDITS-REMAINING` header of an answer.
    pub(crate) fn told_remaining(&self, remaining: u32, now: Timestamp) {
        let mut state = self.state();
        state.server_remaining = Some(remaining);
        if remaining == 0 {
            state.paused_until = Some(times::after(now, EXHAUSTED_PAUSE));
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn admit(&mut self, credits: u32, bulk: bool, now: Timestamp) -> Result<(), Error> {
        if let Some(until) = self.paused_until.filter(|until| now < *until) {
            return Err(Error::OutOfCredits { until });
        }
        let budget = self.settings.daily_credits;
        let reserve = u64::from(budget) * u64::from(self.settings.reserve_percent.min(100)) / 100;
        let ceiling = if bulk {
            budget - u32::try_from(reserve).unwrap_or(budget)
        } else {
            budget
        };
        let until = self.ledger.fits_at(now, credits, ceiling);
        if until > now {
            Err(Error::OutOfCredits { until })
        } else {
            Ok(())
        }
    }
}
