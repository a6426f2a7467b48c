//! The marker: the one extended property by which crmlink knows its own containers and items again.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::encode;

/// The property's id. The name is a constant for ever: each name takes one of a mailbox's finite named properties
/// and is never given back (`research/graph.md` §7).
pub const MARKER_PROPERTY: &str = "String {6f1c8a52-3d0b-4c7e-9a41-5be2c07d9f13} Name CrmlinkMarker";

/// The member name under which Graph takes and gives extended properties.
pub(crate) const MEMBER: &str = "singleValueExtendedProperties";

#[derive(Deserialize)]
struct Property {
    #[serde(default)]
    id: String,
    #[serde(default)]
    value: Option<String>,
}

/// The marker as it stands in the body of a create or an update.
pub(crate) fn member(marker: &str) -> Value {
    json!([{ "id": MARKER_PROPERTY, "value": marker }])
}

/// The `$expand` that brings the marker along; without it no answer shows it (`research/graph.md` §7).
pub(crate) fn expand() -> String {
    let clause = format!("{MEMBER}($filter=id eq {})", encode::literal(MARKER_PROPERTY));
    format!("$expand={}", encode::value(&clause))
}

/// The `$filter` that finds the items with one of the markers. Graph compares values without case.
pub(crate) fn filter(markers: &[impl AsRef<str>]) -> String {
    let id = encode::literal(MARKER_PROPERTY);
    let any = |marker: &str| {
        format!(
            "{MEMBER}/Any(ep: ep/id eq {id} and ep/value eq {})",
            encode::literal(marker)
        )
    };
    let clause: Vec<String> = markers.iter().map(|marker| any(marker.as_ref())).collect();
    format!("$filter={}", encode::value(&clause.join(" or ")))
}

/// Reads the marker out of the expanded properties. The GUID's case is the server's choice.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let properties = Option::<Vec<Property>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(properties
        .into_iter()
        .find(|property| property.id.eq_ignore_ascii_case(MARKER_PROPERTY))
        .and_then(|found| found.value))
}
