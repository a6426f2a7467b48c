//! Tests of what the schemas of the kinds demand of this program.

use serde_json::json;

use super::*;

/// What a schema may say: the walk keeps each of these, or it is no demand.
const KEYWORDS: [&str; 24] = [
    "additionalProperties",
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "properties",
    "required",
    "type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-validations",
    // Of rules.
    "rule",
    "message",
    "name",
    "default",
];

fn each(schema: &JSONSchemaProps, visit: &mut dyn FnMut(&JSONSchemaProps)) {
    visit(schema);
    for member in schema.properties.iter().flat_map(BTreeMap::values) {
        each(member, visit);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(item)) = &schema.items {
        each(item, visit);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(member)) = &schema.additional_properties {
        each(member, visit);
    }
}

#[test]
fn the_schemas_use_no_keyword_that_the_walk_does_not_keep() {
    for (kind, schema) in Schemas::new().all() {
        each(schema, &mut |schema| {
            let mut own = serde_json::to_value(schema).unwrap();
            for nested in [
                "properties",
                "items",
                "additionalProperties",
                "x-kubernetes-validations",
            ] {
                own.as_object_mut().unwrap().remove(nested);
            }
            for keyword in own.as_object().unwrap().keys() {
                assert!(KEYWORDS.contains(&keyword.as_str()), "{kind}: {keyword}");
            }
        });
    }
}

#[test]
fn every_rule_of_our_kinds_is_evaluated() {
    let schemas = Schemas::new();
    let (mut rules, mut about_changes) = (0, 0);
    for (kind, schema) in schemas.all() {
        each(schema, &mut |schema| {
            for rule in schema.x_kubernetes_validations.iter().flatten() {
                if rules::is_about_change(rule) {
                    about_changes += 1;
                    continue;
                }
                rules += 1;
                // With each member, and with those alone that must be there.
                for full in [true, false] {
                    let value = sample(schema, full);
                    let verdict = schemas.rules.holds(&rule.rule, &value);
                    assert!(verdict.is_ok(), "{kind}: {}: {verdict:?} for {value}", rule.rule);
                }
                let unknown = rules::unknown_functions(&rule.rule);
                assert!(unknown.is_empty(), "{kind}: {}: {unknown:?}", rule.rule);
            }
        });
    }
    assert!(
        rules > 40 && about_changes >= 7,
        "{rules} rules, {about_changes} about changes"
    );
}

/// A value of the schema's types.
fn sample(schema: &JSONSchemaProps, full: bool) -> Value {
    if let Some(first) = schema.enum_.as_ref().and_then(|words| words.first()) {
        return first.0.clone();
    }
    match schema.type_.as_deref() {
        Some("object") => {
            let required = |name: &String| schema.required.iter().flatten().any(|wanted| wanted == name);
            let members = schema.properties.iter().flatten();
            let wanted = members.filter(|(name, _)| full || required(name));
            wanted
                .map(|(name, schema)| (name.clone(), sample(schema, full)))
                .collect()
        }
        Some("array") => match &schema.items {
            Some(JSONSchemaPropsOrArray::Schema(item)) => json!([sample(item, full)]),
            _ => json!([]),
        },
        Some("integer") => json!(1),
        Some("boolean") => json!(true),
        // A duration, so that the rule of the interval goes on to its functions.
        _ => json!("5m"),
    }
}
