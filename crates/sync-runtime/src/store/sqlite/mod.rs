//! The store in one SQLite file: WAL, every commit on disk before the next call goes out.

mod apply;
mod claim;
mod code;
mod failures;
mod guard;
mod invite_deeds;
mod organisation;
mod read;
mod row;
mod statement;

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::StoreError;

pub use invite_deeds::{Deed, DeedState};

/// The version of the tables.
const VERSION: i64 = 3;
const SET_VERSION: &str = "PRAGMA user_version = 3";

/// The tables of version 2.
const TABLES: &str = include_str!("../schema.sql");

/// Version 1 was never released, so its files are emptied instead of converted: the next runs find the links again
/// by the markers of their items.
const DROP_VERSION_1: &str = "DROP TABLE scope; DROP TABLE link; DROP TABLE queue; DROP TABLE parked;
    DROP TABLE origin; DROP TABLE feed; DROP TABLE news";

/// Is told how long commits take.
pub trait CommitObserver: Debug + Send + Sync {
    /// A commit was on disk after so long.
    fn committed(&self, took: Duration);
}

/// The store in an SQLite file. Clones share it.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    pool: SqlitePool,
    /// Which opening of the file this is.
    claim: i64,
    observer: Option<Arc<dyn CommitObserver>>,
}

impl SqliteStore {
    /// Opens the file, making it if it is missing. Whoever had it open before can read it still, and commit no more.
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
            0 => make(&pool, &[TABLES, invite_deeds::TABLE]).await?,
            1 => make(&pool, &[DROP_VERSION_1, TABLES, invite_deeds::TABLE]).await?,
            // Nobody had invites then.
            2 => make(&pool, &[invite_deeds::TABLE]).await?,
            VERSION => {}
            newer => {
                return Err(StoreError::Newer {
                    found: newer,
                    known: VERSION,
                });
            }
        }
        sqlx::query(failures::TABLE).execute(&pool).await?;
        let claim = claim::take(&pool).await?;
        Ok(Self {
            pool,
            claim,
            observer: None,
        })
    }

    /// Ends the work with the file, so that it is complete without the files beside it. Whatever is asked of the store
    /// afterwards fails.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The same store, whose commits are measured.
    #[must_use]
    pub fn observed_by(self, observer: Arc<dyn CommitObserver>) -> Self {
        Self {
            observer: Some(observer),
            ..self
        }
    }
}

/// Brings the tables to the newest version, all or nothing.
async fn make(pool: &SqlitePool, statements: &[&'static str]) -> Result<(), StoreError> {
    let mut tx = pool.begin().await?;
    for statements in statements.iter().chain([&SET_VERSION]) {
        sqlx::raw_sql(*statements).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}
