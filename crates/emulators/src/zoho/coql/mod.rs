//! `POST /coql`: the query language, as far as crmlink needs it.
//!
//! `SELECT` of at most 50 columns of Contacts with a `WHERE` of at most 25 criteria, bracketed two by two. Joins
//! go one step, in the columns only (`Account_Name.Account_Name`); aggregates and grouping are refused.

mod eval;
mod lexer;
mod parser;

use std::cmp::Ordering;

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Outcome, bad_request};
use super::auth::Session;
use super::call::Call;
use super::fields::Field;
use super::records::store::Contact;
use super::shape::{Lookups, value};
use super::state::{Org, World};
use eval::{Cell, column, compile, of};
use parser::{Query, invalid_query, parse};

/// A column of the answer.
enum Column<'a> {
    Field(&'a Field),
    /// The name behind the account's lookup.
    Account,
}

const ACCOUNT: &str = "Account_Name.Account_Name";

/// One credit up to 200 rows, two up to 1,000, three up to 2,000: what the query may bring, not what it brings.
pub(super) fn cost(call: &Call) -> u64 {
    let parsed = text(call).and_then(|text| parse(&text));
    match parsed.map(|query| query.limit) {
        Ok(201..=1_000) => 2,
        Ok(1_001..) => 3,
        _ => 1,
    }
}

fn text(call: &Call) -> Result<String, Answer> {
    let body = call.json()?;
    match body.get("select_query") {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(bad_request(
            "INVALID_DATA",
            "invalid data",
            json!({"expected_data_type": "string", "api_name": "select_query", "json_path": "$.select_query"}),
        )),
        None => Err(bad_request(
            "MANDATORY_NOT_FOUND",
            "required field not found",
            json!({"api_name": "select_query"}),
        )),
    }
}

/// Answers a query.
pub(super) fn query(world: &mut World, session: &Session, call: &Call) -> Outcome {
    world.counters.one("coql_calls");
    let query = parse(&text(call)?)?;
    if query.module != "Contacts" {
        return Err(invalid_query(
            "the module given seems to be invalid",
            json!({"module": query.module}),
        ));
    }
    let org = &world.orgs[session.org];
    let columns = columns(org, &query)?;
    let order: Vec<(&Field, bool)> = query
        .order
        .iter()
        .map(|(name, ascending)| Ok((sortable(column(org, name)?)?, *ascending)))
        .collect::<Result<_, Answer>>()?;
    let test = compile(org, &query.criteria)?;
    let fits = |contact: &&Contact| session.sees(contact) && test.holds(contact);
    let found: Vec<&Contact> = match test
        .owner()
        .or_else(|| (!session.sees_all()).then_some(session.user))
    {
        Some(owner) => org.contacts.of_owner(owner).filter(fits).collect(),
        None => org.contacts.iter().filter(fits).collect(),
    };
    let total = found.len();
    let sorted = sort(found, &order);
    let skip = usize::try_from(query.offset).unwrap_or(usize::MAX);
    let take = usize::try_from(query.limit).unwrap_or(200);
    let data: Vec<Value> = sorted
        .into_iter()
        .skip(skip)
        .take(take)
        .map(|contact| row(org, contact, &columns, &session.zone))
        .collect();
    if data.is_empty() {
        return Ok(Answer::no_content());
    }
    let info = json!({"count": data.len(), "more_records": skip + data.len() < total});
    world.counters.add("rows_returned", data.len() as u64);
    Ok(Answer::ok(json!({"data": data, "info": info})))
}

fn columns<'a>(org: &'a Org, query: &Query) -> Result<Vec<Column<'a>>, Answer> {
    for (index, name) in query.columns.iter().enumerate() {
        if query.columns[..index].contains(name) {
            return Err(bad_request(
                "DUPLICATE_DATA",
                "duplicate column",
                json!({"column_name": name}),
            ));
        }
    }
    query
        .columns
        .iter()
        .map(|name| {
            if name == ACCOUNT {
                Ok(Column::Account)
            } else {
                column(org, name).map(Column::Field)
            }
        })
        .collect()
}

fn sortable(field: &Field) -> Result<&Field, Answer> {
    if field.data_type == "textarea" {
        let details = json!({"column_name": field.api_name, "clause": "order by"});
        return Err(invalid_query("the column cannot be sorted by", details));
    }
    Ok(field)
}

/// Records come in the order of their ids; equal ones stay in it.
fn sort<'a>(found: Vec<&'a Contact>, order: &[(&Field, bool)]) -> Vec<&'a Contact> {
    if order.is_empty() {
        return found;
    }
    let mut keyed: Vec<(Vec<Cell>, &Contact)> = found
        .into_iter()
        .map(|contact| {
            (
                order.iter().map(|(field, _)| of(contact, field)).collect(),
                contact,
            )
        })
        .collect();
    keyed.sort_by(|(left, _), (right, _)| {
        left.iter()
            .zip(right)
            .zip(order)
            .map(|((left, right), (_, ascending))| {
                if *ascending {
                    left.order(right)
                } else {
                    right.order(left)
                }
            })
            .find(|order| *order != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    });
    keyed.into_iter().map(|(_, contact)| contact).collect()
}

/// The columns asked for, and always the id. Lookups show their id only.
fn row(org: &Org, contact: &Contact, columns: &[Column<'_>], zone: &TimeZone) -> Value {
    let mut row = Map::new();
    for column in columns {
        match column {
            Column::Field(field) => {
                row.insert(
                    field.api_name.clone(),
                    value(org, contact, field, zone, Lookups::IdOnly),
                );
            }
            Column::Account => {
                let name = contact.account.and_then(|id| org.accounts.get(&id));
                row.insert(ACCOUNT.to_owned(), json!(name));
            }
        }
    }
    row.insert("id".to_owned(), json!(contact.id.to_string()));
    Value::Object(row)
}
