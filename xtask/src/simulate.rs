//! The simulation, in a program of its own: this one stays small.

use crate::{
    error::Result,
    process::{cargo, run as run_program},
};

pub(crate) fn run(histories: u64, seed: u64, bug: Option<&str>, more: &[String]) -> Result<()> {
    let (histories, seed) = (histories.to_string(), seed.to_string());
    let mut arguments = vec!["run", "--release", "--locked", "--package", "simulation"];
    arguments.extend(["--bin", "simulation"]);
    if bug.is_some() {
        arguments.extend(["--features", "planted-bugs"]);
    }
    arguments.extend(["--", "--histories", &histories, "--seed", &seed]);
    if let Some(bug) = bug {
        arguments.extend(["--bug", bug]);
    }
    arguments.extend(more.iter().map(String::as_str));
    run_program(&mut cargo(arguments))
}

/// Measures first syncs of so many contacts.
pub(crate) fn bench(contacts: &[u32]) -> Result<()> {
    let mut arguments = vec!["run", "--release", "--locked", "--package", "simulation"];
    arguments.extend(["--bin", "bench-contacts", "--"]);
    let contacts: Vec<String> = contacts.iter().map(ToString::to_string).collect();
    arguments.extend(contacts.iter().map(String::as_str));
    run_program(&mut cargo(arguments))
}
