//! The watchdog: a task that has nothing to do but to run. Where it does not, nothing else does either.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// How often the heart beats.
const PERIOD: Duration = Duration::from_secs(5);
/// For how long it may stand still.
const PATIENCE: Duration = Duration::from_secs(30);

/// When the task last ran.
#[derive(Debug)]
pub(super) struct Heartbeat {
    start: Instant,
    /// Milliseconds after the start.
    last: AtomicU64,
}

impl Heartbeat {
    /// Starts the task, which ends with `stop`.
    pub(super) fn start(stop: CancellationToken) -> Arc<Self> {
        let heartbeat = Arc::new(Self {
            start: Instant::now(),
            last: AtomicU64::new(0),
        });
        let beating = heartbeat.clone();
        tokio::spawn(stop.run_until_cancelled_owned(async move {
            loop {
                beating.beat(Instant::now());
                tokio::time::sleep(PERIOD).await;
            }
        }));
        heartbeat
    }

    fn beat(&self, now: Instant) {
        self.last.store(self.millis(now), Ordering::Relaxed);
    }

    /// Whether the task ran a short while ago.
    pub(super) fn is_fresh(&self) -> bool {
        self.is_fresh_at(Instant::now())
    }

    fn is_fresh_at(&self, now: Instant) -> bool {
        let still = self.millis(now).saturating_sub(self.last.load(Ordering::Relaxed));
        Duration::from_millis(still) < PATIENCE
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.start).as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heart_that_stands_still_is_noticed_and_one_that_beats_again_is_fine() {
        let heartbeat = Heartbeat {
            start: Instant::now(),
            last: AtomicU64::new(0),
        };
        let at = |seconds| heartbeat.start + Duration::from_secs(seconds);
        assert!(heartbeat.is_fresh_at(at(29)));
        assert!(!heartbeat.is_fresh_at(at(30)));
        heartbeat.beat(at(40));
        assert!(heartbeat.is_fresh_at(at(69)));
        assert!(!heartbeat.is_fresh_at(at(70)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_task_beats_by_itself_until_it_is_stopped() {
        let stop = CancellationToken::new();
        let heartbeat = Heartbeat::start(stop.clone());
        heartbeat.last.store(u64::MAX, Ordering::Relaxed);
        tokio::time::sleep(PERIOD * 2).await;
        assert_ne!(heartbeat.last.load(Ordering::Relaxed), u64::MAX);
        stop.cancel();
        tokio::time::sleep(PERIOD).await;
        heartbeat.last.store(u64::MAX, Ordering::Relaxed);
        tokio::time::sleep(PERIOD * 2).await;
        assert_eq!(heartbeat.last.load(Ordering::Relaxed), u64::MAX);
    }
}
