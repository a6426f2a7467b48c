//! The authority under which the operator works: an administrator of the Microsoft 365 tenant (T1), and their account in
//! the CRM organisation (T3 to T6).

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use msgraph::{GLOBAL_ADMINISTRATOR, User};
use zoho_crm::Org;

use crate::api::{CrmTenant, Installation, InstallationStatus, Reason, Recheck};
use crate::connections::{Connection, data_center};
use crate::controller::Context;
use crate::controller::tenancy::{find, of_crm, of_office};
use crate::controller::trouble::Trouble;

/// A verified installation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Installed {
    pub(super) record: InstallationStatus,
    /// What the administrator has lost since, where that is to be warned of only.
    pub(super) lost: Option<String>,
}

/// The administrator's account in the CRM.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AccountFound {
    pub(super) is_super_admin: bool,
}

/// Checks the administrator. The first time they have to hold the role; what is lost later warns or stops.
pub(super) async fn administrator(
    tenant: &CrmTenant,
    connection: &Connection,
    context: &Context,
) -> Result<(Installed, Option<User>), Trouble> {
    let graph = &connection.mailboxes.graph;
    let declared = &tenant.spec.installation;
    let verified = tenant
        .status
        .as_ref()
        .and_then(|status| status.installation.as_ref());
    let user = match (find(&declared.administrator, graph, context).await?, verified) {
        (Some(user), _) => user,
        // The name may have changed; the person is the same.
        (None, Some(verified)) => {
            let Some(user) = find(&verified.administrator_id, graph, context).await? else {
                let what = "installation.administrator is no user of the Microsoft 365 tenant any more; name another administrator";
                let installed = Installed {
                    record: verified.clone(),
                    lost: Some(lost(declared, what)?),
                };
                return Ok((installed, None));
            };
            user
        }
        (None, None) => {
            return Err(Trouble::person(
                Reason::AdministratorNotFound,
                "Microsoft 365 has no user with the name in installation.administrator; check the spelling, or use the object id",
            ));
        }
    };
    // Another person is verified anew, whatever the name.
    let verified = verified.filter(|verified| verified.administrator_id.eq_ignore_ascii_case(&user.id));
    let lacking = match unfit(&user) {
        Some(lacking) => Some(lacking),
        None => without_role(&user, connection, context).await?,
    };
    let record = verified.cloned().unwrap_or_else(|| InstallationStatus {
        administrator_id: user.id.clone(),
        verified_at: Time(whole_seconds(context.surroundings.clock.now())),
        verified_generation: tenant.metadata.generation.unwrap_or_default(),
        crm_user_id: None,
    });
    let Some(lacking) = lacking else {
        return Ok((Installed { record, lost: None }, Some(user)));
    };
    if verified.is_none() {
        return Err(lacking);
    }
    let lost = lost(declared, &lacking.message)?;
    Ok((
        Installed {
            record,
            lost: Some(lost),
        },
        Some(user),
    ))
}

/// Why a user cannot be the administrator, whatever their roles.
fn unfit(user: &User) -> Option<Trouble> {
    if user.is_guest() {
        return Some(Trouble::person(
            Reason::AdministratorIsGuest,
            "installation.administrator is a guest of the Microsoft 365 tenant; name a member who holds the role Global Administrator",
        ));
    }
    (user.account_enabled == Some(false)).then(|| {
        Trouble::person(
            Reason::AdministratorBlocked,
            "the account of installation.administrator is blocked in Microsoft 365; enable it, or name another administrator",
        )
    })
}

async fn without_role(
    user: &User,
    connection: &Connection,
    context: &Context,
) -> Result<Option<Trouble>, Trouble> {
    let roles = connection.mailboxes.graph.directory_roles();
    let holding = roles
        .holding(GLOBAL_ADMINISTRATOR, &user.id)
        .await
        .map_err(|error| of_office(&error, context))?;
    Ok((!holding.is_held()).then(|| {
        Trouble::person(
            Reason::AdministratorRoleMissing,
            "installation.administrator does not hold the role Global Administrator at the moment; a role that is only eligible (Privileged Identity Management) has to be activated first. It is looked at again every ten minutes",
        )
    }))
}

/// What is said of a loss where it only warns; the trouble where it stops everything.
fn lost(declared: &Installation, what: &str) -> Result<String, Trouble> {
    match declared.recheck.unwrap_or_default() {
        Recheck::Warn => Ok(format!(
            "{what}. Everything goes on, as installation.recheck is not Stop"
        )),
        Recheck::Stop => Err(Trouble::person(
            Reason::AdministratorRoleLost,
            format!(
                "{what}. Nothing is read or written until then, as installation.recheck is Stop; links are kept"
            ),
        )),
    }
}

/// Where accounts are looked for.
pub(super) struct Accounts<'a> {
    pub(super) tenant: &'a CrmTenant,
    pub(super) org: &'a Org,
    pub(super) connection: &'a Connection,
}

impl Accounts<'_> {
    /// Finds the administrator's account among the users of the organisation (T4, T5). One that was there and is gone
    /// warns or stops as a lost role does.
    pub(super) async fn of(
        &self,
        administrator: &User,
        installed: &mut Installed,
        asked: bool,
        context: &Context,
    ) -> Result<Option<AccountFound>, Trouble> {
        let declared = &self.tenant.spec.installation;
        // Until it is there it is waited for, and then nothing older than the last look counts.
        let fresh = asked || installed.record.crm_user_id.is_none();
        let users = self
            .connection
            .crm_users(fresh)
            .await
            .map_err(|error| of_crm(&error, context))?;
        let own = administrator.addresses();
        let is_theirs = |user: &zoho_crm::User| match declared.linked_account() {
            Some(address) => user.has_address(address),
            None => own.iter().any(|address| user.has_address(address)),
        };
        let found = users.iter().find(|user| is_theirs(user) && user.has_joined());
        if let Some(user) = found {
            installed.record.crm_user_id = Some(user.id.as_str().to_owned());
            return Ok(Some(AccountFound {
                is_super_admin: self.org.is_super_admin(user),
            }));
        }
        if installed.record.crm_user_id.is_some() {
            let what = "the administrator's CRM account is no active user of the organisation any more";
            let words = lost(declared, what)?;
            installed.lost.get_or_insert(words);
            return Ok(None);
        }
        Err(Trouble::others(Reason::AccountNotFound, absent(self.tenant)))
    }
}

/// What to do where there is no account yet (T3): Zoho has no API for signing up.
fn absent(tenant: &CrmTenant) -> String {
    if tenant.spec.installation.linked_account().is_some() {
        return "the CRM organisation has no active user with the address in installation.account.email; correct it, or accept the invitation there. It goes on by itself once there is one".to_owned();
    }
    format!(
        "the CRM organisation has no active user with an e-mail address of the administrator; sign up with it at {} or accept the invitation of the organisation, or name an account with another address in installation.account. It goes on by itself once there is one",
        sign_up_link(tenant)
    )
}

/// The page to sign up on, in the organisation's data centre.
pub(super) fn sign_up_link(tenant: &CrmTenant) -> String {
    let host = data_center(tenant.spec.crm.zoho.data_center).accounts_host();
    let domain = host.strip_prefix("accounts.").unwrap_or(host);
    format!("https://www.{domain}/crm/signup.html")
}

/// As a status keeps it.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
