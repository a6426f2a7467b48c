//! Invitations to the CRM, what became of them, and what Zoho knows about addresses beyond one organisation.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::shape::stamp;
use super::state::Org;

/// How long the link in the mail works.
const VALID: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Invitations that one person may have pending, over all organisations.
const MOST_PENDING: u64 = 20;

/// One invitation, which is one mail.
#[derive(Debug)]
pub(super) struct Invitation {
    pub(super) user: u64,
    pub(super) email: String,
    sent: Timestamp,
    /// Whether the API was used; an administrator's own invitation is nothing that the operator did.
    by_api: bool,
    pub(super) fate: Fate,
}

/// What became of an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    Accepted,
    Rejected,
    /// The person came in with an account of another organisation, so nothing ever changes here.
    LinkedElsewhere {
        account: String,
    },
    /// The user was deleted before an answer.
    Withdrawn,
}

impl Invitation {
    pub(super) fn new(user: u64, email: &str, sent: Timestamp, by_api: bool) -> Self {
        Self {
            user,
            email: email.to_owned(),
            sent,
            by_api,
            fate: Fate::Open,
        }
    }

    pub(super) fn is_pending(&self, now: Timestamp) -> bool {
        self.fate == Fate::Open && now.duration_since(self.sent) < VALID
    }

    fn status(&self, now: Timestamp) -> &'static str {
        match self.fate {
            Fate::Open if self.is_pending(now) => "pending",
            Fate::Open => "expired",
            Fate::Accepted => "accepted",
            Fate::Rejected => "rejected",
            Fate::LinkedElsewhere { .. } => "linked_elsewhere",
            Fate::Withdrawn => "withdrawn",
        }
    }

    pub(super) fn show(&self, now: Timestamp) -> Value {
        let account = match &self.fate {
            Fate::LinkedElsewhere { account } => Some(account),
            _ => None,
        };
        json!({
            "user": self.user.to_string(),
            "email": self.email,
            "sent": stamp(self.sent, &TimeZone::UTC),
            "by": if self.by_api { "api" } else { "person" },
            "status": self.status(now),
            "linked_account": account,
        })
    }
}

impl Org {
    /// The invitation of this address that waits for an answer.
    pub(super) fn pending(&self, email: &str, now: Timestamp) -> Option<&Invitation> {
        self.invitations
            .iter()
            .find(|invitation| invitation.email.eq_ignore_ascii_case(email) && invitation.is_pending(now))
    }

    /// Whether somebody with this address turned an invitation of this organisation down.
    pub(super) fn was_rejected(&self, email: &str) -> bool {
        self.invitations.iter().any(|invitation| {
            invitation.email.eq_ignore_ascii_case(email) && invitation.fate == Fate::Rejected
        })
    }

    /// Settles the open invitation of a user, if there is one.
    pub(super) fn settle(&mut self, user: u64, fate: Fate) {
        let open = self
            .invitations
            .iter_mut()
            .find(|invitation| invitation.user == user && invitation.fate == Fate::Open);
        if let Some(invitation) = open {
            invitation.fate = fate;
        }
    }
}

/// What is known about an address apart from any organisation here.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Address {
    /// Its account is in another data centre.
    pub(super) other_data_center: bool,
    /// Invitations from organisations that are not emulated.
    pub(super) invitations_elsewhere: u64,
}

/// Addresses by their lower-case text.
#[derive(Debug, Default)]
pub(super) struct Addresses(BTreeMap<String, Address>);

impl Addresses {
    pub(super) fn of(&self, email: &str) -> Address {
        self.0.get(&email.to_lowercase()).copied().unwrap_or_default()
    }

    pub(super) fn of_mut(&mut self, email: &str) -> &mut Address {
        self.0.entry(email.to_lowercase()).or_default()
    }
}

/// Whether a person has as many invitations as one can have.
pub(super) fn is_full(orgs: &[Org], addresses: &Addresses, email: &str, now: Timestamp) -> bool {
    let here = orgs
        .iter()
        .filter(|org| org.pending(email, now).is_some())
        .count();
    addresses.of(email).invitations_elsewhere + u64::try_from(here).unwrap_or(u64::MAX) >= MOST_PENDING
}
