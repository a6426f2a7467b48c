//! One API server with the chart installed for all tests of a binary.

use std::path::Path;

use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::Api;
use kube::api::PostParams;
use local_cluster::{Chart, Cluster, Options, audit, install_chart, locate_or_build_helm};
use tokio::sync::OnceCell;

/// The namespace that the operator counts as its own.
pub(crate) const SYSTEM: &str = "crmlink-system";

/// The chart's names.
pub(super) const SERVICE_ACCOUNT: &str = "crmlink";
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
        let options = Options {
            audit_policy: Some(audit::WRITES.to_owned()),
            ..Options::default()
        };
        let cluster = Cluster::from_environment(progress, options).await.unwrap();
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

    /// Gives the operator the right to a Lease of another name, as a release of that name would: each test has its own,
    /// or only one of them could act at a time.
    pub(crate) async fn admit_to_lease(&self, account: &str, lease: &str) {
        let client = self.cluster.admin_client().unwrap();
        let metadata = serde_json::json!({ "name": lease, "namespace": SYSTEM });
        let granted = crmlink::rbac::own_namespace_rules(KEY_SECRET, lease);
        let rights = serde_json::json!({ "metadata": metadata, "rules": granted });
        let given = serde_json::json!({
            "metadata": metadata,
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": lease },
            "subjects": [{ "kind": "ServiceAccount", "name": account, "namespace": SYSTEM }],
        });
        let roles: Api<Role> = Api::namespaced(client.clone(), SYSTEM);
        let bindings: Api<RoleBinding> = Api::namespaced(client, SYSTEM);
        let parameters = PostParams::default();
        let rights = serde_json::from_value(rights).unwrap();
        roles.create(&parameters, &rights).await.unwrap();
        let given = serde_json::from_value(given).unwrap();
        bindings.create(&parameters, &given).await.unwrap();
    }

    /// What the operator wrote so far in a namespace, by the API server's audit log, but for what renews its Lease.
    /// Nothing where the API server is not ours.
    pub(crate) fn writes_in(&self, namespace: &str) -> Option<Vec<audit::Entry>> {
        let log = self.cluster.control_plane()?.audit_log()?;
        let user = format!("system:serviceaccount:{SYSTEM}:{SERVICE_ACCOUNT}");
        let entries = audit::read(log).unwrap();
        let ours = |entry: &audit::Entry| entry.user == user && entry.namespace == namespace;
        Some(entries.into_iter().filter(ours).collect())
    }

    /// Writes what an operator signs in with that acts as this service account.
    pub(crate) async fn operator_kubeconfig(&self, account: &str, path: &Path) {
        self.cluster
            .service_account_kubeconfig(SYSTEM, account, path)
            .await
            .unwrap();
    }
}

fn progress(line: &str) {
    eprintln!("{line}");
}
