//! What concerns the file of the store: reopening, and files of other releases.

use std::path::PathBuf;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use sync_engine::link::{LinkState, Side};
use sync_runtime::store::{
    Cause, Change, ConflictOutcome, FeedState, Guarded, ScopeState, SqliteStore, Store, StoreError, Tally,
};
use tempfile::TempDir;

use crate::picture;
use crate::samples::{
    ORG, at, commit, conflict, crm_intent, held, link, news, parked, queued, scope, stranger,
};
use crate::stores::{directory, sqlite};

fn path(directory: &TempDir) -> PathBuf {
    directory.path().join("store.db")
}

async fn connect(directory: &TempDir) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(path(directory))
        .create_if_missing(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// Runs statements on the file beside the store.
pub(crate) async fn run(directory: &TempDir, statements: &str) {
    let mut connection = connect(directory).await;
    sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn reopening_a_file_keeps_all() {
    let (directory, a) = (directory(), scope("a"));
    let feed = FeedState {
        changed_to: at(5),
        deleted_to: at(0),
        recheck: None,
    };
    let before = {
        let store = sqlite(&directory).await;
        let changes = [
            Change::Scope(a, ScopeState::default()),
            Change::Link(a, link("1", Some("A"), LinkState::Linked)),
            Change::Enqueue(a, queued("2", Cause::Initial)),
            Change::Stranger(a, stranger("B", true)),
            Change::CrmIntent(a, crm_intent("C", 1)),
            Change::Park(a, parked(Side::Office, "D", "x", 1)),
            Change::Hold(a, held("1", Guarded::UpdateInCrm, None)),
            Change::Freeze(a, "trip".into()),
            Change::Conflict(a, conflict("1", "title", ConflictOutcome::Open, 1)),
            Change::Tally(a, ORG.into(), Tally::Disables, at(1), 1),
            Change::Origin(ORG.into(), "1".into(), true),
            news("1", Some("alice"), 3),
            Change::Feed(ORG.into(), feed.clone()),
        ];
        commit(&store, changes).await;
        picture::of_all(&store, &[a]).await
    };
    let store = sqlite(&directory).await;
    assert_eq!(picture::of_all(&store, &[a]).await, before);
    assert_eq!(store.queue(a, 9).await.unwrap(), [queued("2", Cause::Initial)]);
    assert_eq!(store.feed(ORG).await.unwrap(), Some(feed));
    let end = store.feed_end(ORG).await.unwrap();
    commit(&store, [news("1", Some("alice"), 4)]).await;
    assert!(
        store.feed_end(ORG).await.unwrap() > end,
        "positions rise over restarts"
    );
}

#[tokio::test]
async fn a_file_of_a_newer_release_is_refused_in_words() {
    let directory = directory();
    drop(sqlite(&directory).await);
    run(&directory, "PRAGMA user_version = 4").await;
    let error = SqliteStore::open(&path(&directory)).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found: 4, known: 3 }),
        "{error}"
    );
    assert!(error.to_string().contains("run the newer release"), "{error}");
}

#[tokio::test]
async fn a_file_of_version_2_keeps_what_it_holds() {
    let directory = directory();
    let a = scope("a");
    {
        let store = sqlite(&directory).await;
        commit(&store, [Change::Link(a, link("1", Some("A"), LinkState::Linked))]).await;
    }
    run(&directory, "DROP TABLE invite_deed; PRAGMA user_version = 2").await;
    let store = sqlite(&directory).await;
    assert_eq!(store.all_links(a).await.unwrap().len(), 1);
    assert_eq!(store.deeds("an invite").await.unwrap(), []);
}

#[tokio::test]
async fn a_file_of_version_1_is_emptied() {
    let directory = directory();
    let tables = "CREATE TABLE scope (scope BLOB PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID, STRICT;
        CREATE TABLE link (scope BLOB NOT NULL, crm_id TEXT NOT NULL, office_id TEXT, state INTEGER NOT NULL,
            crm_modified INTEGER, base BLOB NOT NULL, PRIMARY KEY (scope, crm_id)) WITHOUT ROWID, STRICT;
        CREATE UNIQUE INDEX link_office ON link (scope, office_id) WHERE office_id IS NOT NULL;
        CREATE INDEX link_state ON link (scope, state);
        CREATE TABLE queue (scope BLOB NOT NULL, crm_id TEXT NOT NULL, initial INTEGER NOT NULL,
            deleted INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (scope, crm_id)) WITHOUT ROWID, STRICT;
        CREATE INDEX queue_place ON queue (scope, initial, place);
        CREATE TABLE parked (scope BLOB NOT NULL, crm_id TEXT NOT NULL, reason TEXT NOT NULL, field TEXT,
            since INTEGER NOT NULL, PRIMARY KEY (scope, crm_id)) WITHOUT ROWID, STRICT;
        CREATE TABLE origin (organisation TEXT NOT NULL, crm_id TEXT NOT NULL, imported INTEGER NOT NULL,
            PRIMARY KEY (organisation, crm_id)) WITHOUT ROWID, STRICT;
        CREATE TABLE feed (organisation TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID, STRICT;
        CREATE TABLE news (position INTEGER PRIMARY KEY AUTOINCREMENT, organisation TEXT NOT NULL,
            crm_id TEXT NOT NULL, owner TEXT, at INTEGER NOT NULL, deleted INTEGER NOT NULL,
            UNIQUE (organisation, crm_id)) STRICT;
        PRAGMA user_version = 1;";
    let rows = "INSERT INTO origin VALUES ('org', '1', 1);
        INSERT INTO news (organisation, crm_id, owner, at, deleted) VALUES ('org', '1', 'alice', 1, 0);";
    run(&directory, tables).await;
    run(&directory, rows).await;
    let a = scope("a");
    {
        let store = sqlite(&directory).await;
        let empty = sync_runtime::store::MemoryStore::default();
        assert_eq!(
            picture::of_all(&store, &[a]).await,
            picture::of_all(&empty, &[a]).await
        );
        commit(&store, [Change::Link(a, link("1", Some("A"), LinkState::Linked))]).await;
    }
    let store = sqlite(&directory).await;
    assert_eq!(store.all_links(a).await.unwrap().len(), 1, "emptied once");
}

#[tokio::test]
async fn a_file_that_is_no_store_is_left_alone() {
    let directory = directory();
    run(
        &directory,
        "CREATE TABLE link (theirs TEXT); INSERT INTO link VALUES ('x')",
    )
    .await;
    let error = SqliteStore::open(&path(&directory)).await.unwrap_err();
    assert!(matches!(error, StoreError::Database(_)), "{error}");
    let mut connection = connect(&directory).await;
    let theirs: String = sqlx::query_scalar("SELECT theirs FROM link")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(theirs, "x");
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(tables, 1, "nothing was half made");
}
