//! What the controllers know, for the metrics and the debug page: names of objects, counts and times, nothing of people.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt};
use serde_json::{Value, json};

use super::{Context, runner, tenant_key};
use crate::api::{ConditionType, Conditions, ContactSync, CrmTenant, CrmUserInvite, InvitePhase, PlanStatus};
use crate::connections::TenantKey;
use crate::telemetry::metrics::Totals;

/// The controllers of this process, once it leads.
#[derive(Default)]
pub(crate) struct Insight(OnceLock<Arc<Context>>);

impl Insight {
    /// From here on there is something to tell.
    pub(super) fn open(&self, context: &Arc<Context>) {
        // There is one set of controllers in a process.
        let _ = self.0.set(context.clone());
    }

    /// The sums of the metrics; empty before this process leads.
    pub(crate) fn totals(&self) -> Totals {
        self.0.get().map(|context| totals(context)).unwrap_or_default()
    }

    /// The debug page; null before this process leads.
    pub(crate) fn details(&self) -> Value {
        self.0.get().map(|context| details(context)).unwrap_or_default()
    }
}

fn totals(context: &Context) -> Totals {
    let (tenants, syncs) = (context.caches.tenants.state(), context.caches.syncs.state());
    let invites = context.caches.invites.state();
    let mut objects = BTreeMap::new();
    for kind in ["CrmTenant", "CrmUserInvite", "ContactSync"] {
        // Zero is told too: an alarm on what is not ready needs a series that falls.
        for status in ["True", "False", "Unknown"] {
            objects.insert((kind, status), 0);
        }
    }
    let of_tenants = tenants
        .iter()
        .map(|tenant| ("CrmTenant", ready(conditions_of_tenant(tenant))));
    let of_syncs = syncs
        .iter()
        .map(|sync| ("ContactSync", ready(conditions_of_sync(sync))));
    let of_invites = invites
        .iter()
        .map(|invite| ("CrmUserInvite", ready(conditions_of_invite(invite))));
    for key in of_tenants.chain(of_syncs).chain(of_invites) {
        *objects.entry(key).or_default() += 1;
    }
    let mut contacts: BTreeMap<&'static str, i64> = BTreeMap::new();
    for sync in &syncs {
        for (state, count) in counts(sync) {
            *contacts.entry(state).or_default() += i64::from(count);
        }
    }
    let now = context.surroundings.clock.now();
    let credits = tenants
        .iter()
        .map(|tenant| key(&**tenant))
        .filter(|key| context.connections.get(key).is_some())
        .map(|key| i64::from(context.connections.limits(&key).credits_left(now)));
    let lag = context
        .connections
        .feeds()
        .into_iter()
        .filter_map(|feed| Some(now.duration_since(feed.read_at()?).as_secs()));
    Totals {
        objects: objects
            .into_iter()
            .map(|((kind, ready), count)| (kind, ready, count))
            .collect(),
        contacts: contacts.into_iter().collect(),
        credits_left: credits.min(),
        feed_lag: lag.max(),
    }
}

