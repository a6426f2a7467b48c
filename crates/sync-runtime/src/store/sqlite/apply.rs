//! Writing: one statement for each kind of change.

use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteArguments;
use sync_engine::identity::ScopeId;
use sync_engine::link::{Link, LinkState};

use crate::store::{Cause, Change, FeedState, News, Parked, Queued, ScopeState, StoreError};

type Statement = sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments>;

pub(super) async fn apply(db: &mut SqliteConnection, change: Change) -> Result<(), StoreError> {
    let statement = match change {
        Change::Scope(scope, state) => put_scope(scope, &state)?,
        Change::DropScope(scope) => return drop_scope(db, scope).await,
        Change::Link(scope, link) => put_link(scope, link),
        Change::DropLink(scope, crm_id) => {
            of_record("DELETE FROM link WHERE scope = ? AND crm_id = ?", scope, crm_id)
        }
        Change::DropBases(scope) => of_scope("UPDATE link SET base = x'' WHERE scope = ?", scope),
        Change::Enqueue(scope, queued) => enqueue(scope, queued),
        // Ahead of the first sync's rows, in no order of their own.
        Change::EnqueueAll(scope) => of_scope(
            "INSERT INTO queue (scope, crm_id, initial, deleted, place)
             SELECT scope, crm_id, 0, 0, 0 FROM link WHERE scope = ?1 AND state = 1
             UNION SELECT scope, crm_id, 0, 0, 0 FROM parked WHERE scope = ?1
             ON CONFLICT DO NOTHING",
            scope,
        ),
        Change::Dequeue(scope, crm_id) => {
            of_record("DELETE FROM queue WHERE scope = ? AND crm_id = ?", scope, crm_id)
        }
        Change::DequeueInitial(scope) => of_scope(
            "DELETE FROM queue WHERE scope = ?1 AND initial = 1
             AND crm_id NOT IN (SELECT crm_id FROM link WHERE scope = ?1)",
            scope,
        ),
        Change::Park(scope, parked) => park(scope, parked),
        Change::Unpark(scope, crm_id) => {
            of_record("DELETE FROM parked WHERE scope = ? AND crm_id = ?", scope, crm_id)
        }
        Change::Origin(organisation, crm_id, imported) => {
            sqlx::query("INSERT OR REPLACE INTO origin (organisation, crm_id, imported) VALUES (?, ?, ?)")
                .bind(organisation)
                .bind(crm_id)
                .bind(imported)
        }
        Change::News(organisation, news) => add_news(organisation, news),
        Change::Feed(organisation, state) => put_feed(organisation, &state)?,
    };
    statement.execute(db).await?;
    Ok(())
}

fn of_scope(statement: &'static str, scope: ScopeId) -> Statement {
    sqlx::query(statement).bind(scope.as_bytes().to_vec())
}

fn of_record(statement: &'static str, scope: ScopeId, crm_id: String) -> Statement {
    of_scope(statement, scope).bind(crm_id)
}

fn put_scope(scope: ScopeId, state: &ScopeState) -> Result<Statement, StoreError> {
    let state = serde_json::to_string(state).map_err(|_| StoreError::Unreadable { what: "sync state" })?;
    Ok(of_scope(
        "INSERT INTO scope (scope, state) VALUES (?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
        scope,
    )
    .bind(state))
}

async fn drop_scope(db: &mut SqliteConnection, scope: ScopeId) -> Result<(), StoreError> {
    for statement in [
        "DELETE FROM scope WHERE scope = ?",
        "DELETE FROM link WHERE scope = ?",
        "DELETE FROM queue WHERE scope = ?",
        "DELETE FROM parked WHERE scope = ?",
    ] {
        of_scope(statement, scope).execute(&mut *db).await?;
    }
    Ok(())
}

fn put_link(scope: ScopeId, link: Link) -> Statement {
    let state: i64 = match link.state {
        LinkState::Intent => 0,
        LinkState::Linked => 1,
        LinkState::Tombstone => 2,
        LinkState::Detached => 3,
    };
    of_record(
        "INSERT INTO link (scope, crm_id, office_id, state, crm_modified, base) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (scope, crm_id) DO UPDATE SET office_id = excluded.office_id, state = excluded.state,
           crm_modified = excluded.crm_modified, base = excluded.base",
        scope,
        link.crm_id,
    )
    .bind(link.office_id)
    .bind(state)
    .bind(link.crm_modified.map(Timestamp::as_second))
    .bind(link.base.to_bytes())
}

/// The place is the order of arrival. A row that the first listing finds counts as initial whatever else brought it,
/// so that cap and counts of the first sync hold; that a record is deleted only news can say.
fn enqueue(scope: ScopeId, queued: Queued) -> Statement {
    of_record(
        "INSERT INTO queue (scope, crm_id, initial, deleted, place)
         VALUES (?1, ?2, ?3, ?4, (SELECT coalesce(max(place), 0) + 1 FROM queue WHERE scope = ?1 AND initial = ?3))
         ON CONFLICT (scope, crm_id) DO UPDATE SET
           initial = max(initial, excluded.initial),
           deleted = CASE WHEN excluded.initial THEN deleted ELSE excluded.deleted END",
        scope,
        queued.crm_id,
    )
    .bind(queued.cause == Cause::Initial)
    .bind(queued.cause == Cause::Deleted)
}

/// The first sighting's time stays while the reason does.
fn park(scope: ScopeId, parked: Parked) -> Statement {
    of_record(
        "INSERT INTO parked (scope, crm_id, reason, field, since) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (scope, crm_id) DO UPDATE SET
           since = CASE WHEN parked.reason = excluded.reason THEN parked.since ELSE excluded.since END,
           reason = excluded.reason, field = excluded.field",
        scope,
        parked.crm_id,
    )
    .bind(parked.reason)
    .bind(parked.field)
    .bind(parked.since.as_second())
}

/// A replaced row gets a new position. One that says nothing new keeps its own, or every overlapping poll would wake
/// every sync.
fn add_news(organisation: String, news: News) -> Statement {
    sqlx::query(
        "INSERT OR REPLACE INTO news (organisation, crm_id, owner, at, deleted)
         SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (
           SELECT 1 FROM news WHERE organisation = ?1 AND crm_id = ?2 AND at >= ?4
             AND (deleted = ?5 OR at > ?4) AND (owner IS ?3 OR ?3 IS NULL OR at > ?4)
             AND (NOT ?6 OR at > ?4))",
    )
    .bind(organisation)
    .bind(news.crm_id)
    .bind(news.owner)
    .bind(news.at.as_second())
    .bind(news.deleted)
    .bind(news.again)
}

fn put_feed(organisation: String, state: &FeedState) -> Result<Statement, StoreError> {
    let state = serde_json::to_string(state).map_err(|_| StoreError::Unreadable { what: "feed state" })?;
    Ok(sqlx::query(
        "INSERT INTO feed (organisation, state) VALUES (?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
    )
    .bind(organisation)
    .bind(state))
}
