//! Faults on request: answers that the real services give on bad days, and requests parked in the middle.

mod rule;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use http::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;

pub use rule::{Answer, Effect, Rule};

use super::bodies::Seen;
use super::service::Refused;

/// A rule and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RuleView {
    /// The rule's number.
    pub id: u64,
    /// Requests that it was for, those that passed included.
    pub matched: u64,
    /// Requests that it hit.
    pub fired: u64,
    /// Requests that it holds at this moment.
    pub parked: usize,
    /// The rule as given.
    pub rule: Rule,
}

/// All rules, in the order in which they are tried: the first that fires wins.
#[derive(Debug, Default)]
pub struct Faults {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    last_id: u64,
    rules: Vec<Armed>,
    /// Parked requests: the rule's number and the way to let each one go.
    parked: BTreeMap<u64, Parked>,
    last_ticket: u64,
}

#[derive(Debug)]
struct Armed {
    id: u64,
    matched: u64,
    fired: u64,
    rule: Rule,
}

#[derive(Debug)]
struct Parked {
    rule: u64,
    release: oneshot::Sender<()>,
}

/// What a rule does to one request.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The rule's number.
    pub id: u64,
    rule: Rule,
}

/// What the client gets in the service's place.
#[derive(Debug)]
pub enum Replacement {
    /// An answer.
    Answer(Response<Body>),
    /// Nothing: the connection is closed.
    Drop,
}

impl Faults {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule and gives its number.
    ///
    /// # Errors
    /// If the rule says nothing or contradicts itself.
    pub fn add(&self, rule: Rule) -> Result<u64, Refused> {
        rule.check()?;
        let mut inner = self.inner();
        inner.last_id += 1;
        let id = inner.last_id;
        inner.rules.push(Armed {
            id,
            matched: 0,
            fired: 0,
            rule,
        });
        Ok(id)
    }

    /// Removes all rules and lets all parked requests go.
    pub fn clear(&self) {
        let mut inner = self.inner();
        inner.rules.clear();
        inner.parked.clear();
    }

    /// Lets parked requests go: those of one rule, or all. Says how many there were.
    pub fn release(&self, rule: Option<u64>) -> usize {
        let mut inner = self.inner();
        let tickets: Vec<u64> = inner
            .parked
            .iter()
            .filter(|(_, parked)| rule.is_none_or(|rule| parked.rule == rule))
            .map(|(ticket, _)| *ticket)
            .collect();
        let released = tickets.iter().filter_map(|ticket| inner.parked.remove(ticket));
        released.filter_map(|parked| parked.release.send(()).ok()).count()
    }

    /// All rules with their counters.
    #[must_use]
    pub fn list(&self) -> Vec<RuleView> {
        let inner = self.inner();
        let view = |armed: &Armed| RuleView {
            id: armed.id,
            matched: armed.matched,
            fired: armed.fired,
            parked: inner
                .parked
                .values()
                .filter(|parked| parked.rule == armed.id)
                .count(),
            rule: armed.rule.clone(),
        };
        inner.rules.iter().map(view).collect()
    }

    /// Whether a rule hits this request; counts it.
    #[must_use]
    pub fn hit(&self, service: &str, seen: &Seen, batched: bool) -> Option<Hit> {
        let mut inner = self.inner();
        for armed in &mut inner.rules {
            if !armed.rule.matches(service, seen, batched) {
                continue;
            }
            armed.matched += 1;
            let spent = armed.rule.limit().is_some_and(|limit| armed.fired >= limit);
            if armed.matched > armed.rule.skip && !spent {
                armed.fired += 1;
                return Some(Hit {
                    id: armed.id,
                    rule: armed.rule.clone(),
                });
            }
        }
        None
    }

    async fn park(&self, rule: u64) {
        let (release, released) = oneshot::channel();
        let ticket = {
            let mut inner = self.inner();
            inner.last_ticket += 1;
            let ticket = inner.last_ticket;
            inner.parked.insert(ticket, Parked { rule, release });
            ticket
        };
        // Taken out again also if the request is given up while it is parked.
        let _place = Place { faults: self, ticket };
        // An error means that all rules were removed, which releases as well.
        let _ = released.await;
    }
}

struct Place<'a> {
    faults: &'a Faults,
    ticket: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.faults.inner().parked.remove(&self.ticket);
    }
}

impl Hit {
    /// What happens before the service sees the request.
    pub async fn before(&self, faults: &Faults) -> Option<Replacement> {
        if self.rule.effect == Effect::After {
            None
        } else {
            self.act(faults).await
        }
    }

    /// What happens after the service has done its work.
    pub async fn after(&self, faults: &Faults) -> Option<Replacement> {
        if self.rule.effect == Effect::After {
            self.act(faults).await
        } else {
            None
        }
    }

    async fn act(&self, faults: &Faults) -> Option<Replacement> {
        if let Some(delay) = self.rule.delay() {
            tokio::time::sleep(delay).await;
        }
        if self.rule.hold {
            faults.park(self.id).await;
        }
        if self.rule.drop {
            return Some(Replacement::Drop);
        }
        self.rule
            .answer
            .as_ref()
            .map(|answer| Replacement::Answer(response(answer)))
    }
}

fn response(answer: &Answer) -> Response<Body> {
    let (body, content_type) = match &answer.body {
        Value::Null => (Body::empty(), None),
        Value::String(text) => (Body::from(text.clone()), Some("text/plain; charset=utf-8")),
        json => (Body::from(json.to_string()), Some("application/json")),
    };
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static(content_type),
        );
    }
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (
            http::HeaderName::try_from(name),
            http::HeaderValue::try_from(value),
        ) {
            headers.insert(name, value);
        }
    }
    response
}