fn details(context: &Context) -> Value {
    let now = context.surroundings.clock.now();
    let (all_tenants, all_syncs) = (context.caches.tenants.state(), context.caches.syncs.state());
    let all_invites = context.caches.invites.state();
    let keys = all_tenants.iter().map(|tenant| runner::key(&**tenant));
    let keys = keys.chain(all_syncs.iter().map(|sync| runner::key(&**sync)));
    let keys = keys.chain(all_invites.iter().map(|invite| runner::key(&**invite)));
    context.runs.retain(&keys.collect());
    let mut syncs: BTreeMap<TenantKey, Vec<Value>> = BTreeMap::new();
    for sync in all_syncs {
        let mut told = about(&*sync, conditions_of_sync(&sync), context, now);
        told["contacts"] = json!(BTreeMap::from(counts(&sync)));
        syncs.entry(tenant_key(&*sync)).or_default().push(told);
    }
    let mut invites: BTreeMap<TenantKey, Vec<Value>> = BTreeMap::new();
    for invite in all_invites {
        let mut told = about(&*invite, conditions_of_invite(&invite), context, now);
        let phase = invite.status.as_ref().and_then(|status| status.phase);
        told["phase"] = json!(phase.map(InvitePhase::as_str));
        invites.entry(tenant_key(&*invite)).or_default().push(told);
    }
    let mut tenants = Vec::new();
    for tenant in all_tenants {
        let key = key(&*tenant);
        let mut told = about(&*tenant, conditions_of_tenant(&tenant), context, now);
        let connection = context.connections.get(&key);
        let limits = context.connections.limits(&key);
        told["connected"] = json!(connection.is_some());
        told["credits"] = json!({ "used": limits.credits_used(now), "left": limits.credits_left(now) });
        told["feedRead"] = json!(connection.and_then(|connection| connection.feed.read_at()));
        told["contactSyncs"] = json!(syncs.remove(&key).unwrap_or_default());
        told["crmUserInvites"] = json!(invites.remove(&key).unwrap_or_default());
        tenants.push(told);
    }
    json!({
        "time": now,
        "concurrency": context.concurrency,
        "tenants": tenants,
        "withoutTenant": syncs.into_values().chain(invites.into_values()).flatten().collect::<Vec<_>>(),
    })
}

/// What is told of an object of any kind.
fn about<K>(object: &K, conditions: Option<&Conditions>, context: &Context, now: Timestamp) -> Value
where
    K: Resource<DynamicType = ()>,
{
    let ready = conditions.and_then(|conditions| conditions.get(ConditionType::Ready));
    let run = context.runs.get(&runner::key(object));
    json!({
        "namespace": object.namespace(),
        "name": object.name_any(),
        "generation": object.meta().generation,
        "ready": ready.map(|ready| ready.status().as_str()),
        "reason": ready.map(|ready| ready.reason().to_owned()),
        "failuresInARow": context.backoff.count(&runner::key(object)),
        "lastRun": run.map(|run| run.ended),
        "lastOutcome": run.map(|run| run.outcome),
        "nextRun": run.and_then(|run| run.next),
        "nextRunInSeconds": run
            .and_then(|run| run.next)
            .map(|next| next.duration_since(now).max(SignedDuration::ZERO).as_secs()),
    })
}

/// Contacts of one sync by state.
fn counts(sync: &ContactSync) -> [(&'static str, u32); 5] {
    let status = sync.status.as_ref();
    let number = |count: Option<u32>| count.unwrap_or_default();
    [
        ("linked", number(status.and_then(|status| status.linked))),
        ("pending", number(status.and_then(|status| status.pending))),
        (
            "parked",
            status
                .and_then(|status| status.parked.as_ref())
                .map_or(0, |parked| parked.count),
        ),
        (
            "conflict",
            status
                .and_then(|status| status.conflicts.as_ref())
                .map_or(0, |conflicts| conflicts.count),
        ),
        (
            "held",
            status.and_then(|status| status.plan.as_ref()).map_or(0, planned),
        ),
    ]
}

/// Every operation of a plan.
fn planned(plan: &PlanStatus) -> u32 {
    [plan.creates, plan.updates, plan.deletes]
        .iter()
        .map(|counts| counts.to_office.saturating_add(counts.to_crm))
        .fold(0, u32::saturating_add)
}

fn ready(conditions: Option<&Conditions>) -> &'static str {
    let ready = conditions.and_then(|conditions| conditions.get(ConditionType::Ready));
    ready.map_or("Unknown", |ready| ready.status().as_str())
}

fn conditions_of_tenant(tenant: &CrmTenant) -> Option<&Conditions> {
    tenant.status.as_ref().map(|status| &status.conditions)
}

fn conditions_of_invite(invite: &CrmUserInvite) -> Option<&Conditions> {
    invite.status.as_ref().map(|status| &status.conditions)
}

fn conditions_of_sync(sync: &ContactSync) -> Option<&Conditions> {
    sync.status.as_ref().map(|status| &status.conditions)
}

fn key<K: Resource>(object: &K) -> TenantKey {
    (object.namespace().unwrap_or_default(), object.name_any())
}
