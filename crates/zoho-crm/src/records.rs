//! Reading records (`research/zoho.md` §4).

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::call::{Call, IF_MODIFIED_SINCE, check_id};
use crate::client::Zoho;
use crate::coql::{Order, check_column};
use crate::error::{Error, RequestError};
use crate::ids::RecordId;
use crate::module::Module;
use crate::pages::{Info, PER_PAGE};
use crate::row::{Row, id_of, time};

const ROUTE: &str = "GET /{module}";
const MOST_IDS: usize = 100;
const MOST_FIELDS: usize = 50;
const MODIFIED_TIME: &str = "Modified_Time";

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortBy {
    /// By id.
    #[default]
    Id,
    /// By time of creation.
    CreatedTime,
    /// By time of change.
    ModifiedTime,
}

/// How a module is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListOptions {
    /// What comes first.
    pub sort_by: SortBy,
    /// In which direction.
    pub order: Order,
    /// Only what changed after this.
    pub if_modified_since: Option<Timestamp>,
}

impl Default for ListOptions {
    fn default() -> Self {
        Self {
            sort_by: SortBy::Id,
            order: Order::Ascending,
            if_modified_since: None,
        }
    }
}

/// A module, page by page. Pages are followed by token from the first on, as numbers end at 2,000 rows.
#[derive(Debug)]
pub struct RecordPages {
    zoho: Zoho,
    module: Module,
    fields: String,
    options: ListOptions,
    next: Next,
}

#[derive(Debug)]
enum Next {
    First,
    Token(String),
    End,
}

#[derive(Deserialize)]
struct Body {
    data: Vec<Row>,
    #[serde(default)]
    info: Info,
}

impl RecordPages {
    /// The next page; nothing once the list is at its end.
    ///
    /// # Errors
    /// Whatever the call says; the same page is asked for again by the next call.
    pub async fn next(&mut self) -> Result<Option<Vec<Row>>, Error> {
        let token = match &self.next {
            Next::First => None,
            Next::Token(token) => Some(token.as_str()),
            Next::End => return Ok(None),
        };
        let sort_by = match self.options.sort_by {
            SortBy::Id => "id",
            SortBy::CreatedTime => "Created_Time",
            SortBy::ModifiedTime => MODIFIED_TIME,
        };
        let sort_order = match self.options.order {
            Order::Ascending => "asc",
            Order::Descending => "desc",
        };
        // A token is bound to the exact parameters, so all of them are sent each time.
        let call = Call::get(ROUTE, format!("/{}", self.module))
            .query("fields", &self.fields)
            .query("per_page", PER_PAGE)
            .query("sort_by", sort_by)
            .query("sort_order", sort_order)
            .maybe_query("page_token", token)
            .time_header(IF_MODIFIED_SINCE, self.options.if_modified_since);
        let Some(body) = self.zoho.send(&call).await?.json::<Body>()? else {
            self.next = Next::End;
            return Ok(None);
        };
        self.next = match body.info.next_page_token {
            Some(token) if body.info.more_records => Next::Token(token),
            None if body.info.more_records => {
                // Ending here would look like the end of the list.
                return Err(Error::Unreadable {
                    route: ROUTE,
                    what: "more records but no page token",
                });
            }
            _ => Next::End,
        };
        Ok(Some(body.data))
    }
}

impl Zoho {
    /// A module's records, with at most 50 fields.
    ///
    /// # Errors
    /// If the fields cannot be asked for.
    pub fn list(&self, module: Module, fields: &[&str], options: ListOptions) -> Result<RecordPages, Error> {
        check_fields(fields)?;
        at_most("fields", fields.len(), MOST_FIELDS)?;
        Ok(RecordPages {
            zoho: self.clone(),
            module,
            fields: fields.join(","),
            options,
            next: Next::First,
        })
    }

    /// The records with these ids, in the order of the ids. One that is missing from the answer does not exist, or is
    /// hidden from the token's user. Each row has `id` and `Modified_Time`, asked for or not.
    ///
    /// # Errors
    /// If ids or fields cannot be asked for, or whatever a call says.
    pub async fn records(
        &self,
        module: Module,
        ids: &[RecordId],
        fields: &[&str],
    ) -> Result<Vec<Row>, Error> {
        check_fields(fields)?;
        for id in ids {
            check_id("record", id.is_well_formed())?;
        }
        let fields: Vec<&str> = fields
            .iter()
            .copied()
            .filter(|f| *f != "id" && *f != MODIFIED_TIME)
            .collect();
        let mut groups: Vec<&[&str]> = fields.chunks(MOST_FIELDS - 1).collect();
        if groups.is_empty() {
            groups.push(&[]);
        }
        let mut rows = Vec::with_capacity(ids.len());
        for ids in ids.chunks(MOST_IDS) {
            let mut found: HashMap<RecordId, Row> = HashMap::with_capacity(ids.len());
            for (nth, group) in groups.iter().enumerate() {
                merge(&mut found, self.some_records(module, ids, group).await?, nth == 0);
            }
            rows.extend(ids.iter().filter_map(|id| found.remove(id)));
        }
        Ok(rows)
    }

    /// One record, if it exists and the token's user may see it.
    ///
    /// # Errors
    /// If the id is malformed, or whatever a call says.
    pub async fn record(&self, module: Module, id: &RecordId, fields: &[&str]) -> Result<Option<Row>, Error> {
        Ok(self
            .records(module, std::slice::from_ref(id), fields)
            .await?
            .pop())
    }

    async fn some_records(
        &self,
        module: Module,
        ids: &[RecordId],
        fields: &[&str],
    ) -> Result<Vec<Row>, Error> {
        let ids = ids.iter().map(RecordId::as_str).collect::<Vec<_>>().join(",");
        let fields: Vec<&str> = fields.iter().copied().chain([MODIFIED_TIME]).collect();
        let call = Call::get(ROUTE, format!("/{module}"))
            .query("ids", &ids)
            .query("fields", &fields.join(","))
            .query("per_page", PER_PAGE);
        Ok(self
            .send(&call)
            .await?
            .json::<Body>()?
            .map(|body| body.data)
            .unwrap_or_default())
    }
}

/// Joins the parts of records that came in several answers.
///
/// A record that changed in between keeps the earlier time of change: the change feed brings the later one, and an
/// update that names the earlier one is refused. A record that went away in between is dropped.
fn merge(found: &mut HashMap<RecordId, Row>, part: Vec<Row>, first: bool) {
    let part: HashMap<RecordId, Row> = part
        .into_iter()
        .filter_map(|row| Some((id_of(&row)?, row)))
        .collect();
    if first {
        *found = part;
        return;
    }
    found.retain(|id, _| part.contains_key(id));
    for (id, mut row) in part {
        if let Some(known) = found.get_mut(&id) {
            if time(known, MODIFIED_TIME) <= time(&row, MODIFIED_TIME) {
                row.remove(MODIFIED_TIME);
            }
            known.extend(row);
        }
    }
}

fn check_fields(fields: &[&str]) -> Result<(), RequestError> {
    if fields.iter().all(|field| check_column(field).is_ok()) {
        Ok(())
    } else {
        Err(RequestError::MalformedField)
    }
}

pub(crate) fn at_most(what: &'static str, count: usize, most: usize) -> Result<(), RequestError> {
    if count > most {
        Err(RequestError::TooMany { what, count, most })
    } else {
        Ok(())
    }
}
