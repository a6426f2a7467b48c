//! The base after both sides were brought together.

use std::collections::BTreeSet;

use crate::hash::{Base, FieldBase};
use crate::mapping::Rule;
use crate::merge::Terms;
use crate::office_field::{Group, OfficeField};
use crate::project::{CrmView, Fields};
use crate::unit::Sides;

/// The base after both sides were brought together: what the CRM holds, and what the mailbox's server returned.
///
/// `pending` keep their old base: what is still to be written, and what nobody decided. So does a value that its side
/// alone holds, as the rule does not carry it over: that edit stays visible as one, and its side is not taken for a mere
/// copy of the other.
#[must_use]
pub fn settled_base(
    old: &Base,
    crm: &CrmView,
    office: &Fields,
    pending: &BTreeSet<OfficeField>,
    terms: &Terms<'_>,
) -> Base {
    let sides = Sides {
        base: old,
        crm,
        office,
        terms,
    };
    // A list whose entries move is still to be decided as a whole.
    let waits = |field: OfficeField| {
        let list = field.group().filter(|group| group.is_list());
        let of_list = |group: Group| pending.iter().any(|other| other.group() == Some(group));
        pending.contains(&field) || list.is_some_and(|group| of_list(group) && sides.moved(group))
    };
    let entry = |rule: &Rule| Some((rule.office, settled(sides, rule, waits(rule.office))?));
    Base(terms.mapping.rules().iter().filter_map(entry).collect())
}

fn settled(sides: Sides<'_>, rule: &Rule, pending: bool) -> Option<FieldBase> {
    let (was, now) = (sides.was(rule), sides.now(rule));
    let (theirs, ours) = (sides.crm.fields.get(&rule.office), sides.office.get(&rule.office));
    let (to_office, to_crm) = (rule.direction.reaches_office(), rule.direction.reaches_crm());
    let blank = sides.blank(rule);
    if sides.crm.withheld.contains(&rule.office) {
        return was.or(Some(blank));
    }
    if pending {
        let to_come = !sides.same(rule) && (to_office && theirs.is_some() || to_crm && ours.is_some());
        return was.or(to_come.then_some(blank));
    }
    if sides.same(rule) {
        return Some(now);
    }
    if !to_office {
        return Some(was.unwrap_or(blank));
    }
    if !to_crm && let Some(was) = was.filter(|was| was.crm == now.crm) {
        return Some(was);
    }
    // In a list this is another entry that moved up as the one before it was cleared; without a base it is the mailbox's
    // own. Elsewhere the server has its own idea of what it was given.
    let is_list = rule.office.group().is_some_and(Group::is_list);
    let own = theirs.is_none() && ours.is_some() && (is_list || was.is_none());
    Some(if own { blank } else { now })
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
