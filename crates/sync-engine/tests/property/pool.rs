//! What cases are made of: fields, mappings, texts, edits, policies.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::collection::{btree_map, vec};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use sync_engine::crm_field::{CrmField, CrmKind};
use sync_engine::mapping::{Direction, Mapping, Never, Requested, RequestedRule, TooLong};
use sync_engine::merge::{ConflictPolicy, Times};
use sync_engine::office_field::{Group, OfficeField, OfficeField as F};
use sync_engine::project::Fields;
use sync_engine::value::Value;

use crate::mailbox::list_place;

/// Mailbox field, CRM field, its type, its longest text.
const FIELDS: [(F, &str, CrmKind, Option<usize>); 18] = [
    (F::Surname, "Last_Name", CrmKind::Text, Some(6)),
    (F::GivenName, "First_Name", CrmKind::Text, Some(6)),
    (F::NickName, "Nickname", CrmKind::Text, None),
    (F::JobTitle, "Title", CrmKind::Text, Some(5)),
    (F::Department, "Department", CrmKind::Text, None),
    (F::CompanyName, "Account_Name", CrmKind::Lookup, None),
    (F::Birthday, "Date_of_Birth", CrmKind::Date, None),
    (F::MobilePhone, "Mobile", CrmKind::Phone, Some(5)),
    (F::BusinessPhone1, "Phone", CrmKind::Phone, None),
    (F::BusinessPhone2, "Other_Phone", CrmKind::Phone, None),
    (F::Email1, "Email", CrmKind::Email, None),
    (F::Email2, "Secondary_Email", CrmKind::Email, None),
    (F::Email3, "Third_Email", CrmKind::Email, None),
    (F::BusinessStreet, "Mailing_Street", CrmKind::Text, None),
    (F::BusinessCity, "Mailing_City", CrmKind::Text, Some(5)),
    (F::BusinessCountry, "Mailing_Country", CrmKind::Text, None),
    (F::Profession, "Profession", CrmKind::Text, None),
    (F::Manager, "Spare", CrmKind::Text, None),
];

/// Fields that the CRM's administrators marked private: they may come back blank.
const PRIVATE: [&str; 2] = ["Profession", "Other_Phone"];

/// The metadata of the CRM.
pub(crate) fn metadata() -> Vec<CrmField> {
    let field = |(_, name, kind, length): &(F, &str, CrmKind, Option<usize>)| CrmField {
        api_name: (*name).to_owned(),
        kind: kind.clone(),
        length: *length,
        visible: true,
        updatable: *kind != CrmKind::Lookup,
        private: PRIVATE.contains(name),
        mandatory: *name == "Last_Name",
        unique: false,
    };
    FIELDS.iter().map(field).collect()
}

/// One rule for one field of the pool, or none.
type Choice = Option<(Option<Direction>, Option<ConflictPolicy>, TooLong)>;

/// `swapped` lets two mailbox fields change places in the CRM.
fn resolved(choices: &[Choice], swapped: bool) -> Mapping {
    let chosen = |office: F| {
        let at = FIELDS.iter().position(|field| field.0 == office);
        at.and_then(|at| choices[at])
    };
    let rule = |(office, crm, kind, _): &(F, &str, CrmKind, _)| {
        let (direction, conflict, too_long) = chosen(*office)?;
        let place = list_place(*office);
        // An entry of a list needs those before it, and follows their direction.
        let (group, at) = place.unzip();
        let mut before = group
            .map(Group::fields)
            .into_iter()
            .flatten()
            .take(at.unwrap_or(0));
        // What is private cannot go the way of the others.
        let private = PRIVATE.contains(crm) && at.is_some();
        let unreachable = |entry| match chosen(entry) {
            None => true,
            Some((direction, ..)) => private && direction != Some(Direction::CrmToOffice),
        };
        if before.any(unreachable) {
            return None;
        }
        let direction = match kind {
            CrmKind::Lookup => Some(Direction::CrmToOffice),
            _ if *office == F::Surname || at.is_some_and(|at| at > 0) => None,
            _ => direction,
        };
        Some(RequestedRule {
            office: *office,
            crm: match *crm {
                "Nickname" if swapped => "Spare",
                "Spare" if swapped => "Nickname",
                crm => crm,
            }
            .to_owned(),
            direction: direction.filter(|_| !PRIVATE.contains(crm)),
            conflict,
            too_long: Some(too_long),
        })
    };
    let requested = Requested {
        with_default: false,
        rules: FIELDS.iter().filter_map(rule).collect(),
        exclude: BTreeSet::new(),
        direction: Direction::Both,
        never: Never::default(),
    };
    Mapping::resolve(&requested, &metadata()).unwrap()
}

/// Who wins a conflict.
pub(crate) fn policy() -> impl Strategy<Value = ConflictPolicy> + Clone {
    select(vec![
        ConflictPolicy::CrmWins,
        ConflictPolicy::OfficeWins,
        ConflictPolicy::NewestWins,
        ConflictPolicy::Manual,
    ])
}

fn choice() -> impl Strategy<Value = Choice> {
    let direction = select(vec![
        None,
        None,
        Some(Direction::Both),
        Some(Direction::CrmToOffice),
        Some(Direction::OfficeToCrm),
    ]);
    let too_long = select(vec![TooLong::Cut, TooLong::Cut, TooLong::Park]);
    weighted(0.7, (direction, weighted(0.2, policy()), too_long))
}

