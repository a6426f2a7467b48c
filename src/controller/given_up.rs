//! How long a deletion waits for whoever would have to let the operator in: nothing hangs for ever.

use jiff::SignedDuration;
use kube::Resource;

use super::Context;
use super::runner;
use crate::api::Reason;
use crate::connections::TenantKey;

/// How long a deletion waits for somebody to mend what is in its way.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// How many failures in a row a Secret may be gone. With the waits between them about half a minute.
const PATIENCE: u32 = 5;

/// Why nobody is waited for any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GivenUp {
    /// A Secret of the tenant is gone, which rarely comes back, as where a whole namespace is deleted.
    SecretGone,
    /// A day has passed.
    Day,
}

/// Whether an object that is being deleted has waited long enough for its tenant to be signed in.
pub(super) fn on_sign_in<K>(object: &K, tenant: &TenantKey, context: &Context) -> Option<GivenUp>
where
    K: Resource<DynamicType = ()>,
{
    let why = context.tenants_seen.trouble(tenant).map(|trouble| trouble.reason);
    let patience_over = context.backoff.count_here(&runner::key(object)) >= PATIENCE;
    decide(why, patience_over, waited(object, context))
}

/// Whether an object that is being deleted has waited long enough for anything.
pub(super) fn is_over<K: Resource>(object: &K, context: &Context) -> bool {
    waited(object, context) >= LONGEST
}

fn decide(why: Option<Reason>, patience_over: bool, waited: SignedDuration) -> Option<GivenUp> {
    let gone = matches!(why, Some(Reason::MissingSecret | Reason::MissingSecretKey));
    if gone && patience_over {
        Some(GivenUp::SecretGone)
    } else {
        (waited >= LONGEST).then_some(GivenUp::Day)
    }
}

/// How long ago somebody deleted the object.
fn waited<K: Resource>(object: &K, context: &Context) -> SignedDuration {
    let deleted = object.meta().deletion_timestamp.as_ref();
    let now = context.surroundings.clock.now();
    deleted.map_or(SignedDuration::ZERO, |deleted| now.duration_since(deleted.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEARLY: SignedDuration = SignedDuration::from_mins(24 * 60 - 1);

    #[test]
    fn a_secret_that_is_gone_is_given_up_soon_and_everything_else_after_a_day() {
        for why in [Reason::MissingSecret, Reason::MissingSecretKey] {
            assert_eq!(decide(Some(why), false, SignedDuration::ZERO), None);
            assert_eq!(
                decide(Some(why), true, SignedDuration::ZERO),
                Some(GivenUp::SecretGone)
            );
        }
        for why in [None, Some(Reason::ClientSecretExpired), Some(Reason::Unreachable)] {
            assert_eq!(decide(why, true, NEARLY), None);
            assert_eq!(decide(why, false, LONGEST), Some(GivenUp::Day));
        }
    }
}
