//! A client of the control API, for tests, tasks and the demo.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::contract::Report;
use super::faults::{Rule, RuleView};
use super::journal;
use super::server::Addresses;

/// How often a wait looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Talks to the control port of running emulators.
#[derive(Debug, Clone)]
pub struct Control {
    http: reqwest::Client,
    base: String,
}

/// Why a control request failed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The emulators cannot be reached, or closed the connection.
    #[error("control port: {0}")]
    Http(#[from] reqwest::Error),
    /// They refused what was asked.
    #[error("{path} refused with {status}: {body}")]
    Refused {
        /// What was asked.
        path: String,
        /// The status.
        status: u16,
        /// Why, in their words.
        body: String,
    },
    /// The answer is not what it should be.
    #[error("answer to {path}: {source}")]
    Answer {
        /// What was asked.
        path: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A wait took too long.
    #[error("gave up waiting for {0}")]
    TimedOut(String),
}

/// Fault rules and what became of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FaultList {
    /// The rules in the order in which they are tried.
    pub rules: Vec<RuleView>,
    /// Requests parked at this moment, by all rules together.
    pub parked: usize,
}

impl Control {
    /// A client for a control port (`Addresses::control`).
    ///
    /// # Errors
    /// If no HTTP client can be made.
    pub fn new(base: impl Into<String>) -> Result<Self, ControlError> {
        // The client wants a provider although the control port has no TLS.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self {
            http,
            base: base.into(),
        })
    }

    /// Where everything listens.
    ///
    /// # Errors
    /// As all of these: if the port cannot be reached or refuses.
    pub async fn addresses(&self) -> Result<Addresses, ControlError> {
        self.get("/addresses").await
    }

    /// Adds to the world: `{office365: [...], crm: [...]}`.
    ///
    /// # Errors
    /// Names the first member that cannot be used.
    pub async fn seed(&self, world: &Value) -> Result<(), ControlError> {
        self.seed_yaml(&world.to_string()).await
    }

    /// Adds to the world, from YAML.
    ///
    /// # Errors
    /// Names the first member that cannot be used.
    pub async fn seed_yaml(&self, world: &str) -> Result<(), ControlError> {
        self.send(Method::POST, "/world", Some(world.to_owned()))
            .await
            .map(|_: Value| ())
    }

    /// Forgets the world, the journal and all fault rules.
    ///
    /// # Errors
    /// If the port cannot be reached.
    pub async fn reset(&self) -> Result<(), ControlError> {
        self.send(Method::DELETE, "/world", None).await.map(|_: Value| ())
    }

    /// A person changes something in `graph` or `zoho`.
    ///
    /// # Errors
    /// Names what is unknown or not possible.
    pub async fn edit(&self, service: &str, action: &Value) -> Result<Value, ControlError> {
        self.send(
            Method::POST,
            &format!("/edit/{service}"),
            Some(action.to_string()),
        )
        .await
    }

    /// Everything inside `graph` or `zoho`.
    ///
    /// # Errors
    /// If there is no such service.
    pub async fn state(&self, service: &str) -> Result<Value, ControlError> {
        self.get(&format!("/state/{service}")).await
    }

    /// The counters of both services.
    ///
    /// # Errors
    /// If the port cannot be reached.
    pub async fn counters(&self) -> Result<BTreeMap<String, BTreeMap<String, u64>>, ControlError> {
        self.get("/counters").await
    }

    /// Requests and answers, oldest first.
    ///
    /// # Errors
    /// If the port cannot be reached.
    pub async fn journal(&self, query: &journal::Query) -> Result<Vec<journal::View>, ControlError> {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        let journal::Query {
            service,
            method,
            path_contains,
            since,
            limit,
        } = query;
        let numbers = [
            ("since", since.map(|n| n.to_string())),
            ("limit", limit.map(|n| n.to_string())),
        ];
        let texts = [
            ("service", service.clone()),
            ("method", method.clone()),
            ("path_contains", path_contains.clone()),
        ];
        for (name, value) in numbers.into_iter().chain(texts) {
            text.extend_pairs(value.map(|value| (name, value)));
        }
        self.get(&format!("/journal?{}", text.finish())).await
    }

    /// How often each route was called.
    ///
    /// # Errors
    /// If the port cannot be reached.
    pub async fn journal_counts(&self) -> Result<journal::Counts, ControlError> {
        self.get("/journal/counts").await
    }

    /// Adds a fault rule and gives its number.
    ///
    /// # Errors
    /// If the rule says nothing or contradicts itself.
    pub async fn fault(&self, rule: &Rule) -> Result<u64, ControlError> {
        #[derive(Deserialize)]
        struct Added {
            ids: [u64; 1],
        }
        let text = text("/faults", rule)?;
        let Added { ids: [id] } = self.send(Method::POST, "/faults", Some(text)).await?;
        Ok(id)
    }

    /// All fault rules with their counters.
    ///
    /// # Errors
    /// If the port cannot be reached.
    pub async fn faults(&self) -> Result<FaultList, ControlError> {
        self.get("/faults").await
    }

    /// Removes all fault rules; parked requests go on.
    ///
    /// # Errors
    /// If the port cannot be reached.
    pub async fn clear_faults(&self) -> Result<(), ControlError> {
        self.send(Method::DELETE, "/faults", None)
            .await
            .map(|_: Value| ())
    }

    /// Lets parked requests go, of one rule or of all, and says how many there were.
    ///
    /// # Errors
    /// If the port cannot be reached.
    pub async fn release(&self, rule: Option<u64>) -> Result<u64, ControlError> {
        #[derive(Deserialize)]
        struct Released {
            released: u64,
        }
        let body = json!({ "rule": rule }).to_string();
        let Released { released } = self.send(Method::POST, "/faults/release", Some(body)).await?;
        Ok(released)
    }

    /// Waits until at least so many requests are parked.
    ///
    /// # Errors
    /// If that does not happen in time.
    pub async fn wait_parked(&self, requests: usize, patience: Duration) -> Result<(), ControlError> {
        let look = async {
            while self.faults().await?.parked < requests {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Ok(())
        };
        tokio::time::timeout(patience, look)
            .await
            .unwrap_or_else(|_| Err(ControlError::TimedOut(format!("{requests} parked requests"))))
    }

    /// The time that the emulators show.
    ///
    /// # Errors
    /// If the port cannot be reached.
    pub async fn now(&self) -> Result<Timestamp, ControlError> {
        self.get::<Clock>("/clock").await.map(|clock| clock.now)
    }

    /// Moves the emulators' clock and gives the new time.
    ///
    /// # Errors
    /// If the port cannot be reached.
    pub async fn advance(&self, by: SignedDuration) -> Result<Timestamp, ControlError> {
        let body = json!({ "seconds": by.as_secs_f64() }).to_string();
        self.send::<Clock>(Method::POST, "/clock/advance", Some(body))
            .await
            .map(|clock| clock.now)
    }

    /// What the contract checks found.
    ///
    /// # Errors
    /// If the port cannot be reached.
    pub async fn contracts(&self) -> Result<Report, ControlError> {
        self.get("/contracts").await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ControlError> {
        self.send(Method::GET, path, None).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<T, ControlError> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.body(body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let bytes = answer.bytes().await?;
        if !status.is_success() {
            let body = String::from_utf8_lossy(&bytes).into_owned();
            return Err(ControlError::Refused {
                path: path.to_owned(),
                status: status.as_u16(),
                body,
            });
        }
        serde_json::from_slice(&bytes).map_err(|source| ControlError::Answer {
            path: path.to_owned(),
            source,
        })
    }
}

fn text(path: &str, value: &impl Serialize) -> Result<String, ControlError> {
    serde_json::to_string(value).map_err(|source| ControlError::Answer {
        path: path.to_owned(),
        source,
    })
}

#[derive(Deserialize)]
struct Clock {
    now: Timestamp,
}
