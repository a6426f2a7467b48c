//! What a client needs to know before its first call.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

/// Which tenant is asked, where, and as whom.
#[derive(Debug, Clone)]
pub struct Config {
    /// The hosts.
    pub endpoints: Endpoints,
    /// The tenant: its id or one of its domains.
    pub tenant_id: String,
    /// The application's id.
    pub client_id: String,
    /// How the application proves itself.
    pub credential: Credential,
    /// How often and how long the client waits by itself.
    pub retry: RetryPolicy,
}

/// How an application proves itself to the token endpoint (`research/graph.md` §1).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credential {
    /// A shared secret.
    ClientSecret(SecretString),
}

/// The base URLs. National clouds and tests have others (`research/graph.md` §13.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Where tokens come from, without the tenant.
    pub login: String,
    /// The Graph host, without `/v1.0`.
    pub graph: String,
    /// The scope of the token: the Graph of the cloud, which stays the same where a test moves the hosts.
    pub scope: String,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self::at("https://login.microsoftonline.com", "https://graph.microsoft.com")
    }
}

impl Endpoints {
    /// Other hosts for the worldwide cloud.
    #[must_use]
    pub fn at(login: impl Into<String>, graph: impl Into<String>) -> Self {
        Self {
            login: login.into(),
            graph: graph.into(),
            scope: "https://graph.microsoft.com/.default".to_owned(),
        }
    }
}

/// How much patience a single call has. What would take longer is handed to the caller, who has other work to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often one request is sent at most.
    pub attempts: u32,
    /// The first wait where the service names none; doubled each time, with jitter.
    pub first_wait: Duration,
    /// The longest wait that is worth a sleep.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_mins(2),
        }
    }
}

/// Why no client could be made.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A base URL that is none.
    #[error("the {which} endpoint is not an http or https URL")]
    Endpoint {
        /// `login` or `graph`.
        which: &'static str,
    },
    /// The tenant or client id is empty.
    #[error("the {which} is empty")]
    Empty {
        /// Which of them.
        which: &'static str,
    },
}

impl Config {
    /// A client secret against the worldwide cloud.
    #[must_use]
    pub fn new(tenant_id: impl Into<String>, client_id: impl Into<String>, credential: Credential) -> Self {
        Self {
            endpoints: Endpoints::default(),
            tenant_id: tenant_id.into(),
            client_id: client_id.into(),
            credential,
            retry: RetryPolicy::default(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.tenant_id.is_empty() {
            return Err(ConfigError::Empty { which: "tenant id" });
        }
        if self.client_id.is_empty() {
            return Err(ConfigError::Empty { which: "client id" });
        }
        Ok(())
    }
}

/// A base URL in its normal form, without a slash at the end.
pub(crate) fn base(text: &str, which: &'static str) -> Result<Url, ConfigError> {
    let wrong = || ConfigError::Endpoint { which };
    let url = Url::parse(text.trim_end_matches('/')).map_err(|_| wrong())?;
    let plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if plain && url.has_host() && matches!(url.scheme(), "http" | "https") {
        Ok(url)
    } else {
        Err(wrong())
    }
}
