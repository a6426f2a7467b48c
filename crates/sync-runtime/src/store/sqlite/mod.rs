//! The store in one SQLite file: WAL, every commit on disk before the next call goes out.

mod apply;

use std::path::Path;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sync_engine::hash::Base;
use sync_engine::identity::ScopeId;
use sync_engine::link::{Link, LinkState};

use super::{Cause, Change, Counts, FeedRow, FeedState, Parked, Queued, ScopeState, Store, StoreError};

/// The version of `schema.sql`.
const VERSION: i64 = 1;

/// The store in an SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    pool: SqlitePool,
}

impl SqliteStore {
    /// Opens the file, making it if it is missing.
    ///
    /// # Errors
    /// If the file is of a newer release or cannot be used.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        // One connection: SQLite has one writer anyway, and reads are short.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await?;
        let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&pool).await?;
        match found {
            0 => {
                let mut tx = pool.begin().await?;
                sqlx::raw_sql(include_str!("../schema.sql"))
                    .execute(&mut *tx)
                    .await?;
                sqlx::raw_sql("PRAGMA user_version = 1").execute(&mut *tx).await?;
                tx.commit().await?;
            }
            VERSION => {}
            newer => {
                return Err(StoreError::Newer {
                    found: newer,
                    known: VERSION,
                });
            }
        }
        Ok(Self { pool })
    }
}

fn link(row: &SqliteRow) -> Result<Link, StoreError> {
    let state = match row.try_get::<i64, _>("state")? {
        0 => LinkState::Intent,
        1 => LinkState::Linked,
        2 => LinkState::Tombstone,
        3 => LinkState::Detached,
        _ => return Err(StoreError::Unreadable { what: "link" }),
    };
    Ok(Link {
        crm_id: row.try_get("crm_id")?,
        office_id: row.try_get("office_id")?,
        state,
        crm_modified: row
            .try_get::<Option<i64>, _>("crm_modified")?
            .map(time)
            .transpose()?,
        base: Base::from_bytes(row.try_get::<&[u8], _>("base")?),
    })
}

fn time(seconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_second(seconds).map_err(|_| StoreError::Unreadable { what: "time" })
}

/// The ids as one JSON parameter: SQLite limits the number of parameters, not their size.
fn id_list(ids: &[String]) -> String {
    serde_json::Value::from(ids.to_vec()).to_string()
}

fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

impl Store for SqliteStore {
    async fn scope(&self, scope: ScopeId) -> Result<Option<ScopeState>, StoreError> {
        let state: Option<String> = sqlx::query_scalar("SELECT state FROM scope WHERE scope = ?")
            .bind(&scope.as_bytes()[..])
            .fetch_optional(&self.pool)
            .await?;
        state
            .map(|text| {
                serde_json::from_str(&text).map_err(|_| StoreError::Unreadable { what: "sync state" })
            })
            .transpose()
    }

    async fn links(&self, scope: ScopeId, crm_ids: &[String]) -> Result<Vec<Link>, StoreError> {
        sqlx::query(
            "SELECT crm_id, office_id, state, crm_modified, base FROM link
             WHERE scope = ? AND crm_id IN (SELECT value FROM json_each(?))",
        )
        .bind(&scope.as_bytes()[..])
        .bind(id_list(crm_ids))
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(link)
        .collect()
    }

    async fn all_links(&self, scope: ScopeId) -> Result<Vec<Link>, StoreError> {
        sqlx::query("SELECT crm_id, office_id, state, crm_modified, base FROM link WHERE scope = ?")
            .bind(&scope.as_bytes()[..])
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(link)
            .collect()
    }

    async fn intents(&self, scope: ScopeId, limit: u32) -> Result<Vec<Link>, StoreError> {
        sqlx::query(
            "SELECT crm_id, office_id, state, crm_modified, base FROM link WHERE scope = ? AND state = 0 LIMIT ?",
        )
        .bind(&scope.as_bytes()[..])
        .bind(limit)
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(link)
        .collect()
    }

    async fn queue(&self, scope: ScopeId, limit: u32) -> Result<Vec<Queued>, StoreError> {
        sqlx::query(
            "SELECT crm_id, initial, deleted FROM queue WHERE scope = ? ORDER BY initial, place LIMIT ?",
        )
        .bind(&scope.as_bytes()[..])
        .bind(limit)
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(|row| {
            let cause = match (
                row.try_get::<bool, _>("initial")?,
                row.try_get::<bool, _>("deleted")?,
            ) {
                (_, true) => Cause::Deleted,
                (true, false) => Cause::Initial,
                (false, false) => Cause::Changed,
            };
            Ok(Queued {
                crm_id: row.try_get("crm_id")?,
                cause,
            })
        })
        .collect()
    }

