//! The contacts of one Zoho CRM organisation.

use std::sync::OnceLock;

use futures::StreamExt;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use sync_engine::import::Origin;
use sync_runtime::ports::{
    Crm, CrmRecord, CrmRow, DeletedRow, Failure, ItemFailure, Keyset, NewRecord, Page, RecordUpdate, Written,
};
use zoho_crm::{Change, Class, Head, Module, Query, RecordId, RowOutcome, UserId, Zoho};

use crate::crm_failure::{crm_failure, lacking, row_failure, write_failure};
use crate::lookup;

const MODULE: Module = Module::Contacts;

/// The largest page of a query: three credits for 2,000 rows (`research/zoho.md` §4).
const ROWS: u16 = 2_000;

/// How many updates are under way together: what the client lets through for the whole organisation.
const UPDATES_IN_FLIGHT: usize = 4;

/// The contacts of the organisation that the client's refresh token belongs to.
#[derive(Debug, Clone)]
pub struct ZohoContacts {
    zoho: Zoho,
}

impl ZohoContacts {
    /// The contacts behind `zoho`.
    #[must_use]
    pub fn new(zoho: Zoho) -> Self {
        Self { zoho }
    }

    async fn read(&self, ids: &[RecordId], fields: &[&str]) -> Result<Vec<CrmRecord>, Failure> {
        let wanted: Vec<&str> = fields.iter().copied().chain(Head::COLUMNS).collect();
        let rows = self.zoho.records(MODULE, ids, &wanted).await;
        let rows = rows.map_err(|error| crm_failure(&error))?;
        rows.into_iter().map(record).collect()
    }

    /// One row a call, as the condition is one of the whole call and nothing says that it is judged row by row. A
    /// failure that every further call would meet goes into `spoiled`, and nothing is sent once there is one.
    async fn update_one(
        &self,
        row: &RecordUpdate,
        spoiled: &OnceLock<ItemFailure>,
    ) -> Result<Written, ItemFailure> {
        if let Some(failure) = spoiled.get() {
            return Err(failure.clone());
        }
        let change = Change {
            id: RecordId::new(row.id.as_str()),
            fields: row.fields.clone(),
        };
        let unmodified_since = row.unmodified_since;
        match self
            .zoho
            .update_unmodified(MODULE, &change, unmodified_since)
            .await
        {
            Ok(outcome) => written(outcome),
            Err(error) => {
                let failure = write_failure(&error);
                let of_this_row = matches!(error.class(), Class::Invalid | Class::NotFound);
                if matches!(failure, ItemFailure::NotDone(_)) && !of_this_row {
                    spoiled.get_or_init(|| failure.clone());
                }
                Err(failure)
            }
        }
    }

    /// Zoho calls an id invalid for other reasons than its absence, such as a lock: only what cannot be read is gone.
    async fn prove_gone(&self, ids: &[RecordId], results: &mut [Result<(), ItemFailure>]) {
        let doubtful: Vec<usize> = (0..results.len())
            .filter(|nth| results[*nth] == Err(ItemFailure::Gone))
            .collect();
        if doubtful.is_empty() {
            return;
        }
        let asked: Vec<RecordId> = doubtful.iter().map(|nth| ids[*nth].clone()).collect();
        let there = self.read(&asked, &[]).await;
        for nth in doubtful {
            let holds = |found: &CrmRecord| found.id == ids[nth].as_str();
            let failure = match &there {
                Ok(there) if there.iter().any(holds) => {
                    let code = "INVALID_DATA for a record that is there".to_owned();
                    ItemFailure::Locked { code }
                }
                Ok(_) => ItemFailure::Gone,
                Err(failure) => ItemFailure::MaybeDone(failure.clone()),
            };
            results[nth] = Err(failure);
        }
    }

    async fn page(&self, query: Query) -> Result<Page, Failure> {
        let found = self
            .zoho
            .coql(&query.limit(ROWS))
            .await
            .map_err(|error| crm_failure(&error))?;
        let rows = found
            .rows
            .iter()
            .map(|row| {
                let head = Head::of(row).ok_or_else(headless)?;
                let owner = head.owner.ok_or_else(headless)?;
                Ok(CrmRow {
                    id: head.id.as_str().to_owned(),
                    owner: owner.as_str().to_owned(),
                    modified: head.modified_time,
                })
            })
            .collect::<Result<_, Failure>>()?;
        Ok(Page {
            rows,
            more: found.more_records,
        })
    }
}

fn headless() -> Failure {
    lacking("a row without id, owner or times")
}

fn record(row: Map<String, Json>) -> Result<CrmRecord, Failure> {
    let head = Head::of(&row).ok_or_else(headless)?;
    let (Some(owner), Some(created)) = (head.owner, head.created_time) else {
        return Err(headless());
    };
    Ok(CrmRecord {
        id: head.id.as_str().to_owned(),
        owner: owner.as_str().to_owned(),
        created,
        modified: head.modified_time,
        fields: row,
    })
}

/// Without its time a write is not known again when it comes back as a change.
fn written(outcome: RowOutcome) -> Result<Written, ItemFailure> {
    let written = outcome.map_err(|error| row_failure(&error))?;
    let modified = written.modified_time;
    let modified =
        modified.ok_or_else(|| ItemFailure::MaybeDone(lacking("a written row without its time")))?;
    Ok(Written {
        id: written.id.as_str().to_owned(),
        modified,
    })
}

