//! Values: a typo is refused, and schema and documentation tell the same.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{chart, try_render};

#[test]
fn what_the_schema_does_not_know_is_refused() {
    for (typo, named) in [
        ("replica=1", "replica"),
        ("image.repo=crmlink", "repo"),
        ("crds.keeps=true", "keeps"),
        ("store.storageClass=fast", "storageClass"),
        ("log.format=xml", "format"),
        ("concurrency=0", "concurrency"),
        ("service.port=http", "port"),
        ("watchNamespace=Sales", "watchNamespace"),
        ("image.digest=latest", "digest"),
    ] {
        let error = try_render(&[typo]).expect_err(typo);
        assert!(
            error.contains("values don't meet the specifications"),
            "{typo}: {error}"
        );
        assert!(error.contains(named), "{typo}: {error}");
    }
}

#[test]
fn a_second_replica_is_refused() {
    assert!(try_render(&["replicas=0"]).is_ok());
    let error = try_render(&["replicas=2"]).unwrap_err();
    assert!(error.contains("replicas"), "{error}");
}

#[test]
fn every_value_of_the_schema_is_documented_and_has_a_default() {
    let read = |name: &str| std::fs::read_to_string(chart().join(name)).unwrap();
    let schema: Value = serde_json::from_str(&read("values.schema.json")).unwrap();
    let values: Value = serde_saphyr::from_str(&read("values.yaml")).unwrap();
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<BTreeSet<_>>()
    };

    let mut known = keys(&schema["properties"]);
    assert!(known.remove("global"), "Helm passes `global` to every chart");
    assert_eq!(known, keys(&values));
    for name in known {
        let properties = &schema["properties"][&name]["properties"];
        // The members of `resources` are Kubernetes' own.
        if properties.is_object() && name != "resources" {
            assert_eq!(keys(properties), keys(&values[&name]), "{name}");
        }
    }
}

#[test]
fn no_object_of_the_schema_is_open_by_mistake() {
    fn walk(path: &str, schema: &Value) {
        if schema["properties"].is_object() {
            assert_eq!(schema["additionalProperties"], false, "{path}");
        }
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            walk(&format!("{path}.{name}"), member);
        }
        if schema["items"].is_object() {
            walk(&format!("{path}[]"), &schema["items"]);
        }
    }
    let text = std::fs::read_to_string(chart().join("values.schema.json")).unwrap();
    walk("values", &serde_json::from_str(&text).unwrap());
}
