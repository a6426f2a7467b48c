//! Who is approved and neither in the CRM nor invited: pure.

use std::collections::BTreeSet;

use kube::ResourceExt;

use super::gather::Found;
use crate::api::{AccountLink, CrmTenant, CrmUserInvite};

/// Somebody who could be invited.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    pub(super) user: &'a msgraph::User,
    /// The address of their CRM account where the tenant's author declares another one.
    pub(super) linked: Option<&'a str>,
}

impl Candidate<'_> {
    /// What an object calls the user: the user principal name, or the id where that is no address.
    pub(super) fn name(&self) -> &str {
        let name = self.user.user_principal_name.as_deref();
        name.filter(|name| name.contains('@')).unwrap_or(&self.user.id)
    }

    /// Where an invitation would go.
    pub(super) fn address(&self) -> Option<&str> {
        let main = self.user.mail.as_deref();
        self.linked.or(main).or(self.user.user_principal_name.as_deref())
    }
}

/// All of them, by name. Whoever cannot sign in at the moment is left out.
pub(super) fn candidates(found: &Found) -> Vec<Candidate<'_>> {
    let in_crm: BTreeSet<String> = found
        .crm_users
        .iter()
        .map(|user| user.email.to_lowercase())
        .collect();
    let invited = invited(&found.tenant, &found.invites);
    let links = &found.tenant.spec.account_links;
    let mut candidates: Vec<Candidate<'_>> = found
        .office_users
        .iter()
        .filter(|user| user.account_enabled != Some(false) && found.approved.includes(user))
        .filter_map(|user| {
            let names = names(user);
            let linked = links.iter().find(|link| names_user(link, &names));
            let linked = linked.map(|link| link.crm_user.as_str());
            let is_linked = linked.is_some_and(|address| in_crm.contains(&address.to_lowercase()));
            let is_there = names
                .iter()
                .any(|name| in_crm.contains(name) || invited.contains(name));
            (!is_there && !is_linked).then_some(Candidate { user, linked })
        })
        .collect();
    candidates.sort_by_key(|candidate| candidate.name().to_lowercase());
    candidates
}

/// Id and addresses of a user, in lower case.
fn names(user: &msgraph::User) -> Vec<String> {
    let mut names = user.addresses();
    names.push(user.id.to_lowercase());
    names
}

fn names_user(link: &AccountLink, names: &[String]) -> bool {
    names.contains(&link.user.to_lowercase())
}

/// How the users of a tenant's invites are named, in lower case: as declared, and as pinned.
fn invited(tenant: &CrmTenant, invites: &[CrmUserInvite]) -> BTreeSet<String> {
    let of_tenant = |invite: &&CrmUserInvite| {
        let reference = &invite.spec.tenant_ref;
        let namespace = reference.namespace.clone().or_else(|| invite.namespace());
        reference.name == tenant.name_any() && namespace == tenant.namespace()
    };
    let named = |invite: &CrmUserInvite| {
        let pinned = invite
            .status
            .as_ref()
            .and_then(|status| status.office_user_id.clone());
        [Some(invite.spec.user.clone()), pinned]
    };
    invites
        .iter()
        .filter(of_tenant)
        .flat_map(named)
        .flatten()
        .map(|name| name.to_lowercase())
        .collect()
}

#[cfg(test)]
#[path = "candidates_tests.rs"]
mod tests;
