//! Both emulators together: in one process without sockets, or listening.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use serde::{Deserialize, Serialize};

use super::clock::EmulatorClock;
use super::contract::Contracts;
use super::faults::Faults;
use super::journal::Journal;
use super::listen::Listening;
use super::options::{Options, Services, StartError};
use super::service::Service;
use super::stack::{Shared, Stack};
use super::{control, tls, world};
use crate::{graph, zoho};

/// Both emulators without sockets: a simulation calls the stacks directly.
#[derive(Debug)]
pub struct Emulators {
    /// Graph and its login host.
    pub graph: Arc<Stack>,
    /// Zoho CRM and its accounts host.
    pub zoho: Arc<Stack>,
    /// Clock, journal, contracts and faults.
    pub shared: Arc<Shared>,
}

/// Base addresses of everything that listens, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// Graph (`/v1.0/...`) and the login host (`/{tenant}/oauth2/v2.0/token`).
    pub graph: String,
    /// The same over HTTPS.
    pub graph_tls: String,
    /// Zoho CRM (`/crm/v8/...`) and the accounts host (`/oauth/v2/token`).
    pub zoho: String,
    /// The same over HTTPS.
    pub zoho_tls: String,
    /// Control API and page.
    pub control: String,
    /// The file with the authority's certificate, if one was asked for.
    pub ca_file: Option<PathBuf>,
}

/// Emulators that listen. They stop when this is dropped.
pub struct Running {
    emulators: Arc<Emulators>,
    addresses: Addresses,
    ca_pem: String,
    listeners: Vec<Listening>,
}

impl Emulators {
    /// Puts both together without listening.
    ///
    /// # Errors
    /// If the contracts cannot be loaded.
    pub fn build(options: &Options) -> Result<Self, StartError> {
        let contracts = match &options.contracts {
            Some(directory) => Contracts::load(directory)?,
            None => Contracts::none(),
        };
        let shared = Arc::new(Shared {
            clock: Arc::new(
                options
                    .frozen_at
                    .map_or_else(EmulatorClock::default, EmulatorClock::frozen),
            ),
            journal: Journal::new(options.journal),
            contracts,
            faults: Faults::seeded(options.seed),
        });
        let services = options.services.clone().unwrap_or_else(|| emulated(options.seed));
        let stack = |service| Stack::new(service, Arc::clone(&shared), options.seed);
        let emulators = Self {
            graph: stack(services.graph),
            zoho: stack(services.zoho),
            shared,
        };
        if let Some(path) = &options.world {
            let text = std::fs::read_to_string(path).map_err(|source| StartError::Read {
                path: path.clone(),
                source,
            })?;
            world::seed(
                &world::parse(&text)?,
                emulators.graph.service(),
                emulators.zoho.service(),
            )?;
        }
        Ok(emulators)
    }

    /// Builds both and listens: each service with and without TLS, and the control port.
    ///
    /// # Errors
    /// If the contracts cannot be loaded, a port is taken, or a file cannot be written.
    pub fn start(options: &Options) -> Result<Running, StartError> {
        // May be there already: tests start several in one process.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let emulators = Arc::new(Self::build(options)?);
        let mut names = vec![
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            options.host.to_string(),
        ];
        names.extend(options.tls_names.iter().cloned());
        names.sort();
        names.dedup();
        let tls = tls::make(names)?;
        if let Some(path) = &options.ca_file {
            write_atomically(path, &tls.ca_pem)?;
        }
        let config = RustlsConfig::from_config(tls.config);

        let ports = options.ports;
        let mut bound = Vec::new();
        for port in [
            ports.graph,
            ports.graph_tls,
            ports.zoho,
            ports.zoho_tls,
            ports.control,
        ] {
            bound.push(bind(SocketAddr::new(options.host, port))?);
        }
        let Ok([graph, graph_tls, zoho, zoho_tls, control]) = <[_; 5]>::try_from(bound) else {
            // Five ports were bound just above.
            return Err(StartError::Listen {
                address: SocketAddr::new(options.host, ports.control),
                source: std::io::Error::other("listeners are missing"),
            });
        };
        let addresses = Addresses {
            graph: format!("http://{}", graph.1),
            graph_tls: format!("https://{}", graph_tls.1),
            zoho: format!("http://{}", zoho.1),
            zoho_tls: format!("https://{}", zoho_tls.1),
            control: format!("http://{}", control.1),
            ca_file: options.ca_file.clone(),
        };
        let serve = |(listener, address): (TcpListener, SocketAddr), stack: &Arc<Stack>, tls| {
            Listening::stack(listener, Arc::clone(stack), tls)
                .map_err(|source| StartError::Listen { address, source })
        };
        let router = control::router(Arc::clone(&emulators), addresses.clone());
        let listeners = vec![
            serve(graph, &emulators.graph, None)?,
            serve(graph_tls, &emulators.graph, Some(config.clone()))?,
            serve(zoho, &emulators.zoho, None)?,
            serve(zoho_tls, &emulators.zoho, Some(config))?,
            Listening::control(control.0, router).map_err(|source| StartError::Listen {
                address: control.1,
                source,
            })?,
        ];
        let running = Running {
            emulators,
            addresses,
            ca_pem: tls.ca_pem,
            listeners,
        };
        if let Some(path) = &options.addresses_file {
            write_atomically(path, &running.addresses.json())?;
        }
        Ok(running)
    }

    /// The service of this name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&dyn Service> {
        [&self.graph, &self.zoho]
            .into_iter()
            .map(|stack| stack.service())
            .find(|service| service.name() == name)
    }

    /// Forgets everything: services, journal, fault rules. The clock and the contract findings stay.
    pub fn reset(&self) {
        self.graph.service().reset();
        self.zoho.service().reset();
        self.shared.faults.clear();
        self.shared.journal.clear();
    }
}

impl Addresses {
    fn json(&self) -> String {
        // A struct of texts always becomes JSON.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl Running {
    /// What is inside, for calls that need no socket.
    #[must_use]
    pub fn emulators(&self) -> &Emulators {
        &self.emulators
    }

    /// Where everything listens.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The certificate of the authority behind the HTTPS listeners.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Stops listening, lets open connections end, and waits for that.
    pub async fn stop(mut self) {
        self.emulators.shared.faults.clear();
        let listeners = std::mem::take(&mut self.listeners);
        for listener in &listeners {
            listener.stop();
        }
        for listener in listeners {
            listener.ended().await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for listener in &self.listeners {
            listener.stop();
        }
    }
}

fn emulated(seed: u64) -> Services {
    Services {
        graph: graph::GraphEmulator::new(seed),
        zoho: zoho::ZohoEmulator::new(seed),
    }
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        let local = listener.local_addr()?;
        Ok((listener, local))
    });
    bound.map_err(|source| StartError::Listen { address, source })
}

/// Readers see the whole file or none.
fn write_atomically(path: &Path, text: &str) -> Result<(), StartError> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    std::fs::write(&part, text)
        .and_then(|()| std::fs::rename(&part, path))
        .map_err(|source| StartError::Write {
            path: path.to_owned(),
            source,
        })
}
