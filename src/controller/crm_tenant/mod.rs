//! `CrmTenant`: signs in to both services, pins the organisation, and tells the syncs.

mod connect;
mod report;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kube::ResourceExt;
use kube::runtime::controller::Action;

use super::Context;
use super::runner::{self, Next};
use super::trouble::{Remedy, Trouble};
use crate::api::{ConditionType, CrmTenant, requested_at};
use crate::connections::TenantKey;
use connect::Findings;

/// How often the sign-in is checked while all is well.
const CHECK_EVERY: Duration = Duration::from_mins(15);

/// How often what only a person can mend is looked at again.
const LOOK_AGAIN: Duration = Duration::from_mins(10);

/// What the syncs of each tenant last knew of it: they are woken when it changes.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<TenantKey, (Option<i64>, bool)>>);

impl Seen {
    /// Whether this process has tried to sign in for the tenant.
    pub(super) fn knows(&self, tenant: &TenantKey) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains_key(tenant)
    }

    fn changed(&self, tenant: &TenantKey, generation: Option<i64>, ready: bool) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(tenant.clone(), (generation, ready)) != Some((generation, ready))
    }
}

pub(super) async fn reconcile(tenant: Arc<CrmTenant>, context: Arc<Context>) -> Result<Action, Infallible> {
    runner::run(&*tenant, &context, bring(&tenant, &context)).await
}

async fn bring(tenant: &CrmTenant, context: &Context) -> Result<Next, Box<kube::Error>> {
    let key: TenantKey = (tenant.namespace().unwrap_or_default(), tenant.name_any());
    if tenant.metadata.deletion_timestamp.is_some() {
        context.connections.remove(&key);
        context.wake_syncs_of(&key);
        return Ok(Next::Change);
    }
    if !context.listed().await {
        return Ok(Next::Change);
    }
    if tenant.status.is_none() {
        // Before any call: a resource without Ready would count as done.
        let first = report::first_sight(tenant, context.surroundings.clock.now());
        context
            .reporter
            .write(tenant, None, &first, |status| &status.conditions)
            .await?;
    }
    let findings = if tenant.spec.is_suspended() {
        Findings::suspended()
    } else {
        connect::connect(tenant, &key, context).await
    };
    let before = tenant.status.as_ref();
    let syncs = u32::try_from(context.syncs_of(&key).count()).unwrap_or(u32::MAX);
    let failures = context.backoff.count(&runner::key(tenant));
    let after = report::status(
        tenant,
        &findings,
        syncs,
        failures,
        context.surroundings.clock.now(),
    );
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
    let ready = after.conditions.is_true(ConditionType::Ready) && !tenant.spec.is_suspended();
    let asked = before.and_then(|status| status.last_handled_requested_at.clone()) != requested_at(tenant);
    if context
        .tenants_seen
        .changed(&key, tenant.metadata.generation, ready)
        || new_connection
        || asked
    {
        context.wake_syncs_of(&key);
    }
    Ok(match findings.trouble() {
        None if tenant.spec.is_suspended() => Next::Change,
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
