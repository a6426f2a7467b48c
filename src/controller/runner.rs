//! Around every reconcile: a panic stays in it, failures in a row are counted, the outcome is measured.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use kube::runtime::controller::{Action, Error};
use kube::runtime::reflector::ObjectRef;
use kube::{Resource, ResourceExt};

use super::Context;

/// When the object is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// After this time; the row of failures ends.
    In(Duration),
    /// After the backoff, and at least after this time.
    Retry(Option<Duration>),
    /// Only when something changes.
    Change,
}

/// How an object is called in the backoff.
pub(super) fn key<K: Resource<DynamicType = ()>>(object: &K) -> String {
    format!(
        "{}/{}/{}",
        K::kind(&()),
        object.namespace().unwrap_or_default(),
        object.name_any()
    )
}

/// Runs one reconcile.
pub(super) async fn run<K, F>(object: &K, context: &Context, reconcile: F) -> Result<Action, Infallible>
where
    K: Resource<DynamicType = ()>,
    F: Future<Output = Result<Next, Box<kube::Error>>>,
{
    let key = key(object);
    let kind = if K::kind(&()) == "CrmTenant" {
        "CrmTenant"
    } else {
        "ContactSync"
    };
    let (next, outcome) = match AssertUnwindSafe(reconcile).catch_unwind().await {
        Ok(Ok(next @ Next::Retry(_))) => (next, "retry"),
        Ok(Ok(next)) => (next, "done"),
        Ok(Err(error)) => {
            tracing::warn!(object = %key, %error, "the API server did not do its part");
            (Next::Retry(None), "error")
        }
        Err(_) => {
            tracing::error!(object = %key, "a reconcile panicked; please report this as a bug");
            (Next::Retry(None), "panic")
        }
    };
    context.surroundings.metrics.reconciled(kind, outcome);
    Ok(match next {
        Next::In(wait) => {
            context.backoff.forget(&key);
            Action::requeue(wait)
        }
        Next::Change => {
            context.backoff.forget(&key);
            Action::await_change()
        }
        Next::Retry(at_least) => Action::requeue(context.backoff.failed(&key, at_least)),
    })
}

/// Reconciles do not fail: they say when to run again.
#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is the controller's"
)]
pub(super) fn never<K, C>(_: Arc<K>, error: &Infallible, _: Arc<C>) -> Action {
    match *error {}
}

/// Trouble of the watches themselves; an object that was deleted before its turn is none.
pub(super) fn log<K, E: std::error::Error + 'static>(
    result: Result<(ObjectRef<K>, Action), Error<Infallible, E>>,
) where
    K: Resource<DynamicType = ()>,
{
    match result {
        Ok(_) | Err(Error::ObjectNotFound(_)) => {}
        Err(error) => tracing::warn!(error = %crate::telemetry::log::chain(&error), "watch trouble"),
    }
}
