//! What is brought together stays together: a quiet contact is left alone (I3, I4, I5).

use proptest::prelude::*;
use sync_engine::plan::Op;

use crate::contact::{Part, contact};
use crate::pool;

/// Whether a plan writes anything.
pub(crate) fn writes(op: &Op) -> bool {
    match op {
        Op::Merge(merge) => !merge.to_office.is_empty() || !merge.to_crm.is_empty(),
        _ => false,
    }
}

/// Whether a plan leaves all as it is, but for what waits for a person.
pub(crate) fn quiet(op: &Op) -> bool {
    match op {
        Op::Merge(merge) => !writes(op) && merge.conflicts.iter().all(|conflict| conflict.winner.is_none()),
        Op::Nothing | Op::Park(_) => true,
        _ => false,
    }
}

proptest! {
    #[test]
    fn n3_a_pair_that_nobody_touches_is_left_alone(contact in contact()) {
        let mut contact = contact;
        let base = contact.link.base.clone();
        let planned = contact.round(Part::Whole);
        prop_assert!(quiet(&planned), "{planned:#?}");
        prop_assert_eq!(contact.link.base, base);
    }

    /// One round does, but where an entry of a list moves up from where nobody mapped it.
    #[test]
    fn n3_an_edited_pair_comes_to_rest_and_stays_there(contact in contact(), edits in pool::edits(6)) {
        let mut contact = contact;
        contact.edit(&edits);
        let rounds = if contact.has_unmapped_entries() { 2 } else { 1 };
        let planned: Vec<Op> = (0..=rounds).map(|_| contact.round(Part::Whole)).collect();
        prop_assert!(quiet(&planned[rounds]), "{planned:#?}");
        let base = contact.link.base.clone();
        prop_assert_eq!(&contact.round(Part::Whole), &planned[rounds]);
        prop_assert_eq!(contact.link.base, base);
    }
}
