//! What must never happen, as the emulators count it (section 2 of the design).

use std::collections::BTreeMap;

use serde_json::Value;

/// A counter that stays at zero: the emulated service, its name there, and the invariant.
type Counter = (&'static str, &'static str, &'static str);

const COUNTERS: [Counter; 18] = [
    ("graph", "attendees_written", "N4"),
    ("graph", "duplicate_markers", "N2"),
    ("graph", "mails_sent", "N4"),
    ("graph", "noop_updates", "N10"),
    ("graph", "permanent_deletes", "N6"),
    ("graph", "updates_without_if_match", "N1"),
    ("graph", "writes_outside_marked_folder", "N5"),
    ("zoho", "assignment_rules_run", "N4"),
    ("zoho", "automation_runs", "N4"),
    ("zoho", "cadences_run", "N4"),
    ("zoho", "duplicates", "N2"),
    ("zoho", "invitations_while_pending", "N4"),
    ("zoho", "mails_sent", "N4"),
    ("zoho", "notifications_sent", "N4"),
    ("zoho", "owner_changes_by_api", "N5"),
    ("zoho", "unimplemented_calls", "N5"),
    ("zoho", "updates_without_precondition", "N1"),
    ("zoho", "writes_outside_owners", "N5"),
];

/// How often each happened. Counters are added up over runs.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<Counter, u64>);

impl Tally {
    /// Adds the counters of one run: `{graph: {name: count}, zoho: {…}}`. Other counters are left out; one of this
    /// list that is missing is an error, since a misspelt name would count as zero.
    pub(crate) fn add(&mut self, counters: &Value) -> Result<(), String> {
        for counter in COUNTERS {
            let (service, name, _) = counter;
            let count = counters[service][name].as_u64();
            let count = count.ok_or_else(|| format!("there is no counter {service}.{name}"))?;
            *self.0.entry(counter).or_default() += count;
        }
        Ok(())
    }

    /// What happened although it must not, in words.
    pub(crate) fn broken(&self) -> Vec<String> {
        self.0
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|((service, name, invariant), count)| {
                format!("{invariant}: {service} counted {count} {name}")
            })
            .collect()
    }

    /// How many counters were looked at.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn zeros() -> Value {
        let mut counters = json!({});
        for (service, name, _) in COUNTERS {
            counters[service][name] = json!(0);
        }
        counters
    }

    #[test]
    fn runs_add_up_and_what_is_not_zero_is_named() {
        let mut tally = Tally::default();
        tally.add(&zeros()).unwrap();
        assert_eq!(tally.len(), COUNTERS.len());
        assert!(tally.broken().is_empty());
        let mut mailed = zeros();
        mailed["graph"]["mails_sent"] = json!(2);
        mailed["graph"]["creates"] = json!(7);
        tally.add(&mailed).unwrap();
        tally.add(&mailed).unwrap();
        assert_eq!(tally.broken(), ["N4: graph counted 4 mails_sent"]);
    }

    #[test]
    fn a_missing_counter_is_no_zero() {
        let mut counters = zeros();
        counters["zoho"]["duplicates"] = Value::Null;
        assert_eq!(
            Tally::default().add(&counters).unwrap_err(),
            "there is no counter zoho.duplicates"
        );
    }
}
