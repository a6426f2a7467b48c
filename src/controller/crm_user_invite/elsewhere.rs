//! Somebody who uses a CRM account of another organisation (U3).

use kube::ResourceExt;
use msgraph::User as OfficeUser;
use zoho_crm::{User, UserRefusal};

use super::gather::{Home, INVITATION, Own, Person, of_store};
use super::plan::Elsewhere;
use super::{name, uid};
use crate::api::{CrmTenant, CrmUserInvite, InvitedAccount, Reason};
use crate::connections::TenantKey;
use crate::controller::pairing::{self, Proofs};
use crate::controller::tenancy::{self, admits, of_crm};
use crate::controller::trouble::Trouble;
use crate::controller::{Context, key_of_tenant};

/// The account is declared to be another organisation's: a pending invitation of the operator's own is withdrawn, and
/// it is told what proves the declaration.
pub(super) async fn declared(
    invite: &CrmUserInvite,
    account: &InvitedAccount,
    home: &Home,
    person: &Person,
    found: Option<&User>,
    own: Own,
    context: &Context,
) -> Result<Elsewhere, Trouble> {
    if let Some(user) = found.filter(|user| user.is_invited() && own.invitation().is_some()) {
        withdraw(user, home, context).await?;
        tracing::info!(invite = %name(invite), "the invitation is withdrawn, as the account is another organisation's");
    }
    if own.invitation().is_some() {
        let undone = context.store.drop_deed(&uid(invite), INVITATION).await;
        undone.map_err(|error| of_store(&error))?;
    }
    let Some(reference) = &account.tenant_ref else {
        let why = "tenantRef of the account names no CrmTenant that could prove it";
        return Ok(Elsewhere::Declared(why.to_owned()));
    };
    let key = tenancy::key_of(reference, invite);
    proof(invite, account, &key, person.user.as_ref(), context).await
}

async fn withdraw(user: &User, home: &Home, context: &Context) -> Result<(), Trouble> {
    let answer = home.connection.zoho.delete_user(&user.id).await;
    home.connection.crm_users_changed().await;
    match answer {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(refused)) if is_gone(&refused.reason) => Ok(()),
        Ok(Err(refused)) => Err(Trouble::person(
            Reason::InvitationRefused,
            format!(
                "the pending invitation cannot be withdrawn ({refused}): delete the invited user in Zoho (Setup > Users)"
            ),
        )),
        Err(error) => Err(of_crm(&error, context)),
    }
}

/// Whether there is no such user any more.
pub(super) fn is_gone(refusal: &UserRefusal) -> bool {
    matches!(refusal, UserRefusal::Deleted | UserRefusal::NoSuchUser)
}

/// Whether the tenant that is named proves that the person is a user of its organisation.
async fn proof(
    invite: &CrmUserInvite,
    account: &InvitedAccount,
    key: &TenantKey,
    user: Option<&OfficeUser>,
    context: &Context,
) -> Result<Elsewhere, Trouble> {
    let (namespace, name) = key;
    let unproven = |why: String| Ok(Elsewhere::Declared(why));
    let Some(tenant) = context.tenant(key) else {
        return unproven(format!("there is no CrmTenant {name} in namespace {namespace}"));
    };
    let own_namespace = invite.namespace().unwrap_or_default();
    if !admits(&tenant, &own_namespace, context).await? {
        return unproven(format!(
            "the CrmTenant {name} does not admit namespace {own_namespace} in allowedNamespaces"
        ));
    }
    let Some(connection) = context.connections.get(key) else {
        return unproven(format!("the CrmTenant {name} is not signed in"));
    };
    let Ok(crm_users) = connection.crm_users(false).await else {
        return unproven(format!("the CRM of the CrmTenant {name} does not answer"));
    };
    let is_there = |address: &String| {
        let mut joined = crm_users.iter().filter(|user| user.has_joined());
        joined.any(|user| user.has_address(address))
    };
    let pairs = user.is_some_and(|user| is_paired(invite, user, &tenant, &crm_users, context));
    if account.email.as_ref().map_or(pairs, is_there) {
        return Ok(Elsewhere::Proven(key.clone()));
    }
    unproven(format!(
        "the CRM organisation of the CrmTenant {name} has no such user that could be told to be this person"
    ))
}

fn is_paired(
    invite: &CrmUserInvite,
    user: &OfficeUser,
    tenant: &CrmTenant,
    crm_users: &[User],
    context: &Context,
) -> bool {
    let proofs = Proofs {
        links: &tenant.spec.account_links,
        invited: &pairing::invited(&key_of_tenant(tenant), &user.id, context),
    };
    pairing::pair(&invite.spec.user, user, None, proofs, crm_users).is_ok()
}

/// Another tenant whose organisation an invited person belongs to, though nobody declared it.
pub(super) async fn undeclared(
    invite: &CrmUserInvite,
    home: &Home,
    person: &Person,
    context: &Context,
) -> Result<Option<TenantKey>, Trouble> {
    let Some(user) = &person.user else { return Ok(None) };
    let namespace = invite.namespace().unwrap_or_default();
    pairing::elsewhere(&invite.spec.user, user, &home.tenant, &namespace, context).await
}
