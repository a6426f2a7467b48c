//! Reading what a sync refers to: tenant, mailbox user, CRM user, CRM fields. Stops at the first thing that is not
//! there, so that bad input costs no further call.

use std::sync::Arc;

use adapters::{crm_failure, office_failure};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, ResourceExt};
use msgraph::User;
use sync_engine::identity::ScopeId;
use sync_engine::mapping::Mapping;
use sync_runtime::contacts::Policy;

use super::verdict::Verdict;
use super::{ContactSync, ContactSyncStatus, known_folder, name, pinned_user, plan, take_back};
use crate::api::{
    CrmTenant, Direction, EffectiveContactPolicy, NamespacesFrom, Reason, reenable, requested_at,
};
use crate::connections::{Connection, Mailboxes};
use crate::controller::trouble::{Remedy, Trouble};
use crate::controller::{Context, tenant_key};

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
    let tenant = tenant(sync, context).await?;
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
    let connection = context.connections.get(&tenant_key(sync));
    let connection = connection.ok_or_else(|| not_signed_in(sync, context))?;
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
    let mailboxes = mailboxes.ok_or_else(|| not_signed_in(sync, context))?;
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
        None => Err(not_signed_in(sync, context)),
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

fn not_signed_in(sync: &ContactSync, context: &Context) -> Verdict {
    if !context.tenants_seen.knows(&tenant_key(sync)) {
        return Verdict::NotYet;
    }
    let message =
        "the CrmTenant is not signed in; its own conditions say why, and the sync goes on once it is";
    Verdict::Trouble(Trouble::others(Reason::TenantNotReady, message))
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
    let user = user(sync, connection, context).await?;
    let crm_users = connection
        .crm_users(asked)
        .await
        .map_err(|error| crm_verdict(&error, context))?;
    let crm_user = plan::pair(
        &sync.spec.user,
        &user,
        sync.spec.crm_user.as_deref(),
        &tenant.spec.account_links,
        &crm_users,
    )
    .map_err(Verdict::Trouble)?;
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

fn crm_verdict(error: &zoho_crm::Error, context: &Context) -> Verdict {
    Verdict::Trouble(Trouble::of_failure(
        &crm_failure(error),
        &*context.surroundings.clock,
    ))
}

async fn tenant(sync: &ContactSync, context: &Context) -> Result<Arc<CrmTenant>, Verdict> {
    let key = tenant_key(sync);
    let tenant = context.tenant(&key).ok_or_else(|| {
        let message = format!("there is no CrmTenant {} in namespace {}", key.1, key.0);
        Verdict::Trouble(Trouble::others(Reason::TenantNotFound, message))
    })?;
    let namespace = sync.namespace().unwrap_or_default();
    if namespace == key.0 || admitted(sync, &tenant, &namespace, context).await? {
        return Ok(tenant);
    }
    let message = format!(
        "the CrmTenant {} does not admit namespace {namespace} in allowedNamespaces",
        key.1
    );
    Err(Verdict::Trouble(Trouble::others(
        Reason::TenantNotAllowed,
        message,
    )))
}

async fn admitted(
    sync: &ContactSync,
    tenant: &CrmTenant,
    namespace: &str,
    context: &Context,
) -> Result<bool, Verdict> {
    let Some(allowed) = &tenant.spec.allowed_namespaces else {
        return Ok(false);
    };
    match allowed.from {
        NamespacesFrom::Same => Ok(false),
        NamespacesFrom::All => Ok(true),
        NamespacesFrom::Selector => {
            let api: Api<Namespace> = Api::all(context.client.clone());
            let found = api.get_opt(namespace).await.map_err(|error| {
                tracing::warn!(sync = %name(sync), %error, "the labels of its namespace cannot be read");
                let message = format!(
                    "the API server does not tell the labels of namespace {namespace}; it is asked again"
                );
                Verdict::Trouble(Trouble::time(Reason::RetryLater, message, None))
            })?;
            let labels = found.map(|found| found.labels().clone()).unwrap_or_default();
            Ok(allowed
                .selector
                .as_ref()
                .is_some_and(|selector| plan::selects(selector, &labels)))
        }
    }
}

/// The mailbox's user. A renamed UPN is followed by the pinned id; a name that now belongs to somebody else is not.
async fn user(sync: &ContactSync, connection: &Connection, context: &Context) -> Result<User, Verdict> {
    let find = async |id_or_upn: &str| match connection.mailboxes.graph.users().get(id_or_upn).send().await {
        Ok(user) => Ok(Some(user)),
        Err(msgraph::Error::UserNotFound(_) | msgraph::Error::NotFound(_)) => Ok(None),
        Err(error) => {
            let failure = office_failure(&error);
            Err(Verdict::Trouble(Trouble::of_failure(
                &failure,
                &*context.surroundings.clock,
            )))
        }
    };
    let named = find(&sync.spec.user).await?;
    match (pinned_user(sync), named) {
        (Some(pinned), Some(user)) if user.id != pinned => Err(Verdict::Trouble(Trouble::person(
            Reason::UserChanged,
            "spec.user now names another person than the one whose mailbox is synced; nothing is read or written. Delete this object and declare a new one for the new person",
        ))),
        (_, Some(user)) => Ok(user),
        (Some(pinned), None) => find(pinned).await?.ok_or_else(unknown_user),
        (None, None) => Err(unknown_user()),
    }
}

fn unknown_user() -> Verdict {
    let message =
        "Microsoft 365 has no user with the name in spec.user; check the spelling, or use the object id";
    Verdict::Trouble(Trouble::person(Reason::UserNotFound, message))
}
