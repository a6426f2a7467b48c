//! What the runtime needs from the two services. Errors are already sorted by what can be done about them.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use sync_engine::import::Origin;
use sync_engine::plan::Changes;
use sync_engine::project::Fields;

/// The service that an error speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Microsoft 365.
    Office,
    /// Zoho CRM.
    Crm,
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Office => "Microsoft 365",
            Self::Crm => "Zoho CRM",
        })
    }
}

/// Why a call did not bring what was asked for. `code` is the vendor's error code or a word of ours, never a text
/// that could quote a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Likely to pass by itself.
    #[error("{service} did not answer as expected ({code})")]
    Transient {
        /// Who.
        service: Service,
        /// The vendor's code.
        code: String,
    },
    /// Asked to wait.
    #[error("{service} asks to slow down")]
    Throttled {
        /// Who.
        service: Service,
        /// For how long, where it said.
        after: Option<Duration>,
    },
    /// The day's credits are used up.
    #[error("the CRM's API credits are used up")]
    OutOfCredits {
        /// When some are free again, where known.
        until: Option<Timestamp>,
    },
    /// The credential is refused: the tenant's trouble, not this sync's.
    #[error("{service} refuses the credential ({code})")]
    Credential {
        /// Who.
        service: Service,
        /// The vendor's code.
        code: String,
    },
    /// The credential lacks a right.
    #[error("{service} denies access ({code})")]
    Permission {
        /// Who.
        service: Service,
        /// The vendor's code or the permission's name.
        code: String,
    },
    /// The user has no mailbox that Graph can reach.
    #[error("the user has no mailbox that Microsoft Graph can reach")]
    MailboxNotEnabled,
    /// The mailbox's user is gone.
    #[error("the user no longer exists in Microsoft 365")]
    UserGone,
    /// The answer to a creation was lost and it may still happen: it is looked up in a while.
    #[error("the answer to a creation was lost; it is looked up before anything is made again")]
    Unsettled {
        /// In how long.
        after: Duration,
    },
    /// The service refuses the request itself: a fault of ours or a change of theirs.
    #[error("{service} refuses the request ({code})")]
    Refused {
        /// Who.
        service: Service,
        /// The vendor's code.
        code: String,
    },
}

/// What became of one item of a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemFailure {
    /// The item is not there any more.
    #[error("gone")]
    Gone,
    /// The item changed since it was read.
    #[error("changed in between")]
    Changed,
    /// The service refuses this item's content, for good.
    #[error("refused ({code})")]
    Refused {
        /// The vendor's code, with the property where it names one.
        code: String,
        /// The field at fault by the service's name, where it names one.
        field: Option<String>,
    },
    /// The service has this item locked for now, and not for a fault of its content.
    #[error("locked ({code})")]
    Locked {
        /// The vendor's code.
        code: String,
    },
    /// A unique field of the service already holds this value elsewhere.
    #[error("exists already")]
    Exists {
        /// The record that holds it.
        id: String,
        /// Its owner, where the service names one.
        owner: Option<String>,
        /// The unique field, where the service names it.
        field: Option<String>,
    },
    /// The call may have had its effect: look before repeating it.
    #[error("outcome unknown: {0}")]
    MaybeDone(Failure),
    /// The call had no effect.
    #[error("not done: {0}")]
    NotDone(Failure),
}

/// A contact folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Constant, even without `ImmutableId`.
    pub id: String,
    /// The folder it lies in: a trashed folder still answers by id, but from elsewhere.
    pub parent: String,
    /// As its owner sees it.
    pub name: String,
    /// The container marker, if there is one.
    pub marker: Option<String>,
}

/// Why a folder was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateFolderFailure {
    /// A folder of that name exists.
    #[error("a folder of that name exists")]
    NameTaken,
    /// Anything else; whether it was made is unknown.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A contact of the mailbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The immutable id.
    pub id: String,
    /// The version for preconditions.
    pub etag: String,
    /// Every field that a mapping could name.
    pub fields: Fields,
    /// The item marker, if it was read and there is one.
    pub marker: Option<String>,
    /// When it was last changed, by the mailbox server's clock; moves without an edit at times.
    pub modified: Option<Timestamp>,
    /// When it was made, by the same clock.
    pub created: Option<Timestamp>,
    /// What the adapter needs to write properties back whole; the runtime does not look at it.
    pub carry: Json,
}

