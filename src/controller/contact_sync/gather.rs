//! Reading what a sync refers to: tenant, mailbox user, CRM user, CRM fields. Stops at the first thing that is not
//! there, so that bad input costs no further call.

use std::sync::Arc;

use kube::ResourceExt;
use msgraph::User;
use sync_engine::identity::ScopeId;
use sync_engine::mapping::Mapping;
use sync_runtime::contacts::Policy;

use super::verdict::Verdict;
use super::{ContactSync, ContactSyncStatus, known_folder, name, pinned_user, plan, take_back};
use crate::api::{CrmTenant, Direction, EffectiveContactPolicy, Reason, reenable, requested_at};
use crate::connections::{Connection, Mailboxes};
use crate::controller::Context;
use crate::controller::pairing::{self, Proofs};
use crate::controller::tenancy::{self, Hindrance, tenant_key};
use crate::controller::trouble::{Remedy, Trouble};

/// Everything that a run needs, or that is needed to switch a sync off.
pub(super) struct Gathered {
    pub(super) mailboxes: Mailboxes,
    pub(super) policy: EffectiveContactPolicy,
    /// The object id of the mailbox's user.
    pub(super) user_id: String,
    /// The tenant's own settings.
    pub(super) tenant: Arc<CrmTenant>,
    /// The CRM's side. A sync that is being switched off gets by without it.
    pub(super) partner: Option<Partner>,
    /// A run was asked for by annotation.
    pub(super) asked: bool,
    /// To be switched on again was asked for by annotation.
    pub(super) reenable: bool,
}

impl Gathered {
    /// The policy in the runtime's terms.
    pub(super) fn runtime_policy(&self, sync: &ContactSync) -> Policy {
        plan::policy(
            &self.policy,
            &self.tenant.spec,
            &sync.spec.approved_plans,
            self.asked,
        )
    }

    /// The mailbox user with the tenant's organisation.
    pub(super) fn scope(&self) -> ScopeId {
        self.mailboxes.scope(&self.user_id)
    }
}

/// The CRM's side of the pair.
pub(super) struct Partner {
    pub(super) connection: Arc<Connection>,
    pub(super) crm_user_id: String,
    pub(super) mapping: Mapping,
}

pub(super) async fn gather(sync: &ContactSync, context: &Context) -> Result<Gathered, Verdict> {
    if sync.spec.is_suspended() {
        return Err(Verdict::Suspended { by_tenant: false });
    }
    if !context.listed().await {
        return Err(Verdict::NotYet);
    }
    let tenant = tenancy::tenant(sync, context).await.map_err(Verdict::Trouble)?;
    if tenant.metadata.deletion_timestamp.is_some() {
        let message = "the CrmTenant is being deleted: nothing is read or written for it any more. Delete this object too, and its copies leave the mailbox";
        return Err(Verdict::Trouble(Trouble::others(Reason::TenantNotReady, message)));
    }
    if tenant.spec.is_suspended() {
        return Err(Verdict::Suspended { by_tenant: true });
    }
    let policy = EffectiveContactPolicy::resolve(&sync.spec.policy, tenant.spec.contact_defaults());
    let asked = is_news(requested_at(sync), sync, |status| {
        status.last_handled_requested_at.as_ref()
    });
    let reenable = is_news(reenable(sync), sync, |status| {
        status.last_handled_reenable.as_ref()
    });
    if !sync.spec.is_enabled() {
        return leaving(sync, tenant, policy, asked, context).await;
    }
    let connection = tenancy::connection(&tenant_key(sync), context)?;
    let (user_id, partner) = partner(sync, &tenant, &policy, &connection, asked, context).await?;
    Ok(Gathered {
        mailboxes: connection.mailboxes.clone(),
        policy,
        user_id,
        tenant,
        partner: Some(partner),
        asked,
        reenable,
    })
}

/// Whether an annotation has another value than the one that was handled last.
fn is_news(
    value: Option<String>,
    sync: &ContactSync,
    handled: impl Fn(&ContactSyncStatus) -> Option<&String>,
) -> bool {
    value.is_some_and(|value| sync.status.as_ref().and_then(handled) != Some(&value))
}

/// What is needed to switch a sync off.
async fn leaving(
    sync: &ContactSync,
    tenant: Arc<CrmTenant>,
    policy: EffectiveContactPolicy,
    asked: bool,
    context: &Context,
) -> Result<Gathered, Verdict> {
    let Some(user_id) = pinned_user(sync) else {
        // Never ran: nothing is to be taken back.
        return Err(Verdict::Off { left_in_place: None });
    };
    let mailboxes = context.connections.mailboxes(&tenant_key(sync));
    let mailboxes = mailboxes.ok_or_else(|| tenancy::not_signed_in(&tenant_key(sync), context))?;
    let partner = last_partner(sync, &tenant, &policy, context)
        .await
        .map_err(Verdict::Trouble)?;
    Ok(Gathered {
        mailboxes,
        policy,
        user_id: user_id.to_owned(),
        tenant,
        partner,
        asked,
        reenable: false,
    })
}

