//! What the chart renders.

use std::{collections::BTreeSet, process::Command};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::core::DynamicObject;
use serde_json::json;

use crate::{EVERYTHING, chart, helm, kind, only, render, try_render_in};

const KEEP: &str = "helm.sh/resource-policy";

fn kept(object: &DynamicObject) -> bool {
    object
        .metadata
        .annotations
        .iter()
        .flatten()
        .any(|(key, value)| key == KEEP && value == "keep")
}

fn definitions(objects: &[DynamicObject]) -> Vec<&DynamicObject> {
    objects
        .iter()
        .filter(|object| kind(object) == "CustomResourceDefinition")
        .collect()
}

fn arguments(objects: &[DynamicObject]) -> Vec<String> {
    let arguments = &only(objects, "Deployment").data["spec"]["template"]["spec"]["containers"][0]["args"];
    serde_json::from_value(arguments.clone()).unwrap()
}

#[test]
fn lint_has_nothing_to_say() {
    for set in [&[][..], &EVERYTHING] {
        let lint = helm(&["lint", "--strict", chart().to_str().unwrap()], set);
        assert!(
            lint.as_ref().is_ok_and(|text| !text.contains("[WARNING]")),
            "{lint:?}"
        );
    }
}

#[test]
fn the_definitions_are_those_of_the_types() {
    let rendered: Vec<CustomResourceDefinition> = definitions(&render(&[]))
        .into_iter()
        .map(|object| serde_json::from_value(serde_json::to_value(object).unwrap()).unwrap())
        .collect();
    let types = crmlink::api::crds();
    assert_eq!(rendered.len(), types.len());
    for of_type in types {
        let same = rendered
            .iter()
            .find(|crd| crd.metadata.name == of_type.metadata.name)
            .unwrap();
        let name = of_type.metadata.name.as_deref().unwrap();
        assert!(
            same.spec == of_type.spec,
            "{name} of the chart is stale: run `cargo xtask gen`"
        );
    }
}

#[test]
fn the_definitions_stay_on_uninstall_unless_told_otherwise() {
    assert!(definitions(&render(&[])).into_iter().all(kept));
    assert!(!definitions(&render(&["crds.keep=false"])).into_iter().any(kept));
    assert!(definitions(&render(&["crds.enabled=false"])).is_empty());
}

#[test]
fn the_store_stays_on_uninstall_unless_told_otherwise() {
    assert!(kept(only(&render(&[]), "PersistentVolumeClaim")));
    assert!(!kept(only(
        &render(&["store.keep=false"]),
        "PersistentVolumeClaim"
    )));
    let own = render(&["store.existingClaim=mine"]);
    assert!(!own.iter().any(|object| kind(object) == "PersistentVolumeClaim"));
    let volume = &only(&own, "Deployment").data["spec"]["template"]["spec"]["volumes"][0];
    assert_eq!(volume["persistentVolumeClaim"]["claimName"], "mine");
}

/// Two processes on one store would do everything twice.
#[test]
fn there_is_never_more_than_one_pod() {
    let objects = render(&[]);
    let spec = &only(&objects, "Deployment").data["spec"];
    assert_eq!(spec["replicas"], 1);
    assert_eq!(spec["strategy"], json!({ "type": "Recreate" }));
}

#[test]
fn the_operator_is_told_where_it_is_and_what_to_watch() {
    let objects = render(&EVERYTHING);
    let arguments = arguments(&objects);
    for argument in [
        "--data-dir=/var/lib/crmlink",
        "--key-secret=crmlink-key",
        "--watch-namespace=sales",
        "--ca-file=/etc/crmlink/ca/ca.crt",
    ] {
        assert!(
            arguments.iter().any(|given| given == argument),
            "{argument} is not in {arguments:?}"
        );
    }
    let environment = &only(&objects, "Deployment").data["spec"]["template"]["spec"]["containers"][0]["env"];
    assert_eq!(environment[0]["name"], "CRMLINK_NAMESPACE");
    assert_eq!(
        environment[0]["valueFrom"]["fieldRef"]["fieldPath"],
        "metadata.namespace"
    );
}

/// The last argument is one that no program knows: if that is all it complains about, it took the others.
#[test]
fn the_program_takes_what_the_chart_passes() {
    let arguments = arguments(&render(&EVERYTHING));
    let mut command = Command::new(env!("CARGO_BIN_EXE_crmlink"));
    let output = command.args(&arguments).arg("--unknown-to-all").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("unexpected argument '--unknown-to-all'"),
        "{error}"
    );
}

#[test]
fn two_releases_of_one_name_do_not_share_cluster_wide_objects() {
    let names = |namespace: &str| -> BTreeSet<String> {
        let objects = try_render_in(namespace, &["crds.enabled=false"]).unwrap();
        let cluster_wide = objects
            .iter()
            .filter(|object| object.metadata.namespace.is_none());
        cluster_wide
            .map(|object| format!("{}/{:?}", kind(object), object.metadata.name))
            .collect()
    };
    assert_eq!(names("one").len(), 5);
    assert!(names("one").is_disjoint(&names("two")));
}
