//! Criteria over records.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::parser::{Literal, Node, invalid_query};
use crate::zoho::answer::{Answer, bad_request};
use crate::zoho::fields::Field;
use crate::zoho::records::store::Contact;
use crate::zoho::state::Org;

/// A value that can be compared with one of its kind.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub(super) enum Cell {
    Null,
    Id(u64),
    /// Seconds; a date counts as its midnight in UTC.
    Time(i64),
    /// In lower case: the CRM compares texts without regard to case.
    Text(String),
    Bool(bool),
    Number(f64),
}

impl Cell {
    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.partial_cmp(other).unwrap_or(Ordering::Equal)
    }
}

/// Criteria whose columns and values are known to be good.
#[derive(Debug)]
pub(super) enum Test<'a> {
    And(Box<Test<'a>>, Box<Test<'a>>),
    Or(Box<Test<'a>>, Box<Test<'a>>),
    One {
        field: &'a Field,
        operator: &'static str,
        values: Vec<Cell>,
    },
}

pub(super) fn column<'a>(org: &'a Org, name: &str) -> Result<&'a Field, Answer> {
    org.field(name).filter(|field| field.visible).ok_or_else(|| {
        invalid_query(
            "the column given seems to be invalid",
            json!({"column_name": name}),
        )
    })
}

pub(super) fn compile<'a>(org: &'a Org, node: &Node) -> Result<Test<'a>, Answer> {
    Ok(match node {
        Node::And(left, right) => Test::And(Box::new(compile(org, left)?), Box::new(compile(org, right)?)),
        Node::Or(left, right) => Test::Or(Box::new(compile(org, left)?), Box::new(compile(org, right)?)),
        Node::Test {
            column: name,
            operator,
            values,
        } => {
            let field = column(org, name)?;
            allowed(field, operator)?;
            let values = values
                .iter()
                .map(|value| cell(field, value, operator))
                .collect::<Result<_, _>>()?;
            Test::One {
                field,
                operator,
                values,
            }
        }
    })
}

fn allowed(field: &Field, operator: &'static str) -> Result<(), Answer> {
    if matches!(field.data_type.as_str(), "textarea" | "profileimage") || field.api_name == "Tag" {
        let details = json!({"column_name": field.api_name, "clause": "where"});
        return Err(invalid_query("the column cannot be used in criteria", details));
    }
    let fits = match operator {
        "is null" | "is not null" | "=" => true,
        "!=" => field.data_type != "boolean",
        "in" | "not in" => !matches!(field.data_type.as_str(), "boolean" | "datetime" | "date"),
        "like" | "not like" => is_text(field),
        // Comparisons and between.
        _ => matches!(
            field.data_type.as_str(),
            "datetime" | "date" | "bigint" | "integer" | "double" | "currency" | "percent"
        ),
    };
    if fits {
        return Ok(());
    }
    if matches!(operator, ">" | ">=" | "<" | "<=") {
        return Err(invalid_query(
            "the operator does not fit the column",
            json!({"reason": "operator not supported", "column_name": field.api_name, "operator": operator}),
        ));
    }
    Err(bad_request(
        "SYNTAX_ERROR",
        "the operator does not fit the column",
        json!({"operator": operator}),
    ))
}

fn is_text(field: &Field) -> bool {
    matches!(
        field.data_type.as_str(),
        "text" | "email" | "phone" | "picklist" | "website"
    )
}

fn cell(field: &Field, value: &Literal, operator: &str) -> Result<Cell, Answer> {
    let bad = || {
        let shown = match value {
            Literal::Text(text) | Literal::Number(text) => text.clone(),
            Literal::Bool(flag) => flag.to_string(),
        };
        invalid_query(
            "the value does not fit the column",
            json!({"cv_criteria": false, "column_name": field.api_name, "value": shown.chars().take(500).collect::<String>(), "operator": operator}),
        )
    };
    let text = match value {
        Literal::Text(text) | Literal::Number(text) => Some(text.as_str()),
        Literal::Bool(_) => None,
    };
    match field.data_type.as_str() {
        "boolean" => match value {
            Literal::Bool(flag) => Ok(Cell::Bool(*flag)),
            Literal::Text(text) => text.to_lowercase().parse().map(Cell::Bool).map_err(|_| bad()),
            Literal::Number(_) => Err(bad()),
        },
        "lookup" | "ownerlookup" | "bigint" => text
            .and_then(|text| text.parse().ok())
            .map(Cell::Id)
            .ok_or_else(bad),
        "datetime" => match value {
            Literal::Text(text) => instant(text).map(Cell::Time).ok_or_else(bad),
            _ => Err(bad()),
        },
        "date" => match value {
            Literal::Text(text) => day(text).map(Cell::Time).ok_or_else(bad),
            _ => Err(bad()),
        },
        "integer" | "double" | "currency" | "percent" => text
            .and_then(|text| text.parse().ok())
            .map(Cell::Number)
            .ok_or_else(bad),
        _ => match value {
            Literal::Text(text) => Ok(Cell::Text(text.to_lowercase())),
            _ => Err(bad()),
        },
    }
}

