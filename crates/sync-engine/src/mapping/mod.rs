//! Which CRM field stands for which mailbox field.

mod default_table;
mod problem;
mod resolve;

use crate::crm_field::CrmKind;
use crate::merge::ConflictPolicy;
use crate::office_field::OfficeField;

pub use default_table::DEFAULT;
pub use problem::Problem;
pub use resolve::{Never, Requested, RequestedRule};

/// Which way a sync or one of its rules carries values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    Both,
    /// From the CRM to the mailbox only.
    CrmToOffice,
    /// From the mailbox to the CRM only.
    OfficeToCrm,
}

impl Direction {
    /// Whether values reach the mailbox.
    #[must_use]
    pub const fn reaches_office(self) -> bool {
        !matches!(self, Self::OfficeToCrm)
    }

    /// Whether values reach the CRM.
    #[must_use]
    pub const fn reaches_crm(self) -> bool {
        !matches!(self, Self::CrmToOffice)
    }

    /// What both allow, if anything.
    #[must_use]
    pub const fn within(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Both, narrow) | (narrow, Self::Both) => Some(narrow),
            (Self::CrmToOffice, Self::CrmToOffice) => Some(Self::CrmToOffice),
            (Self::OfficeToCrm, Self::OfficeToCrm) => Some(Self::OfficeToCrm),
            (Self::CrmToOffice, Self::OfficeToCrm) | (Self::OfficeToCrm, Self::CrmToOffice) => None,
        }
    }
}

/// What happens to a text that the other side's field cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooLong {
    /// The contact is parked with a message.
    Park,
    /// The text is cut; the side where it was written keeps the whole.
    Cut,
}

/// One pair of fields.
///
/// Of a list, an entry is never mapped without those before it and goes the same way: the mailbox keeps lists without
/// gaps, so that entries move up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The mailbox field.
    pub office: OfficeField,
    /// The CRM field's API name.
    pub crm: String,
    /// Which way.
    pub direction: Direction,
    /// Whether both sides may change the field, also while values go one way only ([`Mapping::towards_crm`]): then a
    /// conflict is the policy's. Else the side that values come from wins.
    pub two_way: bool,
    /// Who wins where both sides changed the field; absent means as the sync's policy says.
    pub conflict: Option<ConflictPolicy>,
    /// What happens to long texts.
    pub too_long: TooLong,
    /// The CRM may withhold the value (GDPR), so that null does not mean blank.
    pub may_be_withheld: bool,
    /// The CRM refuses a record without it.
    pub mandatory: bool,
    /// What the CRM field holds.
    pub crm_kind: CrmKind,
    /// The longest text that the CRM takes, in characters, where it says.
    pub crm_max: Option<usize>,
}

/// A checked mapping, in the order of the mailbox fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    rules: Vec<Rule>,
}

impl Mapping {
    /// All rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rules that carry values to the mailbox.
    pub fn to_office(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.direction.reaches_office())
    }

    /// The rules that carry values to the CRM.
    pub fn to_crm(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.direction.reaches_crm())
    }

    /// The rule of a mailbox field.
    #[must_use]
    pub fn rule(&self, office: OfficeField) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.office == office)
    }

    /// The CRM fields to read.
    #[must_use]
    pub fn crm_fields(&self) -> Vec<&str> {
        self.rules.iter().map(|rule| rule.crm.as_str()).collect()
    }

    /// As far as it carries values to the CRM: what a sync does last before it is switched off.
    #[must_use]
    pub fn towards_crm(&self) -> Self {
        let narrow = |rule: &Rule| Rule {
            direction: Direction::OfficeToCrm,
            ..rule.clone()
        };
        Self {
            rules: self.to_crm().map(narrow).collect(),
        }
    }

    /// Tells mappings apart: a sync whose mapping has another fingerprint looks at every link again.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for rule in &self.rules {
            hasher.update(
                format!(
                    "{}|{}|{:?}|{:?}|{:?}|{:?}\n",
                    rule.office, rule.crm, rule.direction, rule.too_long, rule.conflict, rule.crm_max
                )
                .as_bytes(),
            );
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }
}

#[cfg(test)]
mod tests;
