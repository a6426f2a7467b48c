//! The emulators' clock: the machine's, moved forward on request, or standing still at a given time.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ambient::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

/// The time that both emulators show: stamps of records, expiry of tokens, throttling windows, late answers. It
/// is an [`ambient::Clock`], so that a simulation can give one clock to both sides.
#[derive(Debug, Default)]
pub struct EmulatorClock {
    mode: Mutex<Mode>,
    moved: Notify,
    sleepers: Mutex<Sleepers>,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    /// The machine's clock plus an offset.
    Running(SignedDuration),
    /// Stands still until it is advanced.
    Frozen(Timestamp),
}

impl Default for Mode {
    fn default() -> Self {
        Self::Running(SignedDuration::ZERO)
    }
}

/// Who waits for what time.
#[derive(Debug, Default)]
struct Sleepers {
    last_ticket: u64,
    until: BTreeSet<(Timestamp, u64)>,
}

impl EmulatorClock {
    /// A clock that stands still at `at`.
    #[must_use]
    pub fn frozen(at: Timestamp) -> Self {
        Self {
            mode: Mutex::new(Mode::Frozen(at)),
            ..Self::default()
        }
    }

    /// The present instant of the emulated services.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match *locked(&self.mode) {
            Mode::Running(offset) => Timestamp::now().saturating_add(offset).unwrap_or(Timestamp::MAX),
            Mode::Frozen(at) => at,
        }
    }

    /// Moves the clock forward (or back, for a negative duration) and wakes the sleepers whose time has come.
    pub fn advance(&self, by: SignedDuration) {
        {
            let mut mode = locked(&self.mode);
            *mode = match *mode {
                Mode::Running(offset) => Mode::Running(offset.saturating_add(by)),
                Mode::Frozen(at) => Mode::Frozen(at.saturating_add(by).unwrap_or(Timestamp::MAX)),
            };
        }
        self.moved.notify_waiters();
    }

    /// Completes once `duration` has passed on this clock. On a clock that stands still nothing but
    /// [`advance`](Self::advance) brings that about.
    pub async fn sleep(&self, duration: Duration) {
        let wait = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
        let until = self.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
        let _place = Place::take(self, until);
        loop {
            let mut moved = std::pin::pin!(self.moved.notified());
            // Registered before the look at the clock, so that an advance in between is not missed.
            moved.as_mut().enable();
            let left = until.duration_since(self.now());
            let Ok(left) = Duration::try_from(left) else {
                return;
            };
            if left.is_zero() {
                return;
            }
            // A clock that stands still needs no timer, and so no runtime that has one.
            if matches!(*locked(&self.mode), Mode::Frozen(_)) {
                moved.await;
            } else {
                tokio::select! {
                    () = moved => {}
                    () = tokio::time::sleep(left) => {}
                }
            }
        }
    }

    /// The next instant for which somebody sleeps: where a simulation moves the clock to when nothing else is left
    /// to do.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let sleepers = locked(&self.sleepers);
        sleepers.until.first().map(|(until, _)| *until)
    }
}

impl Clock for EmulatorClock {
    fn now(&self) -> Timestamp {
        self.now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.sleep(duration))
    }
}

/// A place among the sleepers, given up also when the sleep is.
struct Place<'a> {
    clock: &'a EmulatorClock,
    key: (Timestamp, u64),
}

impl<'a> Place<'a> {
    fn take(clock: &'a EmulatorClock, until: Timestamp) -> Self {
        let mut sleepers = locked(&clock.sleepers);
        sleepers.last_ticket += 1;
        let key = (until, sleepers.last_ticket);
        sleepers.until.insert(key);
        Self { clock, key }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        locked(&self.clock.sleepers).until.remove(&self.key);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_clock_that_stands_still_wakes_its_sleepers_in_the_order_of_their_times() {
        let clock = Arc::new(EmulatorClock::frozen(Timestamp::UNIX_EPOCH));
        let sleep = |seconds| {
            let clock = Arc::clone(&clock);
            tokio::spawn(async move { clock.sleep(Duration::from_secs(seconds)).await })
        };
        let (late, early) = (sleep(20), sleep(10));
        while clock.next_wake().is_none_or(|at| at.as_second() != 10) {
            tokio::task::yield_now().await;
        }
        clock.advance(SignedDuration::from_secs(10));
        early.await.unwrap();
        assert!(!late.is_finished());
        assert_eq!(clock.next_wake().unwrap().as_second(), 20);
        clock.advance(SignedDuration::from_secs(10));
        late.await.unwrap();
        assert_eq!(clock.next_wake(), None);
    }

    #[test]
    fn a_clock_that_stands_still_needs_no_runtime() {
        let clock = EmulatorClock::frozen(Timestamp::UNIX_EPOCH);
        let sleep = clock.sleep(Duration::from_secs(5));
        futures::executor::block_on(async {
            let mut sleep = std::pin::pin!(sleep);
            assert!(futures::poll!(&mut sleep).is_pending());
            clock.advance(SignedDuration::from_secs(5));
            assert!(futures::poll!(&mut sleep).is_ready());
        });
    }

    #[tokio::test]
    async fn a_running_clock_that_is_advanced_wakes_at_once() {
        let clock = Arc::new(EmulatorClock::default());
        let sleeper = Arc::clone(&clock);
        let task = tokio::spawn(async move { sleeper.sleep(Duration::from_hours(1)).await });
        while clock.next_wake().is_none() {
            tokio::task::yield_now().await;
        }
        clock.advance(SignedDuration::from_hours(1));
        task.await.unwrap();
    }
}
