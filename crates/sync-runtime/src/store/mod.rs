//! The store: links, outbox, queue and cursors. One suite (`tests/store`) holds for every implementation.
//!
//! It keeps ids, times and keyed hashes, no names, addresses or texts. All changes go through one call that commits
//! them together or not at all, so a crash leaves a state that some commit had made.

mod sqlite;

use std::future::Future;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sync_engine::identity::ScopeId;
use sync_engine::link::Link;

use crate::ports::Keyset;

pub use sqlite::SqliteStore;

/// Why the store did not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file was written by a newer release.
    #[error(
        "the store has version {found}, this release knows up to {known}: run the newer release, or start with an empty data directory (links are found again by their markers)"
    )]
    Newer {
        /// The file's version.
        found: i64,
        /// The newest version that this release knows.
        known: i64,
    },
    /// The database failed.
    #[error("the store failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A stored row cannot be read.
    #[error("the store holds an unreadable {what}")]
    Unreadable {
        /// What kind of row.
        what: &'static str,
    },
}

/// What a sync remembers of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScopeState {
    /// The container.
    pub folder: Option<KnownFolder>,
    /// The owner of the mailbox deleted the container.
    pub removed_by_owner: bool,
    /// How far the feed of the organisation has been read; `None` before the first listing starts.
    pub feed_position: Option<i64>,
    /// The first sync.
    pub initial: Initial,
    /// The mapping that the links were last compared under.
    pub mapping: Option<String>,
    /// The fingerprint of the key that the bases were hashed with.
    pub key: Option<String>,
    /// When something was last written to the mailbox.
    pub last_change: Option<Timestamp>,
}

/// The container as it was made or found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFolder {
    /// Its id.
    pub id: String,
    /// Where it lay: elsewhere means moved or trashed.
    pub parent: String,
    /// The name that was last declared, so that a change of it renames.
    pub name: String,
}

/// How far the first sync has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Initial {
    /// The listing continues after this row.
    pub listed_to: Option<Keyset>,
    /// The listing has reached its end.
    pub listed: bool,
    /// Records found.
    pub total: u64,
    /// Records that are in the mailbox.
    pub done: u64,
    /// Left out as imported.
    pub imported: u64,
    /// Left out beyond the cap.
    pub over_cap: u64,
    /// When nothing was left to do.
    pub completed: Option<Timestamp>,
}

/// Why a record is in the queue. A later cause replaces an earlier one; initial rows keep their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Found by the first listing.
    Initial,
    /// Changed in the CRM, or to be compared anew.
    Changed,
    /// Listed as deleted in the CRM.
    Deleted,
}

/// A record that waits to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The record.
    pub crm_id: String,
    /// Why.
    pub cause: Cause,
}

/// A record that cannot be carried over as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The record.
    pub crm_id: String,
    /// What is wrong and what to do; names fields, never values.
    pub reason: String,
    /// The CRM field at fault, where one is.
    pub field: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// A row of an organisation's change feed: the latest news of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRow {
    /// Rises with every news.
    pub position: i64,
    /// The record.
    pub crm_id: String,
    /// Its owner, as far as known.
    pub owner: Option<String>,
    /// It was deleted.
    pub deleted: bool,
}

/// News of a record, to be put into the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The record.
    pub crm_id: String,
    /// Its owner, unless it is gone.
    pub owner: Option<String>,
    /// When it was changed or deleted.
    pub at: Timestamp,
    /// It was deleted.
    pub deleted: bool,
    /// To be announced although it is known: times are whole seconds, and a second change within one shows nowhere.
    pub again: bool,
}

/// How far an organisation's feed has been read from the CRM; all times are the CRM's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedState {
    /// The newest change seen.
    pub changed_to: Timestamp,
    /// The newest deletion seen.
    pub deleted_to: Timestamp,
    /// The second whose rows are to be announced once more, as it may not have been over when they were read.
    #[serde(default)]
    pub recheck: Option<Timestamp>,
}

