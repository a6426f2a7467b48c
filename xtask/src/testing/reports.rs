//! What the integration tiers saw: each run against the emulators leaves a report.
//!
//! A report is a JSON file in the folder of `CRMLINK_TEST_REPORTS`, with any name that ends in `.json`:
//! `{"contracts": {"checked": 120, "violations": 0}, "counters": {"graph": {…}, "zoho": {…}}}`. The counters are those
//! of the emulators' control API as they stood at the end of the run.

use std::{fmt, fs, path::Path};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::{Doing, Error, Result},
    never::Tally,
};

#[derive(Debug, Deserialize)]
struct Report {
    contracts: Contracts,
    counters: Value,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
struct Contracts {
    checked: u64,
    violations: u64,
}

/// All reports in sum.
#[derive(Debug, Default)]
pub(super) struct Reports {
    runs: usize,
    contracts: Contracts,
    tally: Tally,
}

impl Reports {
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let doing = || format!("reading {}", folder.display());
        let mut reports = Self::default();
        for entry in fs::read_dir(folder).doing(doing)? {
            let path = entry.doing(doing)?.path();
            if path.extension().is_some_and(|end| end == "json") {
                let text = fs::read_to_string(&path).doing(doing)?;
                reports
                    .add(&text)
                    .map_err(|detail| Error::File { path, detail })?;
            }
        }
        Ok(reports)
    }

    fn add(&mut self, text: &str) -> std::result::Result<(), String> {
        let report: Report = serde_json::from_str(text).map_err(|error| error.to_string())?;
        self.runs += 1;
        self.contracts.checked += report.contracts.checked;
        self.contracts.violations += report.contracts.violations;
        self.tally.add(&report.counters)
    }

    /// Everything that must not be.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = self.tally.broken();
        if self.contracts.violations > 0 {
            problems.push(format!(
                "{} violations of the vendors' contracts",
                self.contracts.violations
            ));
        }
        problems
    }
}

impl fmt::Display for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Contracts { checked, violations } = self.contracts;
        writeln!(f)?;
        writeln!(f, "{} runs against the emulators reported", self.runs)?;
        writeln!(
            f,
            "contracts: {checked} messages checked, {violations} violations"
        )?;
        let broken = self.tally.broken().len();
        writeln!(
            f,
            "what must never happen: {} counters, {} of them not zero",
            self.tally.len(),
            broken
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violations_add_up_and_are_a_problem() {
        let mut reports = Reports {
            runs: 1,
            contracts: Contracts {
                checked: 3,
                violations: 0,
            },
            ..Reports::default()
        };
        assert!(reports.problems().is_empty());
        reports.contracts.violations += 2;
        assert_eq!(reports.problems(), ["2 violations of the vendors' contracts"]);
    }

    #[test]
    fn a_report_without_its_counters_is_refused() {
        let error =
            Reports::default().add(r#"{"contracts": {"checked": 1, "violations": 0}, "counters": {}}"#);
        assert!(error.unwrap_err().contains("there is no counter"));
    }
}
