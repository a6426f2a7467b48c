//! The contacts of one Zoho CRM organisation.

use jiff::Timestamp;
use sync_engine::import::Origin;
use sync_runtime::ports::{Crm, CrmRecord, CrmRow, DeletedRow, Failure, Keyset, Page, Service};
use zoho_crm::{Head, Module, Query, RecordId, UserId, Zoho};

use super::failure::crm_failure;

const MODULE: Module = Module::Contacts;

/// The largest page of a query: three credits for 2,000 rows (`research/zoho.md` §4).
const ROWS: u16 = 2_000;

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
                let head = Head::of(row).ok_or_else(unreadable)?;
                let owner = head.owner.ok_or_else(unreadable)?;
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

fn unreadable() -> Failure {
    Failure::Transient {
        service: Service::Crm,
        code: "a row without id, owner or times".to_owned(),
    }
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
            .map(|row| {
                Head::of(row)
                    .map(|head| head.modified_time)
                    .ok_or_else(unreadable)
            })
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
        let ids: Vec<RecordId> = ids.iter().map(|id| RecordId::new(id.as_str())).collect();
        let wanted: Vec<&str> = fields.iter().copied().chain(Head::COLUMNS).collect();
        let rows = self
            .zoho
            .records(MODULE, &ids, &wanted)
            .await
            .map_err(|error| crm_failure(&error))?;
        rows.into_iter()
            .map(|row| {
                let head = Head::of(&row).ok_or_else(unreadable)?;
                let (Some(owner), Some(created)) = (head.owner, head.created_time) else {
                    return Err(unreadable());
                };
                Ok(CrmRecord {
                    id: head.id.as_str().to_owned(),
                    owner: owner.as_str().to_owned(),
                    created,
                    modified: head.modified_time,
                    fields: row,
                })
            })
            .collect()
    }

    async fn origin(&self, id: &str) -> Result<Origin, Failure> {
        // Questions about origins are the bulk of a first sync's credits: the reserve is not theirs.
        let origin = self.zoho.bulk().origin(MODULE, &RecordId::new(id)).await;
        let origin = origin.map_err(|error| crm_failure(&error))?;
        let imported = origin.is_some_and(|origin| origin.is_untouched_import());
        Ok(if imported { Origin::Imported } else { Origin::Own })
    }
}
