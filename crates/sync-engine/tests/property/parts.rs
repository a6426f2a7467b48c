//! A plan that is carried out in part, or under another mapping than the one before, ends where it should.

use proptest::prelude::*;
use sync_engine::office_field::OfficeField;
use sync_engine::plan::{Changes, Op};

use crate::contact::{Contact, Part, contact};
use crate::convergence::quiet;
use crate::loss::check_round;
use crate::mailbox::list_place;
use crate::pool;

fn come_to_rest(mut contact: Contact) -> Contact {
    for _ in 0..3 {
        contact.round(Part::Whole);
    }
    contact
}

proptest! {
    #[test]
    fn n1_a_plan_done_in_part_ends_like_one_done_whole(
        contact in contact(), edits in pool::edits(6), part in prop_oneof![Just(Part::Mailbox), Just(Part::Crm)],
    ) {
        let mut contact = contact;
        contact.edit(&edits);
        let mut in_part = contact.clone();
        in_part.round(part);
        let in_part = come_to_rest(in_part);
        let whole = come_to_rest(contact);
        prop_assert_eq!(in_part.crm, whole.crm);
        prop_assert_eq!(in_part.office, whole.office);
    }

    #[test]
    fn n1_a_part_that_is_held_stays_planned(contact in contact(), edits in pool::edits(6)) {
        let mut contact = contact;
        contact.edit(&edits);
        let has_unmapped = contact.has_unmapped_entries();
        let Op::Merge(first) = contact.round(Part::Mailbox) else { return Ok(()) };
        for _ in 0..2 {
            let to_crm = match contact.round(Part::Mailbox) {
                Op::Merge(again) => again.to_crm,
                // What moved up in the mailbox is nothing for the CRM.
                Op::Park(_) if has_unmapped => return Ok(()),
                _ => Changes::new(),
            };
            // What moved up in the mailbox is news.
            let news = |field: &OfficeField| has_unmapped && list_place(*field).is_some();
            let old = |changes: &Changes| {
                let old = changes.clone().into_iter();
                old.filter(|(field, _)| !news(field)).collect::<Changes>()
            };
            prop_assert_eq!(old(&to_crm), old(&first.to_crm));
        }
    }

    /// A field that is mapped newly, or to another field of the CRM, fills blanks and clears nothing.
    #[test]
    fn k2_a_changed_mapping_loses_nothing(
        contact in contact(), mapping in pool::mapping(), edits in pool::edits(4),
    ) {
        let mut contact = contact;
        let before = contact.mapping.clone();
        contact.map(mapping);
        contact.edit(&edits);
        check_round(&mut contact)?;
        check_round(&mut contact)?;
        let planned = contact.round(Part::Whole);
        prop_assert!(quiet(&planned), "{planned:#?}");
        if let Op::Park(_) = planned {
            return Ok(());
        }
        contact.map(before);
        check_round(&mut contact)?;
        check_round(&mut contact)?;
    }

    #[test]
    fn n3_a_lost_base_writes_nothing_where_both_sides_agree(contact in contact()) {
        let mut contact = contact;
        let spelled_alike = contact.spelled_alike();
        contact.lose_base();
        let planned = contact.round(Part::Whole);
        prop_assert!(!spelled_alike || quiet(&planned), "{planned:#?}");
        let planned = contact.round(Part::Whole);
        prop_assert!(quiet(&planned), "{planned:#?}");
    }
}
