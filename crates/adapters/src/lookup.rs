//! Records by what they hold in a field.

use std::collections::BTreeSet;

use sync_runtime::ports::Failure;
use zoho_crm::{Criterion, Head, Literal, Module, Query, RecordId, Row, UserId, Zoho};

use crate::crm_failure::{crm_failure, lacking};

/// How many values one query names; Zoho takes 100 in a list (`research/zoho.md` §4), in a text of unknown length.
const MOST_VALUES: usize = 50;

/// How many values that cannot be written safely one query looks for, each by a criterion of its own out of 25.
const MOST_PARTS: usize = 20;

/// The column of the order in which pages follow each other.
const ID: &str = "id";

/// The ids of the records that hold one of `values` in `field`, of `owner` or of anybody.
pub(crate) async fn holders(
    zoho: &Zoho,
    module: Module,
    owner: Option<&UserId>,
    field: &str,
    values: &[String],
) -> Result<BTreeSet<RecordId>, Failure> {
    let (odd, plain): (Vec<&str>, Vec<&str>) = values
        .iter()
        .map(String::as_str)
        .filter(|value| !value.is_empty())
        .partition(|value| Literal::writable_parts(value).next() != Some(*value));
    let query = |criterion: Criterion| {
        let columns: BTreeSet<&str> = Head::COLUMNS.into_iter().chain([field]).collect();
        let query = Query::select(module, columns).filter(criterion);
        match owner {
            Some(owner) => query.filter(Criterion::eq("Owner", owner)),
            None => query,
        }
    };
    let mut ids = BTreeSet::new();
    for some in plain.chunks(MOST_VALUES) {
        let found = rows(zoho, &query(Criterion::is_in(field, some.iter().copied()))).await?;
        ids.extend(found.into_iter().map(|(id, _)| id));
    }
    for some in odd.chunks(MOST_PARTS) {
        let like = some.iter().map(|value| like(field, value));
        let Some(criterion) = like.reduce(Criterion::or) else {
            continue;
        };
        // The parts fit other values too. The CRM compares without case, and so does this.
        let wanted: BTreeSet<String> = some.iter().map(|value| value.to_lowercase()).collect();
        let holds = |row: &Row| {
            let held = row.get(field).and_then(serde_json::Value::as_str);
            held.is_some_and(|held| wanted.contains(&held.to_lowercase()))
        };
        let found = rows(zoho, &query(criterion)).await?;
        let found = found.into_iter().filter(|(_, row)| holds(row));
        ids.extend(found.map(|(id, _)| id));
    }
    Ok(ids)
}

/// What fits at least the records that hold `value`.
fn like(field: &str, value: &str) -> Criterion {
    match Literal::writable_parts(value).max_by_key(|part| part.len()) {
        Some(part) => Criterion::contains(field, part),
        None => Criterion::not_null(field),
    }
}

/// All rows of a query, a page of one credit at a time.
async fn rows(zoho: &Zoho, query: &Query) -> Result<Vec<(RecordId, Row)>, Failure> {
    let mut rows: Vec<(RecordId, Row)> = Vec::new();
    loop {
        let page = query.clone().order_by(ID, zoho_crm::Order::Ascending);
        let page = match rows.last() {
            Some((last, _)) => page.filter(Criterion::gt(ID, last)),
            None => page,
        };
        let found = zoho.coql(&page).await.map_err(|error| crm_failure(&error))?;
        let before = rows.len();
        for row in found.rows {
            let head = Head::of(&row).ok_or_else(|| lacking("a row without id or time"))?;
            rows.push((head.id, row));
        }
        if !found.more_records {
            return Ok(rows);
        }
        if rows.len() == before {
            return Err(lacking("an empty page of a query that has more"));
        }
    }
}
