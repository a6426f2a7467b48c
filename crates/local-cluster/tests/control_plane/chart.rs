//! A chart is installed as Helm would, on our own and on an existing cluster.

use std::path::Path;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api,
    config::Kubeconfig,
    core::{ApiResource, DynamicObject, GroupVersionKind},
};
use local_cluster::{Chart, Cluster, Error, Installed, Options, install_chart};

use crate::support::{assets, cluster};

async fn install(cluster: &Cluster, values: &[(&str, &str)]) -> Result<Installed, Error> {
    let helm = tokio::task::spawn_blocking(assets).await.unwrap().helm;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control_plane/chart");
    install_chart(
        &helm,
        cluster,
        Chart {
            folder: &folder,
            release: "trial",
            namespace: "trial-system",
            values,
        },
    )
    .await
}

fn things(cluster: &Cluster) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("example.com", "v1", "Thing");
    let resource = ApiResource::from_gvk(&kind);
    Api::namespaced_with(cluster.admin_client().unwrap(), "trial-system", &resource)
}

#[tokio::test]
async fn definitions_come_first_and_nothing_is_skipped() {
    let cluster = cluster(Options::default()).await;
    let installed = install(&cluster, &[("greeting", "hello")]).await.unwrap();
    let applied: Vec<String> = installed.applied.iter().map(ToString::to_string).collect();
    assert_eq!(
        applied,
        [
            "CustomResourceDefinition things.example.com",
            "ConfigMap trial-system/trial",
            "ClusterRole trial",
            "Thing trial-system/trial",
        ]
    );
    let hooks: Vec<String> = installed.hooks.iter().map(ToString::to_string).collect();
    assert_eq!(hooks, ["Pod trial-test"]);

    let maps: Api<ConfigMap> = Api::namespaced(cluster.admin_client().unwrap(), "trial-system");
    let data = maps.get("trial").await.unwrap().data.unwrap();
    assert_eq!(data["greeting"], "hello");
    assert_eq!(data["server"], "v1.37", "the chart sees the cluster's version");
    assert!(things(&cluster).get_opt("trial").await.unwrap().is_some());

    // A second installation changes what is there instead of failing on it.
    let again = install(&cluster, &[("greeting", "bye")]).await.unwrap();
    assert_eq!(maps.get("trial").await.unwrap().data.unwrap()["greeting"], "bye");

    again.uninstall(&cluster, false).await.unwrap();
    assert!(maps.get_opt("trial").await.unwrap().is_none());
    assert!(
        things(&cluster).get_opt("trial").await.unwrap().is_none(),
        "the kind must still be served"
    );
}

#[tokio::test]
async fn what_the_chart_or_the_server_refuses_is_told() {
    let cluster = cluster(Options::default()).await;
    let error = install(&cluster, &[]).await.unwrap_err();
    assert!(matches!(error, Error::Render { .. }), "{error}");
    assert!(error.to_string().contains("a greeting is needed"), "{error}");

    let error = install(&cluster, &[("greeting", "hello"), ("unknownField", "true")])
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("applying Thing trial-system/trial"),
        "{error}"
    );
    assert!(error.to_string().contains("unknown"), "{error}");
}

#[tokio::test]
async fn an_existing_cluster_serves_as_well() {
    let owned = cluster(Options::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    owned.kubeconfig(&path).unwrap();
    let kubeconfig = Kubeconfig::read_from(&path).unwrap();
    let context = kubeconfig.current_context.clone().unwrap();

    let existing = Cluster::from_kubeconfig(kubeconfig, &context).await.unwrap();
    assert!(existing.control_plane().is_none());
    install(&existing, &[("greeting", "hello")]).await.unwrap();
    assert!(things(&owned).get_opt("trial").await.unwrap().is_some());
    let namespace = existing.create_namespace("existing").await.unwrap();
    existing.delete_namespace(&namespace).await.unwrap();
    existing.delete_namespace("was-never-there").await.unwrap();

    let kubeconfig = Kubeconfig::read_from(&path).unwrap();
    drop(owned);
    let error = Cluster::from_kubeconfig(kubeconfig, &context).await.unwrap_err();
    assert!(
        error.to_string().contains("its server does not answer"),
        "{error}"
    );
}

#[tokio::test]
async fn an_unknown_context_is_named() {
    let error = Cluster::from_context("no-such-context").await.unwrap_err();
    assert!(error.to_string().contains("`no-such-context`"), "{error}");
}
