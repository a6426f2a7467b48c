//! Around every reconcile: a panic stays in it, failures in a row are counted, the outcome is measured.

use std::borrow::Cow;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use kube::runtime::controller::{Action, Error};
use kube::runtime::reflector::ObjectRef;
use kube::{Resource, ResourceExt};

use super::Context;
use super::cache::Kind;
use super::runs::Run;

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

/// How an object is called in what is kept about it: by its uid, as a namesake that comes later is another object.
pub(super) fn key<K: Resource<DynamicType = ()>>(object: &K) -> String {
    object.meta().uid.clone().unwrap_or_else(|| name(object))
}

/// How an object is called in log lines.
fn name<K: Resource<DynamicType = ()>>(object: &K) -> String {
    format!(
        "{}/{}/{}",
        K::kind(&()),
        object.namespace().unwrap_or_default(),
        object.name_any()
    )
}

/// The kind as a label of metrics.
pub(super) fn kind<K: Resource<DynamicType = ()>>() -> &'static str {
    match K::kind(&()) {
        Cow::Borrowed(kind) => kind,
        Cow::Owned(_) => "other",
    }
}

/// How soon an object is looked at again that could not be while the Lease was in doubt.
const IN_DOUBT: Duration = Duration::from_secs(5);

/// Runs one reconcile of the latest state of an object.
pub(super) async fn run<K, F>(
    seen: Arc<K>,
    context: &Context,
    reconcile: impl FnOnce(Arc<K>) -> F,
) -> Result<Action, Infallible>
where
    K: Kind,
    F: Future<Output = Result<Next, Box<kube::Error>>>,
{
    let (key, kind) = (key(&*seen), kind::<K>());
    let surroundings = &context.surroundings;
    if !surroundings.gate.is_open() {
        // Nothing could be done, and that is no failure of the object.
        return Ok(Action::requeue(context.backoff.spread(IN_DOUBT)));
    }
    let began = Instant::now();
    surroundings.metrics.reconcile_begins(kind);
    let bring = async {
        match K::cache(&context.caches).latest(seen.clone()) {
            Some(object) => reconcile(object).await,
            None => Ok(Next::Change),
        }
    };
    let (next, outcome) = isolated(|| name(&*seen), bring).await;
    surroundings.metrics.reconciled(kind, outcome, began.elapsed());
    let wait = match next {
        Next::In(wait) => {
            context.backoff.succeeded(&key, &context.store).await;
            Some(wait)
        }
        Next::Change => {
            context.backoff.rests(&key, &context.store).await;
            None
        }
        Next::Retry(at_least) => {
            let wait = context.backoff.failed(&key, at_least);
            context
                .backoff
                .keep(&key, &context.store, surroundings.clock.now())
                .await;
            Some(wait)
        }
    };
    let now = surroundings.clock.now();
    let run = Run {
        ended: now,
        outcome,
        next: wait.and_then(|wait| now.checked_add(wait).ok()),
    };
    context.runs.note(&key, run);
    Ok(wait.map_or_else(Action::await_change, Action::requeue))
}

/// Whatever becomes of it, a reconcile ends with when to look again, and with a word for the metrics.
async fn isolated<F>(name: impl Fn() -> String, reconcile: F) -> (Next, &'static str)
where
    F: Future<Output = Result<Next, Box<kube::Error>>>,
{
    match AssertUnwindSafe(reconcile).catch_unwind().await {
        Ok(Ok(next @ Next::Retry(_))) => (next, "retry"),
        Ok(Ok(next)) => (next, "done"),
        Ok(Err(error)) => {
            tracing::warn!(object = %name(), %error, "the API server did not do its part");
            (Next::Retry(None), "error")
        }
        Err(_) => {
            tracing::error!(object = %name(), "a reconcile panicked; please report this as a bug");
            (Next::Retry(None), "panic")
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::LogFormat;
    use crate::telemetry::panics::tests::{PERSON, printed};

    const SOON: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_panic_is_one_objects_own_and_is_tried_again() {
        let broken = isolated(|| "ContactSync/a/broken".to_owned(), async { panic!("planted") });
        let sound = isolated(|| "ContactSync/a/sound".to_owned(), async { Ok(Next::In(SOON)) });
        // In one task, as the controller polls the reconciles of a kind.
        let (broken, sound) = futures::future::join(broken, sound).await;
        assert_eq!(broken, (Next::Retry(None), "panic"));
        assert_eq!(sound, (Next::In(SOON), "done"));
    }

    #[test]
    fn a_panic_in_a_reconcile_leaves_nothing_of_its_text() {
        let name = "controller::runner::tests::a_panic_in_a_reconcile_leaves_nothing_of_its_text";
        let reconcile = || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let broken = async { panic!("{PERSON} has no mailbox") };
            let ended = runtime.block_on(isolated(|| "ContactSync/a/broken".to_owned(), broken));
            assert_eq!(ended, (Next::Retry(None), "panic"));
        };
        let Some(text) = printed(name, LogFormat::Text, reconcile) else {
            return;
        };
        assert!(!text.contains(PERSON), "{text}");
        assert!(text.contains("place=\"src/controller/runner.rs:"), "{text}");
        assert!(text.contains("object=ContactSync/a/broken"), "{text}");
    }

    #[tokio::test]
    async fn every_end_has_its_word() {
        let error = kube::Error::LinesCodecMaxLineLengthExceeded;
        let of = async |result| isolated(|| "ContactSync/a/b".to_owned(), async { result }).await;
        assert_eq!(of(Err(Box::new(error))).await, (Next::Retry(None), "error"));
        let wait = Next::Retry(Some(SOON));
        assert_eq!(of(Ok(wait)).await, (wait, "retry"));
        assert_eq!(of(Ok(Next::Change)).await, (Next::Change, "done"));
    }
}
