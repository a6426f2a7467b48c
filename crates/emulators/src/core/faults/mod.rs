//! Faults on request: answers that the real services give on bad days, and requests parked in the middle.

mod disturbance;
mod hit;
mod rule;
mod storm;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use ambient::{Random as _, SeededRandom};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

pub use disturbance::Disturbance;
pub(in crate::core) use hit::Scene;
pub use hit::{Hit, Replacement};
pub use rule::{Answer, Effect, Kept, RetryAfter, Rule};
pub use storm::storm;

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
    seed: u64,
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

impl Faults {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No rules yet. Rules with a `chance` draw from `seed`: the same requests in the same order are hit again.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
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
            let dice = dice(self.seed, armed.id, armed.matched);
            let lucky = armed.rule.chance.is_none_or(|chance| dice.fraction() < chance);
            if armed.matched > armed.rule.skip && !spent && lucky {
                armed.fired += 1;
                return Some(Hit::new(armed.id, armed.rule.clone(), dice.next_u64()));
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

/// The numbers for one request that a rule is for: they depend on nothing else, so that rules do not disturb each
/// other.
fn dice(seed: u64, rule: u64, matched: u64) -> SeededRandom {
    let rule = SeededRandom::new(seed ^ rule.rotate_left(32)).next_u64();
    SeededRandom::new(rule.wrapping_add(matched))
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