    async fn initial_queue(&self, scope: ScopeId) -> Result<u64, StoreError> {
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM queue WHERE scope = ? AND initial = 1")
            .bind(&scope.as_bytes()[..])
            .fetch_one(&self.pool)
            .await?;
        Ok(count(rows))
    }

    async fn initial_unlinked(&self, scope: ScopeId) -> Result<u64, StoreError> {
        let rows: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM queue WHERE scope = ?1 AND initial = 1
             AND crm_id NOT IN (SELECT crm_id FROM link WHERE scope = ?1)",
        )
        .bind(&scope.as_bytes()[..])
        .fetch_one(&self.pool)
        .await?;
        Ok(count(rows))
    }

    async fn counts(&self, scope: ScopeId) -> Result<Counts, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM link WHERE scope = ?1 AND state = 1) AS linked,
                    (SELECT count(*) FROM queue WHERE scope = ?1) AS pending,
                    (SELECT count(*) FROM parked WHERE scope = ?1) AS parked",
        )
        .bind(&scope.as_bytes()[..])
        .fetch_one(&self.pool)
        .await?;
        Ok(Counts {
            linked: count(row.try_get("linked")?),
            pending: count(row.try_get("pending")?),
            parked: count(row.try_get("parked")?),
        })
    }

    async fn parked(&self, scope: ScopeId, limit: u32) -> Result<Vec<Parked>, StoreError> {
        sqlx::query(
            "SELECT crm_id, reason, field, since FROM parked WHERE scope = ? ORDER BY since, crm_id LIMIT ?",
        )
        .bind(&scope.as_bytes()[..])
        .bind(limit)
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(|row| {
            Ok(Parked {
                crm_id: row.try_get("crm_id")?,
                reason: row.try_get("reason")?,
                field: row.try_get("field")?,
                since: time(row.try_get("since")?)?,
            })
        })
        .collect()
    }

    async fn origins(
        &self,
        organisation: &str,
        crm_ids: &[String],
    ) -> Result<Vec<(String, bool)>, StoreError> {
        sqlx::query(
            "SELECT crm_id, imported FROM origin
             WHERE organisation = ? AND crm_id IN (SELECT value FROM json_each(?))",
        )
        .bind(organisation)
        .bind(id_list(crm_ids))
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(|row| Ok((row.try_get("crm_id")?, row.try_get("imported")?)))
        .collect()
    }

    async fn feed(&self, organisation: &str) -> Result<Option<FeedState>, StoreError> {
        let state: Option<String> = sqlx::query_scalar("SELECT state FROM feed WHERE organisation = ?")
            .bind(organisation)
            .fetch_optional(&self.pool)
            .await?;
        state
            .map(|text| {
                serde_json::from_str(&text).map_err(|_| StoreError::Unreadable { what: "feed state" })
            })
            .transpose()
    }

    async fn feed_end(&self, organisation: &str) -> Result<i64, StoreError> {
        let end: Option<i64> = sqlx::query_scalar("SELECT max(position) FROM news WHERE organisation = ?")
            .bind(organisation)
            .fetch_one(&self.pool)
            .await?;
        Ok(end.unwrap_or_default())
    }

    async fn news_for(
        &self,
        organisation: &str,
        scope: ScopeId,
        owner: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<FeedRow>, StoreError> {
        sqlx::query(
            "SELECT position, crm_id, owner, deleted FROM news
             WHERE organisation = ?1 AND position > ?2
               AND (owner = ?3
                 OR EXISTS (SELECT 1 FROM link WHERE link.scope = ?4 AND link.crm_id = news.crm_id)
                 OR EXISTS (SELECT 1 FROM parked WHERE parked.scope = ?4 AND parked.crm_id = news.crm_id))
             ORDER BY position LIMIT ?5",
        )
        .bind(organisation)
        .bind(after)
        .bind(owner)
        .bind(&scope.as_bytes()[..])
        .bind(limit)
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(|row| {
            Ok(FeedRow {
                position: row.try_get("position")?,
                crm_id: row.try_get("crm_id")?,
                owner: row.try_get("owner")?,
                deleted: row.try_get("deleted")?,
            })
        })
        .collect()
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        for change in changes {
            apply::apply(&mut tx, change).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
