//! Whether the Microsoft 365 tenant's administrator consented to what the operator needs (`research/graph.md` §1).

use msgraph::{Class, Config, Credential, Graph, Missing, Permission};

use crate::api::{CrmTenant, Reason};
use crate::connections::{Endpoints, TenantKey};
use crate::controller::Context;
use crate::controller::tenancy::of_office;
use crate::controller::trouble::Trouble;

/// What is granted, where that is enough to go on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// Everything.
    Whole,
    /// Some rights on mailboxes are not consented to, but they work for a mailbox that was asked (RBAC for
    /// Applications).
    Scoped(String),
    /// Some rights on mailboxes are not consented to; whether they are granted for single ones was not seen, or the
    /// mailbox that was asked refused. Each sync finds out for its own.
    Unproven(String),
}

/// Which permissions a tenant needs.
fn needed(tenant: &CrmTenant) -> Vec<Permission> {
    let mut needed = vec![
        Permission::ApplicationReadAll,
        Permission::GroupMemberReadAll,
        Permission::RoleManagementReadDirectory,
        Permission::UserReadAll,
        Permission::ContactsReadWrite,
    ];
    let invites = tenant.spec.invites.as_ref();
    if invites.is_some_and(|invites| invites.sender_mailbox.is_some()) {
        needed.push(Permission::MailSend);
    }
    needed
}

/// Reads what was consented to. Nothing but Microsoft 365's own rights decides: a right on mailboxes that shows in no
/// list may still be granted by Exchange.
pub(super) async fn consent(
    tenant: &CrmTenant,
    key: &TenantKey,
    graph: &Graph,
    context: &Context,
) -> Result<Consent, Trouble> {
    let endpoints = &context.surroundings.endpoints;
    let missing = match graph.consent().await {
        Ok(Some(consent)) => consent.missing(&needed(tenant)),
        Ok(None) => {
            let message = format!(
                "the application is not in the Microsoft 365 tenant: an administrator has to consent to it{}",
                at(tenant, endpoints)
            );
            return Err(Trouble::person(Reason::UnknownApplication, message));
        }
        // The question itself needs this one.
        Err(error) if error.class() == Class::Permission => Missing {
            directory: vec![Permission::ApplicationReadAll],
            mailbox: Vec::new(),
        },
        Err(error) => return Err(of_office(&error, context)),
    };
    if !missing.directory.is_empty() {
        let all: Vec<Permission> = missing
            .directory
            .iter()
            .chain(&missing.mailbox)
            .copied()
            .collect();
        return Err(Trouble::person(
            Reason::PermissionMissing,
            format!(
                "the app lacks the application permissions {}; an administrator has to consent to them{}. New consents take up to an hour to work",
                names(&all),
                at(tenant, endpoints)
            ),
        ));
    }
    if missing.is_empty() {
        return Ok(Consent::Whole);
    }
    let lacking = names(&missing.mailbox);
    if missing.mailbox.contains(&Permission::ContactsReadWrite) && !probe(key, graph, context).await {
        return Ok(Consent::Unproven(format!(
            "the app lacks the application permissions {lacking} for all mailboxes, and no synced mailbox shows that Exchange grants them for it alone (RBAC for Applications); an administrator can consent{}",
            at(tenant, endpoints)
        )));
    }
    Ok(Consent::Scoped(format!(
        "{lacking} is not consented to for all mailboxes; for those that Exchange grants it for (RBAC for Applications) everything works"
    )))
}

/// Whether a mailbox that is synced lets the operator read its folders.
async fn probe(key: &TenantKey, graph: &Graph, context: &Context) -> bool {
    let pinned = context.syncs_of(key).find_map(|sync| {
        let mailbox = sync.status.as_ref()?.mailbox.as_ref()?;
        Some(mailbox.user_id.clone())
    });
    match pinned {
        Some(user) => graph
            .mailbox(&user)
            .contact_folders()
            .list()
            .first()
            .send()
            .await
            .is_ok(),
        None => false,
    }
}

fn names(permissions: &[Permission]) -> String {
    let names: Vec<&str> = permissions.iter().map(|permission| permission.name()).collect();
    names.join(", ")
}

/// Where an administrator consents; nothing where the address cannot be told.
fn at(tenant: &CrmTenant, endpoints: &Endpoints) -> String {
    let office = &tenant.spec.office365;
    let nobody = Credential::ClientSecret(secrecy::SecretString::default());
    let mut config = Config::new(&office.tenant_id, &office.client_id, nobody);
    if let Some(url) = &endpoints.graph_login {
        config.endpoints.login = url.to_string();
    }
    // A page of the login service's own, which every registration may list.
    let redirect = format!(
        "{}/common/oauth2/nativeclient",
        config.endpoints.login.trim_end_matches('/')
    );
    match config.admin_consent_url(&redirect, "crmlink") {
        Ok(url) => format!(" at {url}"),
        Err(_) => String::new(),
    }
}
