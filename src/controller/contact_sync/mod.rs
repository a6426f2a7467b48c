//! `ContactSync`: one user's CRM contacts and their folder in the mailbox.
//!
//! gather reads what the resource refers to, plan decides from that alone, apply runs one slice of the sync, or takes it
//! back, report says what came of it.

mod apply;
mod claims;
mod cleanup;
mod gather;
mod plan;
mod planned;
mod report;
mod take_back;
mod verdict;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use kube::ResourceExt;
use kube::runtime::controller::Action;

use super::runner::{self, Next};
use super::trouble::{Remedy, Trouble};
use super::{Context, tenant_key};
use crate::api::{ConditionType, Conditions, ContactSync, ContactSyncStatus, Reason};
use gather::Gathered;
use verdict::Verdict;

pub(super) use claims::Claims;

/// How long a contact is left alone that changed just now: as long as the CRM's times, which are whole seconds, leave in
/// doubt whether it changed again. What went just now is looked at again with growing waits.
const A_MOMENT: Duration = Duration::from_secs(2);

/// How often what only a person can mend is looked at again.
const LOOK_AGAIN: Duration = Duration::from_mins(10);

pub(super) async fn reconcile(sync: Arc<ContactSync>, context: Arc<Context>) -> Result<Action, Infallible> {
    // A run holds much; most reconciles wait for their turn.
    runner::run(sync, &context, |sync| Box::pin(bring(sync, &context))).await
}

async fn bring(mut sync: Arc<ContactSync>, context: &Context) -> Result<Next, Box<kube::Error>> {
    if sync.metadata.deletion_timestamp.is_some() {
        return cleanup::clean_up(&sync, context).await;
    }
    if cleanup::guard(&sync, context).await? {
        // Comes back with its finalizer.
        count_me(&sync, context);
        return Ok(Next::Change);
    }
    if sync.status.is_none() {
        // Before any call: a resource without Ready would count as done.
        let first = report::first_sight(&sync, context.surroundings.clock.now());
        context.reporter.write(&*sync, None, &first, conditions).await?;
        Arc::make_mut(&mut sync).status = Some(first);
    }
    let sync = &*sync;
    let gathered = gather::gather(sync, context).await;
    let mut verdict = match &gathered {
        Ok(gathered) => apply::apply(sync, gathered, context).await,
        Err(verdict) => verdict.clone(),
    };
    if verdict == Verdict::NotYet {
        return Ok(Next::Change);
    }
    if let Verdict::Trouble(Trouble {
        reason: Reason::TenantNotReady,
        ..
    }) = &verdict
        && context.connections.get(&tenant_key(sync)).is_some()
    {
        // Signed in, and then refused: the tenant has to find out why, once for all its syncs.
        context.doubt_tenant(&tenant_key(sync));
    }
    // What the store knows of a mailbox that another resource syncs is that one's: a folder in the status says who
    // holds it.
    let memory = match &gathered {
        Ok(gathered) if !is_refused(&verdict) => report::memory(sync, gathered, context).await,
        _ => None,
    };
    let waits = memory.as_ref().is_some_and(report::Memory::has_work);
    if verdict == (Verdict::Running { more: false }) && waits {
        verdict = Verdict::Waiting;
    }
    let failures = context.backoff.count(&runner::key(sync));
    let now = context.surroundings.clock.now();
    let status = report::status(sync, gathered.as_ref().ok(), &verdict, memory, failures, now);
    context
        .reporter
        .write(sync, sync.status.as_ref(), &status, conditions)
        .await?;
    Ok(next(&verdict, gathered.as_ref().ok(), context))
}

fn is_refused(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Trouble(trouble) if trouble.reason == Reason::AlreadyClaimed)
}

fn conditions(status: &ContactSyncStatus) -> &Conditions {
    &status.conditions
}

/// The tenant shows how many syncs it has, and stays as long as it has some.
fn count_me(sync: &ContactSync, context: &Context) {
    context.wake_tenant(&tenant_key(sync));
}

fn next(verdict: &Verdict, gathered: Option<&Gathered>, context: &Context) -> Next {
    match verdict {
        Verdict::Running { more: true } | Verdict::SwitchingOff => Next::In(Duration::ZERO),
        Verdict::Waiting => Next::Retry(Some(A_MOMENT)),
        Verdict::OffHeld { until } => Next::In(context.backoff.spread(context.time_until(*until))),
        Verdict::Running { more: false } | Verdict::Observing(_) => {
            let interval = gathered.map_or(Duration::from_mins(5), |gathered| gathered.policy.interval);
            Next::In(context.backoff.spread(interval))
        }
        Verdict::NotYet | Verdict::Off { .. } | Verdict::RemovedByOwner | Verdict::Suspended { .. } => {
            Next::Change
        }
        Verdict::Trouble(trouble) => match trouble.remedy {
            Remedy::Person => Next::In(context.backoff.spread(LOOK_AGAIN)),
            Remedy::Time(after) | Remedy::Others(after) => Next::Retry(after),
        },
    }
}

/// Its folder's id, if a folder was made.
fn known_folder(sync: &ContactSync) -> Option<&str> {
    sync.status
        .as_ref()?
        .folder
        .as_ref()
        .map(|folder| folder.id.as_str())
}

/// Whether the mailbox's owner removed the folder and nobody asked for it again.
fn is_removed(sync: &ContactSync) -> bool {
    let status = sync.status.as_ref();
    let enabled = status.and_then(|status| status.conditions.get(ConditionType::Enabled));
    enabled.is_some_and(|enabled| enabled.reason() == Reason::DisabledInMailbox.as_str())
}

/// The pinned object id of its mailbox's user.
fn pinned_user(sync: &ContactSync) -> Option<&str> {
    sync.status
        .as_ref()?
        .mailbox
        .as_ref()
        .map(|mailbox| mailbox.user_id.as_str())
}

/// For log lines: names of objects, never of people.
fn name(sync: &ContactSync) -> String {
    format!("{}/{}", sync.namespace().unwrap_or_default(), sync.name_any())
}
