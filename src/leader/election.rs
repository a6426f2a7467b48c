//! The rules of the election: pure.
//!
//! Whether somebody else's claim has ended is judged by how long their Lease has not moved on our own monotonic clock,
//! never by the times that they wrote: clocks of two machines differ.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

/// How long a claim lasts for the others: written into the Lease.
pub(super) const DURATION: Duration = Duration::from_secs(15);
/// How long a claim lasts for its holder, from the moment when the renewal was sent. Shorter, so that there is a time in
/// which nobody acts between two holders.
pub(super) const HELD_FOR_SURE: Duration = Duration::from_secs(10);
/// How often the holder renews and the others look.
pub(super) const PERIOD: Duration = Duration::from_secs(2);

/// What a candidate saw of the Lease, and when it last moved.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Observed {
    holder: String,
    renewed: Option<MicroTime>,
    lasts: Duration,
    moved: Instant,
}

impl Observed {
    /// Who holds it.
    pub(super) fn holder(&self) -> &str {
        &self.holder
    }
}

/// Who holds a Lease; nobody if the text is empty.
pub(super) fn holder(lease: &Lease) -> &str {
    let spec = lease.spec.as_ref();
    spec.and_then(|spec| spec.holder_identity.as_deref())
        .unwrap_or_default()
}

/// What to do about a Lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It is ours: renew it.
    Renew,
    /// Nobody holds it: take it.
    Take,
    /// Somebody holds it.
    Wait,
}

/// Looks at `lease`, with what was seen of it before.
pub(super) fn look(
    lease: &Lease,
    identity: &str,
    before: Option<Observed>,
    now: Instant,
) -> (Step, Option<Observed>) {
    let spec = lease.spec.clone().unwrap_or_default();
    let holder = spec.holder_identity.unwrap_or_default();
    if holder.is_empty() {
        return (Step::Take, None);
    }
    if holder == identity {
        return (Step::Renew, None);
    }
    let lasts = spec
        .lease_duration_seconds
        .and_then(|seconds| u64::try_from(seconds).ok());
    let seen = Observed {
        holder,
        renewed: spec.renew_time,
        lasts: lasts.map_or(DURATION, Duration::from_secs),
        moved: now,
    };
    let seen = match before {
        Some(before) if before.holder == seen.holder && before.renewed == seen.renewed => before,
        _ => seen,
    };
    if now.duration_since(seen.moved) >= seen.lasts {
        (Step::Take, None)
    } else {
        (Step::Wait, Some(seen))
    }
}

/// `lease` as held by `identity`. Its resource version stays, so that the API server refuses it if anybody else was
/// faster.
pub(super) fn held(mut lease: Lease, identity: &str, step: Step, now: Timestamp) -> Lease {
    let spec = lease.spec.get_or_insert_with(LeaseSpec::default);
    spec.renew_time = Some(MicroTime(now));
    spec.lease_duration_seconds = i32::try_from(DURATION.as_secs()).ok();
    if step == Step::Take {
        spec.holder_identity = Some(identity.to_owned());
        spec.acquire_time = Some(MicroTime(now));
        spec.lease_transitions = Some(spec.lease_transitions.unwrap_or_default().saturating_add(1));
    }
    lease
}

/// `lease` as held by nobody, so that the next operator need not wait.
pub(super) fn released(mut lease: Lease) -> Lease {
    let spec = lease.spec.get_or_insert_with(LeaseSpec::default);
    spec.holder_identity = None;
    lease
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(holder: &str, second: i64) -> Lease {
        let spec = LeaseSpec {
            holder_identity: Some(holder.to_owned()).filter(|holder| !holder.is_empty()),
            renew_time: Some(MicroTime(Timestamp::from_second(second).unwrap())),
            lease_duration_seconds: Some(15),
            ..LeaseSpec::default()
        };
        Lease {
            spec: Some(spec),
            ..Lease::default()
        }
    }

    #[test]
    fn a_free_lease_is_taken_and_the_own_one_renewed() {
        let now = Instant::now();
        assert_eq!(look(&Lease::default(), "a", None, now).0, Step::Take);
        assert_eq!(look(&lease("", 1), "a", None, now).0, Step::Take);
        assert_eq!(look(&lease("a", 1), "a", None, now).0, Step::Renew);
    }

    #[test]
    fn anothers_claim_ends_only_after_it_has_not_moved_for_its_whole_time_on_our_clock() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        // However old the time in it is: that is the other machine's clock.
        let (step, seen) = look(&lease("b", 1), "a", None, start);
        assert_eq!(step, Step::Wait);
        let (step, seen) = look(&lease("b", 1), "a", seen, at(14));
        assert_eq!(step, Step::Wait);
        assert_eq!(look(&lease("b", 1), "a", seen.clone(), at(15)).0, Step::Take);
        // It moved: the time starts anew.
        let (step, seen) = look(&lease("b", 2), "a", seen, at(15));
        assert_eq!(step, Step::Wait);
        assert_eq!(look(&lease("b", 2), "a", seen, at(29)).0, Step::Wait);
    }

    #[test]
    fn taking_counts_a_transition_and_renewing_does_not() {
        let now = Timestamp::from_second(100).unwrap();
        let taken = held(lease("b", 1), "a", Step::Take, now).spec.unwrap();
        assert_eq!(taken.holder_identity.as_deref(), Some("a"));
        assert_eq!(taken.lease_transitions, Some(1));
        let renewed = held(lease("a", 1), "a", Step::Renew, now).spec.unwrap();
        assert_eq!((renewed.lease_transitions, renewed.acquire_time), (None, None));
        assert_eq!(renewed.renew_time, Some(MicroTime(now)));
        assert_eq!(released(lease("a", 1)).spec.unwrap().holder_identity, None);
    }
}
