//! Addresses and lists: what is decided together.

use crate::fixture::{Contact, changes, conflicts, default_mapping, mapping_where, mapping_with, rule};
use crate::link::Side;
use crate::mapping::Mapping;
use crate::merge::{ConflictPolicy, Merge};
use crate::office_field::OfficeField as F;

const LONDON: [(F, &str); 3] = [
    (F::BusinessStreet, "St James's Square 12"),
    (F::BusinessCity, "London"),
    (F::BusinessPostalCode, "SW1"),
];

fn contact(pairs: &[(F, &str)]) -> Contact {
    Contact::agreed(default_mapping(), pairs)
}

/// Three e-mail addresses.
fn three() -> Mapping {
    mapping_with([rule(F::Email3, "Third_Email")])
}

fn mails(mapping: Mapping, mails: &[&str]) -> Contact {
    Contact::agreed(mapping, &[])
        .with_office_mails(mails)
        .with_crm_mails(mails)
        .agreeing()
}

const SLOTS: [F; 3] = [F::Email1, F::Email2, F::Email3];

impl Contact {
    fn with_office_mails(mut self, mails: &[&str]) -> Self {
        for (at, field) in SLOTS.into_iter().enumerate() {
            self = self.in_office(field, mails.get(at).unwrap_or(&""));
        }
        self
    }

    fn with_crm_mails(mut self, mails: &[&str]) -> Self {
        for (at, field) in SLOTS.into_iter().enumerate() {
            self = self.in_crm(field, mails.get(at).unwrap_or(&""));
        }
        self
    }

    fn agreeing(mut self) -> Self {
        self.base = self.settled(&[]);
        self
    }
}

fn assert_office(merge: &Merge, pairs: &[(F, &str)]) {
    assert_eq!((&merge.to_office, merge.to_crm.len()), (&changes(pairs), 0));
    assert_eq!(merge.conflicts, []);
}

fn assert_crm(merge: &Merge, pairs: &[(F, &str)]) {
    assert_eq!((&merge.to_crm, merge.to_office.len()), (&changes(pairs), 0));
    assert_eq!(merge.conflicts, []);
}

#[test]
fn n1_an_address_that_one_side_changed_goes_to_the_other() {
    let by_crm = contact(&LONDON)
        .in_crm(F::BusinessCity, "Ockham")
        .in_crm(F::BusinessPostalCode, "");
    assert_office(
        &by_crm.merge(),
        &[(F::BusinessCity, "Ockham"), (F::BusinessPostalCode, "")],
    );
    let by_office = contact(&LONDON)
        .in_office(F::BusinessCity, "Ockham")
        .in_office(F::BusinessCountry, "England");
    assert_crm(
        &by_office.merge(),
        &[(F::BusinessCity, "Ockham"), (F::BusinessCountry, "England")],
    );
}

#[test]
fn n1_an_address_that_both_sides_changed_is_one_conflict() {
    let edited = contact(&LONDON)
        .in_crm(F::BusinessStreet, "Ockham Park")
        .in_office(F::BusinessCity, "Surrey")
        .in_office(F::OtherCity, "Torquay");
    let merge = edited.merge();
    assert_eq!(
        merge.to_office,
        changes(&[(F::BusinessStreet, "Ockham Park"), (F::BusinessCity, "London")])
    );
    assert_eq!(merge.to_crm, changes(&[(F::OtherCity, "Torquay")]));
    let of = |winner| vec![(F::BusinessStreet, winner), (F::BusinessCity, winner)];
    assert_eq!(conflicts(&merge), of(Some(Side::Crm)));
    let merge = edited.clone().with_policy(ConflictPolicy::OfficeWins).merge();
    assert!(merge.to_office.is_empty());
    assert_eq!(
        merge.to_crm[&F::BusinessStreet],
        crate::fixture::value(F::BusinessStreet, LONDON[0].1)
    );
    assert_eq!(conflicts(&merge), of(Some(Side::Office)));
    let merge = edited.with_policy(ConflictPolicy::Manual).merge();
    assert_eq!(merge.to_crm, changes(&[(F::OtherCity, "Torquay")]));
    assert_eq!(conflicts(&merge), of(None));
}

#[test]
fn n1_the_same_new_street_on_both_sides_leaves_the_city_to_who_changed_it() {
    let edited = contact(&LONDON)
        .in_crm(F::BusinessStreet, "Ockham Park")
        .in_office(F::BusinessStreet, "Ockham Park")
        .in_office(F::BusinessCity, "Ockham");
    assert_crm(&edited.merge(), &[(F::BusinessCity, "Ockham")]);
}

