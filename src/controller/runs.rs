//! The last run of each object, for the debug page.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// How a reconcile ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) ended: Timestamp,
    pub(super) outcome: &'static str,
    /// Nothing where only a change brings the next one.
    pub(super) next: Option<Timestamp>,
}

/// Kept only where somebody can look at it: without a debug page it would be memory for nothing.
#[derive(Debug)]
pub(super) struct Runs(Option<Mutex<HashMap<String, Run>>>);

impl Runs {
    pub(super) fn new(kept: bool) -> Self {
        Self(kept.then(Mutex::default))
    }

    pub(super) fn note(&self, key: &str, run: Run) {
        if let Some(runs) = &self.0 {
            let mut runs = runs.lock().unwrap_or_else(PoisonError::into_inner);
            runs.insert(key.to_owned(), run);
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<Run> {
        let runs = self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        runs.get(key).copied()
    }

    /// Forgets every object but these.
    pub(super) fn retain(&self, keys: &HashSet<String>) {
        if let Some(runs) = &self.0 {
            let mut runs = runs.lock().unwrap_or_else(PoisonError::into_inner);
            runs.retain(|key, _| keys.contains(key));
        }
    }
}
