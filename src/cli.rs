//! The command line. Every flag has an environment variable of the same meaning.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use url::Url;

use crate::{api, operator, telemetry};

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
}

/// How the operator runs.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Folder for the store; nothing else is kept in it.
    #[arg(long, env = "CRMLINK_DATA_DIR", default_value = "/var/lib/crmlink")]
    pub(crate) data_dir: PathBuf,

    /// The operator's own namespace.
    #[arg(long, env = "CRMLINK_NAMESPACE", default_value = "crmlink-system")]
    pub(crate) namespace: String,

    /// Secret in the own namespace with the key that field values are hashed with. Made if it is missing.
    #[arg(long, env = "CRMLINK_KEY_SECRET", default_value = "crmlink-hash-key")]
    pub(crate) key_secret: String,

    /// Lease in the own namespace that lets one operator act at a time. Made if it is missing.
    #[arg(long, env = "CRMLINK_LEASE", default_value = "crmlink-leader")]
    pub(crate) lease: String,

    /// Watch this namespace only; all namespaces if it is not given.
    #[arg(long, env = "CRMLINK_WATCH_NAMESPACE")]
    pub(crate) watch_namespace: Option<String>,

    /// How many objects of a kind are worked on at the same time.
    #[arg(long, env = "CRMLINK_CONCURRENCY", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) concurrency: u16,

    /// Address for /livez, /readyz, /metrics and /debug.
    #[arg(long, env = "CRMLINK_LISTEN", default_value = "0.0.0.0:8080")]
    pub(crate) listen: SocketAddr,

    /// Serve /debug: names of objects, their last and next runs, credits, queues, the Lease; nothing of people.
    #[arg(long, env = "CRMLINK_DEBUG_PAGE")]
    pub(crate) debug_page: bool,

    /// Form of the log lines.
    #[arg(long, env = "CRMLINK_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,

    /// PEM bundle of certificate authorities to trust besides those of the machine.
    #[arg(long, env = "CRMLINK_CA_FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Instead of Microsoft Graph's address; for emulators.
    #[arg(long, env = "CRMLINK_GRAPH_URL")]
    pub(crate) graph_url: Option<Url>,

    /// Instead of the address of Microsoft's login service; for emulators.
    #[arg(long, env = "CRMLINK_GRAPH_LOGIN_URL")]
    pub(crate) graph_login_url: Option<Url>,

    /// Instead of the address of Zoho's accounts service; for emulators.
    #[arg(long, env = "CRMLINK_ZOHO_ACCOUNTS_URL")]
    pub(crate) zoho_accounts_url: Option<Url>,

    /// Instead of the address of Zoho's API; for emulators.
    #[arg(long, env = "CRMLINK_ZOHO_API_URL")]
    pub(crate) zoho_api_url: Option<Url>,
}

/// Form of the log lines.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Parses the command line and does what it says.
pub async fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Run(args) => {
            telemetry::start(args.log_format);
            match Box::pin(operator::run(*args)).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    tracing::error!(error = %telemetry::log::chain(&error), "the operator cannot go on");
                    ExitCode::FAILURE
                }
            }
        }
        Command::Crds => print_crds(),
    }
}

fn print_crds() -> ExitCode {
    let mut text = String::new();
    for crd in api::crds() {
        match api::to_yaml(&crd) {
            Ok(yaml) => {
                text.push_str("---\n");
                text.push_str(&yaml);
            }
            Err(error) => {
                eprintln!("cannot print {}: {error}", crd.metadata.name.unwrap_or_default());
                return ExitCode::FAILURE;
            }
        }
    }
    // A reader that has seen enough, such as head, is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

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
}
