//! What the contract checks found.

use serde::{Deserialize, Serialize};

use super::KEPT;

/// Who sent what was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The client: the operator.
    Request,
    /// The emulator.
    Answer,
}

/// One thing that the contract does not allow. Holds names, places and reasons, never values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Sequence number in the journal.
    pub seq: u64,
    /// `graph` or `zoho`.
    pub service: String,
    /// Request or answer.
    pub direction: Direction,
    /// The method.
    pub method: String,
    /// The path as the contract has it; for an undescribed path, the path without its ids.
    pub path: String,
    /// The status, for answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// JSON pointer into the body, empty for the whole; `query:name` for a query parameter.
    pub pointer: String,
    /// What is wrong there.
    pub reason: String,
}

/// What could not be checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unchecked {
    /// Requests that came while no contracts were loaded.
    pub without_contract: u64,
    /// Answers to requests that no contract describes (each request is a violation).
    pub undescribed: u64,
    /// Answers given by fault rules.
    pub faulted: u64,
}

/// All findings of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Whether contracts were loaded at all.
    pub loaded: bool,
    /// Requests checked.
    pub checked_requests: u64,
    /// Answers checked.
    pub checked_answers: u64,
    /// How many violations there were, those not listed included.
    pub violation_count: u64,
    /// The first thousand of them.
    pub violations: Vec<Violation>,
    /// What could not be checked.
    pub unchecked: Unchecked,
}

impl Report {
    pub(super) fn add(&mut self, violation: Violation) {
        self.violation_count += 1;
        if self.violations.len() < KEPT {
            self.violations.push(violation);
        }
    }

    /// The violations in requests: what the operator sent wrong.
    pub fn in_requests(&self) -> impl Iterator<Item = &Violation> {
        self.violations
            .iter()
            .filter(|violation| violation.direction == Direction::Request)
    }
}
