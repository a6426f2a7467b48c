//! How long to wait after failures in a row: doubling from one second to fifteen minutes, half of it by chance, so that
//! what failed together is not tried again together.
//!
//! The rows of failures are in the store too, so that a restart tries each object once and then waits as long as before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ambient::Random;
use jiff::{SignedDuration, Timestamp};
use sync_runtime::store::{SqliteStore, StoreError};

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(15);

/// For how long a row counts that did not grow. Far longer than the longest wait, so it has ended, or its object has.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

pub(super) struct Backoff {
    random: Arc<dyn Random>,
    rows: Mutex<HashMap<String, Row>>,
}

/// Failures in a row of one object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Row {
    failures: u32,
    /// It is in the store.
    stored: bool,
    /// An earlier process left it, and this one has not tried the object yet.
    inherited: bool,
}

impl Backoff {
    pub(super) fn new(random: Arc<dyn Random>) -> Self {
        Self {
            random,
            rows: Mutex::new(HashMap::new()),
        }
    }

    /// Takes up the rows that an earlier process left.
    pub(super) async fn restore(&self, store: &SqliteStore, now: Timestamp) -> Result<(), StoreError> {
        let since = now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
        let found = store.failures(since).await?;
        let rows = found.into_iter().map(|(key, failures)| {
            let row = Row {
                failures,
                stored: true,
                inherited: true,
            };
            (key, row)
        });
        self.rows().extend(rows);
        Ok(())
    }

    /// Notes a failure and says how long to wait, at least as long as the service asked.
    pub(super) fn failed(&self, key: &str, at_least: Option<Duration>) -> Duration {
        let mut rows = self.rows();
        let row = rows.entry(key.to_owned()).or_default();
        let whole = FIRST
            .saturating_mul(2_u32.saturating_pow(row.failures))
            .min(LONGEST);
        row.failures = row.failures.saturating_add(1);
        row.inherited = false;
        whole
            .mul_f64(0.5 + self.random.fraction() / 2.0)
            .max(at_least.unwrap_or_default())
    }

    /// Puts a row into the store. A store that fails costs a shorter wait after the next restart, nothing else.
    pub(super) async fn keep(&self, key: &str, store: &SqliteStore, now: Timestamp) {
        let failures = self.count(key);
        match store.note_failures(key, failures, now).await {
            Ok(()) => {
                if let Some(row) = self.rows().get_mut(key) {
                    row.stored = true;
                }
            }
            Err(error) => tracing::debug!(%error, "a row of failures was not stored"),
        }
    }

    /// How many failures in a row there were.
    pub(super) fn count(&self, key: &str) -> u32 {
        self.rows().get(key).map(|row| row.failures).unwrap_or_default()
    }

    /// The same, but nothing before this process has tried the object itself.
    pub(super) fn count_here(&self, key: &str) -> u32 {
        let rows = self.rows();
        rows.get(key)
            .filter(|row| !row.inherited)
            .map_or(0, |row| row.failures)
    }

    /// Begins with short waits again, as something changed that may help. To a process that has just started everything
    /// looks changed: what it inherited stays until the object was tried.
    pub(super) fn forget(&self, key: &str) {
        let mut rows = self.rows();
        if let Some(row) = rows.get_mut(key).filter(|row| !row.inherited) {
            row.failures = 0;
            if !row.stored {
                rows.remove(key);
            }
        }
    }

    /// Ends the row of failures.
    pub(super) async fn succeeded(&self, key: &str, store: &SqliteStore) {
        let row = self.rows().remove(key);
        if row.is_some_and(|row| row.stored)
            && let Err(error) = store.drop_failures(key).await
        {
            tracing::debug!(%error, "a row of failures was not removed from the store");
        }
    }

    /// Ends the row of an object that has nothing to do until something changes, unless it was never tried here.
    pub(super) async fn rests(&self, key: &str, store: &SqliteStore) {
        let tried = self.rows().get(key).is_some_and(|row| !row.inherited);
        if tried {
            self.succeeded(key, store).await;
        }
    }

    /// `whole` less up to a tenth by chance, so that what started together does not stay together.
    pub(super) fn spread(&self, whole: Duration) -> Duration {
        whole.mul_f64(1.0 - self.random.fraction() / 10.0)
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<String, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use ambient::SeededRandom;

    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_honour_what_the_service_asks() {
        let backoff = Backoff::new(Arc::new(SeededRandom::new(1)));
        let mut whole = FIRST;
        for _ in 0..20 {
            let wait = backoff.failed("a", None);
            assert!(wait >= whole / 2 && wait <= whole, "{wait:?} of {whole:?}");
            whole = (whole * 2).min(LONGEST);
        }
        assert_eq!(backoff.count("a"), 20);
        assert_eq!(
            backoff.failed("b", Some(Duration::from_hours(1))),
            Duration::from_hours(1)
        );
        backoff.forget("a");
        assert!(backoff.failed("a", None) <= FIRST);
    }

    #[tokio::test]
    async fn a_restart_goes_on_with_the_waits_and_a_success_ends_them_for_good() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let now = Timestamp::from_second(1_000_000).unwrap();
        let later = |hours| now + SignedDuration::from_hours(hours);
        let start = async |now| {
            let store = SqliteStore::open(&path).await.unwrap();
            let backoff = Backoff::new(Arc::new(SeededRandom::new(1)));
            backoff.restore(&store, now).await.unwrap();
            (backoff, store)
        };

        let (backoff, store) = start(now).await;
        for key in ["failing", "mended"] {
            for _ in 0..6 {
                backoff.failed(key, None);
            }
            backoff.keep(key, &store, now).await;
        }
        let (backoff, store) = start(later(1)).await;
        assert_eq!((backoff.count("failing"), backoff.count_here("failing")), (6, 0));
        for key in ["failing", "mended"] {
            backoff.forget(key);
            backoff.rests(key, &store).await;
            assert!(
                backoff.failed(key, None) >= FIRST * 32,
                "nothing was tried before"
            );
        }
        backoff.forget("mended");
        assert_eq!(backoff.count("mended"), 0, "something changed");
        backoff.succeeded("mended", &store).await;

        let (backoff, _) = start(later(2)).await;
        assert_eq!((backoff.count("failing"), backoff.count("mended")), (6, 0));
        let (backoff, _) = start(later(25)).await;
        assert_eq!(
            backoff.count("failing"),
            0,
            "its object is gone, or it was switched off"
        );
    }
}
