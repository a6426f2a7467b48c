//! Single fields: edits, clears, conflicts, one-way rules, values that do not fit.

use super::*;
use crate::fixture::{Contact, changes, conflicts, default_mapping, mapping_where, mapping_with, rule};
use crate::mapping::{Direction, RequestedRule, TooLong};
use crate::office_field::OfficeField as F;

const POLICIES: [ConflictPolicy; 4] = [
    ConflictPolicy::CrmWins,
    ConflictPolicy::OfficeWins,
    ConflictPolicy::NewestWins,
    ConflictPolicy::Manual,
];

fn contact(pairs: &[(F, &str)]) -> Contact {
    Contact::agreed(default_mapping(), pairs)
}

fn one_way(office: F, crm: &str, direction: Direction) -> RequestedRule {
    RequestedRule {
        direction: Some(direction),
        ..rule(office, crm)
    }
}

fn cutting(office: F, crm: &str) -> RequestedRule {
    RequestedRule {
        too_long: Some(TooLong::Cut),
        ..rule(office, crm)
    }
}

fn to_office(pairs: &[(F, &str)]) -> Merge {
    Merge {
        to_office: changes(pairs),
        ..Merge::default()
    }
}

fn to_crm(pairs: &[(F, &str)]) -> Merge {
    Merge {
        to_crm: changes(pairs),
        ..Merge::default()
    }
}

#[test]
fn n1_edits_on_both_sides_arrive_whatever_the_policy() {
    for policy in POLICIES {
        let merge = contact(&[(F::JobTitle, "Analyst"), (F::Department, "Engines")])
            .with_policy(policy)
            .in_crm(F::JobTitle, "Countess")
            .in_office(F::Department, "Looms")
            .merge();
        assert_eq!(merge.to_office, changes(&[(F::JobTitle, "Countess")]));
        assert_eq!(merge.to_crm, changes(&[(F::Department, "Looms")]));
        assert_eq!(merge.conflicts, []);
    }
}

#[test]
fn n3_what_both_sides_agree_on_is_left_alone() {
    assert!(contact(&[(F::JobTitle, "Analyst")]).merge().is_empty());
    let same_edit = contact(&[(F::JobTitle, "Analyst")])
        .in_crm(F::JobTitle, "Countess")
        .in_office(F::JobTitle, "Countess");
    assert!(same_edit.merge().is_empty());
    let mut rewritten = contact(&[])
        .in_crm(F::JobTitle, "Analyst ")
        .in_office(F::JobTitle, "ANALYST");
    rewritten.base = rewritten.settled(&[]);
    assert!(rewritten.merge().is_empty());
    assert!(
        contact(&[(F::JobTitle, "Analyst")])
            .without_base()
            .merge()
            .is_empty()
    );
}

#[test]
fn n1_a_conflict_goes_by_the_policy_and_is_listed() {
    let edited = contact(&[(F::JobTitle, "Analyst")])
        .in_crm(F::JobTitle, "Countess")
        .in_office(F::JobTitle, "Programmer");
    let merge = |policy| edited.clone().with_policy(policy).merge();
    let crm = merge(ConflictPolicy::CrmWins);
    assert_eq!(crm.to_office, changes(&[(F::JobTitle, "Countess")]));
    assert_eq!(
        (crm.to_crm.len(), conflicts(&crm)),
        (0, vec![(F::JobTitle, Some(Side::Crm))])
    );
    let office = merge(ConflictPolicy::OfficeWins);
    assert_eq!(office.to_crm, changes(&[(F::JobTitle, "Programmer")]));
    assert_eq!(conflicts(&office), [(F::JobTitle, Some(Side::Office))]);
    assert!(office.to_office.is_empty());
    let open = merge(ConflictPolicy::Manual);
    assert!(open.to_office.is_empty() && open.to_crm.is_empty());
    assert_eq!(conflicts(&open), [(F::JobTitle, None)]);
    assert_eq!(open.open().collect::<Vec<_>>(), [F::JobTitle]);
    assert!(!open.is_empty());
}

