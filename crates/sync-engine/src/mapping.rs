//! Which CRM field stands for which mailbox field: the default table, an author's own rules, and their check
//! against the CRM's metadata.

use std::collections::{BTreeMap, BTreeSet};

use crate::crm_field::{CrmField, CrmKind};
use crate::merge::ConflictPolicy;
use crate::office_field::{OfficeField, OfficeKind};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The mailbox field.
    pub office: OfficeField,
    /// The CRM field's API name.
    pub crm: String,
    /// Which way.
    pub direction: Direction,
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

/// The mapping that an author asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requested {
    /// Start from the default table; else from nothing.
    pub with_default: bool,
    /// Own rules; each replaces the default rule of its mailbox field.
    pub rules: Vec<RequestedRule>,
    /// Mailbox fields to leave alone.
    pub exclude: BTreeSet<OfficeField>,
    /// Which way the sync goes: no rule goes further.
    pub direction: Direction,
    /// Fields that nothing may map, whatever the rules say.
    pub never: Never,
}

/// Fields that stay out of every mapping of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Never {
    /// Mailbox fields.
    pub office: BTreeSet<OfficeField>,
    /// CRM fields by API name.
    pub crm: BTreeSet<String>,
}

/// One of the author's own rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedRule {
    /// The mailbox field.
    pub office: OfficeField,
    /// The CRM field's API name.
    pub crm: String,
    /// Which way; absent means as far as the sync goes.
    pub direction: Option<Direction>,
    /// Who wins a conflict; absent means as the sync's policy says.
    pub conflict: Option<ConflictPolicy>,
    /// What happens to long texts; absent means park.
    pub too_long: Option<TooLong>,
}

/// Why a rule cannot be used. Each says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The CRM has no such field.
    #[error(
        "{office}: the CRM's contacts have no field {crm}; names are case-sensitive API names (Setup, Modules, Contacts, Fields)"
    )]
    Unknown {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
    },
    /// The field is there but hidden from the credential's user.
    #[error("{office}: the CRM hides {crm} from the connected user; give that user's profile access to it")]
    Hidden {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
    },
    /// The field cannot be written, and the rule would write it.
    #[error("{office}: {crm} is read-only in the CRM; set direction: CrmToOffice for it")]
    ReadOnly {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
    },
    /// The types do not go together.
    #[error(
        "{office} holds {wanted}, but {crm} is of type {found} in the CRM; map a field of a fitting type"
    )]
    Type {
        /// The mailbox field.
        office: OfficeField,
        /// The CRM field.
        crm: String,
        /// What the mailbox field holds.
        wanted: &'static str,
        /// The CRM field's type.
        found: String,
    },
    /// One CRM field stands for two mailbox fields.
    #[error("{crm} is mapped twice, to {first} and to {second}; exclude one of them")]
    Twice {
        /// The CRM field.
        crm: String,
        /// The first mailbox field.
        first: OfficeField,
        /// The second mailbox field.
        second: OfficeField,
    },
    /// Nothing is left.
    #[error("the mapping has no fields; add some, or use base: Default")]
    Empty,
}

/// A checked mapping, in the order of the mailbox fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    rules: Vec<Rule>,
}

/// The default table: mailbox field, CRM field, direction. `companyName` shows the account's name and goes one way,
/// as writing it would mean choosing an account; a salutation is a picklist that refuses unknown texts.
pub const DEFAULT: &[(OfficeField, &str, Direction)] = &[
    (OfficeField::GivenName, "First_Name", Direction::Both),
    (OfficeField::Surname, "Last_Name", Direction::Both),
    (OfficeField::Title, "Salutation", Direction::CrmToOffice),
    (OfficeField::CompanyName, "Account_Name", Direction::CrmToOffice),
    (OfficeField::JobTitle, "Title", Direction::Both),
    (OfficeField::Department, "Department", Direction::Both),
    (OfficeField::AssistantName, "Assistant", Direction::Both),
    (OfficeField::Birthday, "Date_of_Birth", Direction::Both),
    (OfficeField::PersonalNotes, "Description", Direction::Both),
    (OfficeField::MobilePhone, "Mobile", Direction::Both),
    (OfficeField::BusinessPhone1, "Phone", Direction::Both),
    (OfficeField::HomePhone1, "Home_Phone", Direction::Both),
    (OfficeField::Email1, "Email", Direction::Both),
    (OfficeField::Email2, "Secondary_Email", Direction::Both),
    (OfficeField::BusinessStreet, "Mailing_Street", Direction::Both),
    (OfficeField::BusinessCity, "Mailing_City", Direction::Both),
    (OfficeField::BusinessState, "Mailing_State", Direction::Both),
    (OfficeField::BusinessPostalCode, "Mailing_Zip", Direction::Both),
    (OfficeField::BusinessCountry, "Mailing_Country", Direction::Both),
    (OfficeField::OtherStreet, "Other_Street", Direction::Both),
    (OfficeField::OtherCity, "Other_City", Direction::Both),
    (OfficeField::OtherState, "Other_State", Direction::Both),
    (OfficeField::OtherPostalCode, "Other_Zip", Direction::Both),
    (OfficeField::OtherCountry, "Other_Country", Direction::Both),
];

