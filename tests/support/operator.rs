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
    /// The Lease of this test.
    pub(crate) lease: &'a str,
}

/// Where the emulated services are, as all who sign in are told.
pub(crate) fn service_flags(folder: &Path, addresses: &Addresses) -> [String; 5] {
    [
        format!("--graph-url={}", addresses.graph_tls),
        format!("--graph-login-url={}", addresses.graph_tls),
        format!("--zoho-accounts-url={}", addresses.zoho_tls),
        format!("--zoho-api-url={}", addresses.zoho_tls),
        format!("--ca-file={}", folder.join("ca.pem").display()),
    ]
}

impl Surroundings<'_> {
    /// Where the store is.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["run".to_owned()];
        arguments.extend(service_flags(self.folder, self.addresses));
        arguments.extend([
            format!("--data-dir={}", self.data().display()),
            format!("--key-secret={KEY_SECRET}"),
            format!("--namespace={SYSTEM}"),
            format!("--lease={}", self.lease),
            "--debug-page".to_owned(),
            "--listen=127.0.0.1:0".to_owned(),
            "--log-format=json".to_owned(),
        ]);
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

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.pid().expect("the operator runs")
    }

    /// Whether it holds the Lease.
    pub(crate) async fn leads(&self) -> bool {
        self.counter("crmlink_leader", "").await == 1
    }

    /// How many calls of the services it has made, and how many reconciles it has finished.
    pub(crate) async fn work(&self) -> [u64; 2] {
        [
            self.counter("crmlink_api_calls_total", "").await,
            self.counter("crmlink_reconciles_total", "").await,
        ]
    }

    /// Waits until nothing runs and nothing is about to.
    pub(crate) async fn rests(&self) {
        let rests = until(async || {
            let page = self.debug().await;
            let running = self.counter("crmlink_reconciles_running", "").await;
            let tenants = page["operator"]["tenants"].as_array()?.clone();
            let syncs = tenants
                .iter()
                .flat_map(|tenant| tenant["contactSyncs"].as_array().into_iter().flatten());
            let later = |object: &Value| object["nextRunInSeconds"].as_i64().is_none_or(|wait| wait > 20);
            let ran = |object: &Value| !object["lastRun"].is_null();
            let all = tenants
                .iter()
                .chain(syncs)
                .all(|object| ran(object) && later(object));
            (running == 0 && all).then_some(())
        });
        rests.await.expect("the operator comes to rest");
    }

    /// Its debug page.
    pub(crate) async fn debug(&self) -> Value {
        let (status, page) = self.get("/debug").await;
        assert_eq!(status, 200, "{page}");
        serde_json::from_str(&page).unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid();
        let sent = Command::new("kill")
            .args([format!("-{name}"), pid.to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits until it has ended, and says how.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let ended = until(async || self.child.ended().unwrap());
        ended.await.expect("the operator ends")
    }

    /// The lines of its log with this message.
    pub(crate) fn logged(&self, message: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.log).unwrap();
        text.lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|line| line["message"] == message)
            .collect()
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
