//! Fields that are decided together, and which way they go.
//!
//! To a person an address is one thing, and so is a list whose entries have changed places. Everything else is decided
//! field by field.

use crate::hash::{Base, FieldBase, FieldHash};
use crate::link::Side;
use crate::mapping::{Direction, Rule};
use crate::merge::{Changes, ConflictPolicy, SAME_TIME, Terms, Times, same};
use crate::office_field::{Group, OfficeField};
use crate::project::{CrmView, Fields, Unfit, for_crm};

/// Both sides of a contact and what they last agreed on.
#[derive(Clone, Copy)]
pub(crate) struct Sides<'a> {
    pub(crate) base: &'a Base,
    pub(crate) crm: &'a CrmView,
    pub(crate) office: &'a Fields,
    pub(crate) terms: &'a Terms<'a>,
}

/// Which sides have a say in a field that differs.
#[derive(Clone, Copy, Default)]
struct Claims {
    crm: bool,
    office: bool,
}

impl<'a> Sides<'a> {
    /// What the rule's fields hold now.
    pub(crate) fn now(&self, rule: &Rule) -> FieldBase {
        let field = rule.office;
        let hasher = self.terms.hasher;
        FieldBase {
            crm: hasher.crm_field(field, &rule.crm, self.crm.fields.get(&field)),
            office: hasher.field(field, self.office.get(&field)),
        }
    }

    /// What they held when both sides last agreed; `None` where another CRM field was mapped then.
    pub(crate) fn was(&self, rule: &Rule) -> Option<FieldBase> {
        let was = self.base.0.get(&rule.office).copied();
        was.filter(|was| was.crm.same_source(self.blank(rule).crm))
    }

    /// What they held before there was anything: whatever stands there now is an edit.
    pub(crate) fn blank(&self, rule: &Rule) -> FieldBase {
        let hasher = self.terms.hasher;
        FieldBase {
            crm: hasher.crm_field(rule.office, &rule.crm, None),
            office: hasher.field(rule.office, None),
        }
    }

    pub(crate) fn same(&self, rule: &Rule) -> bool {
        same(rule, self.crm, self.office)
    }

    fn claims(&self, rule: &Rule) -> Claims {
        let (theirs, ours) = (self.crm.fields.get(&rule.office), self.office.get(&rule.office));
        let (crm, office) = match self.was(rule) {
            Some(was) => {
                let now = self.now(rule);
                (was.crm != now.crm, was.office != now.office)
            }
            // Nobody knows who changed what: a blank never overwrites, and two values are a conflict.
            None => (theirs.is_some(), ours.is_some()),
        };
        // An edit of a text that was cut on its way would take the rest of it from the side that holds the whole.
        let cut_for_crm = || for_crm(rule, ours).is_ok_and(|fitted| fitted.as_ref() != ours);
        let (to_office, to_crm) = (rule.direction.reaches_office(), rule.direction.reaches_crm());
        Claims {
            crm: crm || office && to_crm && self.crm.cut.contains(&rule.office),
            office: office || crm && to_office && to_crm && cut_for_crm(),
        }
    }

    /// Whether two rules of a group are decided together.
    fn are_one(&self, first: &Rule, other: &Rule) -> bool {
        let Some(group) = other
            .office
            .group()
            .filter(|group| first.office.group() == Some(*group))
        else {
            return false;
        };
        if first.direction != other.direction || first.two_way != other.two_way {
            return false;
        }
        if group.is_address() {
            // What is mapped newly fills blanks part by part, unless both sides hold another address.
            let known = self.was(other).is_some();
            known == self.was(first).is_some() && (known || self.clashes(group))
        } else {
            group.is_list() && self.moved(group)
        }
    }

    fn rules_of(&self, group: Group) -> impl Iterator<Item = &'a Rule> {
        let rules = self.terms.mapping.rules().iter();
        rules.filter(move |rule| rule.office.group() == Some(group))
    }

    /// Whether both sides hold values in a part of an address of which no base is known.
    fn clashes(&self, group: Group) -> bool {
        self.rules_of(group).any(|rule| {
            let held = (self.crm.fields.get(&rule.office), self.office.get(&rule.office));
            matches!(held, (Some(theirs), Some(ours)) if theirs != ours) && self.was(rule).is_none()
        })
    }

    /// Whether entries of a list have changed places, or will: between the sides, since the base, because of a gap in the
    /// CRM, or as one was cleared.
    pub(crate) fn moved(&self, group: Group) -> bool {
        let entries: Vec<&Rule> = self.rules_of(group).collect();
        entries.iter().any(|here| {
            let gap = self.crm.fields.get(&here.office) != self.crm.slots.get(&here.office);
            let elsewhere = |there: &&Rule| there.office != here.office && self.stood(here, there);
            gap || self.cleared(here) || entries.iter().copied().any(|there| elsewhere(&there))
        })
    }

    fn cleared(&self, rule: &Rule) -> bool {
        let (now, blank) = (self.now(rule), self.blank(rule));
        self.was(rule).is_some_and(|was| {
            now.crm == blank.crm && was.crm != blank.crm
                || now.office == blank.office && was.office != blank.office
        })
    }

    /// Whether an entry stands `here` on a side that stands `there` on the other, or stood there in the base.
    fn stood(&self, here: &Rule, there: &Rule) -> bool {
        let (theirs, ours) = (self.crm.fields.get(&here.office), self.office.get(&here.office));
        let base = self.base.0.get(&there.office);
        let was = |side: fn(&FieldBase) -> FieldHash, value: Option<&_>| {
            let hash = value.map(|value| self.terms.hasher.field(there.office, Some(value)));
            hash.is_some_and(|hash| base.is_some_and(|base| side(base).same_value(hash)))
        };
        ours.is_some() && ours == self.crm.fields.get(&there.office)
            || was(|base| base.crm, theirs)
            || was(|base| base.office, ours)
    }
}

