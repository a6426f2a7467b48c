//! What the emulators count that must never happen, and what the contracts say.

use emulators::core::contract::Violation;

use crate::finding::Finding;
use crate::ledger::Ledger;
use crate::world::World;

/// Counters that stay at zero: the service, its name there, the requirement.
const NEVER: [(&str, &str, &str); 18] = [
    ("graph", "attendees_written", "N4"),
    ("graph", "duplicate_markers", "N2"),
    ("graph", "mails_sent", "N4"),
    ("graph", "noop_updates", "N10"),
    ("graph", "permanent_deletes", "N6"),
    ("graph", "requests_without_immutable_id", "N2"),
    ("graph", "updates_without_if_match", "N1"),
    ("graph", "writes_outside_marked_folder", "N5"),
    ("zoho", "assignment_rules_run", "N4"),
    ("zoho", "automation_runs", "N4"),
    ("zoho", "cadences_run", "N4"),
    ("zoho", "duplicates", "N2"),
    ("zoho", "mails_sent", "N4"),
    ("zoho", "notifications_sent", "N4"),
    ("zoho", "owner_changes_by_api", "N5"),
    ("zoho", "unimplemented_calls", "N5"),
    ("zoho", "updates_without_precondition", "N1"),
    ("zoho", "writes_outside_owners", "N5"),
];

pub(super) fn check(world: &World, ledger: &Ledger) -> Vec<Finding> {
    let counters = world.counters();
    let counted = NEVER.iter().filter_map(|(service, name, rule)| {
        let what = match counters[service].get(*name) {
            Some(0) => return None,
            Some(_) if *name == "duplicate_markers" && ledger.twins_excused() => return None,
            // A record whose making was not answered and that may not be seen any more cannot be found.
            Some(_) if *name == "duplicates" && ledger.rights_changed.is_some() => return None,
            Some(count) => format!("{service} counted {count} {name}"),
            // A misspelt name must not pass for zero.
            None => format!("{service} has no counter {name}"),
        };
        Some(Finding::new(rule, what))
    });
    let mut findings: Vec<Finding> = counted.collect();
    findings.extend(
        violations(world)
            .first()
            .map(|first| Finding::new("contracts", format!("{first:?}"))),
    );
    findings
}

/// Where requests or answers differ from the contracts.
pub(crate) fn violations(world: &World) -> Vec<Violation> {
    let mut violations = world.contract_findings().violations;
    // The contract of the deleted list knows the scope error alone; a token that has expired is answered there as
    // everywhere.
    violations.retain(|violation| !(violation.path.ends_with("/deleted") && violation.status == Some(401)));
    violations
}
