//! Nobody's edit is lost, but to the other side's in a conflict, and then it is listed (I1).

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sync_engine::link::Side;
use sync_engine::mapping::Rule;
use sync_engine::merge::FieldConflict;
use sync_engine::office_field::{Group, OfficeField};
use sync_engine::plan::Op;
use sync_engine::value::Value;

use crate::contact::{Contact, Held, Part, contact};
use crate::mailbox::list_place;
use crate::pool;

type AllHeld = BTreeMap<OfficeField, Held>;

/// What both sides hold of every field.
pub(crate) fn held(contact: &Contact) -> AllHeld {
    let view = contact.view().unwrap();
    let office = contact.office.fields();
    let of_field = |field: &OfficeField| (view.fields.get(field).cloned(), office.get(field).cloned());
    OfficeField::ALL
        .iter()
        .map(|field| (*field, of_field(field)))
        .collect()
}

/// In the mailbox's spelling.
fn spelled(value: Option<&Value>) -> Option<String> {
    Some(value?.to_text().replace("  ", " "))
}

/// Whether two values are the same once each was on both sides: cut to what the narrower one takes.
pub(crate) fn alike(rule: &Rule, one: Option<&Value>, other: Option<&Value>) -> bool {
    let max = rule.crm_max.unwrap_or(usize::MAX).min(rule.office.max_chars());
    let carried = |value| {
        let text: String = spelled(value)?.chars().take(max).collect();
        Value::text(&text)
    };
    carried(one) == carried(other)
}

/// Checks a field that is no entry of a list, by what was before the round and is after it.
fn check_field(
    contact: &Contact,
    rule: &Rule,
    before: &Held,
    after: &Held,
    conflict: Option<&FieldConflict>,
) -> Result<(), TestCaseError> {
    let field = rule.office;
    let (crm_before, office_before) = (before.0.as_ref(), before.1.as_ref());
    let (crm_after, office_after) = (after.0.as_ref(), after.1.as_ref());
    let (to_office, to_crm) = (rule.direction.reaches_office(), rule.direction.reaches_crm());
    let in_office = || !to_office || alike(rule, office_after, crm_before);
    let in_crm = || !to_crm || alike(rule, crm_after, office_before);
    if let Some(conflict) = conflict {
        if conflict.winner != Some(Side::Office) {
            prop_assert_eq!(crm_after, crm_before, "{} stands in the CRM", field);
        }
        if conflict.winner != Some(Side::Crm) {
            prop_assert_eq!(office_after, office_before, "{} stands in the mailbox", field);
        }
        return match conflict.winner {
            Some(Side::Crm) if !in_office() => Err(TestCaseError::fail(format!("{field} won in vain"))),
            Some(Side::Office) if !in_crm() => Err(TestCaseError::fail(format!("{field} won in vain"))),
            _ => Ok(()),
        };
    }
    let blank = (None, None);
    let agreed = contact.agreed.get(&field).unwrap_or(&blank);
    let (by_crm, by_office) = (before.0 != agreed.0, before.1 != agreed.1);
    if by_crm || !by_office || !to_crm {
        prop_assert_eq!(crm_after, crm_before, "{} stands in the CRM", field);
    }
    if by_office || !by_crm || !to_office {
        prop_assert_eq!(office_after, office_before, "{} stands in the mailbox", field);
    }
    if by_crm && !by_office {
        prop_assert!(in_office(), "{field} was not carried to the mailbox");
    }
    if by_office && !by_crm {
        prop_assert!(in_crm(), "{field} was not carried to the CRM");
    }
    Ok(())
}

/// Checks that no entry of a list is gone that nobody replaced or removed, unless its side lost it in a conflict.
fn check_list(
    contact: &Contact,
    group: Group,
    before: &AllHeld,
    after: &AllHeld,
    conflicts: &[FieldConflict],
) -> Result<(), TestCaseError> {
    let texts = |of: &AllHeld, side: fn(&Held) -> &Option<Value>| -> Vec<String> {
        let values = group.fields().filter_map(|field| side(of.get(&field)?).as_ref());
        values.filter_map(|value| spelled(Some(value))).collect()
    };
    let crm: fn(&Held) -> &Option<Value> = |held| &held.0;
    let office: fn(&Held) -> &Option<Value> = |held| &held.1;
    let (known_to_crm, known_to_office) = (texts(&contact.agreed, crm), texts(&contact.agreed, office));
    let mut still = texts(after, crm);
    still.extend(texts(after, office));
    for field in group.fields() {
        for (side, value) in [(Side::Crm, &before[&field].0), (Side::Office, &before[&field].1)] {
            let Some(value) = spelled(value.as_ref()).filter(|value| !still.contains(value)) else {
                continue;
            };
            let agreed = known_to_crm.contains(&value) && known_to_office.contains(&value);
            let mut of_field = conflicts.iter().filter(|conflict| conflict.field == field);
            let lost = of_field.any(|conflict| conflict.winner.is_some_and(|winner| winner != side));
            prop_assert!(agreed || lost, "{value} of {field} is lost");
        }
    }
    Ok(())
}

/// One round, with every field checked.
pub(crate) fn check_round(contact: &mut Contact) -> Result<(), TestCaseError> {
    let Some(view) = contact.view() else {
        prop_assert!(matches!(contact.plan(), Op::Park(_)));
        return Ok(());
    };
    let earlier = contact.clone();
    let before = held(contact);
    let op = contact.round(Part::Whole);
    let after = held(contact);
    let conflicts = match op {
        Op::Park(_) => {
            prop_assert_eq!(before, after);
            return Ok(());
        }
        Op::Merge(merge) => merge.conflicts,
        _ => Vec::new(),
    };
    let scalar = |field: &&OfficeField| list_place(**field).is_none();
    for field in OfficeField::ALL.iter().filter(scalar) {
        let (before, after) = (&before[field], &after[field]);
        if let Some(rule) = contact
            .mapping
            .rule(*field)
            .filter(|_| !view.withheld.contains(field))
        {
            let conflict = conflicts.iter().find(|conflict| conflict.field == *field);
            check_field(&earlier, rule, before, after, conflict)?;
        } else {
            prop_assert_eq!(before, after, "{} is none of ours", field);
        }
    }
    for group in Group::LISTS {
        check_list(&earlier, group, &before, &after, &conflicts)?;
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

    /// But for what nobody decided, and for each server's own spelling.
    #[test]
    fn n1_at_rest_both_sides_hold_the_same(
        contact in contact(), edits in pool::edits(6), lost in any::<bool>(),
    ) {
        let mut contact = contact;
        if lost {
            contact.lose_base();
        }
        contact.edit(&edits);
        contact.round(Part::Whole);
        contact.round(Part::Whole);
        let open: BTreeSet<OfficeField> = match contact.plan() {
            Op::Merge(merge) => merge.open().collect(),
            Op::Park(_) => return Ok(()),
            _ => BTreeSet::new(),
        };
        let withheld = contact.view().unwrap().withheld;
        let held = held(&contact);
        for rule in contact.mapping.rules().iter().filter(|rule| rule.two_way) {
            let (theirs, ours) = &held[&rule.office];
            let decided = !open.contains(&rule.office) && !withheld.contains(&rule.office);
            let alike = alike(rule, theirs.as_ref(), ours.as_ref());
            prop_assert!(!decided || alike, "{}: {theirs:?} {ours:?}", rule.office);
        }
    }
}
