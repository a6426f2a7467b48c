//! The chart: what it renders, what it refuses, and that a real API server takes all of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod admission;
mod render;
mod rights;
mod values;

use std::{path::PathBuf, process::Command, sync::LazyLock};

use kube::core::DynamicObject;
use local_cluster::locate_or_build_helm;

const RELEASE: &str = "crmlink";
const NAMESPACE: &str = "crmlink-system";

/// Everything that is off or empty by default, switched on.
const EVERYTHING: [&str; 14] = [
    "image.digest=sha256:0000000000000000000000000000000000000000000000000000000000000000",
    "imagePullSecrets[0].name=pull",
    "watchNamespace=sales",
    "caBundle.configMapName=proxy-ca",
    "extraArgs={--graph-url=https://graph.example}",
    "extraEnv[0].name=HTTPS_PROXY,extraEnv[0].value=http://proxy:3128",
    "service.enabled=true",
    "concurrency=16",
    "debugPage=true",
    "serviceAccount.annotations.team=crm",
    "podAnnotations.team=crm",
    "podLabels.team=crm",
    "commonLabels.team=crm",
    "nodeSelector.pool=small",
];

static HELM: LazyLock<PathBuf> =
    LazyLock::new(|| locate_or_build_helm(&|line| eprintln!("{line}")).expect("there is no Helm"));

fn chart() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "charts", "crmlink"].iter().collect()
}

/// What Helm printed, or why it refused.
fn helm(arguments: &[&str], set: &[&str]) -> Result<String, String> {
    let mut command = Command::new(&*HELM);
    command.args(arguments);
    for value in set {
        command.args(["--set", value]);
    }
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr) + &text(output.stdout))
    }
}

fn try_render(set: &[&str]) -> Result<Vec<DynamicObject>, String> {
    try_render_in(NAMESPACE, set)
}

fn try_render_in(namespace: &str, set: &[&str]) -> Result<Vec<DynamicObject>, String> {
    let chart = chart();
    let chart = chart.to_str().unwrap();
    let text = helm(
        &[
            "template",
            RELEASE,
            chart,
            "--namespace",
            namespace,
            "--kube-version",
            "1.37.0",
        ],
        set,
    )?;
    let objects: Vec<Option<DynamicObject>> = serde_saphyr::from_multiple(&text).unwrap();
    Ok(objects.into_iter().flatten().collect())
}

fn render(set: &[&str]) -> Vec<DynamicObject> {
    try_render(set).unwrap_or_else(|error| panic!("{error}"))
}

fn kind(object: &DynamicObject) -> &str {
    &object.types.as_ref().unwrap().kind
}

/// The one object of a kind.
fn only<'a>(objects: &'a [DynamicObject], wanted: &str) -> &'a DynamicObject {
    let mut found = objects.iter().filter(|object| kind(object) == wanted);
    let object = found.next().unwrap_or_else(|| panic!("no {wanted}"));
    assert!(found.next().is_none(), "more than one {wanted}");
    object
}

/// The object of a kind with a name.
fn named<'a>(objects: &'a [DynamicObject], wanted: &str, name: &str) -> &'a DynamicObject {
    objects
        .iter()
        .find(|object| kind(object) == wanted && object.metadata.name.as_deref() == Some(name))
        .unwrap_or_else(|| panic!("no {wanted} {name}"))
}
