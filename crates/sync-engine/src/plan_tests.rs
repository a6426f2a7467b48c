//! The table of deletes and owners (`design.md` §6.5), every row in every direction and for each policy.

use super::*;
use crate::fixture::{Contact, changes, default_mapping, hasher, mapping_with, rule};
use crate::mapping::RequestedRule;
use crate::merge::ConflictPolicy;
use crate::office_field::OfficeField as F;

#[path = "plan_evidence_tests.rs"]
mod evidence;

const DIRECTIONS: [Direction; 3] = [Direction::Both, Direction::CrmToOffice, Direction::OfficeToCrm];
const DELETES: [Deletes; 2] = [Deletes::Propagate, Deletes::Never];
/// How a sync decides, and what is known of the link.
#[derive(Clone, Copy)]
struct Case {
    direction: Direction,
    to_office: Deletes,
    to_crm: Deletes,
    state: LinkState,
    born: Side,
    gone_for_long: bool,
}

const DEFAULT: Case = Case {
    direction: Direction::Both,
    to_office: Deletes::Propagate,
    to_crm: Deletes::Propagate,
    state: LinkState::Linked,
    born: Side::Crm,
    gone_for_long: true,
};

/// Every way in which a sync can decide.
fn all() -> impl Iterator<Item = Case> {
    let pairs = DELETES.map(|to_office| DELETES.map(|to_crm| (to_office, to_crm)));
    let pairs = pairs.into_iter().flatten();
    DIRECTIONS.into_iter().flat_map(move |direction| {
        pairs.clone().map(move |(to_office, to_crm)| Case {
            direction,
            to_office,
            to_crm,
            ..DEFAULT
        })
    })
}

fn link(case: Case, base: Base) -> Link {
    Link {
        crm_id: "1".into(),
        office_id: Some("A".into()),
        state: case.state,
        born: case.born,
        crm_modified: None,
        base,
        gone_since: None,
    }
}

fn planned(case: Case, contact: &Contact, link: Option<&Link>, crm: &CrmSide, office: &OfficeSide) -> Op {
    let hasher = hasher();
    let pair = Pair {
        link,
        crm,
        office,
        times: contact.times(),
        gone_for_long: case.gone_for_long,
    };
    let rules = Rules {
        terms: contact.terms(&hasher),
        direction: case.direction,
        to_office: case.to_office,
        to_crm: case.to_crm,
    };
    plan(pair, &rules)
}

impl Case {
    fn op(self, contact: &Contact, crm: &CrmSide, office: &OfficeSide) -> Op {
        let link = link(self, contact.base.clone());
        planned(self, contact, Some(&link), crm, office)
    }

    fn record_deleted(self, contact: &Contact) -> Op {
        self.op(contact, &CrmSide::Deleted, &present(contact))
    }

    fn item_deleted(self, contact: &Contact) -> Op {
        self.op(contact, &owned(contact), &OfficeSide::Gone)
    }
}

fn owned(contact: &Contact) -> CrmSide {
    CrmSide::Owned(Ok(contact.view()))
}

fn present(contact: &Contact) -> OfficeSide {
    OfficeSide::Present(contact.office.clone())
}

fn ada() -> Contact {
    Contact::agreed(
        default_mapping(),
        &[(F::GivenName, "Ada"), (F::JobTitle, "Analyst")],
    )
}

fn edited_item() -> Contact {
    ada().in_office(F::JobTitle, "Countess")
}

fn edited_record() -> Contact {
    ada().in_crm(F::JobTitle, "Countess")
}

fn edited_both() -> Contact {
    edited_item().in_crm(F::Department, "Engines")
}

#[test]
fn k3_a_record_that_is_new_is_made_in_the_mailbox_where_the_sync_goes_there() {
    for case in all() {
        let ada = ada();
        let op = planned(case, &ada, None, &owned(&ada), &OfficeSide::Gone);
        if case.direction.reaches_office() {
            assert_eq!(op, Op::CreateInOffice(ada.office));
        } else {
            assert_eq!(op, Op::Nothing);
        }
        for crm in [CrmSide::Deleted, CrmSide::OtherOwner, CrmSide::Hidden] {
            assert_eq!(
                planned(case, &edited_both(), None, &crm, &OfficeSide::Gone),
                Op::Nothing
            );
        }
    }
}

