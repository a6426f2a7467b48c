//! The one process that may write: the last one that opened the file.
//!
//! Who acts is decided elsewhere, but a process that was paused may learn late that it no longer does. What it had in
//! hand when it was paused must not land on top of what its successor wrote since, so every commit first looks, inside
//! its own transaction, whether the file was opened again.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;

use crate::store::StoreError;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS claim (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL
) STRICT";

/// Takes the file over from whoever opened it before.
pub(super) async fn take(pool: &SqlitePool) -> Result<i64, StoreError> {
    sqlx::query(TABLE).execute(pool).await?;
    let number = sqlx::query_scalar(
        "INSERT INTO claim (one, number) VALUES (1, 1)
         ON CONFLICT (one) DO UPDATE SET number = number + 1
         RETURNING number",
    );
    Ok(number.fetch_one(pool).await?)
}

/// An error if somebody took the file over since; to be asked inside of a transaction that holds the lock for writing.
pub(super) async fn check(db: &mut SqliteConnection, ours: i64) -> Result<(), StoreError> {
    let number: i64 = sqlx::query_scalar("SELECT number FROM claim")
        .fetch_one(db)
        .await?;
    if number == ours {
        Ok(())
    } else {
        Err(StoreError::TakenOver)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use crate::store::{Change, SqliteStore, Store, StoreError};

    #[tokio::test]
    async fn whoever_opened_the_file_last_writes_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let imported = |id: &str| vec![Change::Origin("org".to_owned(), id.to_owned(), true)];
        let known = async |store: &SqliteStore| {
            let ids = ["1", "2", "3"].map(str::to_owned);
            let mut found: Vec<_> = store.origins("org", &ids).await.unwrap();
            found.sort();
            found.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
        };
        let before = SqliteStore::open(&path).await.unwrap();
        before.commit(imported("1")).await.unwrap();

        let after = SqliteStore::open(&path).await.unwrap();
        let refused = before.commit(imported("2")).await.unwrap_err();
        assert!(matches!(refused, StoreError::TakenOver), "{refused}");
        let refused = before.note_failures("object", 1, Timestamp::UNIX_EPOCH).await;
        assert!(matches!(refused, Err(StoreError::TakenOver)), "{refused:?}");
        after.commit(imported("3")).await.unwrap();
        assert_eq!(known(&after).await, ["1", "3"]);
    }
}