/// `yyyy-MM-ddTHH:mm:ss` with an offset in hours and minutes; no fraction, no `Z`.
fn instant(text: &str) -> Option<i64> {
    let offset = text.get(19..)?;
    let formed = offset.len() == 6 && offset.starts_with(['+', '-']) && offset.as_bytes()[3] == b':';
    let formed = formed && text.as_bytes()[10] == b'T';
    formed
        .then(|| text.parse::<Timestamp>().ok())
        .flatten()
        .map(Timestamp::as_second)
}

fn day(text: &str) -> Option<i64> {
    let date = text.parse::<Date>().ok().filter(|_| text.len() == 10)?;
    Some(
        date.to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_second(),
    )
}

/// What a record holds in a column.
pub(super) fn of(contact: &Contact, field: &Field) -> Cell {
    if field.private.is_some() {
        return Cell::Null;
    }
    match field.api_name.as_str() {
        "id" => Cell::Id(contact.id),
        "Owner" => Cell::Id(contact.owner),
        "Created_By" => Cell::Id(contact.created_by),
        "Modified_By" => Cell::Id(contact.modified_by),
        "Account_Name" => contact.account.map_or(Cell::Null, Cell::Id),
        "Created_Time" => Cell::Time(contact.created.as_second()),
        "Modified_Time" | "Change_Log_Time__s" | "Last_Activity_Time" => {
            Cell::Time(contact.modified.as_second())
        }
        "Full_Name" => Cell::Text(contact.full_name().to_lowercase()),
        "Locked__s" => Cell::Bool(contact.locked),
        "Data_Source" => Cell::Text(crate::zoho::shape::data_source(&contact.source).to_lowercase()),
        name => stored(contact.fields.get(name), field),
    }
}

fn stored(value: Option<&Value>, field: &Field) -> Cell {
    match (value, field.data_type.as_str()) {
        (None, "boolean") => Cell::Bool(false),
        (Some(Value::Bool(flag)), _) => Cell::Bool(*flag),
        (Some(Value::Number(number)), _) => number.as_f64().map_or(Cell::Null, Cell::Number),
        (Some(Value::String(text)), "lookup") => text.parse().map_or(Cell::Null, Cell::Id),
        (Some(Value::String(text)), "datetime") => text
            .parse::<Timestamp>()
            .map_or(Cell::Null, |at| Cell::Time(at.as_second())),
        (Some(Value::String(text)), "date") => day(text).map_or(Cell::Null, Cell::Time),
        (Some(Value::String(text)), _) => Cell::Text(text.to_lowercase()),
        _ => Cell::Null,
    }
}

impl Test<'_> {
    pub(super) fn holds(&self, contact: &Contact) -> bool {
        match self {
            Self::And(left, right) => left.holds(contact) && right.holds(contact),
            Self::Or(left, right) => left.holds(contact) || right.holds(contact),
            Self::One {
                field,
                operator,
                values,
            } => decide(&of(contact, field), operator, values),
        }
    }

    /// The owner that every matching record must have, so that only that owner's records need a look.
    pub(super) fn owner(&self) -> Option<u64> {
        match self {
            Self::And(left, right) => left.owner().or_else(|| right.owner()),
            Self::Or(..) => None,
            Self::One {
                field,
                operator,
                values,
            } => match values.as_slice() {
                [Cell::Id(id)] if *operator == "=" && field.api_name == "Owner" => Some(*id),
                _ => None,
            },
        }
    }
}

/// As in SQL, an empty field fits no comparison, not even `!=`.
fn decide(cell: &Cell, operator: &str, values: &[Cell]) -> bool {
    if *cell == Cell::Null {
        return operator == "is null";
    }
    let first = values.first().unwrap_or(&Cell::Null);
    match operator {
        "is not null" => true,
        "=" => cell == first,
        "!=" => cell != first,
        ">" => cell.order(first) == Ordering::Greater,
        ">=" => cell.order(first) != Ordering::Less,
        "<" => cell.order(first) == Ordering::Less,
        "<=" => cell.order(first) != Ordering::Greater,
        "in" => values.contains(cell),
        "not in" => !values.contains(cell),
        "like" => like(cell, first),
        "not like" => !like(cell, first),
        "between" => within(cell, values),
        "not between" => !within(cell, values),
        _ => false,
    }
}

fn within(cell: &Cell, values: &[Cell]) -> bool {
    let [low, high] = values else { return false };
    cell.order(low) != Ordering::Less && cell.order(high) != Ordering::Greater
}

/// `%` at either end stands for any text.
fn like(cell: &Cell, pattern: &Cell) -> bool {
    let (Cell::Text(text), Cell::Text(pattern)) = (cell, pattern) else {
        return false;
    };
    let inner = pattern.trim_matches('%');
    match (pattern.starts_with('%'), pattern.ends_with('%')) {
        (true, true) => text.contains(inner),
        (true, false) => text.ends_with(inner),
        (false, true) => text.starts_with(inner),
        (false, false) => text == inner,
    }
}