impl Mapping {
    /// Checks `requested` against the CRM's metadata.
    ///
    /// A default rule whose CRM field is missing or hidden in this organisation is left out: nobody asked for it. An
    /// own rule is a statement, so it has to hold.
    ///
    /// # Errors
    /// Every problem at once, so that an author mends the mapping in one go.
    pub fn resolve(requested: &Requested, metadata: &[CrmField]) -> Result<Self, Vec<Problem>> {
        let metadata: BTreeMap<&str, &CrmField> = metadata.iter().map(|f| (f.api_name.as_str(), f)).collect();
        let mut problems = Vec::new();
        let mut rules: BTreeMap<OfficeField, Rule> = BTreeMap::new();
        if requested.with_default {
            for (office, crm, direction) in DEFAULT {
                let visible = metadata.get(crm).filter(|field| field.visible);
                let direction = direction.within(requested.direction);
                if let (Some(field), Some(direction)) = (visible, direction)
                    && let Some(direction) = direction.within(possible(field))
                {
                    rules.insert(*office, rule(*office, direction, TooLong::Park, None, field));
                }
            }
        }
        for own in &requested.rules {
            match check(own, requested.direction, metadata.get(own.crm.as_str()).copied()) {
                Ok(Some(rule)) => {
                    rules.insert(own.office, rule);
                }
                // The rule goes where the sync does not.
                Ok(None) => {
                    rules.remove(&own.office);
                }
                Err(problem) => problems.push(problem),
            }
        }
        rules.retain(|office, rule| {
            !requested.exclude.contains(office)
                && !requested.never.office.contains(office)
                && !requested.never.crm.contains(&rule.crm)
        });
        let mut seen: BTreeMap<&str, OfficeField> = BTreeMap::new();
        for rule in rules.values() {
            if let Some(first) = seen.insert(&rule.crm, rule.office) {
                problems.push(Problem::Twice {
                    crm: rule.crm.clone(),
                    first,
                    second: rule.office,
                });
            }
        }
        if rules.is_empty() && problems.is_empty() {
            problems.push(Problem::Empty);
        }
        if problems.is_empty() {
            Ok(Self {
                rules: rules.into_values().collect(),
            })
        } else {
            Err(problems)
        }
    }

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

fn rule(
    office: OfficeField,
    direction: Direction,
    too_long: TooLong,
    conflict: Option<ConflictPolicy>,
    field: &CrmField,
) -> Rule {
    Rule {
        office,
        crm: field.api_name.clone(),
        direction,
        conflict,
        too_long,
        may_be_withheld: field.private,
        mandatory: field.mandatory,
        crm_kind: field.kind.clone(),
        crm_max: field.length,
    }
}

/// How far a field can go. What the CRM may withhold is never written: nobody could tell what would be overwritten.
fn possible(field: &CrmField) -> Direction {
    if field.updatable && field.kind != CrmKind::Lookup && !field.private {
        Direction::Both
    } else {
        Direction::CrmToOffice
    }
}

fn check(own: &RequestedRule, of_sync: Direction, field: Option<&CrmField>) -> Result<Option<Rule>, Problem> {
    let (office, crm) = (own.office, own.crm.clone());
    let Some(field) = field else {
        return Err(Problem::Unknown { office, crm });
    };
    if !field.visible {
        return Err(Problem::Hidden { office, crm });
    }
    let (fits, wanted) = match office.kind() {
        OfficeKind::Text => (!matches!(field.kind, CrmKind::Date | CrmKind::Other(_)), "text"),
        OfficeKind::Email => (field.kind == CrmKind::Email, "an e-mail address"),
        OfficeKind::Phone => (
            matches!(field.kind, CrmKind::Phone | CrmKind::Text),
            "a telephone number",
        ),
        OfficeKind::Date => (field.kind == CrmKind::Date, "a date"),
    };
    if !fits {
        return Err(Problem::Type {
            office,
            crm,
            wanted,
            found: type_name(&field.kind),
        });
    }
    let Some(direction) = own.direction.unwrap_or(Direction::Both).within(of_sync) else {
        return Ok(None);
    };
    let direction = match direction.within(possible(field)) {
        Some(narrow) if narrow == direction || field.private => narrow,
        _ => return Err(Problem::ReadOnly { office, crm }),
    };
    let too_long = own.too_long.unwrap_or(TooLong::Park);
    Ok(Some(rule(office, direction, too_long, own.conflict, field)))
}

fn type_name(kind: &CrmKind) -> String {
    match kind {
        CrmKind::Text => "text".to_owned(),
        CrmKind::Email => "email".to_owned(),
        CrmKind::Phone => "phone".to_owned(),
        CrmKind::Date => "date".to_owned(),
        CrmKind::Lookup => "lookup".to_owned(),
        CrmKind::Other(name) => name.clone(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn metadata() -> Vec<CrmField> {
        let kind = |crm: &str| match crm {
            "Email" | "Secondary_Email" => CrmKind::Email,
            "Phone" | "Mobile" | "Home_Phone" => CrmKind::Phone,
            "Date_of_Birth" => CrmKind::Date,
            "Account_Name" => CrmKind::Lookup,
            _ => CrmKind::Text,
        };
        let field = |api_name: &str, kind, updatable| CrmField {
            api_name: api_name.to_owned(),
            kind,
            length: None,
            visible: true,
            updatable,
            private: false,
            mandatory: api_name == "Last_Name",
            unique: false,
        };
        let mut all: Vec<_> = DEFAULT
            .iter()
            .map(|(_, crm, _)| field(crm, kind(crm), true))
            .collect();
        all.push(field("Nickname", CrmKind::Text, true));
        all.push(field("Full_Name", CrmKind::Text, false));
        all.push(field("Email_Opt_Out", CrmKind::Other("boolean".into()), true));
        all
    }

    pub(crate) fn default_mapping() -> Mapping {
        Mapping::resolve(
            &Requested {
                with_default: true,
                rules: vec![],
                exclude: BTreeSet::new(),
                direction: Direction::Both,
                never: Never::default(),
            },
            &metadata(),
        )
        .unwrap()
    }

    fn own(office: OfficeField, crm: &str, direction: Option<Direction>) -> Requested {
        let rule = RequestedRule {
            office,
            crm: crm.to_owned(),
            direction,
            conflict: None,
            too_long: None,
        };
        Requested {
            with_default: true,
            rules: vec![rule],
            exclude: BTreeSet::new(),
            direction: Direction::Both,
            never: Never::default(),
        }
    }

    fn problem(requested: &Requested) -> Problem {
        let mut problems = Mapping::resolve(requested, &metadata()).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.remove(0)
    }

    #[test]
    fn k2_an_own_rule_replaces_the_default_of_its_field() {
        let mapping = Mapping::resolve(&own(OfficeField::NickName, "Nickname", None), &metadata()).unwrap();
        assert_eq!(mapping.rules().len(), DEFAULT.len() + 1);
        assert_ne!(mapping.fingerprint(), default_mapping().fingerprint());
    }

    #[test]
    fn k2_wrong_rules_are_named_with_what_to_do() {
        assert!(matches!(
            problem(&own(OfficeField::NickName, "Nick_Name", None)),
            Problem::Unknown { .. }
        ));
        assert!(matches!(
            problem(&own(OfficeField::NickName, "Full_Name", None)),
            Problem::ReadOnly { .. }
        ));
        assert!(matches!(
            problem(&own(OfficeField::NickName, "Email_Opt_Out", None)),
            Problem::Type { .. }
        ));
        assert!(matches!(
            problem(&own(OfficeField::Birthday, "Nickname", None)),
            Problem::Type { .. }
        ));
        assert!(matches!(
            problem(&own(OfficeField::Email3, "Nickname", None)),
            Problem::Type { .. }
        ));
        assert!(matches!(
            problem(&own(OfficeField::BusinessPhone2, "Mobile", None)),
            Problem::Twice { .. }
        ));
        let read_only = own(OfficeField::NickName, "Full_Name", Some(Direction::CrmToOffice));
        assert!(Mapping::resolve(&read_only, &metadata()).is_ok());
    }

    #[test]
    fn k2_a_default_field_that_the_organisation_hides_is_left_out_silently() {
        let mut metadata = metadata();
        metadata.retain(|field| field.api_name != "Assistant");
        let requested = Requested {
            with_default: true,
            rules: vec![],
            exclude: BTreeSet::new(),
            direction: Direction::Both,
            never: Never::default(),
        };
        let mapping = Mapping::resolve(&requested, &metadata).unwrap();
        assert_eq!(mapping.rules().len(), DEFAULT.len() - 1);
    }

    #[test]
    fn k2_an_excluded_field_is_not_mapped_and_nothing_left_is_refused() {
        let all: BTreeSet<_> = OfficeField::ALL.iter().copied().collect();
        let requested = Requested {
            with_default: true,
            rules: vec![],
            exclude: all,
            direction: Direction::Both,
            never: Never::default(),
        };
        assert_eq!(problem(&requested), Problem::Empty);
    }
}
