//! Why a call failed, and what to do about it.

use std::time::Duration;

use jiff::Timestamp;
use transport::TransportError;

use crate::coql::QueryError;
use crate::refusal::Refusal;
use crate::token::TokenError;

/// A failed call. The texts hold codes, statuses, API names and limits only.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No access token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// No connection, or no answer to a read: nothing happened.
    #[error("{route}: {source}")]
    Unreachable {
        /// The route's template.
        route: &'static str,
        /// What the transport says.
        source: TransportError,
    },
    /// A write that may or may not have happened: look before sending it again. Zoho has no idempotency key
    /// (`research/zoho.md` §5).
    #[error("{route}: outcome unknown ({status})")]
    Ambiguous {
        /// The route's template.
        route: &'static str,
        /// The answer's status; 0 where none came.
        status: u16,
    },
    /// Too many calls, even after waiting.
    #[error("{route}: throttled, again in {} s", after.as_secs())]
    Throttled {
        /// The route's template.
        route: &'static str,
        /// How long to wait.
        after: Duration,
    },
    /// The organisation's credits are used up or kept for more urgent work; no call was made.
    #[error("out of API credits until {until}")]
    OutOfCredits {
        /// When enough of them come back.
        until: Timestamp,
    },
    /// The access token was refused.
    #[error("{route}: not signed in: {refusal}")]
    Unauthorized {
        /// The route's template.
        route: &'static str,
        /// What Zoho says.
        refusal: Box<Refusal>,
    },
    /// The token lacks a scope: an error of configuration (`research/zoho.md` §1).
    #[error("{route}: the token lacks a scope: {refusal}")]
    ScopeMismatch {
        /// The route's template.
        route: &'static str,
        /// What Zoho says.
        refusal: Box<Refusal>,
    },
    /// The token's user lacks a permission.
    #[error("{route}: not permitted: {refusal}")]
    NotPermitted {
        /// The route's template.
        route: &'static str,
        /// What Zoho says, the permission's name included.
        refusal: Box<Refusal>,
    },
    /// There is no such thing, or it is hidden from the token's user.
    #[error("{route}: not found: {refusal}")]
    NotFound {
        /// The route's template.
        route: &'static str,
        /// What Zoho says.
        refusal: Box<Refusal>,
    },
    /// The record changed after the time that the update named.
    #[error("{route}: modified in the meantime")]
    AlreadyModified {
        /// The route's template.
        route: &'static str,
        /// When, if the answer says so.
        modified_time: Option<Timestamp>,
    },
    /// Refused for what was sent.
    #[error("{route}: {refusal}")]
    Invalid {
        /// The route's template.
        route: &'static str,
        /// What Zoho says.
        refusal: Box<Refusal>,
    },
    /// The server failed at something that had no effect.
    #[error("{route}: {refusal}")]
    Server {
        /// The route's template.
        route: &'static str,
        /// What Zoho says.
        refusal: Box<Refusal>,
    },
    /// The answer does not have the documented form.
    #[error("{route}: unreadable answer: {what}")]
    Unreadable {
        /// The route's template.
        route: &'static str,
        /// What is missing or wrong.
        what: &'static str,
    },
    /// Not sent, because it cannot be right.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Not sent, because the query cannot be written.
    #[error(transparent)]
    Query(#[from] QueryError),
}

/// A request that is refused here already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// More rows, ids or fields than one call takes.
    #[error("{count} {what}, at most {most} are possible")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many may be.
        most: usize,
    },
    /// An id that is not a number.
    #[error("malformed {0} id")]
    MalformedId(&'static str),
    /// A field name that could not be one.
    #[error("malformed field name")]
    MalformedField,
    /// A field that crmlink never writes: it would send mails, change owners or make series.
    #[error("field {0} is never written")]
    ForbiddenField(String),
    /// The URL could not be built.
    #[error("the request could not be built")]
    Url,
}

/// What a caller does about an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// Try again later.
    Transient,
    /// Try again after this long.
    Throttled(Duration),
    /// Try again at this time.
    OutOfCredits(Timestamp),
    /// The credentials do not work.
    Auth,
    /// The credentials lack a scope.
    Scope,
    /// The token's user lacks a permission, by name where known.
    Permission {
        /// For example `Crm_Implied_Manage_Users`.
        permission: Option<String>,
    },
    /// Not there.
    NotFound,
    /// Read again and merge again.
    AlreadyModified,
    /// Repeating it does not help.
    Invalid,
    /// Look whether it happened.
    Ambiguous,
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Token(error) => error.class(),
            Self::Unreachable { .. } | Self::Server { .. } | Self::Unreadable { .. } => Class::Transient,
            Self::Ambiguous { .. } => Class::Ambiguous,
            Self::Throttled { after, .. } => Class::Throttled(*after),
            Self::OutOfCredits { until } => Class::OutOfCredits(*until),
            Self::Unauthorized { .. } => Class::Auth,
            Self::ScopeMismatch { .. } => Class::Scope,
            Self::NotPermitted { refusal, .. } => Class::Permission {
                permission: refusal.permissions.first().cloned(),
            },
            Self::NotFound { .. } => Class::NotFound,
            Self::AlreadyModified { .. } => Class::AlreadyModified,
            Self::Invalid { .. } | Self::Request(_) | Self::Query(_) => Class::Invalid,
        }
    }

    /// Zoho's refusal, where there was one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Unauthorized { refusal, .. }
            | Self::ScopeMismatch { refusal, .. }
            | Self::NotPermitted { refusal, .. }
            | Self::NotFound { refusal, .. }
            | Self::Invalid { refusal, .. }
            | Self::Server { refusal, .. } => Some(refusal),
            _ => None,
        }
    }
}
