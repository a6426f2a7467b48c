//! The shipped binary as a child process.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use emulators::Addresses;
use local_cluster::Guarded;
use serde_json::Value;

use super::cluster::{KEY_SECRET, SYSTEM};
use super::waiting::until;

/// The operator.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_crmlink");

/// What is logged: everything that the product's own code says.
const LEVELS: &str =
    "info,crmlink=debug,msgraph=debug,zoho_crm=debug,sync_runtime=debug,sync_engine=debug,transport=debug";

/// A running operator. It is killed when this is dropped.
pub(crate) struct Operator {
    child: Guarded,
    log: PathBuf,
    address: String,
}

/// What an operator needs.
pub(crate) struct Surroundings<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) addresses: &'a Addresses,
    /// All namespaces if it is not given.
    pub(crate) namespace: Option<&'a str>,
}

impl Surroundings<'_> {
    /// Where the store is.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn arguments(&self) -> Vec<String> {
        let Self {
            folder, addresses, ..
        } = self;
        let mut arguments = vec![
            "run".to_owned(),
            format!("--graph-url={}", addresses.graph_tls),
            format!("--graph-login-url={}", addresses.graph_tls),
            format!("--zoho-accounts-url={}", addresses.zoho_tls),
            format!("--zoho-api-url={}", addresses.zoho_tls),
            format!("--ca-file={}", folder.join("ca.pem").display()),
            format!("--data-dir={}", self.data().display()),
            format!("--key-secret={KEY_SECRET}"),
            format!("--namespace={SYSTEM}"),
            "--listen=127.0.0.1:0".to_owned(),
            "--log-format=json".to_owned(),
        ];
        arguments.extend(
            self.namespace
                .map(|namespace| format!("--watch-namespace={namespace}")),
        );
        arguments
    }
}

impl Operator {
    /// Starts the operator for the `number`th time and waits until it serves its probes.
    pub(crate) async fn start(surroundings: &Surroundings<'_>, number: u32) -> Self {
        let folder = surroundings.folder;
        let log = folder.join(format!("operator-{number}.log"));
        // The environment of a guarded child cannot be given, so `env` sets it.
        let mut arguments = vec![
            format!("KUBECONFIG={}", folder.join("operator.kubeconfig").display()),
            format!("RUST_LOG={LEVELS}"),
            BINARY.to_owned(),
        ];
        arguments.extend(surroundings.arguments());
        let mut child = Guarded::spawn(Path::new("/usr/bin/env"), &arguments, &log).unwrap();
        let served = until(async || {
            let ended = child.ended().unwrap();
            let text = std::fs::read_to_string(&log).unwrap();
            assert!(ended.is_none(), "the operator ended: {text}");
            address_in(&text)
        });
        let address = served.await.expect("the operator serves its probes");
        Self { child, log, address }
    }

    /// Status and text of one of its own pages.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http
            .get(format!("http://{}{path}", self.address))
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// The sum of a counter over all label sets that contain `labels`.
    pub(crate) async fn counter(&self, name: &str, labels: &str) -> u64 {
        let (_, page) = self.get("/metrics").await;
        page.lines()
            .filter(|line| line.starts_with(name) && line.contains(labels))
            .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
            .sum()
    }

    /// Ends it as a crash does.
    pub(crate) async fn kill(mut self) {
        self.signal("KILL");
        self.ended().await;
    }

    /// Ends it as Kubernetes does, and says how it ended.
    pub(crate) async fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended().await
    }

    fn signal(&self, name: &str) {
        let pid = self.child.pid().expect("the operator runs");
        let sent = Command::new("kill")
            .args([format!("-{name}"), pid.to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    async fn ended(&mut self) -> ExitStatus {
        let ended = until(async || self.child.ended().unwrap());
        ended.await.expect("the operator ends")
    }

    pub(crate) fn log_tail(&self) -> String {
        local_cluster::log_tail(&self.log)
    }
}

/// The address of the probes, as the operator logs it.
fn address_in(log: &str) -> Option<String> {
    log.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|line| line["message"] == "serving probes and metrics")
        .and_then(|line| Some(line["address"].as_str()?.to_owned()))
}
