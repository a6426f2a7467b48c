//! From the clients' errors to what the runtime distinguishes. Codes only, no vendor's text.

use sync_runtime::ports::{Failure, ItemFailure, Service};

/// Sorts an error of Microsoft Graph.
#[must_use]
pub fn office_failure(error: &msgraph::Error) -> Failure {
    use msgraph::Class;
    let service = Service::Office;
    let code = office_code(error);
    match error.class() {
        Class::Throttled(after) => Failure::Throttled { service, after },
        Class::Auth => Failure::Credential { service, code },
        Class::Permission => Failure::Permission { service, code },
        Class::MailboxNotEnabled => Failure::MailboxNotEnabled,
        Class::NotFound if matches!(error, msgraph::Error::UserNotFound(_)) => Failure::UserGone,
        Class::NotFound | Class::AlreadyExists | Class::Invalid => Failure::Refused { service, code },
        _ => Failure::Transient { service, code },
    }
}

/// Sorts an error of one item of a batch.
pub(super) fn item_failure(error: &msgraph::Error) -> ItemFailure {
    use msgraph::{Class, Error};
    match error {
        Error::Ambiguous(cause) => return ItemFailure::MaybeDone(office_failure(cause)),
        Error::TooManyValues {
            property,
            entries,
            allowed,
            ..
        } => {
            return ItemFailure::Refused {
                code: format!("{property} has {entries} entries, {allowed} are allowed"),
            };
        }
        _ => {}
    }
    match error.class() {
        Class::NotFound if !matches!(error, Error::UserNotFound(_)) => ItemFailure::Gone,
        Class::Conflict => ItemFailure::Changed,
        Class::Invalid | Class::AlreadyExists => ItemFailure::Refused {
            code: office_code(error),
        },
        _ => ItemFailure::NotDone(office_failure(error)),
    }
}

fn office_code(error: &msgraph::Error) -> String {
    match error {
        msgraph::Error::Token(token) => token.to_string(),
        msgraph::Error::Ambiguous(cause) => office_code(cause),
        other => match other.answer() {
            Some(answer) => format!("{} {}", answer.status, answer.code).trim_end().to_owned(),
            None => other.to_string(),
        },
    }
}

/// Sorts an error of Zoho CRM.
#[must_use]
pub fn crm_failure(error: &zoho_crm::Error) -> Failure {
    use zoho_crm::Class;
    let service = Service::Crm;
    let code = || error.to_string();
    match error.class() {
        Class::Throttled(after) => Failure::Throttled {
            service,
            after: Some(after),
        },
        Class::OutOfCredits(until) => Failure::OutOfCredits { until: Some(until) },
        Class::Auth => Failure::Credential {
            service,
            code: code(),
        },
        Class::Scope | Class::Permission { .. } => Failure::Permission {
            service,
            code: code(),
        },
        Class::NotFound | Class::Invalid | Class::AlreadyModified => Failure::Refused {
            service,
            code: code(),
        },
        Class::Transient | Class::Ambiguous => Failure::Transient {
            service,
            code: code(),
        },
    }
}
