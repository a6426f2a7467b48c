//! Data centres and the hosts that tokens may be sent to.

use std::str::FromStr;

use url::Url;

/// Where an organisation's data live (`research/zoho.md` §1, the table of hosts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataCenter {
    /// United States.
    Us,
    /// European Union.
    Eu,
    /// India.
    In,
    /// Australia.
    Au,
    /// Japan.
    Jp,
    /// China.
    Cn,
    /// Canada.
    Ca,
    /// Saudi Arabia.
    Sa,
}

/// Which of an organisation's environments the token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Environment {
    /// The real data.
    #[default]
    Production,
    /// A sandbox of the organisation.
    Sandbox,
    /// A developer organisation.
    Developer,
}

/// A text that names no data centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a data centre: one of us, eu, in, au, jp, cn, ca, sa is")]
pub struct UnknownDataCenter;

/// A text that names no environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an environment: one of production, sandbox, developer is")]
pub struct UnknownEnvironment;

impl DataCenter {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Us,
        Self::Eu,
        Self::In,
        Self::Au,
        Self::Jp,
        Self::Cn,
        Self::Ca,
        Self::Sa,
    ];

    /// The short name, as resources write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Eu => "eu",
            Self::In => "in",
            Self::Au => "au",
            Self::Jp => "jp",
            Self::Cn => "cn",
            Self::Ca => "ca",
            Self::Sa => "sa",
        }
    }

    /// The host that gives tokens.
    #[must_use]
    pub fn accounts_host(self) -> &'static str {
        match self {
            Self::Us => "accounts.zoho.com",
            Self::Eu => "accounts.zoho.eu",
            Self::In => "accounts.zoho.in",
            Self::Au => "accounts.zoho.com.au",
            Self::Jp => "accounts.zoho.jp",
            Self::Cn => "accounts.zoho.com.cn",
            // Not zoho.ca, although the API host ends so.
            Self::Ca => "accounts.zohocloud.ca",
            Self::Sa => "accounts.zoho.sa",
        }
    }

    /// The origin that gives tokens, as a [`Config`](crate::Config) takes it.
    #[must_use]
    pub fn accounts_url(self) -> String {
        format!("https://{}", self.accounts_host())
    }

    /// The host that answers API calls for `environment`.
    #[must_use]
    pub fn api_host(self, environment: Environment) -> String {
        let prefix = match environment {
            Environment::Production => "www",
            Environment::Sandbox => "sandbox",
            Environment::Developer => "developer",
        };
        let domain = match self {
            Self::Us => "zohoapis.com",
            Self::Eu => "zohoapis.eu",
            Self::In => "zohoapis.in",
            Self::Au => "zohoapis.com.au",
            Self::Jp => "zohoapis.jp",
            Self::Cn => "zohoapis.com.cn",
            Self::Ca => "zohoapis.ca",
            Self::Sa => "zohoapis.sa",
        };
        format!("{prefix}.{domain}")
    }
}

impl FromStr for DataCenter {
    type Err = UnknownDataCenter;

    fn from_str(text: &str) -> Result<Self, UnknownDataCenter> {
        Self::ALL
            .into_iter()
            .find(|center| center.as_str() == text)
            .ok_or(UnknownDataCenter)
    }
}

impl FromStr for Environment {
    type Err = UnknownEnvironment;

    fn from_str(text: &str) -> Result<Self, UnknownEnvironment> {
        match text {
            "production" => Ok(Self::Production),
            "sandbox" => Ok(Self::Sandbox),
            "developer" => Ok(Self::Developer),
            _ => Err(UnknownEnvironment),
        }
    }
}

/// The hosts that may see an access token, and the one that calls go to.
///
/// The token answer names its API host in `api_domain`. Whoever can choose the accounts host or sit behind it could
/// otherwise send tokens, and with them all data, to a place of their own.
#[derive(Debug, Clone)]
pub struct ApiHosts {
    target: String,
    admitted: Vec<String>,
}

impl ApiHosts {
    /// The known hosts of `data_center`. A token for another environment than the declared one is not admitted,
    /// except that sandboxes and developer organisations may be announced under the main host
    /// (`research/zoho.md` §1: only the SDK says which host they use).
    #[must_use]
    pub fn of(data_center: DataCenter, environment: Environment) -> Self {
        let target = format!("https://{}", data_center.api_host(environment));
        let main = format!("https://{}", data_center.api_host(Environment::Production));
        Self {
            admitted: vec![target.clone(), main],
            target,
        }
    }

    /// Sends calls to `url` instead, where one is given. Only the operator's command line may give one.
    #[must_use]
    pub fn overridden_by(mut self, url: Option<&Url>) -> Self {
        if let Some(url) = url {
            let url = url.as_str().trim_end_matches('/').to_owned();
            self.admitted.push(url.clone());
            self.target = url;
        }
        self
    }

    /// Where calls go once the `api_domain` of a token answer is found to be known; otherwise the host that is not.
    pub(crate) fn admit(&self, api_domain: Option<&str>) -> Result<&str, String> {
        let Some(named) = api_domain else {
            // Nothing sends us elsewhere, so the configured host stands.
            return Ok(&self.target);
        };
        let same = |known: &String| match (Url::parse(known), Url::parse(named)) {
            (Ok(known), Ok(named)) => known.origin() == named.origin(),
            _ => false,
        };
        if self.admitted.iter().any(same) {
            return Ok(&self.target);
        }
        Err(Url::parse(named)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default())
    }
}