#[test]
fn n5_a_servers_spelling_of_one_part_is_not_written_back_with_another() {
    let spelled = contact(&LONDON)
        .in_crm(F::BusinessCountry, "UK")
        .in_office(F::BusinessCountry, "United Kingdom")
        .agreeing();
    let edited = spelled.clone().in_office(F::BusinessCity, "Ockham");
    assert_crm(&edited.merge(), &[(F::BusinessCity, "Ockham")]);
    let edited = spelled.in_crm(F::BusinessCity, "Ockham");
    assert_office(&edited.merge(), &[(F::BusinessCity, "Ockham")]);
}

#[test]
fn n1_a_mandatory_part_that_was_blank_before_stops_nothing() {
    let strict = mapping_where("Mailing_Street", |field| field.mandatory = true, &[]);
    let edited = Contact::agreed(strict, &[(F::BusinessCity, "London")]).in_office(F::BusinessCity, "Ockham");
    assert_crm(&edited.merge(), &[(F::BusinessCity, "Ockham")]);
}

#[test]
fn k2_a_part_of_an_address_that_is_mapped_newly_is_decided_for_itself() {
    let mut narrow = contact(&LONDON).in_crm(F::BusinessCountry, "UK");
    narrow.base.0.remove(&F::BusinessCountry);
    for policy in [ConflictPolicy::CrmWins, ConflictPolicy::OfficeWins] {
        let merge = narrow.clone().with_policy(policy).merge();
        assert_office(&merge, &[(F::BusinessCountry, "UK")]);
        let merge = narrow
            .clone()
            .with_policy(policy)
            .in_office(F::BusinessCity, "Ockham")
            .merge();
        assert_eq!(merge.to_office, changes(&[(F::BusinessCountry, "UK")]));
        assert_eq!(merge.to_crm, changes(&[(F::BusinessCity, "Ockham")]));
        assert_eq!(merge.conflicts, []);
    }
}

#[test]
fn n1_without_a_base_an_address_is_filled_up_unless_both_sides_hold_another() {
    let halves = contact(&[])
        .in_crm(F::BusinessStreet, "Ockham Park")
        .in_office(F::BusinessCity, "Ockham")
        .without_base();
    let merge = halves.merge();
    assert_eq!(merge.to_office, changes(&[(F::BusinessStreet, "Ockham Park")]));
    assert_eq!(merge.to_crm, changes(&[(F::BusinessCity, "Ockham")]));
    assert_eq!(merge.conflicts, []);
    let clash = halves
        .in_office(F::BusinessStreet, "St James's Square 12")
        .merge();
    let replaced = [(F::BusinessStreet, "Ockham Park"), (F::BusinessCity, "")];
    assert_eq!(clash.to_office, changes(&replaced));
    let winner = Some(Side::Crm);
    assert_eq!(
        conflicts(&clash),
        [(F::BusinessStreet, winner), (F::BusinessCity, winner)]
    );
}

#[test]
fn n1_an_entry_that_was_deleted_in_outlook_goes_and_the_others_move_up() {
    let office = mails(three(), &["a@x.y", "b@x.y", "c@x.y"]).with_office_mails(&["b@x.y", "c@x.y"]);
    let moved = [(F::Email1, "b@x.y"), (F::Email2, "c@x.y"), (F::Email3, "")];
    assert_crm(&office.merge(), &moved);
}

#[test]
fn n1_an_entry_that_was_cleared_in_the_crm_goes_and_the_others_move_up() {
    let crm = mails(three(), &["a@x.y", "b@x.y", "c@x.y"]).in_crm(F::Email1, "");
    let moved = [(F::Email1, "b@x.y"), (F::Email2, "c@x.y"), (F::Email3, "")];
    assert_office(&crm.merge(), &moved);
}

#[test]
fn n3_a_gap_in_the_crm_is_no_difference() {
    let gap = contact(&[])
        .in_crm(F::Email2, "b@x.y")
        .in_office(F::Email1, "b@x.y")
        .agreeing();
    assert!(gap.merge().is_empty());
    assert!(gap.clone().without_base().merge().is_empty());
    let added = gap.clone().in_office(F::Email2, "c@x.y");
    assert_crm(&added.merge(), &[(F::Email1, "b@x.y"), (F::Email2, "c@x.y")]);
    let filled = gap.clone().in_crm(F::Email1, "a@x.y");
    assert_office(&filled.merge(), &[(F::Email1, "a@x.y"), (F::Email2, "b@x.y")]);
    let cleared = gap.in_office(F::Email1, "");
    assert_crm(&cleared.merge(), &[(F::Email2, "")]);
}

