//! `CrmUserInvite`: one person who is to become a user of the CRM.
//!
//! gather reads what the resource refers to, plan decides from that alone, then one of invite, join and elsewhere acts,
//! and report says what came of it. Facts that a step learns stand in the outcome, whether or not a later one fails.

mod addresses;
mod bring;
mod claims;
mod cleanup;
mod conditions;
mod elsewhere;
mod gather;
mod invite;
mod join;
mod mails;
mod plan;
mod refusal;
mod report;
mod request_mail;

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use kube::ResourceExt;
use kube::runtime::controller::Action;

use super::Context;
use super::runner::{self, Next};
use super::tenancy::tenant_key;
use super::trouble::Remedy;
use crate::api::{CrmUserInvite, InvitePhase, Reason};
use plan::{Outcome, Stand, Stop};

pub(super) use claims::Claims;

/// How often it is looked whether somebody did something: accepted, approved, mended.
const LOOK_AGAIN: Duration = Duration::from_mins(10);

pub(super) async fn reconcile(
    invite: Arc<CrmUserInvite>,
    context: Arc<Context>,
) -> Result<Action, Infallible> {
    runner::run(invite, &context, |invite| Box::pin(bring(invite, &context))).await
}

/// What others set in the status and the operator acts on: the decision about a request to join.
pub(super) fn decision(invite: &CrmUserInvite) -> Option<u64> {
    let decision = invite.status.as_ref()?.decision.as_ref()?;
    let mut hasher = DefaultHasher::new();
    (decision.verdict, &decision.crm_user_id).hash(&mut hasher);
    Some(hasher.finish())
}

async fn bring(mut invite: Arc<CrmUserInvite>, context: &Context) -> Result<Next, Box<kube::Error>> {
    if invite.metadata.deletion_timestamp.is_some() {
        return cleanup::clean_up(&invite, context).await;
    }
    if cleanup::guard(&invite, context).await? {
        // Comes back with its finalizer. The tenant shows how many invites it has, and stays as long as it has some.
        context.wake_tenant(&tenant_key(&*invite));
        return Ok(Next::Change);
    }
    if report::is_new(&invite) {
        // Before any call: a resource without Ready would count as done.
        let first = report::first_sight(&invite, context.surroundings.clock.now());
        report::write(&invite, &first, context).await?;
        Arc::make_mut(&mut invite).status = Some(first);
    }
    let invite = &*invite;
    let outcome = bring::bring(invite, context).await;
    match &outcome.stop {
        Some(Stop::NotYet) => return Ok(Next::Change),
        Some(Stop::Trouble(trouble))
            if trouble.reason == Reason::TenantNotReady
                && context.connections.get(&tenant_key(invite)).is_some() =>
        {
            // Signed in, and then refused: the tenant has to find out why, once for all that belongs to it.
            context.doubt_tenant(&tenant_key(invite));
        }
        _ => {}
    }
    let failures = context.backoff.count(&runner::key(invite));
    let now = context.surroundings.clock.now();
    let status = report::status(invite, &outcome, failures, now);
    report::write(invite, &status, context).await?;
    let was_active = phase(invite) == Some(InvitePhase::Active);
    if was_active != (status.phase == Some(InvitePhase::Active)) {
        wake_syncs(invite, status.office_user_id.as_deref(), context);
    }
    Ok(next(&outcome, context))
}

/// The person's syncs: whether they run may hang on the CRM user.
fn wake_syncs(invite: &CrmUserInvite, office_user_id: Option<&str>, context: &Context) {
    for sync in context.syncs_of(&tenant_key(invite)) {
        let mailbox = sync.status.as_ref().and_then(|status| status.mailbox.as_ref());
        let pinned = mailbox.map(|mailbox| mailbox.user_id.as_str());
        let named = |name: &str| sync.spec.user.eq_ignore_ascii_case(name);
        let is_theirs = office_user_id.is_some_and(|id| pinned == Some(id) || named(id));
        if is_theirs || named(&invite.spec.user) {
            context.wake_sync(&sync);
        }
    }
}

fn next(outcome: &Outcome, context: &Context) -> Next {
    match (&outcome.stop, &outcome.stand) {
        (Some(Stop::NotYet | Stop::Suspended { .. }), _) | (None, Some(Stand::Denied)) => Next::Change,
        (None, _) => Next::In(context.backoff.spread(LOOK_AGAIN)),
        (Some(Stop::Trouble(trouble)), _) => match trouble.remedy {
            Remedy::Person => {
                let wait = outcome.look_again.unwrap_or(LOOK_AGAIN);
                Next::In(context.backoff.spread(wait))
            }
            Remedy::Time(after) | Remedy::Others(after) => Next::Retry(after),
        },
    }
}

/// How far it was at the last look.
fn phase(invite: &CrmUserInvite) -> Option<InvitePhase> {
    invite.status.as_ref()?.phase
}

/// The pinned object id of the person in Microsoft 365.
fn pinned_user(invite: &CrmUserInvite) -> Option<&str> {
    invite.status.as_ref()?.office_user_id.as_deref()
}

/// The CRM user whom the status knows.
fn known_crm_user(invite: &CrmUserInvite) -> Option<&str> {
    invite.status.as_ref()?.crm_user_id.as_deref()
}

/// What its rows in the store are called by.
fn uid(invite: &CrmUserInvite) -> String {
    runner::key(invite)
}

/// For log lines: names of objects, never of people.
fn name(invite: &CrmUserInvite) -> String {
    format!("{}/{}", invite.namespace().unwrap_or_default(), invite.name_any())
}
