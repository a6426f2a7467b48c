//! Turns validation errors into a place and a reason. Only names of properties and what the contract says are
//! told, never a value.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};

/// How many reasons one body may give.
const MOST: usize = 5;

/// A place in a body and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) pointer: String,
    pub(super) reason: String,
}

/// The first few reasons.
pub(super) fn reasons<'e>(errors: impl Iterator<Item = ValidationError<'e>>) -> Vec<Reason> {
    let mut all = Vec::new();
    for error in errors {
        tell(&error, &mut all);
        if all.len() >= MOST {
            all.truncate(MOST);
            break;
        }
    }
    all
}

fn tell(error: &ValidationError<'_>, all: &mut Vec<Reason>) {
    match error.kind() {
        // Of several alternatives, the one that came furthest into the body is the one that was meant.
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let depth = |branch: &&Vec<ValidationError<'static>>| {
                branch
                    .iter()
                    .map(|error| error.instance_path().as_str().len())
                    .max()
                    .unwrap_or(0)
            };
            let meant = context
                .iter()
                .filter(|branch| !is_wrong_type(branch, error))
                .max_by_key(depth);
            match meant {
                Some(branch) if !branch.is_empty() => branch.iter().for_each(|error| tell(error, all)),
                _ => push(error, "fits none of the alternatives".to_owned(), all),
            }
        }
        kind => push(error, describe(kind), all),
    }
}

/// A branch that wants another type altogether (the `null` of a nullable object) explains nothing.
fn is_wrong_type(branch: &[ValidationError<'static>], parent: &ValidationError<'_>) -> bool {
    branch.iter().any(|error| {
        matches!(error.kind(), ValidationErrorKind::Type { .. })
            && error.instance_path() == parent.instance_path()
    })
}

fn push(error: &ValidationError<'_>, reason: String, all: &mut Vec<Reason>) {
    all.push(Reason {
        pointer: error.instance_path().as_str().to_owned(),
        reason,
    });
}

fn describe(kind: &ValidationErrorKind) -> String {
    match kind {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            format!("unknown property: {}", unexpected.join(", "))
        }
        ValidationErrorKind::Required { property } => format!("missing property: {property}"),
        ValidationErrorKind::Type {
            kind: TypeKind::Single(wanted),
        } => format!("wrong type, not {wanted}"),
        ValidationErrorKind::Type { .. } => "wrong type, none of the described ones".to_owned(),
        ValidationErrorKind::Format { format } => format!("not in the format {format}"),
        ValidationErrorKind::Pattern { pattern } => format!("does not match the pattern {pattern}"),
        ValidationErrorKind::MaxItems { limit } => format!("more than {limit} items"),
        ValidationErrorKind::MaxLength { limit } => format!("longer than {limit}"),
        ValidationErrorKind::FalseSchema => "not allowed here".to_owned(),
        ValidationErrorKind::Enum { .. } => "not one of the listed values".to_owned(),
        ValidationErrorKind::Constant { expected_value } => format!("has to be {expected_value}"),
        kind => format!("breaks {}", kind.keyword()),
    }
}
