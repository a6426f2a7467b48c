//! What counts as agreed, and what stays visible as an edit.

use crate::fixture::{
    Contact, changes, conflicts, default_mapping, hasher, mapping_where, mapping_with, rule,
};
use crate::hash::Base;
use crate::link::Side;
use crate::mapping::{Direction, RequestedRule};
use crate::merge::{ConflictPolicy, Merge};
use crate::office_field::OfficeField as F;
use crate::plan::{unedited_item, unedited_record};

fn contact(pairs: &[(F, &str)]) -> Contact {
    Contact::agreed(default_mapping(), pairs)
}

fn one_way(office: F, crm: &str, direction: Direction, pairs: &[(F, &str)]) -> Contact {
    let rule = RequestedRule {
        direction: Some(direction),
        ..rule(office, crm)
    };
    Contact::agreed(mapping_with([rule]), pairs)
}

impl Contact {
    fn is_item_unedited(&self) -> bool {
        unedited_item(&self.base, &self.office, &hasher())
    }

    fn is_record_unedited(&self) -> bool {
        unedited_record(&self.base, &self.view(), &hasher())
    }

    fn settle(mut self, pending: &[F]) -> Self {
        self.base = self.settled(pending);
        self
    }
}

#[test]
fn n3_what_the_server_made_of_a_value_counts_as_agreed() {
    let settled = contact(&[])
        .in_crm(F::JobTitle, "Analyst")
        .in_office(F::JobTitle, "ANALYST")
        .settle(&[]);
    assert!(settled.is_item_unedited() && settled.is_record_unedited());
    assert!(settled.merge().is_empty());
}

#[test]
fn n1_what_is_still_to_be_written_stays_an_edit() {
    for agreed in [contact(&[(F::JobTitle, "a")]), contact(&[]).without_base()] {
        let edited = agreed
            .in_office(F::JobTitle, "b")
            .in_crm(F::Department, "Engines");
        let planned = edited.merge();
        let half = edited.in_office(F::Department, "Engines").settle(&[F::JobTitle]);
        assert!(!half.is_item_unedited() && half.is_record_unedited());
        let rest = Merge {
            to_crm: planned.to_crm,
            ..Merge::default()
        };
        assert_eq!(half.merge(), rest);
    }
}

#[test]
fn n1_what_nobody_decided_stays_a_conflict_and_no_copy_of_anything() {
    let agreed = contact(&[(F::JobTitle, "a")]).with_policy(ConflictPolicy::Manual);
    for contact in [agreed.clone(), agreed.without_base()] {
        let open = contact
            .in_crm(F::JobTitle, "b")
            .in_office(F::JobTitle, "c")
            .settle(&[F::JobTitle]);
        assert_eq!(conflicts(&open.merge()), [(F::JobTitle, None)]);
        assert!(!open.is_item_unedited() && !open.is_record_unedited());
        let equal = open.in_office(F::JobTitle, "b").settle(&[]);
        assert!(equal.is_item_unedited() && equal.is_record_unedited());
    }
}

#[test]
fn n6_an_edit_that_no_rule_carries_stays_an_edit() {
    let from_crm = one_way(
        F::JobTitle,
        "Title",
        Direction::CrmToOffice,
        &[(F::JobTitle, "a")],
    );
    let from_office = one_way(
        F::JobTitle,
        "Title",
        Direction::OfficeToCrm,
        &[(F::JobTitle, "a")],
    );
    for lost in [false, true] {
        let known = |contact: &Contact| {
            if lost {
                contact.clone().without_base()
            } else {
                contact.clone()
            }
        };
        let blank = known(&from_crm)
            .in_crm(F::JobTitle, "")
            .in_office(F::JobTitle, "");
        let own = if lost {
            blank.in_office(F::JobTitle, "b")
        } else {
            known(&from_crm).in_office(F::JobTitle, "b")
        };
        assert!(!own.settle(&[]).is_item_unedited());
        let blank = known(&from_office)
            .in_crm(F::JobTitle, "")
            .in_office(F::JobTitle, "");
        let own = if lost {
            blank.in_crm(F::JobTitle, "b")
        } else {
            known(&from_office).in_crm(F::JobTitle, "b")
        };
        assert!(!own.settle(&[]).is_record_unedited());
    }
}

#[test]
fn n3_an_edit_against_the_way_that_is_taken_back_is_none() {
    let edited = one_way(
        F::JobTitle,
        "Title",
        Direction::CrmToOffice,
        &[(F::JobTitle, "a")],
    )
    .in_office(F::JobTitle, "b")
    .settle(&[]);
    let taken_back = edited.in_office(F::JobTitle, "a").settle(&[]);
    assert!(taken_back.is_item_unedited() && taken_back.merge().is_empty());
}

#[test]
fn n6_a_conflict_that_the_crm_wins_in_the_last_round_keeps_the_item() {
    let mut edited = contact(&[(F::JobTitle, "a")])
        .in_crm(F::JobTitle, "b")
        .in_office(F::JobTitle, "c");
    edited.mapping = edited.mapping.towards_crm();
    assert_eq!(conflicts(&edited.merge()), [(F::JobTitle, Some(Side::Crm))]);
    assert!(!edited.settle(&[]).is_item_unedited());
}

#[test]
fn n9_a_value_in_a_field_that_the_crm_withholds_is_the_mailboxs_own() {
    let private = mapping_where("Department", |field| field.private = true, &[]);
    let hidden = Contact::agreed(private, &[]).without_base().settle(&[]);
    assert!(hidden.is_item_unedited());
    let own = hidden.clone().in_office(F::Department, "Looms").settle(&[]);
    assert!(!own.is_item_unedited());
    let shown = hidden.in_crm(F::Department, "Engines");
    assert!(!shown.is_record_unedited());
    assert_eq!(shown.merge().to_office, changes(&[(F::Department, "Engines")]));
}

#[test]
fn n1_an_entry_that_moves_up_from_where_nobody_mapped_it_is_news_for_the_crm() {
    let two = contact(&[(F::Email1, "a@x.y"), (F::Email2, "b@x.y")]).in_office(F::Email3, "c@x.y");
    let cleared = two.in_crm(F::Email2, "");
    assert_eq!(cleared.merge().to_office, changes(&[(F::Email2, "")]));
    let written = cleared
        .in_office(F::Email2, "c@x.y")
        .in_office(F::Email3, "")
        .settle(&[]);
    assert_eq!(written.merge().to_crm, changes(&[(F::Email2, "c@x.y")]));
}

#[test]
fn n1_a_list_with_a_gap_waits_as_a_whole() {
    let gap = contact(&[])
        .in_crm(F::Email2, "b@x.y")
        .in_office(F::Email1, "b@x.y")
        .settle(&[]);
    let cleared = gap.in_office(F::Email1, "");
    let planned = cleared.merge();
    assert_eq!(planned.to_crm, changes(&[(F::Email2, "")]));
    assert_eq!(cleared.settle(&[F::Email2]).merge(), planned);
}

#[test]
fn k2_only_mapped_fields_have_a_base() {
    let settled = contact(&[(F::JobTitle, "a")]).in_office(F::NickName, "Enchantress");
    assert!(settled.base.0.contains_key(&F::JobTitle) && !settled.base.0.contains_key(&F::NickName));
    assert_eq!(Base::from_bytes(&settled.base.to_bytes()), settled.base);
}
