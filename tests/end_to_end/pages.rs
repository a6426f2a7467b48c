//! What the program answers besides its work.

use std::process::Command;

use crmlink::api::crds;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

use crate::support::{ANA, BINARY, Case, World, until};

#[tokio::test(flavor = "multi_thread")]
async fn probes_and_metrics() {
    let case = Case::in_sync(World::three(), ANA).await;
    let operator = case.operator();
    assert_eq!(operator.get("/livez").await, (200, "ok".to_owned()));
    let ready = until(async || (operator.get("/readyz").await == (200, "ok".to_owned())).then_some(()));
    ready.await.expect("it becomes ready");
    let (status, page) = operator.get("/metrics").await;
    assert_eq!(status, 200);
    for line in [
        "# TYPE crmlink_api_calls counter",
        r#"crmlink_api_calls_total{service="graph",route="/users/{user}/contactFolders/{folder}/contacts",status="201"} 3"#,
        r#"crmlink_reconciles_total{kind="ContactSync",outcome="done"}"#,
        "crmlink_crm_credits_total ",
        "# UNIT crmlink_api_call_duration_seconds seconds",
        "# EOF",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
    assert_eq!(operator.get("/nothing").await.0, 404);
    case.finish().await;
}

#[test]
fn the_definitions_are_printed() {
    let output = Command::new(BINARY).arg("crds").output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let printed: Vec<CustomResourceDefinition> = serde_saphyr::from_multiple(&text).unwrap();
    assert_eq!(printed, crds());
}

#[test]
fn wrong_arguments_are_refused_in_words() {
    let output = Command::new(BINARY)
        .args(["run", "--data-directory=/tmp"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("--data-directory") && text.contains("--data-dir"),
        "{text}"
    );
}

#[test]
fn without_kubernetes_it_says_so_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(BINARY)
        .args(["run", "--listen=127.0.0.1:0"])
        .arg(format!("--data-dir={}", folder.path().display()))
        .env("KUBECONFIG", folder.path().join("missing"))
        .env_remove("KUBERNETES_SERVICE_HOST")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("no connection to Kubernetes"), "{text}");
}
