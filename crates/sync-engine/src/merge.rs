//! Merging one contact field by field: what each side changed since both last agreed goes to the other.
//!
//! Fields that are one thing to a person move together: the parts of an address always, the entries of a list where a
//! blank moves them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::hash::{Base, FieldBase, Hasher};
use crate::link::Side;
use crate::mapping::{Mapping, Rule};
use crate::office_field::{Group, OfficeField};
use crate::project::{CrmView, Fields, Unfit, for_crm, named};
use crate::value::Value;

/// Two servers' clocks that are closer than this do not tell which change was later.
const SAME_TIME: SignedDuration = SignedDuration::from_secs(2);

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

/// Which side a unit's values go to.
enum Way {
    Nowhere,
    Office,
    Crm,
    Conflict,
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
    let mut merge = Merge::default();
    for unit in units(base, crm, office, terms) {
        let unit = Unit {
            base,
            crm,
            office,
            hasher: terms.hasher,
            rules: unit,
        };
        let (winner, conflict) = match unit.way() {
            Way::Nowhere => continue,
            Way::Office => (Some(Side::Crm), false),
            Way::Crm => (Some(Side::Office), false),
            Way::Conflict => (unit.winner(times, terms.conflict), true),
        };
        match winner {
            Some(Side::Crm) => unit.write_to_office(&mut merge.to_office),
            Some(Side::Office) => unit.write_to_crm(&mut merge.to_crm)?,
            None => {}
        }
        if conflict {
            let fields = unit.different().map(|rule| FieldConflict {
                field: rule.office,
                winner,
            });
            merge.conflicts.extend(fields);
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

/// The rules in groups that are decided together.
fn units<'a>(base: &Base, crm: &CrmView, office: &Fields, terms: &Terms<'a>) -> Vec<Vec<&'a Rule>> {
    let mut units: Vec<Vec<&Rule>> = Vec::new();
    for rule in terms.mapping.rules() {
        if crm.withheld.contains(&rule.office) {
            continue;
        }
        let joins = |unit: &Vec<&Rule>| {
            let first = unit[0];
            first.direction == rule.direction
                && first.office.group() == rule.office.group()
                && rule.office.group().is_some_and(|group| {
                    group.is_address() || group.is_list() && moves(group, base, crm, office, terms)
                })
        };
        match units.iter_mut().find(|unit| joins(unit)) {
            Some(unit) => unit.push(rule),
            None => units.push(vec![rule]),
        }
    }
    units
}

/// Whether entries of a list have changed places: a blank before others does that, and so does an entry that went.
fn moves(group: Group, base: &Base, crm: &CrmView, office: &Fields, terms: &Terms<'_>) -> bool {
    terms
        .mapping
        .rules()
        .iter()
        .map(|rule| rule.office)
        .filter(|field| field.group() == Some(group))
        .any(|field| {
            let blank = terms.hasher.field(field, None);
            let cleared = base.0.get(&field).is_none_or(|was| {
                was.crm != blank && !crm.fields.contains_key(&field)
                    || was.office != blank && !office.contains_key(&field)
            });
            cleared || crm.fields.get(&field) != crm.slots.get(&field)
        })
}

struct Unit<'a> {
    base: &'a Base,
    crm: &'a CrmView,
    office: &'a Fields,
    hasher: &'a Hasher,
    rules: Vec<&'a Rule>,
}

impl Unit<'_> {
    fn different(&self) -> impl Iterator<Item = &Rule> {
        let different = |rule: &&Rule| !same(rule, self.crm, self.office);
        self.rules.iter().copied().filter(different)
    }

    fn way(&self) -> Way {
        if self.different().next().is_none() {
            return Way::Nowhere;
        }
        let direction = self.rules[0].direction;
        let (to_office, to_crm) = (direction.reaches_office(), direction.reaches_crm());
        let bases: Option<Vec<_>> = self
            .rules
            .iter()
            .map(|rule| Some((rule.office, self.base.0.get(&rule.office)?)))
            .collect();
        let (by_crm, by_office) = match bases {
            Some(bases) => {
                let changed = |fields: &Fields, of: fn(&FieldBase) -> crate::hash::FieldHash| {
                    bases
                        .iter()
                        .any(|(field, was)| of(was) != self.hasher.field(*field, fields.get(field)))
                };
                (
                    changed(&self.crm.fields, |was| was.crm),
                    changed(self.office, |was| was.office),
                )
            }
            // Nobody knows who changed what: a blank never overwrites, and two values are a conflict.
            None => {
                let filled =
                    |fields: &Fields| self.rules.iter().any(|rule| fields.contains_key(&rule.office));
                (filled(&self.crm.fields), filled(self.office))
            }
        };
        match (by_crm && to_office, by_office && to_crm) {
            (true, true) => Way::Conflict,
            (true, false) => Way::Office,
            (false, true) => Way::Crm,
            (false, false) => Way::Nowhere,
        }
    }

    fn winner(&self, times: Times, policy: ConflictPolicy) -> Option<Side> {
        match self.rules.iter().find_map(|rule| rule.conflict).unwrap_or(policy) {
            ConflictPolicy::CrmWins => Some(Side::Crm),
            ConflictPolicy::OfficeWins => Some(Side::Office),
            ConflictPolicy::NewestWins => match times.office {
                Some(office) if office.duration_since(times.crm) >= SAME_TIME => Some(Side::Office),
                _ => Some(Side::Crm),
            },
            ConflictPolicy::Manual => None,
        }
    }

    fn write_to_office(&self, changes: &mut Changes) {
        let values = self
            .different()
            .map(|rule| (rule.office, self.crm.fields.get(&rule.office).cloned()));
        changes.extend(values);
    }

    /// Compared with the slots, as a gap in the CRM's list is closed with the rest.
    fn write_to_crm(&self, changes: &mut Changes) -> Result<(), Unfit> {
        for rule in &self.rules {
            let wanted = for_crm(rule, self.office.get(&rule.office))?;
            if wanted.as_ref() != self.crm.slots.get(&rule.office) {
                changes.insert(rule.office, wanted);
            }
        }
        Ok(())
    }
}

/// The base after both sides were brought together: what the CRM holds, and what the mailbox's server returned.
///
/// `pending` keep their old base: what is still to be written, and what nobody decided. So does a field that only one
/// side may write while only the other differs: that edit stays visible as one.
#[must_use]
pub fn settled_base(
    old: &Base,
    crm: &CrmView,
    office: &Fields,
    pending: &BTreeSet<OfficeField>,
    terms: &Terms<'_>,
) -> Base {
    let mut base = Base::default();
    for rule in terms.mapping.rules() {
        let field = rule.office;
        let now = FieldBase {
            crm: terms.hasher.field(field, crm.fields.get(&field)),
            office: terms.hasher.field(field, office.get(&field)),
        };
        let was = old.0.get(&field);
        let keeps = pending.contains(&field)
            || crm.withheld.contains(&field)
            || was.is_some_and(|was| {
                !rule.direction.reaches_crm() && was.crm == now.crm
                    || !rule.direction.reaches_office() && was.office == now.office
            });
        let entry = if keeps { was.copied() } else { Some(now) };
        base.0.extend(entry.map(|entry| (field, entry)));
    }
    base
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