#[test]
fn n5_an_item_is_made_of_what_goes_to_the_mailbox_only() {
    let one_way = RequestedRule {
        direction: Some(Direction::OfficeToCrm),
        ..rule(F::JobTitle, "Title")
    };
    let contact = Contact::agreed(
        mapping_with([one_way]),
        &[(F::JobTitle, "Analyst"), (F::Department, "Engines")],
    );
    let Op::CreateInOffice(fields) = planned(DEFAULT, &contact, None, &owned(&contact), &OfficeSide::Gone)
    else {
        panic!("nothing is made");
    };
    assert_eq!(
        fields.keys().copied().collect::<Vec<_>>(),
        [F::Surname, F::Department]
    );
}

#[test]
fn a_record_that_the_mailbox_cannot_hold_or_show_is_parked() {
    let long = ada().in_crm(F::JobTitle, &"x".repeat(256));
    let record = crate::project::project(&long.mapping, &long.crm);
    assert!(record.is_err());
    let long_side = CrmSide::Owned(record);
    let nameless = Contact {
        crm: [("Title".to_owned(), "Analyst".into())].into_iter().collect(),
        ..ada()
    };
    for (contact, side) in [(&long, &long_side), (&nameless, &owned(&nameless))] {
        let op = planned(DEFAULT, contact, None, side, &OfficeSide::Gone);
        assert!(matches!(op, Op::Park(_)), "{op:?}");
    }
    let op = DEFAULT.op(&long, &long_side, &present(&long));
    assert!(matches!(op, Op::Park(Unfit::TooLong { .. })), "{op:?}");
}

#[test]
fn k3_edits_on_both_sides_are_merged() {
    for case in all() {
        let edited = edited_both();
        let Op::Merge(merge) = case.op(&edited, &owned(&edited), &present(&edited)) else {
            panic!("nothing is merged");
        };
        assert_eq!(merge, edited.merge());
        assert_eq!(merge.to_crm, changes(&[(F::JobTitle, "Countess")]));
        let ada = ada();
        assert_eq!(case.op(&ada, &owned(&ada), &present(&ada)), Op::Nothing);
    }
}

#[test]
fn n1_what_nobody_decides_is_planned_as_a_merge_without_writes() {
    let open = edited_item()
        .in_crm(F::JobTitle, "Programmer")
        .with_policy(ConflictPolicy::Manual);
    let Op::Merge(merge) = DEFAULT.op(&open, &owned(&open), &present(&open)) else {
        panic!("nothing is recorded");
    };
    assert!(merge.to_crm.is_empty() && merge.to_office.is_empty());
    assert_eq!(merge.open().collect::<Vec<_>>(), [F::JobTitle]);
}

/// Deleted in the CRM, toOffice Propagate: removed in Office. Edited there meanwhile: the edit wins.
#[test]
fn k3_a_deletion_in_the_crm_removes_the_copy_unless_it_was_edited() {
    for case in all().filter(|case| case.to_office == Deletes::Propagate) {
        let (copy, edited) = match case.direction {
            Direction::Both => (Op::DeleteInOffice, Op::CreateInCrm(edited_item().office)),
            Direction::CrmToOffice => (Op::DeleteInOffice, Op::Detach),
            Direction::OfficeToCrm => (Op::Detach, Op::Detach),
        };
        assert_eq!(case.record_deleted(&ada()), copy, "{:?}", case.direction);
        assert_eq!(
            case.record_deleted(&edited_item()),
            edited,
            "{:?}",
            case.direction
        );
        // What nobody mapped is no part of it.
        let elsewhere = ada().in_office(F::SpouseName, "William");
        assert_eq!(case.record_deleted(&elsewhere), copy);
    }
}

/// Deleted in the CRM, toOffice Never: copy detached, never pushed back.
#[test]
fn k3_a_deletion_in_the_crm_leaves_the_copy_where_deletes_do_not_reach_the_mailbox() {
    for case in all().filter(|case| case.to_office == Deletes::Never) {
        for contact in [ada(), edited_item()] {
            assert_eq!(case.record_deleted(&contact), Op::Detach);
            for crm in [CrmSide::Deleted, CrmSide::OtherOwner] {
                let detached = Case {
                    state: LinkState::Detached,
                    ..case
                };
                assert_eq!(detached.op(&contact, &crm, &present(&contact)), Op::Detach);
            }
        }
    }
}

