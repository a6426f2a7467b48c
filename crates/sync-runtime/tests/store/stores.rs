//! The implementations, and how a suite is run for each.

use sync_runtime::store::SqliteStore;
use tempfile::TempDir;

/// A directory in memory where there is one: durability is `SQLite`'s own, and there are hundreds of files.
pub(crate) fn directory() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

pub(crate) async fn sqlite(directory: &TempDir) -> SqliteStore {
    SqliteStore::open(&directory.path().join("store.db"))
        .await
        .unwrap()
}

/// Runs the named functions of a module for a file and in memory.
macro_rules! conformance {
    ($($property:ident)*) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $property() {
                let directory = crate::stores::directory();
                super::$property(&crate::stores::sqlite(&directory).await).await;
            })*
        }

        mod in_memory {
            $(#[tokio::test]
            async fn $property() {
                super::$property(&sync_runtime::store::MemoryStore::default()).await;
            })*
        }
    };
}

/// As [`conformance`], and in a dry run's copy over an empty store, for what belongs to one sync.
macro_rules! conformance_of_syncs {
    ($($property:ident)*) => {
        $crate::stores::conformance! { $($property)* }

        mod in_scratch {
            use sync_runtime::store::{MemoryStore, Scratch};

            $(#[tokio::test]
            async fn $property() {
                let real = MemoryStore::default();
                let scratch = Scratch::of(&real, crate::samples::scope("a")).await.unwrap();
                super::$property(&scratch).await;
            })*
        }
    };
}

pub(crate) use {conformance, conformance_of_syncs};
