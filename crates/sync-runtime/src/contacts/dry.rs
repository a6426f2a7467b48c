//! The two services for a dry run: reads go through, writes are noted and answered as if they had been done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value as Json;
use sync_engine::import::Origin;
use sync_engine::link::Side;
use sync_engine::merge::applied;

use super::PlannedOperation;
use crate::ports::{
    ChangePage, CreateFolderFailure, Crm, CrmRecord, DeletedRow, Failure, Folder, Found, Item, ItemFailure,
    ItemUpdate, Keyset, Mailbox, NewItem, NewRecord, NextPage, Page, Poll, RecordUpdate, Written,
};

/// The id of a folder that would be made; that of anything else which would be, starts with it.
const PLANNED: &str = "planned";

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The writes noted so far.
#[derive(Default)]
pub(super) struct Writes(Mutex<BTreeSet<(PlannedOperation, Side, String)>>);

impl Writes {
    fn note(&self, operation: PlannedOperation, side: Side, id: &str) {
        locked(&self.0).insert((operation, side, id.to_owned()));
    }

    pub(super) fn noted(&self) -> Vec<(PlannedOperation, Side, String)> {
        locked(&self.0).iter().cloned().collect()
    }
}

/// A mailbox that nothing is written to.
pub(super) struct DryMailbox<'a, M> {
    inner: &'a M,
    writes: &'a Writes,
}

impl<'a, M: Mailbox> DryMailbox<'a, M> {
    pub(super) fn new(inner: &'a M, writes: &'a Writes) -> Self {
        Self { inner, writes }
    }
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
        if folder == PLANNED {
            return Ok(ids.iter().map(|_| Found::Gone).collect());
        }
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
        let written = updates.iter().map(|update| {
            self.writes
                .note(PlannedOperation::Update, Side::Office, &update.item.id);
            let fields = applied(&update.item.fields, &update.changes);
            Ok(Item {
                fields,
                ..update.item.clone()
            })
        });
        written.collect()
    }

    async fn delete(&self, _folder: &str, items: &[Item]) -> Vec<Result<(), ItemFailure>> {
        for item in items {
            self.writes.note(PlannedOperation::Delete, Side::Office, &item.id);
        }
        items.iter().map(|_| Ok(())).collect()
    }
}

/// A CRM that nothing is written to.
pub(super) struct DryCrm<'a, C> {
    inner: &'a C,
    writes: &'a Writes,
    now: Timestamp,
    /// What would have been made: it is looked at once more within the run.
    made: Mutex<BTreeMap<String, CrmRecord>>,
}

impl<'a, C: Crm> DryCrm<'a, C> {
    pub(super) fn new(inner: &'a C, writes: &'a Writes, now: Timestamp) -> Self {
        Self {
            inner,
            writes,
            now,
            made: Mutex::default(),
        }
    }
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
        let mut made: Vec<CrmRecord> = {
            let all = locked(&self.made);
            ids.iter().filter_map(|id| all.get(id).cloned()).collect()
        };
        let real: Vec<String> = ids
            .iter()
            .filter(|id| !id.starts_with(PLANNED))
            .cloned()
            .collect();
        if !real.is_empty() {
            made.extend(self.inner.records(&real, fields).await?);
        }
        Ok(made)
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

    async fn insert(&self, owner: &str, rows: &[NewRecord]) -> Vec<Result<Written, ItemFailure>> {
        let made = rows.iter().map(|row| {
            self.writes.note(PlannedOperation::Create, Side::Crm, &row.item);
            let id = format!("{PLANNED}-{}", row.item);
            let record = CrmRecord {
                id: id.clone(),
                owner: owner.to_owned(),
                created: self.now,
                modified: self.now,
                fields: row.fields.clone(),
            };
            locked(&self.made).insert(id.clone(), record);
            Ok(Written {
                id,
                modified: self.now,
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
