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
    /// What the tenant never syncs takes away the only rule for a field that the CRM requires.
    #[error(
        "{office}: neverSync of the CrmTenant takes it out of the mapping, but the CRM requires {crm} of every contact; take {office} out of neverSync, or map another field to {crm}"
    )]
    Required {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
    },
    /// An entry of a list without those before it.
    #[error(
        "{office} is mapped, but {missing} is not: the mailbox keeps lists without gaps, so that an entry is known by those before it; map {missing} too, or leave {office} out"
    )]
    Gap {
        /// The mailbox field.
        office: OfficeField,
        /// The entry before it.
        missing: OfficeField,
    },
    /// An entry of a list that goes another way than the first.
    #[error(
        "{office} cannot go another way than {first}: they are entries of one list, and where one is cleared those behind it move up; give both the same direction, or leave {office} out"
    )]
    Apart {
        /// The mailbox field.
        office: OfficeField,
        /// The first entry of the list.
        first: OfficeField,
    },
    /// Nothing is left.
    #[error("the mapping has no fields; add some, or use base: Default")]
    Empty,
}
