use std::{env, fs, path::Path};

use super::*;

/// Calls `look` with the path and the schema of every node.
fn walk(path: &str, schema: &Value, look: &mut impl FnMut(&str, &Value)) {
    look(path, schema);
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        walk(&format!("{path}.{name}"), member, look);
    }
    for (keyword, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
        if schema[keyword].is_object() {
            walk(&format!("{path}{mark}"), &schema[keyword], look);
        }
    }
}

fn each_node(look: &mut impl FnMut(&str, &Value)) {
    for crd in crds() {
        let value = serde_json::to_value(&crd).unwrap();
        let schema = &value["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        walk(&crd.spec.names.kind, schema, look);
    }
}

/// `CRMLINK_WRITE_GENERATED=1` writes the files instead.
#[test]
fn the_files_are_the_generated_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds");
    let write = env::var_os("CRMLINK_WRITE_GENERATED").is_some();
    let mut expected = Vec::new();
    for crd in crds() {
        let path = folder.join(file_name(&crd));
        let text = to_yaml(&crd).unwrap();
        if write {
            fs::write(&path, &text).unwrap();
        }
        let on_disk = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            on_disk == text,
            "{} is stale: run `cargo xtask gen`",
            path.display()
        );
        expected.push(path);
    }
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn the_text_reads_back_as_the_definition() {
    for crd in crds() {
        let read: CustomResourceDefinition = serde_saphyr::from_str(&to_yaml(&crd).unwrap()).unwrap();
        assert_eq!(read, crd);
    }
}

#[test]
fn there_are_no_defaults_nulls_or_unknown_formats() {
    each_node(&mut |path, schema| {
        assert!(schema.get("default").is_none(), "{path} has a default");
        assert!(schema.get("nullable").is_none(), "{path} is nullable");
        let format = schema["format"].as_str();
        assert!(
            matches!(format, None | Some("int32" | "int64" | "date-time")),
            "{path}: {format:?}"
        );
    });
}

#[test]
fn every_list_map_and_string_is_bounded() {
    each_node(&mut |path, schema| match schema["type"].as_str() {
        Some("string") if schema["format"] != "date-time" => {
            let bounded = schema["enum"].is_array() || schema["maxLength"].is_number();
            assert!(bounded, "{path} is unbounded: {schema}");
        }
        Some("array") => {
            assert!(schema["maxItems"].is_number(), "{path} is unbounded");
            assert!(
                schema["x-kubernetes-list-type"].is_string(),
                "{path} has no list type"
            );
        }
        Some("object") => {
            let open = schema.get("additionalProperties").is_some();
            assert!(
                !open || schema["maxProperties"].is_number(),
                "{path} is unbounded"
            );
        }
        Some("string" | "boolean" | "integer") => {}
        other => panic!("{path}: {other:?}"),
    });
}

#[test]
fn every_field_is_explained_in_sentences() {
    each_node(&mut |path, schema| {
        let ours = path.contains(".spec") || path.contains(".status");
        if ours && !path.ends_with(']') && !path.ends_with('}') && !path.contains("selector.") {
            let text = schema["description"].as_str().unwrap_or_default();
            assert!(text.ends_with('.'), "{path}: {text:?}");
        }
    });
}

/// An optional value says what holds without it; what an object or a list does, its members and its text say.
#[test]
fn every_optional_value_of_a_spec_names_its_default() {
    each_node(&mut |path, schema| {
        let required = |name: &str| {
            schema["required"]
                .as_array()
                .is_some_and(|all| all.contains(&name.into()))
        };
        let ours = path.contains(".spec") && !path.contains("selector");
        for (name, member) in schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|_| ours)
        {
            if !required(name) && !matches!(member["type"].as_str(), Some("object" | "array")) {
                let text = member["description"].as_str().unwrap_or_default();
                assert!(text.contains("efault: "), "{path}.{name}: {text:?}");
            }
        }
    });
}

#[test]
fn every_rule_has_a_message() {
    let mut rules = 0;
    each_node(&mut |path, schema| {
        for rule in schema["x-kubernetes-validations"]
            .as_array()
            .into_iter()
            .flatten()
        {
            rules += 1;
            assert!(
                !rule["message"].as_str().unwrap_or_default().is_empty(),
                "{path}: {rule}"
            );
        }
    });
    assert!(rules > 10, "{rules}");
}

#[test]
fn names_columns_and_selectable_fields_are_as_documented() {
    for crd in crds() {
        let names = &crd.spec.names;
        assert_eq!(crd.spec.group, crate::api::GROUP);
        assert_eq!(crd.spec.scope, "Namespaced");
        assert_eq!(
            names.categories.as_deref(),
            Some([crate::api::CATEGORY.to_owned()].as_slice())
        );
        assert_eq!(names.short_names.as_ref().map(Vec::len), Some(1));
        let version = &crd.spec.versions[0];
        assert_eq!(version.name, crate::api::VERSION);
        assert!(version.subresources.as_ref().unwrap().status.is_some());
        let columns: Vec<_> = version
            .additional_printer_columns
            .iter()
            .flatten()
            .map(|c| c.name.as_str())
            .collect();
        for column in ["Ready", "Reason", "Age", "Message"] {
            assert!(columns.contains(&column), "{}: {columns:?}", names.kind);
        }
    }
}
