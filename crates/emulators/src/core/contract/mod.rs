//! Checks of every request and answer against the vendors' contracts. What it reports holds names of properties,
//! places and reasons, never values.

mod check;
mod closed;
mod extra;
mod load;
mod reasons;
mod report;
mod schemas;
mod spec;
mod template;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub use report::{Direction, Report, Unchecked, Violation};

use reasons::Reason;
use spec::Spec;

use super::bodies::Seen;
use super::journal::route_of;

/// How many violations are kept; all are counted.
const KEPT: usize = 1_000;

/// Why the contracts could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is no JSON of the expected kind.
    #[error("cannot parse {path}: {source}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A correction does not fit the document.
    #[error("correction {path} does not apply: {source}")]
    Patch {
        /// The file with the corrections.
        path: PathBuf,
        /// Which operation, and why.
        source: json_patch::PatchError,
    },
    /// The schemas do not hang together.
    #[error("schemas of {name}: {problem}")]
    Schema {
        /// Which document.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

/// The contracts of both services and what the checks found.
#[derive(Debug, Default)]
pub struct Contracts {
    services: Arc<Vec<Loaded>>,
    report: Mutex<Report>,
}

#[derive(Debug)]
struct Loaded {
    service: &'static str,
    /// The vendor's contract, then the short list of paths that no contract describes.
    specs: [Spec; 2],
    /// Whether paging parameters of follow-up calls pass.
    follow_ups: bool,
}

/// The operation that a request belongs to, kept until its answer is there.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    service: usize,
    spec: usize,
    operation: usize,
}

impl Contracts {
    /// Loads the contracts from a directory laid out as `graph/graph-v1.0.json`, `zoho/zoho-crm-v8.json` and
    /// `zoho/zoho-crm-v8.corrections.json`. A process reads a directory once: tests start many emulators.
    ///
    /// # Errors
    /// If a file is missing or not what it should be: a broken contract must not pass for a checked one.
    pub fn load(directory: &Path) -> Result<Self, ContractError> {
        let services = load::services(directory)?;
        Ok(Self {
            services,
            report: Mutex::new(Report {
                loaded: true,
                ..Report::default()
            }),
        })
    }

    /// No contracts: nothing is checked, and the report says so.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Checks a request and notes what is wrong.
    pub fn request(&self, service: &str, seq: u64, seen: &Seen) -> Option<Known> {
        let found = self.services.iter().position(|loaded| loaded.service == service);
        let Some((index, loaded)) = found.and_then(|index| Some((index, self.services.get(index)?))) else {
            self.report().unchecked.without_contract += 1;
            return None;
        };
        let (mut path_known, mut found) = (false, None);
        for (number, spec) in loaded.specs.iter().enumerate() {
            match spec.find(&seen.method, &seen.path) {
                Ok(operation) => {
                    let described = spec.operations.get(operation)?;
                    // One path may take bodies of several kinds, each in a description of its own.
                    if found.is_none() || described.takes(seen.media) {
                        let known = Known {
                            service: index,
                            spec: number,
                            operation,
                        };
                        found = Some((known, spec, described));
                    }
                }
                Err(known) => path_known |= known,
            }
        }
        if let Some((known, spec, described)) = found {
            let reasons = check::request(spec, described, seen, loaded.follow_ups);
            self.note(Direction::Request, loaded.service, seq, described, None, reasons);
            return Some(known);
        }
        let reason = if path_known {
            "method is not described"
        } else {
            "path is not described"
        };
        let mut report = self.report();
        report.checked_requests += 1;
        report.unchecked.undescribed += 1;
        report.add(Violation {
            seq,
            service: loaded.service.to_owned(),
            direction: Direction::Request,
            method: seen.method.clone(),
            path: route_of(&seen.path),
            status: None,
            pointer: String::new(),
            reason: reason.to_owned(),
        });
        None
    }

    /// Checks an answer and notes what is wrong.
    pub fn answer(&self, known: Known, seq: u64, status: u16, bytes: &[u8]) {
        let Some(loaded) = self.services.get(known.service) else {
            return;
        };
        let Some(spec) = loaded.specs.get(known.spec) else {
            return;
        };
        let Some(described) = spec.operations.get(known.operation) else {
            return;
        };
        let reasons = check::answer(spec, described, status, bytes);
        self.note(
            Direction::Answer,
            loaded.service,
            seq,
            described,
            Some(status),
            reasons,
        );
    }

    /// Notes that the client got a fault in the service's place.
    pub fn faulted(&self) {
        self.report().unchecked.faulted += 1;
    }

    /// What the checks found so far.
    #[must_use]
    pub fn findings(&self) -> Report {
        self.report().clone()
    }

    fn note(
        &self,
        direction: Direction,
        service: &str,
        seq: u64,
        operation: &spec::Operation,
        status: Option<u16>,
        reasons: Vec<Reason>,
    ) {
        let mut report = self.report();
        match direction {
            Direction::Request => report.checked_requests += 1,
            Direction::Answer => report.checked_answers += 1,
        }
        for Reason { pointer, reason } in reasons {
            report.add(Violation {
                seq,
                service: service.to_owned(),
                direction,
                method: operation.method.clone(),
                path: operation.path.clone(),
                status,
                pointer,
                reason,
            });
        }
    }

    fn report(&self) -> std::sync::MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