/// The same failure for each of so many rows.
fn each<T>(failure: &ItemFailure, rows: usize) -> Vec<Result<T, ItemFailure>> {
    (0..rows).map(|_| Err(failure.clone())).collect()
}

fn record_ids(ids: &[String]) -> Vec<RecordId> {
    ids.iter().map(|id| RecordId::new(id.as_str())).collect()
}

fn keyset(after: &Keyset) -> zoho_crm::Keyset {
    zoho_crm::Keyset {
        modified_time: after.modified,
        id: RecordId::new(after.id.as_str()),
    }
}

impl Crm for ZohoContacts {
    async fn owned(&self, owner: &str, after: Option<&Keyset>) -> Result<Page, Failure> {
        let after = after.map(keyset);
        self.page(Query::latest_of_owner(
            MODULE,
            &UserId::new(owner),
            &Head::COLUMNS,
            after.as_ref(),
        ))
        .await
    }

    async fn changed(&self, since: Timestamp, after: Option<&Keyset>) -> Result<Page, Failure> {
        let query = match after {
            Some(last) => Query::changed_after(MODULE, &keyset(last), &Head::COLUMNS),
            None => Query::changed_since(MODULE, since, &Head::COLUMNS),
        };
        self.page(query).await
    }

    async fn newest_change(&self) -> Result<Option<Timestamp>, Failure> {
        let query = Query::select(MODULE, Head::COLUMNS)
            .filter(zoho_crm::Criterion::not_null("id"))
            .order_by("Modified_Time", zoho_crm::Order::Descending)
            .limit(1);
        let found = self
            .zoho
            .coql(&query)
            .await
            .map_err(|error| crm_failure(&error))?;
        found
            .rows
            .first()
            .map(|row| Head::of(row).map(|head| head.modified_time).ok_or_else(headless))
            .transpose()
    }

    async fn deleted(&self, since: Timestamp) -> Result<Vec<DeletedRow>, Failure> {
        let mut pages = self.zoho.deleted(MODULE, Some(since));
        let mut rows = Vec::new();
        while let Some(page) = pages.next().await.map_err(|error| crm_failure(&error))? {
            rows.extend(page.into_iter().map(|row| DeletedRow {
                id: row.id.as_str().to_owned(),
                deleted: row.deleted_time,
            }));
        }
        Ok(rows)
    }

    async fn records(&self, ids: &[String], fields: &[&str]) -> Result<Vec<CrmRecord>, Failure> {
        self.read(&record_ids(ids), fields).await
    }

    async fn origin(&self, id: &str) -> Result<Origin, Failure> {
        // Questions about origins are the bulk of a first sync's credits: the reserve is not theirs.
        let origin = self.zoho.bulk().origin(MODULE, &RecordId::new(id)).await;
        let origin = origin.map_err(|error| crm_failure(&error))?;
        let imported = origin.is_some_and(|origin| origin.is_untouched_import());
        Ok(if imported { Origin::Imported } else { Origin::Own })
    }

    async fn find(
        &self,
        owner: Option<&str>,
        field: &str,
        values: &[String],
        fields: &[&str],
    ) -> Result<Vec<CrmRecord>, Failure> {
        let user = owner.map(UserId::new);
        let ids = lookup::holders(&self.zoho, MODULE, user.as_ref(), field, values).await?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // Queries show lookups without their names, so the records are read as ever.
        let ids: Vec<RecordId> = ids.into_iter().collect();
        let mut found = self.read(&ids, fields).await?;
        found.retain(|record| owner.is_none_or(|owner| record.owner == owner));
        Ok(found)
    }

    async fn insert(&self, owner: &str, rows: &[NewRecord]) -> Vec<Result<Written, ItemFailure>> {
        let new: Vec<zoho_crm::NewRecord> = rows
            .iter()
            .map(|row| zoho_crm::NewRecord {
                owner: UserId::new(owner),
                fields: row.fields.clone(),
            })
            .collect();
        match self.zoho.insert(MODULE, &new).await {
            Ok(outcomes) => outcomes.into_iter().map(written).collect(),
            Err(error) => each(&write_failure(&error), rows.len()),
        }
    }

    async fn update(&self, rows: &[RecordUpdate]) -> Vec<Result<Written, ItemFailure>> {
        let spoiled = OnceLock::new();
        let calls: Vec<_> = rows.iter().map(|row| self.update_one(row, &spoiled)).collect();
        futures::stream::iter(calls)
            .buffered(UPDATES_IN_FLIGHT)
            .collect()
            .await
    }

    async fn delete(&self, ids: &[String]) -> Vec<Result<(), ItemFailure>> {
        let ids = record_ids(ids);
        let outcomes = match self.zoho.delete(MODULE, &ids).await {
            Ok(outcomes) => outcomes,
            Err(error) => return each(&write_failure(&error), ids.len()),
        };
        let mut results: Vec<Result<(), ItemFailure>> = outcomes
            .into_iter()
            .map(|outcome| outcome.map(|_| ()).map_err(|error| row_failure(&error)))
            .collect();
        self.prove_gone(&ids, &mut results).await;
        results
    }
}
