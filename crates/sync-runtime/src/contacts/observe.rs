//! A dry run: both sides are read and planned as ever, and every write is noted instead of made.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::Value as Json;
use sync_engine::import::Origin;
use sync_engine::link::Side;

use super::{ContactSync, Outcome, Policy, Stop};
use crate::ports::{
    ChangePage, CreateFolderFailure, Crm, CrmRecord, DeletedRow, Failure, Folder, Found, Item, ItemFailure,
    ItemUpdate, Keyset, Mailbox, NewItem, NewRecord, NextPage, Page, Poll, RecordUpdate, Written,
};
use crate::store::{Scratch, Store};

/// The id of a folder that would be made.
const PLANNED: &str = "planned";

/// One kind of write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlannedOperation {
    /// Removing.
    Delete,
    /// Changing.
    Update,
    /// Making.
    Create,
}

/// What a run would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Every write, by kind, side and the id of what is written; what is to be made is named by the other side's id.
    pub writes: Vec<(PlannedOperation, Side, String)>,
    /// How the run would end; `None` if it came to its deadline.
    pub outcome: Option<Outcome>,
}

impl Observed {
    /// How many writes there are of a kind on a side.
    #[must_use]
    pub fn count(&self, operation: PlannedOperation, side: Side) -> u64 {
        let of_kind = |write: &&(PlannedOperation, Side, String)| write.0 == operation && write.1 == side;
        self.writes.iter().filter(of_kind).count() as u64
    }

    /// Tells two plans apart: over kinds, sides and ids, no values.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (operation, side, id) in &self.writes {
            hasher.update(format!("{operation:?}|{side:?}|{id}\n").as_bytes());
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }
}

/// Plans what [`ContactSync::run`] would do and writes nothing: neither to a service nor of this sync to the store.
///
/// # Errors
/// As [`ContactSync::run`].
pub async fn observe<M: Mailbox, C: Crm, S: Store>(
    sync: &ContactSync<'_, M, C, S>,
    until: Timestamp,
) -> Result<Observed, Stop> {
    let writes = Writes::default();
    let store = Scratch::of(sync.store, sync.scope).await?;
    let mut policy: Policy = sync.policy.clone();
    // Everything is shown, also what the guard would hold.
    policy.guard.deletes_per_run = u64::MAX;
    policy.guard.deletes_per_day = u64::MAX;
    policy.guard.tenant_deletes_per_day = u64::MAX;
    policy.guard.updates_per_run = u64::MAX;
    let dry = ContactSync {
        scope: sync.scope,
        cluster: sync.cluster,
        owner: sync.owner,
        known_folder: sync.known_folder,
        known_change: sync.known_change,
        reenable: sync.reenable,
        mailbox: &DryMailbox {
            inner: sync.mailbox,
            writes: &writes,
        },
        crm: &DryCrm {
            inner: sync.crm,
            writes: &writes,
        },
        store: &store,
        clock: sync.clock,
        feed: sync.feed,
        hasher: sync.hasher,
        mapping: sync.mapping,
        policy: &policy,
    };
    let outcome = match dry.run(until).await? {
        Outcome::MoreWork => None,
        outcome => Some(outcome),
    };
    let noted = writes.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Observed {
        writes: noted.into_iter().collect(),
        outcome,
    })
}

/// The writes noted so far.
#[derive(Default)]
struct Writes(Mutex<BTreeSet<(PlannedOperation, Side, String)>>);

impl Writes {
    fn note(&self, operation: PlannedOperation, side: Side, id: &str) {
        let mut writes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writes.insert((operation, side, id.to_owned()));
    }
}

struct DryMailbox<'a, M> {
    inner: &'a M,
    writes: &'a Writes,
}

