//! What has to hold before a change is good: run by people and by CI.

mod dependencies;
mod lines;
mod links;
mod reasons;

use crate::{
    error::{Error, Result},
    generate,
    process::{cargo, run},
    workspace,
};

/// One check: prints what is wrong and says whether all is well.
type Check = fn() -> Result<bool>;

/// All checks, cheap ones first. Every check runs, so that one run tells everything.
pub(crate) fn all() -> Result<()> {
    let checks: [(&str, Check); 7] = [
        ("format", format),
        ("generated files", generated_files),
        ("links", links::check),
        ("file lengths", lines::check),
        ("reasons", reasons::check),
        ("dependencies", dependencies::check),
        ("lints", lints),
    ];
    let mut failed = Vec::new();
    for (name, check) in checks {
        let good = check()?;
        println!("{} {name}", if good { "ok  " } else { "FAIL" });
        if !good {
            failed.push(name.to_owned());
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Error::Checks(failed))
    }
}

fn format() -> Result<bool> {
    passes(run(&mut cargo(["fmt", "--all", "--check"])))
}

fn lints() -> Result<bool> {
    passes(run(&mut cargo([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--keep-going",
        "--",
        "-D",
        "warnings",
    ])))
}

fn generated_files() -> Result<bool> {
    let stale = generate::stale()?;
    for path in &stale {
        println!("{} differs from what `cargo xtask gen` writes", path.display());
    }
    Ok(stale.is_empty())
}

/// A command that ran and failed is a finding; one that could not run is an error.
fn passes(result: Result<()>) -> Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(Error::Command { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Prints findings, each with its place.
fn report(findings: &[(std::path::PathBuf, String)]) -> bool {
    for (path, what) in findings {
        println!("{}: {what}", workspace::relative(path));
    }
    findings.is_empty()
}