#[test]
fn n1_entries_that_changed_places_do_so_on_the_other_side() {
    let office = mails(three(), &["a@x.y", "b@x.y"]).with_office_mails(&["b@x.y", "a@x.y"]);
    assert_crm(&office.merge(), &[(F::Email1, "b@x.y"), (F::Email2, "a@x.y")]);
    let crm = mails(three(), &["a@x.y", "b@x.y"]).with_crm_mails(&["c@x.y", "a@x.y", "b@x.y"]);
    let moved = [(F::Email1, "c@x.y"), (F::Email2, "a@x.y"), (F::Email3, "b@x.y")];
    assert_office(&crm.merge(), &moved);
}

#[test]
fn n1_edits_of_different_entries_both_arrive_while_none_changes_places() {
    let edited = mails(three(), &["a@x.y", "b@x.y"])
        .in_crm(F::Email1, "z@x.y")
        .in_office(F::Email3, "c@x.y");
    let merge = edited.merge();
    assert_eq!(merge.to_office, changes(&[(F::Email1, "z@x.y")]));
    assert_eq!(merge.to_crm, changes(&[(F::Email3, "c@x.y")]));
    assert_eq!(merge.conflicts, []);
}

#[test]
fn n1_an_entry_that_both_sides_add_at_one_place_is_a_conflict_about_that_place() {
    let edited = mails(three(), &["a@x.y"])
        .in_crm(F::Email2, "b@x.y")
        .in_office(F::Email2, "c@x.y");
    let merge = edited.merge();
    assert_eq!(merge.to_office, changes(&[(F::Email2, "b@x.y")]));
    assert_eq!(conflicts(&merge), [(F::Email2, Some(Side::Crm))]);
    let merge = edited.with_policy(ConflictPolicy::OfficeWins).merge();
    assert_eq!(merge.to_crm, changes(&[(F::Email2, "c@x.y")]));
}

#[test]
fn n1_a_list_whose_entries_move_is_one_conflict() {
    let edited = mails(three(), &["a@x.y", "b@x.y"])
        .with_office_mails(&["b@x.y"])
        .in_crm(F::Email2, "z@x.y");
    let merge = edited.merge();
    assert_eq!(
        merge.to_office,
        changes(&[(F::Email1, "a@x.y"), (F::Email2, "z@x.y")])
    );
    let of = |winner| vec![(F::Email1, winner), (F::Email2, winner)];
    assert_eq!(conflicts(&merge), of(Some(Side::Crm)));
    let merge = edited.clone().with_policy(ConflictPolicy::OfficeWins).merge();
    assert_eq!(merge.to_crm, changes(&[(F::Email1, "b@x.y"), (F::Email2, "")]));
    assert_eq!(conflicts(&merge), of(Some(Side::Office)));
    let merge = edited.with_policy(ConflictPolicy::Manual).merge();
    assert!(merge.to_crm.is_empty() && merge.to_office.is_empty());
    assert_eq!(conflicts(&merge), of(None));
}

#[test]
fn n1_without_a_base_the_longer_of_two_lists_completes_the_other() {
    for (crm, office) in [(&["a@x.y"][..], &["a@x.y", "b@x.y"][..]), (&[], &["a@x.y"])] {
        let in_office = mails(three(), &[])
            .with_crm_mails(crm)
            .with_office_mails(office)
            .without_base();
        let missing = [(SLOTS[crm.len()], office[crm.len()])];
        assert_crm(&in_office.merge(), &missing);
        let in_crm = mails(three(), &[])
            .with_crm_mails(office)
            .with_office_mails(crm)
            .without_base();
        assert_office(&in_crm.merge(), &missing);
    }
}

#[test]
fn n1_a_gap_in_outlook_that_decides_a_conflict_without_a_change_is_not_listed() {
    let both = contact(&[])
        .in_crm(F::Email2, "b@x.y")
        .in_office(F::Email2, "b@x.y")
        .without_base()
        .with_policy(ConflictPolicy::OfficeWins);
    assert!(both.merge().is_empty());
}

#[test]
fn n1_a_list_behind_a_withheld_entry_is_left_alone() {
    let narrow = rule(F::Email2, "Secondary_Email");
    let private = mapping_where("Email", |field| field.private = true, &[narrow]);
    let shown = Contact::agreed(private, &[(F::Email1, "a@x.y"), (F::Email2, "b@x.y")]);
    let hidden = shown.in_crm(F::Email1, "");
    assert!(hidden.merge().is_empty());
    assert!(hidden.in_crm(F::Email2, "c@x.y").merge().is_empty());
}
