//! What an organisation pays for, as far as it decides about users.

use jiff::Timestamp;

use super::state::Edition;

/// The licence beside the edition.
#[derive(Debug, Default)]
pub(super) struct Licence {
    /// Said by the world; else every edition but the free one is paid.
    pub(super) paid: Option<bool>,
    pub(super) trial_type: Option<String>,
    pub(super) trial_expiry: Option<Timestamp>,
    /// How a suite refuses a user.
    pub(super) suite: Suite,
}

/// The two codes with which CRM Plus and Zoho One are reported to refuse a user that is added in the CRM.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Suite {
    #[default]
    Unapprovable,
    InvalidRequest,
}

impl Suite {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "UNAPPROVABLE" => Some(Self::Unapprovable),
            "INVALID_REQUEST" => Some(Self::InvalidRequest),
            _ => None,
        }
    }
}

impl Licence {
    pub(super) fn is_paid(&self, edition: Edition) -> bool {
        self.paid.unwrap_or(edition != Edition::Free)
    }

    pub(super) fn trial_is_over(&self, now: Timestamp) -> bool {
        self.trial_type.is_some() && self.trial_expiry.is_some_and(|end| end <= now)
    }
}
