//! A reason that is declared is also given somewhere: a list of words that nobody says would mislead.

use std::path::{Path, PathBuf};

use crmlink::api::Reason;

use crate::{check::report, error::Result, workspace};

const DECLARED: &str = "src/api/reasons.rs";

pub(crate) fn check() -> Result<bool> {
    let mut code = String::new();
    for path in workspace::files("src", &["rs"])? {
        if speaks_for_the_product(&path) {
            code.push_str(&workspace::read(&path)?);
        }
    }
    let path = workspace::root().join(DECLARED);
    let findings: Vec<(PathBuf, String)> = unused(&code)
        .map(|reason| (path.clone(), format!("nothing ever gives the reason {reason}")))
        .collect();
    Ok(report(&findings))
}

/// Neither the declaration itself nor a test.
fn speaks_for_the_product(path: &Path) -> bool {
    let path = workspace::relative(path);
    path != DECLARED && !path.ends_with("_tests.rs")
}

fn unused(code: &str) -> impl Iterator<Item = Reason> {
    Reason::ALL.iter().copied().filter(move |reason| {
        let word = format!("Reason::{reason}");
        !code.match_indices(&word).any(|(at, _)| {
            let after = code[at + word.len()..].chars().next();
            !after.is_some_and(|letter| letter.is_ascii_alphanumeric())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_counts_only_as_a_whole_word() {
        let others = Reason::ALL
            .iter()
            .filter(|reason| **reason != Reason::InitialSync);
        let others: Vec<String> = others.map(|reason| format!("Reason::{reason}")).collect();
        let code = others.join(",") + ",";
        assert!(code.contains("Reason::InitialSyncDone"));
        assert_eq!(unused(&code).collect::<Vec<_>>(), [Reason::InitialSync]);
    }
}
