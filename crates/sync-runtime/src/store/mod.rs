//! The store: links, outbox, queue and cursors. One suite (`tests/store`) holds for every implementation.
//!
//! It keeps ids, times and keyed hashes, no names, addresses or texts. All changes go through one call that commits
//! them together or not at all, so a crash leaves a state that some commit had made. Times are kept in whole seconds,
//! but for those inside [`ScopeState`] and [`FeedState`], which come back as they went in.

mod memory;
mod scratch;
mod sqlite;
mod state;

use std::future::Future;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sync_engine::identity::ScopeId;
use sync_engine::link::{CrmIntent, Link, Side};

pub use memory::MemoryStore;
pub use scratch::Scratch;
pub use sqlite::{CommitObserver, Deed, DeedState, SqliteStore};
pub use state::{Initial, KnownFolder, RunCounts, ScopeState, Trip, Unanswered};

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
    /// Another process opened the file after this one: it acts now.
    #[error("another process has taken the store over since this one opened it: nothing was kept")]
    TakenOver,
    /// Two links would hold one mailbox item: the caller's mistake, as every item belongs to one record.
    #[error(
        "record {crm_id} of sync {scope} cannot be linked, as its mailbox item is linked to another record: nothing of the commit was kept"
    )]
    Doubled {
        /// The sync.
        scope: ScopeId,
        /// The record of the link that was refused.
        crm_id: String,
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
    /// Its mailbox item may have changed too: else it is read only where the record did.
    pub item_too: bool,
}

/// An item of the container that no link knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// The item.
    pub office_id: String,
    /// It was there when the store was lost: nobody knows whether it has a record, so none is made for it unasked.
    pub review: bool,
}

/// A contact that cannot be carried over as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The side whose id names it: a contact made in Outlook has no record yet.
    pub side: Side,
    /// The record or the item.
    pub id: String,
    /// What is wrong and what to do; names fields, never values.
    pub reason: String,
    /// The field at fault, where one is.
    pub field: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// What kind of operation the guard watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Guarded {
    /// Removing an item from the mailbox whose record is in the CRM's list of deleted records.
    DeleteInOffice,
    /// Removing an item from the mailbox whose record has another owner now.
    HandOver,
    /// Deleting a record in the CRM.
    DeleteInCrm,
    /// Changing a record in the CRM.
    UpdateInCrm,
}

/// An operation that waits until the guard has seen the whole run, or until somebody approves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The record.
    pub crm_id: String,
    /// What was about to be done.
    pub operation: Guarded,
    /// The trip whose frozen list it is on; `None` until the guard has judged it. Set by [`Change::Freeze`] alone.
    pub trip: Option<String>,
}

/// How a conflict ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConflictOutcome {
    /// The CRM's value stands on both sides.
    CrmWon,
    /// The mailbox's value stands on both sides.
    OfficeWon,
    /// Both stand until somebody makes them equal.
    Open,
}

/// One field that both sides changed. No values: ids, the field's name, a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The record.
    pub crm_id: String,
    /// The mailbox field.
    pub field: String,
    /// How it ended.
    pub outcome: ConflictOutcome,
    /// When.
    pub at: Timestamp,
}

/// What is counted over time: by a sync, and by all syncs of an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tally {
    /// Deletions on either side.
    Deletes,
    /// Syncs that were switched off and whose copies were removed.
    Disables,
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
    /// When it was changed or deleted.
    pub at: Timestamp,
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
    /// Contacts that wait to be looked at, each once: the queue, the strangers, and those intents of either kind whose
    /// record or item is not among them.
    pub pending: u64,
    /// Contacts that are parked.
    pub parked: u64,
    /// Records with a conflict that is open or remembered.
    pub conflicts: u64,
    /// Operations that the guard has, judged or not.
    pub held: u64,
}

