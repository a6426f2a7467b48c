//! The check of a mapping against the CRM's metadata.

use std::collections::BTreeSet;

use super::*;
use crate::fixture::{default_mapping, everything, metadata, rule};

fn own(office: OfficeField, crm: &str, direction: Option<Direction>) -> Requested {
    Requested {
        rules: vec![RequestedRule {
            direction,
            ..rule(office, crm)
        }],
        ..everything()
    }
}

fn problem(requested: &Requested) -> Problem {
    let mut problems = Mapping::resolve(requested, &metadata()).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn k2_an_own_rule_replaces_the_default_of_its_field() {
    let mapping = Mapping::resolve(&own(OfficeField::NickName, "Nickname", None), &metadata()).unwrap();
    assert_eq!(mapping.rules().len(), DEFAULT.len() + 1);
    assert_ne!(mapping.fingerprint(), default_mapping().fingerprint());
}

#[test]
fn k2_wrong_rules_are_named_with_what_to_do() {
    assert!(matches!(
        problem(&own(OfficeField::NickName, "Nick_Name", None)),
        Problem::Unknown { .. }
    ));
    assert!(matches!(
        problem(&own(OfficeField::NickName, "Full_Name", None)),
        Problem::ReadOnly { .. }
    ));
    assert!(matches!(
        problem(&own(OfficeField::NickName, "Email_Opt_Out", None)),
        Problem::Type { .. }
    ));
    assert!(matches!(
        problem(&own(OfficeField::Birthday, "Nickname", None)),
        Problem::Type { .. }
    ));
    assert!(matches!(
        problem(&own(OfficeField::Email3, "Nickname", None)),
        Problem::Type { .. }
    ));
    assert!(matches!(
        problem(&own(OfficeField::BusinessPhone2, "Mobile", None)),
        Problem::Twice { .. }
    ));
    let read_only = own(OfficeField::NickName, "Full_Name", Some(Direction::CrmToOffice));
    assert!(Mapping::resolve(&read_only, &metadata()).is_ok());
}

#[test]
fn k2_a_default_field_that_the_organisation_hides_is_left_out_silently() {
    let mut metadata = metadata();
    metadata.retain(|field| field.api_name != "Assistant");
    let requested = everything();
    let mapping = Mapping::resolve(&requested, &metadata).unwrap();
    assert_eq!(mapping.rules().len(), DEFAULT.len() - 1);
}

#[test]
fn k2_an_excluded_field_is_not_mapped_and_nothing_left_is_refused() {
    let all: BTreeSet<_> = OfficeField::ALL.iter().copied().collect();
    let requested = Requested {
        exclude: all,
        ..everything()
    };
    assert_eq!(problem(&requested), Problem::Empty);
}
