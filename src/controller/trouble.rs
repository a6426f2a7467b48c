//! What keeps a resource from being as declared, in words for its author.

use std::time::Duration;

use ambient::Clock;
use sync_runtime::contacts::Stop;
use sync_runtime::ports::{Failure, Service};

use crate::api::Reason;

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Nobody: it passes by itself, and the state until then still counts.
    Time(Option<Duration>),
    /// Something that others will bring, such as a tenant that is not ready yet.
    Others(Option<Duration>),
    /// A person: no retry helps. Looked at again now and then, as some remedies do not announce themselves.
    Person,
}

impl Remedy {
    /// How long to wait at least, where that is known.
    pub(super) fn wait(self) -> Option<Duration> {
        match self {
            Self::Time(after) | Self::Others(after) => after,
            Self::Person => None,
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) reason: Reason,
    pub(super) message: String,
    pub(super) remedy: Remedy,
}

impl Trouble {
    pub(super) fn person(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            remedy: Remedy::Person,
        }
    }

    pub(super) fn others(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            remedy: Remedy::Others(None),
        }
    }

    pub(super) fn time(reason: Reason, message: impl Into<String>, after: Option<Duration>) -> Self {
        Self {
            reason,
            message: message.into(),
            remedy: Remedy::Time(after),
        }
    }

    /// A service's failure, as the syncs meet it.
    pub(super) fn of_failure(failure: &Failure, clock: &dyn Clock) -> Self {
        let text = failure.to_string();
        match failure {
            Failure::Transient { .. } => {
                Self::time(Reason::RetryLater, format!("{text}; it is tried again"), None)
            }
            Failure::Throttled { after, .. } => Self::time(
                Reason::Throttled,
                format!("{text}; the sync goes on by itself"),
                *after,
            ),
            Failure::Unsettled { after } => Self::time(
                Reason::RetryLater,
                format!("{text}; the sync goes on by itself"),
                Some(*after),
            ),
            Failure::OutOfCredits { until } => {
                let after =
                    until.and_then(|until| Duration::try_from(until.duration_since(clock.now())).ok());
                Self::time(
                    Reason::WaitingForCredits,
                    format!("{text}; the sync goes on when there are new ones"),
                    after,
                )
            }
            Failure::Credential { .. } => Self::others(
                Reason::TenantNotReady,
                format!(
                    "{text}; the CrmTenant's conditions say more, and the sync goes on once they are well"
                ),
            ),
            Failure::Permission { service, .. } => {
                let who = match service {
                    Service::Office => {
                        "grant the app the application permission Contacts.ReadWrite with an administrator's consent (new consents take up to an hour)"
                    }
                    Service::Crm => {
                        "give the connected CRM user's profile that permission, or the token that scope"
                    }
                };
                Self {
                    remedy: Remedy::Others(Some(Duration::from_mins(10))),
                    ..Self::others(Reason::PermissionMissing, format!("{text}: {who}"))
                }
            }
            Failure::MailboxNotEnabled => Self::person(
                Reason::MailboxNotEnabled,
                format!("{text}: assign a licence with Exchange Online, or move the mailbox there"),
            ),
            Failure::UserGone => Self::person(Reason::UserNotFound, text),
            Failure::Refused { .. } => Self::time(
                Reason::InternalError,
                format!("{text}; please report this, it is tried again"),
                None,
            ),
        }
    }

    /// Why a run stopped.
    pub(super) fn of_stop(stop: &Stop, clock: &dyn Clock) -> Self {
        match stop {
            Stop::Failure(failure) => Self::of_failure(failure, clock),
            Stop::Store(error) => Self::time(Reason::InternalError, error.to_string(), None),
        }
    }
}
