//! `CrmTenant`: signs in to both services, pins the organisation, verifies the installation, and tells whatever belongs
//! to it.

mod connect;
mod consent;
mod installation;
mod report;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use kube::runtime::controller::Action;

use super::runner::{self, Next};
use super::trouble::{Remedy, Trouble};
use super::{Context, finalizer};
use crate::api::{ConditionType, CrmTenant, requested_at};
use crate::connections::TenantKey;
use connect::{Findings, Halt};
use report::Dependants;

/// How often the sign-in is checked while all is well.
const CHECK_EVERY: Duration = Duration::from_mins(15);

/// For how long an answer of both services counts for whoever only counts what refers to a tenant: a thousand new syncs
/// wake it a thousand times.
const FRESH: SignedDuration = SignedDuration::from_mins(1);

/// How often what only a person can mend is looked at again.
const LOOK_AGAIN: Duration = Duration::from_mins(10);

/// Keeps a tenant that is being deleted until nothing needs it to leave a mailbox or the CRM.
const FINALIZER: &str = "crmlink.dev/dependants";

/// What the syncs of each tenant last knew of it: they are woken when it changes.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<TenantKey, Sight>>);

struct Sight {
    generation: Option<i64>,
    ready: bool,
    trouble: Option<Trouble>,
    /// When both services were last asked; nothing if that is in doubt.
    asked: Option<Timestamp>,
}

impl Seen {
    /// Whether this process has tried to sign in for the tenant.
    pub(super) fn knows(&self, tenant: &TenantKey) -> bool {
        self.all().contains_key(tenant)
    }

    /// What kept this process from signing in the last time.
    pub(super) fn trouble(&self, tenant: &TenantKey) -> Option<Trouble> {
        self.all().get(tenant)?.trouble.clone()
    }

    /// Whether both services were asked just now for this generation, and all was well.
    fn is_fresh(&self, tenant: &CrmTenant, key: &TenantKey, now: Timestamp) -> bool {
        self.all().get(key).is_some_and(|sight| {
            let recent = |asked: Timestamp| now.duration_since(asked) < FRESH;
            sight.generation == tenant.metadata.generation
                && sight.ready
                && sight.trouble.is_none()
                && sight.asked.is_some_and(recent)
        })
    }

    /// When both services were last asked.
    fn asked(&self, tenant: &TenantKey) -> Option<Timestamp> {
        self.all().get(tenant)?.asked
    }

    /// The next look asks both services, however recent the last one was.
    pub(super) fn doubt(&self, tenant: &TenantKey) {
        if let Some(sight) = self.all().get_mut(tenant) {
            sight.asked = None;
        }
    }

    /// Whether something changed that is news for the syncs.
    fn changed(&self, tenant: &TenantKey, sight: Sight) -> bool {
        let now = (sight.generation, sight.ready);
        let before = self.all().insert(tenant.clone(), sight);
        before.is_none_or(|before| (before.generation, before.ready) != now)
    }

    fn forget(&self, tenant: &TenantKey) {
        self.all().remove(tenant);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<TenantKey, Sight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn reconcile(tenant: Arc<CrmTenant>, context: Arc<Context>) -> Result<Action, Infallible> {
    // A sign-in holds much; most reconciles wait for their turn.
    runner::run(tenant, &context, |tenant| Box::pin(bring(tenant, &context))).await
}

async fn bring(mut tenant: Arc<CrmTenant>, context: &Context) -> Result<Next, Box<kube::Error>> {
    let key: TenantKey = (tenant.namespace().unwrap_or_default(), tenant.name_any());
    if !context.listed().await {
        return Ok(Next::Change);
    }
    if tenant.status.is_none() {
        // Before any call: a resource without Ready would count as done.
        let first = report::first_sight(&tenant, context.surroundings.clock.now());
        context
            .reporter
            .write(&*tenant, None, &first, |status| &status.conditions)
            .await?;
        Arc::make_mut(&mut tenant).status = Some(first);
    }
    let tenant = &*tenant;
    let deleting = tenant.metadata.deletion_timestamp.is_some();
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let dependants = Dependants {
        syncs: small(context.syncs_of(&key).count()),
        invites: small(context.invites_of(&key).count()),
    };
    let in_use = dependants != Dependants::default();
    if deleting && !in_use {
        return go(tenant, &key, context).await;
    }
    if finalizer::set(tenant, FINALIZER, in_use, context).await? {
        return Ok(Next::Change);
    }
    let halt = halt(tenant, deleting, dependants);
    let handled = tenant
        .status
        .as_ref()
        .and_then(|status| status.last_handled_requested_at.clone());
    let asked = handled != requested_at(tenant);
    let mut findings = Findings::default();
    if halt.is_none() || is_left(&key, context) {
        findings = connect::connect(tenant, &key, asked, context).await;
        context
            .connections
            .set_mailboxes(key.clone(), findings.mailboxes.clone());
    }
    findings.halt = halt;
    let before = tenant.status.as_ref();
    let failures = context.backoff.count(&runner::key(tenant));
    let now = context.surroundings.clock.now();
    let after = report::status(tenant, &findings, dependants, failures, now);
    context
        .reporter
        .write(tenant, before, &after, |status| &status.conditions)
        .await?;

    let new_connection = if let Some(connection) = &findings.connection {
        context.connections.put(key.clone(), connection)
    } else {
        context.connections.remove(&key);
        false
    };
    let sight = Sight {
        generation: tenant.metadata.generation,
        ready: after.conditions.is_true(ConditionType::Ready) && halt.is_none(),
        trouble: findings.trouble().cloned(),
        asked: match &findings.office {
            Some(_) => Some(now),
            None => context.tenants_seen.asked(&key),
        },
    };
    if context.tenants_seen.changed(&key, sight) || new_connection || asked {
        context.wake_all_of(&key);
    }
    Ok(match findings.trouble() {
        None if halt.is_some() => Next::Change,
        None => Next::In(context.backoff.spread(CHECK_EVERY)),
        Some(Trouble {
            remedy: Remedy::Person,
            ..
        }) => Next::In(context.backoff.spread(LOOK_AGAIN)),
        Some(Trouble {
            remedy: Remedy::Time(after) | Remedy::Others(after),
            ..
        }) => Next::Retry(*after),
    })
}

fn halt(tenant: &CrmTenant, deleting: bool, dependants: Dependants) -> Option<Halt> {
    if deleting {
        let Dependants { syncs, invites } = dependants;
        Some(Halt::Deleting { syncs, invites })
    } else if tenant.spec.is_suspended() {
        Some(Halt::Suspended)
    } else {
        (!tenant.spec.installation.accept_terms).then_some(Halt::TermsNotAccepted)
    }
}

/// Whether something is being deleted, which takes its copies out of a mailbox, or its invitation back, all the same.
fn is_left(tenant: &TenantKey, context: &Context) -> bool {
    let syncs = context.syncs_of(tenant).map(|sync| sync.metadata.clone());
    let invites = context.invites_of(tenant).map(|invite| invite.metadata.clone());
    syncs
        .chain(invites)
        .any(|metadata| metadata.deletion_timestamp.is_some())
}

/// Nothing needs the tenant any more.
async fn go(tenant: &CrmTenant, key: &TenantKey, context: &Context) -> Result<Next, Box<kube::Error>> {
    context.connections.remove(key);
    context.connections.set_mailboxes(key.clone(), None);
    context.tenants_seen.forget(key);
    finalizer::set(tenant, FINALIZER, false, context).await?;
    // Whoever refers to it by now finds that it is gone.
    context.wake_all_of(key);
    Ok(Next::Change)
}
