//! Access tokens by the refresh grant (`research/zoho.md` §1).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ambient::Clock;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use transport::{BoxFuture, Token, TokenSource, Transport, TransportError};

use crate::config::Config;
use crate::error::Class;
use crate::observer::Observer;
use crate::times;

const ROUTE: &str = "POST /oauth/v2/token";
/// Access tokens live one hour (`research/zoho.md` §1).
const LIFE: Duration = Duration::from_hours(1);
const FIRST_WAIT: Duration = Duration::from_mins(1);
const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// Why there is no access token.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TokenError {
    /// The accounts server does not know the client, or its secret is wrong.
    #[error("the accounts server refuses the client: wrong client id or secret, or another data centre's")]
    InvalidClient,
    /// The refresh token is not accepted.
    #[error("the accounts server refuses the refresh token: revoked, or another data centre's")]
    InvalidCode,
    /// Too many token calls. None is made before `until`.
    #[error("the accounts server is throttling; no token call before {until}")]
    Throttled {
        /// When the next call may be made.
        until: Timestamp,
        /// How long that is from the moment of the error.
        after: Duration,
    },
    /// The answer names an API host that is none of Zoho's for this data centre and environment. Nothing was sent there.
    #[error(
        "the token is for the API host {host:?}, which does not belong to the declared data centre and environment"
    )]
    UnknownApiHost {
        /// The host that the answer names.
        host: String,
    },
    /// No answer.
    #[error("{ROUTE}: {0}")]
    Unreachable(TransportError),
    /// Another refusal.
    #[error("{ROUTE}: {code} (HTTP {status})")]
    Other {
        /// HTTP status.
        status: u16,
        /// The error's code, where it looks like one.
        code: String,
    },
}

impl TokenError {
    /// What to do about it.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Throttled { after, .. } => Class::Throttled(*after),
            Self::Unreachable(_) => Class::Transient,
            Self::Other { status, .. } if *status >= 500 => Class::Transient,
            Self::InvalidClient | Self::InvalidCode | Self::UnknownApiHost { .. } | Self::Other { .. } => {
                Class::Auth
            }
        }
    }
}

/// What the last failure forbids.
#[derive(Debug, Default)]
struct Hold {
    until: Option<Timestamp>,
    error: Option<TokenError>,
    /// The wait that the next throttle doubles.
    throttled_for: Option<Duration>,
}

pub(crate) struct RefreshGrant {
    config: Config,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    observer: Option<Arc<dyn Observer>>,
    hold: Mutex<Hold>,
}

impl RefreshGrant {
    pub(crate) fn new(
        config: Config,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        observer: Option<Arc<dyn Observer>>,
    ) -> Self {
        Self {
            config,
            transport,
            clock,
            observer,
            hold: Mutex::default(),
        }
    }

    async fn refresh(&self) -> Result<Token, TokenError> {
        self.check_hold()?;
        let result = self.ask().await;
        let mut hold = self.hold.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(token) => {
                *hold = Hold::default();
                Ok(token)
            }
            Err(Failure::Throttled) => {
                let wait = hold
                    .throttled_for
                    .map_or(FIRST_WAIT, |last| (last * 2).min(LONGEST_WAIT));
                let until = times::after(self.clock.now(), wait);
                let error = TokenError::Throttled { until, after: wait };
                *hold = Hold {
                    until: Some(until),
                    error: Some(error.clone()),
                    throttled_for: Some(wait),
                };
                Err(error)
            }
            Err(Failure::Other(error)) => {
                // Ten tokens in ten minutes are all there is: a definite refusal is not asked for again by every
                // caller in turn. New credentials make a new client, which starts afresh.
                if error.class() == Class::Auth {
                    hold.until = Some(times::after(self.clock.now(), FIRST_WAIT));
                    hold.error = Some(error.clone());
                }
                Err(error)
            }
        }
    }

    fn check_hold(&self) -> Result<(), TokenError> {
        let hold = self.hold.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        match (hold.until, &hold.error) {
            (Some(until), Some(error)) if now < until => Err(match error {
                TokenError::Throttled { .. } => TokenError::Throttled {
                    until,
                    after: Duration::try_from(until.duration_since(now)).unwrap_or_default(),
                },
                error => error.clone(),
            }),
            _ => Ok(()),
        }
    }

    async fn ask(&self) -> Result<Token, Failure> {
        let asked_at = self.clock.now();
        // The form is assembled once and dropped with the request; secrets never enter a URL.
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("client_secret", self.config.client_secret.expose_secret())
            .append_pair("refresh_token", self.config.refresh_token.expose_secret())
            .finish();
        let url = format!(
            "{}/oauth/v2/token",
            self.config.accounts_url.trim_end_matches('/')
        );
        let request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .map_err(|_| other(0, "malformed accounts URL"))?;
        let answer = self.transport.send(request).await;
        let took = Duration::try_from(self.clock.now().duration_since(asked_at)).unwrap_or_default();
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        tracing::debug!(
            route = ROUTE,
            status,
            took_ms = took.as_millis(),
            "zoho token call"
        );
        if let Some(observer) = &self.observer {
            observer.call(ROUTE, status, 0, took);
        }
        let answer = answer.map_err(|error| Failure::Other(TokenError::Unreachable(error)))?;
        // Success is a body with an access token, whatever the status (`research/zoho.md` §1).
        let body = serde_json::from_slice::<Value>(answer.body()).unwrap_or(Value::Null);
        let Some(secret) = body.get("access_token").and_then(Value::as_str) else {
            return Err(refusal(status, &body, answer.body()));
        };
        let api_domain = body.get("api_domain").and_then(Value::as_str);
        let base = self
            .config
            .api_hosts
            .admit(api_domain)
            .map_err(|host| Failure::Other(TokenError::UnknownApiHost { host }))?
            .to_owned();
        let mut token = Token::living(SecretString::from(secret), asked_at, life(&body));
        token.api_domain = Some(base);
        Ok(token)
    }
}

impl TokenSource for RefreshGrant {
    type Error = TokenError;

    fn fetch(&self) -> BoxFuture<'_, Result<Token, TokenError>> {
        Box::pin(self.refresh())
    }
}

enum Failure {
    Throttled,
    Other(TokenError),
}

fn other(status: u16, code: &str) -> Failure {
    Failure::Other(TokenError::Other {
        status,
        code: code.to_owned(),
    })
}

fn refusal(status: u16, body: &Value, raw: &Bytes) -> Failure {
    let error = body.get("error").and_then(Value::as_str);
    match error {
        Some("invalid_client" | "invalid_client_secret") => Failure::Other(TokenError::InvalidClient),
        Some("invalid_code" | "invalid_grant") => Failure::Other(TokenError::InvalidCode),
        Some("Access Denied") => Failure::Throttled,
        Some(code) if code.len() <= 60 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
            other(status, code)
        }
        Some(_) => other(status, "unknown error"),
        // Documented as a 200 with "Access Denied" somewhere in the body.
        None if status == 429 || raw.windows(13).any(|text| text == b"Access Denied") => Failure::Throttled,
        None => other(status, "no access token in the answer"),
    }
}

/// Old clients get `expires_in_sec`, and then `expires_in` is in milliseconds; never longer than the documented hour.
fn life(body: &Value) -> Duration {
    let number = |key: &str| {
        let value = body.get(key)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    };
    number("expires_in_sec")
        .or_else(|| number("expires_in"))
        .map_or(LIFE, |s| Duration::from_secs(s).min(LIFE))
}
