//! `crmlink-emulators`: both emulators as a program.

use std::io::IsTerminal;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use emulators::{Emulators, Options, Ports, StartError};
use tokio::signal::unix::{SignalKind, signal};

/// Emulators of Microsoft Graph v1.0 and Zoho CRM v8 with a control port.
#[derive(Debug, Parser)]
#[command(name = "crmlink-emulators", version)]
struct Flags {
    /// World to start with (YAML).
    #[arg(long)]
    world: Option<PathBuf>,
    /// Directory of the vendors' contracts; without it nothing is checked.
    #[arg(long, env = "CRMLINK_CONTRACTS")]
    contracts: Option<PathBuf>,
    /// File for the addresses (JSON), written once everything listens.
    #[arg(long)]
    addresses_file: Option<PathBuf>,
    /// File for the certificate of the authority behind HTTPS (PEM).
    #[arg(long)]
    ca_file: Option<PathBuf>,
    /// Seed of everything random: same seed, same run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Let the clock stand still at this time (RFC 3339) until it is advanced.
    #[arg(long)]
    frozen_at: Option<jiff::Timestamp>,
    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// One more name or address in the certificate; may be given several times.
    #[arg(long = "tls-name")]
    tls_names: Vec<String>,
    /// Port of Graph, HTTP; 0 takes a free one, as with all ports.
    #[arg(long, default_value_t = 0)]
    graph_port: u16,
    /// Port of Graph, HTTPS.
    #[arg(long, default_value_t = 0)]
    graph_tls_port: u16,
    /// Port of Zoho CRM, HTTP.
    #[arg(long, default_value_t = 0)]
    zoho_port: u16,
    /// Port of Zoho CRM, HTTPS.
    #[arg(long, default_value_t = 0)]
    zoho_tls_port: u16,
    /// Port of control API and page, HTTP.
    #[arg(long, default_value_t = 0)]
    control_port: u16,
}

impl Flags {
    fn options(&self) -> Options {
        Options {
            host: self.host,
            ports: Ports {
                graph: self.graph_port,
                graph_tls: self.graph_tls_port,
                zoho: self.zoho_port,
                zoho_tls: self.zoho_tls_port,
                control: self.control_port,
            },
            seed: self.seed,
            frozen_at: self.frozen_at,
            contracts: self.contracts.clone(),
            tls_names: self.tls_names.clone(),
            ca_file: self.ca_file.clone(),
            addresses_file: self.addresses_file.clone(),
            world: self.world.clone(),
            ..Options::default()
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    match run(&Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: &Flags) -> Result<(), StartError> {
    // Before anything else: a signal that comes while starting must not be lost.
    let terminate = signal(SignalKind::terminate()).map_err(StartError::Signal)?;
    let running = Emulators::start(&flags.options())?;
    let addresses = running.addresses();
    tracing::info!(
        graph = addresses.graph,
        graph_tls = addresses.graph_tls,
        zoho = addresses.zoho,
        zoho_tls = addresses.zoho_tls,
        control = addresses.control,
        contracts = flags.contracts.is_some(),
        "emulators listen"
    );
    stopped(terminate).await;
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

async fn stopped(mut terminate: tokio::signal::unix::Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        // If ctrl-c cannot be listened for, the other signal still works.
        Ok(()) = tokio::signal::ctrl_c() => {}
    }
}
