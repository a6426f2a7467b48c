//! Schemas that several fields share. Every string is bounded, so that the API server accepts the CEL rules'
//! cost; a CEL rule stands where its message says more than a pattern's would.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

const UUID: &str = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
const ADDRESS: &str = "[^\\s@,;<>]+@[^\\s@,;<>]+\\.[^\\s@,;<>]+";

/// The longest e-mail address that can be delivered to.
const ADDRESS_LENGTH: u32 = 254;

fn matching(expression: &str, max_length: u32, message: &str) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": max_length,
        "x-kubernetes-validations": [matches_rule(expression, message)]
    })
}

fn matches_rule(expression: &str, message: &str) -> Value {
    // A raw CEL string, so that the expression's backslashes stay what they are.
    json!({ "rule": format!("self.matches(r'^{expression}$')"), "message": message })
}

/// The name of an object such as a Secret.
pub(super) fn object_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 253,
        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
    })
}

/// The name of a namespace.
pub(super) fn namespace_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 63,
        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
    })
}

/// A user of Microsoft 365.
pub(super) fn office_user(_: &mut SchemaGenerator) -> Schema {
    office_user_with(Vec::new())
}

/// A user of Microsoft 365 who stays the same for the life of the object.
pub(super) fn immutable_office_user(_: &mut SchemaGenerator) -> Schema {
    office_user_with(vec![json!({
        "rule": "self == oldSelf",
        "message": "user is immutable: delete this object and create another"
    })])
}

fn office_user_with(more_rules: Vec<Value>) -> Schema {
    let mut rules = vec![matches_rule(
        &format!("({UUID}|{ADDRESS})"),
        "must be a user principal name such as mary@example.com, or the user's object id (a UUID)",
    )];
    rules.extend(more_rules);
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": ADDRESS_LENGTH,
        "x-kubernetes-validations": rules
    })
}

/// Users of Microsoft 365, each once.
pub(super) fn office_users(generator: &mut SchemaGenerator) -> Schema {
    set_of(&office_user(generator), 1000)
}

/// Object ids of groups of Microsoft 365, each once.
pub(super) fn office_groups(_: &mut SchemaGenerator) -> Schema {
    let message = "must be the object id of a group, a UUID such as 00000000-0000-0000-0000-000000000000";
    set_of(&matching(UUID, 36, message), 100)
}

/// A role or a profile of the CRM, by id or name.
pub(super) fn crm_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": 100 })
}

/// A part of a person's name, as long as the CRM takes it.
pub(super) fn person_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": 40 })
}

/// An id of the CRM.
pub(super) fn crm_id(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": 32, "pattern": "^[0-9]+$" })
}

/// Who somebody is to the API server.
pub(super) fn kubernetes_user(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": 512 })
}

/// A user of the CRM.
pub(super) fn crm_user(_: &mut SchemaGenerator) -> Schema {
    matching(
        ADDRESS,
        ADDRESS_LENGTH,
        "must be the e-mail address of a CRM user, such as mary@example.com",
    )
}

/// An id of the Microsoft identity platform.
pub(super) fn uuid(_: &mut SchemaGenerator) -> Schema {
    matching(
        UUID,
        36,
        "must be a UUID such as 00000000-0000-0000-0000-000000000000",
    )
}

/// A name that the person with the mailbox sees.
pub(super) fn folder_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "x-kubernetes-validations": [
            { "rule": "self.trim() == self", "message": "must not begin or end with a space" }
        ]
    })
}

/// The API name of a CRM field.
pub(super) fn crm_field(_: &mut SchemaGenerator) -> Schema {
    matching(
        "[A-Za-z][A-Za-z0-9_]*",
        100,
        "must be the API name of a CRM field, such as Last_Name: letters, digits and underscores",
    )
}

/// API names of CRM fields, each once.
pub(super) fn crm_fields(generator: &mut SchemaGenerator) -> Schema {
    set_of(&crm_field(generator), 100)
}

/// The hash of a plan.
pub(super) fn plan_hash(_: &mut SchemaGenerator) -> Schema {
    matching(
        "[0-9a-f]{16,64}",
        64,
        "must be the hash of a plan as status.plan.hash shows it: 16 to 64 characters of 0-9 and a-f",
    )
}

/// Hashes of plans, each once.
pub(super) fn plan_hashes(generator: &mut SchemaGenerator) -> Schema {
    set_of(&plan_hash(generator), 20)
}

fn set_of(items: &Schema, max_items: u32) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": max_items,
        "x-kubernetes-list-type": "set",
        "items": items
    })
}

/// A label selector as Kubernetes has it, with bounds.
pub(super) fn label_selector(_: &mut SchemaGenerator) -> Schema {
    let key = json_schema!({ "type": "string", "minLength": 1, "maxLength": 317 });
    let value = json_schema!({ "type": "string", "maxLength": 63 });
    json_schema!({
        "type": "object",
        "x-kubernetes-map-type": "atomic",
        "properties": {
            "matchLabels": {
                "type": "object",
                "maxProperties": 32,
                "additionalProperties": value,
                "description": "Labels and the values that they must have."
            },
            "matchExpressions": {
                "type": "array",
                "maxItems": 16,
                "x-kubernetes-list-type": "atomic",
                "description": "Conditions on labels; all must hold.",
                "items": {
                    "type": "object",
                    "required": ["key", "operator"],
                    "properties": {
                        "key": key,
                        "operator": {
                            "type": "string",
                            "enum": ["In", "NotIn", "Exists", "DoesNotExist"],
                            "description": "How the label is compared with the values."
                        },
                        "values": {
                            "type": "array",
                            "maxItems": 64,
                            "x-kubernetes-list-type": "atomic",
                            "items": value,
                            "description": "Values for In and NotIn; empty for Exists and DoesNotExist."
                        }
                    }
                }
            }
        }
    })
}

/// The id of a contact or folder in a mailbox, which Microsoft 365 does not bound.
pub(super) fn office_id(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": 1024 })
}

/// Short texts in a status.
pub(super) fn status_texts(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 64,
        "x-kubernetes-list-type": "atomic",
        "items": status_text(generator)
    })
}

/// A sentence in a status.
pub(super) fn status_sentence(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": 1024 })
}

/// A short text in a status.
pub(super) fn status_text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": 256 })
}
