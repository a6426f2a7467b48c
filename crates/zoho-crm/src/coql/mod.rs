//! COQL, the query language (`research/zoho.md` §4).

mod criterion;
mod feed;
mod literal;

use serde::Deserialize;
use serde_json::json;

use http::Method;

use crate::call::{Call, Effect};
use crate::client::Zoho;
use crate::error::Error;
use crate::module::Module;
use crate::pages::Info;
use crate::row::Row;

pub use criterion::Criterion;
pub use feed::Keyset;
pub use literal::Literal;

const MOST_ROWS: u16 = 2_000;
const MOST_COLUMNS: usize = 50;
const MOST_CRITERIA: usize = 25;
const MOST_ORDERS: usize = 10;

/// Direction of a column in `order by`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// Why a query cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A column that is no API name.
    #[error("a column of the query is no API name")]
    MalformedColumn,
    /// An id that is no number.
    #[error("an id in the query is no number")]
    MalformedId,
    /// A text with a backslash or a control character, for which no safe spelling is documented.
    #[error("a text in the query holds a character that cannot be written safely")]
    UnsafeText,
    /// An `in` list without values.
    #[error("a list in the query is empty")]
    EmptyList,
    /// COQL requires a condition.
    #[error("the query has no condition")]
    NoCriterion,
    /// More than Zoho takes.
    #[error("{count} {what} in the query, at most {most} are possible")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many may be.
        most: usize,
    },
}

/// A query. There is no `offset`: rows that change while a list is read would be skipped or doubled.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    module: Module,
    columns: Vec<String>,
    criterion: Option<Criterion>,
    orders: Vec<(String, Order)>,
    limit: u16,
}

/// The answer of a query.
#[derive(Clone, PartialEq, Default)]
pub struct Rows {
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// Whether the limit cut some off.
    pub more_records: bool,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Rows are people's data.
        f.debug_struct("Rows")
            .field("rows", &self.rows.len())
            .field("more_records", &self.more_records)
            .finish()
    }
}

impl Query {
    /// Selects columns of a module; 200 rows unless a limit is set.
    pub fn select<C: Into<String>>(module: Module, columns: impl IntoIterator<Item = C>) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        Self {
            module,
            columns,
            criterion: None,
            orders: Vec::new(),
            limit: 200,
        }
    }

    /// Adds a condition to those already there.
    #[must_use]
    pub fn filter(mut self, criterion: Criterion) -> Self {
        self.criterion = Some(match self.criterion {
            Some(present) => present.and(criterion),
            None => criterion,
        });
        self
    }

    /// Adds a column to sort by.
    #[must_use]
    pub fn order_by(mut self, column: &str, order: Order) -> Self {
        self.orders.push((column.to_owned(), order));
        self
    }

    /// How many rows at most; 2,000 is the most that one call gives.
    #[must_use]
    pub fn limit(mut self, rows: u16) -> Self {
        self.limit = rows.clamp(1, MOST_ROWS);
        self
    }

    /// What the call costs (`research/zoho.md` §4).
    #[must_use]
    pub fn credits(&self) -> u32 {
        match self.limit {
            0..=200 => 1,
            201..=1_000 => 2,
            _ => 3,
        }
    }

    /// The query's text.
    ///
    /// # Errors
    /// If something in it cannot be written.
    pub fn text(&self) -> Result<String, QueryError> {
        let criterion = self.criterion.as_ref().ok_or(QueryError::NoCriterion)?;
        at_most("columns", self.columns.len(), MOST_COLUMNS)?;
        at_most("conditions", criterion.count(), MOST_CRITERIA)?;
        at_most("columns to sort by", self.orders.len(), MOST_ORDERS)?;
        if self.columns.is_empty() {
            return Err(QueryError::MalformedColumn);
        }
        for column in self
            .columns
            .iter()
            .chain(self.orders.iter().map(|(column, _)| column))
        {
            check_column(column)?;
        }
        let mut text = format!("select {} from {} where ", self.columns.join(", "), self.module);
        if criterion.is_single() {
            text.push('(');
            criterion.write(&mut text)?;
            text.push(')');
        } else {
            criterion.write(&mut text)?;
        }
        for (i, (column, order)) in self.orders.iter().enumerate() {
            text.push_str(if i == 0 { " order by " } else { ", " });
            text.push_str(column);
            text.push_str(match order {
                Order::Ascending => " asc",
                Order::Descending => " desc",
            });
        }
        text.push_str(" limit ");
        text.push_str(&self.limit.to_string());
        Ok(text)
    }
}

#[derive(Deserialize)]
struct Body {
    data: Vec<Row>,
    #[serde(default)]
    info: Info,
}

impl Zoho {
    /// Runs a query: one call, at most 2,000 rows.
    ///
    /// # Errors
    /// If the query cannot be written, or whatever the call says.
    pub async fn coql(&self, query: &Query) -> Result<Rows, Error> {
        // A query is a read although it is posted.
        let call = Call::new(Method::POST, "POST /coql", "/coql".to_owned(), Effect::Read)
            .json(&json!({ "select_query": query.text()? }))
            .costing(query.credits());
        let body = self.send(&call).await?.json::<Body>()?;
        Ok(body.map_or_else(Rows::default, |body| Rows {
            rows: body.data,
            more_records: body.info.more_records,
        }))
    }
}

/// API names, with a dot for columns of lookups.
pub(crate) fn check_column(column: &str) -> Result<(), QueryError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$');
    if (1..=150).contains(&column.len()) && column.bytes().all(plain) {
        Ok(())
    } else {
        Err(QueryError::MalformedColumn)
    }
}

fn at_most(what: &'static str, count: usize, most: usize) -> Result<(), QueryError> {
    if count > most {
        Err(QueryError::TooMany { what, count, most })
    } else {
        Ok(())
    }
}
