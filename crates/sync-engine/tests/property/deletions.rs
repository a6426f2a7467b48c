//! Nothing is deleted that holds more than what both sides agreed on (N9, N6).

use std::collections::BTreeSet;

use proptest::prelude::*;
use sync_engine::office_field::OfficeField;
use sync_engine::plan::{CrmSide, OfficeSide, Op};
use sync_engine::value::Value;

use crate::contact::{Contact, Held, Part, contact};
use crate::loss::{alike, held};
use crate::pool;

/// Whether a side holds in every mapped field what both agreed on, or nothing. What it hides it holds.
fn unedited(contact: &Contact, hidden: &BTreeSet<OfficeField>, side: fn(&Held) -> &Option<Value>) -> bool {
    let held = held(contact);
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
        if contact.view().is_none() {
            return Ok(());
        }
        let item = OfficeSide::Present(contact.office.fields());
        let op = contact.plan_for(Some(&contact.link), &CrmSide::Deleted, &item);
        let is_copy = unedited(&contact, &BTreeSet::new(), |held| &held.1);
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
        if contact.view().is_none() {
            return Ok(());
        }
        let op = contact.plan_of(Some(&contact.link), &OfficeSide::Gone);
        let is_copy = unedited(&contact, &contact.view().unwrap().withheld, |held| &held.0);
        match op {
            Op::DeleteInCrm => prop_assert!(is_copy),
            Op::CreateInOffice(_) => prop_assert!(!is_copy),
            Op::Bury => prop_assert!(lost),
            op => prop_assert!(false, "{op:?}"),
        }
    }

    /// After the last round an item that counts as a copy holds nothing that the CRM does not hold, or held and changed.
    #[test]
    fn n6_what_disabling_takes_away_is_in_the_crm(contact in contact(), edits in pool::edits(4)) {
        let mut contact = contact;
        contact.edit(&edits);
        let (mapping, agreed) = (contact.mapping.clone(), contact.agreed.clone());
        let (before, item) = (contact.link.base.clone(), contact.office.clone());
        contact.map(mapping.towards_crm());
        contact.round(Part::Whole);
        prop_assert_eq!(&contact.office, &item);
        if contact.view().is_none() {
            return Ok(());
        }
        let mut base = contact.link.base.clone();
        for (field, was) in before.0 {
            base.0.entry(field).or_insert(was);
        }
        if !contact.is_unedited_by(&base) {
            return Ok(());
        }
        contact.map(mapping);
        let Some(view) = contact.view() else { return Ok(()) };
        let fields = item.fields();
        for rule in contact.mapping.rules() {
            let (theirs, ours) = (view.fields.get(&rule.office), fields.get(&rule.office));
            let copied = agreed.get(&rule.office).map_or(ours.is_none(), |agreed| agreed.1.as_ref() == ours);
            prop_assert!(copied || alike(rule, theirs, ours), "{} is only in the mailbox", rule.office);
        }
    }
}
