//! A real API server takes what the chart renders.

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
    core::{DynamicObject, GroupVersionKind},
    discovery::{Scope, pinned_kind},
};
use local_cluster::{Cluster, Options};
use serde_json::{Value, json};

use crate::{EVERYTHING, kind, only, render};

const MANAGER: &str = "chart-test";

async fn cluster() -> Cluster {
    Cluster::from_environment(|line| eprintln!("{line}"), Options::default())
        .await
        .unwrap()
}

/// Sends the object through admission, defaulting and validation without storing it.
async fn try_out(client: &Client, namespace: &str, object: &DynamicObject) -> Result<(), kube::Error> {
    let gvk = GroupVersionKind::try_from(object.types.as_ref().unwrap()).unwrap();
    let (resource, capabilities) = pinned_kind(client, &gvk).await?;
    let mut object = object.clone();
    let api: Api<DynamicObject> = if capabilities.scope == Scope::Namespaced {
        object.metadata.namespace = Some(namespace.to_owned());
        Api::namespaced_with(client.clone(), namespace, &resource)
    } else {
        Api::all_with(client.clone(), &resource)
    };
    let name = object.metadata.name.clone().unwrap();
    let parameters = PatchParams::apply(MANAGER).dry_run().validation_strict();
    api.patch(&name, &parameters, &Patch::Apply(&object))
        .await
        .map(drop)
}

async fn restricted_namespace(cluster: &Cluster) -> String {
    let name = cluster.create_namespace("chart").await.unwrap();
    let api: Api<Namespace> = Api::all(cluster.admin_client().unwrap());
    let labels = json!({ "metadata": { "labels": { "pod-security.kubernetes.io/enforce": "restricted" } } });
    api.patch(&name, &PatchParams::default(), &Patch::Merge(labels))
        .await
        .unwrap();
    name
}

/// The pod that the Deployment would make.
fn pod(objects: &[DynamicObject]) -> DynamicObject {
    let template = &only(objects, "Deployment").data["spec"]["template"];
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": "crmlink-0", "labels": template["metadata"]["labels"] },
        "spec": template["spec"],
    });
    serde_json::from_value(pod).unwrap()
}

#[tokio::test]
async fn every_object_is_accepted() {
    let cluster = cluster().await;
    let client = cluster.admin_client().unwrap();
    let namespace = cluster.create_namespace("chart").await.unwrap();
    for set in [&[][..], &EVERYTHING] {
        for object in render(set) {
            let name = object.metadata.name.as_deref().unwrap_or_default();
            let result = try_out(&client, &namespace, &object).await;
            assert!(
                result.is_ok(),
                "{} {name}: {}",
                kind(&object),
                result.unwrap_err()
            );
        }
    }
    cluster.delete_namespace(&namespace).await.unwrap();
}

#[tokio::test]
async fn the_pod_runs_where_pod_security_is_restricted() {
    let cluster = cluster().await;
    let client = cluster.admin_client().unwrap();
    let namespace = restricted_namespace(&cluster).await;
    // A pod is refused while its service account does not exist.
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), &namespace);
    let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "crmlink" } });
    accounts
        .patch("crmlink", &PatchParams::apply(MANAGER), &Patch::Apply(account))
        .await
        .unwrap();

    for set in [&[][..], &EVERYTHING] {
        let result = try_out(&client, &namespace, &pod(&render(set))).await;
        assert!(result.is_ok(), "{}", result.unwrap_err());
    }

    // The same pod without its guard is refused, so the namespace does check.
    let mut lax = pod(&render(&[]));
    lax.data["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = Value::Bool(true);
    let error = try_out(&client, &namespace, &lax).await.unwrap_err().to_string();
    assert!(error.contains("violates PodSecurity \"restricted"), "{error}");
    cluster.delete_namespace(&namespace).await.unwrap();
}
