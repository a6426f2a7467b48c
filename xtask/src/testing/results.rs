//! Counts from the lines that the test harness prints.

use std::fmt;

use super::Tier;

/// Results of one tier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u32,
    pub(super) failed: u32,
    pub(super) ignored: u32,
    /// Cargo failed: a test did, or something did not compile or was killed.
    pub(super) broke: bool,
}

impl Counts {
    /// Adds the numbers of a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    pub(super) fn read(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else {
            return;
        };
        for part in rest.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else {
                continue;
            };
            let Ok(number) = number.parse::<u32>() else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

/// Results of all tiers.
#[derive(Debug, Default)]
pub(super) struct Summary(Vec<(Tier, Counts)>);

impl Summary {
    pub(super) fn add(&mut self, tier: Tier, counts: Counts) {
        self.0.push((tier, counts));
    }

    pub(super) fn total(&self) -> Counts {
        self.0.iter().fold(Counts::default(), |sum, (_, counts)| Counts {
            passed: sum.passed + counts.passed,
            failed: sum.failed + counts.failed,
            ignored: sum.ignored + counts.ignored,
            broke: sum.broke || counts.broke,
        })
    }

    /// Whether a tier did not come to a good end, with or without a failed test.
    pub(super) fn broken(&self) -> bool {
        self.total().broke
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<16} {:>7} {:>7} {:>8}",
            "TIER", "PASSED", "FAILED", "IGNORED"
        )?;
        for (tier, counts) in &self.0 {
            let Counts {
                passed,
                failed,
                ignored,
                broke,
            } = counts;
            let note = if *broke && *failed == 0 {
                "  did not end well, see above"
            } else {
                ""
            };
            writeln!(
                f,
                "{:<16} {passed:>7} {failed:>7} {ignored:>8}{note}",
                tier.name()
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_binaries_add_up() {
        let mut counts = Counts::default();
        counts.read("running 3 tests");
        counts.read(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s",
        );
        counts.read("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 4 filtered out");
        assert_eq!(
            counts,
            Counts {
                passed: 4,
                failed: 2,
                ignored: 1,
                broke: false
            }
        );
    }
}
