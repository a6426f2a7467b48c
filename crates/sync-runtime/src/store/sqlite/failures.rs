//! How often in a row something failed: kept, so that a restart does not begin again with short waits. Whose failures
//! they are is said by opaque ids alone.

use jiff::Timestamp;

use super::{SqliteStore, claim};
use crate::store::StoreError;

pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS failures (
    object TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    at INTEGER NOT NULL
) WITHOUT ROWID, STRICT";

impl SqliteStore {
    /// The rows of failures that went on at `since` or later, each by the id of its object; older ones are forgotten,
    /// as their objects may be gone.
    ///
    /// # Errors
    /// If the database fails, or another process has taken the file over.
    pub async fn failures(&self, since: Timestamp) -> Result<Vec<(String, u32)>, StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM failures WHERE at < ?")
            .bind(since.as_second())
            .execute(&mut *tx)
            .await?;
        let found = sqlx::query_as("SELECT object, count FROM failures")
            .fetch_all(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Notes how many failures in a row an object has had by now.
    ///
    /// # Errors
    /// As [`Self::failures`].
    pub async fn note_failures(&self, object: &str, count: u32, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO failures (object, count, at) VALUES (?, ?, ?)
             ON CONFLICT (object) DO UPDATE SET count = excluded.count, at = excluded.at",
        )
        .bind(object)
        .bind(count)
        .bind(at.as_second())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends an object's row of failures.
    ///
    /// # Errors
    /// As [`Self::failures`].
    pub async fn drop_failures(&self, object: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM failures WHERE object = ?")
            .bind(object)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// A transaction that holds the lock for writing, unless another process has taken the file over.
    pub(super) async fn begin(&self) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        claim::check(&mut tx, self.claim).await?;
        Ok(tx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rows_of_failures_survive_a_restart_until_they_end_or_grow_old() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let at = |second| Timestamp::from_second(second).unwrap();
        let store = SqliteStore::open(&path).await.unwrap();
        for (object, count, second) in [("a", 1, 10), ("b", 3, 20), ("c", 2, 30), ("b", 4, 25)] {
            store.note_failures(object, count, at(second)).await.unwrap();
        }
        store.drop_failures("c").await.unwrap();
        drop(store);
        let store = SqliteStore::open(&path).await.unwrap();
        let found = store.failures(at(10)).await.unwrap();
        assert_eq!(found, [("a".to_owned(), 1), ("b".to_owned(), 4)]);
        assert_eq!(store.failures(at(11)).await.unwrap(), [("b".to_owned(), 4)]);
        assert_eq!(store.failures(at(0)).await.unwrap(), [("b".to_owned(), 4)]);
    }
}