/// One change of the store.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "a commit has hundreds of changes at most, and each is consumed at once"
)]
pub enum Change {
    /// Replaces what a sync remembers of itself.
    Scope(ScopeId, ScopeState),
    /// Forgets a sync altogether; what was counted for its organisation stays.
    DropScope(ScopeId),
    /// Makes or replaces a link; [`StoreError::Doubled`] if another link of the sync holds the same item.
    Link(ScopeId, Link),
    /// Forgets a link.
    DropLink(ScopeId, String),
    /// Forgets every base of a sync, those of the intents too, after a change of key.
    DropBases(ScopeId),
    /// Puts a record into the queue. One that is there keeps its place, unless it becomes an initial row by this, and
    /// an item that may have changed stays one.
    Enqueue(ScopeId, Queued),
    /// Puts every linked, detached and parked record into the queue, behind other changes and to be looked at on both
    /// sides, and every parked item among the strangers.
    EnqueueAll(ScopeId),
    /// Takes a record out of the queue.
    Dequeue(ScopeId, String),
    /// Takes every initial row without a link out of the queue.
    DequeueInitial(ScopeId),
    /// Puts an item among the strangers; one that is for review stays so.
    Stranger(ScopeId, Stranger),
    /// Takes an item out from among the strangers.
    DropStranger(ScopeId, String),
    /// Makes or replaces the intent to make an item in the CRM.
    CrmIntent(ScopeId, CrmIntent),
    /// Forgets the intent for an item.
    DropCrmIntent(ScopeId, String),
    /// Parks a contact. It keeps its time as long as the reason stays the same.
    Park(ScopeId, Parked),
    /// Ends the parking of a contact.
    Unpark(ScopeId, Side, String),
    /// Hands an operation to the guard, in place of another one of that record. One that is on a frozen list stays
    /// there as long as it is the same; the trip given here counts for nothing.
    Hold(ScopeId, Held),
    /// Takes an operation from the guard.
    Unhold(ScopeId, String),
    /// Puts every operation that is on no frozen list on the list of this trip.
    Freeze(ScopeId, String),
    /// Records a conflict in place of an earlier one of that record and field. Of those that are not open, the oldest
    /// beyond [`MOST_CONFLICTS`] are forgotten.
    Conflict(ScopeId, Conflict),
    /// Forgets the open conflicts of a record in all fields but these.
    CloseConflicts(ScopeId, String, Vec<String>),
    /// Adds to a count at this time: of a sync and of its organisation, whose id comes second. What is older than the
    /// newest by more than [`TALLIES_KEPT`] is forgotten.
    Tally(ScopeId, String, Tally, Timestamp, u64),
    /// Remembers whether a record was imported; the organisation's id comes first.
    Origin(String, String, bool),
    /// Adds news to an organisation's feed; a repetition of known news adds nothing unless it says `again`.
    News(String, News),
    /// Replaces how far an organisation's feed has been read.
    Feed(String, FeedState),
}

/// How many conflicts are remembered for a sync besides the open ones.
pub const MOST_CONFLICTS: u32 = 200;

/// How far back counts are kept: twice the longest time over which a guard looks.
pub const TALLIES_KEPT: SignedDuration = SignedDuration::from_hours(48);

/// Whose counts are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted<'a> {
    /// One sync.
    Sync(ScopeId),
    /// All syncs of an organisation.
    Organisation(&'a str),
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
    /// The links of these items, in any order; tombstones and detached ones too.
    fn links_of_items(
        &self,
        scope: ScopeId,
        office_ids: &[String],
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
    /// The intents to make items in the CRM, oldest first (within a second by item), at most `limit`.
    fn crm_intents(
        &self,
        scope: ScopeId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<CrmIntent>, StoreError>> + Send;
    /// The next strangers, in order of arrival.
    fn strangers(
        &self,
        scope: ScopeId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Stranger>, StoreError>> + Send;
    /// Every operation that the guard has, by record.
    fn held(&self, scope: ScopeId) -> impl Future<Output = Result<Vec<Held>, StoreError>> + Send;
    /// The conflicts, open ones first, each group latest first; at most `limit`.
    fn conflicts(
        &self,
        scope: ScopeId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Conflict>, StoreError>> + Send;
    /// How much was counted at `since` or later.
    fn tally(
        &self,
        of: Counted<'_>,
        what: Tally,
        since: Timestamp,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
    /// How many initial rows wait in the queue.
    fn initial_queue(&self, scope: ScopeId) -> impl Future<Output = Result<u64, StoreError>> + Send;
    /// How many of them have no link.
    fn initial_unlinked(&self, scope: ScopeId) -> impl Future<Output = Result<u64, StoreError>> + Send;
    /// Counts for the status.
    fn counts(&self, scope: ScopeId) -> impl Future<Output = Result<Counts, StoreError>> + Send;
    /// The parked contacts, oldest first, at most `limit`.
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
