//! Writing what people are to know of and decide on: held operations, conflicts, counts.

use jiff::Timestamp;
use sqlx::SqliteConnection;
use sync_engine::identity::ScopeId;

use super::code::Code;
use super::statement::{Statement, list, of_contact, of_scope};
use crate::store::{Conflict, Held, MOST_CONFLICTS, StoreError, TALLIES_KEPT, Tally};

pub(super) fn hold(scope: ScopeId, held: Held) -> Statement {
    of_contact(
        "INSERT INTO held (scope, crm_id, operation) VALUES (?, ?, ?)
         ON CONFLICT (scope, crm_id) DO UPDATE SET
           trip = CASE WHEN operation = excluded.operation THEN trip END, operation = excluded.operation",
        scope,
        held.crm_id,
    )
    .bind(held.operation.code())
}

pub(super) fn freeze(scope: ScopeId, trip: String) -> Statement {
    of_scope(
        "UPDATE held SET trip = ?2 WHERE scope = ?1 AND trip IS NULL",
        scope,
    )
    .bind(trip)
}

pub(super) async fn put_conflict(
    db: &mut SqliteConnection,
    scope: ScopeId,
    conflict: Conflict,
) -> Result<(), StoreError> {
    of_contact(
        "INSERT OR REPLACE INTO conflict (scope, crm_id, field, outcome, at) VALUES (?, ?, ?, ?, ?)",
        scope,
        conflict.crm_id,
    )
    .bind(conflict.field)
    .bind(conflict.outcome.code())
    .bind(conflict.at.as_second())
    .execute(&mut *db)
    .await?;
    of_scope(
        "DELETE FROM conflict WHERE scope = ?1 AND (crm_id, field) IN (
           SELECT crm_id, field FROM conflict WHERE scope = ?1 AND outcome <> 2
           ORDER BY at DESC, crm_id, field LIMIT -1 OFFSET ?2)",
        scope,
    )
    .bind(MOST_CONFLICTS)
    .execute(db)
    .await?;
    Ok(())
}

pub(super) fn close_conflicts(scope: ScopeId, crm_id: String, but: &[String]) -> Statement {
    of_contact(
        "DELETE FROM conflict WHERE scope = ? AND crm_id = ? AND outcome = 2
         AND field NOT IN (SELECT value FROM json_each(?))",
        scope,
        crm_id,
    )
    .bind(list(but))
}

pub(super) async fn tally(
    db: &mut SqliteConnection,
    scope: ScopeId,
    organisation: String,
    what: Tally,
    at: Timestamp,
    count: u64,
) -> Result<(), StoreError> {
    const ADD: &str = "INSERT INTO tally (whose, what, at, count) VALUES (?, ?, ?, ?)
        ON CONFLICT (whose, what, at) DO UPDATE SET count = count + excluded.count";
    const FORGET: &str = "DELETE FROM tally WHERE whose = ?1 AND what = ?2
        AND at < (SELECT max(at) FROM tally WHERE whose = ?1 AND what = ?2) - ?3";
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    for statement in [of_scope(ADD, scope), sqlx::query(ADD).bind(organisation.clone())] {
        let statement = statement.bind(what.code()).bind(at.as_second()).bind(count);
        statement.execute(&mut *db).await?;
    }
    for statement in [of_scope(FORGET, scope), sqlx::query(FORGET).bind(organisation)] {
        let statement = statement.bind(what.code()).bind(TALLIES_KEPT.as_secs());
        statement.execute(&mut *db).await?;
    }
    Ok(())
}
