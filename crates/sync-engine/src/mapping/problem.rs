//! What is wrong with a mapping, in words for its author.

use crate::office_field::OfficeField;

/// Why a rule cannot be used. Each says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The CRM has no such field.
    #[error(
        "{office}: the CRM's contacts have no field {crm}; names are case-sensitive API names (Setup, Modules, Contacts, Fields)"
    )]
    Unknown {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
    },
    /// The field is there but hidden from the credential's user.
    #[error("{office}: the CRM hides {crm} from the connected user; give that user's profile access to it")]
    Hidden {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
    },
    /// The field cannot be written, and the rule would write it.
    #[error("{office}: {crm} is read-only in the CRM; set direction: CrmToOffice for it")]
    ReadOnly {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
    },
    /// The types do not go together.
    #[error(
        "{office} holds {wanted}, but {crm} is of type {found} in the CRM; map a field of a fitting type"
    )]
    Type {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
        /// What the mailbox field holds.
        wanted: &'static str,
        /// The CRM field's type.
        found: String,
    },
    /// One CRM field stands for two mailbox fields.
    #[error("{crm} is mapped twice, to {first} and to {second}; exclude one of them")]
    Twice {
        /// The CRM field.
        crm: String,
        /// The first mailbox field.
        first: OfficeField,
        /// The second mailbox field.
        second: OfficeField,
    },
    /// Nothing is left.
    #[error("the mapping has no fields; add some, or use base: Default")]
    Empty,
}