#[test]
fn n1_of_two_changes_the_later_wins_by_two_seconds_and_else_the_crm() {
    let mut edited = contact(&[(F::JobTitle, "Analyst")])
        .with_policy(ConflictPolicy::NewestWins)
        .in_crm(F::JobTitle, "Countess")
        .in_office(F::JobTitle, "Programmer");
    let mut winner = |later| {
        edited.later = later;
        conflicts(&edited.merge())[0].1
    };
    for later in [None, Some(-3600), Some(-2), Some(0), Some(1)] {
        assert_eq!(winner(later), Some(Side::Crm), "{later:?}");
    }
    for later in [2, 3600] {
        assert_eq!(winner(Some(later)), Some(Side::Office), "{later}");
    }
}

#[test]
fn n1_a_rules_own_policy_beats_that_of_the_sync() {
    let own = |conflict| RequestedRule {
        conflict: Some(conflict),
        ..rule(F::JobTitle, "Title")
    };
    for (conflict, winner) in [
        (ConflictPolicy::OfficeWins, Some(Side::Office)),
        (ConflictPolicy::Manual, None),
    ] {
        let merge = Contact::agreed(mapping_with([own(conflict)]), &[])
            .in_crm(F::JobTitle, "Countess")
            .in_office(F::JobTitle, "Programmer")
            .in_crm(F::Department, "Engines")
            .in_office(F::Department, "Looms")
            .merge();
        let expected = [(F::JobTitle, winner), (F::Department, Some(Side::Crm))];
        assert_eq!(conflicts(&merge), expected);
    }
}

#[test]
fn n1_a_clear_is_an_edit_like_another() {
    let agreed = contact(&[(F::JobTitle, "Analyst")]);
    let by_crm = agreed.clone().in_crm(F::JobTitle, "");
    assert_eq!(by_crm.merge(), to_office(&[(F::JobTitle, "")]));
    let by_office = agreed.in_office(F::JobTitle, "");
    assert_eq!(by_office.merge(), to_crm(&[(F::JobTitle, "")]));
    let against_an_edit = by_crm.in_office(F::JobTitle, "Programmer");
    let merge = against_an_edit.merge();
    assert_eq!(merge.to_office, changes(&[(F::JobTitle, "")]));
    assert_eq!(conflicts(&merge), [(F::JobTitle, Some(Side::Crm))]);
    let merge = against_an_edit.with_policy(ConflictPolicy::OfficeWins).merge();
    assert_eq!(merge.to_crm, changes(&[(F::JobTitle, "Programmer")]));
}

#[test]
fn n1_without_a_base_blanks_are_filled_and_two_values_are_a_conflict() {
    for policy in POLICIES {
        let merge = contact(&[])
            .in_crm(F::JobTitle, "Countess")
            .in_office(F::Department, "Looms")
            .without_base()
            .with_policy(policy)
            .merge();
        assert_eq!(merge.to_office, changes(&[(F::JobTitle, "Countess")]));
        assert_eq!(merge.to_crm, changes(&[(F::Department, "Looms")]));
        assert_eq!(merge.conflicts, []);
    }
    let merge = contact(&[])
        .in_crm(F::JobTitle, "Countess")
        .in_office(F::JobTitle, "Programmer")
        .without_base()
        .merge();
    assert_eq!(conflicts(&merge), [(F::JobTitle, Some(Side::Crm))]);
}

#[test]
fn k2_a_field_that_is_mapped_newly_fills_blanks_only() {
    let mut contact = contact(&[]).in_office(F::NickName, "Enchantress");
    contact.mapping = mapping_with([rule(F::NickName, "Nickname")]);
    assert_eq!(contact.merge(), to_crm(&[(F::NickName, "Enchantress")]));
    let filled = contact.clone().in_crm(F::NickName, "Ada");
    assert_eq!(conflicts(&filled.merge()), [(F::NickName, Some(Side::Crm))]);
}

#[test]
fn k2_another_field_of_the_crm_clears_nothing() {
    let mut contact = contact(&[(F::MobilePhone, "1")]);
    contact.mapping = mapping_with([rule(F::MobilePhone, "Nickname")]);
    assert_eq!(contact.merge(), to_crm(&[(F::MobilePhone, "1")]));
    let filled = contact.in_crm(F::MobilePhone, "2");
    assert_eq!(conflicts(&filled.merge()), [(F::MobilePhone, Some(Side::Crm))]);
}

