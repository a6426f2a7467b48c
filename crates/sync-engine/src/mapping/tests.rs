//! The check of a mapping against the CRM's metadata.

use std::collections::BTreeSet;

use super::*;
use crate::crm_field::CrmField;

pub(crate) fn metadata() -> Vec<CrmField> {
    let kind = |crm: &str| match crm {
        "Email" | "Secondary_Email" => CrmKind::Email,
        "Phone" | "Mobile" | "Home_Phone" => CrmKind::Phone,
        "Date_of_Birth" => CrmKind::Date,
        "Account_Name" => CrmKind::Lookup,
        _ => CrmKind::Text,
    };
    let field = |api_name: &str, kind, updatable| CrmField {
        api_name: api_name.to_owned(),
        kind,
        length: None,
        visible: true,
        updatable,
        private: false,
        mandatory: api_name == "Last_Name",
        unique: false,
    };
    let mut all: Vec<_> = DEFAULT
        .iter()
        .map(|(_, crm, _)| field(crm, kind(crm), true))
        .collect();
    all.push(field("Nickname", CrmKind::Text, true));
    all.push(field("Full_Name", CrmKind::Text, false));
    all.push(field("Email_Opt_Out", CrmKind::Other("boolean".into()), true));
    all
}

pub(crate) fn default_mapping() -> Mapping {
    Mapping::resolve(
        &Requested {
            with_default: true,
            rules: vec![],
            exclude: BTreeSet::new(),
            direction: Direction::Both,
            never: Never::default(),
        },
        &metadata(),
    )
    .unwrap()
}

fn own(office: OfficeField, crm: &str, direction: Option<Direction>) -> Requested {
    let rule = RequestedRule {
        office,
        crm: crm.to_owned(),
        direction,
        conflict: None,
        too_long: None,
    };
    Requested {
        with_default: true,
        rules: vec![rule],
        exclude: BTreeSet::new(),
        direction: Direction::Both,
        never: Never::default(),
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
    let requested = Requested {
        with_default: true,
        rules: vec![],
        exclude: BTreeSet::new(),
        direction: Direction::Both,
        never: Never::default(),
    };
    let mapping = Mapping::resolve(&requested, &metadata).unwrap();
    assert_eq!(mapping.rules().len(), DEFAULT.len() - 1);
}

#[test]
fn k2_an_excluded_field_is_not_mapped_and_nothing_left_is_refused() {
    let all: BTreeSet<_> = OfficeField::ALL.iter().copied().collect();
    let requested = Requested {
        with_default: true,
        rules: vec![],
        exclude: all,
        direction: Direction::Both,
        never: Never::default(),
    };
    assert_eq!(problem(&requested), Problem::Empty);
}
