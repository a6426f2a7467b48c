//! What can go wrong, and what a caller should do about it.

use std::time::Duration;

use transport::TransportError;

use crate::TokenError;

/// What an answer that reports an error says. The vendor's text is left out: it quotes values of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Graph's most specific code, empty where there was none.
    pub code: String,
    /// The id by which Microsoft's support finds the call.
    pub request_id: Option<String>,
    /// How long the service asks to wait.
    pub retry_after: Option<Duration>,
}

/// Why a call has no result. No text holds personal data: statuses, codes, request ids and numbers only.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No token could be had.
    #[error("no token: {0}")]
    Token(#[from] TokenError),
    /// No answer came, and nothing can have been changed that a repetition would not change alike.
    #[error(transparent)]
    Network(TransportError),
    /// Too many requests.
    #[error("throttled: {0}")]
    Throttled(Answer),
    /// The client waits for a moment that the service named earlier, and that is too far to sleep until.
    #[error("the mailbox is throttled for another {} s", after.as_secs())]
    StillThrottled {
        /// How long.
        after: Duration,
    },
    /// The service is unable for the moment.
    #[error("unavailable: {0}")]
    Unavailable(Answer),
    /// The token is refused, a fresh one included.
    #[error("the token is refused: {0}")]
    Unauthorized(Answer),
    /// Consent, role assignment or policy is missing; new ones take up to hours to work (`research/graph.md` §13.7).
    #[error("access denied: {0}")]
    AccessDenied(Answer),
    /// No such user.
    #[error("no such user: {0}")]
    UserNotFound(Answer),
    /// No such item or container.
    #[error("not found: {0}")]
    NotFound(Answer),
    /// The user has no mailbox that Graph can reach: unlicensed, on premises, guest (`research/graph.md` §2).
    #[error("no usable mailbox: {0}")]
    MailboxNotEnabled(Answer),
    /// The mailbox is full.
    #[error("the mailbox is full: {0}")]
    QuotaExceeded(Answer),
    /// The item changed since it was read.
    #[error("changed meanwhile: {0}")]
    Conflict(Answer),
    /// There is one of that name already.
    #[error("exists already: {0}")]
    AlreadyExists(Answer),
    /// The delta token is not known any more.
    #[error("the delta round must start anew: {0}")]
    SyncReset(Answer),
    /// A stored link is not one of the configured host: the endpoint was moved, so the round starts anew.
    #[error("the stored link does not belong to the configured host")]
    StoredLink,
    /// The service sent a link to somewhere else; it was not followed.
    #[error("the service sent a link to another host")]
    ForeignLink,
    /// The service repeats a page of a delta round, or has no last one: the round starts anew.
    #[error("the delta round does not come to its end, {pages} pages were read")]
    EndlessRound {
        /// How many pages were read.
        pages: u32,
    },
    /// A list has more entries than Graph stores (`research/graph.md` §6).
    #[error("{property} has {entries} entries, at most {allowed} are allowed: {answer}")]
    TooManyValues {
        /// Graph's name of the property.
        property: String,
        /// How many were sent.
        entries: u32,
        /// How many are allowed.
        allowed: u32,
        /// The answer.
        answer: Answer,
    },
    /// The service refuses this request for good.
    #[error("refused: {0}")]
    Invalid(Answer),
    /// The request cannot be made.
    #[error("cannot be asked: {0}")]
    Unaskable(&'static str),
    /// The answer cannot be read.
    #[error("unreadable answer ({what}, status {status})")]
    Unreadable {
        /// What was expected.
        what: &'static str,
        /// The HTTP status.
        status: u16,
    },
    /// A create may or may not have happened: look the item up before sending it again.
    #[error("the create may have happened: {0}")]
    Ambiguous(#[source] Box<Error>),
}

/// What a caller does about an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// Try again later.
    Transient,
    /// Try again after this time, or with growing waits where none was named.
    Throttled(Option<Duration>),
    /// The credential does not work: nothing of this tenant does.
    Auth,
    /// A permission is missing: somebody has to act.
    Permission,
    /// What was asked for is not there.
    NotFound,
    /// The user has no usable mailbox: somebody has to act.
    MailboxNotEnabled,
    /// The mailbox is full: somebody has to act.
    QuotaExceeded,
    /// Read again, decide again.
    Conflict,
    /// Look at what is there, adopt it or choose another name.
    AlreadyExists,
    /// Start the delta round anew.
    Gone,
    /// Will never work as it is.
    Invalid,
    /// Look whether it happened, then decide.
    Ambiguous,
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Token(error) => error.class(),
            // An unreadable answer is mostly a gateway's page in place of Graph's.
            Self::Network(_) | Self::Unavailable(_) | Self::Unreadable { .. } => Class::Transient,
            Self::Throttled(answer) => Class::Throttled(answer.retry_after),
            Self::StillThrottled { after } => Class::Throttled(Some(*after)),
            Self::Unauthorized(_) => Class::Auth,
            Self::AccessDenied(_) => Class::Permission,
            Self::UserNotFound(_) | Self::NotFound(_) => Class::NotFound,
            Self::MailboxNotEnabled(_) => Class::MailboxNotEnabled,
            Self::QuotaExceeded(_) => Class::QuotaExceeded,
            Self::Conflict(_) => Class::Conflict,
            Self::AlreadyExists(_) => Class::AlreadyExists,
            Self::SyncReset(_) | Self::StoredLink | Self::EndlessRound { .. } => Class::Gone,
            Self::ForeignLink | Self::TooManyValues { .. } | Self::Invalid(_) | Self::Unaskable(_) => {
                Class::Invalid
            }
            Self::Ambiguous(_) => Class::Ambiguous,
        }
    }

    /// How long the service asks to wait, whatever the class.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::StillThrottled { after } => Some(*after),
            Self::Ambiguous(cause) => cause.retry_after(),
            Self::Token(error) => match error.class() {
                Class::Throttled(after) => after,
                _ => None,
            },
            other => other.answer().and_then(|answer| answer.retry_after),
        }
    }

    /// The service's answer, where there was one.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Throttled(answer)
            | Self::Unavailable(answer)
            | Self::Unauthorized(answer)
            | Self::AccessDenied(answer)
            | Self::UserNotFound(answer)
            | Self::NotFound(answer)
            | Self::MailboxNotEnabled(answer)
            | Self::QuotaExceeded(answer)
            | Self::Conflict(answer)
            | Self::AlreadyExists(answer)
            | Self::SyncReset(answer)
            | Self::TooManyValues { answer, .. }
            | Self::Invalid(answer) => Some(answer),
            Self::Ambiguous(cause) => cause.answer(),
            Self::Token(_)
            | Self::Network(_)
            | Self::StillThrottled { .. }
            | Self::StoredLink
            | Self::ForeignLink
            | Self::EndlessRound { .. }
            | Self::Unaskable(_)
            | Self::Unreadable { .. } => None,
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Graph answered {}", self.status)?;
        if !self.code.is_empty() {
            write!(f, " {}", self.code)?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request-id {id})"),
            None => Ok(()),
        }
    }
}
