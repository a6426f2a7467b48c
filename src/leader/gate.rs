//! Whether this process may act now.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Open while the Lease is held for sure.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<Option<Instant>>);

impl Gate {
    /// Open until then, unless the claim is renewed.
    pub(super) fn open_until(&self, until: Instant) {
        *self.lock() = Some(until);
    }

    /// Closed for good, or until the next claim.
    pub(super) fn close(&self) {
        *self.lock() = None;
    }

    /// Whether a call may go out.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open_at(Instant::now())
    }

    /// Waits until a claim has ended without being renewed.
    pub(super) async fn closed(&self) {
        loop {
            let until = *self.lock();
            match until.filter(|until| Instant::now() < *until) {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => return,
            }
        }
    }

    fn is_open_at(&self, now: Instant) -> bool {
        self.lock().is_some_and(|until| now < until)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_opens_with_a_claim_and_closes_by_itself_when_the_claim_ends() {
        let (gate, now) = (Gate::default(), Instant::now());
        assert!(!gate.is_open_at(now));
        gate.open_until(now + Duration::from_secs(10));
        assert!(gate.is_open_at(now + Duration::from_millis(9_999)));
        assert!(!gate.is_open_at(now + Duration::from_secs(10)));
        gate.close();
        assert!(!gate.is_open_at(now));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_its_end_waits_on_while_the_claim_is_renewed() {
        use futures::FutureExt;
        let gate = Gate::default();
        gate.closed().now_or_never().expect("it is closed");
        gate.open_until(Instant::now() + Duration::from_hours(1));
        assert!(gate.closed().now_or_never().is_none());
        gate.close();
        gate.closed().now_or_never().expect("it was closed");
    }
}
