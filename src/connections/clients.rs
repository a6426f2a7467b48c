//! Making the clients of a tenant, without a call. The operator and the command line sign in alike.

use std::sync::Arc;

use ambient::{Clock, Random};
use msgraph::{Config, ConfigError, Credential, Graph, MailboxLimits};
use transport::Transport;
use zoho_crm::{ApiHosts, OrgLimits, Zoho};

use super::Endpoints;
use crate::api::{CrmEnvironment, CrmTenant, ZohoDataCenter};
use crate::credentials::Credentials;
use crate::telemetry::metrics::Metrics;

/// What clients are made with.
pub(crate) struct Means<'a> {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) endpoints: &'a Endpoints,
    pub(crate) mailbox_limits: Arc<MailboxLimits>,
    /// Who is told of each call; nobody in a command that ends.
    pub(crate) metrics: Option<Arc<Metrics>>,
}

/// The clients of a tenant, for Microsoft Graph and for Zoho CRM.
///
/// # Errors
/// If an endpoint is no URL, or an id is empty.
pub(crate) fn clients(
    tenant: &CrmTenant,
    credentials: Credentials,
    means: &Means<'_>,
    limits: Arc<OrgLimits>,
) -> Result<(Graph, Zoho), ConfigError> {
    let endpoints = means.endpoints;
    let (transport, clock, random) = (means.transport.clone(), means.clock.clone(), means.random.clone());

    let office = &tenant.spec.office365;
    let mut config = Config::new(
        &office.tenant_id,
        &office.client_id,
        Credential::ClientSecret(credentials.office_client_secret),
    );
    if let Some(url) = &endpoints.graph {
        config.endpoints.graph = url.to_string();
    }
    if let Some(url) = &endpoints.graph_login {
        config.endpoints.login = url.to_string();
    }
    let mut graph = Graph::new(&config, transport.clone(), clock.clone(), random.clone())?
        .sharing(means.mailbox_limits.clone());
    if let Some(metrics) = &means.metrics {
        graph = graph.observed_by(metrics.clone());
    }

    let zoho = &tenant.spec.crm.zoho;
    let data_center = data_center(zoho.data_center);
    let environment = match zoho.environment.unwrap_or_default() {
        CrmEnvironment::Production => zoho_crm::Environment::Production,
        CrmEnvironment::Sandbox => zoho_crm::Environment::Sandbox,
        CrmEnvironment::Developer => zoho_crm::Environment::Developer,
    };
    let config = zoho_crm::Config {
        accounts_url: endpoints
            .zoho_accounts
            .as_ref()
            .map_or_else(|| data_center.accounts_url(), ToString::to_string),
        api_hosts: ApiHosts::of(data_center, environment).overridden_by(endpoints.zoho_api.as_ref()),
        client_id: credentials.crm_client_id,
        client_secret: credentials.crm_client_secret,
        refresh_token: credentials.crm_refresh_token,
    };
    let observer = means.metrics.clone();
    let observer = observer.map(|metrics| metrics as Arc<dyn zoho_crm::Observer>);
    let zoho = Zoho::observed(config, limits, transport, clock, random, observer);
    Ok((graph, zoho))
}

/// A data centre in the client's terms.
pub(crate) fn data_center(declared: ZohoDataCenter) -> zoho_crm::DataCenter {
    match declared {
        ZohoDataCenter::Us => zoho_crm::DataCenter::Us,
        ZohoDataCenter::Eu => zoho_crm::DataCenter::Eu,
        ZohoDataCenter::In => zoho_crm::DataCenter::In,
        ZohoDataCenter::Au => zoho_crm::DataCenter::Au,
        ZohoDataCenter::Jp => zoho_crm::DataCenter::Jp,
        ZohoDataCenter::Cn => zoho_crm::DataCenter::Cn,
        ZohoDataCenter::Ca => zoho_crm::DataCenter::Ca,
        ZohoDataCenter::Sa => zoho_crm::DataCenter::Sa,
    }
}
