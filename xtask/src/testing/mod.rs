//! All tests, cheap ones first, and what they saw in sum.

mod reports;
mod results;
mod tiers;

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use local_cluster::Assets;

use self::{
    reports::Reports,
    results::{Counts, Summary},
    tiers::Tier,
};
use crate::{
    binaries::{self, Binaries},
    error::{Doing, Error, Result},
    process::{self, cargo, run},
    workspace,
};

/// The folder that tests put their reports in.
const REPORTS_VARIABLE: &str = "CRMLINK_TEST_REPORTS";
/// The operator's program.
const OPERATOR_VARIABLE: &str = "CRMLINK_TEST_OPERATOR";
/// The emulators' program.
const EMULATORS_VARIABLE: &str = "CRMLINK_TEST_EMULATORS";

/// Runs every tier, even when one fails, and fails when anything did.
pub(crate) fn run_all(filter: Option<&str>) -> Result<()> {
    let contracts = workspace::contracts();
    if contracts.is_none() {
        println!("{}", no_contracts());
        if workspace::is_ci() {
            return Err(Error::Tests(
                "CI is set, and there the contract checks may not be skipped".to_owned(),
            ));
        }
    }
    let binaries = binaries::build()?;
    run(&mut cargo(["test", "--workspace", "--no-run", "--locked"]))?;
    if std::env::var_os(local_cluster::CONTEXT_VARIABLE).is_none() {
        // Here once, with progress, instead of in whichever test comes first.
        Assets::locate_or_build(&|line| println!("{line}"))?;
    }

    let reports = tempfile::Builder::new()
        .prefix("crmlink-reports-")
        .tempdir()
        .doing(|| "creating a folder".to_owned())?;
    let mut summary = Summary::default();
    for tier in tiers::all(&binaries::metadata()?) {
        println!("\n== {} ==", tier.name());
        let mut command = cargo(tier.arguments());
        command.args(filter);
        prepare(&mut command, &binaries, contracts.as_deref(), reports.path());
        summary.add(tier, run_counted(&mut command)?);
    }
    let reports = Reports::read(reports.path())?;
    println!("\n{summary}{reports}");
    if contracts.is_none() {
        println!("{}", no_contracts());
    }
    let problems = reports.problems();
    for problem in &problems {
        println!("PROBLEM: {problem}");
    }
    let Counts { passed, failed, .. } = summary.total();
    println!("{passed} passed, {failed} failed");
    if failed > 0 || summary.broken() {
        return Err(Error::Tests("tests failed".to_owned()));
    }
    if !problems.is_empty() {
        return Err(Error::Tests(problems.join("; ")));
    }
    Ok(())
}

fn no_contracts() -> String {
    format!(
        "CONTRACT CHECKS ARE SKIPPED: there are no contracts in ../shared/contracts, and {} names none",
        workspace::CONTRACTS_VARIABLE
    )
}

fn prepare(command: &mut Command, binaries: &Binaries, contracts: Option<&Path>, reports: &Path) {
    command
        .env(REPORTS_VARIABLE, reports)
        .env(OPERATOR_VARIABLE, &binaries.operator)
        .env(EMULATORS_VARIABLE, &binaries.emulators);
    match contracts {
        Some(folder) => command.env(workspace::CONTRACTS_VARIABLE, folder),
        None => command.env_remove(workspace::CONTRACTS_VARIABLE),
    };
}

/// Passes the output on and counts the results in it.
fn run_counted(command: &mut Command) -> Result<Counts> {
    let shown = process::shown(command);
    let doing = || format!("running `{shown}`");
    let mut child = command.stdout(Stdio::piped()).spawn().doing(doing)?;
    let mut counts = Counts::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line.doing(doing)?;
            println!("{line}");
            counts.read(&line);
        }
    }
    let status = child.wait().doing(doing)?;
    counts.broke = !status.success();
    Ok(counts)
}
