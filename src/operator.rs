//! Putting the operator together: surroundings, store, controllers, server.

use std::path::PathBuf;
use std::sync::Arc;

use ambient::{Clock, Random, SeededRandom, SystemClock};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, Config, ResourceExt};
use msgraph::MailboxLimits;
use sync_engine::hash::Hasher;
use sync_runtime::store::{SqliteStore, StoreError};
use tokio_util::sync::CancellationToken;

use crate::cli::{RunArgs, ServiceError};
use crate::connections::Surroundings;
use crate::controller::{Controllers, Insight, Readiness, Settings};
use crate::hash_key::{self, HashKeyError};
use crate::leader::{FencedTransport, Gate, LeaderError, LeaseHolder, fenced_client};
use crate::server::{self, Told};
use crate::telemetry::metrics::Metrics;

/// Why the operator cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperatorError {
    #[error(transparent)]
    Services(#[from] ServiceError),
    #[error("no connection to Kubernetes: {0}")]
    Kubernetes(#[source] Box<kube::Error>),
    #[error("cannot make the data directory {}: {source}", path.display())]
    DataDir {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    HashKey(#[from] HashKeyError),
    #[error(transparent)]
    Leader(#[from] LeaderError),
    #[error("no random bytes: {0}")]
    Random(String),
    #[error("cannot serve probes and metrics: {0}")]
    Server(#[source] std::io::Error),
    #[error("cannot listen for signals: {0}")]
    Signals(#[source] std::io::Error),
}

/// Runs until SIGTERM or SIGINT; work under way is finished or left at its last commit.
pub(crate) async fn run(args: RunArgs) -> Result<(), OperatorError> {
    let gate = Arc::new(Gate::default());
    let surroundings = surroundings(&args, gate.clone())?;
    let config = Config::infer()
        .await
        .map_err(|error| kubernetes(kube::Error::InferConfig(error)))?;
    let unfenced = Client::try_from(config.clone()).map_err(kubernetes)?;
    let client = fenced_client(config, gate.clone()).map_err(kubernetes)?;
    let stop = CancellationToken::new();
    stop_on_signals(stop.clone())?;
    let readiness = Arc::new(Readiness::default());
    let holder = LeaseHolder::new(unfenced, &args.namespace, &args.lease, identity()?, gate.clone());
    let told = Told {
        metrics: surroundings.metrics.clone(),
        readiness: readiness.clone(),
        gate,
        insight: Arc::default(),
        identity: holder.identity().to_owned(),
    };
    let insight = told.insight.clone();
    let finished = CancellationToken::new();
    let probes = async {
        let served = server::serve(args.listen, told, args.debug_page, finished.clone()).await;
        // Without probes nobody can tell whether the operator is well.
        stop.cancel();
        served.map_err(OperatorError::Server)
    };
    let lead = async {
        let worker = Worker {
            args: &args,
            client,
            readiness: &readiness,
            insight: &insight,
            stop: &stop,
        };
        let ended = worker.lead(surroundings, &holder).await;
        stop.cancel();
        finished.cancel();
        ended
    };
    let (served, worked) = tokio::join!(probes, lead);
    worked.and(served)
}

/// What the work is done with.
struct Worker<'a> {
    args: &'a RunArgs,
    client: Client,
    readiness: &'a Readiness,
    insight: &'a Insight,
    stop: &'a CancellationToken,
}

impl Worker<'_> {
    /// Waits for the Lease, then works until the operator stops or the Lease is lost.
    async fn lead(self, surroundings: Surroundings, holder: &LeaseHolder) -> Result<(), OperatorError> {
        if !holder.acquire(self.stop, || self.readiness.stand_by(true)).await {
            return Ok(());
        }
        self.readiness.stand_by(false);
        let worked = CancellationToken::new();
        let work = async {
            let result = self.work(surroundings).await;
            worked.cancel();
            result
        };
        let hold = holder.hold(&worked);
        // A lost Lease ends everything at once: what is under way cannot pass the gate any more.
        tokio::pin!(work, hold);
        tokio::select! {
            ended = &mut hold => {
                ended?;
                work.await
            }
            result = &mut work => {
                hold.await?;
                result
            }
        }
    }

    async fn work(&self, surroundings: Surroundings) -> Result<(), OperatorError> {
        let args = self.args;
        let cluster = cluster_id(&self.client).await?;
        let key = hash_key::read_or_make(self.client.clone(), &args.namespace, &args.key_secret).await?;
        std::fs::create_dir_all(&args.data_dir).map_err(|source| OperatorError::DataDir {
            path: args.data_dir.clone(),
            source,
        })?;
        let store = SqliteStore::open(&args.data_dir.join("crmlink.sqlite"))
            .await?
            .observed_by(surroundings.metrics.clone());
        tracing::info!("the store is open");
        let settings = Settings {
            namespace: args.watch_namespace.as_deref(),
            concurrency: args.concurrency,
            debug_page: args.debug_page,
        };
        let controllers = Controllers::new(
            self.client.clone(),
            surroundings,
            store.clone(),
            Hasher::new(key),
            cluster,
            settings,
            self.stop.clone(),
        );
        controllers.await?.run(self.readiness, self.insight).await;
        // A process that ends before the file is complete leaves a copy of it alone without what was written last.
        store.close().await;
        Ok(())
    }
}

/// Tells this process from every other one: the pod's name and a number of its own.
fn identity() -> Result<String, OperatorError> {
    let mut number = [0; 4];
    getrandom::fill(&mut number).map_err(|error| OperatorError::Random(error.to_string()))?;
    let pod = std::env::var("HOSTNAME").unwrap_or_else(|_| "crmlink".to_owned());
    Ok(format!("{pod}_{:08x}", u32::from_le_bytes(number)))
}

fn surroundings(args: &RunArgs, gate: Arc<Gate>) -> Result<Surroundings, OperatorError> {
    let transport = args.services.transport()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).map_err(|error| OperatorError::Random(error.to_string()))?;
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(u64::from_le_bytes(seed)));
    Ok(Surroundings {
        transport: Arc::new(FencedTransport::new(Arc::new(transport), gate.clone())),
        mailbox_limits: Arc::new(MailboxLimits::new(clock.clone())),
        clock,
        random,
        endpoints: args.services.endpoints(),
        metrics: Metrics::new(),
        gate,
    })
}

/// A cluster is known by the uid of its `kube-system` namespace: it marks the containers that this cluster claims.
async fn cluster_id(client: &Client) -> Result<String, OperatorError> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let system = namespaces.get("kube-system").await.map_err(kubernetes)?;
    Ok(system.uid().unwrap_or_default())
}

fn kubernetes(error: kube::Error) -> OperatorError {
    OperatorError::Kubernetes(Box::new(error))
}

fn stop_on_signals(stop: CancellationToken) -> Result<(), OperatorError> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(OperatorError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(OperatorError::Signals)?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        stop.cancel();
    });
    Ok(())
}
