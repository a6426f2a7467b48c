//! The properties of a contact and the limits that the service sets.

/// What a property holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::graph) enum Kind {
    /// At most 255 UTF-16 units.
    Text,
    /// No limit that matters here.
    Notes,
    /// A list of strings with the greatest number of entries.
    Texts(usize),
    Address,
    Emails,
    /// A view of one of the three e-mail slots.
    Slot(usize),
    Birthday,
    /// Set by the service.
    ReadOnly,
    Extended,
}

/// All properties of `microsoft.graph.contact` in v1.0.
pub(in crate::graph) const FIELDS: [(&str, Kind); 46] = [
    ("assistantName", Kind::Text),
    ("birthday", Kind::Birthday),
    ("businessAddress", Kind::Address),
    ("businessHomePage", Kind::Text),
    ("businessPhones", Kind::Texts(2)),
    ("categories", Kind::Texts(usize::MAX)),
    ("changeKey", Kind::ReadOnly),
    ("children", Kind::Texts(usize::MAX)),
    ("companyName", Kind::Text),
    ("createdDateTime", Kind::ReadOnly),
    ("department", Kind::Text),
    ("displayName", Kind::Text),
    ("emailAddresses", Kind::Emails),
    ("fileAs", Kind::Text),
    ("generation", Kind::Text),
    ("givenName", Kind::Text),
    ("homeAddress", Kind::Address),
    ("homePhones", Kind::Texts(2)),
    ("id", Kind::ReadOnly),
    ("imAddresses", Kind::Texts(3)),
    ("initials", Kind::Text),
    ("jobTitle", Kind::Text),
    ("lastModifiedDateTime", Kind::ReadOnly),
    ("manager", Kind::Text),
    ("middleName", Kind::Text),
    ("mobilePhone", Kind::Text),
    ("nickName", Kind::Text),
    ("officeLocation", Kind::Text),
    ("otherAddress", Kind::Address),
    ("parentFolderId", Kind::ReadOnly),
    ("personalNotes", Kind::Notes),
    ("primaryEmailAddress", Kind::Slot(0)),
    ("profession", Kind::Text),
    ("secondaryEmailAddress", Kind::Slot(1)),
    ("singleValueExtendedProperties", Kind::Extended),
    ("spouseName", Kind::Text),
    ("surname", Kind::Text),
    ("tertiaryEmailAddress", Kind::Slot(2)),
    ("title", Kind::Text),
    ("yomiCompanyName", Kind::Text),
    ("yomiGivenName", Kind::Text),
    ("yomiSurname", Kind::Text),
    // Annotations that clients copy from answers into requests; the service ignores them.
    ("@odata.context", Kind::ReadOnly),
    ("@odata.etag", Kind::ReadOnly),
    ("@odata.id", Kind::ReadOnly),
    ("@odata.type", Kind::ReadOnly),
];

/// The members of an address.
pub(in crate::graph) const ADDRESS: [&str; 5] = ["city", "countryOrRegion", "postalCode", "state", "street"];

/// The table's own name of a property and its kind.
pub(in crate::graph) fn field(name: &str) -> Option<(&'static str, Kind)> {
    FIELDS
        .binary_search_by(|(known, _)| order(known).cmp(&order(name)))
        .ok()
        .map(|index| FIELDS[index])
}

/// Annotations stand last in the table.
fn order(name: &str) -> (bool, &str) {
    (name.starts_with('@'), name)
}

/// Whether `$select` may name it.
pub(in crate::graph) fn selectable(name: &str) -> bool {
    field(name).is_some_and(|(name, kind)| kind != Kind::Extended && !name.starts_with('@'))
}