/// Counts for the status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pairs that are linked.
    pub linked: u64,
    /// Records that wait in the queue.
    pub pending: u64,
    /// Records that are parked.
    pub parked: u64,
}

/// One change of the store.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Replaces what a sync remembers of itself.
    Scope(ScopeId, ScopeState),
    /// Forgets a sync altogether.
    DropScope(ScopeId),
    /// Makes or replaces a link.
    Link(ScopeId, Link),
    /// Forgets a link.
    DropLink(ScopeId, String),
    /// Forgets every base of a sync, after a change of key.
    DropBases(ScopeId),
    /// Puts a record into the queue.
    Enqueue(ScopeId, Queued),
    /// Puts every linked and parked record into the queue.
    EnqueueAll(ScopeId),
    /// Takes a record out of the queue.
    Dequeue(ScopeId, String),
    /// Takes every initial row without a link out of the queue.
    DequeueInitial(ScopeId),
    /// Parks a record.
    Park(ScopeId, Parked),
    /// Ends the parking of a record.
    Unpark(ScopeId, String),
    /// Remembers whether a record was imported; the organisation's id comes first.
    Origin(String, String, bool),
    /// Adds news to an organisation's feed; a repetition of known news adds nothing unless it says `again`.
    News(String, News),
    /// Replaces how far an organisation's feed has been read.
    Feed(String, FeedState),
}

/// The store. Reads see the last commit.
pub trait Store: Send + Sync {
    /// What a sync remembers of itself.
    fn scope(&self, scope: ScopeId) -> impl Future<Output = Result<Option<ScopeState>, StoreError>> + Send;
    /// The links of these records, in any order.
    fn links(
        &self,
        scope: ScopeId,
        crm_ids: &[String],
    ) -> impl Future<Output = Result<Vec<Link>, StoreError>> + Send;
    /// Every link of a sync.
    fn all_links(&self, scope: ScopeId) -> impl Future<Output = Result<Vec<Link>, StoreError>> + Send;
    /// The links whose item may or may not exist, at most `limit`.
    fn intents(
        &self,
        scope: ScopeId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Link>, StoreError>> + Send;
    /// The next records of the queue: changes first, then the first sync in its order.
    fn queue(
        &self,
        scope: ScopeId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Queued>, StoreError>> + Send;
    /// How many initial rows wait in the queue.
    fn initial_queue(&self, scope: ScopeId) -> impl Future<Output = Result<u64, StoreError>> + Send;
    /// How many of them have no link.
    fn initial_unlinked(&self, scope: ScopeId) -> impl Future<Output = Result<u64, StoreError>> + Send;
    /// Counts for the status.
    fn counts(&self, scope: ScopeId) -> impl Future<Output = Result<Counts, StoreError>> + Send;
    /// The parked records, oldest first, at most `limit`.
    fn parked(
        &self,
        scope: ScopeId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Parked>, StoreError>> + Send;
    /// Which of these records are known to be imported (`true`) or not (`false`).
    fn origins(
        &self,
        organisation: &str,
        crm_ids: &[String],
    ) -> impl Future<Output = Result<Vec<(String, bool)>, StoreError>> + Send;
    /// How far an organisation's feed has been read.
    fn feed(&self, organisation: &str) -> impl Future<Output = Result<Option<FeedState>, StoreError>> + Send;
    /// The newest position of an organisation's feed; 0 if it is empty.
    fn feed_end(&self, organisation: &str) -> impl Future<Output = Result<i64, StoreError>> + Send;
    /// The news after a position, oldest first, that concern an owner, or a linked or parked record of a
    /// sync.
    fn news_for(
        &self,
        organisation: &str,
        scope: ScopeId,
        owner: &str,
        after: i64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<FeedRow>, StoreError>> + Send;
    /// Commits all of `changes` or none.
    fn commit(&self, changes: Vec<Change>) -> impl Future<Output = Result<(), StoreError>> + Send;
}
