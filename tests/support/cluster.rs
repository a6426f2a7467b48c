//! One API server with the chart installed for all tests of a binary.

use std::path::Path;

use local_cluster::{Chart, Cluster, Options, install_chart, locate_or_build_helm};
use tokio::sync::OnceCell;

/// The namespace that the operator counts as its own.
pub(crate) const SYSTEM: &str = "crmlink-system";

/// The chart's names.
const SERVICE_ACCOUNT: &str = "crmlink";
pub(crate) const KEY_SECRET: &str = "crmlink-key";

static SHARED: OnceCell<Shared> = OnceCell::const_new();

/// A cluster with the chart.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) cluster: Cluster,
}

impl Shared {
    /// The one that all tests share.
    pub(crate) async fn get() -> &'static Self {
        SHARED.get_or_init(Self::start).await
    }

    /// One of its own, for a test whose operator watches all namespaces.
    pub(crate) async fn start() -> Self {
        let shared = Self::bare().await;
        shared.install().await;
        shared
    }

    /// One of its own, with nothing but the operator's namespace.
    pub(crate) async fn bare() -> Self {
        let cluster = Cluster::from_environment(progress, Options::default())
            .await
            .unwrap();
        Self { cluster }
    }

    /// Installs the chart.
    pub(crate) async fn install(&self) {
        let helm = tokio::task::spawn_blocking(|| locate_or_build_helm(&progress).unwrap())
            .await
            .unwrap();
        let chart = Chart {
            folder: &Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/crmlink"),
            release: "crmlink",
            namespace: SYSTEM,
            values: &[("replicas", "0")],
        };
        install_chart(&helm, &self.cluster, chart).await.unwrap();
    }

    /// Writes what an operator signs in with.
    pub(crate) async fn operator_kubeconfig(&self, path: &Path) {
        self.cluster
            .service_account_kubeconfig(SYSTEM, SERVICE_ACCOUNT, path)
            .await
            .unwrap();
    }
}

fn progress(line: &str) {
    eprintln!("{line}");
}
