//! Reading what is declared, and who is there, with the caller's own rights and the tenant's credentials.

use std::sync::Arc;

use adapters::{crm_failure, office_failure};
use ambient::{Clock, Random, SeededRandom, SystemClock};
use kube::{Api, ResourceExt};
use msgraph::{Graph, MailboxLimits};
use zoho_crm::{LimitSettings, OrgLimits, UserType, Zoho};

use super::{UsersArgs, UsersError};
use crate::api::{ConditionType, CrmTenant, CrmUserInvite, NamespacesFrom};
use crate::cli::kubernetes::{ClusterError, Target, list};
use crate::connections::{Approved, Means, clients};
use crate::credentials;

/// Everything that decides who is listed.
pub(super) struct Found {
    pub(super) tenant: CrmTenant,
    pub(super) approved: Approved,
    pub(super) office_users: Vec<msgraph::User>,
    pub(super) crm_users: Vec<zoho_crm::User>,
    /// Invites, whichever tenant they are for.
    pub(super) invites: Vec<CrmUserInvite>,
    /// What the caller should know besides.
    pub(super) remarks: Vec<String>,
}

pub(super) async fn gather(args: &UsersArgs) -> Result<Found, UsersError> {
    let target = args.cluster.target().await?;
    let tenant = tenant(&args.tenant, &target).await?;
    may_be_read(&tenant)?;
    let mut remarks = Vec::new();
    let invites = invites(&tenant, &target, &mut remarks).await?;
    let (graph, zoho) = signed_in(args, &tenant, target).await?;
    let org = zoho
        .org()
        .await
        .map_err(|error| crm("its organisation", &error))?;
    if let Some(expected) = tenant
        .organisation()
        .filter(|expected| *expected != org.id.as_str())
    {
        return Err(UsersError::OtherOrganisation {
            found: org.id.as_str().to_owned(),
            expected: expected.to_owned(),
        });
    }
    if let Err(hindrance) = org.can_invite() {
        remarks.push(format!("nobody can be invited to this CRM: {hindrance}"));
    }
    let approved = async {
        let read = Approved::read(&graph, tenant.spec.approved_users.as_ref()).await;
        read.map_err(|error| office("who is approved", &error))
    };
    let office_users = async {
        let all = graph.users().list().all().await;
        all.map_err(|error| office("its users", &error))
    };
    let (approved, office_users, crm_users) = tokio::try_join!(approved, office_users, crm_users(&zoho))?;
    Ok(Found {
        tenant,
        approved,
        office_users,
        crm_users,
        invites,
        remarks,
    })
}

async fn tenant(name: &str, target: &Target) -> Result<CrmTenant, UsersError> {
    let tenants: Api<CrmTenant> = Api::namespaced(target.client.clone(), &target.namespace);
    let found = tenants
        .get_opt(name)
        .await
        .map_err(ClusterError::of::<CrmTenant>)?;
    found.ok_or_else(|| UsersError::NoTenant {
        name: name.to_owned(),
        namespace: target.namespace.clone(),
    })
}

/// The brakes that hold for the operator hold here too.
fn may_be_read(tenant: &CrmTenant) -> Result<(), UsersError> {
    let name = tenant.name_any();
    if !tenant.spec.installation.accept_terms {
        return Err(UsersError::TermsNotAccepted(name));
    }
    if tenant.spec.is_suspended() {
        return Err(UsersError::Suspended(name));
    }
    let conditions = tenant.status.as_ref().map(|status| &status.conditions);
    if !conditions.is_some_and(|all| all.is_true(ConditionType::Installed)) {
        let said = conditions.and_then(|all| all.get(ConditionType::Installed));
        let why = said.map(|condition| condition.reason().to_owned());
        return Err(UsersError::NotVerified { name, why });
    }
    Ok(())
}

/// The invites of all namespaces that may refer to the tenant, as far as the caller may see them.
async fn invites(
    tenant: &CrmTenant,
    target: &Target,
    remarks: &mut Vec<String>,
) -> Result<Vec<CrmUserInvite>, ClusterError> {
    let allowed = tenant.spec.allowed_namespaces.as_ref();
    if allowed.is_some_and(|allowed| allowed.from != NamespacesFrom::Same) {
        match list(Api::all(target.client.clone())).await {
            Err(ClusterError::Forbidden { .. }) => remarks.push(format!(
                "you may list the CrmUserInvites of namespace {} only: users who have one in another namespace are listed too",
                target.namespace
            )),
            listed => return listed,
        }
    }
    list(Api::namespaced(target.client.clone(), &target.namespace)).await
}

async fn signed_in(
    args: &UsersArgs,
    tenant: &CrmTenant,
    target: Target,
) -> Result<(Graph, Zoho), UsersError> {
    let credentials = credentials::read(target.client, tenant).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).map_err(|error| UsersError::Random(error.to_string()))?;
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(u64::from_le_bytes(seed)));
    let means = Means {
        transport: Arc::new(args.services.transport()?),
        mailbox_limits: Arc::new(MailboxLimits::new(clock.clone())),
        clock,
        random,
        endpoints: &args.services.endpoints(),
        metrics: None,
    };
    let limits = OrgLimits::new(LimitSettings::default());
    Ok(clients(tenant, credentials, &means, limits)?)
}

async fn crm_users(zoho: &Zoho) -> Result<Vec<zoho_crm::User>, UsersError> {
    let mut pages = zoho.users(UserType::All);
    let mut users = Vec::new();
    while let Some(page) = pages.next().await.map_err(|error| crm("its users", &error))? {
        users.extend(page);
    }
    Ok(users)
}

fn office(what: &'static str, error: &msgraph::Error) -> UsersError {
    UsersError::Office {
        what,
        failure: office_failure(error),
    }
}

fn crm(what: &'static str, error: &zoho_crm::Error) -> UsersError {
    UsersError::Crm {
        what,
        failure: crm_failure(error),
    }
}
