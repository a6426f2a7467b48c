//! What the unit tests are made of: an organisation's metadata, mappings of it, a contact on both sides.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};

use crate::crm_field::{CrmField, CrmKind};
use crate::hash::{Base, Hasher};
use crate::link::Side;
use crate::mapping::{DEFAULT, Direction, Mapping, Never, Requested, RequestedRule};
use crate::merge::{Changes, ConflictPolicy, Merge, Terms, Times, merge, settled_base};
use crate::office_field::{OfficeField, OfficeKind};
use crate::project::{CrmView, Fields, Unfit, project};
use crate::value::Value;

/// Every field of the default mapping, and a few more.
pub(crate) fn metadata() -> Vec<CrmField> {
    let kind = |crm: &str| match crm {
        "Email" | "Secondary_Email" | "Third_Email" => CrmKind::Email,
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
    all.push(field("Third_Email", CrmKind::Email, true));
    all.push(field("Full_Name", CrmKind::Text, false));
    all.push(field("Email_Opt_Out", CrmKind::Other("boolean".into()), true));
    all
}

/// The default mapping, both ways.
pub(crate) fn everything() -> Requested {
    Requested {
        with_default: true,
        rules: Vec::new(),
        exclude: BTreeSet::new(),
        direction: Direction::Both,
        never: Never::default(),
    }
}

pub(crate) fn rule(office: OfficeField, crm: &str) -> RequestedRule {
    RequestedRule {
        office,
        crm: crm.to_owned(),
        direction: None,
        conflict: None,
        too_long: None,
    }
}

pub(crate) fn default_mapping() -> Mapping {
    Mapping::resolve(&everything(), &metadata()).unwrap()
}

/// The default mapping with these rules in place of its own.
pub(crate) fn mapping_with(rules: impl IntoIterator<Item = RequestedRule>) -> Mapping {
    let requested = Requested {
        rules: rules.into_iter().collect(),
        ..everything()
    };
    Mapping::resolve(&requested, &metadata()).unwrap()
}

/// The default mapping of an organisation that describes one of its fields in another way.
pub(crate) fn mapping_where(
    crm: &str,
    described: impl Fn(&mut CrmField),
    rules: &[RequestedRule],
) -> Mapping {
    let mut metadata = metadata();
    let field = metadata.iter_mut().find(|field| field.api_name == crm);
    described(field.unwrap());
    let requested = Requested {
        rules: rules.to_vec(),
        ..everything()
    };
    Mapping::resolve(&requested, &metadata).unwrap()
}

pub(crate) fn hasher() -> Hasher {
    Hasher::new([9; 32])
}

pub(crate) fn value(field: OfficeField, text: &str) -> Option<Value> {
    match field.kind() {
        OfficeKind::Date => Value::date(text),
        OfficeKind::Text | OfficeKind::Email | OfficeKind::Phone => Value::text(text),
    }
}

/// Changes of fields; a blank clears.
pub(crate) fn changes(pairs: &[(OfficeField, &str)]) -> Changes {
    let change = |(field, text): &(OfficeField, &str)| (*field, value(*field, text));
    pairs.iter().map(change).collect()
}

/// A contact on both sides and what they agreed on.
#[derive(Clone)]
pub(crate) struct Contact {
    pub(crate) mapping: Mapping,
    pub(crate) policy: ConflictPolicy,
    /// How many seconds later than the CRM's record the mailbox's item was changed.
    pub(crate) later: Option<i64>,
    pub(crate) base: Base,
    pub(crate) crm: Map<String, Json>,
    pub(crate) office: Fields,
}

impl Contact {
    /// Both sides hold the same and know it. The surname is Lovelace where nothing else is said.
    pub(crate) fn agreed(mapping: Mapping, pairs: &[(OfficeField, &str)]) -> Self {
        let mut contact = Self {
            mapping,
            policy: ConflictPolicy::CrmWins,
            later: None,
            base: Base::default(),
            crm: Map::new(),
            office: Fields::new(),
        };
        for (field, text) in [(OfficeField::Surname, "Lovelace")].iter().chain(pairs) {
            contact = contact.in_crm(*field, text).in_office(*field, text);
        }
        contact.base = contact.settled(&[]);
        contact
    }

    /// Somebody writes a field in the CRM; a blank clears it.
    pub(crate) fn in_crm(mut self, field: OfficeField, text: &str) -> Self {
        if let Some(rule) = self.mapping.rule(field) {
            let value = if text.is_empty() { Json::Null } else { text.into() };
            self.crm.insert(rule.crm.clone(), value);
        }
        self
    }

    /// Somebody writes a field in Outlook; a blank clears it.
    pub(crate) fn in_office(mut self, field: OfficeField, text: &str) -> Self {
        match value(field, text) {
            Some(value) => self.office.insert(field, value),
            None => self.office.remove(&field),
        };
        self
    }

    /// The key was lost, or both sides were never compared.
    pub(crate) fn without_base(mut self) -> Self {
        self.base = Base::default();
        self
    }

    pub(crate) fn with_policy(mut self, policy: ConflictPolicy) -> Self {
        self.policy = policy;
        self
    }

    pub(crate) fn view(&self) -> CrmView {
        project(&self.mapping, &self.crm).unwrap()
    }

    pub(crate) fn times(&self) -> Times {
        let crm = Timestamp::UNIX_EPOCH;
        let office = |seconds| crm + SignedDuration::from_secs(seconds);
        Times {
            crm,
            office: self.later.map(office),
        }
    }

    pub(crate) fn try_merge(&self) -> Result<Merge, Unfit> {
        let view = project(&self.mapping, &self.crm)?;
        let hasher = hasher();
        merge(
            &self.base,
            &view,
            &self.office,
            self.times(),
            &self.terms(&hasher),
        )
    }

    pub(crate) fn merge(&self) -> Merge {
        self.try_merge().unwrap()
    }

    pub(crate) fn settled(&self, pending: &[OfficeField]) -> Base {
        let pending = pending.iter().copied().collect();
        let hasher = hasher();
        settled_base(
            &self.base,
            &self.view(),
            &self.office,
            &pending,
            &self.terms(&hasher),
        )
    }

    pub(crate) fn terms<'a>(&'a self, hasher: &'a Hasher) -> Terms<'a> {
        Terms {
            mapping: &self.mapping,
            hasher,
            conflict: self.policy,
        }
    }
}

/// The conflicts of a merge, as field and winner.
pub(crate) fn conflicts(merge: &Merge) -> Vec<(OfficeField, Option<Side>)> {
    let conflicts = merge.conflicts.iter();
    conflicts
        .map(|conflict| (conflict.field, conflict.winner))
        .collect()
}
