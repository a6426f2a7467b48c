//! The one clock of a history: operator and services read it, and it moves when nothing else can.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ambient::Clock;
use emulators::core::clock::EmulatorClock;
use jiff::{SignedDuration, Timestamp};

/// A clock that stands still until it jumps to the next timer. The emulators' clock goes along.
#[derive(Debug)]
pub(crate) struct SimulatedClock {
    emulated: Arc<EmulatorClock>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    /// By time, then by the order in which they were set: two timers of one instant fire in that order.
    timers: BTreeMap<(Timestamp, u64), Waker>,
    set: u64,
}

impl SimulatedClock {
    /// A clock that shows what `emulated`, which has to stand still, shows now.
    #[must_use]
    pub(crate) fn beside(emulated: Arc<EmulatorClock>) -> Arc<Self> {
        let state = State {
            now: emulated.now(),
            timers: BTreeMap::new(),
            set: 0,
        };
        Arc::new(Self {
            emulated,
            state: Mutex::new(state),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Jumps to the next timer and wakes whoever waits for it; `false` if nobody waits.
    pub(crate) fn jump(&self) -> bool {
        let next = self.state().timers.keys().next().map(|(at, _)| *at);
        match next {
            Some(at) => {
                self.move_to(at);
                true
            }
            None => false,
        }
    }

    /// Moves forward, waking on the way whoever waits for an earlier time.
    pub(crate) fn advance(&self, by: SignedDuration) {
        let to = self.state().now.saturating_add(by).unwrap_or(Timestamp::MAX);
        self.move_to(to);
    }

    fn move_to(&self, to: Timestamp) {
        let due = {
            let mut state = self.state();
            let to = to.max(state.now);
            self.emulated.advance(to.duration_since(state.now));
            state.now = to;
            let later = state.timers.split_off(&(to, u64::MAX));
            std::mem::replace(&mut state.timers, later)
        };
        due.into_values().for_each(Waker::wake);
    }

    fn wait(&self, until: Timestamp, place: &mut Option<u64>, context: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.now >= until {
            return Poll::Ready(());
        }
        let serial = *place.get_or_insert_with(|| {
            state.set += 1;
            state.set
        });
        state.timers.insert((until, serial), context.waker().clone());
        Poll::Pending
    }
}

/// Takes a timer away whose waiter was dropped: the clock must not jump for it.
struct Timer<'a> {
    clock: &'a SimulatedClock,
    until: Timestamp,
    place: Option<u64>,
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        if let Some(serial) = self.place {
            self.clock.state().timers.remove(&(self.until, serial));
        }
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let wait = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
        let mut timer = Timer {
            clock: self,
            until: self.now().saturating_add(wait).unwrap_or(Timestamp::MAX),
            place: None,
        };
        Box::pin(async move {
            // As a whole, or only its fields would move in here and it would be dropped at once.
            let timer = &mut timer;
            poll_fn(|context| self.wait(timer.until, &mut timer.place, context)).await;
        })
    }
}
