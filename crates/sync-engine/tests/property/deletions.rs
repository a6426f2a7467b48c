//! Nothing is deleted that holds more than what both sides agreed on (N9, N6).

use proptest::prelude::*;
use sync_engine::plan::{CrmSide, OfficeSide, Op};
use sync_engine::value::Value;

use crate::contact::{Contact, Held, contact};
use crate::loss::held;
use crate::pool;

/// Whether a side holds in every mapped field what both agreed on, or nothing that anybody sees.
fn unedited(contact: &Contact, side: fn(&Held) -> &Option<Value>) -> bool {
    let held = held(contact);
    let hidden = contact.view().unwrap().withheld;
    let mut fields = contact.mapping.rules().iter().map(|rule| rule.office);
    fields.all(|field| {
        let now = side(&held[&field]);
        match contact.agreed.get(&field) {
            Some(_) if now.is_none() && hidden.contains(&field) => true,
            Some(agreed) => now == side(agreed),
            None => now.is_none(),
        }
    })
}

proptest! {
    #[test]
    fn n9_an_edited_item_outlives_its_record(contact in contact(), edits in pool::edits(3), lost in any::<bool>()) {
        let mut contact = contact;
        contact.edit(&edits);
        if lost {
            contact.lose_base();
        }
        prop_assume!(contact.view().is_some());
        let item = OfficeSide::Present(contact.office.fields());
        let op = contact.plan_for(Some(&contact.link), &CrmSide::Deleted, &item);
        let is_copy = unedited(&contact, |held| &held.1);
        match op {
            Op::DeleteInOffice => prop_assert!(is_copy),
            Op::CreateInCrm(_) => prop_assert!(!is_copy || contact.has_unmapped_entries()),
            Op::Detach => prop_assert!(lost),
            op => prop_assert!(false, "{op:?}"),
        }
    }

    #[test]
    fn n9_an_edited_record_outlives_its_item(contact in contact(), edits in pool::edits(3), lost in any::<bool>()) {
        let mut contact = contact;
        contact.edit(&edits);
        if lost {
            contact.lose_base();
        }
        prop_assume!(contact.view().is_some());
        let op = contact.plan_of(Some(&contact.link), &OfficeSide::Gone);
        let is_copy = unedited(&contact, |held| &held.0);
        match op {
            Op::DeleteInCrm => prop_assert!(is_copy),
            Op::CreateInOffice(_) => prop_assert!(!is_copy),
            Op::Bury => prop_assert!(lost),
            op => prop_assert!(false, "{op:?}"),
        }
    }
}
