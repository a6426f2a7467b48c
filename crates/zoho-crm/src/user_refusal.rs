//! Why Zoho does not add, change or delete a user (`research/zoho.md` §3).
//!
//! Read from the code and the member that it names. The text decides in one case only, where two reasons that somebody
//! has to treat differently share everything else.

use serde_json::{Map, Value};

use crate::ids::UserId;
use crate::refusal::Refusal;

/// A user that was not added, changed or deleted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {refusal}")]
pub struct UserError {
    /// What stands in the way.
    pub reason: UserRefusal,
    /// What Zoho says.
    pub refusal: Refusal,
}

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserRefusal {
    /// A user with this address is there already; with its id, if the answer names it. If no list shows it, the
    /// address belongs to another organisation.
    #[error("the address belongs to a user already")]
    AlreadyThere {
        /// The user.
        id: Option<UserId>,
    },
    /// All seats are taken: somebody has to buy one or to free one.
    #[error("no free seat")]
    NoSeat,
    /// The person has as many invitations pending as Zoho allows, over all organisations. Zoho uses the same code for
    /// what [`SuiteManaged`](Self::SuiteManaged) means; ask [`Org::can_invite`](crate::Org::can_invite) beforehand.
    #[error("too many invitations are pending for the address")]
    InvitationLimit,
    /// Users are added in the administration of Zoho One or CRM Plus only.
    #[error("users are added in Zoho One or CRM Plus, not in the CRM")]
    SuiteManaged,
    /// The address cannot be invited.
    #[error("{0}")]
    Address(AddressProblem),
    /// The organisation's own details come first, for example its company name.
    #[error("the organisation's own details are incomplete")]
    OrganisationIncomplete,
    /// A sandbox has no users of its own.
    #[error("the organisation is a sandbox")]
    Sandbox,
    /// The edition does not have what the call needs.
    #[error("the edition does not allow it")]
    NotInEdition,
    /// The acting user lacks the privilege, or the trial is over.
    #[error("the acting user may not do it, or the trial is over")]
    NotAuthorized,
    /// No user has this id.
    #[error("no such user")]
    NoSuchUser,
    /// The user was deleted, which is final: the address can be invited as a new user.
    #[error("the user was deleted")]
    Deleted,
    /// The super admin can neither be switched off nor deleted.
    #[error("the user is the organisation's primary contact")]
    PrimaryContact,
    /// The acting user cannot be switched off by its own token.
    #[error("the user is the acting one")]
    OwnAccount,
    /// A user of Zoho's own, for support or for automation.
    #[error("the user is a special one")]
    SpecialUser,
    /// A member of the request is wrong, by name in the refusal: an unknown role or profile, a name that is too long.
    #[error("a member of the request is refused")]
    Member,
    /// Something else.
    #[error("refused")]
    Other,
}

/// Why an address cannot be invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressProblem {
    /// It is no address that Zoho takes.
    #[error("the address is not accepted")]
    Malformed,
    /// Its account is in another of Zoho's data centres.
    #[error("the address is registered in another data centre")]
    OtherDataCenter,
    /// Zoho does not say why. Documented for people who rejected an earlier invitation.
    #[error("the address cannot be invited, maybe as an earlier invitation was rejected")]
    Unspecified,
}

/// Codes that blame a member also where they do not name it.
const OF_MEMBERS: [&str; 7] = [
    "CONFLICTING_DATA_FOUND",
    "DEPENDENT_FIELD_MISSING",
    "DEPENDENT_MISMATCH",
    "INVALID_DATA",
    "MANDATORY_NOT_FOUND",
    "MAPPING_MISMATCH",
    "REQUIRED_DATA_NOT_FOUND",
];

/// What was asked for; some codes mean different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Invite,
    Update,
    Delete,
}

impl UserError {
    /// Reads one row that is no success.
    pub(crate) fn read(deed: Deed, status: u16, row: &Map<String, Value>) -> Self {
        let refusal = Refusal::read(status, row);
        let none = Map::new();
        let details = row.get("details").and_then(Value::as_object).unwrap_or(&none);
        let message = row.get("message").and_then(Value::as_str).unwrap_or_default();
        let reason = reason(deed, &refusal, details, message);
        Self { reason, refusal }
    }

    /// A refusal of the id in the path, which has no row.
    pub(crate) fn of_id(refusal: &Refusal) -> Option<Self> {
        let reason = match refusal.code.as_str() {
            _ if refusal.field.is_some() => return None,
            "INVALID_DATA" => UserRefusal::NoSuchUser,
            "NOT_ALLOWED" => UserRefusal::Deleted,
            _ => return None,
        };
        let refusal = refusal.clone();
        Some(Self { reason, refusal })
    }
}

fn reason(deed: Deed, refusal: &Refusal, details: &Map<String, Value>, message: &str) -> UserRefusal {
    // Empty details mean the whole organisation or the whole address; others the user, by its id or its place.
    let bare = details.is_empty();
    match (refusal.code.as_str(), refusal.field.as_deref()) {
        ("DUPLICATE_DATA", _) => UserRefusal::AlreadyThere { id: user_id(details) },
        ("LICENSE_LIMIT_EXCEEDED", _) => UserRefusal::NoSeat,
        ("UNAPPROVABLE", _) => UserRefusal::SuiteManaged,
        ("FEATURE_NOT_ENABLED" | "FEATURE_NOT_AVAILABLE", _) | ("NOT_SUPPORTED", None) => {
            UserRefusal::NotInEdition
        }
        ("AUTHORIZATION_FAILED" | "NO_PERMISSION" | "PERMISSION_DENIED", _) => UserRefusal::NotAuthorized,
        ("CANNOT_UPDATE_DELETED_USER" | "ID_ALREADY_DELETED", _) => UserRefusal::Deleted,
        ("INVALID_DATA", Some("email")) => UserRefusal::Address(AddressProblem::Malformed),
        ("INVALID_DATA", None) if deed == Deed::Invite && bare => UserRefusal::Address(unnamed(message)),
        ("INVALID_REQUEST", None) => match deed {
            Deed::Invite => UserRefusal::InvitationLimit,
            Deed::Update if bare => UserRefusal::OwnAccount,
            Deed::Update | Deed::Delete => UserRefusal::PrimaryContact,
        },
        ("NOT_ALLOWED", None) if bare => UserRefusal::Sandbox,
        ("NOT_ALLOWED", None | Some("id")) => UserRefusal::SpecialUser,
        ("MANDATORY_NOT_FOUND", None) if bare => UserRefusal::OrganisationIncomplete,
        (_, Some(_)) => UserRefusal::Member,
        (code, None) if OF_MEMBERS.contains(&code) => UserRefusal::Member,
        _ => UserRefusal::Other,
    }
}

fn user_id(details: &Map<String, Value>) -> Option<UserId> {
    let id = details.get("id")?.as_str().map(UserId::from)?;
    id.is_well_formed().then_some(id)
}

/// An account in another data centre and an earlier rejection come with the same code and without details.
fn unnamed(message: &str) -> AddressProblem {
    let message: String = message
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    if message.contains("datacenter") || message.contains("datacentre") {
        AddressProblem::OtherDataCenter
    } else {
        AddressProblem::Unspecified
    }
}
