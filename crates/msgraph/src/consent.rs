//! Consent of the tenant's administrator: the link that asks for it, and what was given (`research/graph.md` §1).

use std::collections::BTreeSet;

use url::Url;

use crate::Graph;
use crate::config::{self, Config, ConfigError};
use crate::error::{Class, Error};
use crate::permissions::Permission;
use crate::service_principals::{GRAPH_APP_ID, ServicePrincipal};

/// What the tenant's administrator consented to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The app as it is in the tenant.
    pub principal: ServicePrincipal,
    /// The permissions for Graph, those aside that crmlink does not know.
    pub granted: BTreeSet<Permission>,
}

/// Permissions that were not consented to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Missing {
    /// Nothing else can give these: what needs them does not work.
    pub directory: Vec<Permission>,
    /// Exchange may have given these for some mailboxes or for all, which shows in no list: whether it did, only a
    /// call to the mailbox at hand tells.
    pub mailbox: Vec<Permission>,
}

impl Missing {
    /// Whether everything was consented to.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.directory.is_empty() && self.mailbox.is_empty()
    }
}

impl Consent {
    /// Those of `needed` that neither were granted nor are included in one that was.
    #[must_use]
    pub fn missing(&self, needed: &[Permission]) -> Missing {
        let lacking = needed
            .iter()
            .copied()
            .filter(|needed| !self.granted.iter().any(|granted| granted.includes(*needed)));
        let (mailbox, directory) = lacking.partition(|permission| permission.may_come_from_exchange());
        Missing { directory, mailbox }
    }
}

impl Graph {
    /// What was consented to for the app that this client signs in as; nothing if the app is not in the tenant.
    /// Without any consent at all the question itself is [`Class::Permission`].
    ///
    /// # Errors
    /// Those of the calls.
    pub async fn consent(&self) -> Result<Option<Consent>, Error> {
        let principals = self.service_principals();
        let principal = match principals.by_app_id(self.client_id()).send().await {
            Ok(principal) => principal,
            Err(error) if error.class() == Class::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // Other APIs use the same role ids: a grant counts only if it is for Graph.
        let graph = principals.by_app_id(GRAPH_APP_ID).send().await?;
        let grants = principals.grants(&principal.id).all().await?;
        let granted = grants
            .iter()
            .filter(|grant| grant.resource_id.as_deref() == Some(graph.id.as_str()))
            .filter_map(|grant| Permission::by_app_role_id(&grant.app_role_id))
            .collect();
        Ok(Some(Consent { principal, granted }))
    }
}

impl Config {
    /// The page on which an administrator consents to everything that the app's registration asks for. The answer
    /// comes to `redirect_uri`, which the registration has to list, and carries `state` along.
    ///
    /// # Errors
    /// If the login endpoint is no URL, or an id is empty.
    pub fn admin_consent_url(&self, redirect_uri: &str, state: &str) -> Result<Url, ConfigError> {
        self.check()?;
        let mut url = config::base(&self.endpoints.login, "login")?;
        url.path_segments_mut()
            .map_err(|()| ConfigError::Endpoint { which: "login" })?
            .pop_if_empty()
            .extend([self.tenant_id.as_str(), "adminconsent"]);
        url.query_pairs_mut()
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("state", state);
        Ok(url)
    }
}
