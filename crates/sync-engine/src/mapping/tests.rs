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

fn directions(mapping: &Mapping, fields: &[OfficeField]) -> Vec<Option<Direction>> {
    let direction = |field: &OfficeField| mapping.rule(*field).map(|rule| rule.direction);
    fields.iter().map(direction).collect()
}

const EMAILS: [OfficeField; 2] = [OfficeField::Email1, OfficeField::Email2];

#[test]
fn k2_the_entries_of_a_list_go_the_way_of_the_first() {
    let one_way = own(OfficeField::Email1, "Email", Some(Direction::CrmToOffice));
    let mapping = Mapping::resolve(&one_way, &metadata()).unwrap();
    assert_eq!(directions(&mapping, &EMAILS), [Some(Direction::CrmToOffice); 2]);
    assert!(
        mapping
            .rules()
            .iter()
            .all(|rule| rule.two_way == (rule.direction == Direction::Both))
    );
    assert!(matches!(
        problem(&own(
            OfficeField::Email2,
            "Secondary_Email",
            Some(Direction::CrmToOffice)
        )),
        Problem::Apart {
            office: OfficeField::Email2,
            first: OfficeField::Email1
        }
    ));
    let mut contradiction = one_way;
    contradiction.rules.push(RequestedRule {
        direction: Some(Direction::Both),
        ..rule(OfficeField::Email2, "Secondary_Email")
    });
    assert!(matches!(problem(&contradiction), Problem::Apart { .. }));
}

#[test]
fn k2_a_private_entry_of_a_list_takes_itself_out_and_a_private_first_one_narrows_the_list() {
    let private = |name: &str| {
        let mut metadata = metadata();
        let field = metadata.iter_mut().find(|field| field.api_name == name);
        field.unwrap().private = true;
        Mapping::resolve(&everything(), &metadata).unwrap()
    };
    let second = private("Secondary_Email");
    assert_eq!(directions(&second, &EMAILS), [Some(Direction::Both), None]);
    let first = private("Email");
    assert_eq!(directions(&first, &EMAILS), [Some(Direction::CrmToOffice); 2]);
}

#[test]
fn k2_an_entry_of_a_list_is_not_mapped_without_those_before_it() {
    let without_first = Requested {
        exclude: [OfficeField::Email1].into(),
        ..everything()
    };
    let mapping = Mapping::resolve(&without_first, &metadata()).unwrap();
    assert_eq!(directions(&mapping, &EMAILS), [None, None]);
    let alone = Requested {
        with_default: false,
        ..own(OfficeField::Email2, "Secondary_Email", None)
    };
    let gap = problem(&alone);
    assert!(matches!(
        gap,
        Problem::Gap {
            office: OfficeField::Email2,
            missing: OfficeField::Email1
        }
    ));
    assert!(gap.to_string().contains("map email1 too"));
}

#[test]
fn n5_what_must_never_sync_is_in_no_mapping_whatever_its_rules_say() {
    let never = |office: &[OfficeField], crm: &[&str]| Never {
        office: office.iter().copied().collect(),
        crm: crm.iter().map(|&name| name.to_owned()).collect(),
    };
    let mapping = |never| {
        let requested = Requested {
            never,
            ..own(OfficeField::Email2, "Secondary_Email", None)
        };
        Mapping::resolve(&requested, &metadata()).unwrap()
    };
    let phones = mapping(never(&[OfficeField::MobilePhone], &["Phone"]));
    assert_eq!(
        directions(&phones, &[OfficeField::MobilePhone, OfficeField::BusinessPhone1]),
        [None, None]
    );
    assert_eq!(directions(&phones, &EMAILS), [Some(Direction::Both); 2]);
    for never in [never(&[OfficeField::Email1], &[]), never(&[], &["Email"])] {
        assert_eq!(directions(&mapping(never), &EMAILS), [None, None]);
    }
}

#[test]
fn k2_what_must_never_sync_cannot_take_away_what_the_crm_requires() {
    let never = Never {
        office: BTreeSet::from([OfficeField::Surname]),
        ..Never::default()
    };
    let without = Requested {
        never: never.clone(),
        ..everything()
    };
    let required = problem(&without);
    assert!(matches!(required, Problem::Required { .. }), "{required:?}");
    assert!(required.to_string().contains("Last_Name"), "{required}");
    let by_another = Requested {
        exclude: BTreeSet::from([OfficeField::Surname]),
        never,
        ..own(OfficeField::CompanyName, "Last_Name", None)
    };
    assert!(Mapping::resolve(&by_another, &metadata()).is_ok());
}

#[test]
fn k2_no_rule_goes_further_than_the_sync() {
    let narrow = |direction| {
        let mapping = Mapping::resolve(
            &Requested {
                direction,
                ..everything()
            },
            &metadata(),
        )
        .unwrap();
        let all: BTreeSet<_> = mapping
            .rules()
            .iter()
            .map(|rule| format!("{:?}", rule.direction))
            .collect();
        (mapping.rules().len(), all)
    };
    let of = |direction: Direction| BTreeSet::from([format!("{direction:?}")]);
    let to_office = narrow(Direction::CrmToOffice);
    assert_eq!(to_office, (DEFAULT.len(), of(Direction::CrmToOffice)));
    let to_crm = narrow(Direction::OfficeToCrm);
    assert_eq!(to_crm, (DEFAULT.len() - 2, of(Direction::OfficeToCrm)));
}
