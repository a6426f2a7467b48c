//! What was done to the CRM, in numbers.

use std::collections::BTreeMap;

/// Counters by name. All names show from the start, so that a misspelt name in a test is not a zero.
#[derive(Debug)]
pub(super) struct Counters(BTreeMap<&'static str, u64>);

/// Every counter of the emulator.
const NAMES: [&str; 35] = [
    "assignment_rules_run",
    "automation_runs",
    "cadences_run",
    "calls",
    "coql_calls",
    "creates_by_api",
    "creates_without_owner",
    "credits_used",
    "deletes_by_api",
    "duplicates",
    "invitation_mails_sent",
    "invitations_while_pending",
    "mails_sent",
    "notifications_sent",
    "owner_changes_by_api",
    "record_reads",
    "refused_logins",
    "rows_refused",
    "rows_returned",
    "throttled",
    "timeline_calls",
    "token_throttled",
    "tokens_displaced",
    "tokens_issued",
    "unauthorized",
    "unimplemented_calls",
    "unknown_fields_ignored",
    "updates_by_api",
    "updates_without_change",
    "updates_without_precondition",
    "user_deletes_by_api",
    "user_rows_refused",
    "user_updates_by_api",
    "writes_by_api",
    "writes_outside_owners",
];

impl Counters {
    pub(super) fn new() -> Self {
        Self(NAMES.iter().map(|name| (*name, 0)).collect())
    }

    pub(super) fn one(&mut self, name: &'static str) {
        self.add(name, 1);
    }

    pub(super) fn add(&mut self, name: &'static str, by: u64) {
        debug_assert!(NAMES.contains(&name), "{name} is no counter");
        *self.0.entry(name).or_default() += by;
    }

    pub(super) fn get(&self, name: &'static str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    pub(super) fn report(&self) -> BTreeMap<String, u64> {
        self.0
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect()
    }
}