impl<M: Mailbox> Mailbox for DryMailbox<'_, M> {
    async fn folder(&self, id: &str) -> Result<Option<Folder>, Failure> {
        self.inner.folder(id).await
    }

    async fn poll(&self, folder: &str, cursor: &str) -> Result<Poll, Failure> {
        self.inner.poll(folder, cursor).await
    }

    async fn changes(&self, folder: &str, from: Option<&str>) -> Result<Option<ChangePage>, Failure> {
        if folder == PLANNED {
            return Ok(Some(ChangePage {
                entries: Vec::new(),
                next: NextPage::Round(PLANNED.to_owned()),
            }));
        }
        self.inner.changes(folder, from).await
    }

    async fn folders(&self) -> Result<Vec<Folder>, Failure> {
        self.inner.folders().await
    }

    async fn create_folder(&self, name: &str, marker: &str) -> Result<Folder, CreateFolderFailure> {
        Ok(Folder {
            id: PLANNED.to_owned(),
            parent: String::new(),
            name: name.to_owned(),
            marker: Some(marker.to_owned()),
        })
    }

    async fn rename_folder(&self, _id: &str, _name: &str) -> Result<(), CreateFolderFailure> {
        Ok(())
    }

    async fn mark_folder(&self, _id: &str, _marker: &str) -> Result<(), Failure> {
        Ok(())
    }

    async fn delete_folder(&self, _id: &str) -> Result<(), Failure> {
        Ok(())
    }

    async fn items(&self, folder: &str) -> Result<Vec<Item>, Failure> {
        if folder == PLANNED {
            return Ok(Vec::new());
        }
        self.inner.items(folder).await
    }

    async fn read(&self, folder: &str, ids: &[String]) -> Result<Vec<Found>, Failure> {
        self.inner.read(folder, ids).await
    }

    async fn find(&self, folder: &str, markers: &[String]) -> Result<Vec<Item>, Failure> {
        if folder == PLANNED {
            return Ok(Vec::new());
        }
        self.inner.find(folder, markers).await
    }

    async fn create(&self, _folder: &str, items: &[NewItem]) -> Vec<Result<Item, ItemFailure>> {
        let made = items.iter().map(|new| {
            let crm_id = new.marker.rsplit('|').next().unwrap_or_default();
            self.writes.note(PlannedOperation::Create, Side::Office, crm_id);
            Ok(Item {
                id: format!("{PLANNED}-{crm_id}"),
                etag: String::new(),
                fields: new.fields.clone(),
                marker: Some(new.marker.clone()),
                modified: None,
                created: None,
                carry: Json::Null,
            })
        });
        made.collect()
    }

    async fn update(&self, _folder: &str, updates: &[ItemUpdate]) -> Vec<Result<Item, ItemFailure>> {
        let updated = updates.iter().map(|update| {
            self.writes
                .note(PlannedOperation::Update, Side::Office, &update.item.id);
            let mut item = update.item.clone();
            item.fields = sync_engine::merge::applied(&item.fields, &update.changes);
            Ok(item)
        });
        updated.collect()
    }

    async fn delete(&self, _folder: &str, items: &[Item]) -> Vec<Result<(), ItemFailure>> {
        for item in items {
            self.writes.note(PlannedOperation::Delete, Side::Office, &item.id);
        }
        items.iter().map(|_| Ok(())).collect()
    }
}

struct DryCrm<'a, C> {
    inner: &'a C,
    writes: &'a Writes,
}

impl<C: Crm> Crm for DryCrm<'_, C> {
    async fn owned(&self, owner: &str, after: Option<&Keyset>) -> Result<Page, Failure> {
        self.inner.owned(owner, after).await
    }

    async fn changed(&self, since: Timestamp, after: Option<&Keyset>) -> Result<Page, Failure> {
        self.inner.changed(since, after).await
    }

    async fn newest_change(&self) -> Result<Option<Timestamp>, Failure> {
        self.inner.newest_change().await
    }

    async fn deleted(&self, since: Timestamp) -> Result<Vec<DeletedRow>, Failure> {
        self.inner.deleted(since).await
    }

    async fn records(&self, ids: &[String], fields: &[&str]) -> Result<Vec<CrmRecord>, Failure> {
        self.inner.records(ids, fields).await
    }

    async fn origin(&self, id: &str) -> Result<Origin, Failure> {
        self.inner.origin(id).await
    }

    async fn find(
        &self,
        owner: Option<&str>,
        field: &str,
        values: &[String],
        fields: &[&str],
    ) -> Result<Vec<CrmRecord>, Failure> {
        self.inner.find(owner, field, values, fields).await
    }

    async fn insert(&self, _owner: &str, rows: &[NewRecord]) -> Vec<Result<Written, ItemFailure>> {
        let made = rows.iter().map(|row| {
            self.writes.note(PlannedOperation::Create, Side::Crm, &row.item);
            Ok(Written {
                id: format!("{PLANNED}-{}", row.item),
                modified: Timestamp::UNIX_EPOCH,
            })
        });
        made.collect()
    }

    async fn update(&self, rows: &[RecordUpdate]) -> Vec<Result<Written, ItemFailure>> {
        let updated = rows.iter().map(|row| {
            self.writes.note(PlannedOperation::Update, Side::Crm, &row.id);
            Ok(Written {
                id: row.id.clone(),
                modified: row.unmodified_since,
            })
        });
        updated.collect()
    }

    async fn delete(&self, ids: &[String]) -> Vec<Result<(), ItemFailure>> {
        for id in ids {
            self.writes.note(PlannedOperation::Delete, Side::Crm, id);
        }
        ids.iter().map(|_| Ok(())).collect()
    }
}
