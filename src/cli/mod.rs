//! The command line. Every flag of `run` has an environment variable of the same meaning.

mod check;
mod crds;
mod decide;
mod kubernetes;
mod output;
mod run;
mod services;
mod status;
mod users;

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::api::DecisionVerdict;

pub(crate) use run::{LogFormat, RunArgs};
pub(crate) use services::ServiceError;

/// The binary's name as a plugin of kubectl.
const PLUGIN: &str = "kubectl-crmlink";

/// Keeps Microsoft 365 and Zoho CRM at the state that is declared in Kubernetes.
#[derive(Debug, Parser)]
#[command(name = "crmlink", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the operator.
    Run(Box<RunArgs>),
    /// Print the `CustomResourceDefinition`s as YAML.
    Crds,
    /// Approve a request to join: the person is then invited to the CRM.
    Approve(decide::DecideArgs),
    /// Turn a request to join down, for good.
    Deny(decide::DecideArgs),
    /// Show the state of all objects, the worst first.
    Status(status::StatusArgs),
    /// Check files before they are merged: schema, rules and references, without a cluster.
    Check(check::CheckArgs),
    /// List the approved Microsoft 365 users who are not in the CRM yet, or print invites for them.
    Users(Box<users::UsersArgs>),
}

/// Parses the command line and does what it says.
pub async fn main() -> ExitCode {
    match parsed().command {
        Command::Run(args) => run::run(*args).await,
        Command::Crds => crds::print_crds(),
        Command::Approve(args) => decide::run(&args, DecisionVerdict::Approved).await,
        Command::Deny(args) => decide::run(&args, DecisionVerdict::Denied).await,
        Command::Status(args) => status::run(&args).await,
        Command::Check(args) => check::run(&args),
        Command::Users(args) => Box::pin(users::run(&args)).await,
    }
}

/// The command line, or the end with help or with what is wrong with it.
fn parsed() -> Cli {
    let called = std::env::args_os().next().unwrap_or_default();
    let mut command = Cli::command();
    if is_plugin(&called) {
        command = command.bin_name("kubectl crmlink");
    }
    let mut matches = command.get_matches();
    Cli::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.exit())
}

/// Whether kubectl calls the binary, by a link of that name.
fn is_plugin(called: &OsStr) -> bool {
    Path::new(called).file_stem() == Some(OsStr::new(PLUGIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_of_run_has_an_environment_variable() {
        Cli::command().debug_assert();
        let command = Cli::command();
        let run = command.find_subcommand("run").unwrap();
        for flag in run.get_arguments().filter(|flag| flag.get_id() != "help") {
            let expected = format!("CRMLINK_{}", flag.get_id().as_str().to_uppercase());
            assert_eq!(
                flag.get_env().and_then(|env| env.to_str()),
                Some(expected.as_str())
            );
        }
    }

    #[test]
    fn a_link_of_the_plugins_name_is_known() {
        assert!(is_plugin(OsStr::new("/usr/local/bin/kubectl-crmlink")));
        assert!(!is_plugin(OsStr::new("crmlink")));
    }
}
