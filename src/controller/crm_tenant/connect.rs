//! Signing in to both services. Bad input costs no call: Secrets are read first, and a wrong organisation ends the
//! connection before a sync can use it.

use std::fmt::Write as _;
use std::sync::Arc;

use adapters::{crm_failure, office_failure};
use msgraph::{Graph, TokenError};
use sync_runtime::ports::Failure;
use zoho_crm::{Org, Zoho};

use super::consent::{self, Consent};
use super::installation::{self, AccountFound, Installed, sign_up_link};
use crate::api::{CrmLimits, CrmTenant, Reason};
use crate::connections::{Connection, Mailboxes, TenantKey, clients};
use crate::controller::Context;
use crate::controller::trouble::{Remedy, Trouble};
use crate::credentials::{self, Credentials, CredentialsError};

/// What keeps everything of a tenant from running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    /// Its author suspended it.
    Suspended,
    /// Its author does not accept the terms.
    TermsNotAccepted,
    /// It is being deleted, and these objects still refer to it.
    Deleting { syncs: u32, invites: u32 },
}

/// What signing in brought. A service that was not tried has neither facts nor trouble.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) halt: Option<Halt>,
    /// Trouble before any service was asked.
    pub(super) credentials: Option<Trouble>,
    pub(super) office: Option<Result<(), Trouble>>,
    pub(super) crm: Option<Result<Org, Trouble>>,
    pub(super) consent: Option<Result<Consent, Trouble>>,
    pub(super) installed: Option<Result<Installed, Trouble>>,
    /// Nothing in it where the account is gone and that only warns.
    pub(super) account: Option<Result<Option<AccountFound>, Trouble>>,
    pub(super) connection: Option<Arc<Connection>>,
    /// Known where Microsoft 365 accepts the operator, whatever the CRM says.
    pub(super) mailboxes: Option<Mailboxes>,
}

impl Findings {
    /// The first trouble in the order in which an author would mend them.
    pub(super) fn trouble(&self) -> Option<&Trouble> {
        let office = trouble_of(self.office.as_ref());
        let crm = trouble_of(self.crm.as_ref());
        let persons_first = |trouble: &&Trouble| trouble.remedy == Remedy::Person;
        self.credentials
            .as_ref()
            .or_else(|| office.filter(persons_first))
            .or_else(|| crm.filter(persons_first))
            .or(office)
            .or(crm)
            .or_else(|| trouble_of(self.consent.as_ref()))
            .or_else(|| trouble_of(self.installed.as_ref()))
            .or_else(|| trouble_of(self.account.as_ref()))
    }
}

fn trouble_of<T>(found: Option<&Result<T, Trouble>>) -> Option<&Trouble> {
    found.and_then(|found| found.as_ref().err())
}

