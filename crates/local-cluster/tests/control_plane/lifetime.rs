//! Side by side, stopped and started, and gone with their owner.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::{Api, api::PostParams};
use local_cluster::{Assets, Cluster, Error, Options};

use crate::support::{alive, assets, cluster, wait_until};

#[tokio::test]
async fn two_run_side_by_side_and_leave_nothing() {
    let (first, second) = tokio::join!(cluster(Options::default()), cluster(Options::default()));
    let name = first.create_namespace("only-first").await.unwrap();
    let namespaces = |cluster: &Cluster| Api::<Namespace>::all(cluster.admin_client().unwrap());
    assert!(namespaces(&first).get_opt(&name).await.unwrap().is_some());
    assert!(namespaces(&second).get_opt(&name).await.unwrap().is_none());

    let control_plane = first.control_plane().unwrap();
    let (processes, folder) = (control_plane.process_ids(), control_plane.folder().to_path_buf());
    assert_eq!(processes.len(), 2);
    assert!(processes.iter().all(|pid| alive(*pid)) && folder.exists());
    drop(first);
    assert!(!processes.iter().any(|pid| alive(*pid)), "{processes:?}");
    assert!(!folder.exists());
    assert!(
        namespaces(&second)
            .list(&kube::api::ListParams::default())
            .await
            .is_ok(),
        "the second lives on"
    );
}

#[tokio::test]
async fn the_api_server_comes_back_with_its_address_and_data() {
    let cluster = cluster(Options::default()).await;
    let namespace = cluster.create_namespace("restart").await.unwrap();
    let maps: Api<ConfigMap> = Api::namespaced(cluster.admin_client().unwrap(), &namespace);
    let mut map = ConfigMap::default();
    map.metadata.name = Some("kept".to_owned());
    maps.create(&PostParams::default(), &map).await.unwrap();

    let control_plane = cluster.control_plane().unwrap();
    let before = control_plane.server().to_owned();
    control_plane.stop_apiserver();
    assert_eq!(control_plane.process_ids().len(), 1);
    let down = maps.get_opt("kept").await;
    assert!(down.is_err(), "{down:?}");

    let control_plane = cluster.control_plane().unwrap();
    control_plane.start_apiserver().await.unwrap();
    assert_eq!(control_plane.server(), before);
    assert!(maps.get_opt("kept").await.unwrap().is_some());
}

#[test]
fn everything_dies_with_an_owner_that_is_killed() {
    assets();
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Command::new(env!("CARGO_BIN_EXE_control-plane"))
        .arg(folder.path().join("kubeconfig"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut processes, mut run_folder) = (Vec::<u32>::new(), PathBuf::new());
    for line in BufReader::new(owner.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
    {
        match line.split_once(' ') {
            Some(("processes", ids)) => processes = ids.split(' ').map(|id| id.parse().unwrap()).collect(),
            Some(("folder", path)) => run_folder = path.into(),
            _ => break,
        }
    }
    assert_eq!(processes.len(), 2, "the control plane did not get ready");
    assert!(processes.iter().all(|pid| alive(*pid)) && run_folder.exists());

    // Child::kill is SIGKILL on Unix: the owner has no chance to clean up.
    owner.kill().unwrap();
    owner.wait().unwrap();
    wait_until("the end of etcd and kube-apiserver", || {
        !processes.iter().any(|pid| alive(*pid))
    });
    wait_until("the removal of the folder", || !run_folder.exists());
}

#[tokio::test]
async fn a_process_that_fails_is_quoted() {
    let assets = tokio::task::spawn_blocking(assets).await.unwrap();
    let options = Options {
        apiserver_arguments: vec!["--no-such-flag".to_owned()],
        ..Options::default()
    };
    let error = Cluster::start(&assets, options).await.unwrap_err();
    assert!(
        matches!(
            &error,
            Error::Ended {
                process: "kube-apiserver",
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error.to_string().contains("unknown flag: --no-such-flag"),
        "{error}"
    );

    let wrong = Assets {
        etcd: "/bin/false".into(),
        ..assets
    };
    let error = Cluster::start(&wrong, Options::default()).await.unwrap_err();
    assert!(matches!(error, Error::Ended { process: "etcd", .. }), "{error}");
}
