//! Deletion of a resource: the copies leave the mailbox first, unless its policy says otherwise. The CRM is not
//! touched. Nothing hangs: where no credentials are left, the object goes and an Event says what stays.

use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use sync_runtime::store::{Change, Store};

use super::apply::{Off, TakenBack, scope};
use super::{ContactSync, claims, conditions, gather, known_folder, name, pinned_user, plan, report};
use crate::api::{DeletionPolicy, EffectiveContactPolicy, Reason};
use crate::controller::runner::Next;
use crate::controller::trouble::{Remedy, Trouble};
use crate::controller::{Context, tenant_key};

/// Keeps the object until its copies are out of the mailbox.
const FINALIZER: &str = "crmlink.dev/mailbox-copies";

pub(super) fn is_guarded(sync: &ContactSync) -> bool {
    sync.finalizers().iter().any(|name| name == FINALIZER)
}

pub(super) async fn guard(sync: &ContactSync, context: &Context) -> Result<(), Box<kube::Error>> {
    let mut finalizers = sync.finalizers().to_vec();
    finalizers.push(FINALIZER.to_owned());
    set_finalizers(sync, finalizers, context).await
}

/// The version makes it fail where somebody else changed the list meanwhile, rather than undo their change.
async fn set_finalizers(
    sync: &ContactSync,
    finalizers: Vec<String>,
    context: &Context,
) -> Result<(), Box<kube::Error>> {
    let api: Api<ContactSync> =
        Api::namespaced(context.client.clone(), &sync.namespace().unwrap_or_default());
    let patch = serde_json::json!({
        "metadata": { "finalizers": finalizers, "resourceVersion": sync.resource_version(), "uid": sync.uid() }
    });
    match api
        .patch(&sync.name_any(), &PatchParams::default(), &Patch::Merge(patch))
        .await
    {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        Err(error) => Err(Box::new(error)),
    }
}

pub(super) async fn clean_up(sync: &ContactSync, context: &Context) -> Result<Next, Box<kube::Error>> {
    if !is_guarded(sync) {
        return Ok(Next::Change);
    }
    if let Err(trouble) = take_back(sync, context).await {
        tracing::warn!(sync = %name(sync), reason = %trouble.message, "the mailbox cannot be cleaned up yet");
        let now = context.surroundings.clock.now();
        let status = report::deleting(sync, &trouble, now);
        context
            .reporter
            .write(sync, sync.status.as_ref(), &status, conditions)
            .await?;
        return Ok(Next::Retry(match trouble.remedy {
            Remedy::Time(after) | Remedy::Others(after) => after,
            Remedy::Person => None,
        }));
    }
    context.claims.release(sync);
    let rest = sync
        .finalizers()
        .iter()
        .filter(|name| *name != FINALIZER)
        .cloned()
        .collect();
    set_finalizers(sync, rest, context).await?;
    context.wake_tenant(&tenant_key(sync));
    wake_those_refused_for(sync, context);
    Ok(Next::Change)
}

/// The mailbox is free for whoever was refused because of this resource.
fn wake_those_refused_for(sync: &ContactSync, context: &Context) {
    let Some(user_id) = pinned_user(sync) else { return };
    for other in context.syncs.state() {
        if other.uid() != sync.uid() && pinned_user(&other) == Some(user_id) {
            context.wake_sync(&other);
        }
    }
}

async fn take_back(sync: &ContactSync, context: &Context) -> Result<(), Trouble> {
    // Without a pinned user nothing was ever made.
    let Some(user_id) = pinned_user(sync) else {
        return Ok(());
    };
    let key = tenant_key(sync);
    let tenant = context
        .tenant(&key)
        .filter(|tenant| tenant.metadata.deletion_timestamp.is_none());
    let Some(tenant) = tenant else {
        tracing::warn!(sync = %name(sync), "its CrmTenant is gone, so nobody can sign in: the folder stays in the mailbox");
        return Ok(());
    };
    let connection = context.connections.get(&key).ok_or_else(|| {
        Trouble::others(
            Reason::TenantNotReady,
            "the copies cannot be removed from the mailbox while the CrmTenant is not signed in; mend it, or set deletionPolicy: Orphan to leave them there",
        )
    })?;
    let scope = scope(&connection, user_id);
    let clock = &*context.surroundings.clock;
    let policy = EffectiveContactPolicy::resolve(&sync.spec.policy, tenant.spec.contact_defaults());
    if claims::hold(sync, scope, user_id, context).is_err() {
        // Another resource works on this mailbox: there is nothing of this one's own.
        return Ok(());
    }
    if policy.deletion_policy == DeletionPolicy::Orphan {
        let forgotten = context.store.commit(vec![Change::DropScope(scope)]).await;
        return forgotten.map_err(|error| Trouble::time(Reason::InternalError, error.to_string(), None));
    }
    let partner = match known_folder(sync) {
        Some(_) => gather::partner(sync, &tenant, &policy, &connection, false, context)
            .await
            .ok(),
        None => None,
    };
    let off = Off {
        connection: &connection,
        tenant: &tenant.spec,
        user_id,
        partner: partner.as_ref().map(|(_, partner)| partner),
        policy: &plan::policy(&policy, &tenant.spec, &sync.spec.approved_plans, false),
    };
    let soon = Some(std::time::Duration::from_secs(1));
    match off.take_back(sync, context).await {
        Ok(TakenBack::Done { .. }) => Ok(()),
        Ok(TakenBack::More | TakenBack::Stopping) => {
            let message = "what only the mailbox knows goes to the CRM before the copies are removed";
            Err(Trouble::time(Reason::Deleting, message, soon))
        }
        Ok(TakenBack::Held { until }) => {
            let wait = until.duration_since(clock.now());
            let message = report::disables_held(until);
            Err(Trouble::time(
                Reason::DisablesHeld,
                message,
                std::time::Duration::try_from(wait).ok(),
            ))
        }
        Err(stop) => Err(Trouble::of_stop(&stop, clock)),
    }
}
