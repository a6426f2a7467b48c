//! The scripted server.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ambient::{ManualClock, SeededRandom};
use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use transport::{BoxFuture, Transport, TransportError};

use crate::{ApiHosts, Config, DataCenter, Environment, LimitSettings, Observer, OrgLimits, Zoho};

/// One scripted answer.
#[derive(Clone)]
pub(crate) enum Say {
    Json(u16, Value),
    Text(u16, &'static str),
    Header(u16, &'static str, &'static str, Value),
    Lost,
    NoConnection,
}

#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Path and query after the version, decoded.
    pub(crate) fn path(&self) -> String {
        let path = self.url.split("/crm/v8").nth(1).unwrap_or_default();
        percent_encoding::percent_decode_str(path)
            .decode_utf8()
            .unwrap()
            .into_owned()
    }
}

#[derive(Default)]
struct Script {
    tokens: VecDeque<Say>,
    answers: VecDeque<Say>,
    token_calls: Vec<Seen>,
    calls: Vec<Seen>,
    in_flight: usize,
    most_in_flight: usize,
}

#[derive(Clone, Default)]
pub(crate) struct Server {
    script: Arc<Mutex<Script>>,
}

impl Server {
    pub(crate) fn token(&self, say: Say) {
        self.script.lock().unwrap().tokens.push_back(say);
    }

    pub(crate) fn answer(&self, say: Say) {
        self.script.lock().unwrap().answers.push_back(say);
    }

    pub(crate) fn token_calls(&self) -> Vec<Seen> {
        self.script.lock().unwrap().token_calls.clone()
    }

    pub(crate) fn calls(&self) -> Vec<Seen> {
        self.script.lock().unwrap().calls.clone()
    }

    pub(crate) fn most_in_flight(&self) -> usize {
        self.script.lock().unwrap().most_in_flight
    }
}

impl Transport for Server {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let seen = Seen {
                method: parts.method.to_string(),
                url: parts.uri.to_string(),
                headers: parts.headers,
                body: String::from_utf8(body.to_vec()).unwrap(),
            };
            let say = {
                let mut script = self.script.lock().unwrap();
                script.in_flight += 1;
                script.most_in_flight = script.most_in_flight.max(script.in_flight);
                if seen.url.ends_with("/oauth/v2/token") {
                    script.token_calls.push(seen);
                    let nth = script.token_calls.len();
                    script
                        .tokens
                        .pop_front()
                        .unwrap_or_else(|| token(&format!("access-{nth}")))
                } else {
                    script.calls.push(seen);
                    script.answers.pop_front().expect("an answer is scripted")
                }
            };
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            self.script.lock().unwrap().in_flight -= 1;
            let host = "test".to_owned();
            let (status, header, body) = match say {
                Say::Json(status, body) => (status, None, body.to_string()),
                Say::Text(status, body) => (status, None, body.to_owned()),
                Say::Header(status, name, value, body) => (status, Some((name, value)), body.to_string()),
                Say::Lost => {
                    return Err(TransportError::Lost {
                        host,
                        reason: "gone".to_owned(),
                    });
                }
                Say::NoConnection => {
                    return Err(TransportError::Connect {
                        host,
                        reason: "no".to_owned(),
                    });
                }
            };
            let mut response = Response::builder().status(status);
            if let Some((name, value)) = header {
                response = response.header(name, value);
            }
            Ok(response.body(Bytes::from(body)).unwrap())
        })
    }
}

pub(crate) fn token(secret: &str) -> Say {
    Say::Json(
        200,
        json!({"access_token": secret, "expires_in": 3600, "api_domain": "https://www.zohoapis.eu", "token_type": "Bearer"}),
    )
}

pub(crate) fn refused(status: u16, code: &str) -> Say {
    Say::Json(
        status,
        json!({"code": code, "message": "about jane@example.com", "status": "error", "details": {}}),
    )
}

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) clock: ManualClock,
    pub(crate) zoho: Zoho,
}

pub(crate) const START: &str = "2026-03-01T10:00:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn config() -> Config {
    Config {
        accounts_url: DataCenter::Eu.accounts_url(),
        api_hosts: ApiHosts::of(DataCenter::Eu, Environment::Production),
        client_id: "1000.CLIENT".to_owned(),
        client_secret: SecretString::from("hush-secret"),
        refresh_token: SecretString::from("hush-refresh"),
    }
}

pub(crate) fn world() -> World {
    world_with(
        config(),
        LimitSettings {
            daily_credits: 100_000,
            ..LimitSettings::default()
        },
        None,
    )
}

pub(crate) fn limited(settings: LimitSettings) -> World {
    world_with(config(), settings, None)
}

pub(crate) fn world_with(
    config: Config,
    settings: LimitSettings,
    observer: Option<Arc<dyn Observer>>,
) -> World {
    let server = Server::default();
    let clock = ManualClock::starting_at(at(START));
    let zoho = Zoho::observed(
        config,
        OrgLimits::new(settings),
        Arc::new(server.clone()),
        Arc::new(clock.clone()),
        Arc::new(SeededRandom::new(1)),
        observer,
    );
    World { server, clock, zoho }
}

/// Runs a future to its end, moving the clock whenever it waits; gives back how far it moved.
pub(crate) async fn with_time<T>(clock: &ManualClock, future: impl Future<Output = T>) -> (T, Duration) {
    let mut passed = Duration::ZERO;
    tokio::pin!(future);
    loop {
        tokio::select! {
            biased;
            result = &mut future => return (result, passed),
            () = async { for _ in 0..20 { tokio::task::yield_now().await; } } => {
                clock.advance(Duration::from_secs(1));
                passed += Duration::from_secs(1);
                assert!(passed < Duration::from_hours(1), "waits for ever");
            }
        }
    }
}
