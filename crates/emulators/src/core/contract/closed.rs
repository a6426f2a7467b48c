//! Closes the property sets of schemas: the contracts let unknown properties pass, so that a misspelt one would
//! go unseen. Parents (`allOf`) are merged into their children first, since a closed parent would refuse what the
//! child adds.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Open types that are closed all the same: Graph declares these two as open, but Exchange behind it refuses a
/// property that it does not know.
const CLOSED_ALL_THE_SAME: [&str; 2] = ["microsoft.graph.contact", "microsoft.graph.event"];

/// Members that Graph sends without declaring them (see the contract's notes).
const SENT_UNDECLARED: [&str; 2] = ["uid", "occurrenceId"];

/// A type that stays open in answers: errors nest, and the more exact codes stand inside, which the contract leaves
/// out.
const OPEN_IN_ANSWERS: &str = "microsoft.graph.ODataErrors.InnerError";

/// How strict the closing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// What the operator sends.
    Request,
    /// What the emulators answer: undeclared members known from the real service pass.
    Answer,
}

/// Closes schemas against the document that their references point into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closer<'a> {
    root: &'a Value,
    side: Side,
    /// Whether members with an `@` (OData's annotations) may stand anywhere.
    annotations: bool,
}

impl<'a> Closer<'a> {
    pub(super) fn new(root: &'a Value, side: Side, annotations: bool) -> Self {
        Self {
            root,
            side,
            annotations,
        }
    }

    /// All components, closed.
    pub(super) fn components(self) -> Value {
        let mut closed = Map::new();
        if let Some(Value::Object(schemas)) = self.root.pointer("/components/schemas") {
            for (name, schema) in schemas {
                let schema = if self.side == Side::Answer && name == OPEN_IN_ANSWERS {
                    schema.clone()
                } else {
                    self.close(schema, CLOSED_ALL_THE_SAME.contains(&name.as_str()))
                };
                closed.insert(name.clone(), schema);
            }
        }
        json!({ "schemas": closed })
    }

    /// One schema, closed. `force` closes it also if it says that it is open.
    pub(super) fn close(self, schema: &Value, force: bool) -> Value {
        let Value::Object(members) = schema else {
            return schema.clone();
        };
        if members.contains_key("allOf")
            && let Some(merged) = self.merged(schema, &mut BTreeSet::new())
        {
            return self.close_object(&merged, force);
        }
        self.close_object(members, force)
    }

    fn close_object(self, members: &Map<String, Value>, force: bool) -> Value {
        let mut closed = Map::new();
        for (keyword, value) in members {
            let value = match (keyword.as_str(), value) {
                ("properties" | "patternProperties", Value::Object(properties)) => Value::Object(
                    properties
                        .iter()
                        .map(|(name, schema)| (name.clone(), self.close(schema, false)))
                        .collect(),
                ),
                ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                    schemas.iter().map(|schema| self.close(schema, false)).collect()
                }
                ("items" | "additionalProperties", Value::Object(_)) => self.close(value, false),
                _ => value.clone(),
            };
            closed.insert(keyword.clone(), value);
        }
        let open_type = members.get("x-odata-open-type") == Some(&Value::Bool(true)) && !force;
        let has_properties = members
            .get("properties")
            .and_then(Value::as_object)
            .is_some_and(|all| !all.is_empty());
        if has_properties && !open_type && !members.contains_key("additionalProperties") {
            closed.insert("additionalProperties".to_owned(), Value::Bool(false));
            if self.annotations {
                let patterns = match self.side {
                    Side::Request => json!({ "@": {} }),
                    Side::Answer => json!({ "@": {}, format!("^({})$", SENT_UNDECLARED.join("|")): {} }),
                };
                closed.insert("patternProperties".to_owned(), patterns);
            }
        }
        Value::Object(closed)
    }

    /// The one object that a chain of parents amounts to; nothing if a member of the chain is no plain object.
    fn merged(self, schema: &Value, seen: &mut BTreeSet<String>) -> Option<Map<String, Value>> {
        let schema = self.resolved(schema, seen)?;
        let mut all = Map::new();
        if let Some(Value::Array(parents)) = schema.get("allOf") {
            for parent in parents {
                absorb(&mut all, self.merged(parent, seen)?);
            }
        } else if schema.get("properties").is_none() && schema.get("x-odata-open-type").is_none() {
            return None;
        }
        let own: Map<String, Value> = schema
            .iter()
            .filter(|(keyword, _)| *keyword != "allOf")
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        absorb(&mut all, own);
        Some(all)
    }

    fn resolved(self, schema: &Value, seen: &mut BTreeSet<String>) -> Option<Map<String, Value>> {
        let mut schema = schema;
        while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            // A type that is its own parent would never end.
            if !seen.insert(reference.to_owned()) {
                return None;
            }
            schema = self.root.pointer(reference.strip_prefix('#')?)?;
        }
        schema.as_object().cloned()
    }
}

fn absorb(all: &mut Map<String, Value>, more: Map<String, Value>) {
    for (keyword, value) in more {
        match (all.get_mut(&keyword), value) {
            (Some(Value::Object(have)), Value::Object(new)) => have.extend(new),
            (Some(Value::Array(have)), Value::Array(new)) => have.extend(new),
            (_, value) => {
                all.insert(keyword, value);
            }
        }
    }
}
