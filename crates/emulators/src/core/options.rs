//! How the emulators are started.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::contract::ContractError;
use super::journal;
use super::service::{Refused, Service};
use super::tls::TlsError;

/// Ports to listen on; 0 takes a free one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ports {
    /// Graph and its login host, HTTP.
    pub graph: u16,
    /// The same, HTTPS.
    pub graph_tls: u16,
    /// Zoho CRM and its accounts host, HTTP.
    pub zoho: u16,
    /// The same, HTTPS.
    pub zoho_tls: u16,
    /// Control API and page, HTTP.
    pub control: u16,
}

/// Everything that can be chosen at the start.
#[derive(Clone)]
pub struct Options {
    /// The address to listen on.
    pub host: IpAddr,
    /// The ports.
    pub ports: Ports,
    /// The seed of everything random.
    pub seed: u64,
    /// The clock stands still at this time; it runs if not given.
    pub frozen_at: Option<Timestamp>,
    /// The directory of the contracts; nothing is checked if not given.
    pub contracts: Option<PathBuf>,
    /// Names and addresses in the certificate besides `localhost` and the address listened on.
    pub tls_names: Vec<String>,
    /// Where the authority's certificate is written.
    pub ca_file: Option<PathBuf>,
    /// Where the addresses are written once everything listens.
    pub addresses_file: Option<PathBuf>,
    /// The world to start with (YAML); it is there before anything listens.
    pub world: Option<PathBuf>,
    /// What the journal keeps.
    pub journal: journal::Limits,
    /// The services in place of the emulators, for tests of what stands around them.
    pub services: Option<Services>,
}

/// The two services.
#[derive(Clone)]
pub struct Services {
    /// Microsoft Graph with its login host.
    pub graph: Arc<dyn Service>,
    /// Zoho CRM with its accounts host.
    pub zoho: Arc<dyn Service>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            ports: Ports::default(),
            seed: 1,
            frozen_at: None,
            contracts: None,
            tls_names: Vec::new(),
            ca_file: None,
            addresses_file: None,
            world: None,
            journal: journal::Limits::default(),
            services: None,
        }
    }
}

impl Options {
    /// Checks against the contracts that the environment variable `CRMLINK_CONTRACTS` names, if it is set.
    #[must_use]
    pub fn contracts_from_env(mut self) -> Self {
        self.contracts = std::env::var_os("CRMLINK_CONTRACTS")
            .map(PathBuf::from)
            .or(self.contracts);
        self
    }
}

/// Why the emulators did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port cannot be used.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The contracts cannot be loaded.
    #[error(transparent)]
    Contracts(#[from] ContractError),
    /// The certificates cannot be made.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The world file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The signal to stop cannot be listened for.
    #[error("cannot listen for signals: {0}")]
    Signal(std::io::Error),
    /// The world is refused.
    #[error("world: {0}")]
    World(#[from] Refused),
}
