//! Why a value cannot be carried over, in words for whoever can correct it.

use crate::office_field::OfficeField;

/// A value that cannot be carried over. Names fields, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Longer than the mailbox field takes.
    #[error(
        "CRM field {crm} holds {chars} characters, {office} takes {max}: shorten it in the CRM, or set tooLong: Cut in the mapping"
    )]
    TooLong {
        /// The CRM field.
        crm: String,
        /// The mailbox field.
        office: OfficeField,
        /// How long the value is.
        chars: usize,
        /// How long it may be.
        max: usize,
    },
    /// Not an e-mail address.
    #[error("CRM field {crm} holds no valid e-mail address, which {office} needs: correct it in the CRM")]
    NotAnAddress {
        /// The CRM field.
        crm: String,
        /// The mailbox field.
        office: OfficeField,
    },
    /// Not a calendar day.
    #[error("CRM field {crm} holds no date, which {office} needs: correct it in the CRM")]
    NotADate {
        /// The CRM field.
        crm: String,
        /// The mailbox field.
        office: OfficeField,
    },
    /// Longer than the CRM field takes.
    #[error(
        "{office} holds {chars} characters, CRM field {crm} takes {max}: shorten it in Outlook, or set tooLong: Cut in the mapping"
    )]
    TooLongForCrm {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
        /// How long the value is.
        chars: usize,
        /// How long it may be.
        max: usize,
    },
    /// Not an e-mail address, as far as the CRM goes.
    #[error("{office} holds no valid e-mail address, which CRM field {crm} needs: correct it in Outlook")]
    NotAnAddressForCrm {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
    },
    /// Blank, where the CRM needs a value.
    #[error("{office} is empty, and the CRM takes no contact without {crm}: fill it in in Outlook")]
    Mandatory {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
    },
    /// Nothing that a contact could be shown under.
    #[error(
        "the record has neither a name nor a company nor an e-mail address among the mapped fields: fill one in the CRM"
    )]
    Nameless,
}

impl Unfit {
    /// The field at fault, by the name that it has on the side to be corrected.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::TooLong { crm, .. } | Self::NotAnAddress { crm, .. } | Self::NotADate { crm, .. } => {
                Some(crm)
            }
            Self::TooLongForCrm { office, .. }
            | Self::NotAnAddressForCrm { office, .. }
            | Self::Mandatory { office, .. } => Some(office.name()),
            Self::Nameless => None,
        }
    }
}
