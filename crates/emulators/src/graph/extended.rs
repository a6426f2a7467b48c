//! Single-value extended properties: their ids, bodies and the `$expand` that shows them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::errors::Failure;

/// The property by which crmlink marks what it makes.
pub(super) const MARKER: &str = "String {6f1c8a52-3d0b-4c7e-9a41-5be2c07d9f13} Name CrmlinkMarker";

/// Extended properties by their id in one form.
pub(super) type Extended = BTreeMap<String, String>;

const TYPES: [&str; 12] = [
    "Binary",
    "Boolean",
    "CLSID",
    "Currency",
    "Double",
    "Float",
    "Integer",
    "Long",
    "Short",
    "String",
    "SystemTime",
    "Integer64",
];

/// One form for an id: the GUID and the tag in lower case, the name as given, for names are case-sensitive.
pub(super) fn canonical(id: &str) -> Result<String, Failure> {
    let wrong = || {
        Failure::new(
            400,
            "ErrorInvalidProperty",
            format!("Cannot parse the extended property id '{id}'."),
        )
    };
    let (kind, rest) = id.split_once(' ').ok_or_else(wrong)?;
    if !TYPES.contains(&kind) {
        return Err(wrong());
    }
    if let Some(tag) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
        return hex(tag).map(|tag| format!("{kind} 0x{tag}")).ok_or_else(wrong);
    }
    let (guid, rest) = rest.split_once(' ').ok_or_else(wrong)?;
    let inner = guid
        .strip_prefix('{')
        .and_then(|guid| guid.strip_suffix('}'))
        .ok_or_else(wrong)?;
    let guid = uuid::Uuid::try_parse(inner).map_err(|_| wrong())?;
    match rest.split_once(' ') {
        Some(("Name", name)) if !name.trim().is_empty() => Ok(format!("{kind} {{{guid}}} Name {name}")),
        Some(("Id", tag)) => {
            let tag = tag.strip_prefix("0x").and_then(hex).ok_or_else(wrong)?;
            Ok(format!("{kind} {{{guid}}} Id 0x{tag}"))
        }
        _ => Err(wrong()),
    }
}

fn hex(text: &str) -> Option<String> {
    u32::from_str_radix(text, 16)
        .ok()
        .map(|_| text.to_ascii_lowercase())
}

/// Reads `singleValueExtendedProperties` of a body.
pub(super) fn read(value: &Value, into: &mut Extended) -> Result<(), Failure> {
    let wrong = || Failure::body("singleValueExtendedProperties takes a list of objects with id and value.");
    let Value::Array(items) = value else {
        return Err(wrong());
    };
    for item in items {
        let Value::Object(item) = item else {
            return Err(wrong());
        };
        let (Some(Value::String(id)), Some(Value::String(text))) = (item.get("id"), item.get("value")) else {
            return Err(wrong());
        };
        if let Some(name) = item
            .keys()
            .find(|name| !matches!(name.as_str(), "id" | "value") && !name.contains('@'))
        {
            return Err(Failure::body(format!(
                "The property '{name}' does not exist on type 'microsoft.graph.singleValueLegacyExtendedProperty'."
            )));
        }
        into.insert(canonical(id)?, text.clone());
    }
    Ok(())
}

/// Reads `$expand=singleValueExtendedProperties($filter=id eq '…' or id eq '…')`, the only form there is.
pub(super) fn read_expand(text: &str) -> Result<Vec<String>, Failure> {
    let wrong = || {
        Failure::parse(
            "The expand option takes singleValueExtendedProperties($filter=id eq '...') and nothing else.",
        )
    };
    let inner = text
        .trim()
        .strip_prefix("singleValueExtendedProperties(")
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|inner| inner.trim().strip_prefix("$filter"))
        .and_then(|inner| inner.trim_start().strip_prefix('='))
        .ok_or_else(wrong)?;
    let mut wanted = Vec::new();
    let mut rest = inner.trim();
    loop {
        let after = rest.strip_prefix("id eq '").ok_or_else(wrong)?;
        let (id, after) = after.split_once('\'').ok_or_else(wrong)?;
        wanted.push(canonical(id)?);
        let after = after.trim_start();
        if after.is_empty() {
            return Ok(wanted);
        }
        rest = after.strip_prefix("or ").ok_or_else(wrong)?.trim_start();
    }
}

/// The expanded member; none where the item carries none of the wanted properties.
pub(super) fn expanded(extended: &Extended, wanted: &[String]) -> Option<Value> {
    let found: Vec<Value> = wanted
        .iter()
        .filter_map(|id| extended.get(id).map(|value| json!({"id": id, "value": value})))
        .collect();
    (!found.is_empty()).then_some(Value::Array(found))
}
