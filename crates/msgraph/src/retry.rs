//! Whether a failed call is worth another try. The same rules hold for a call alone and for a part of a batch.

use std::time::Duration;

use ambient::Random;
use transport::TransportError;

use crate::call::Effect;
use crate::config::RetryPolicy;
use crate::error::Error;

/// What follows a failure.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Send again after this time.
    Again(Duration),
    /// Tell the caller.
    Final(Error),
}

/// Judges the `sent`th failure of a call.
pub(crate) fn judge(
    policy: RetryPolicy,
    random: &dyn Random,
    effect: Effect,
    error: Error,
    sent: u32,
) -> Verdict {
    let repeatable = match &error {
        Error::Throttled(_) | Error::Unavailable(_) | Error::Network(_) | Error::Unreadable { .. } => true,
        // The token endpoint's own trouble and everything that waiting does not mend.
        _ => false,
    };
    if !repeatable {
        return Verdict::Final(error);
    }
    let without_effect = matches!(&error, Error::Network(TransportError::Connect { .. }));
    if effect == Effect::Create && !without_effect {
        // Also 429: the service has been seen to do the work and then to throttle the answer.
        return Verdict::Final(Error::Ambiguous(Box::new(error)));
    }
    let wait = error
        .retry_after()
        .unwrap_or_else(|| backoff(policy, random, sent));
    if sent >= policy.attempts || wait > policy.longest_wait {
        Verdict::Final(error)
    } else {
        Verdict::Again(wait)
    }
}

/// Doubling waits with jitter of half their length, so that many mailboxes do not come back at once.
pub(crate) fn backoff(policy: RetryPolicy, random: &dyn Random, sent: u32) -> Duration {
    let doubled = policy
        .first_wait
        .saturating_mul(1_u32 << sent.saturating_sub(1).min(16));
    doubled
        .min(policy.longest_wait)
        .mul_f64(0.5 + random.fraction() / 2.0)
}

#[cfg(test)]
mod tests {
    use ambient::SeededRandom;

    use super::*;

    #[test]
    fn waits_grow_and_stay_within_bounds() {
        let (policy, random) = (RetryPolicy::default(), SeededRandom::new(1));
        for sent in 1..40 {
            let wait = backoff(policy, &random, sent);
            let full = Duration::from_secs(1 << (sent - 1).min(7)).min(policy.longest_wait);
            assert!(wait >= full / 2 && wait <= full, "{sent}: {wait:?}");
        }
    }

    #[test]
    fn a_create_that_never_reached_the_service_may_be_sent_again() {
        let random = SeededRandom::new(1);
        let error = |lost| {
            let (host, reason) = ("h".to_owned(), "r".to_owned());
            Error::Network(if lost {
                TransportError::Lost { host, reason }
            } else {
                TransportError::Connect { host, reason }
            })
        };
        let policy = RetryPolicy::default();
        assert!(matches!(
            judge(policy, &random, Effect::Create, error(false), 1),
            Verdict::Again(_)
        ));
        assert!(matches!(
            judge(policy, &random, Effect::Create, error(true), 1),
            Verdict::Final(Error::Ambiguous(_))
        ));
        assert!(matches!(
            judge(policy, &random, Effect::Idempotent, error(true), 1),
            Verdict::Again(_)
        ));
        assert!(matches!(
            judge(policy, &random, Effect::Idempotent, error(true), 4),
            Verdict::Final(Error::Network(_))
        ));
    }
}
