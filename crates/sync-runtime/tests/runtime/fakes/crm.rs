//! A CRM in memory: small pages, whole seconds, a list of deleted records.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use ambient::{Clock, ManualClock};
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use sync_engine::import::Origin;
use sync_runtime::ports::{Crm, CrmRecord, CrmRow, DeletedRow, Failure, Keyset, Page, Service};

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

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) records: BTreeMap<String, Record>,
    deleted: Vec<(String, Timestamp)>,
    next: u64,
}

pub(crate) struct FakeCrm {
    faults: Arc<Faults>,
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

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock.now().as_second()).unwrap()
    }

    pub(crate) fn add(&self, owner: &str, fields: &[(&str, &str)]) -> String {
        self.insert(owner, fields, false)
    }

    pub(crate) fn import(&self, owner: &str, fields: &[(&str, &str)]) -> String {
        self.insert(owner, fields, true)
    }

    fn insert(&self, owner: &str, fields: &[(&str, &str)], imported: bool) -> String {
        let now = self.now();
        let mut state = self.state();
        state.next += 1;
        let id = format!("{:08}", state.next);
        let record = Record {
            owner: owner.to_owned(),
            created: now,
            modified: now,
            fields: fields
                .iter()
                .map(|(k, v)| ((*k).to_owned(), Json::from(*v)))
                .collect(),
            imported,
            hidden: false,
        };
        state.records.insert(id.clone(), record);
        id
    }

    /// `None` clears.
    pub(crate) fn edit(&self, id: &str, field: &str, value: Option<&str>) {
        let now = self.now();
        let mut state = self.state();
        let record = state.records.get_mut(id).unwrap();
        record
            .fields
            .insert(field.to_owned(), value.map_or(Json::Null, Json::from));
        record.modified = now;
    }

    pub(crate) fn touch(&self, id: &str) {
        self.edit(id, "Lead_Source", Some("touched"));
    }

    pub(crate) fn transfer(&self, id: &str, owner: &str) {
        self.touch(id);
        owner.clone_into(&mut self.state().records.get_mut(id).unwrap().owner);
    }

    pub(crate) fn hide(&self, id: &str, hidden: bool) {
        self.state().records.get_mut(id).unwrap().hidden = hidden;
    }

    pub(crate) fn delete(&self, id: &str) {
        let now = self.now();
        let mut state = self.state();
        state.records.remove(id).unwrap();
        state.deleted.push((id.to_owned(), now));
    }

    pub(crate) fn snapshot(&self) -> State {
        self.state().clone()
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
}

impl Crm for FakeCrm {
    async fn owned(&self, owner: &str, after: Option<&Keyset>) -> Result<Page, Failure> {
        let dies = self.faults.enter("owned", Service::Crm).await?;
        self.faults.leave(dies).await;
        let state = self.state();
        let mut rows: Vec<_> = state
            .records
            .iter()
            .filter(|(_, r)| r.owner == owner && !r.hidden)
            .collect();
        rows.sort_by_key(|(id, r)| std::cmp::Reverse((r.modified, (*id).clone())));
        Ok(self.page(rows, |id, r| {
            after.is_none_or(|a| (r.modified, id) < (a.modified, &a.id))
        }))
    }

    async fn changed(&self, since: Timestamp, after: Option<&Keyset>) -> Result<Page, Failure> {
        let dies = self.faults.enter("changed", Service::Crm).await?;
        self.faults.leave(dies).await;
        let state = self.state();
        let mut rows: Vec<_> = state
            .records
            .iter()
            .filter(|(_, r)| r.modified >= since && !r.hidden)
            .collect();
        rows.sort_by_key(|(id, r)| (r.modified, (*id).clone()));
        Ok(self.page(rows, |id, r| {
            after.is_none_or(|a| (r.modified, id) > (a.modified, &a.id))
        }))
    }

    async fn newest_change(&self) -> Result<Option<Timestamp>, Failure> {
        let dies = self.faults.enter("newest_change", Service::Crm).await?;
        self.faults.leave(dies).await;
        Ok(self
            .state()
            .records
            .values()
            .filter(|r| !r.hidden)
            .map(|r| r.modified)
            .max())
    }

    async fn deleted(&self, since: Timestamp) -> Result<Vec<DeletedRow>, Failure> {
        let dies = self.faults.enter("deleted", Service::Crm).await?;
        self.faults.leave(dies).await;
        let state = self.state();
        let rows = state.deleted.iter().filter(|(_, at)| *at >= since);
        Ok(rows
            .map(|(id, at)| DeletedRow {
                id: id.clone(),
                deleted: *at,
            })
            .collect())
    }

    async fn records(&self, ids: &[String], fields: &[&str]) -> Result<Vec<CrmRecord>, Failure> {
        assert!(
            !ids.is_empty() && ids.len() <= 100,
            "{} ids in one call",
            ids.len()
        );
        let dies = self.faults.enter("records", Service::Crm).await?;
        self.faults.leave(dies).await;
        let state = self.state();
        let found = ids
            .iter()
            .filter_map(|id| Some((id, state.records.get(id).filter(|r| !r.hidden)?)));
        let record = |(id, record): (&String, &Record)| CrmRecord {
            id: id.clone(),
            owner: record.owner.clone(),
            created: record.created,
            modified: record.modified,
            fields: fields
                .iter()
                .filter_map(|f| Some(((*f).to_owned(), record.fields.get(*f)?.clone())))
                .collect(),
        };
        Ok(found.map(record).collect())
    }

    async fn origin(&self, id: &str) -> Result<Origin, Failure> {
        let dies = self.faults.enter("origin", Service::Crm).await?;
        self.faults.leave(dies).await;
        let state = self.state();
        Ok(match state.records.get(id) {
            Some(record) if record.imported => Origin::Imported,
            _ => Origin::Own,
        })
    }
}
