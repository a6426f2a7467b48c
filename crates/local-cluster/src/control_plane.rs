//! An etcd and a kube-apiserver of our own.

use std::{
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kube::config::Kubeconfig;
use tokio::{
    net::TcpSocket,
    time::{Instant, sleep, timeout},
};

use crate::{
    assets::Assets,
    error::{Doing, Error, Result},
    guarded::Guarded,
    kubeconfig::{self, Credential},
    log_tail,
    pki::Pki,
    run_dir::RunDir,
};

const POLL: Duration = Duration::from_millis(25);
const PROBE_WITHIN: Duration = Duration::from_secs(5);

/// What a control plane is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// An audit policy in YAML, such as [`crate::audit::WRITES`]; without one nothing is audited.
    pub audit_policy: Option<String>,
    /// The range that the API server gives service addresses from.
    pub service_cluster_ip_range: String,
    /// Further arguments of the kube-apiserver; they come last, so they win.
    pub apiserver_arguments: Vec<String>,
    /// How long the start may take.
    pub ready_within: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            audit_policy: None,
            service_cluster_ip_range: "10.96.0.0/16".to_owned(),
            apiserver_arguments: Vec::new(),
            // Three seconds do on an idle machine; one that builds with all its cores takes far longer.
            ready_within: Duration::from_mins(2),
        }
    }
}

/// A running control plane. Dropping it ends its processes and removes its files.
#[derive(Debug)]
pub struct ControlPlane {
    // In this order: the API server goes first, then its store, then the files of both.
    apiserver: Mutex<Option<Guarded>>,
    etcd: Guarded,
    /// Bound for as long as the control plane lives, so that nobody takes the port while the API server is down.
    _port: TcpSocket,
    server: String,
    arguments: Vec<String>,
    binary: PathBuf,
    ready_within: Duration,
    audit_log: Option<PathBuf>,
    kubeconfig: Kubeconfig,
    run_dir: RunDir,
}

impl ControlPlane {
    /// Starts both processes and waits until the API server says that it is ready.
    ///
    /// # Errors
    /// When a process cannot be started, ends, or is not ready in time; with the end of its log.
    pub async fn start(assets: &Assets, options: Options) -> Result<Self> {
        let run_dir = RunDir::create()?;
        let pki = Pki::create(run_dir.path())?;
        let (port, server) = reserve_port()?;
        let credential = Credential::Certificate {
            certificate_pem: &pki.admin_certificate_pem,
            key_pem: &pki.admin_key_pem,
        };
        let kubeconfig = kubeconfig::single(
            &kubeconfig::cluster_entry(&server, &pki.ca_pem),
            &credential,
            None,
        )?;
        let audit_log = options.audit_policy.as_ref().map(|_| run_dir.file("audit.log"));
        if let Some(policy) = &options.audit_policy {
            std::fs::write(run_dir.file("audit-policy.yaml"), policy)
                .doing(|| "writing the audit policy".to_owned())?;
        }
        let arguments = apiserver_arguments(&run_dir, &pki, &server, &options);
        let etcd = Guarded::spawn(&assets.etcd, &etcd_arguments(&run_dir), &run_dir.file("etcd.log"))?;
        let mut control_plane = Self {
            apiserver: Mutex::new(None),
            etcd,
            _port: port,
            server,
            arguments,
            binary: assets.kube_apiserver.clone(),
            ready_within: options.ready_within,
            audit_log,
            kubeconfig,
            run_dir,
        };
        control_plane.wait_for_etcd().await?;
        control_plane.start_apiserver().await?;
        Ok(control_plane)
    }

    /// Starts the API server again with the same address, certificates and data. Does nothing while it runs.
    ///
    /// # Errors
    /// As [`ControlPlane::start`].
    pub async fn start_apiserver(&self) -> Result<()> {
        if let Some(apiserver) = &mut *self.apiserver()
            && apiserver.ended()?.is_none()
        {
            return Ok(());
        }
        let started = Guarded::spawn(&self.binary, &self.arguments, &self.log("kube-apiserver"))?;
        *self.apiserver() = Some(started);
        self.wait_for_apiserver().await
    }

    /// Kills the API server and waits for its end; its port stays reserved and its data stay in etcd.
    pub fn stop_apiserver(&self) {
        *self.apiserver() = None;
    }

    fn apiserver(&self) -> MutexGuard<'_, Option<Guarded>> {
        self.apiserver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The API server's address.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The audit log, when [`Options::audit_policy`] asked for one. [`crate::audit::read`] reads it.
    #[must_use]
    pub fn audit_log(&self) -> Option<&Path> {
        self.audit_log.as_deref()
    }

