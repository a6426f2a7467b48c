//! The queries of the change feed and of the first sync, paged by the last row seen.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::coql::{Criterion, Order, Query};
use crate::ids::{RecordId, UserId};
use crate::module::Module;
use crate::row::{Head, Row};

const TIME: &str = "Modified_Time";
const ID: &str = "id";

/// A place in a list by time of change and id: several rows share one second (`research/zoho.md` §10), so the time
/// alone would skip or repeat some of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyset {
    /// Time of change of the last row seen.
    pub modified_time: Timestamp,
    /// Its id.
    pub id: RecordId,
}

impl Keyset {
    /// The place of a row; nothing where it lacks id or time.
    #[must_use]
    pub fn of(row: &Row) -> Option<Self> {
        Head::of(row).map(|head| Self {
            modified_time: head.modified_time,
            id: head.id,
        })
    }

    fn after(&self) -> Criterion {
        Criterion::gt(TIME, self.modified_time)
            .or(Criterion::eq(TIME, self.modified_time).and(Criterion::gt(ID, &self.id)))
    }

    fn before(&self) -> Criterion {
        Criterion::lt(TIME, self.modified_time)
            .or(Criterion::eq(TIME, self.modified_time).and(Criterion::lt(ID, &self.id)))
    }
}

impl Query {
    /// The owner's records, latest change first; `last` is the last row of the page before.
    #[must_use]
    pub fn latest_of_owner(module: Module, owner: &UserId, columns: &[&str], last: Option<&Keyset>) -> Self {
        let query = Self::select(module, columns.iter().copied())
            .filter(Criterion::eq("Owner", owner))
            .order_by(TIME, Order::Descending)
            .order_by(ID, Order::Descending);
        match last {
            Some(last) => query.filter(last.before()),
            None => query,
        }
    }

    /// Everything changed at `since` or later, oldest change first: where a feed starts, or starts again with its overlap.
    #[must_use]
    pub fn changed_since(module: Module, since: Timestamp, columns: &[&str]) -> Self {
        Self::changes(module, columns).filter(Criterion::ge(TIME, since))
    }

    /// Everything after the row at `last`, oldest change first: the next page.
    #[must_use]
    pub fn changed_after(module: Module, last: &Keyset, columns: &[&str]) -> Self {
        Self::changes(module, columns).filter(last.after())
    }

    /// Everything there is, by id: the full pass.
    #[must_use]
    pub fn everything(module: Module, columns: &[&str], last: Option<&RecordId>) -> Self {
        let criterion = last.map_or_else(|| Criterion::not_null(ID), |last| Criterion::gt(ID, last));
        Self::select(module, columns.iter().copied())
            .filter(criterion)
            .order_by(ID, Order::Ascending)
    }

    fn changes(module: Module, columns: &[&str]) -> Self {
        Self::select(module, columns.iter().copied())
            .order_by(TIME, Order::Ascending)
            .order_by(ID, Order::Ascending)
    }
}
