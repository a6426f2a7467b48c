//! A tenant with two users, and a client that speaks plain HTTP to the Graph emulator's router.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use emulators::core::clock::EmulatorClock;
use emulators::core::contract::{Contracts, Direction};
use emulators::core::faults::{Faults, Rule};
use emulators::core::service::Service;
use emulators::core::stack::{Shared, Stack};
use emulators::graph::GraphEmulator;
use http::{HeaderMap, Request};
use jiff::SignedDuration;
use serde_json::{Value, json};

pub(crate) const TENANT: &str = "0b8f5e3a-6f0a-4d55-9a60-d34a3c7e1a11";
pub(crate) const CLIENT: &str = "5c1f0c0e-92d1-4f0e-8f6f-0f5a4f8a7d22";
pub(crate) const SECRET: &str = "correct horse & battery";
pub(crate) const ADA: &str = "ada@contoso.example";
pub(crate) const MARKER: &str = "String {6f1c8a52-3d0b-4c7e-9a41-5be2c07d9f13} Name CrmlinkMarker";

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn id(&self) -> String {
        self.body["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn etag(&self) -> String {
        self.body["@odata.etag"].as_str().expect("an etag").to_owned()
    }

    pub(crate) fn rows(&self) -> &Vec<Value> {
        self.body["value"]
            .as_array()
            .unwrap_or_else(|| panic!("no rows in {} {}", self.status, self.body))
    }

    /// The path and query of a link, which has to lead back to the same host.
    pub(crate) fn link(&self, name: &str) -> Option<String> {
        let link = self.body[name].as_str()?;
        Some(
            link.strip_prefix("http://graph.test")
                .expect("a link to the same host")
                .to_owned(),
        )
    }
}

pub(crate) struct Graph {
    pub(crate) emulator: Arc<GraphEmulator>,
    pub(crate) clock: Arc<EmulatorClock>,
    pub(crate) shared: Arc<Shared>,
    stack: Arc<Stack>,
    pub(crate) token: String,
}

/// A world whose tenant has the given members besides the usual ones.
pub(crate) fn world(more: &Value) -> Value {
    let mut tenant = json!({
        "tenantId": TENANT,
        "domain": "contoso.example",
        "apps": [{"clientId": CLIENT, "clientSecret": SECRET}],
        "users": [
            {"userPrincipalName": ADA, "displayName": "Ada Byron", "admin": true},
            {"userPrincipalName": "bob@contoso.example", "accountEnabled": false},
            {"userPrincipalName": "guest@contoso.example", "mailbox": "none", "userType": "Guest"},
        ],
    });
    for (name, value) in more.as_object().expect("members") {
        tenant[name] = value.clone();
    }
    json!([tenant])
}

impl Graph {
    /// The usual tenant without the second change-key bump, so that tests see it where they ask for it only.
    pub(crate) async fn new() -> Self {
        Self::with(&json!({"secondBumpSeconds": 0})).await
    }

    pub(crate) async fn with(more: &Value) -> Self {
        let mut graph = Self::unsigned(&world(more));
        graph.sign_in().await;
        graph
    }

    /// With another seed for ids, jitter and chances.
    pub(crate) async fn seeded(seed: u64, more: &Value) -> Self {
        let mut graph = Self::build(seed, &world(more));
        graph.sign_in().await;
        graph
    }

    pub(crate) fn unsigned(world: &Value) -> Self {
        Self::build(7, world)
    }

    fn build(seed: u64, world: &Value) -> Self {
        let clock = Arc::new(EmulatorClock::frozen("2026-10-01T09:00:00Z".parse().unwrap()));
        // With the contracts at hand, every answer of these tests is checked against them.
        let directory = std::env::var_os("CRMLINK_CONTRACTS");
        let contracts =
            directory.map_or_else(Contracts::none, |path| Contracts::load(path.as_ref()).unwrap());
        let shared = Arc::new(Shared {
            clock: Arc::clone(&clock),
            contracts,
            faults: Faults::seeded(seed),
            ..Shared::default()
        });
        let emulator = GraphEmulator::new(seed);
        let service: Arc<dyn Service> = Arc::<GraphEmulator>::clone(&emulator);
        let stack = Stack::new(service, Arc::clone(&shared), seed);
        emulator.seed(world).unwrap();
        Self {
            emulator,
            clock,
            shared,
            stack,
            token: String::new(),
        }
    }

