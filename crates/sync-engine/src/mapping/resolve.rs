//! An author's mapping, checked against the CRM's metadata.

use std::collections::{BTreeMap, BTreeSet};

use super::{DEFAULT, Direction, Mapping, Problem, Rule, TooLong};
use crate::crm_field::{CrmField, CrmKind};
use crate::merge::ConflictPolicy;
use crate::office_field::{Group, OfficeField, OfficeKind};

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
        rules.retain(|office, _| !requested.exclude.contains(office));
        if problems.is_empty() {
            problems.extend(gaps(&rules, requested));
        }
        let never = &requested.never;
        let (kept, taken): (BTreeMap<_, _>, BTreeMap<_, _>) = rules
            .into_iter()
            .partition(|(office, rule)| !never.office.contains(office) && !never.crm.contains(&rule.crm));
        rules = kept;
        let required = taken.into_values().filter(|rule| rule.mandatory);
        problems.extend(required.map(|rule| Problem::Required {
            office: rule.office,
            crm: rule.crm,
        }));
        problems.extend(align_lists(&mut rules, requested));
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
        two_way: direction == Direction::Both,
        conflict,
        too_long,
        may_be_withheld: field.private,
        mandatory: field.mandatory,
        crm_kind: field.kind.clone(),
        crm_max: field.length,
    }
}

/// Own rules for entries of lists where nobody asked for those before them. Where those fall out for another reason,
/// these silently fall out with them.
fn gaps(rules: &BTreeMap<OfficeField, Rule>, requested: &Requested) -> Vec<Problem> {
    let own = |office: &OfficeField| requested.rules.iter().any(|rule| rule.office == *office);
    let mut problems = Vec::new();
    for group in Group::LISTS {
        let known = |office: &OfficeField| rules.contains_key(office) || own(office);
        let Some(missing) = group.fields().find(|office| !known(office)) else {
            continue;
        };
        let behind = group.fields().filter(|office| *office > missing && own(office));
        problems.extend(behind.map(|office| Problem::Gap { office, missing }));
    }
    problems
}

/// Sends the entries of each list the way of the first. Those that cannot follow are left out, with all behind them, as
/// are those behind gaps.
fn align_lists(rules: &mut BTreeMap<OfficeField, Rule>, requested: &Requested) -> Vec<Problem> {
    let own = |office: OfficeField| requested.rules.iter().find(|rule| rule.office == office);
    let stated = |office| own(office).is_some_and(|rule| rule.direction.is_some());
    let mut problems = Vec::new();
    for group in Group::LISTS {
        let mut list: Option<(OfficeField, Direction)> = None;
        let mut left_out = false;
        for office in group.fields() {
            let Some(rule) = rules.get_mut(&office).filter(|_| !left_out) else {
                left_out = true;
                rules.remove(&office);
                continue;
            };
            let (first, direction) = *list.get_or_insert((office, rule.direction));
            let follows = rule.direction.within(direction) == Some(direction);
            let contradicts = rule.direction != direction && stated(office) && stated(first);
            if contradicts || !follows && own(office).is_some() {
                problems.push(Problem::Apart { office, first });
            } else if follows {
                rule.direction = direction;
                rule.two_way = direction == Direction::Both;
            } else {
                left_out = true;
                rules.remove(&office);
            }
        }
    }
    problems
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
