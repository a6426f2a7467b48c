//! Merging one contact field by field: what each side changed since both last agreed goes to the other.
//!
//! Fields that are one thing to a person move together: the parts of an address always, the entries of a list where a
//! blank moves them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::hash::{Base, Hasher};
use crate::link::Side;
use crate::mapping::{Mapping, Rule};
use crate::office_field::OfficeField;
use crate::project::{CrmView, Fields, Unfit, for_crm, named};
use crate::unit::{Sides, units};
use crate::value::Value;

pub use crate::settle::settled_base;

/// Two servers' clocks that are closer than this do not tell which change was later.
pub(crate) const SAME_TIME: SignedDuration = SignedDuration::from_secs(2);

/// Who wins where both sides changed the same field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictPolicy {
    /// The CRM.
    CrmWins,
    /// The mailbox.
    OfficeWins,
    /// The later change; the CRM where the times do not tell.
    NewestWins,
    /// Nobody: both stay as they are until a person makes them equal.
    Manual,
}

/// The fields to write; `None` clears.
pub type Changes = BTreeMap<OfficeField, Option<Value>>;

/// A field that both sides changed to different values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldConflict {
    /// The field.
    pub field: OfficeField,
    /// Whose value stands; `None` leaves both.
    pub winner: Option<Side>,
}

/// What brings both sides together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merge {
    /// To be written to the mailbox.
    pub to_office: Changes,
    /// To be written to the CRM, by mailbox field.
    pub to_crm: Changes,
    /// Where the conflict policy had to decide, or did not.
    pub conflicts: Vec<FieldConflict>,
}

impl Merge {
    /// Whether nothing is to be written or recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.to_office.is_empty() && self.to_crm.is_empty() && self.conflicts.is_empty()
    }

    /// The fields that nobody has decided.
    pub fn open(&self) -> impl Iterator<Item = OfficeField> {
        let open = |conflict: &&FieldConflict| conflict.winner.is_none();
        self.conflicts.iter().filter(open).map(|conflict| conflict.field)
    }
}

/// What a merge goes by.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The mapping.
    pub mapping: &'a Mapping,
    /// Hashes as the base was hashed.
    pub hasher: &'a Hasher,
    /// Who wins where a rule says nothing.
    pub conflict: ConflictPolicy,
}

/// When each side was last changed, by its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The record.
    pub crm: Timestamp,
    /// The item, where its server says.
    pub office: Option<Timestamp>,
}

/// Merges one contact.
///
/// # Errors
/// A value that the side it has to go to would refuse: the contact is parked rather than carried over in part.
pub fn merge(
    base: &Base,
    crm: &CrmView,
    office: &Fields,
    times: Times,
    terms: &Terms<'_>,
) -> Result<Merge, Unfit> {
    let sides = Sides {
        base,
        crm,
        office,
        terms,
    };
    let mut merge = Merge::default();
    for unit in units(sides) {
        let winner = unit.winner(times);
        let direction = unit.direction();
        let written = match winner {
            Some(Side::Crm) if direction.reaches_office() => {
                let changes = unit.for_office();
                let written = !changes.is_empty();
                merge.to_office.extend(changes);
                written
            }
            Some(Side::Office) if direction.reaches_crm() => {
                let changes = unit.for_crm()?;
                let written = !changes.is_empty();
                merge.to_crm.extend(changes);
                written
            }
            // Both stay as they are.
            _ => true,
        };
        if unit.is_conflict() && written {
            let of_field = |rule: &Rule| FieldConflict {
                field: rule.office,
                winner,
            };
            merge.conflicts.extend(unit.different().map(of_field));
        }
    }
    if !merge.to_office.is_empty() {
        named(&applied(office, &merge.to_office))?;
    }
    Ok(merge)
}

/// `fields` with `changes` made.
#[must_use]
pub fn applied(fields: &Fields, changes: &Changes) -> Fields {
    let mut after = fields.clone();
    for (field, value) in changes {
        match value {
            Some(value) => after.insert(*field, value.clone()),
            None => after.remove(field),
        };
    }
    after
}

/// Whether both sides hold the same as far as the rule can carry it.
#[must_use]
pub fn same(rule: &Rule, crm: &CrmView, office: &Fields) -> bool {
    let (theirs, ours) = (crm.fields.get(&rule.office), office.get(&rule.office));
    theirs == ours
        || rule.direction.reaches_crm() && for_crm(rule, ours).is_ok_and(|fitted| fitted.as_ref() == theirs)
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
