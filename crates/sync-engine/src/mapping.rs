//! Which CRM field stands for which mailbox field: the default table, an author's own rules, and their check
//! against the CRM's metadata.

use std::collections::{BTreeMap, BTreeSet};

use crate::crm_field::{CrmField, CrmKind};
use crate::office_field::{OfficeField, OfficeKind};

/// Which way one rule carries values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleDirection {
    /// Both ways.
    Both,
    /// From the CRM to the mailbox only.
    CrmToOffice,
    /// From the mailbox to the CRM only.
    OfficeToCrm,
}

/// What happens to a text that the mailbox field cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooLong {
    /// The record is parked with a message.
    Park,
    /// The text is cut; the CRM keeps the whole.
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
    pub direction: RuleDirection,
    /// What happens to long texts.
    pub too_long: TooLong,
    /// The CRM may withhold the value (GDPR), so that null does not mean blank.
    pub may_be_withheld: bool,
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
}

/// One of the author's own rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedRule {
    /// The mailbox field.
    pub office: OfficeField,
    /// The CRM field's API name.
    pub crm: String,
    /// Which way; absent means both.
    pub direction: Option<RuleDirection>,
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
pub const DEFAULT: &[(OfficeField, &str, RuleDirection)] = &[
    (OfficeField::GivenName, "First_Name", RuleDirection::Both),
    (OfficeField::Surname, "Last_Name", RuleDirection::Both),
    (OfficeField::Title, "Salutation", RuleDirection::CrmToOffice),
    (
        OfficeField::CompanyName,
        "Account_Name",
        RuleDirection::CrmToOffice,
    ),
    (OfficeField::JobTitle, "Title", RuleDirection::Both),
    (OfficeField::Department, "Department", RuleDirection::Both),
    (OfficeField::AssistantName, "Assistant", RuleDirection::Both),
    (OfficeField::Birthday, "Date_of_Birth", RuleDirection::Both),
    (OfficeField::PersonalNotes, "Description", RuleDirection::Both),
    (OfficeField::MobilePhone, "Mobile", RuleDirection::Both),
    (OfficeField::BusinessPhone1, "Phone", RuleDirection::Both),
    (OfficeField::HomePhone1, "Home_Phone", RuleDirection::Both),
    (OfficeField::Email1, "Email", RuleDirection::Both),
    (OfficeField::Email2, "Secondary_Email", RuleDirection::Both),
    (OfficeField::BusinessStreet, "Mailing_Street", RuleDirection::Both),
    (OfficeField::BusinessCity, "Mailing_City", RuleDirection::Both),
    (OfficeField::BusinessState, "Mailing_State", RuleDirection::Both),
    (
        OfficeField::BusinessPostalCode,
        "Mailing_Zip",
        RuleDirection::Both,
    ),
    (
        OfficeField::BusinessCountry,
        "Mailing_Country",
        RuleDirection::Both,
    ),
    (OfficeField::OtherStreet, "Other_Street", RuleDirection::Both),
    (OfficeField::OtherCity, "Other_City", RuleDirection::Both),
    (OfficeField::OtherState, "Other_State", RuleDirection::Both),
    (OfficeField::OtherPostalCode, "Other_Zip", RuleDirection::Both),
    (OfficeField::OtherCountry, "Other_Country", RuleDirection::Both),
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
                if let Some(field) = metadata.get(crm).filter(|field| field.visible) {
                    rules.insert(*office, rule(*office, crm, *direction, TooLong::Park, field));
                }
            }
        }
        for own in &requested.rules {
            match check(own, metadata.get(own.crm.as_str()).copied()) {
                Ok(rule) => {
                    rules.insert(own.office, rule);
                }
                Err(problem) => problems.push(problem),
            }
        }
        rules.retain(|office, _| !requested.exclude.contains(office));
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
        self.rules
            .iter()
            .filter(|rule| rule.direction != RuleDirection::OfficeToCrm)
    }

    /// The CRM fields to read.
    #[must_use]
    pub fn crm_fields(&self) -> Vec<&str> {
        self.to_office().map(|rule| rule.crm.as_str()).collect()
    }

    /// Tells mappings apart: a sync whose mapping has another fingerprint looks at every link again.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for rule in &self.rules {
            hasher.update(
                format!(
                    "{}|{}|{:?}|{:?}\n",
                    rule.office, rule.crm, rule.direction, rule.too_long
                )
                .as_bytes(),
            );
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }
}

fn rule(
    office: OfficeField,
    crm: &str,
    direction: RuleDirection,
    too_long: TooLong,
    field: &CrmField,
) -> Rule {
    Rule {
        office,
        crm: crm.to_owned(),
        direction,
        too_long,
        may_be_withheld: field.private,
    }
}

fn check(own: &RequestedRule, field: Option<&CrmField>) -> Result<Rule, Problem> {
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
    let direction = own.direction.unwrap_or(RuleDirection::Both);
    let writable = field.updatable && field.kind != CrmKind::Lookup;
    if !writable && direction != RuleDirection::CrmToOffice {
        return Err(Problem::ReadOnly { office, crm });
    }
    Ok(rule(
        office,
        &own.crm,
        direction,
        own.too_long.unwrap_or(TooLong::Park),
        field,
    ))
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
            },
            &metadata(),
        )
        .unwrap()
    }

    fn own(office: OfficeField, crm: &str, direction: Option<RuleDirection>) -> Requested {
        let rule = RequestedRule {
            office,
            crm: crm.to_owned(),
            direction,
            too_long: None,
        };
        Requested {
            with_default: true,
            rules: vec![rule],
            exclude: BTreeSet::new(),
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
        let read_only = own(
            OfficeField::NickName,
            "Full_Name",
            Some(RuleDirection::CrmToOffice),
        );
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
        };
        assert_eq!(problem(&requested), Problem::Empty);
    }
}