/// A contact to make.
#[derive(Debug, Clone, PartialEq)]
pub struct NewItem {
    /// Set in the same call.
    pub marker: String,
    /// What it holds.
    pub fields: Fields,
}

/// A contact to change.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemUpdate {
    /// As just read.
    pub item: Item,
    /// What to write.
    pub changes: Changes,
    /// Another marker, where the item's names a record that is gone.
    pub marker: Option<String>,
}

/// Where an item is that was asked for by its id.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// In the folder.
    Here(Item),
    /// In another folder of the mailbox, the deleted items included.
    Elsewhere {
        /// That folder.
        folder: String,
    },
    /// Nowhere.
    Gone,
}

/// One line of a page of changes: a hint, not the truth.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// The item is in the folder. Markers never come this way.
    Present(Item),
    /// The service calls the item removed: deleted, moved, or none of both.
    Removed(String),
}

impl Entry {
    /// The item's id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Present(item) => &item.id,
            Self::Removed(id) => id,
        }
    }
}

/// One page of changes.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangePage {
    /// In no order; an item may come more than once, the last time counts.
    pub entries: Vec<Entry>,
    /// How it goes on.
    pub next: NextPage,
}

/// How changes go on behind a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextPage {
    /// There is another page of this round.
    More(String),
    /// The round is over; the next round starts from here, once all of this one is committed.
    Round(String),
}

/// The container and what changed in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// The container, wherever it lies; `None` if there is none.
    pub folder: Option<Folder>,
    /// The first page of changes; `None` if the cursor is no longer good, and then everything has to be listed anew.
    /// Means nothing if the container is not where it was.
    pub page: Option<ChangePage>,
}

/// The mailbox of one user.
pub trait Mailbox: Send + Sync {
    /// The folder of an id, wherever it lies now; `None` if there is none.
    fn folder(&self, id: &str) -> impl Future<Output = Result<Option<Folder>, Failure>> + Send;
    /// The container and the first page of what changed in it since `cursor`, in one call.
    fn poll(&self, folder: &str, cursor: &str) -> impl Future<Output = Result<Poll, Failure>> + Send;
    /// A page of changes: of a new round that brings every item (`None`), or behind an earlier page or round. `None`
    /// if the service no longer knows the place.
    fn changes(
        &self,
        folder: &str,
        from: Option<&str>,
    ) -> impl Future<Output = Result<Option<ChangePage>, Failure>> + Send;
    /// All folders beside the default one however deep, markers included; none of the deleted items.
    fn folders(&self) -> impl Future<Output = Result<Vec<Folder>, Failure>> + Send;
    /// Makes a marked folder.
    fn create_folder(
        &self,
        name: &str,
        marker: &str,
    ) -> impl Future<Output = Result<Folder, CreateFolderFailure>> + Send;
    /// Renames a folder.
    fn rename_folder(
        &self,
        id: &str,
        name: &str,
    ) -> impl Future<Output = Result<(), CreateFolderFailure>> + Send;
    /// Gives a folder another marker.
    fn mark_folder(&self, id: &str, marker: &str) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Moves a folder to the trash.
    fn delete_folder(&self, id: &str) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Every item of a folder, markers included; an error rather than a part.
    fn items(&self, folder: &str) -> impl Future<Output = Result<Vec<Item>, Failure>> + Send;
    /// Where the items of these ids are, in this order; markers included.
    fn read(&self, folder: &str, ids: &[String]) -> impl Future<Output = Result<Vec<Found>, Failure>> + Send;
    /// The items that carry one of these markers.
    fn find(
        &self,
        folder: &str,
        markers: &[String],
    ) -> impl Future<Output = Result<Vec<Item>, Failure>> + Send;
    /// Makes items; one answer each, in this order.
    fn create(
        &self,
        folder: &str,
        items: &[NewItem],
    ) -> impl Future<Output = Vec<Result<Item, ItemFailure>>> + Send;
    /// Changes items if they still are as read; one answer each, in this order.
    fn update(
        &self,
        folder: &str,
        updates: &[ItemUpdate],
    ) -> impl Future<Output = Vec<Result<Item, ItemFailure>>> + Send;
    /// Moves items to the trash if they still are as read; one answer each, in this order.
    fn delete(
        &self,
        folder: &str,
        items: &[Item],
    ) -> impl Future<Output = Vec<Result<(), ItemFailure>>> + Send;
}

