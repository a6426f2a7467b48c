//! The child processes: emulators and operator. Each ends with its owner, whatever happens to that.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use emulators::{Addresses, Control};
use local_cluster::{Guarded, log_tail};
use tokio::time::sleep;

use super::contracts;
use crate::{
    error::{Doing, Error, Result},
    process, workspace,
};

const POLL: Duration = Duration::from_millis(25);
const STARTS_WITHIN: Duration = Duration::from_secs(30);
/// More than the operator takes to finish what is in flight.
const STOPS_WITHIN: Duration = Duration::from_secs(15);

/// The running emulators.
pub(crate) struct Services {
    program: Program,
    addresses: Addresses,
    ca_file: PathBuf,
    control: Control,
}

impl Services {
    pub(crate) async fn start(binary: &Path, folder: &Path, world: &Path) -> Result<Self> {
        let addresses_file = folder.join("addresses.json");
        let ca_file = folder.join("ca.pem");
        let mut arguments = vec![
            format!("--world={}", world.display()),
            format!("--addresses-file={}", addresses_file.display()),
            format!("--ca-file={}", ca_file.display()),
        ];
        arguments.extend(contracts().map(|contracts| format!("--contracts={}", contracts.display())));
        let mut program = Program::start("emulators", binary, &arguments, folder)?;
        let addresses = program
            .wait_for(|| std::fs::read_to_string(&addresses_file).ok())
            .await?;
        let addresses: Addresses = serde_json::from_str(&addresses).map_err(|error| Error::File {
            path: addresses_file,
            detail: error.to_string(),
        })?;
        let control = Control::new(addresses.control.clone())?;
        Ok(Self {
            program,
            addresses,
            ca_file,
            control,
        })
    }

    pub(crate) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    pub(crate) fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    pub(crate) fn control(&self) -> &Control {
        &self.control
    }

    pub(super) fn check(&mut self) -> Result<()> {
        self.program.check()
    }
}

/// How to run the operator here.
pub(crate) struct OperatorCommand {
    binary: PathBuf,
    kubeconfig: PathBuf,
    arguments: Vec<String>,
}

impl OperatorCommand {
    pub(crate) fn new(binary: PathBuf, kubeconfig: PathBuf, arguments: Vec<String>) -> Self {
        Self {
            binary,
            kubeconfig,
            arguments,
        }
    }

    /// The command as a person would type it.
    pub(crate) fn shown(&self) -> String {
        let binary = workspace::relative(&self.binary);
        format!(
            "KUBECONFIG={} {binary} {}",
            self.kubeconfig.display(),
            self.arguments.join(" ")
        )
    }
}

pub(crate) fn operator_arguments(addresses: &Addresses, folder: &Path, namespace: &str) -> Vec<String> {
    vec![
        "run".to_owned(),
        format!("--graph-url={}", addresses.graph_tls),
        format!("--graph-login-url={}", addresses.graph_tls),
        format!("--zoho-accounts-url={}", addresses.zoho_tls),
        format!("--zoho-api-url={}", addresses.zoho_tls),
        format!("--ca-file={}", folder.join("ca.pem").display()),
        format!("--data-dir={}", folder.join("store").display()),
        "--key-secret=crmlink-key".to_owned(),
        format!("--namespace={namespace}"),
        // As the chart names it after the release: the role holds for no other.
        "--lease=crmlink".to_owned(),
        format!("--listen={}", free_address()),
        "--log-format=text".to_owned(),
    ]
}

/// The running operator.
pub(crate) struct Operator {
    program: Program,
    address: String,
    metrics: String,
}

impl Operator {
    pub(crate) async fn start(command: &OperatorCommand, folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder.join("store")).doing(|| "creating the store's folder".to_owned())?;
        // The environment of a child cannot be given to the guard, so `env` sets it.
        let mut arguments = vec![
            format!("KUBECONFIG={}", command.kubeconfig.display()),
            command.binary.display().to_string(),
        ];
        arguments.extend(command.arguments.iter().cloned());
        let mut program = Program::start("operator", Path::new("/usr/bin/env"), &arguments, folder)?;
        let listen = command
            .arguments
            .iter()
            .find_map(|argument| argument.strip_prefix("--listen="));
        let listen = listen.unwrap_or_default().to_owned();
        program
            .wait_for(|| std::net::TcpStream::connect(&listen).ok())
            .await?;
        Ok(Self {
            program,
            metrics: format!("http://{listen}/metrics"),
            address: listen,
        })
    }

    /// Where its own pages are.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn metrics(&self) -> &str {
        &self.metrics
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.program.child.pid()
    }

    pub(super) fn check(&mut self) -> Result<()> {
        self.program.check()
    }

    /// Asks it to end, as Kubernetes does, and waits for that.
    pub(crate) async fn stop(mut self) -> Result<()> {
        if let Some(pid) = self.program.child.pid() {
            process::terminate(pid)?;
        }
        let deadline = Instant::now() + STOPS_WITHIN;
        while Instant::now() < deadline {
            match self.program.child.ended()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(self.program.ended(status)),
                None => sleep(POLL).await,
            }
        }
        Err(Error::NotEnding {
            program: "operator",
            seconds: STOPS_WITHIN.as_secs(),
        })
    }
}

/// A child with its log.
struct Program {
    name: &'static str,
    child: Guarded,
    log: PathBuf,
}

impl Program {
    fn start(name: &'static str, binary: &Path, arguments: &[String], folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        Ok(Self {
            name,
            child: Guarded::spawn(binary, arguments, &log)?,
            log,
        })
    }

    async fn wait_for<T>(&mut self, ready: impl Fn() -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + STARTS_WITHIN;
        loop {
            if let Some(found) = ready() {
                return Ok(found);
            }
            self.check()?;
            if Instant::now() > deadline {
                let seconds = STARTS_WITHIN.as_secs();
                return Err(Error::NotReady {
                    program: self.name,
                    seconds,
                    tail: log_tail(&self.log),
                });
            }
            sleep(POLL).await;
        }
    }

    fn check(&mut self) -> Result<()> {
        self.child
            .ended()?
            .map_or(Ok(()), |status| Err(self.ended(status)))
    }

    fn ended(&self, status: std::process::ExitStatus) -> Error {
        Error::Ended {
            program: self.name,
            status,
            tail: log_tail(&self.log),
        }
    }
}

/// An address that was free a moment ago. Should somebody take it meanwhile, the operator says so and ends.
fn free_address() -> String {
    let address = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    address.map_or_else(|_| "127.0.0.1:8080".to_owned(), |address| address.to_string())
}
