//! From errors of Zoho CRM to what the runtime distinguishes. Codes only, no vendor's text.

use sync_runtime::ports::{Failure, ItemFailure, Service};
use zoho_crm::{Class, Error, Refusal, RowError};

/// Sorts an error of Zoho CRM.
#[must_use]
pub fn crm_failure(error: &Error) -> Failure {
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
        Class::Ambiguous if matches!(error, Error::Ambiguous { status: 429, .. }) => {
            Failure::Throttled { service, after: None }
        }
        Class::Transient | Class::Ambiguous => Failure::Transient {
            service,
            code: code(),
        },
    }
}

/// Something in an answer that cannot be worked with; likely to be there the next time.
pub(crate) fn lacking(what: &str) -> Failure {
    Failure::Transient {
        service: Service::Crm,
        code: what.to_owned(),
    }
}

/// What a write that failed as a whole means for each of its rows. A refusal then is no row's fault.
pub(crate) fn write_failure(error: &Error) -> ItemFailure {
    match error.class() {
        Class::AlreadyModified => ItemFailure::Changed,
        Class::Ambiguous => ItemFailure::MaybeDone(crm_failure(error)),
        _ => ItemFailure::NotDone(crm_failure(error)),
    }
}

/// Why a row was not written.
pub(crate) fn row_failure(error: &RowError) -> ItemFailure {
    let service = Service::Crm;
    match error.class() {
        Class::AlreadyModified => ItemFailure::Changed,
        Class::NotFound => ItemFailure::Gone,
        Class::Transient if is_locked(&error.refusal.code) => ItemFailure::Locked {
            code: error.refusal.code.clone(),
        },
        Class::Transient => ItemFailure::NotDone(Failure::Transient {
            service,
            code: code(&error.refusal),
        }),
        Class::Permission { .. } => ItemFailure::NotDone(Failure::Permission {
            service,
            code: error.refusal.to_string(),
        }),
        _ => content_failure(error),
    }
}

/// What is wrong with the content of a row. Of several errors one that needs the value to be mended comes first: a
/// duplicate is worth a look only once everything else is right.
fn content_failure(error: &RowError) -> ItemFailure {
    if let Some(first) = error.also.iter().find(|also| also.duplicate.is_none()) {
        return row_failure(first);
    }
    let mut errors = std::iter::once(error).chain(&error.also);
    let duplicate = errors.find_map(|error| Some((error, error.duplicate.as_ref()?)));
    if let Some((error, duplicate)) = duplicate {
        return ItemFailure::Exists {
            id: duplicate.id.as_str().to_owned(),
            owner: duplicate.owner.as_ref().map(|owner| owner.as_str().to_owned()),
            field: error.refusal.field.clone(),
        };
    }
    ItemFailure::Refused {
        code: code(&error.refusal),
        field: error.refusal.field.clone(),
    }
}

/// `research/zoho.md` §5: a person or a process has to let go of the record first.
fn is_locked(code: &str) -> bool {
    matches!(code, "RECORD_LOCKED" | "NOT_APPROVED")
}

fn code(refusal: &Refusal) -> String {
    let mut code = refusal.code.clone();
    if let Some(expected) = &refusal.expected_type {
        code = format!("{code}, expected type {expected}");
    }
    if let Some(length) = refusal.maximum_length {
        code = format!("{code}, at most {length} characters");
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, field: &str) -> RowError {
        RowError {
            refusal: Refusal {
                code: code.to_owned(),
                field: Some(field.to_owned()),
                ..Refusal::default()
            },
            id: None,
            also: Vec::new(),
            duplicate: None,
            modified_time: None,
        }
    }

    fn duplicate(field: &str, id: &str) -> RowError {
        RowError {
            duplicate: Some(zoho_crm::Duplicate {
                id: id.into(),
                owner: None,
            }),
            ..error("DUPLICATE_DATA", field)
        }
    }

    fn several(also: Vec<RowError>) -> ItemFailure {
        row_failure(&RowError {
            also,
            ..error("MULTIPLE_OR_MULTI_ERRORS", "Email")
        })
    }

    #[test]
    fn of_several_errors_the_one_that_needs_mending_counts() {
        let mixed = several(vec![duplicate("Email", "1"), error("INVALID_DATA", "Phone")]);
        let refused = ItemFailure::Refused {
            code: "INVALID_DATA".to_owned(),
            field: Some("Phone".to_owned()),
        };
        assert_eq!(mixed, refused);
        let exists = ItemFailure::Exists {
            id: "1".to_owned(),
            owner: None,
            field: Some("Email".to_owned()),
        };
        assert_eq!(
            several(vec![duplicate("Email", "1"), duplicate("Fax", "2")]),
            exists
        );
    }

    #[test]
    fn a_lack_of_rights_is_not_the_rows_fault_and_a_lock_is_the_records_alone() {
        let of = |code: &str| row_failure(&error(code, "Email"));
        assert!(matches!(
            of("NO_PERMISSION"),
            ItemFailure::NotDone(Failure::Permission { .. })
        ));
        assert!(matches!(
            of("INTERNAL_ERROR"),
            ItemFailure::NotDone(Failure::Transient { .. })
        ));
        for code in ["RECORD_LOCKED", "NOT_APPROVED"] {
            assert_eq!(
                of(code),
                ItemFailure::Locked {
                    code: code.to_owned()
                }
            );
        }
        assert_eq!(row_failure(&error("INVALID_DATA", "id")), ItemFailure::Gone);
    }
}
