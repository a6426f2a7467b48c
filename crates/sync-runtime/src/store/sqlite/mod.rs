//! The store in one SQLite file: WAL, every commit on disk before the next call goes out.

mod apply;
mod code;
mod guard;
mod organisation;
mod read;
mod row;
mod statement;

use std::path::Path;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::StoreError;

/// The version of `schema.sql`.
const VERSION: i64 = 2;

/// Version 1 was never released, so its files are emptied instead of converted: the next runs find the links again
/// by the markers of their items.
const DROP_VERSION_1: &str = "DROP TABLE scope; DROP TABLE link; DROP TABLE queue; DROP TABLE parked;
    DROP TABLE origin; DROP TABLE feed; DROP TABLE news";

/// The store in an SQLite file. Clones share it.
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
            0 => make(&pool, "").await?,
            1 => make(&pool, DROP_VERSION_1).await?,
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

/// Makes the tables once `before` has been done, all or nothing.
async fn make(pool: &SqlitePool, before: &'static str) -> Result<(), StoreError> {
    let mut tx = pool.begin().await?;
    for statements in [before, include_str!("../schema.sql"), "PRAGMA user_version = 2"] {
        sqlx::raw_sql(statements).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}
