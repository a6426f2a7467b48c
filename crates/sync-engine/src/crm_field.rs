//! What the CRM's metadata says of a field, as far as a mapping needs it (`research/zoho.md` §7).

/// The data type of a CRM field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrmKind {
    /// Single or multi-line text, picklists and URLs: everything that reads as one text.
    Text,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A calendar day.
    Date,
    /// Another record, shown by its name; readable only.
    Lookup,
    /// A type that no mailbox field can hold, by the vendor's name.
    Other(String),
}

impl CrmKind {
    /// From the vendor's `data_type`.
    #[must_use]
    pub fn from_data_type(data_type: &str) -> Self {
        match data_type {
            "text" | "textarea" | "picklist" | "website" | "autonumber" => Self::Text,
            "email" => Self::Email,
            "phone" => Self::Phone,
            "date" => Self::Date,
            "lookup" => Self::Lookup,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// One field of the CRM's contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent answers of the metadata"
)]
pub struct CrmField {
    /// The API name, case-sensitive.
    pub api_name: String,
    /// The data type.
    pub kind: CrmKind,
    /// The longest value in characters, where the metadata says.
    pub length: Option<usize>,
    /// Shown to the credential's user at all.
    pub visible: bool,
    /// Can be written through the API.
    pub updatable: bool,
    /// Marked private (GDPR): may come back null, so null means nothing.
    pub private: bool,
    /// A record cannot be without it.
    pub mandatory: bool,
    /// No two records may hold the same value.
    pub unique: bool,
}
