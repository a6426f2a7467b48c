//! Counts of what the operator did, above all of what it must never do.

use std::collections::BTreeMap;

/// Every counter; all of them show from the start, so that a misspelt name in a test is seen.
const NAMES: [&str; 25] = [
    "attendees_written",
    "batch_calls",
    "creates",
    "deletes",
    "deletes_without_if_match",
    "delta_resets",
    "duplicate_markers",
    "folder_creates",
    "folder_deletes",
    "folder_updates",
    "mailbox_requests",
    "mails_sent",
    "max_in_flight",
    "named_properties",
    "noop_updates",
    "permanent_deletes",
    "requested_mails_repeated",
    "requested_mails_sent",
    "requests_without_immutable_id",
    "throttled",
    "token_requests_refused",
    "tokens_issued",
    "updates",
    "updates_without_if_match",
    "writes_outside_marked_folder",
];

/// Counters by name.
#[derive(Debug)]
pub(super) struct Counters(BTreeMap<&'static str, u64>);

impl Default for Counters {
    fn default() -> Self {
        Self(NAMES.iter().map(|name| (*name, 0)).collect())
    }
}

impl Counters {
    pub(super) fn add(&mut self, name: &'static str) {
        debug_assert!(self.0.contains_key(name), "{name} is not in the list");
        *self.0.entry(name).or_default() += 1;
    }

    pub(super) fn at_least(&mut self, name: &'static str, value: u64) {
        let entry = self.0.entry(name).or_default();
        *entry = (*entry).max(value);
    }

    pub(super) fn all(&self) -> BTreeMap<String, u64> {
        self.0
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    }
}
