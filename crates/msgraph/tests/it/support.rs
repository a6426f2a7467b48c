//! A scripted service behind an in-memory transport, and a clock that moves while nothing else does.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ambient::{Clock, ManualClock, SeededRandom};
use bytes::Bytes;
use jiff::Timestamp;
use msgraph::{Config, Credential, Endpoints, Graph, Mailbox};
use secrecy::SecretString;
use serde_json::{Value, json};
use transport::{BoxFuture, Transport, TransportError};

pub(crate) const SECRET: &str = "s3cr3t~value";
pub(crate) const BASE: &str = "https://graph.test/v1.0";

/// One request as the service saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
    pub(crate) at: Timestamp,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub(crate) fn parts(&self) -> Vec<Value> {
        self.json()["requests"].as_array().cloned().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What the script says to a request.
#[derive(Debug, Clone)]
pub(crate) enum Say {
    Json(u16, Value),
    Wait(u16, &'static str, Value),
    Text(u16, &'static str),
    Lost,
    Unreachable,
}

/// An error body as Graph writes it, with a text that must not get out.
pub(crate) fn error(status: u16, code: &str) -> Say {
    Say::Json(status, refusal(code))
}

pub(crate) fn refusal(code: &str) -> Value {
    json!({ "error": { "code": code, "message": "about ada@example.com" } })
}

/// Answers a batch part by part, in reverse order.
pub(crate) fn batched(seen: &Seen, each: impl Fn(&Value) -> Value) -> Say {
    let answer = |part: &Value| {
        let mut answer = each(part);
        answer["id"] = part["id"].clone();
        answer
    };
    let responses: Vec<Value> = seen.parts().iter().rev().map(answer).collect();
    Say::Json(200, json!({ "responses": responses }))
}

type Handler = Box<dyn Fn(&Seen) -> Say + Send + Sync>;

/// The service.
pub(crate) struct Service {
    handler: Handler,
    clock: ManualClock,
    latency: Duration,
    seen: Mutex<Vec<Seen>>,
    tokens: AtomicU32,
    busy: AtomicUsize,
    peak: AtomicUsize,
}

impl Service {
    /// The requests other than those for tokens.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .filter(|seen| seen.uri.starts_with("https://graph.test"))
            .cloned()
            .collect()
    }

    /// Everything that was sent anywhere.
    pub(crate) fn all(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn tokens(&self) -> u32 {
        self.tokens.load(Ordering::SeqCst)
    }

    /// The most sub-requests that the service had at once; a batch runs four wide.
    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }

    fn say(&self, seen: &Seen) -> Say {
        if seen.uri.starts_with("https://login.test") {
            let answer = (self.handler)(seen);
            if !matches!(answer, Say::Text(0, _)) {
                return answer;
            }
            let number = self.tokens.fetch_add(1, Ordering::SeqCst) + 1;
            return Say::Json(
                200,
                json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": format!("token{number}") }),
            );
        }
        (self.handler)(seen)
    }
}

struct Wire(Arc<Service>);

impl Transport for Wire {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
            let seen = Seen {
                method: request.method().to_string(),
                uri: request.uri().to_string(),
                headers: request
                    .headers()
                    .iter()
                    .map(|(name, value)| (name.to_string(), text(value)))
                    .collect(),
                text: String::from_utf8(request.body().to_vec()).unwrap(),
                at: self.0.clock.now(),
            };
            let width = seen.parts().len().clamp(1, 4);
            self.0.seen.lock().unwrap().push(seen.clone());
            let busy = self.0.busy.fetch_add(width, Ordering::SeqCst) + width;
            self.0.peak.fetch_max(busy, Ordering::SeqCst);
            tokio::task::yield_now().await;
            if !self.0.latency.is_zero() {
                self.0.clock.sleep(self.0.latency).await;
            }
            self.0.busy.fetch_sub(width, Ordering::SeqCst);
            let (host, reason) = ("graph.test".to_owned(), "scripted".to_owned());
            let (status, wait, body) = match self.0.say(&seen) {
                Say::Lost => return Err(TransportError::Lost { host, reason }),
                Say::Unreachable => return Err(TransportError::Connect { host, reason }),
                Say::Json(status, body) => (status, None, body.to_string()),
                Say::Wait(status, wait, body) => (status, Some(wait), body.to_string()),
                Say::Text(status, body) => (status, None, body.to_owned()),
            };
            let mut answer = http::Response::builder()
                .status(status)
                .header("request-id", "rq-1");
            if let Some(wait) = wait {
                answer = answer.header("Retry-After", wait);
            }
            Ok(answer.body(Bytes::from(body)).unwrap())
        })
    }
}

/// A client with its service and clock.
pub(crate) struct Fixture {
    pub(crate) graph: Graph,
    pub(crate) service: Arc<Service>,
    pub(crate) clock: ManualClock,
}

/// Tells the script to leave a token question to the fixture.
pub(crate) const GRANT: Say = Say::Text(0, "");

pub(crate) fn config() -> Config {
    let mut config = Config::new(
        "tenant-1",
        "app-1",
        Credential::ClientSecret(SecretString::from(SECRET)),
    );
    config.endpoints = Endpoints::at("https://login.test", "https://graph.test/");
    config
}

impl Fixture {
    /// A service that grants tokens and answers the rest by `script`.
    pub(crate) fn new(script: impl Fn(&Seen) -> Say + Send + Sync + 'static) -> Self {
        Self::slow(Duration::ZERO, script)
    }

    /// The same, each answer taking `latency`.
    pub(crate) fn slow(latency: Duration, script: impl Fn(&Seen) -> Say + Send + Sync + 'static) -> Self {
        let handler = move |seen: &Seen| {
            if seen.uri.starts_with("https://login.test") {
                GRANT
            } else {
                script(seen)
            }
        };
        Self::raw(latency, handler)
    }

    /// A service whose script answers for tokens too.
    pub(crate) fn raw(latency: Duration, handler: impl Fn(&Seen) -> Say + Send + Sync + 'static) -> Self {
        let clock = ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap());
        let service = Arc::new(Service {
            handler: Box::new(handler),
            clock: clock.clone(),
            latency,
            seen: Mutex::default(),
            tokens: AtomicU32::new(0),
            busy: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        });
        let (wire, random) = (Arc::new(Wire(service.clone())), Arc::new(SeededRandom::new(1)));
        let graph = Graph::new(&config(), wire, Arc::new(clock.clone()), random).unwrap();
        Self {
            graph,
            service,
            clock,
        }
    }

    pub(crate) fn mailbox(&self) -> Mailbox {
        self.graph.mailbox("u-1")
    }

    /// Runs `work`, moving the clock whenever it waits.
    pub(crate) async fn run<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = idle() => self.clock.advance(Duration::from_millis(50)),
            }
        }
    }
}

/// Long enough for everything that can go on to go on.
async fn idle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// A script that gives these answers one after the other, and the last one for ever.
pub(crate) fn sequence(answers: Vec<Say>) -> impl Fn(&Seen) -> Say + Send + Sync {
    let next = AtomicUsize::new(0);
    move |_| answers[next.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)].clone()
}

pub(crate) fn contact(id: &str) -> Value {
    json!({ "id": id, "@odata.etag": format!("W/\"{id}\"") })
}

/// Seconds between two requests.
pub(crate) fn gap(seen: &[Seen], first: usize, second: usize) -> f64 {
    seen[second].at.duration_since(seen[first].at).as_secs_f64()
}
