//! How long to wait after failures in a row: doubling from one second to fifteen minutes, half of it by chance, so that
//! what failed together is not tried again together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ambient::Random;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(15);

pub(super) struct Backoff {
    random: Arc<dyn Random>,
    failures: Mutex<HashMap<String, u32>>,
}

impl Backoff {
    pub(super) fn new(random: Arc<dyn Random>) -> Self {
        Self {
            random,
            failures: Mutex::new(HashMap::new()),
        }
    }

    /// Notes a failure and says how long to wait, at least as long as the service asked.
    pub(super) fn failed(&self, key: &str, at_least: Option<Duration>) -> Duration {
        let mut all = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = all.entry(key.to_owned()).or_default();
        let whole = FIRST.saturating_mul(2_u32.saturating_pow(*failures)).min(LONGEST);
        *failures = failures.saturating_add(1);
        whole
            .mul_f64(0.5 + self.random.fraction() / 2.0)
            .max(at_least.unwrap_or_default())
    }

    /// How many failures in a row there were.
    pub(super) fn count(&self, key: &str) -> u32 {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .copied()
            .unwrap_or_default()
    }

    /// Ends the row of failures.
    pub(super) fn forget(&self, key: &str) {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key);
    }

    /// `whole` less up to a tenth by chance, so that what started together does not stay together.
    pub(super) fn spread(&self, whole: Duration) -> Duration {
        whole.mul_f64(1.0 - self.random.fraction() / 10.0)
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
}
