//! Nobody's edit is lost, but to the other side's in a conflict, and then it is listed (I1).

use std::collections::BTreeMap;

use proptest::prelude::*;
use sync_engine::link::Side;
use sync_engine::mapping::Rule;
use sync_engine::office_field::{Group, OfficeField};
use sync_engine::plan::Op;
use sync_engine::value::Value;

use crate::contact::{Contact, Held, Part, contact};
use crate::mailbox::list_place;
use crate::pool;

/// What both sides hold of every field.
pub(crate) fn held(contact: &Contact) -> BTreeMap<OfficeField, Held> {
    let view = contact.view().unwrap();
    let office = contact.office.fields();
    let of_field = |field: &OfficeField| (view.fields.get(field).cloned(), office.get(field).cloned());
    OfficeField::ALL
        .iter()
        .map(|field| (*field, of_field(field)))
        .collect()
}

/// A value as it is once it was on both sides: cut to what the narrower one takes, in the mailbox's spelling.
fn carried(rule: &Rule, value: &Option<Value>) -> Option<Value> {
    let max = rule.crm_max.unwrap_or(usize::MAX).min(rule.office.max_chars());
    let text = value.as_ref()?.to_text().replace("  ", " ");
    Value::text(&text.chars().take(max).collect::<String>())
}

fn alike(rule: &Rule, one: &Option<Value>, other: &Option<Value>) -> bool {
    carried(rule, one) == carried(rule, other)
}

/// Checks a field that is no entry of a list: what was before the round, what is after it.
fn check_field(
    contact: &Contact,
    rule: &Rule,
    before: &Held,
    after: &Held,
    winner: Option<Option<Side>>,
) -> Result<(), TestCaseError> {
    let field = rule.office;
    let blank = (None, None);
    let agreed = contact.agreed.get(&field).unwrap_or(&blank);
    let (by_crm, by_office) = (before.0 != agreed.0, before.1 != agreed.1);
    let (to_office, to_crm) = (rule.direction.reaches_office(), rule.direction.reaches_crm());
    match winner {
        Some(Some(Side::Crm)) => {
            prop_assert_eq!(&after.0, &before.0, "{} won", field);
            prop_assert!(!to_office || alike(rule, &after.1, &before.0), "{field} lost");
        }
        Some(Some(Side::Office)) => {
            prop_assert_eq!(&after.1, &before.1, "{} won", field);
            prop_assert!(!to_crm || alike(rule, &after.0, &before.1), "{field} lost");
        }
        Some(None) => prop_assert_eq!(after, before, "{} is open", field),
        None => {
            if by_crm {
                prop_assert_eq!(&after.0, &before.0, "{} was edited in the CRM", field);
            }
            if by_office {
                prop_assert_eq!(&after.1, &before.1, "{} was edited in the mailbox", field);
            }
            if by_crm && !by_office && to_office {
                prop_assert!(
                    alike(rule, &after.1, &before.0),
                    "{field} was not carried to the mailbox"
                );
            }
            if by_office && !by_crm && to_crm {
                prop_assert!(
                    alike(rule, &after.0, &before.1),
                    "{field} was not carried to the CRM"
                );
            }
            if !by_crm && !by_office {
                prop_assert_eq!(after, before, "{} was not edited", field);
            }
            if !to_crm {
                prop_assert_eq!(&after.0, &before.0, "{} goes one way", field);
            }
            if !to_office {
                prop_assert_eq!(&after.1, &before.1, "{} goes one way", field);
            }
        }
    }
    Ok(())
}

/// One round, with every field checked.
pub(crate) fn check_round(contact: &mut Contact) -> Result<(), TestCaseError> {
    if contact.view().is_none() {
        prop_assert!(matches!(contact.plan(), Op::Park(_)));
        return Ok(());
    }
    let earlier = contact.clone();
    let before = held(contact);
    let op = contact.round(Part::Whole);
    let after = held(contact);
    let withheld = contact.view().unwrap().withheld;
    if let Op::Park(_) = op {
        prop_assert_eq!(before, after);
        return Ok(());
    }
    let winner = |field: OfficeField| match &op {
        Op::Merge(merge) => merge
            .conflicts
            .iter()
            .find(|conflict| conflict.field == field)
            .map(|conflict| conflict.winner),
        _ => None,
    };
    for field in OfficeField::ALL
        .iter()
        .filter(|field| list_place(**field).is_none())
    {
        match contact.mapping.rule(*field).filter(|_| !withheld.contains(field)) {
            Some(rule) => check_field(&earlier, rule, &before[field], &after[field], winner(*field))?,
            None => prop_assert_eq!(&before[field], &after[field], "{} is none of ours", field),
        }
    }
    for group in Group::LISTS {
        check_list(&earlier, group, &before, &after, &winner)?;
    }
    Ok(())
}

fn check_list(
    contact: &Contact,
    group: Group,
    before: &BTreeMap<OfficeField, Held>,
    after: &BTreeMap<OfficeField, Held>,
    winner: &dyn Fn(OfficeField) -> Option<Option<Side>>,
) -> Result<(), TestCaseError> {
    let spelled = |value: &Option<Value>| Some(value.as_ref()?.to_text().replace("  ", " "));
    let values = |of: &BTreeMap<OfficeField, Held>, side: fn(&Held) -> &Option<Value>| -> Vec<String> {
        group
            .fields()
            .filter_map(|field| spelled(side(of.get(&field)?)))
            .collect()
    };
    let crm: fn(&Held) -> &Option<Value> = |held| &held.0;
    let office: fn(&Held) -> &Option<Value> = |held| &held.1;
    let (agreed_crm, agreed_office) = (values(&contact.agreed, crm), values(&contact.agreed, office));
    let mut still = values(after, crm);
    still.extend(values(after, office));
    for field in group.fields() {
        for (side, value) in [(Side::Crm, &before[&field].0), (Side::Office, &before[&field].1)] {
            let Some(value) = spelled(value).filter(|value| !still.contains(value)) else {
                continue;
            };
            let lost = matches!(winner(field), Some(Some(winner)) if winner != side);
            let removed = agreed_crm.contains(&value)
                && agreed_office.contains(&value)
                && !(values(before, crm).contains(&value) && values(before, office).contains(&value));
            let replaced = agreed_crm.contains(&value) && agreed_office.contains(&value);
            prop_assert!(lost || removed || replaced, "{value} of {field} is lost");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn n1_no_edit_is_lost_but_in_a_conflict_that_is_listed(contact in contact(), edits in pool::edits(6)) {
        let mut contact = contact;
        contact.edit(&edits);
        check_round(&mut contact)?;
        check_round(&mut contact)?;
    }

    #[test]
    fn n1_no_value_is_lost_where_the_base_is(contact in contact(), edits in pool::edits(6)) {
        let mut contact = contact;
        contact.lose_base();
        contact.edit(&edits);
        check_round(&mut contact)?;
        check_round(&mut contact)?;
    }
}