#[test]
fn n5_a_one_way_rule_writes_its_own_side_only() {
    let mapping = mapping_with([
        one_way(F::JobTitle, "Title", Direction::CrmToOffice),
        one_way(F::Department, "Department", Direction::OfficeToCrm),
    ]);
    for policy in POLICIES {
        let agreed =
            Contact::agreed(mapping.clone(), &[(F::JobTitle, "a"), (F::Department, "b")]).with_policy(policy);
        let against = agreed
            .clone()
            .in_office(F::JobTitle, "x")
            .in_crm(F::Department, "y");
        assert!(against.merge().is_empty());
        let along = agreed.in_crm(F::JobTitle, "x").in_office(F::Department, "");
        let merge = along.merge();
        assert_eq!(merge.to_office, changes(&[(F::JobTitle, "x")]));
        assert_eq!(merge.to_crm, changes(&[(F::Department, "")]));
        assert_eq!(merge.conflicts, []);
    }
}

#[test]
fn n1_what_a_one_way_rule_overwrites_is_listed() {
    let mapping = mapping_with([
        one_way(F::JobTitle, "Title", Direction::CrmToOffice),
        one_way(F::Department, "Department", Direction::OfficeToCrm),
    ]);
    for policy in POLICIES {
        let edited = Contact::agreed(mapping.clone(), &[(F::JobTitle, "a"), (F::Department, "b")])
            .with_policy(policy)
            .in_crm(F::JobTitle, "c")
            .in_office(F::JobTitle, "d")
            .in_crm(F::Department, "e")
            .in_office(F::Department, "f");
        for merge in [edited.merge(), edited.clone().without_base().merge()] {
            assert_eq!(merge.to_office, changes(&[(F::JobTitle, "c")]));
            assert_eq!(merge.to_crm, changes(&[(F::Department, "f")]));
            let winners = [
                (F::JobTitle, Some(Side::Crm)),
                (F::Department, Some(Side::Office)),
            ];
            assert_eq!(conflicts(&merge), winners);
        }
    }
}

#[test]
fn n6_the_last_round_takes_edits_along_and_keeps_to_the_policy() {
    let mut contact = contact(&[(F::JobTitle, "a"), (F::Department, "b")])
        .in_crm(F::JobTitle, "c")
        .in_office(F::JobTitle, "d")
        .in_office(F::Department, "e")
        .in_office(F::CompanyName, "f");
    contact.mapping = contact.mapping.towards_crm();
    let merge = contact.merge();
    assert_eq!(merge.to_crm, changes(&[(F::Department, "e")]));
    assert_eq!(conflicts(&merge), [(F::JobTitle, Some(Side::Crm))]);
    let merge = contact.with_policy(ConflictPolicy::OfficeWins).merge();
    assert_eq!(merge.to_crm, changes(&[(F::JobTitle, "d"), (F::Department, "e")]));
    assert!(merge.to_office.is_empty());
}

#[test]
fn n1_what_the_crm_withholds_is_neither_blank_nor_written() {
    let private = mapping_where("Department", |field| field.private = true, &[]);
    let agreed = Contact::agreed(private, &[(F::Department, "Engines")]);
    let hidden = agreed.clone().in_crm(F::Department, "");
    assert!(hidden.merge().is_empty());
    assert!(
        hidden
            .clone()
            .in_office(F::Department, "Looms")
            .merge()
            .is_empty()
    );
    assert!(hidden.without_base().merge().is_empty());
    let edited = agreed.in_crm(F::Department, "Looms");
    assert_eq!(edited.merge(), to_office(&[(F::Department, "Looms")]));
}

#[test]
fn a_text_that_the_other_side_cannot_hold_parks_the_contact() {
    let short = mapping_where("Title", |field| field.length = Some(5), &[]);
    let agreed = Contact::agreed(short, &[(F::JobTitle, "a")]);
    let in_office = agreed
        .clone()
        .in_office(F::JobTitle, "a long one")
        .in_crm(F::Department, "Engines");
    assert!(matches!(
        in_office.try_merge(),
        Err(Unfit::TooLongForCrm {
            chars: 10,
            max: 5,
            ..
        })
    ));
    let in_crm = agreed
        .in_crm(F::Department, &"x".repeat(256))
        .in_office(F::JobTitle, "b");
    assert!(matches!(
        in_crm.try_merge(),
        Err(Unfit::TooLong {
            chars: 256,
            max: 255,
            ..
        })
    ));
}

