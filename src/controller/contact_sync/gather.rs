//! Reading what a sync refers to: tenant, mailbox user, CRM user, CRM fields. Stops at the first thing that is not
//! there, so that bad input costs no further call.

use std::sync::Arc;

use adapters::{crm_failure, office_failure};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, ResourceExt};
use msgraph::User;
use sync_engine::mapping::Mapping;
use sync_runtime::contacts::Policy;

use super::{ContactSync, Verdict, known_folder, pinned_user, plan};
use crate::api::{CrmTenant, EffectiveContactPolicy, NamespacesFrom, Reason, reenable, requested_at};
use crate::connections::Connection;
use crate::controller::trouble::Trouble;
use crate::controller::{Context, tenant_key};

/// Everything that a run needs.
pub(super) struct Gathered {
    pub(super) connection: Arc<Connection>,
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
}

/// The CRM's side of the pair.
pub(super) struct Partner {
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
    if tenant.spec.is_suspended() {
        return Err(Verdict::Suspended { by_tenant: true });
    }
    let policy = EffectiveContactPolicy::resolve(&sync.spec.policy, tenant.spec.contact_defaults());
    let enabled = sync.spec.is_enabled();
    if !enabled && pinned_user(sync).is_none() {
        // Never ran: nothing is to be taken back.
        return Err(Verdict::Off { left_in_place: None });
    }
    let key = tenant_key(sync);
    let connection = context.connections.get(&key).ok_or_else(|| {
        if !context.tenants_seen.knows(&key) {
            return Verdict::NotYet;
        }
        let message =
            "the CrmTenant is not signed in; its own conditions say why, and the sync goes on once it is";
        Verdict::Trouble(Trouble::others(Reason::TenantNotReady, message))
    })?;
    let handled = sync.status.as_ref();
    let asked = requested_at(sync).is_some_and(|asked| {
        Some(&asked) != handled.and_then(|status| status.last_handled_requested_at.as_ref())
    });
    let reenable = reenable(sync).is_some_and(|asked| {
        Some(&asked) != handled.and_then(|status| status.last_handled_reenable.as_ref())
    });
    let (user_id, partner) = if enabled {
        let (user_id, partner) = partner(sync, &tenant, &policy, &connection, asked, context).await?;
        (user_id, Some(partner))
    } else {
        // What only the mailbox knows goes to the CRM once more; where nobody can say whose it is, it just stays.
        let partner = match known_folder(sync) {
            Some(_) => partner(sync, &tenant, &policy, &connection, asked, context)
                .await
                .ok(),
            None => None,
        };
        let user_id = pinned_user(sync).unwrap_or_default().to_owned();
        (user_id, partner.map(|(_, partner)| partner))
    };
    Ok(Gathered {
        connection,
        policy,
        user_id,
        tenant,
        partner,
        asked,
        reenable,
    })
}

/// The mailbox's user and their side of the CRM, proven to be the same person's.
pub(super) async fn partner(
    sync: &ContactSync,
    tenant: &CrmTenant,
    policy: &EffectiveContactPolicy,
    connection: &Connection,
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
    if namespace == key.0 || admitted(&tenant, &namespace, context).await? {
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

async fn admitted(tenant: &CrmTenant, namespace: &str, context: &Context) -> Result<bool, Verdict> {
    let Some(allowed) = &tenant.spec.allowed_namespaces else {
        return Ok(false);
    };
    match allowed.from {
        NamespacesFrom::Same => Ok(false),
        NamespacesFrom::All => Ok(true),
        NamespacesFrom::Selector => {
            let api: Api<Namespace> = Api::all(context.client.clone());
            let found = api.get_opt(namespace).await.map_err(|error| {
                let message = format!("the labels of namespace {namespace} cannot be read: {error}");
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
    let find = async |id_or_upn: &str| match connection.graph.users().get(id_or_upn).send().await {
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
