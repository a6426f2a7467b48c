//! The schemas of the kinds, as the API server keeps them.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::{Map, Value};

use super::Finding;
use super::rules::{self, Rules};
use crate::api::{GROUP, VERSION, crds};

/// The longest name of an object.
const NAME_CHARACTERS: usize = 253;

/// The schemas of all kinds.
pub(super) struct Schemas {
    of_kind: BTreeMap<String, JSONSchemaProps>,
    rules: Rules,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let of_kind = crds().into_iter().filter_map(|crd| {
            let version = crd
                .spec
                .versions
                .into_iter()
                .find(|version| version.name == VERSION)?;
            Some((crd.spec.names.kind, version.schema?.open_api_v3_schema?))
        });
        Self {
            of_kind: of_kind.collect(),
            rules: Rules::new(),
        }
    }

    /// The schema of each kind.
    #[cfg(test)]
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &JSONSchemaProps)> {
        self.of_kind.iter().map(|(kind, schema)| (kind.as_str(), schema))
    }

    /// What is wrong with an object of the product's group, by its schema and its rules.
    pub(super) fn findings(&self, object: &Value) -> Vec<Finding> {
        let expected = format!("{GROUP}/{VERSION}");
        if object["apiVersion"] != expected.as_str() {
            return vec![Finding::new(
                "apiVersion",
                format!("it is not served; write {expected}"),
            )];
        }
        let kind = object["kind"].as_str().unwrap_or_default();
        let Some(schema) = self.of_kind.get(kind) else {
            let known: Vec<&str> = self.of_kind.keys().map(String::as_str).collect();
            let message = format!("there is no kind {kind:?}; there are {}", known.join(", "));
            return vec![Finding::new("kind", message)];
        };
        let mut findings = metadata(&object["metadata"]);
        // The API server drops the status of what is applied before it looks.
        let mut declared = object.clone();
        if let Some(members) = declared.as_object_mut() {
            members.remove("status");
        }
        let mut walk = Walk {
            rules: &self.rules,
            findings: Vec::new(),
        };
        walk.value("", schema, &declared);
        findings.append(&mut walk.findings);
        findings
    }
}

/// Name, namespace, labels and annotations.
fn metadata(metadata: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    let generated = metadata["generateName"].is_string();
    match metadata.get("name") {
        None if generated => {}
        Some(Value::String(name)) if is_subdomain(name) => {}
        None => findings.push(Finding::new("metadata.name", "Required value")),
        Some(_) => findings.push(Finding::new(
            "metadata.name",
            "Invalid value: small letters, digits, '-' and '.', at most 253, the first and the last one no '-' or '.'",
        )),
    }
    match metadata.get("namespace") {
        None => {}
        Some(Value::String(name)) if is_subdomain(name) && name.len() <= 63 && !name.contains('.') => {}
        Some(_) => findings.push(Finding::new(
            "metadata.namespace",
            "Invalid value: small letters, digits and '-', at most 63, the first and the last one no '-'",
        )),
    }
    for field in ["labels", "annotations"] {
        let texts = metadata[field].as_object().into_iter().flatten();
        let wrong = texts.filter(|(_, value)| !value.is_string());
        findings.extend(wrong.map(|(key, _)| {
            Finding::new(
                format!("metadata.{field}[{key}]"),
                "Invalid value: must be of type string; put it in quotes",
            )
        }));
    }
    findings
}

fn is_subdomain(name: &str) -> bool {
    let is_label = |label: &str| {
        let safe = label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        safe && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= NAME_CHARACTERS && name.split('.').all(is_label)
}

/// One way through an object along its schema.
struct Walk<'a> {
    rules: &'a Rules,
    findings: Vec<Finding>,
}

