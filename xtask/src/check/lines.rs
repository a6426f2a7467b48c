//! No Rust file grows beyond what one reads in one go.

use crate::{check::report, error::Result, workspace};

const MOST: usize = 600;

pub(crate) fn check() -> Result<bool> {
    let mut findings = Vec::new();
    for folder in ["src", "crates", "tests", "xtask"] {
        for path in workspace::files(folder, &["rs"])? {
            let lines = workspace::read(&path)?.lines().count();
            if lines > MOST {
                findings.push((
                    path,
                    format!("{lines} lines, more than {MOST}: split it by subject"),
                ));
            }
        }
    }
    Ok(report(&findings))
}
