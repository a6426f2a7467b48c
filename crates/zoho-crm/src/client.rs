//! The calling core: token, limits, retries, errors.

use std::sync::Arc;
use std::time::Duration;

use ambient::{Clock, Random};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use secrecy::ExposeSecret;
use transport::{Token, TokenCache, Transport};

use crate::answer::{error_object, failure, is_stale_token};
use crate::backoff;
use crate::call::{Answer, Call, Effect};
use crate::config::Config;
use crate::error::{Error, RequestError};
use crate::limits::OrgLimits;
use crate::observer::Observer;
use crate::outcome::speaks_of_rows;
use crate::refusal::Refusal;
use crate::token::RefreshGrant;

/// A client of one Zoho CRM organisation: the one that the refresh token belongs to. Clones share everything.
#[derive(Clone)]
pub struct Zoho {
    shared: Arc<Shared>,
    bulk: bool,
}

struct Shared {
    tokens: TokenCache<RefreshGrant>,
    limits: Arc<OrgLimits>,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    observer: Option<Arc<dyn Observer>>,
}

/// One answer of the server, whatever its status.
struct Exchange {
    status: StatusCode,
    headers: HeaderMap,
    body: bytes::Bytes,
}

impl Zoho {
    /// A client; the first call fetches a token.
    pub fn new(
        config: Config,
        limits: Arc<OrgLimits>,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self::observed(config, limits, transport, clock, random, None)
    }

    /// A client that tells `observer` about every call.
    pub fn observed(
        config: Config,
        limits: Arc<OrgLimits>,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        observer: Option<Arc<dyn Observer>>,
    ) -> Self {
        let grant = RefreshGrant::new(config, transport.clone(), clock.clone(), observer.clone());
        let tokens = TokenCache::new(grant, clock.clone());
        Self {
            shared: Arc::new(Shared {
                tokens,
                limits,
                transport,
                clock,
                random,
                observer,
            }),
            bulk: false,
        }
    }

    /// The same client for work that can wait: its calls leave the reserve of the credit budget to the others.
    #[must_use]
    pub fn bulk(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            bulk: true,
        }
    }

    /// The organisation's limits.
    #[must_use]
    pub fn limits(&self) -> &Arc<OrgLimits> {
        &self.shared.limits
    }

    /// Sends a call. The answer is a success, a 304, or one whose rows speak for themselves.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, Error> {
        let mut attempt = 0;
        let mut renewed = false;
        loop {
            let token = self.shared.tokens.get().await?;
            let exchange = self.exchange(call, &token).await?;
            let status = exchange.status;
            if status == StatusCode::TOO_MANY_REQUESTS {
                attempt += 1;
                self.back_off(call, attempt, &exchange).await?;
                continue;
            }
            if status == StatusCode::UNAUTHORIZED && !renewed && stale(&exchange) {
                // A 401 comes before any effect, so repeating is safe for writes too.
                self.shared.tokens.invalidate(&token).await;
                renewed = true;
                continue;
            }
            if status.is_success() || status == StatusCode::NOT_MODIFIED || has_rows(call, &exchange) {
                return Ok(Answer {
                    route: call.route,
                    status,
                    body: exchange.body,
                });
            }
            return Err(if status.as_u16() < 400 {
                // Redirects are not followed: the token is for the known host only.
                Error::Unreadable {
                    route: call.route,
                    what: "redirect",
                }
            } else {
                failure(call.route, call.effect, status, &exchange.body)
            });
        }
    }

    /// One request within the limits.
    async fn exchange(&self, call: &Call, token: &Token) -> Result<Exchange, Error> {
        let shared = &*self.shared;
        let request = request(call, token)?;
        let place = shared
            .limits
            .enter(call.credits, self.bulk, || shared.clock.now())
            .await?;
        let started = shared.clock.now();
        let result = shared.transport.send(request).await;
        drop(place);
        let now = shared.clock.now();
        let took = Duration::try_from(now.duration_since(started)).unwrap_or_default();
        let status = result.as_ref().map_or(0, |answer| answer.status().as_u16());
        tracing::debug!(
            route = call.route,
            status,
            took_ms = took.as_millis(),
            "zoho call"
        );
        if let Some(observer) = &shared.observer {
            observer.call(call.route, status, call.credits, took);
        }
        let answer = result.map_err(|source| {
            if call.effect != Effect::Read && source.may_have_happened() {
                Error::Ambiguous {
                    route: call.route,
                    status: 0,
                }
            } else {
                Error::Unreachable {
                    route: call.route,
                    source,
                }
            }
        })?;
        let (parts, body) = answer.into_parts();
        let remaining = parts
            .headers
            .get("x-api-credits-remaining")
            .and_then(|text| text.to_str().ok());
        if let Some(remaining) = remaining.and_then(|text| text.trim().parse().ok()) {
            shared.limits.told_remaining(remaining, now);
        }
        Ok(Exchange {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }

    /// Waits before a throttled read is sent again; everything else is given back to the caller.
    async fn back_off(&self, call: &Call, attempt: u32, exchange: &Exchange) -> Result<(), Error> {
        let shared = &*self.shared;
        if call.effect == Effect::Insert {
            // Throttled answers have been seen for work that was done all the same.
            return Err(Error::Ambiguous {
                route: call.route,
                status: 429,
            });
        }
        let named = transport::retry_after(&exchange.headers, shared.clock.now());
        let wait = backoff::wait(attempt, named, &*shared.random);
        let patient = named.is_none_or(|named| named <= backoff::LONGEST);
        if call.effect != Effect::Read || attempt >= shared.limits.attempts() || !patient {
            return Err(Error::Throttled {
                route: call.route,
                after: wait,
            });
        }
        shared.clock.sleep(wait).await;
        Ok(())
    }
}

impl std::fmt::Debug for Zoho {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Zoho")
            .field("bulk", &self.bulk)
            .finish_non_exhaustive()
    }
}

fn request(call: &Call, token: &Token) -> Result<Request<bytes::Bytes>, Error> {
    let base = token.api_domain.as_deref().unwrap_or_default();
    let mut authorization =
        HeaderValue::from_str(&format!("Zoho-oauthtoken {}", token.secret.expose_secret()))
            .map_err(|_| RequestError::Url)?;
    authorization.set_sensitive(true);
    let mut request = Request::builder()
        .method(call.method.clone())
        .uri(format!("{base}/crm/v8{}", call.path))
        .body(call.body.clone())
        .map_err(|_| RequestError::Url)?;
    request.headers_mut().extend(call.headers.clone());
    request.headers_mut().insert(AUTHORIZATION, authorization);
    Ok(request)
}

fn stale(exchange: &Exchange) -> bool {
    error_object(&exchange.body)
        .is_some_and(|object| is_stale_token(&Refusal::read(exchange.status.as_u16(), &object)))
}

/// A write's rows come in 400 and 412 as well (`research/zoho.md` §5); the family reads them.
fn has_rows(call: &Call, exchange: &Exchange) -> bool {
    let body = || serde_json::from_slice::<serde_json::Value>(&exchange.body).ok();
    let is_list = |rows: Option<&serde_json::Value>| rows.is_some_and(serde_json::Value::is_array);
    call.effect != Effect::Read
        && matches!(exchange.status.as_u16(), 400 | 403 | 412)
        && body().is_some_and(|body| speaks_of_rows(&body) || is_list(body.get("users")))
}