impl Walk<'_> {
    fn find(&mut self, field: &str, message: impl Into<String>) {
        self.findings.push(Finding::new(field, message));
    }

    fn value(&mut self, field: &str, schema: &JSONSchemaProps, value: &Value) {
        let found = self.findings.len();
        let wanted = schema.type_.as_deref().unwrap_or_default();
        match (wanted, value) {
            ("object", Value::Object(members)) => self.object(field, schema, members),
            ("array", Value::Array(items)) => self.array(field, schema, items),
            ("string", Value::String(text)) => self.text(field, schema, text),
            ("integer", Value::Number(number)) if number.is_i64() || number.is_u64() => {
                self.number(field, schema, value);
            }
            ("number", Value::Number(_)) => self.number(field, schema, value),
            ("boolean", Value::Bool(_)) | ("", _) => {}
            _ => return self.find(field, format!("Invalid value: must be of type {wanted}")),
        }
        let allowed = schema.enum_.as_deref().unwrap_or_default();
        if !allowed.is_empty() && !allowed.iter().any(|allowed| allowed.0 == *value) {
            let words: Vec<String> = allowed.iter().map(|allowed| allowed.0.to_string()).collect();
            self.find(
                field,
                format!(
                    "Unsupported value: {value}: supported values: {}",
                    words.join(", ")
                ),
            );
        }
        // A rule may count on what the schema demands.
        if self.findings.len() == found {
            for rule in schema.x_kubernetes_validations.iter().flatten() {
                if let Some(message) = self.rules.broken(rule, value) {
                    self.find(field, format!("Invalid value: {message}"));
                }
            }
        }
    }

    fn object(&mut self, field: &str, schema: &JSONSchemaProps, members: &Map<String, Value>) {
        let known = schema.properties.as_ref();
        let required = schema.required.iter().flatten();
        for name in required
            .clone()
            .filter(|name| members.get(*name).is_none_or(Value::is_null))
        {
            self.find(&member(field, name), "Required value");
        }
        if let Some(most) = schema
            .max_properties
            .filter(|most| too_many(members.len(), *most))
        {
            self.find(field, format!("Too many: must have at most {most} items"));
        }
        for (name, value) in members {
            let path = member(field, name);
            if let Some(schema) = known.and_then(|known| known.get(name)) {
                // It counts as left out where an object is created, and is refused by server-side apply.
                match value {
                    Value::Null if required.clone().any(|required| required == name) => {}
                    Value::Null => self.find(&path, "Invalid value: null: leave the field out instead"),
                    value => self.value(&path, schema, value),
                }
                continue;
            }
            match &schema.additional_properties {
                Some(JSONSchemaPropsOrBool::Schema(schema)) => self.value(&path, schema, value),
                Some(JSONSchemaPropsOrBool::Bool(true)) => {}
                // The root names its own members only.
                _ if field.is_empty() && ["apiVersion", "kind", "metadata"].contains(&name.as_str()) => {}
                _ => self.find(&path, "unknown field"),
            }
        }
    }

    fn array(&mut self, field: &str, schema: &JSONSchemaProps, items: &[Value]) {
        if let Some(most) = schema.max_items.filter(|most| too_many(items.len(), *most)) {
            self.find(field, format!("Too many: must have at most {most} items"));
        }
        if let Some(least) = schema.min_items.filter(|least| too_few(items.len(), *least)) {
            self.find(
                field,
                format!("Invalid value: should have at least {least} items"),
            );
        }
        if let Some(JSONSchemaPropsOrArray::Schema(schema)) = &schema.items {
            for (at, item) in items.iter().enumerate() {
                self.value(&format!("{field}[{at}]"), schema, item);
            }
        }
        let keys = schema.x_kubernetes_list_map_keys.as_deref().unwrap_or_default();
        let key_of = |item: &Value| match schema.x_kubernetes_list_type.as_deref() {
            Some("set") => Some(item.to_string()),
            Some("map") => {
                let keys: Vec<&Value> = keys.iter().map(|key| &item[key.as_str()]).collect();
                Some(serde_json::json!(keys).to_string())
            }
            _ => None,
        };
        let mut seen = BTreeSet::new();
        for (at, item) in items.iter().enumerate() {
            if key_of(item).is_some_and(|key| !seen.insert(key)) {
                self.find(&format!("{field}[{at}]"), "Duplicate value");
            }
        }
    }

    fn text(&mut self, field: &str, schema: &JSONSchemaProps, text: &str) {
        let characters = text.chars().count();
        if let Some(most) = schema.max_length.filter(|most| too_many(characters, *most)) {
            self.find(field, format!("Too long: may not be more than {most} characters"));
        }
        if let Some(least) = schema.min_length.filter(|least| too_few(characters, *least)) {
            self.find(
                field,
                format!("Invalid value: should be at least {least} chars long"),
            );
        }
        if let Some(pattern) = &schema.pattern {
            match rules::expression(pattern) {
                Ok(expression) if expression.is_match(text) => {}
                Ok(_) => self.find(field, format!("Invalid value: should match '{pattern}'")),
                Err(error) => self.find(
                    field,
                    format!("the pattern of the schema cannot be used: {error}"),
                ),
            }
        }
    }

    fn number(&mut self, field: &str, schema: &JSONSchemaProps, value: &Value) {
        let number = value.as_f64().unwrap_or_default();
        if let Some(least) = schema.minimum.filter(|least| number < *least) {
            self.find(
                field,
                format!("Invalid value: {value}: should be greater than or equal to {least}"),
            );
        }
        if let Some(most) = schema.maximum.filter(|most| number > *most) {
            self.find(
                field,
                format!("Invalid value: {value}: should be less than or equal to {most}"),
            );
        }
    }
}

fn member(field: &str, name: &str) -> String {
    if field.is_empty() {
        name.to_owned()
    } else {
        format!("{field}.{name}")
    }
}

fn too_many(count: usize, most: i64) -> bool {
    i64::try_from(count).is_ok_and(|count| count > most)
}

fn too_few(count: usize, least: i64) -> bool {
    i64::try_from(count).is_ok_and(|count| count < least)
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
