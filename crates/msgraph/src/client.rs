//! The client: token, limits, one HTTP call, and the repetition of a call alone.

use std::sync::Arc;
use std::time::Duration;

use ambient::{Clock, Random};
use http::HeaderMap;
use serde_json::Value;
use transport::{Token, TokenCache, Transport, retry_after};
use url::Url;

use crate::call::Call;
use crate::config::{self, Config, ConfigError, RetryPolicy};
use crate::directory_roles::DirectoryRoles;
use crate::error::Error;
use crate::groups::Groups;
use crate::limits::{Gate, MailboxLimits};
use crate::mailbox::Mailbox;
use crate::observer::Observer;
use crate::organization::{self, Organization};
use crate::refusal;
use crate::request::{Payload, Reply, Request};
use crate::retry::{self, Verdict};
use crate::service_principals::ServicePrincipals;
use crate::token::ClientCredentials;
use crate::users::Users;

/// Microsoft Graph as one application in one tenant. Cheap to clone; clones share token, limits and connections.
#[derive(Clone)]
pub struct Graph {
    client_id: Arc<str>,
    /// Scheme, host and version.
    base: Arc<Url>,
    pub(crate) retry: RetryPolicy,
    tokens: Arc<TokenCache<ClientCredentials>>,
    transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    limits: Arc<MailboxLimits>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl Graph {
    /// A client with limits of its own; see [`sharing`](Self::sharing).
    ///
    /// # Errors
    /// If an endpoint is no URL, or an id is empty.
    pub fn new(
        config: &Config,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let login = config::base(&config.endpoints.login, "login")?;
        let mut base = config::base(&config.endpoints.graph, "graph")?;
        let path = format!("{}/v1.0", base.path().trim_end_matches('/'));
        base.set_path(&path);
        let source = ClientCredentials::new(config, &login, transport.clone(), clock.clone())?;
        Ok(Self {
            client_id: config.client_id.as_str().into(),
            base: Arc::new(base),
            retry: config.retry,
            tokens: Arc::new(TokenCache::new(source, clock.clone())),
            limits: Arc::new(MailboxLimits::new(clock.clone())),
            transport,
            clock,
            random,
            observer: None,
        })
    }

    /// The same client, counting together with all others that share `limits`. The service counts per application,
    /// so clients of one application must share.
    #[must_use]
    pub fn sharing(mut self, limits: Arc<MailboxLimits>) -> Self {
        self.limits = limits;
        self
    }

    /// The same client, telling `observer` about each call. To be set before the client is cloned or used: the
    /// token is asked anew.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        let mut source = self.tokens.source().clone();
        source.observer = Some(observer.clone());
        self.tokens = Arc::new(TokenCache::new(source, self.clock.clone()));
        self.observer = Some(observer);
        self
    }

    /// Users of the directory.
    #[must_use]
    pub fn users(&self) -> Users {
        Users::new(self.clone())
    }

    /// Groups of the directory.
    #[must_use]
    pub fn groups(&self) -> Groups {
        Groups::new(self.clone())
    }

    /// Roles of the directory.
    #[must_use]
    pub fn directory_roles(&self) -> DirectoryRoles {
        DirectoryRoles::new(self.clone())
    }

    /// Apps in the tenant.
    #[must_use]
    pub fn service_principals(&self) -> ServicePrincipals {
        ServicePrincipals::new(self.clone())
    }

    /// The tenant itself.
    pub fn organization(&self) -> Request<Organization> {
        organization::request(self.clone())
    }

    /// The mailbox of a user, by the user's object id: names can be given to somebody else.
    #[must_use]
    pub fn mailbox(&self, user_id: &str) -> Mailbox {
        Mailbox::new(self.clone(), user_id)
    }

    /// Makes sure that a token can be had, and thus that the credential works. Says nothing about consent.
    ///
    /// # Errors
    /// Why there is no token.
    pub async fn authenticate(&self) -> Result<(), Error> {
        self.tokens.get().await?;
        Ok(())
    }

