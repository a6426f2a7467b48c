//! Which CRM user is the same person as a mailbox's user (`design.md` N7).

use std::sync::Arc;

use msgraph::User;

use super::Context;
use super::tenancy::admits;
use super::trouble::Trouble;
use crate::api::{AccountLink, ConditionType, CrmTenant, Reason};
use crate::connections::TenantKey;

/// What proves that two accounts with different addresses are one person's.
#[derive(Clone, Copy)]
pub(super) struct Proofs<'a> {
    /// Pairs that the tenant's author lists.
    pub(super) links: &'a [AccountLink],
    /// Ids of CRM users who accepted an invitation of the mailbox's user.
    pub(super) invited: &'a [String],
}

/// The CRM user who is the same person as the mailbox's user: one of the mailbox's own addresses, a pair that the
/// tenant lists, or an accepted invite.
pub(super) fn pair<'a>(
    declared: &str,
    user: &User,
    crm_user: Option<&str>,
    proofs: Proofs<'_>,
    crm_users: &'a [zoho_crm::User],
) -> Result<&'a zoho_crm::User, Trouble> {
    let own = user.addresses();
    let names_user = |link: &&AccountLink| {
        let named = link.user.as_str();
        named.eq_ignore_ascii_case(declared)
            || named.eq_ignore_ascii_case(&user.id)
            || own.iter().any(|address| address.eq_ignore_ascii_case(named))
    };
    let linked = proofs.links.iter().find(names_user);
    let linked = linked.map(|link| link.crm_user.as_str());
    let is_own = |candidate: &zoho_crm::User| own.iter().any(|address| candidate.has_address(address));
    let is_invited = |candidate: &zoho_crm::User| {
        let id = candidate.id.as_str();
        proofs.invited.iter().any(|invited| invited == id)
    };
    let proven = |address: &str, candidate: Option<&zoho_crm::User>| {
        own.iter().any(|own| own.eq_ignore_ascii_case(address))
            || linked.is_some_and(|linked| linked.eq_ignore_ascii_case(address))
            || candidate.is_some_and(is_invited)
    };
    let found = if let Some(address) = crm_user.or(linked) {
        let candidate = crm_users.iter().find(|candidate| candidate.has_address(address));
        if !proven(address, candidate) {
            return Err(Trouble::person(
                Reason::PairNotProven,
                "nothing proves that spec.user and spec.crmUser are the same person: crmUser is none of the mailbox's own addresses, no accepted CrmUserInvite brought it in, and the CrmTenant's accountLinks do not list the pair. Add it there if it is right",
            ));
        }
        candidate
    } else {
        let mut users = crm_users.iter();
        users
            .clone()
            .find(|candidate| is_own(candidate))
            .or_else(|| users.find(|candidate| is_invited(candidate)))
    };
    match found {
        None => Err(Trouble::person(
            Reason::CrmUserNotFound,
            "the CRM has no user with this e-mail address; invite the user with a CrmUserInvite or add them in the CRM, or name the right one in spec.crmUser or in the CrmTenant's accountLinks",
        )),
        Some(user) if !user.has_joined() => Err(Trouble::person(
            Reason::CrmUserInactive,
            "the CRM user has not accepted the invitation or is not active: nothing is read, written or removed until they are",
        )),
        Some(user) => Ok(user),
    }
}

/// The CRM users of a tenant who accepted an invitation of this mailbox's user.
pub(super) fn invited(tenant: &TenantKey, user_id: &str, context: &Context) -> Vec<String> {
    let accepted = context.invites_of(tenant).filter_map(|invite| {
        let status = invite.status.as_ref()?;
        let is_theirs = status.office_user_id.as_deref() == Some(user_id)
            && status.conditions.is_true(ConditionType::Accepted);
        status.crm_user_id.clone().filter(|_| is_theirs)
    });
    accepted.collect()
}

/// Another tenant, whose organisation the mailbox's user belongs to. Only tenants that admit `namespace` are looked at,
/// so that nothing is told of others.
pub(super) async fn elsewhere(
    declared: &str,
    user: &User,
    tenant: &CrmTenant,
    namespace: &str,
    context: &Context,
) -> Result<Option<TenantKey>, Trouble> {
    let office_tenant = &tenant.spec.office365.tenant_id;
    let others = context.caches.tenants.state().into_iter().filter(|other| {
        other.spec.office365.tenant_id.eq_ignore_ascii_case(office_tenant)
            && other.organisation() != tenant.organisation()
    });
    for other in others {
        if admits(&other, namespace, context).await? && belongs_to(declared, user, &other, context).await {
            return Ok(Some(super::key_of_tenant(&other)));
        }
    }
    Ok(None)
}

/// Whether the organisation of a tenant has the mailbox's user. One that cannot be asked proves nothing.
async fn belongs_to(declared: &str, user: &User, tenant: &Arc<CrmTenant>, context: &Context) -> bool {
    let key = super::key_of_tenant(tenant);
    let Some(connection) = context.connections.get(&key) else {
        return false;
    };
    let Ok(crm_users) = connection.crm_users(false).await else {
        return false;
    };
    let proofs = Proofs {
        links: &tenant.spec.account_links,
        invited: &invited(&key, &user.id, context),
    };
    pair(declared, user, None, proofs, &crm_users).is_ok()
}

#[cfg(test)]
#[path = "pairing_tests.rs"]
mod tests;