/// Signs in and verifies the installation; `asked` by the author, everything is looked at afresh.
pub(super) async fn connect(tenant: &CrmTenant, key: &TenantKey, asked: bool, context: &Context) -> Findings {
    let credentials = match credentials::read(context.client.clone(), tenant).await {
        Ok(credentials) => credentials,
        Err(error) => {
            return Findings {
                credentials: Some(credentials_trouble(tenant, &error)),
                // A namespace that is deleted loses its Secrets before the copies are out of the mailboxes.
                mailboxes: context.connections.mailboxes(key),
                ..Findings::default()
            };
        }
    };
    let version = version(tenant, &credentials);
    let held = context
        .connections
        .get(key)
        .filter(|held| held.version == version);
    if let Some(held) = &held
        && !asked
        && context
            .tenants_seen
            .is_fresh(tenant, key, context.surroundings.clock.now())
    {
        return Findings {
            mailboxes: Some(held.mailboxes.clone()),
            connection: Some(held.clone()),
            ..Findings::default()
        };
    }
    let made = match &held {
        Some(held) => Ok((held.mailboxes.graph.clone(), held.zoho.clone())),
        None => {
            if let Some(clients) = context.connections.take_waiting(key, &version) {
                Ok(clients)
            } else {
                let limits = context.connections.limits(key);
                clients(tenant, credentials, &context.surroundings.means(), limits)
                    .map_err(|error| Trouble::person(Reason::InternalError, error.to_string()))
            }
        }
    };
    let (graph, zoho) = match made {
        Ok(clients) => clients,
        Err(trouble) => {
            return Findings {
                credentials: Some(trouble),
                ..Findings::default()
            };
        }
    };
    let (office, crm) = tokio::join!(office(&graph), organisation(tenant, &zoho));
    let reachable = office
        .is_ok()
        .then(|| Some(mailboxes(tenant, graph.clone(), tenant.organisation()?)))
        .flatten();
    let mut findings = Findings {
        mailboxes: reachable,
        ..Findings::default()
    };
    if let (Ok(()), Ok(org)) = (&office, &crm) {
        set_budget(tenant, org, &zoho);
        let connection = if let Some(held) = &held {
            held.set_org(org.clone());
            held.clone()
        } else {
            let mailboxes = mailboxes(tenant, graph.clone(), org.id.as_str());
            let feed = context.connections.feed(&mailboxes.organisation);
            let (zoho, org) = (zoho.clone(), org.clone());
            let clock = &context.surroundings.clock;
            let version = version.clone();
            Arc::new(Connection::new(version, mailboxes, zoho, org, feed, clock))
        };
        findings.mailboxes = Some(connection.mailboxes.clone());
        let authority = Authority {
            tenant,
            key,
            org,
            connection: &connection,
            asked,
        };
        authority.verify(&mut findings, context).await;
        findings.connection = Some(connection);
    }
    findings.office = Some(office);
    findings.crm = Some(crm);
    if let Some(trouble) = findings.trouble() {
        // The connection outlives what passes by itself: its syncs meet the same trouble and wait on their own.
        findings.connection = held.filter(|_| passes(trouble));
        if let Some(held) = &findings.connection {
            findings.mailboxes = Some(held.mailboxes.clone());
        } else {
            // New clients would know nothing of their tokens and of what they were asked to wait for.
            context
                .connections
                .keep_waiting(key.clone(), version, graph, zoho);
        }
    }
    findings
}

/// Who stands behind an installation.
struct Authority<'a> {
    tenant: &'a CrmTenant,
    key: &'a TenantKey,
    org: &'a Org,
    connection: &'a Connection,
    asked: bool,
}

impl Authority<'_> {
    /// Each question needs the answer before.
    async fn verify(&self, findings: &mut Findings, context: &Context) {
        let graph = &self.connection.mailboxes.graph;
        let consent = consent::consent(self.tenant, self.key, graph, context).await;
        let may_go_on = consent.is_ok();
        findings.consent = Some(consent);
        if !may_go_on {
            return;
        }
        let found = installation::administrator(self.tenant, self.connection, context).await;
        let (mut installed, administrator) = match found {
            Ok(found) => found,
            Err(trouble) => {
                findings.installed = Some(Err(trouble));
                return;
            }
        };
        if let Some(administrator) = administrator {
            let (tenant, org, connection) = (self.tenant, self.org, self.connection);
            let users = installation::Accounts {
                tenant,
                org,
                connection,
            };
            let account = users
                .of(&administrator, &mut installed, self.asked, context)
                .await;
            findings.account = Some(account);
        }
        findings.installed = Some(Ok(installed));
    }
}

fn mailboxes(tenant: &CrmTenant, graph: Graph, organisation: &str) -> Mailboxes {
    Mailboxes {
        graph,
        office_tenant: tenant.spec.office365.tenant_id.clone(),
        organisation: organisation.to_owned(),
    }
}

fn passes(trouble: &Trouble) -> bool {
    matches!(trouble.remedy, Remedy::Time(_))
}

/// Everything that a connection is made from.
fn version(tenant: &CrmTenant, credentials: &Credentials) -> String {
    let (office, zoho) = (&tenant.spec.office365, &tenant.spec.crm.zoho);
    format!(
        "{}|{}|{:?}|{:?}|{}",
        office.tenant_id, office.client_id, zoho.data_center, zoho.environment, credentials.version
    )
}

/// The declared budget, or the edition's less what is left to others.
fn set_budget(tenant: &CrmTenant, org: &Org, zoho: &Zoho) {
    let limits = tenant.spec.limits.unwrap_or_default();
    let reserve = limits
        .reserve_percent
        .unwrap_or(CrmLimits::DEFAULT_RESERVE_PERCENT)
        .min(90);
    let edition = u64::from(org.paid_type.daily_credits(org.users_license_purchased));
    let share = edition * u64::from(100 - reserve) / 100;
    let budget = limits
        .daily_credits
        .unwrap_or_else(|| u32::try_from(share).unwrap_or(u32::MAX));
    zoho.limits()
        .set_budget(budget, u8::try_from(reserve).unwrap_or(90));
}