#[test]
fn a_text_is_cut_where_the_author_says_so_and_stays_whole_where_it_was_written() {
    let cut = mapping_where(
        "Title",
        |field| field.length = Some(5),
        &[cutting(F::JobTitle, "Title")],
    );
    let mut in_office = Contact::agreed(cut, &[]).in_office(F::JobTitle, "a long one");
    assert_eq!(in_office.merge(), to_crm(&[(F::JobTitle, "a lon")]));
    in_office = in_office.in_crm(F::JobTitle, "a lon");
    in_office.base = in_office.settled(&[]);
    assert!(in_office.merge().is_empty());
    assert!(in_office.without_base().merge().is_empty());

    let (long, cut) = ("x".repeat(300), "x".repeat(255));
    let mapping = mapping_with([cutting(F::Department, "Department")]);
    let mut in_crm = Contact::agreed(mapping, &[]).in_crm(F::Department, &long);
    assert_eq!(in_crm.merge(), to_office(&[(F::Department, &cut)]));
    in_crm = in_crm.in_office(F::Department, &cut);
    in_crm.base = in_crm.settled(&[]);
    assert!(in_crm.merge().is_empty());
    assert!(in_crm.without_base().merge().is_empty());
}

#[test]
fn n1_an_edit_of_a_cut_text_does_not_take_the_rest_unless_the_policy_says_so() {
    let cut = mapping_where(
        "Title",
        |field| field.length = Some(5),
        &[cutting(F::JobTitle, "Title")],
    );
    let mut whole_in_office = Contact::agreed(cut, &[])
        .in_office(F::JobTitle, "a long one")
        .in_crm(F::JobTitle, "a lon");
    whole_in_office.base = whole_in_office.settled(&[]);
    let edited = whole_in_office
        .in_crm(F::JobTitle, "b")
        .with_policy(ConflictPolicy::OfficeWins);
    assert_eq!(edited.merge().to_crm, changes(&[(F::JobTitle, "a lon")]));
    assert_eq!(conflicts(&edited.merge()), [(F::JobTitle, Some(Side::Office))]);
    let edited = edited.with_policy(ConflictPolicy::CrmWins);
    assert_eq!(edited.merge().to_office, changes(&[(F::JobTitle, "b")]));
    assert_eq!(conflicts(&edited.merge()), [(F::JobTitle, Some(Side::Crm))]);

    let (long, cut) = ("x".repeat(300), "x".repeat(255));
    let mapping = mapping_with([cutting(F::Department, "Department")]);
    let mut whole_in_crm = Contact::agreed(mapping, &[])
        .in_crm(F::Department, &long)
        .in_office(F::Department, &cut);
    whole_in_crm.base = whole_in_crm.settled(&[]);
    let edited = whole_in_crm.in_office(F::Department, "b");
    assert_eq!(edited.merge().to_office, changes(&[(F::Department, &cut)]));
    assert_eq!(conflicts(&edited.merge()), [(F::Department, Some(Side::Crm))]);
    let edited = edited.with_policy(ConflictPolicy::OfficeWins);
    assert_eq!(edited.merge().to_crm, changes(&[(F::Department, "b")]));
}

#[test]
fn a_contact_without_what_the_other_side_needs_is_parked() {
    let nameless = contact(&[])
        .in_office(F::Surname, "")
        .in_office(F::JobTitle, "Countess");
    assert!(matches!(
        nameless.try_merge(),
        Err(Unfit::Mandatory {
            office: F::Surname,
            ..
        })
    ));
    let mut unnamed = contact(&[(F::GivenName, "Ada")]).in_office(F::Surname, "");
    unnamed.crm.remove("Last_Name");
    unnamed.base = unnamed.settled(&[]);
    let unnamed = unnamed.in_crm(F::GivenName, "").in_crm(F::JobTitle, "Countess");
    assert_eq!(unnamed.try_merge(), Err(Unfit::Nameless));
}