    /// The application that this client signs in as.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// Waits until one more mail may leave a mailbox; a longer wait than a call's is reported instead.
    pub(crate) async fn pace_mail(&self, mailbox: &str) -> Result<(), Error> {
        while let Err(wait) = self.limits.mails.take(&self.client_id, mailbox, self.clock.now()) {
            if wait > self.retry.longest_wait {
                return Err(Error::StillThrottled { after: wait });
            }
            self.clock.sleep(wait).await;
        }
        Ok(())
    }

    pub(crate) fn gate(&self, mailbox: Option<&str>) -> Option<Arc<Gate>> {
        mailbox.map(|mailbox| self.limits.gate(&self.client_id, mailbox))
    }

    /// Sends a call alone until it succeeds or is not worth another try.
    pub(crate) async fn execute(&self, call: &Call) -> Result<Reply, Error> {
        if let Some(flaw) = &call.flaw {
            return Err(flaw.clone());
        }
        let gate = self.gate(call.mailbox.as_deref());
        let mut renewed = false;
        let mut sent = 0;
        loop {
            let error = match self.transmit(call, gate.as_deref(), 1).await {
                Ok((reply, _)) => return Ok(reply),
                Err(error) => error,
            };
            if matches!(error, Error::Unauthorized(_)) && !renewed {
                renewed = true;
                continue;
            }
            sent += 1;
            obey(gate.as_deref(), &error);
            match retry::judge(self.retry, &*self.random, call.effect, error, sent) {
                Verdict::Again(wait) => self.clock.sleep(wait).await,
                Verdict::Final(error) => return Err(error),
            }
        }
    }

    /// One HTTP call that counts as `requests`, with a valid token and within the limits. A refused token is
    /// forgotten, so that the next call brings a fresh one.
    pub(crate) async fn transmit(
        &self,
        call: &Call,
        gate: Option<&Gate>,
        requests: u32,
    ) -> Result<(Reply, Token), Error> {
        let _pass = match gate {
            Some(gate) => {
                let entered = gate.enter(requests, self.retry.longest_wait).await;
                Some(entered.map_err(|after| Error::StillThrottled { after })?)
            }
            None => None,
        };
        // After the gate: a token that was valid before a long wait may not be any more.
        let token = self.tokens.get().await?;
        let request = call.http(self.base.as_str(), &token.secret, &self.uuid().to_string())?;
        let started = self.clock.now();
        let answer = self.transport.send(request).await;
        let now = self.clock.now();
        let took = Duration::try_from(now.duration_since(started)).unwrap_or_default();
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        let request_id = answer
            .as_ref()
            .ok()
            .and_then(|answer| text(answer.headers(), "request-id"));
        tracing::debug!(
            method = %call.method,
            route = call.route,
            status,
            request_id = request_id.unwrap_or_default(),
            took_ms = took.as_millis(),
            "Graph called"
        );
        if let Some(observer) = &self.observer {
            observer.call(call.route, status, took);
        }
        let answer = answer.map_err(Error::Network)?;
        if answer.status().is_success() {
            return Ok((
                Reply {
                    status,
                    body: Payload::Bytes(answer.into_body()),
                },
                token,
            ));
        }
        if status == 401 {
            self.tokens.invalidate(&token).await;
        }
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let wait = retry_after(answer.headers(), now);
        Err(refusal::read(
            status,
            wait,
            text(answer.headers(), "request-id"),
            &body,
        ))
    }

    pub(crate) async fn forget_token(&self, refused: &Token) {
        self.tokens.invalidate(refused).await;
    }

    /// A version 4 UUID from the injected randomness: the same run gives the same ids.
    fn uuid(&self) -> uuid::Uuid {
        let bits = (u128::from(self.random.next_u64()) << 64) | u128::from(self.random.next_u64());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

/// A wait that the service names is meant for the whole mailbox.
pub(crate) fn obey(gate: Option<&Gate>, error: &Error) {
    if let (Some(gate), Some(answer)) = (gate, error.answer())
        && let Some(wait) = answer.retry_after
    {
        gate.block(wait);
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph")
            .field("client_id", &self.client_id)
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}
