//! RBAC is on, and a service account has the rights it is given and no others.

use k8s_openapi::api::{
    core::v1::{ConfigMap, ServiceAccount},
    rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject},
};
use kube::{
    Api, Client, Config,
    api::{ListParams, ObjectMeta, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use local_cluster::{Options, audit};

use crate::support::cluster;

fn named(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    }
}

async fn may_write_config_maps(client: Client, namespace: &str) {
    let role = Role {
        metadata: named("writer"),
        rules: Some(vec![PolicyRule {
            api_groups: Some(vec![String::new()]),
            resources: Some(vec!["configmaps".to_owned()]),
            verbs: vec!["create".to_owned()],
            ..PolicyRule::default()
        }]),
    };
    let binding = RoleBinding {
        metadata: named("writer"),
        role_ref: RoleRef {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "Role".to_owned(),
            name: "writer".to_owned(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            name: "operator".to_owned(),
            namespace: Some(namespace.to_owned()),
            ..Subject::default()
        }]),
    };
    Api::namespaced(client.clone(), namespace)
        .create(&PostParams::default(), &role)
        .await
        .unwrap();
    Api::namespaced(client, namespace)
        .create(&PostParams::default(), &binding)
        .await
        .unwrap();
}

fn is_forbidden<T: std::fmt::Debug>(result: &kube::Result<T>) -> bool {
    matches!(result, Err(kube::Error::Api(status)) if status.code == 403)
}

#[tokio::test]
async fn a_service_account_may_what_its_role_says() {
    let options = Options {
        audit_policy: Some(audit::WRITES.to_owned()),
        ..Options::default()
    };
    let cluster = cluster(options).await;
    let admin = cluster.admin_client().unwrap();
    let namespace = cluster.create_namespace("rights").await.unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(admin.clone(), &namespace);
    let account = ServiceAccount {
        metadata: named("operator"),
        ..ServiceAccount::default()
    };
    accounts.create(&PostParams::default(), &account).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    cluster
        .service_account_kubeconfig(&namespace, "operator", &path)
        .await
        .unwrap();
    let kubeconfig = Kubeconfig::read_from(&path).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .unwrap();
    assert_eq!(config.default_namespace, namespace);
    let maps: Api<ConfigMap> = Api::default_namespaced(Client::try_from(config).unwrap());
    let map = ConfigMap {
        metadata: named("made"),
        ..ConfigMap::default()
    };

    let refused = maps.create(&PostParams::default(), &map).await;
    assert!(is_forbidden(&refused), "{refused:?}");
    may_write_config_maps(admin, &namespace).await;
    // The authorizer learns of a new binding through a watch.
    let mut made = maps.create(&PostParams::default(), &map).await;
    for _ in 0..200 {
        if !is_forbidden(&made) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        made = maps.create(&PostParams::default(), &map).await;
    }
    made.unwrap();
    let listed = maps.list(&ListParams::default()).await;
    assert!(is_forbidden(&listed), "only what the role says: {listed:?}");

    let log = cluster.control_plane().unwrap().audit_log().unwrap();
    let user = format!("system:serviceaccount:{namespace}:operator");
    let writes: Vec<_> = audit::read(log)
        .unwrap()
        .into_iter()
        .filter(|entry| entry.user == user)
        .collect();
    assert!(
        writes
            .iter()
            .all(|entry| entry.verb == "create" && entry.resource == "configmaps"),
        "{writes:?}"
    );
    assert_eq!(writes.first().unwrap().code, 403);
    assert_eq!(writes.last().unwrap().code, 201);
}

#[tokio::test]
async fn a_missing_service_account_is_named() {
    let cluster = cluster(Options::default()).await;
    let client = cluster.service_account_client("default", "nobody").await;
    let error = client.err().unwrap();
    assert!(error.to_string().contains("default/nobody"), "{error}");
}
