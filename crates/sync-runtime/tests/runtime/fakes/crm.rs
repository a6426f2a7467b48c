//! A CRM in memory: small pages, whole seconds, a list of deleted records. What it holds, and reading it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use ambient::{Clock, ManualClock};
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use sync_engine::import::Origin;
use sync_runtime::ports::{
    Crm, CrmRecord, CrmRow, DeletedRow, Failure, ItemFailure, Keyset, NewRecord, Page, RecordUpdate, Service,
    Written,
};

use super::faults::Faults;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) owner: String,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) fields: Map<String, Json>,
    pub(crate) imported: bool,
    /// The connected user lost the right to see it.
    pub(crate) hidden: bool,
}

/// What was written through the port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CrmWrites {
    pub(crate) inserts: u64,
    pub(crate) updates: u64,
    /// Fields over all updates.
    pub(crate) updated_fields: u64,
    /// Updates that changed nothing.
    pub(crate) no_ops: u64,
    pub(crate) deletes: u64,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) records: BTreeMap<String, Record>,
    pub(super) deleted: Vec<(String, Timestamp)>,
    /// What deleted records held.
    pub(super) bin: BTreeMap<String, Record>,
    pub(super) next: u64,
    /// What the CRM enforces.
    pub(super) rules: Rules,
    pub(super) writes: CrmWrites,
    /// Somebody edits every record between reading and writing, so many times.
    pub(super) meddling: u64,
}

/// What the CRM enforces on writes, besides a last name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Rules {
    pub(super) unique: BTreeSet<String>,
    pub(super) lengths: BTreeMap<String, usize>,
    /// Fields in which it refuses texts that contain this.
    pub(super) refuses: BTreeMap<String, String>,
    /// Records that it does not let go.
    pub(super) locked: BTreeSet<String>,
}

pub(crate) struct FakeCrm {
    pub(super) faults: Arc<Faults>,
    clock: ManualClock,
    page: usize,
    state: Mutex<State>,
    stuck: Mutex<bool>,
}

impl FakeCrm {
    pub(crate) fn new(faults: Arc<Faults>, clock: ManualClock, page: usize) -> Self {
        Self {
            faults,
            clock,
            page,
            state: Mutex::default(),
            stuck: Mutex::default(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Listings ignore the place to go on from.
    pub(crate) fn gets_stuck(&self) {
        *self.stuck.lock().unwrap() = true;
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock.now().as_second()).unwrap()
    }

    fn page(&self, rows: Vec<(&String, &Record)>, after: impl Fn(&String, &Record) -> bool) -> Page {
        let stuck = *self.stuck.lock().unwrap();
        let mut rows = rows.into_iter().filter(|(id, r)| stuck || after(id, r));
        let page = rows.by_ref().take(self.page).map(|(id, record)| CrmRow {
            id: id.clone(),
            owner: record.owner.clone(),
            modified: record.modified,
        });
        let page: Vec<_> = page.collect();
        Page {
            rows: page,
            more: rows.next().is_some(),
        }
    }

    async fn call<T>(&self, name: &'static str, answer: impl FnOnce(&State) -> T) -> Result<T, Failure> {
        let dies = self.faults.enter(name, Service::Crm).await?;
        self.faults.leave(dies).await;
        Ok(answer(&self.state()))
    }
}

impl State {
    pub(crate) fn writes(&self) -> CrmWrites {
        self.writes
    }

    /// The records that the connected user may see.
    fn shown(&self) -> impl Iterator<Item = (&String, &Record)> {
        self.records.iter().filter(|(_, record)| !record.hidden)
    }
}

fn with_fields(id: &str, record: &Record, fields: &[&str]) -> CrmRecord {
    let of_field = |name: &&str| Some(((*name).to_owned(), record.fields.get(*name)?.clone()));
    CrmRecord {
        id: id.to_owned(),
        owner: record.owner.clone(),
        created: record.created,
        modified: record.modified,
        fields: fields.iter().filter_map(of_field).collect(),
    }
}

impl Crm for FakeCrm {
    async fn owned(&self, owner: &str, after: Option<&Keyset>) -> Result<Page, Failure> {
        self.call("owned", |state| {
            let mut rows: Vec<_> = state.shown().filter(|(_, r)| r.owner == owner).collect();
            rows.sort_by_key(|(id, r)| std::cmp::Reverse((r.modified, (*id).clone())));
            self.page(rows, |id, r| {
                after.is_none_or(|a| (r.modified, id) < (a.modified, &a.id))
            })
        })
        .await
    }

    async fn changed(&self, since: Timestamp, after: Option<&Keyset>) -> Result<Page, Failure> {
        self.call("changed", |state| {
            let mut rows: Vec<_> = state.shown().filter(|(_, r)| r.modified >= since).collect();
            rows.sort_by_key(|(id, r)| (r.modified, (*id).clone()));
            self.page(rows, |id, r| {
                after.is_none_or(|a| (r.modified, id) > (a.modified, &a.id))
            })
        })
        .await
    }

    async fn newest_change(&self) -> Result<Option<Timestamp>, Failure> {
        self.call("newest_change", |state| {
            state.shown().map(|(_, r)| r.modified).max()
        })
        .await
    }

    async fn deleted(&self, since: Timestamp) -> Result<Vec<DeletedRow>, Failure> {
        self.call("deleted", |state| {
            let rows = state.deleted.iter().filter(|(_, at)| *at >= since);
            let row = |(id, at): &(String, Timestamp)| DeletedRow {
                id: id.clone(),
                deleted: *at,
            };
            rows.map(row).collect()
        })
        .await
    }

    async fn records(&self, ids: &[String], fields: &[&str]) -> Result<Vec<CrmRecord>, Failure> {
        assert!(
            !ids.is_empty() && ids.len() <= 100,
            "{} ids in one call",
            ids.len()
        );
        assert!(
            ids.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_digit())),
            "{ids:?} are no ids"
        );
        self.call("records", |state| {
            let known = |id: &String| state.records.get(id).filter(|record| !record.hidden);
            let found = ids
                .iter()
                .filter_map(|id| Some(with_fields(id, known(id)?, fields)));
            found.collect()
        })
        .await
    }

