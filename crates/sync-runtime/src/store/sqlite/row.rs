//! Reading: one function for each kind of row.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use sync_engine::hash::Base;
use sync_engine::link::{CrmIntent, Link};

use super::code::decoded;
use crate::store::{Cause, Conflict, Counts, FeedRow, Held, Parked, Queued, StoreError, Stranger};

pub(super) fn link(row: &SqliteRow) -> Result<Link, StoreError> {
    Ok(Link {
        crm_id: row.try_get("crm_id")?,
        office_id: row.try_get("office_id")?,
        state: decoded(row, "state")?,
        born: decoded(row, "born")?,
        crm_modified: optional_time(row, "crm_modified")?,
        base: base(row)?,
        gone_since: optional_time(row, "gone_since")?,
    })
}

pub(super) fn queued(row: &SqliteRow) -> Result<Queued, StoreError> {
    let cause = match (row.try_get("initial")?, row.try_get("deleted")?) {
        (_, true) => Cause::Deleted,
        (true, false) => Cause::Initial,
        (false, false) => Cause::Changed,
    };
    Ok(Queued {
        crm_id: row.try_get("crm_id")?,
        cause,
        item_too: row.try_get("item_too")?,
    })
}

pub(super) fn stranger(row: &SqliteRow) -> Result<Stranger, StoreError> {
    Ok(Stranger {
        office_id: row.try_get("office_id")?,
        review: row.try_get("review")?,
    })
}

pub(super) fn crm_intent(row: &SqliteRow) -> Result<CrmIntent, StoreError> {
    Ok(CrmIntent {
        office_id: row.try_get("office_id")?,
        since: time(row, "since")?,
        base: base(row)?,
    })
}

pub(super) fn parked(row: &SqliteRow) -> Result<Parked, StoreError> {
    Ok(Parked {
        side: decoded(row, "side")?,
        id: row.try_get("id")?,
        reason: row.try_get("reason")?,
        field: row.try_get("field")?,
        since: time(row, "since")?,
    })
}

pub(super) fn held(row: &SqliteRow) -> Result<Held, StoreError> {
    Ok(Held {
        crm_id: row.try_get("crm_id")?,
        operation: decoded(row, "operation")?,
        trip: row.try_get("trip")?,
    })
}

pub(super) fn conflict(row: &SqliteRow) -> Result<Conflict, StoreError> {
    Ok(Conflict {
        crm_id: row.try_get("crm_id")?,
        field: row.try_get("field")?,
        outcome: decoded(row, "outcome")?,
        at: time(row, "at")?,
    })
}

pub(super) fn origin(row: &SqliteRow) -> Result<(String, bool), StoreError> {
    Ok((row.try_get("crm_id")?, row.try_get("imported")?))
}

pub(super) fn news(row: &SqliteRow) -> Result<FeedRow, StoreError> {
    Ok(FeedRow {
        position: row.try_get("position")?,
        crm_id: row.try_get("crm_id")?,
        owner: row.try_get("owner")?,
        at: time(row, "at")?,
        deleted: row.try_get("deleted")?,
    })
}

pub(super) fn counts(row: &SqliteRow) -> Result<Counts, StoreError> {
    let count = |column| Ok::<_, StoreError>(unsigned(row.try_get(column)?));
    Ok(Counts {
        linked: count("linked")?,
        pending: count("pending")?,
        parked: count("parked")?,
        conflicts: count("conflicts")?,
        held: count("held")?,
    })
}

/// The only column of a row that holds a count or a sum.
pub(super) fn number(row: &SqliteRow) -> Result<u64, StoreError> {
    Ok(unsigned(row.try_get(0)?))
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

fn base(row: &SqliteRow) -> Result<Base, StoreError> {
    Ok(Base::from_bytes(row.try_get("base")?))
}

fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, StoreError> {
    timestamp(row.try_get(column)?)
}

fn optional_time(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, StoreError> {
    row.try_get::<Option<i64>, _>(column)?.map(timestamp).transpose()
}

fn timestamp(seconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_second(seconds).map_err(|_| StoreError::Unreadable { what: "time" })
}