/// A row of a listing: identity, owner, times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrmRow {
    /// The record.
    pub id: String,
    /// The owning CRM user.
    pub owner: String,
    /// Whole seconds, the CRM's clock.
    pub modified: Timestamp,
}

/// The place after a row in an order by time and id.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Keyset {
    /// The row's time.
    pub modified: Timestamp,
    /// The row's id.
    pub id: String,
}

/// A page of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The rows, in order.
    pub rows: Vec<CrmRow>,
    /// Whether more follow after the last.
    pub more: bool,
}

/// An entry of the list of deleted records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedRow {
    /// The record that was.
    pub id: String,
    /// When.
    pub deleted: Timestamp,
}

/// A record with the fields asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct CrmRecord {
    /// The record.
    pub id: String,
    /// The owning CRM user.
    pub owner: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// The fields by API name.
    pub fields: Map<String, Json>,
}

/// A record to make.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRecord {
    /// The mailbox item that it is made for.
    pub item: String,
    /// The fields by API name.
    pub fields: Map<String, Json>,
}

/// A record to change.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordUpdate {
    /// The record.
    pub id: String,
    /// Its time when it was read: the write fails if it changed since.
    pub unmodified_since: Timestamp,
    /// The fields to write by API name; null clears.
    pub fields: Map<String, Json>,
}

/// A record that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The record.
    pub id: String,
    /// Its time of change by that write.
    pub modified: Timestamp,
}

/// The contacts of one CRM organisation, read and written with the rights of the connected user.
pub trait Crm: Send + Sync {
    /// Contacts of an owner, newest change first, after `after`.
    fn owned(
        &self,
        owner: &str,
        after: Option<&Keyset>,
    ) -> impl Future<Output = Result<Page, Failure>> + Send;
    /// Contacts of anybody changed at `since` or later, oldest change first, after `after`.
    fn changed(
        &self,
        since: Timestamp,
        after: Option<&Keyset>,
    ) -> impl Future<Output = Result<Page, Failure>> + Send;
    /// The time of the newest change of any contact; `None` if there are no contacts.
    fn newest_change(&self) -> impl Future<Output = Result<Option<Timestamp>, Failure>> + Send;
    /// The contacts deleted at `since` or later.
    fn deleted(&self, since: Timestamp) -> impl Future<Output = Result<Vec<DeletedRow>, Failure>> + Send;
    /// The contacts of these ids that exist, at most 100 ids, in any order.
    fn records(
        &self,
        ids: &[String],
        fields: &[&str],
    ) -> impl Future<Output = Result<Vec<CrmRecord>, Failure>> + Send;
    /// Where a record came from; costs a call.
    fn origin(&self, id: &str) -> impl Future<Output = Result<Origin, Failure>> + Send;
    /// The contacts that hold one of `values` in `field`, of `owner` or of anybody; at most 50 values.
    fn find(
        &self,
        owner: Option<&str>,
        field: &str,
        values: &[String],
        fields: &[&str],
    ) -> impl Future<Output = Result<Vec<CrmRecord>, Failure>> + Send;
    /// Makes records of `owner`, at most 100; one answer each, in this order.
    fn insert(
        &self,
        owner: &str,
        rows: &[NewRecord],
    ) -> impl Future<Output = Vec<Result<Written, ItemFailure>>> + Send;
    /// Changes records if they still are as read; one answer each, in this order.
    fn update(&self, rows: &[RecordUpdate])
    -> impl Future<Output = Vec<Result<Written, ItemFailure>>> + Send;
    /// Deletes records, at most 100; one answer each, in this order.
    fn delete(&self, ids: &[String]) -> impl Future<Output = Vec<Result<(), ItemFailure>>> + Send;
}
