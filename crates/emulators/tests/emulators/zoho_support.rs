//! A small CRM behind the whole stack, with a client that is logged in.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use emulators::core::clock::EmulatorClock;
use emulators::core::contract::Contracts;
use emulators::core::faults::{Faults, Rule};
use emulators::core::service::Refused;
use emulators::core::stack::{Shared, Stack};
use emulators::zoho::ZohoEmulator;
use http::{HeaderMap, Request};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// When every test begins.
pub(crate) const START: &str = "2026-03-02T10:00:00Z";

pub(crate) struct Crm {
    pub(crate) stack: Arc<Stack>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) token: String,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|_| panic!("no JSON in {}: {:?}", self.status, self.text))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn rows(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()["data"].as_array().unwrap().clone()
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.rows()
            .iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// One organisation with an administrator in India, a colleague in Berlin and one client.
pub(crate) fn organisation(extra: &Value) -> Value {
    let mut organisation = json!({
        "id": "4000000000000000001",
        "companyName": "Example Ltd",
        "users": [
            {"email": "ann@example.com", "firstName": "Ann", "lastName": "Able", "profile": "Administrator",
             "timeZone": "Asia/Kolkata"},
            {"email": "bob@example.com", "firstName": "Bob", "lastName": "Best", "timeZone": "Europe/Berlin"},
        ],
        "clients": [
            {"clientId": "client", "clientSecret": "secret", "refreshToken": "refresh", "user": "ann@example.com"},
        ],
    });
    for (name, value) in extra.as_object().unwrap() {
        organisation[name] = value.clone();
    }
    organisation
}

/// Contacts of Ann with these last names.
pub(crate) fn contacts(names: &[&str]) -> Value {
    names
        .iter()
        .map(|name| json!({"owner": "ann@example.com", "fields": {"Last_Name": name}}))
        .collect()
}

impl Crm {
    /// With `extra` members in the organisation, logged in.
    pub(crate) async fn with(extra: Value) -> Self {
        Self::of(vec![organisation(&extra)]).await
    }

    pub(crate) async fn of(organisations: Vec<Value>) -> Self {
        let contracts = std::env::var_os("CRMLINK_CONTRACTS").map_or_else(Contracts::none, |path| {
            Contracts::load(&PathBuf::from(path)).unwrap()
        });
        let clock = Arc::new(EmulatorClock::frozen(START.parse().unwrap()));
        let shared = Arc::new(Shared {
            clock,
            contracts,
            faults: Faults::seeded(1),
            ..Shared::default()
        });
        let stack = Stack::new(ZohoEmulator::new(1), Arc::clone(&shared), 1);
        stack.service().seed(&Value::Array(organisations)).unwrap();
        let mut crm = Self {
            stack,
            shared,
            token: String::new(),
        };
        crm.token = crm.login("client", "secret", "refresh").await.json()["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        crm
    }

    pub(crate) async fn login(&self, client: &str, secret: &str, refresh: &str) -> Reply {
        let body = format!(
            "grant_type=refresh_token&client_id={client}&client_secret={secret}&refresh_token={refresh}"
        );
        let request = Request::post("/oauth/v2/token")
            .header("host", "accounts.example:81")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    /// A new token for the client of the organisation.
    pub(crate) async fn fresh_token(&self) -> String {
        self.login("client", "secret", "refresh").await.json()["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        self.try_send(request).await.expect("an answer")
    }

    /// Nothing comes back where a fault closes the connection.
    pub(crate) async fn try_send(&self, request: Request<Body>) -> Option<Reply> {
        let response = self.stack.call(request).await?;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Some(Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text,
        })
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/crm/v8{path}"))
            .header("authorization", format!("Zoho-oauthtoken {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &[], None).await
    }

    pub(crate) async fn get_since(&self, path: &str, since: &str) -> Reply {
        self.call("GET", path, &[("if-modified-since", since)], None)
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call("POST", path, &[], Some(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.call("PUT", path, &[], Some(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path, &[], None).await
    }

    pub(crate) async fn coql(&self, query: &str) -> Reply {
        self.post("/coql", json!({"select_query": query})).await
    }

    pub(crate) fn fault(&self, rule: Rule) -> u64 {
        let rule = Rule {
            service: "zoho".to_owned(),
            ..rule
        };
        self.shared.faults.add(rule).unwrap()
    }

    pub(crate) fn edit(&self, action: impl Into<Value>) -> Result<Value, Refused> {
        self.stack.service().edit(&action.into())
    }

    /// The id that an edit on one contact gives back.
    pub(crate) fn edited(&self, action: Value) -> String {
        self.edit(action).unwrap()["ids"][0].as_str().unwrap().to_owned()
    }

    pub(crate) fn state(&self) -> Value {
        self.stack.service().state()["organisations"][0].clone()
    }

    /// The id of the contact with that last name.
    pub(crate) fn id(&self, last_name: &str) -> String {
        let state = self.state();
        let found = state["contacts"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["Last_Name"] == last_name);
        found.unwrap()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn user(&self, email: &str) -> String {
        let state = self.state();
        let found = state["users"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["email"] == email);
        found.unwrap()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn counter(&self, name: &str) -> u64 {
        self.stack.service().counters()[name]
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.shared.clock.advance(SignedDuration::from_secs(seconds));
    }
}

impl Drop for Crm {
    /// Every answer in every test fits the vendor's contract, where one is at hand.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let report = serde_json::to_value(self.shared.contracts.findings()).unwrap();
        let answers: Vec<&Value> = report["violations"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|violation| violation["direction"] == "answer")
            .collect();
        assert!(answers.is_empty(), "answers against the contract: {answers:#?}");
    }
}
