//! The journal: what was asked and answered, in order, in a ring of bounded size, and counts over everything.

mod entry;
mod route;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

pub use entry::{Entry, Outcome, View, header_map};
pub use route::route_of;

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Entries in the ring.
    pub entries: usize,
    /// Of those, how many (the latest) with their bodies.
    pub bodies: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 50_000,
            bodies: 2_000,
        }
    }
}

/// How often a route was called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// All calls, answered or not.
    pub total: u64,
    /// Of those, how many came in a batch.
    pub batched: u64,
    /// Answers by status; `dropped` counts connections closed without an answer.
    pub answers: BTreeMap<String, u64>,
}

/// Counts by service, then by method and route (`GET /users/{}/contactFolders`).
pub type Counts = BTreeMap<String, BTreeMap<String, Count>>;

/// Which entries to show.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// `graph` or `zoho`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The method, in capitals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Part of the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_contains: Option<String>,
    /// Only entries with a higher sequence number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// At most so many, the latest ones; 1,000 if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

impl Query {
    fn admits(&self, entry: &Entry) -> bool {
        self.service
            .as_deref()
            .is_none_or(|service| entry.service == service)
            && self
                .method
                .as_deref()
                .is_none_or(|method| entry.method.eq_ignore_ascii_case(method))
            && self
                .path_contains
                .as_deref()
                .is_none_or(|part| entry.path.contains(part))
            && self.since.is_none_or(|since| entry.seq > since)
    }
}

/// The journal of one run. Sequence numbers go on over a reset, so that none is used twice.
#[derive(Debug, Default)]
pub struct Journal {
    limits: Limits,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    last_seq: u64,
    ring: VecDeque<Entry>,
    counts: Counts,
}

impl Inner {
    /// The ring holds consecutive numbers, so an entry is found by subtraction.
    fn entry(&mut self, seq: u64) -> Option<&mut Entry> {
        let first = self.ring.front()?.seq;
        let index = usize::try_from(seq.checked_sub(first)?).ok()?;
        self.ring.get_mut(index)
    }
}

impl Journal {
    /// An empty journal.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            inner: Mutex::default(),
        }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down a request and gives it its number.
    pub fn begin(&self, mut entry: Entry) -> u64 {
        let mut inner = self.inner();
        inner.last_seq += 1;
        let seq = inner.last_seq;
        entry.seq = seq;
        let routes = inner.counts.entry(entry.service.to_owned()).or_default();
        let count = routes.entry(entry.counted_as()).or_default();
        count.total += 1;
        count.batched += u64::from(entry.batched);
        inner.ring.push_back(entry);
        if inner.ring.len() > self.limits.entries {
            inner.ring.pop_front();
        }
        let bodiless = inner.ring.len().checked_sub(self.limits.bodies + 1);
        if let Some(entry) = bodiless.and_then(|index| inner.ring.get_mut(index)) {
            entry.forget_bodies();
        }
        seq
    }

    /// Writes down how a request ended.
    pub fn end(&self, seq: u64, outcome: Outcome) {
        let mut inner = self.inner();
        let keep_bodies = inner.last_seq.saturating_sub(seq) < self.limits.bodies as u64;
        let Some(entry) = inner.entry(seq) else { return };
        let (service, counted_as) = (entry.service, entry.counted_as());
        let label = outcome.label();
        entry.outcome = Some(outcome);
        if !keep_bodies {
            entry.forget_bodies();
        }
        if let Some(count) = inner
            .counts
            .get_mut(service)
            .and_then(|routes| routes.get_mut(&counted_as))
        {
            *count.answers.entry(label).or_default() += 1;
        }
    }

    /// The entries that a query admits, oldest first.
    #[must_use]
    pub fn list(&self, query: &Query) -> Vec<View> {
        let inner = self.inner();
        let limit = query.limit.unwrap_or(1_000);
        let mut views: Vec<View> = inner
            .ring
            .iter()
            .rev()
            .filter(|entry| query.admits(entry))
            .take(limit)
            .map(Entry::view)
            .collect();
        views.reverse();
        views
    }

    /// Counts over everything since the start or the last reset, whatever left the ring.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.inner().counts.clone()
    }

    /// Forgets entries and counts.
    pub fn clear(&self) {
        let mut inner = self.inner();
        inner.ring.clear();
        inner.counts.clear();
    }
}