/// Deleted in Office, toCrm Propagate: deleted in CRM after confirmation. Edited there meanwhile: the edit wins.
#[test]
fn k3_a_deletion_in_outlook_removes_the_record_unless_it_was_edited() {
    for case in all().filter(|case| case.to_crm == Deletes::Propagate) {
        let once = Case {
            gone_for_long: false,
            ..case
        };
        let (first, then, edited) = match case.direction {
            Direction::Both => {
                let view = edited_record().view();
                (Op::LookAgain, Op::DeleteInCrm, Op::CreateInOffice(view.fields))
            }
            Direction::CrmToOffice => (Op::Bury, Op::Bury, Op::Bury),
            Direction::OfficeToCrm => (Op::LookAgain, Op::DeleteInCrm, Op::Bury),
        };
        assert_eq!(once.item_deleted(&ada()), first, "{:?}", case.direction);
        assert_eq!(case.item_deleted(&ada()), then, "{:?}", case.direction);
        for case in [once, case] {
            assert_eq!(
                case.item_deleted(&edited_record()),
                edited,
                "{:?}",
                case.direction
            );
        }
    }
}

/// Deleted in Office, toCrm Never: tombstone; a later CRM edit does not bring it back.
#[test]
fn k3_a_deletion_in_outlook_stays_there_where_deletes_do_not_reach_the_crm() {
    for case in all().filter(|case| case.to_crm == Deletes::Never) {
        for contact in [ada(), edited_record()] {
            assert_eq!(case.item_deleted(&contact), Op::Bury);
            let tombstone = Case {
                state: LinkState::Tombstone,
                ..case
            };
            for crm in [owned(&contact), CrmSide::OtherOwner, CrmSide::Hidden] {
                assert_eq!(tombstone.op(&contact, &crm, &OfficeSide::Gone), Op::Nothing);
            }
        }
    }
}

/// Owner changed in the CRM: old copy removed if CRM-born and unedited, else detached.
#[test]
fn k5_a_record_that_changed_hands_takes_its_copy_along_unless_it_is_more_than_one() {
    for case in all() {
        for (contact, is_copy) in [
            (ada(), true),
            (edited_item(), false),
            (ada().without_base(), false),
        ] {
            for born in [Side::Crm, Side::Office] {
                let op = Case { born, ..case }.op(&contact, &CrmSide::OtherOwner, &present(&contact));
                let goes = is_copy && born == Side::Crm && case.direction.reaches_office();
                assert_eq!(op, if goes { Op::DeleteInOffice } else { Op::Detach });
            }
        }
    }
}

/// Moved out of the container: unlinked; CRM stays.
#[test]
fn k3_an_item_that_was_moved_away_leaves_the_record() {
    for case in all() {
        for contact in [ada(), edited_record()] {
            assert_eq!(case.op(&contact, &owned(&contact), &OfficeSide::Moved), Op::Bury);
        }
    }
}

/// Both gone: link dropped.
#[test]
fn k3_what_is_gone_on_both_sides_is_forgotten() {
    for case in all() {
        for state in [LinkState::Linked, LinkState::Detached] {
            let case = Case { state, ..case };
            for crm in [CrmSide::Deleted, CrmSide::OtherOwner] {
                for office in [OfficeSide::Gone, OfficeSide::Moved] {
                    assert_eq!(case.op(&ada(), &crm, &office), Op::Forget);
                }
            }
        }
        let tombstone = Case {
            state: LinkState::Tombstone,
            ..case
        };
        assert_eq!(
            tombstone.op(&ada(), &CrmSide::Deleted, &OfficeSide::Gone),
            Op::Forget
        );
    }
}

#[test]
fn k3_an_item_that_comes_back_is_merged_with_what_is_known_of_it() {
    let back = edited_both();
    let tombstone = Case {
        state: LinkState::Tombstone,
        ..DEFAULT
    };
    assert_eq!(
        tombstone.op(&back, &owned(&back), &present(&back)),
        Op::Merge(back.merge())
    );
    // Of a detached one nobody knows what happened meanwhile.
    let detached = Case {
        state: LinkState::Detached,
        ..DEFAULT
    };
    let anew = back.clone().without_base();
    assert_eq!(
        detached.op(&back, &owned(&back), &present(&back)),
        Op::Merge(anew.merge())
    );
    for office in [OfficeSide::Gone, OfficeSide::Moved] {
        assert_eq!(detached.op(&back, &owned(&back), &office), Op::Bury);
        assert_eq!(detached.op(&back, &CrmSide::Hidden, &office), Op::Nothing);
    }
}