/// Rules that are decided together, of which some differ.
pub(crate) struct Unit<'a> {
    sides: Sides<'a>,
    rules: Vec<&'a Rule>,
    claims: Claims,
}

/// The rules that differ, in groups that are decided together. What the CRM does not tell is left alone.
pub(crate) fn units(sides: Sides<'_>) -> impl Iterator<Item = Unit<'_>> {
    let mut units: Vec<Vec<&Rule>> = Vec::new();
    for rule in sides.terms.mapping.rules() {
        if sides.crm.withheld.contains(&rule.office) {
            continue;
        }
        match units.iter_mut().find(|unit| sides.are_one(unit[0], rule)) {
            Some(unit) => unit.push(rule),
            None => units.push(vec![rule]),
        }
    }
    units.into_iter().map(move |rules| {
        let mut claims = Claims::default();
        for rule in rules.iter().filter(|rule| !sides.same(rule)) {
            let of_rule = sides.claims(rule);
            claims.crm |= of_rule.crm;
            claims.office |= of_rule.office;
        }
        Unit { sides, rules, claims }
    })
}

impl<'a> Unit<'a> {
    pub(crate) fn different(&self) -> impl Iterator<Item = &'a Rule> {
        self.rules.iter().copied().filter(|rule| !self.sides.same(rule))
    }

    /// Whether both sides changed it to different values.
    pub(crate) fn is_conflict(&self) -> bool {
        self.claims.crm && self.claims.office
    }

    pub(crate) fn direction(&self) -> Direction {
        self.rules[0].direction
    }

    /// Whose values stand; `None` if nobody's, or if there is nothing to do.
    pub(crate) fn winner(&self, times: Times) -> Option<Side> {
        match (self.claims.crm, self.claims.office) {
            (true, true) => self.winner_of_conflict(times),
            (true, false) => Some(Side::Crm),
            (false, true) => Some(Side::Office),
            (false, false) => None,
        }
    }

    fn winner_of_conflict(&self, times: Times) -> Option<Side> {
        if !self.rules[0].two_way {
            return Some(match self.direction() {
                Direction::Both | Direction::CrmToOffice => Side::Crm,
                Direction::OfficeToCrm => Side::Office,
            });
        }
        let own = self.rules.iter().find_map(|rule| rule.conflict);
        match own.unwrap_or(self.sides.terms.conflict) {
            ConflictPolicy::CrmWins => Some(Side::Crm),
            ConflictPolicy::OfficeWins => Some(Side::Office),
            ConflictPolicy::NewestWins => match times.office {
                Some(office) if office.duration_since(times.crm) >= SAME_TIME => Some(Side::Office),
                _ => Some(Side::Crm),
            },
            ConflictPolicy::Manual => None,
        }
    }

    /// The rules to write: of an address only the parts that were edited, as a server's own spelling of the others is
    /// none of the other side's business. A conflict replaces the whole.
    fn to_write(&self, edited: fn(Claims) -> bool) -> impl Iterator<Item = &'a Rule> {
        let is_address = |field: OfficeField| field.group().is_some_and(Group::is_address);
        self.rules.iter().copied().filter(move |rule| {
            self.is_conflict() || !is_address(rule.office) || edited(self.sides.claims(rule))
        })
    }

    pub(crate) fn for_office(&self) -> Changes {
        self.to_write(|claims| claims.crm)
            .filter(|rule| !self.sides.same(rule))
            .map(|rule| (rule.office, self.sides.crm.fields.get(&rule.office).cloned()))
            .collect()
    }

    /// Compared with the slots, as a gap in the CRM's list is closed with the rest.
    pub(crate) fn for_crm(&self) -> Result<Changes, Unfit> {
        let mut changes = Changes::new();
        for rule in self.to_write(|claims| claims.office) {
            let (ours, slot) = (
                self.sides.office.get(&rule.office),
                self.sides.crm.slots.get(&rule.office),
            );
            // What the CRM holds already it need not take.
            if ours == slot {
                continue;
            }
            let wanted = for_crm(rule, ours)?;
            if wanted.as_ref() != slot {
                changes.insert(rule.office, wanted);
            }
        }
        Ok(changes)
    }
}

#[cfg(test)]
#[path = "unit_tests.rs"]
mod tests;
