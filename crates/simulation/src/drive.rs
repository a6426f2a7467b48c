//! The executor: one future on one thread; when it can do nothing, time jumps to the next timer.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use ambient::Clock;
use jiff::SignedDuration;

use crate::clock::SimulatedClock;

/// How long one run may take on the simulated clock: longer than any wait that a service asks for.
const LONGEST: SignedDuration = SignedDuration::from_hours(48);

/// How driving ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Driven<T> {
    /// The future came to its end.
    Ended(T),
    /// The process died in the middle; the future was dropped where it stood.
    Crashed,
    /// Nothing can run and nobody waits for a time, or it goes on and on.
    Stuck,
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Drives `future` to its end, or until `crashed` says that the process is dead.
pub(crate) fn drive<T>(
    clock: &SimulatedClock,
    crashed: impl Fn() -> bool,
    future: impl Future<Output = T>,
) -> Driven<T> {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    let deadline = clock.now().saturating_add(LONGEST).ok();
    loop {
        woken.0.store(false, Ordering::Relaxed);
        if let Poll::Ready(outcome) = future.as_mut().poll(&mut context) {
            return Driven::Ended(outcome);
        }
        if crashed() {
            return Driven::Crashed;
        }
        if woken.0.load(Ordering::Relaxed) {
            continue;
        }
        let late = deadline.is_none_or(|deadline| clock.now() > deadline);
        if late || !clock.jump() {
            return Driven::Stuck;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use emulators::core::clock::EmulatorClock;
    use jiff::Timestamp;

    use super::*;

    fn clock() -> Arc<SimulatedClock> {
        SimulatedClock::beside(Arc::new(EmulatorClock::frozen(Timestamp::UNIX_EPOCH)))
    }

    #[test]
    fn time_jumps_to_the_next_timer_and_sleepers_wake_in_order() {
        let clock = clock();
        let order = std::sync::Mutex::new(vec![]);
        let sleeper = |name, seconds| {
            let (clock, order) = (&clock, &order);
            async move {
                clock.sleep(Duration::from_secs(seconds)).await;
                order.lock().unwrap().push((name, clock.now().as_second()));
            }
        };
        let all = futures::future::join_all([sleeper("late", 3_600), sleeper("early", 5)]);
        assert!(matches!(drive(&clock, || false, all), Driven::Ended(_)));
        assert_eq!(*order.lock().unwrap(), [("early", 5), ("late", 3_600)]);
    }

    #[test]
    fn a_timer_whose_waiter_is_gone_moves_nothing() {
        let clock = clock();
        let mut sleep = clock.sleep(Duration::from_secs(9));
        assert!(matches!(
            drive(
                &clock,
                || true,
                futures::future::poll_fn(|context| sleep.as_mut().poll(context))
            ),
            Driven::Crashed
        ));
        drop(sleep);
        assert!(!clock.jump());
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn what_waits_for_nothing_is_stuck() {
        assert_eq!(
            drive(&clock(), || false, std::future::pending::<()>()),
            Driven::Stuck
        );
    }
}
