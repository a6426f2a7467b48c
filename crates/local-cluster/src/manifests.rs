//! Rendered YAML as Kubernetes objects.

use kube::core::{DynamicObject, GroupVersionKind};
use serde_json::Value;

use crate::error::{Error, Result};

const HOOK: &str = "helm.sh/hook";

/// What a rendered chart holds, in the order in which it has to be applied.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    pub(crate) definitions: Vec<DynamicObject>,
    pub(crate) others: Vec<DynamicObject>,
    /// Objects that Helm runs at certain moments instead of installing them.
    pub(crate) hooks: Vec<DynamicObject>,
}

impl Manifests {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(text).map_err(|error| Error::Manifest(error.to_string()))?;
        let mut manifests = Self::default();
        for document in documents {
            manifests.add(document)?;
        }
        Ok(manifests)
    }

    fn add(&mut self, document: Value) -> Result<()> {
        if is_list(&document) {
            let items = document
                .get("items")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            return items.into_iter().try_for_each(|item| self.add(item));
        }
        let object: DynamicObject = serde_json::from_value(document)
            .map_err(|error| Error::Manifest(format!("a document is no Kubernetes object: {error}")))?;
        let kind = gvk(&object)?;
        if object.metadata.name.is_none() {
            return Err(Error::Manifest(format!(
                "an object of kind {} has no name",
                kind.kind
            )));
        }
        let hook = object
            .metadata
            .annotations
            .as_ref()
            .is_some_and(|all| all.contains_key(HOOK));
        if hook {
            self.hooks.push(object);
        } else if kind.group == "apiextensions.k8s.io" && kind.kind == "CustomResourceDefinition" {
            self.definitions.push(object);
        } else {
            self.others.push(object);
        }
        Ok(())
    }
}

fn is_list(document: &Value) -> bool {
    document["apiVersion"] == "v1" && document["kind"] == "List"
}

/// The group, version and kind that the object names.
pub(crate) fn gvk(object: &DynamicObject) -> Result<GroupVersionKind> {
    let types = object
        .types
        .as_ref()
        .ok_or_else(|| Error::Manifest("a document has no apiVersion and kind".to_owned()))?;
    GroupVersionKind::try_from(types).map_err(|error| Error::Manifest(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(objects: &[DynamicObject]) -> Vec<&str> {
        objects
            .iter()
            .filter_map(|object| object.metadata.name.as_deref())
            .collect()
    }

    #[test]
    fn sorts_definitions_hooks_and_the_rest_and_drops_nothing() {
        let text = r#"---
# Source: a comment only
---
apiVersion: v1
kind: ConfigMap
metadata: {name: first}
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Secret
    metadata: {name: listed}
  - apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: things.example.com}
---
apiVersion: v1
kind: Pod
metadata:
  name: test
  annotations: {"helm.sh/hook": test}
"#;
        let manifests = Manifests::parse(text).unwrap();
        assert_eq!(names(&manifests.definitions), ["things.example.com"]);
        assert_eq!(names(&manifests.others), ["first", "listed"]);
        assert_eq!(names(&manifests.hooks), ["test"]);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in [
            "just text",
            "kind: ConfigMap\nmetadata: {name: x}",
            "apiVersion: v1\nkind: ConfigMap",
        ] {
            assert!(
                matches!(Manifests::parse(text), Err(Error::Manifest(_))),
                "{text}"
            );
        }
    }
}
