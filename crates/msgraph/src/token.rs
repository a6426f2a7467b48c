//! Application-only tokens by client credentials (`research/graph.md` §1).

use std::sync::Arc;
use std::time::Duration;

use ambient::Clock;
use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use transport::{BoxFuture, Token, TokenSource, Transport, TransportError, retry_after};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::config::{Config, Credential};
use crate::error::Class;
use crate::observer::Observer;
use crate::{ConfigError, encode};

/// Under which name token calls are counted.
const ROUTE: &str = "/{tenant}/oauth2/v2.0/token";

/// Why there is no token. The kind follows OAuth's `error`; the AADSTS numbers, which Microsoft may change, only
/// choose among texts of one class.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The secret is not the application's.
    #[error("the client secret is wrong")]
    WrongSecret,
    /// The secret ran out.
    #[error("the client secret has expired")]
    ExpiredSecret,
    /// The tenant does not know the application, or it may not use this flow.
    #[error("the tenant does not know the application")]
    UnknownApp,
    /// There is no such tenant.
    #[error("there is no such tenant")]
    UnknownTenant,
    /// The scope is refused.
    #[error("the scope is refused")]
    InvalidScope,
    /// The token endpoint is unable for the moment.
    #[error("the token endpoint is unavailable (status {status})")]
    TemporarilyUnavailable {
        /// The HTTP status.
        status: u16,
        /// How long it asks to wait.
        after: Option<Duration>,
    },
    /// No answer came.
    #[error(transparent)]
    Network(TransportError),
    /// Anything else.
    #[error("the token endpoint answered {status} {code}")]
    Other {
        /// The HTTP status.
        status: u16,
        /// OAuth's `error`, empty if the answer had none.
        code: String,
    },
}

impl TokenError {
    /// What to do about it.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::TemporarilyUnavailable { status: 429, after } => Class::Throttled(*after),
            Self::TemporarilyUnavailable { .. } | Self::Network(_) => Class::Transient,
            Self::WrongSecret
            | Self::ExpiredSecret
            | Self::UnknownApp
            | Self::UnknownTenant
            | Self::InvalidScope
            | Self::Other { .. } => Class::Auth,
        }
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    error: String,
    error_codes: Vec<u64>,
}

/// The token endpoint of one application in one tenant.
#[derive(Clone)]
pub(crate) struct ClientCredentials {
    url: String,
    client_id: String,
    scope: String,
    credential: Credential,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl ClientCredentials {
    pub(crate) fn new(
        config: &Config,
        login: &Url,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let base = login.as_str().trim_end_matches('/');
        let url = format!("{base}/{}/oauth2/v2.0/token", encode::segment(&config.tenant_id));
        url.parse::<http::Uri>()
            .map_err(|_| ConfigError::Endpoint { which: "login" })?;
        Ok(Self {
            url,
            client_id: config.client_id.clone(),
            scope: config.endpoints.scope.clone(),
            credential: config.credential.clone(),
            transport,
            clock,
            observer: None,
        })
    }

    fn form(&self) -> String {
        let mut form = Serializer::new(String::new());
        form.append_pair("client_id", &self.client_id)
            .append_pair("scope", &self.scope);
        match &self.credential {
            Credential::ClientSecret(secret) => form.append_pair("client_secret", secret.expose_secret()),
        };
        form.append_pair("grant_type", "client_credentials").finish()
    }

    async fn ask(&self) -> Result<Token, TokenError> {
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(&self.url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(Bytes::from(self.form()))
            .map_err(|_| TokenError::Other {
                status: 0,
                code: "unaskable".to_owned(),
            })?;

        let asked_at = self.clock.now();
        let answer = self.transport.send(request).await;
        let now = self.clock.now();
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        let took = Duration::try_from(now.duration_since(asked_at)).unwrap_or_default();
        tracing::debug!(
            method = "POST",
            route = ROUTE,
            status,
            took_ms = took.as_millis(),
            "token asked"
        );
        if let Some(observer) = &self.observer {
            observer.call(ROUTE, status, took);
        }
        let answer = answer.map_err(TokenError::Network)?;
        if !answer.status().is_success() {
            let refused = serde_json::from_slice(answer.body()).unwrap_or_default();
            return Err(refusal(status, retry_after(answer.headers(), now), &refused));
        }
        let granted: Granted = serde_json::from_slice(answer.body()).map_err(|_| TokenError::Other {
            status,
            code: "unreadable".to_owned(),
        })?;
        // Its life is counted from before the question, so that a slow answer cannot make it look younger.
        Ok(Token::living(
            SecretString::from(granted.access_token),
            asked_at,
            Duration::from_secs(granted.expires_in),
        ))
    }
}

impl TokenSource for ClientCredentials {
    type Error = TokenError;

    fn fetch(&self) -> BoxFuture<'_, Result<Token, TokenError>> {
        Box::pin(self.ask())
    }
}

fn refusal(status: u16, after: Option<Duration>, refused: &Refused) -> TokenError {
    let said = |number| refused.error_codes.contains(&number);
    match refused.error.as_str() {
        "temporarily_unavailable" | "server_error" => TokenError::TemporarilyUnavailable { status, after },
        _ if status == 429 || status >= 500 => TokenError::TemporarilyUnavailable { status, after },
        "invalid_client" if said(7_000_222) => TokenError::ExpiredSecret,
        "invalid_client" if said(700_016) => TokenError::UnknownApp,
        "invalid_client" => TokenError::WrongSecret,
        "unauthorized_client" => TokenError::UnknownApp,
        "invalid_scope" => TokenError::InvalidScope,
        _ if said(90_002) => TokenError::UnknownTenant,
        code => {
            let tame = code.len() <= 40 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            TokenError::Other {
                status,
                code: if tame { code.to_owned() } else { String::new() },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, error: &str, code: u64) -> TokenError {
        refusal(
            status,
            None,
            &Refused {
                error: error.to_owned(),
                error_codes: vec![code],
            },
        )
    }

    #[test]
    fn refusals_are_told_apart() {
        assert!(matches!(
            of(401, "invalid_client", 7_000_215),
            TokenError::WrongSecret
        ));
        assert!(matches!(
            of(401, "invalid_client", 7_000_222),
            TokenError::ExpiredSecret
        ));
        assert!(matches!(
            of(400, "unauthorized_client", 700_016),
            TokenError::UnknownApp
        ));
        assert!(matches!(
            of(400, "invalid_request", 90_002),
            TokenError::UnknownTenant
        ));
        assert!(matches!(
            of(400, "invalid_scope", 70_011),
            TokenError::InvalidScope
        ));
        assert!(matches!(
            of(400, "interaction_required", 1),
            TokenError::Other { .. }
        ));
        assert_eq!(of(400, "invalid_request", 1).class(), Class::Auth);
        assert_eq!(of(400, "temporarily_unavailable", 1).class(), Class::Transient);
        assert_eq!(of(503, "", 1).class(), Class::Transient);
        assert_eq!(of(429, "", 1).class(), Class::Throttled(None));
    }

    #[test]
    fn a_sentence_is_no_code() {
        assert_eq!(
            of(400, "ada@example.com is unknown", 1).to_string(),
            "the token endpoint answered 400 "
        );
    }
}
