//! Deletion of a resource: the copies leave the mailbox first, unless its policy says otherwise. The CRM is not
//! touched. Nothing hangs for ever: where nobody can sign in any more the object goes, and an Event says what stays.

use jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::events::EventType;
use sync_engine::identity::{Kind, ScopeId};
use sync_runtime::store::{Change, Store};

use super::gather::last_partner;
use super::take_back::{Off, TakenBack};
use super::{ContactSync, claims, conditions, name, pinned_user, plan, report};
use crate::api::{CrmTenant, DeletionPolicy, EffectiveContactPolicy, Reason};
use crate::connections::Mailboxes;
use crate::controller::given_up::{self, GivenUp};
use crate::controller::runner::Next;
use crate::controller::trouble::{Remedy, Trouble};
use crate::controller::{Context, finalizer, tenant_key};

/// Keeps the object until its copies are out of the mailbox.
const FINALIZER: &str = "crmlink.dev/mailbox-copies";

/// Makes sure that the object stays until then; `false` where that was sure already.
pub(super) async fn guard(sync: &ContactSync, context: &Context) -> Result<bool, Box<kube::Error>> {
    finalizer::set(sync, FINALIZER, true, context).await
}

/// How far the clean-up has come.
enum CleanUp {
    /// The object may go.
    Done { left_in_place: u64 },
    /// The object goes and leaves its copies behind.
    GivenUp(&'static str),
    /// There is more to do.
    More,
    /// Nothing can be said before the tenant's first sign-in, or before the next start.
    NotYet,
    /// Too many syncs of the tenant leave at a time.
    Held { until: Timestamp },
    /// Something is in the way.
    Trouble(Trouble),
}

pub(super) async fn clean_up(sync: &ContactSync, context: &Context) -> Result<Next, Box<kube::Error>> {
    if !finalizer::is_set(sync, FINALIZER) || !context.listed().await {
        return Ok(Next::Change);
    }
    let (trouble, next) = match take_back(sync, context).await {
        CleanUp::Done { left_in_place } => {
            if left_in_place > 0 {
                let note = format!(
                    "{left_in_place} contacts that only the mailbox holds were left in its folder, and the CRM is as it was"
                );
                note_on(
                    sync,
                    EventType::Normal,
                    Reason::ItemsLeftInMailbox,
                    &note,
                    context,
                )
                .await;
            }
            return go(sync, context).await;
        }
        CleanUp::GivenUp(why) => {
            let note = format!("the copies and their folder stay in the mailbox: {why}");
            tracing::warn!(sync = %name(sync), "{note}");
            note_on(sync, EventType::Warning, Reason::CopiesLeft, &note, context).await;
            forget(sync, context).await;
            return go(sync, context).await;
        }
        CleanUp::NotYet => return Ok(Next::Change),
        CleanUp::More => {
            let message = "what only the mailbox knows goes to the CRM before the copies are removed";
            (
                Trouble::time(Reason::Deleting, message, None),
                Next::In(std::time::Duration::ZERO),
            )
        }
        CleanUp::Held { until } => {
            let wait = context.backoff.spread(context.time_until(until));
            let message = super::verdict::DISABLES_HELD;
            (
                Trouble::time(Reason::DisablesHeld, message, Some(wait)),
                Next::In(wait),
            )
        }
        CleanUp::Trouble(trouble) => {
            let next = Next::Retry(trouble.remedy.wait());
            (trouble, next)
        }
    };
    let status = report::deleting(sync, &trouble, context.surroundings.clock.now());
    context
        .reporter
        .write(sync, sync.status.as_ref(), &status, conditions)
        .await?;
    Ok(next)
}

async fn note_on(sync: &ContactSync, type_: EventType, reason: Reason, note: &str, context: &Context) {
    context.reporter.note(sync, type_, reason, note).await;
}

/// Lets the object go.
async fn go(sync: &ContactSync, context: &Context) -> Result<Next, Box<kube::Error>> {
    context.claims.release(sync);
    finalizer::set(sync, FINALIZER, false, context).await?;
    // The mailbox is free for whoever was refused because of this resource.
    if let Some(user_id) = pinned_user(sync) {
        for other in context.caches.syncs.state() {
            if other.uid() != sync.uid() && pinned_user(&other) == Some(user_id) {
                context.wake_sync(&other);
            }
        }
    }
    Ok(Next::Change)
}

async fn take_back(sync: &ContactSync, context: &Context) -> CleanUp {
    let nothing = CleanUp::Done { left_in_place: 0 };
    // Without a pinned user nothing was ever made.
    let Some(user_id) = pinned_user(sync) else {
        return nothing;
    };
    let key = tenant_key(sync);
    let Some(tenant) = context.tenant(&key) else {
        return CleanUp::GivenUp("the CrmTenant is gone, so nobody can sign in");
    };
    let policy = EffectiveContactPolicy::resolve(&sync.spec.policy, tenant.spec.contact_defaults());
    if policy.deletion_policy == DeletionPolicy::Orphan {
        forget(sync, context).await;
        return nothing;
    }
    // A tenant for which nothing runs signs in for this alone.
    if tenant.is_idle() && context.connections.get(&key).is_none() {
        context.wake_tenant(&key);
    }
    let Some(mailboxes) = context.connections.mailboxes(&key) else {
        return shut_out(sync, context);
    };
    if claims::hold(sync, mailboxes.scope(user_id), user_id, context).is_err() {
        // Another resource works on this mailbox: there is nothing of this one's own.
        return nothing;
    }
    match leave(sync, user_id, &tenant, &policy, &mailboxes, context).await {
        Ok(TakenBack::Done { left_in_place }) => CleanUp::Done {
            left_in_place: left_in_place.unwrap_or_default(),
        },
        Ok(TakenBack::More) => CleanUp::More,
        Ok(TakenBack::Stopping) => CleanUp::NotYet,
        Ok(TakenBack::Held { until }) => CleanUp::Held { until },
        Err(_) if given_up::is_over(sync, context) => CleanUp::GivenUp("for a day they could not be removed"),
        Err(trouble) => CleanUp::Trouble(trouble),
    }
}

async fn leave(
    sync: &ContactSync,
    user_id: &str,
    tenant: &CrmTenant,
    policy: &EffectiveContactPolicy,
    mailboxes: &Mailboxes,
    context: &Context,
) -> Result<TakenBack, Trouble> {
    let partner = last_partner(sync, tenant, policy, context).await?;
    let off = Off {
        sync,
        mailboxes,
        tenant: &tenant.spec,
        user_id,
        partner: partner.as_ref(),
        policy: &plan::policy(policy, &tenant.spec, &sync.spec.approved_plans, false),
    };
    off.take_back(context).await
}

/// Microsoft 365 does not let the operator in.
fn shut_out(sync: &ContactSync, context: &Context) -> CleanUp {
    let key = tenant_key(sync);
    if !context.tenants_seen.knows(&key) {
        return CleanUp::NotYet;
    }
    match given_up::on_sign_in(sync, &key, context) {
        Some(GivenUp::SecretGone) => {
            return CleanUp::GivenUp("the Secret of the CrmTenant is gone, so nobody can sign in");
        }
        Some(GivenUp::Day) => {
            return CleanUp::GivenUp("for a day Microsoft 365 has not let the operator sign in");
        }
        None => {}
    }
    CleanUp::Trouble(Trouble {
        reason: Reason::TenantNotReady,
        message: "the copies cannot be removed from the mailbox while the CrmTenant is not signed in; mend it, or set deletionPolicy: Orphan to leave them there. After a day, and soon where the Secret is gone, the object goes without it".to_owned(),
        remedy: Remedy::Others(None),
    })
}

/// Forgets what the store knows, where that can be told and is no other resource's.
async fn forget(sync: &ContactSync, context: &Context) {
    let Some((user_id, scope)) = known_scope(sync, context) else {
        return;
    };
    if claims::hold(sync, scope, user_id, context).is_err() {
        return;
    }
    if let Err(error) = context.store.commit(vec![Change::DropScope(scope)]).await {
        tracing::error!(sync = %name(sync), %error, "what the store knows of it stays there");
    }
}

fn known_scope<'a>(sync: &'a ContactSync, context: &Context) -> Option<(&'a str, ScopeId)> {
    let user_id = pinned_user(sync)?;
    let tenant = context.tenant(&tenant_key(sync))?;
    let office_tenant = &tenant.spec.office365.tenant_id;
    let organisation = tenant.organisation()?;
    let scope = ScopeId::derive(office_tenant, organisation, user_id, Kind::Contacts);
    Some((user_id, scope))
}