/// Some fields, each way. Always with the surname, so that every contact has a name.
pub(crate) fn mapping() -> impl Strategy<Value = Mapping> {
    (vec(choice(), FIELDS.len()), any::<bool>()).prop_map(|(mut choices, swapped)| {
        choices[0].get_or_insert((None, None, TooLong::Cut));
        resolved(&choices, swapped)
    })
}

/// A mapping and its mirror image, of fields that both sides treat alike.
pub(crate) fn mirrored() -> impl Strategy<Value = (Mapping, Mapping)> {
    vec(choice(), FIELDS.len()).prop_map(|mut choices| {
        for ((office, _, kind, length), choice) in FIELDS.iter().zip(&mut choices) {
            let alike = *kind == CrmKind::Text && length.is_none() && *office != F::Profession;
            choice.take_if(|_| !alike);
        }
        choices[2].get_or_insert((None, None, TooLong::Cut));
        let image = choices.iter().map(|choice| {
            let (direction, conflict, too_long) = (*choice)?;
            Some((
                direction.map(mirrored_direction),
                conflict.map(mirrored_policy),
                too_long,
            ))
        });
        (
            resolved(&choices, false),
            resolved(&image.collect::<Vec<_>>(), false),
        )
    })
}

fn mirrored_direction(direction: Direction) -> Direction {
    match direction {
        Direction::Both => Direction::Both,
        Direction::CrmToOffice => Direction::OfficeToCrm,
        Direction::OfficeToCrm => Direction::CrmToOffice,
    }
}

/// The policy that decides the same with the sides exchanged.
pub(crate) fn mirrored_policy(policy: ConflictPolicy) -> ConflictPolicy {
    match policy {
        ConflictPolicy::CrmWins => ConflictPolicy::OfficeWins,
        ConflictPolicy::OfficeWins => ConflictPolicy::CrmWins,
        same @ (ConflictPolicy::NewestWins | ConflictPolicy::Manual) => same,
    }
}

/// Values of the fields that both sides treat alike.
pub(crate) fn alike_fields() -> impl Strategy<Value = Fields> {
    let field = select(vec![
        F::NickName,
        F::Department,
        F::BusinessStreet,
        F::BusinessCountry,
        F::Manager,
    ]);
    let text = select(vec!["a", "b", "c"]).prop_map(|text| Value::Text(text.to_owned()));
    btree_map(field, text, 0..5)
}

/// When each side was changed: far apart, at the margin, or unknown.
pub(crate) fn times() -> impl Strategy<Value = Times> {
    let apart = select(vec![-60, -2, -1, 0, 1, 2, 60]);
    weighted(0.9, apart).prop_map(|apart| {
        let crm: Timestamp = "2026-01-01T10:00:00Z".parse().unwrap();
        let office = apart.map(|seconds| crm + SignedDuration::from_secs(seconds));
        Times { crm, office }
    })
}

/// What a person does to a contact.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    /// Writes a field in Outlook; a blank clears.
    Office(OfficeField, String),
    /// Puts an entry before the others of a list in Outlook.
    First(Group, String),
    /// Writes a field in the CRM; a blank clears.
    Crm(&'static str, String),
    /// Makes the private fields hidden, or shows them again.
    Hide(bool),
}

fn text_of(kind: &CrmKind) -> BoxedStrategy<String> {
    let long = |tail: &str| format!("a{}{tail}", "x".repeat(299));
    let texts = match kind {
        CrmKind::Date => vec!["", "2001-02-03", "1999-12-31"],
        CrmKind::Email => vec!["", "a@x.example", "b@x.example", "c@x.example", " d@x.example\t"],
        _ => vec!["", "a", "b", "c", " a ", "d\u{7}", "e  f", "a long text"],
    };
    let short = select(texts).prop_map(str::to_owned);
    match kind {
        CrmKind::Text | CrmKind::Lookup => {
            let long = select(vec![long(""), long("tail"), format!("b{}", long(""))]);
            prop_oneof![9 => short, 1 => long].boxed()
        }
        _ => short.boxed(),
    }
}

fn office_text(kind: &CrmKind) -> BoxedStrategy<String> {
    let text = text_of(kind).prop_map(|text| text.chars().take(255).collect());
    match kind {
        // What Outlook keeps as a mere name.
        CrmKind::Email => prop_oneof![20 => text, 1 => Just("no address".to_owned())].boxed(),
        _ => text.boxed(),
    }
}

fn in_office() -> impl Strategy<Value = Edit> {
    let field = (0..FIELDS.len()).prop_flat_map(|at| {
        let (office, _, kind, _) = &FIELDS[at];
        office_text(kind).prop_map(|text| Edit::Office(*office, text))
    });
    let mail = office_text(&CrmKind::Email).prop_map(|text| Edit::First(Group::Emails, text));
    let phone = office_text(&CrmKind::Phone).prop_map(|text| Edit::First(Group::BusinessPhones, text));
    prop_oneof![12 => field, 1 => mail, 1 => phone]
}

fn in_crm() -> impl Strategy<Value = Edit> {
    let field = (0..FIELDS.len()).prop_flat_map(|at| {
        let (_, crm, kind, _) = &FIELDS[at];
        text_of(kind).prop_map(|text| Edit::Crm(crm, text))
    });
    prop_oneof![12 => field, 1 => any::<bool>().prop_map(Edit::Hide)]
}

/// A few edits on both sides.
pub(crate) fn edits(most: usize) -> impl Strategy<Value = Vec<Edit>> {
    vec(prop_oneof![in_office(), in_crm()], 0..=most)
}

/// Edits of the CRM alone, that fill a new record.
pub(crate) fn first_edits() -> impl Strategy<Value = Vec<Edit>> {
    vec(in_crm(), 0..16)
}
