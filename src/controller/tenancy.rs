//! How an object comes to its tenant: which one that is, whether the object may use it, and who its user is.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapters::office_failure;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::{Selector, SelectorExt};
use kube::{Api, ResourceExt};
use msgraph::{Graph, User};

use super::Context;
use super::trouble::Trouble;
use crate::api::{ContactSync, CrmTenant, CrmUserInvite, NamespacesFrom, Reason, TenantRef};
use crate::connections::{Connection, TenantKey};

/// An object that belongs to a tenant.
pub(super) trait OfTenant: ResourceExt {
    fn tenant_ref(&self) -> &TenantRef;
}

impl OfTenant for ContactSync {
    fn tenant_ref(&self) -> &TenantRef {
        &self.spec.tenant_ref
    }
}

impl OfTenant for CrmUserInvite {
    fn tenant_ref(&self) -> &TenantRef {
        &self.spec.tenant_ref
    }
}

/// The tenant that an object belongs to.
pub(super) fn tenant_key(object: &impl OfTenant) -> TenantKey {
    key_of(object.tenant_ref(), object)
}

/// The tenant that a reference in an object means.
pub(super) fn key_of(tenant: &TenantRef, object: &impl ResourceExt) -> TenantKey {
    let namespace = tenant
        .namespace
        .clone()
        .or_else(|| object.namespace())
        .unwrap_or_default();
    (namespace, tenant.name.clone())
}

/// Why an object cannot go on.
pub(super) enum Hindrance {
    /// Too early to say anything: the operator has just started, and the tenant's first sign-in wakes the object.
    NotYet,
    /// Something is in the way.
    Trouble(Trouble),
}

impl From<Trouble> for Hindrance {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// The tenant of an object, if there is one that admits the object's namespace.
pub(super) async fn tenant(object: &impl OfTenant, context: &Context) -> Result<Arc<CrmTenant>, Trouble> {
    let key = tenant_key(object);
    let tenant = context.tenant(&key).ok_or_else(|| {
        let message = format!("there is no CrmTenant {} in namespace {}", key.1, key.0);
        Trouble::others(Reason::TenantNotFound, message)
    })?;
    let namespace = object.namespace().unwrap_or_default();
    if admits(&tenant, &namespace, context).await? {
        if !tenant.spec.installation.accept_terms {
            let message = "the CrmTenant's author does not accept the terms (installation.acceptTerms): nothing is read or written for it";
            return Err(Trouble::others(Reason::TenantNotReady, message));
        }
        return Ok(tenant);
    }
    let message = format!(
        "the CrmTenant {} does not admit namespace {namespace} in allowedNamespaces",
        key.1
    );
    Err(Trouble::others(Reason::TenantNotAllowed, message))
}

/// Whether objects in a namespace may refer to a tenant.
pub(super) async fn admits(tenant: &CrmTenant, namespace: &str, context: &Context) -> Result<bool, Trouble> {
    if tenant.namespace().as_deref() == Some(namespace) {
        return Ok(true);
    }
    let Some(allowed) = &tenant.spec.allowed_namespaces else {
        return Ok(false);
    };
    match allowed.from {
        NamespacesFrom::Same => Ok(false),
        NamespacesFrom::All => Ok(true),
        NamespacesFrom::Selector => {
            let api: Api<Namespace> = Api::all(context.client.clone());
            let found = api.get_opt(namespace).await.map_err(|error| {
                tracing::warn!(namespace, %error, "the labels of a namespace cannot be read");
                let message = format!(
                    "the API server does not tell the labels of namespace {namespace}; it is asked again"
                );
                Trouble::time(Reason::RetryLater, message, None)
            })?;
            let labels = found.map(|found| found.labels().clone()).unwrap_or_default();
            let selector = allowed.selector.as_ref();
            Ok(selector.is_some_and(|selector| selects(selector, &labels)))
        }
    }
}

/// Whether a label selector matches.
fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    Selector::try_from(selector.clone()).is_ok_and(|selector| selector.matches(labels))
}

/// The signed-in clients of a tenant whose installation is verified.
pub(super) fn connection(tenant: &TenantKey, context: &Context) -> Result<Arc<Connection>, Hindrance> {
    let connection = context.connections.get(tenant);
    connection.ok_or_else(|| not_signed_in(tenant, context))
}

/// Why there are no signed-in clients of a tenant.
pub(super) fn not_signed_in(tenant: &TenantKey, context: &Context) -> Hindrance {
    if !context.tenants_seen.knows(tenant) {
        return Hindrance::NotYet;
    }
    let message = "the CrmTenant is not ready; its own conditions say why, and this goes on once it is";
    Trouble::others(Reason::TenantNotReady, message).into()
}

/// The Microsoft 365 user who is declared. A renamed user is followed by the pinned id; a name that now belongs to
/// somebody else is not.
pub(super) async fn office_user(
    declared: &str,
    pinned: Option<&str>,
    graph: &Graph,
    context: &Context,
) -> Result<User, Trouble> {
    let named = find(declared, graph, context).await?;
    match (pinned, named) {
        (Some(pinned), Some(user)) if user.id != pinned => Err(Trouble::person(
            Reason::UserChanged,
            "spec.user now names another person than before; nothing is read or written. Delete this object and declare a new one for the new person",
        )),
        (_, Some(user)) => Ok(user),
        (Some(pinned), None) => find(pinned, graph, context).await?.ok_or_else(unknown_user),
        (None, None) => Err(unknown_user()),
    }
}

/// The Microsoft 365 user with a name or an id, if there is one.
pub(super) async fn find(id_or_upn: &str, graph: &Graph, context: &Context) -> Result<Option<User>, Trouble> {
    match graph.users().get(id_or_upn).send().await {
        Ok(user) => Ok(Some(user)),
        Err(msgraph::Error::UserNotFound(_) | msgraph::Error::NotFound(_)) => Ok(None),
        Err(error) => Err(of_office(&error, context)),
    }
}

fn unknown_user() -> Trouble {
    let message =
        "Microsoft 365 has no user with the name in spec.user; check the spelling, or use the object id";
    Trouble::person(Reason::UserNotFound, message)
}

/// Checks that the tenant's author lets a user use the integration, and that Microsoft 365 lets them sign in.
pub(super) async fn admitted_user(
    user: &User,
    tenant: &CrmTenant,
    connection: &Connection,
    fresh: bool,
    context: &Context,
) -> Result<(), Trouble> {
    let approved = connection
        .approved(tenant.spec.approved_users.as_ref(), fresh)
        .await
        .map_err(|error| of_office(&error, context))?;
    if !approved.includes(user) {
        return Err(Trouble::person(
            Reason::UserNotApproved,
            "the user may not use the integration: approvedUsers of the CrmTenant does not admit them. Nothing is removed; it goes on by itself within a quarter of an hour once they are assigned to the app or listed there",
        ));
    }
    if user.account_enabled == Some(false) {
        return Err(Trouble::person(
            Reason::UserBlocked,
            "the user's account is blocked in Microsoft 365: nothing is read, written or removed until it is enabled again",
        ));
    }
    Ok(())
}

/// A failure of Microsoft 365, as an object of a tenant meets it.
pub(super) fn of_office(error: &msgraph::Error, context: &Context) -> Trouble {
    Trouble::of_failure(&office_failure(error), &*context.surroundings.clock)
}

/// A failure of the CRM, as an object of a tenant meets it.
pub(super) fn of_crm(error: &zoho_crm::Error, context: &Context) -> Trouble {
    Trouble::of_failure(&adapters::crm_failure(error), &*context.surroundings.clock)
}
