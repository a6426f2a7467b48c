//! Nothing is deleted on weak evidence.

use super::*;
use crate::fixture::{everything, metadata};
use crate::mapping::Requested;

const STATES: [LinkState; 4] = [
    LinkState::Intent,
    LinkState::Linked,
    LinkState::Tombstone,
    LinkState::Detached,
];

#[test]
fn n9_a_record_that_is_not_shown_is_lost_and_nothing_is_deleted_for_it() {
    for case in all() {
        for office in [present(&ada()), OfficeSide::Gone, OfficeSide::Moved] {
            assert_eq!(case.op(&ada(), &CrmSide::Hidden, &office), Op::Lost);
        }
    }
}

#[test]
fn n9_nothing_is_deleted_without_a_base() {
    for case in all() {
        for born in [Side::Crm, Side::Office] {
            let case = Case { born, ..case };
            assert_eq!(case.record_deleted(&ada().without_base()), Op::Detach);
            assert_eq!(case.item_deleted(&ada().without_base()), Op::Bury);
        }
    }
}

#[test]
fn n9_nothing_is_deleted_that_holds_what_was_mapped_since() {
    let wider = mapping_with([rule(F::NickName, "Nickname")]);
    let mut contact = ada();
    contact.mapping = wider;
    assert_eq!(DEFAULT.record_deleted(&contact), Op::DeleteInOffice);
    assert_eq!(DEFAULT.item_deleted(&contact), Op::DeleteInCrm);
    let in_office = contact.clone().in_office(F::NickName, "Enchantress");
    assert_eq!(DEFAULT.record_deleted(&in_office), Op::Detach);
    let in_crm = contact.in_crm(F::NickName, "Enchantress");
    assert_eq!(DEFAULT.item_deleted(&in_crm), Op::Bury);
}

#[test]
fn k2_a_field_that_is_not_mapped_any_more_is_no_edit_of_the_record() {
    let mut contact = ada();
    let narrow = contact.mapping.rules().iter().map(|rule| rule.office);
    let exclude = narrow.filter(|field| *field == F::JobTitle).collect();
    let requested = Requested {
        exclude,
        ..everything()
    };
    contact.mapping = Mapping::resolve(&requested, &metadata()).unwrap();
    assert_eq!(DEFAULT.item_deleted(&contact), Op::DeleteInCrm);
    let nothing_left = Contact {
        base: Base([(F::JobTitle, contact.base.0[&F::JobTitle])].into()),
        ..contact
    };
    assert_eq!(DEFAULT.item_deleted(&nothing_left), Op::Bury);
}

#[test]
fn n2_an_intent_is_never_planned() {
    for case in all() {
        let intent = Case {
            state: LinkState::Intent,
            ..case
        };
        let edited = edited_both();
        for crm in [
            owned(&edited),
            CrmSide::Deleted,
            CrmSide::OtherOwner,
            CrmSide::Hidden,
        ] {
            for office in [present(&edited), OfficeSide::Gone, OfficeSide::Moved] {
                assert_eq!(intent.op(&edited, &crm, &office), Op::Nothing);
            }
        }
    }
}

#[test]
fn n9_only_a_listed_deletion_or_a_change_of_owner_takes_an_item_away() {
    for case in all() {
        for state in STATES {
            let case = Case { state, ..case };
            for crm in [owned(&ada()), CrmSide::Hidden] {
                for office in [present(&ada()), OfficeSide::Gone, OfficeSide::Moved] {
                    assert_ne!(case.op(&ada(), &crm, &office), Op::DeleteInOffice);
                }
            }
        }
    }
}

#[test]
fn k3_only_a_linked_item_that_is_gone_for_long_takes_its_record_away() {
    for case in all() {
        for state in STATES {
            for gone_for_long in [false, true] {
                let case = Case {
                    state,
                    gone_for_long,
                    ..case
                };
                for crm in [
                    owned(&ada()),
                    CrmSide::Hidden,
                    CrmSide::Deleted,
                    CrmSide::OtherOwner,
                ] {
                    for office in [present(&ada()), OfficeSide::Gone, OfficeSide::Moved] {
                        let confirmed = state == LinkState::Linked
                            && gone_for_long
                            && office == OfficeSide::Gone
                            && matches!(crm, CrmSide::Owned(_));
                        let op = case.op(&ada(), &crm, &office);
                        assert!(op != Op::DeleteInCrm || confirmed);
                    }
                }
            }
        }
    }
}
