//! `crmlink run`: the operator.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::services::ServiceArgs;
use crate::{operator, telemetry};

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

    #[command(flatten)]
    pub(crate) services: ServiceArgs,
}

/// Form of the log lines.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Runs until it is told to end.
pub(super) async fn run(args: RunArgs) -> ExitCode {
    telemetry::start(args.log_format);
    match Box::pin(operator::run(args)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = %telemetry::log::chain(&error), "the operator cannot go on");
            ExitCode::FAILURE
        }
    }
}