    pub(crate) async fn sign_in(&mut self) {
        let answer = self.login(TENANT, &form(CLIENT, SECRET)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.token = answer.body["access_token"].as_str().unwrap().to_owned();
    }

    pub(crate) async fn login(&self, tenant: &str, form: &str) -> Answer {
        let request = Request::post(format!("/{tenant}/oauth2/v2.0/token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()));
        self.send(request.unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        self.try_send(request).await.expect("an answer")
    }

    /// Nothing comes back where a fault closes the connection.
    pub(crate) async fn try_send(&self, request: Request<Body>) -> Option<Answer> {
        let response = self.stack.call(request).await?;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap()
        };
        Some(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        })
    }

    /// A request with the token, and with further headers.
    pub(crate) async fn bare(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        self.try_bare(method, path, headers, body)
            .await
            .expect("an answer")
    }

    pub(crate) async fn try_bare(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Option<Answer> {
        let path = if path.starts_with("/v1.0") {
            path.to_owned()
        } else {
            format!("/v1.0{path}")
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path.replace(' ', "%20"))
            .header("host", "graph.test")
            .header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.try_send(request.body(body).unwrap()).await
    }

    /// A request as the operator sends it: with immutable ids.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.bare(method, path, &[("prefer", "IdType=\"ImmutableId\"")], body)
            .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, etag: &str, body: &Value) -> Answer {
        let headers = [("prefer", "IdType=\"ImmutableId\""), ("if-match", etag)];
        self.bare("PATCH", path, &headers, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None).await
    }

    /// Ada's folder with the marker, made by the app.
    pub(crate) async fn folder(&self) -> String {
        let answer = self
            .post(
                &format!("/users/{ADA}/contactFolders"),
                &folder_body("Zoho CRM Contacts", "c1"),
            )
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.id()
    }

    /// A contact of the app in a folder.
    pub(crate) async fn contact(&self, folder: &str, name: &str, marker: &str) -> Answer {
        let body =
            json!({"givenName": name, "singleValueExtendedProperties": [{"id": MARKER, "value": marker}]});
        let answer = self.post(&contacts(folder), &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    pub(crate) fn fault(&self, rule: Rule) -> u64 {
        let rule = Rule {
            service: "graph".to_owned(),
            ..rule
        };
        self.shared.faults.add(rule).unwrap()
    }

    pub(crate) fn edit(&self, action: &Value) -> Value {
        self.emulator.edit(action).unwrap()
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        self.emulator.counters()[name]
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let found = self.shared.contracts.findings().violations;
        let wrong: Vec<_> = found
            .iter()
            .filter(|violation| violation.direction == Direction::Answer)
            .collect();
        assert!(
            wrong.is_empty(),
            "answers that the contract does not know: {wrong:#?}"
        );
    }
}

pub(crate) fn form(client: &str, secret: &str) -> String {
    let scope = "https://graph.microsoft.com/.default";
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", secret),
            ("scope", scope),
        ])
        .finish()
}

pub(crate) fn folder_body(name: &str, marker: &str) -> Value {
    json!({"displayName": name, "singleValueExtendedProperties": [{"id": MARKER, "value": marker}]})
}

pub(crate) fn contacts(folder: &str) -> String {
    format!("/users/{ADA}/contactFolders/{folder}/contacts")
}

pub(crate) fn by_marker(value: &str) -> String {
    format!("singleValueExtendedProperties/Any(ep: ep/id eq '{MARKER}' and ep/value eq '{value}')")
}