/// The CRM's side for the last round of a sync that is being switched off: what only the mailbox knows goes there once
/// more. Nobody where nothing was synced, where nobody can say whose it is, or where the CRM has refused for long enough:
/// what it does not have then stays in the mailbox.
pub(super) async fn last_partner(
    sync: &ContactSync,
    tenant: &CrmTenant,
    policy: &EffectiveContactPolicy,
    context: &Context,
) -> Result<Option<Partner>, Trouble> {
    if known_folder(sync).is_none() || policy.direction == Direction::CrmToOffice {
        return Ok(None);
    }
    let found = match context.connections.get(&tenant_key(sync)) {
        Some(connection) => partner(sync, tenant, policy, &connection, false, context).await,
        None => Err(tenancy::not_signed_in(&tenant_key(sync), context).into()),
    };
    match found {
        Ok((_, partner)) => Ok(Some(partner)),
        Err(Verdict::Trouble(trouble))
            if trouble.remedy != Remedy::Person && !take_back::is_patience_over(sync, context) =>
        {
            Err(trouble)
        }
        Err(_) => {
            tracing::warn!(sync = %name(sync), "what the CRM does not have stays in the mailbox");
            Ok(None)
        }
    }
}

impl From<Hindrance> for Verdict {
    fn from(hindrance: Hindrance) -> Self {
        match hindrance {
            Hindrance::NotYet => Self::NotYet,
            Hindrance::Trouble(trouble) => Self::Trouble(trouble),
        }
    }
}

/// The mailbox's user and their side of the CRM, proven to be the same person's.
async fn partner(
    sync: &ContactSync,
    tenant: &CrmTenant,
    policy: &EffectiveContactPolicy,
    connection: &Arc<Connection>,
    asked: bool,
    context: &Context,
) -> Result<(String, Partner), Verdict> {
    let graph = &connection.mailboxes.graph;
    let user = tenancy::office_user(&sync.spec.user, pinned_user(sync), graph, context)
        .await
        .map_err(Verdict::Trouble)?;
    tenancy::admitted_user(&user, tenant, connection, asked, context)
        .await
        .map_err(Verdict::Trouble)?;
    let crm_users = connection
        .crm_users(asked)
        .await
        .map_err(|error| crm_verdict(&error, context))?;
    let crm_user = match pair(sync, &user, tenant, &crm_users, context) {
        Ok(crm_user) => crm_user,
        Err(trouble) => {
            return Err(Verdict::Trouble(
                explained(trouble, sync, &user, tenant, context).await,
            ));
        }
    };
    let fields = connection
        .crm_fields(asked)
        .await
        .map_err(|error| crm_verdict(&error, context))?;
    let mapping =
        plan::mapping(&policy.mapping, policy.direction, &tenant.spec, &fields).map_err(Verdict::Trouble)?;
    let partner = Partner {
        connection: connection.clone(),
        crm_user_id: crm_user.id.as_str().to_owned(),
        mapping,
    };
    Ok((user.id, partner))
}

fn pair<'a>(
    sync: &ContactSync,
    user: &User,
    tenant: &CrmTenant,
    crm_users: &'a [zoho_crm::User],
    context: &Context,
) -> Result<&'a zoho_crm::User, Trouble> {
    let proofs = Proofs {
        links: &tenant.spec.account_links,
        invited: &pairing::invited(&tenant_key(sync), &user.id, context),
    };
    pairing::pair(
        &sync.spec.user,
        user,
        sync.spec.crm_user.as_deref(),
        proofs,
        crm_users,
    )
}

/// Who has no CRM user here may belong to another tenant's organisation, where the data are not taken by themselves.
async fn explained(
    trouble: Trouble,
    sync: &ContactSync,
    user: &User,
    tenant: &CrmTenant,
    context: &Context,
) -> Trouble {
    if trouble.reason != Reason::CrmUserNotFound {
        return trouble;
    }
    let namespace = sync.namespace().unwrap_or_default();
    match pairing::elsewhere(&sync.spec.user, user, tenant, &namespace, context).await {
        Ok(Some((namespace, name))) => Trouble::person(
            Reason::BelongsToOtherOrganization,
            format!(
                "the user belongs to the CRM organisation of another CrmTenant; nothing is read or written. If that is right, delete this object and declare one with tenantRef {{name: {name}, namespace: {namespace}}}"
            ),
        ),
        Ok(None) => trouble,
        Err(trouble) => trouble,
    }
}

fn crm_verdict(error: &zoho_crm::Error, context: &Context) -> Verdict {
    Verdict::Trouble(tenancy::of_crm(error, context))
}
