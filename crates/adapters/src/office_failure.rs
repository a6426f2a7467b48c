//! From errors of Microsoft Graph to what the runtime distinguishes. Codes only, no vendor's text.

use msgraph::{Class, Error};
use sync_runtime::ports::{CreateFolderFailure, Failure, ItemFailure, Service};

/// Sorts an error of Microsoft Graph.
#[must_use]
pub fn office_failure(error: &Error) -> Failure {
    let service = Service::Office;
    let code = code(error);
    match error.class() {
        Class::Throttled(after) => Failure::Throttled { service, after },
        Class::Auth => Failure::Credential { service, code },
        Class::Permission => Failure::Permission { service, code },
        Class::MailboxNotEnabled => Failure::MailboxNotEnabled,
        Class::NotFound if matches!(error, Error::UserNotFound(_)) => Failure::UserGone,
        Class::NotFound | Class::AlreadyExists | Class::Invalid => Failure::Refused { service, code },
        _ => Failure::Transient { service, code },
    }
}

/// Something in an answer that cannot be worked with; likely to be there the next time.
pub(crate) fn lacking(what: &str) -> Failure {
    Failure::Transient {
        service: Service::Office,
        code: what.to_owned(),
    }
}

/// Why a folder was not made or renamed.
pub(crate) fn folder_failure(error: &Error) -> CreateFolderFailure {
    match error.class() {
        Class::AlreadyExists => CreateFolderFailure::NameTaken,
        _ => CreateFolderFailure::Failed(office_failure(error)),
    }
}

/// Why an item was not made. The client says itself where that is in doubt.
pub(crate) fn create_failure(error: &Error) -> ItemFailure {
    match error {
        Error::Ambiguous(cause) => ItemFailure::MaybeDone(office_failure(cause)),
        _ => certain(error),
    }
}

/// Why an item was not changed or deleted. The client repeats these, so behind a failure that waiting could mend there
/// may be an earlier try that was carried out.
pub(crate) fn change_failure(error: &Error) -> ItemFailure {
    match error {
        Error::Network(_) | Error::Unavailable(_) | Error::Unreadable { .. } | Error::Throttled(_) => {
            ItemFailure::MaybeDone(office_failure(error))
        }
        _ => certain(error),
    }
}

fn certain(error: &Error) -> ItemFailure {
    match error.class() {
        Class::NotFound if !matches!(error, Error::UserNotFound(_)) => ItemFailure::Gone,
        Class::Conflict => ItemFailure::Changed,
        Class::Invalid | Class::AlreadyExists => refused(error),
        _ => ItemFailure::NotDone(office_failure(error)),
    }
}

fn refused(error: &Error) -> ItemFailure {
    match error {
        Error::TooManyValues {
            property,
            entries,
            allowed,
            ..
        } => ItemFailure::Refused {
            code: format!("{property} has {entries} entries, {allowed} are allowed"),
            field: Some(property.clone()),
        },
        _ => ItemFailure::Refused {
            code: code(error),
            field: None,
        },
    }
}

fn code(error: &Error) -> String {
    match error {
        Error::Token(token) => token.to_string(),
        Error::Ambiguous(cause) => code(cause),
        other => match other.answer() {
            Some(answer) => format!("{} {}", answer.status, answer.code).trim_end().to_owned(),
            None => other.to_string(),
        },
    }
}