    /// The folder with the data and logs of both processes.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.run_dir.path()
    }

    /// The process ids of etcd and, while it runs, of the API server.
    #[must_use]
    pub fn process_ids(&self) -> Vec<u32> {
        let apiserver = self.apiserver().as_ref().and_then(Guarded::pid);
        self.etcd.pid().into_iter().chain(apiserver).collect()
    }

    /// The administrator's kubeconfig.
    pub(crate) fn admin_kubeconfig(&self) -> &Kubeconfig {
        &self.kubeconfig
    }

    fn log(&self, process: &str) -> PathBuf {
        self.run_dir.file(&format!("{process}.log"))
    }

    /// Waiting here saves the API server's own back-off, which starts at a second.
    async fn wait_for_etcd(&mut self) -> Result<()> {
        let (process, log) = ("etcd", self.log("etcd"));
        let socket = self.run_dir.socket("etcd");
        let deadline = Instant::now() + self.ready_within;
        loop {
            let Err(error) = UnixStream::connect(&socket) else {
                return Ok(());
            };
            give_up(&mut self.etcd, process, &log, deadline, self.ready_within, || {
                error.to_string()
            })?;
            sleep(POLL).await;
        }
    }

    async fn wait_for_apiserver(&self) -> Result<()> {
        let (process, log) = ("kube-apiserver", self.log("kube-apiserver"));
        let mut config = kubeconfig::client_config(self.kubeconfig.clone()).await?;
        config.proxy_url = None;
        // The client's own retries would hide the answers that say what is not ready.
        config.default_retry = false;
        let client = kubeconfig::client(config)?;
        let deadline = Instant::now() + self.ready_within;
        loop {
            let request = http::Request::get("/readyz")
                .body(Vec::new())
                .map_err(kube::Error::HttpError);
            let request = request.doing(|| "asking the API server whether it is ready".to_owned())?;
            let detail = match timeout(PROBE_WITHIN, client.request_text(request)).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer".to_owned(),
            };
            if let Some(apiserver) = &mut *self.apiserver() {
                give_up(apiserver, process, &log, deadline, self.ready_within, || detail)?;
            }
            sleep(POLL).await;
        }
    }
}

/// An error when the process ended or the time is up.
fn give_up(
    process: &mut Guarded,
    name: &'static str,
    log: &Path,
    deadline: Instant,
    given: Duration,
    detail: impl FnOnce() -> String,
) -> Result<()> {
    if let Some(status) = process.ended()? {
        return Err(Error::Ended {
            process: name,
            status: status.to_string(),
            tail: log_tail::of_file(log),
        });
    }
    if Instant::now() > deadline {
        let tail = log_tail::of_file(log);
        return Err(Error::NotReady {
            process: name,
            seconds: given.as_secs(),
            detail: detail(),
            tail,
        });
    }
    Ok(())
}

/// A port that is ours from now on: the socket is bound and never listens, and the API server binds beside it with
/// `--permit-port-sharing`. Looking for a free port and closing it again would leave a gap for others.
fn reserve_port() -> Result<(TcpSocket, String)> {
    let reserve = || -> std::io::Result<_> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseport(true)?;
        socket.bind(([127, 0, 0, 1], 0).into())?;
        let address = socket.local_addr()?;
        Ok((socket, format!("https://{address}")))
    };
    reserve().doing(|| "reserving a port on 127.0.0.1".to_owned())
}

/// Unix sockets in a private folder: no ports to race for, and no other user can reach the store.
fn etcd_arguments(run_dir: &RunDir) -> Vec<String> {
    let clients = format!("unix://{}", run_dir.socket("etcd").display());
    let peers = format!("unix://{}", run_dir.socket("peer").display());
    vec![
        "--name=crmlink".to_owned(),
        format!("--data-dir={}", run_dir.file("etcd").display()),
        format!("--listen-client-urls={clients}"),
        format!("--advertise-client-urls={clients}"),
        format!("--listen-peer-urls={peers}"),
        format!("--initial-advertise-peer-urls={peers}"),
        format!("--initial-cluster=crmlink={peers}"),
        "--log-level=warn".to_owned(),
        // The data end with the control plane, so a power cut may take them.
        "--unsafe-no-fsync".to_owned(),
    ]
}

fn apiserver_arguments(run_dir: &RunDir, pki: &Pki, server: &str, options: &Options) -> Vec<String> {
    let port = server.rsplit(':').next().unwrap_or_default();
    let mut arguments = vec![
        format!("--etcd-servers=unix://{}", run_dir.socket("etcd").display()),
        "--bind-address=127.0.0.1".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        "--permit-port-sharing=true".to_owned(),
        // A loopback address is not allowed as an endpoint, and nothing here needs that endpoint.
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--service-cluster-ip-range={}", options.service_cluster_ip_range),
        format!("--tls-cert-file={}", pki.server_certificate.display()),
        format!("--tls-private-key-file={}", pki.server_key.display()),
        format!("--client-ca-file={}", pki.ca.display()),
        "--authorization-mode=RBAC".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-signing-key-file={}", pki.token_key.display()),
        format!("--service-account-key-file={}", pki.token_public_key.display()),
        "--profiling=false".to_owned(),
    ];
    if options.audit_policy.is_some() {
        arguments.push(format!(
            "--audit-policy-file={}",
            run_dir.file("audit-policy.yaml").display()
        ));
        arguments.push(format!(
            "--audit-log-path={}",
            run_dir.file("audit.log").display()
        ));
    }
    arguments.extend(options.apiserver_arguments.iter().cloned());
    arguments
}