/// A token alone does not prove consent, so one call has to succeed too (`research/graph.md` §1).
async fn office(graph: &Graph) -> Result<(), Trouble> {
    match graph.organization().send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(office_trouble(&error)),
    }
}

async fn organisation(tenant: &CrmTenant, zoho: &Zoho) -> Result<Org, Trouble> {
    let org = zoho.org().await.map_err(|error| crm_trouble(&error))?;
    match tenant.organisation() {
        Some(expected) if expected != org.id.as_str() => Err(Trouble::person(
            Reason::OrganizationChanged,
            format!(
                "the CRM credentials belong to organisation {}, but this tenant is for {expected}; nothing is read or written. Put back the credentials of {expected}, or declare another CrmTenant for {}",
                org.id, org.id
            ),
        )),
        _ => Ok(org),
    }
}

fn credentials_trouble(tenant: &CrmTenant, error: &CredentialsError) -> Trouble {
    let mut text = error.to_string();
    match error {
        // Who has no account yet cannot have its credentials either (T3).
        CredentialsError::MissingSecret { name, .. }
            if *name == tenant.spec.crm.zoho.credentials_ref.name =>
        {
            let _ = write!(
                text,
                ". If there is no CRM account yet, sign up at {} first",
                sign_up_link(tenant)
            );
            Trouble::others(Reason::MissingSecret, text)
        }
        CredentialsError::MissingSecret { .. } => Trouble::others(Reason::MissingSecret, text),
        CredentialsError::MissingKey { .. } => Trouble::others(Reason::MissingSecretKey, text),
        CredentialsError::Forbidden { .. } => Trouble::others(Reason::PermissionMissing, text),
        CredentialsError::Api { .. } => Trouble::time(Reason::Unreachable, text, None),
    }
}

fn office_trouble(error: &msgraph::Error) -> Trouble {
    let msgraph::Error::Token(token) = error else {
        return service_trouble(&office_failure(error));
    };
    match token {
        TokenError::WrongSecret => Trouble::person(
            Reason::WrongClientSecret,
            "Microsoft 365 does not accept the client secret; put the secret's value (not its id) into the Secret of office365.auth.secretRef",
        ),
        TokenError::ExpiredSecret => Trouble::person(
            Reason::ClientSecretExpired,
            "the client secret has expired; make a new one in the app registration and put it into the Secret of office365.auth.secretRef",
        ),
        TokenError::UnknownApp => Trouble::person(
            Reason::UnknownApplication,
            "the Microsoft 365 tenant does not know the application; check office365.clientId, and that an administrator consented to it",
        ),
        TokenError::UnknownTenant => Trouble::person(
            Reason::UnknownOfficeTenant,
            "there is no Microsoft 365 tenant with the id in office365.tenantId",
        ),
        _ => service_trouble(&office_failure(error)),
    }
}

fn crm_trouble(error: &zoho_crm::Error) -> Trouble {
    use zoho_crm::TokenError as Crm;
    let zoho_crm::Error::Token(token) = error else {
        return service_trouble(&crm_failure(error));
    };
    match token {
        Crm::InvalidClient | Crm::InvalidCode | Crm::UnknownApiHost { .. } => Trouble::person(
            Reason::CrmCredentialsRejected,
            format!("{token}; check the Secret of crm.zoho.credentialsRef and crm.zoho.dataCenter"),
        ),
        Crm::Throttled { after, .. } => Trouble::time(Reason::CrmThrottled, token.to_string(), Some(*after)),
        _ => service_trouble(&crm_failure(error)),
    }
}

fn service_trouble(failure: &Failure) -> Trouble {
    let text = failure.to_string();
    match failure {
        Failure::Permission { service, .. } => Trouble::person(
            Reason::PermissionMissing,
            format!(
                "{text}; grant {service} the permission that it names (new grants take up to an hour to work)"
            ),
        ),
        Failure::Credential {
            service: sync_runtime::ports::Service::Crm,
            ..
        } => Trouble::person(Reason::CrmCredentialsRejected, text),
        Failure::Credential { .. } => Trouble::person(Reason::WrongClientSecret, text),
        Failure::Throttled { after, .. } => Trouble::time(Reason::CrmThrottled, text, *after),
        _ => Trouble::time(Reason::Unreachable, format!("{text}; it is tried again"), None),
    }
}