    async fn origin(&self, id: &str) -> Result<Origin, Failure> {
        self.call("origin", |state| match state.records.get(id) {
            Some(record) if record.imported => Origin::Imported,
            _ => Origin::Own,
        })
        .await
    }

    async fn find(
        &self,
        owner: Option<&str>,
        field: &str,
        values: &[String],
        fields: &[&str],
    ) -> Result<Vec<CrmRecord>, Failure> {
        assert!(values.len() <= 50, "{} values in one call", values.len());
        // Without case, as queries compare.
        let wanted: BTreeSet<String> = values.iter().map(|value| value.to_lowercase()).collect();
        self.call("find record", |state| {
            let holds = |record: &Record| {
                let value = record.fields.get(field).and_then(Json::as_str);
                value.is_some_and(|value| wanted.contains(&value.to_lowercase()))
            };
            let found = state
                .shown()
                .filter(|(_, record)| owner.is_none_or(|owner| record.owner == owner) && holds(record));
            found
                .map(|(id, record)| with_fields(id, record, fields))
                .collect()
        })
        .await
    }

    async fn insert(&self, owner: &str, rows: &[NewRecord]) -> Vec<Result<Written, ItemFailure>> {
        assert!(!rows.is_empty() && rows.len() <= 100, "{} rows", rows.len());
        self.each("insert record", rows, |state, row, now| {
            state.insert(owner, row, now)
        })
        .await
    }

    async fn update(&self, rows: &[RecordUpdate]) -> Vec<Result<Written, ItemFailure>> {
        self.meddle();
        for row in rows {
            self.faults
                .note(format!("  we write {:?} of {}", row.fields, row.id));
        }
        self.each("update record", rows, super::crm_writes::update).await
    }

    async fn delete(&self, ids: &[String]) -> Vec<Result<(), ItemFailure>> {
        assert!(!ids.is_empty() && ids.len() <= 100, "{} ids", ids.len());
        self.each("delete record", ids, |state, id, now| state.delete(id, now))
            .await
    }
}
