//! One chunk of the queue: read both sides again, plan, carry out, commit.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt};
use sync_engine::import::{Origin, origin_by_times};
use sync_engine::link::{Link, LinkState};
use sync_engine::plan::{CrmSide, OfficeSide, plan_contact};
use sync_engine::project::{Fields, project};

use super::writes::{Outbox, Planned};
use super::{ContactSync, ImportedItems, Stop};
use crate::ports::{Crm, CrmRecord, Item, Mailbox};
use crate::store::{Cause, Change, Queued, ScopeState, Store};

/// How many records are looked at together: what one read of the CRM brings.
const CHUNK: u32 = 100;

/// How many questions about the origin are under way together.
const ORIGINS_IN_FLIGHT: usize = 4;

/// How many answers are committed together: a commit waits for the disk, and a crash costs this many credits.
const ORIGINS_TOGETHER: usize = 10;

/// What is known of a chunk's records before anything is written.
struct Seen {
    links: BTreeMap<String, Link>,
    records: BTreeMap<String, CrmRecord>,
    imported: BTreeSet<String>,
    items: BTreeMap<String, Item>,
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Works on the next records of the queue; `false` if it is empty.
    pub(super) async fn work_chunk(&self, folder: &str, state: &mut ScopeState) -> Result<bool, Stop> {
        let queued = self.store.queue(self.scope, CHUNK).await?;
        if queued.is_empty() {
            return Ok(false);
        }
        if queued.iter().all(|row| row.cause == Cause::Initial)
            && state.initial.done >= self.policy.initial_cap
            && self.leave_the_rest_out(state).await?
        {
            return Ok(true);
        }
        let seen = self.look(folder, &queued).await?;
        let mut outbox = Outbox::default();
        for row in queued {
            self.sort(row, &seen, state, &mut outbox);
        }
        self.carry_out(folder, outbox, state).await?;
        Ok(true)
    }

    /// Takes the records beyond the cap out of the queue; `false` if there are none. What is linked, as found by its
    /// marker after a lost store, stays in the queue: it needs its base.
    async fn leave_the_rest_out(&self, state: &mut ScopeState) -> Result<bool, Stop> {
        let beyond = self.store.initial_unlinked(self.scope).await?;
        if beyond == 0 {
            return Ok(false);
        }
        state.initial.over_cap += beyond;
        self.store
            .commit(vec![
                Change::DequeueInitial(self.scope),
                Change::Scope(self.scope, state.clone()),
            ])
            .await?;
        Ok(true)
    }

    async fn look(&self, folder: &str, queued: &[Queued]) -> Result<Seen, Stop> {
        let ids: Vec<String> = queued.iter().map(|row| row.crm_id.clone()).collect();
        let links: BTreeMap<_, _> = self
            .store
            .links(self.scope, &ids)
            .await?
            .into_iter()
            .map(|link| (link.crm_id.clone(), link))
            .collect();
        let records: BTreeMap<_, _> = self
            .crm
            .records(&ids, &self.mapping.crm_fields())
            .await?
            .into_iter()
            .map(|record| (record.id.clone(), record))
            .collect();
        let imported = self.imported(&links, &records).await?;
        let office_ids: Vec<String> = links
            .values()
            .filter(|link| link.state == LinkState::Linked)
            .filter_map(|link| link.office_id.clone())
            .collect();
        let items = if office_ids.is_empty() {
            BTreeMap::new()
        } else {
            let found = self.mailbox.read(folder, &office_ids).await?;
            found
                .into_iter()
                .flatten()
                .map(|item| (item.id.clone(), item))
                .collect()
        };
        Ok(Seen {
            links,
            records,
            imported,
            items,
        })
    }

    /// Which of the records that are not linked yet are imported. Answers are committed as they come: each cost
    /// a credit and never changes.
    async fn imported(
        &self,
        links: &BTreeMap<String, Link>,
        records: &BTreeMap<String, CrmRecord>,
    ) -> Result<BTreeSet<String>, Stop> {
        if self.policy.imported == ImportedItems::Include {
            return Ok(BTreeSet::new());
        }
        let unclear: Vec<String> = records
            .values()
            .filter(|record| record.owner == self.owner && !links.contains_key(&record.id))
            .filter(|record| origin_by_times(record.created, record.modified).is_none())
            .map(|record| record.id.clone())
            .collect();
        let organisation = self.feed.organisation();
        let known: BTreeMap<_, _> = self
            .store
            .origins(organisation, &unclear)
            .await?
            .into_iter()
            .collect();
        let mut imported: BTreeSet<String> = known
            .iter()
            .filter(|(_, imported)| **imported)
            .map(|(id, _)| id.clone())
            .collect();
        let questions: Vec<String> = unclear.into_iter().filter(|id| !known.contains_key(id)).collect();
        let mut answers = futures::stream::iter(questions)
            .map(|id| async move {
                let origin = self.crm.origin(&id).await?;
                Ok::<_, Stop>((id, origin == Origin::Imported))
            })
            .buffered(ORIGINS_IN_FLIGHT);
        let mut fresh = Vec::new();
        let failed = loop {
            match answers.try_next().await {
                Ok(Some((id, is_imported))) => {
                    fresh.push(Change::Origin(organisation.to_owned(), id.clone(), is_imported));
                    if is_imported {
                        imported.insert(id);
                    }
                }
                Ok(None) => break None,
                Err(stop) => break Some(stop),
            }
            if fresh.len() >= ORIGINS_TOGETHER {
                self.store.commit(std::mem::take(&mut fresh)).await?;
            }
        };
        self.store.commit(fresh).await?;
        if let Some(stop) = failed {
            return Err(stop);
        }
        Ok(imported)
    }

    /// Decides what becomes of one row of the queue.
    fn sort(&self, row: Queued, seen: &Seen, state: &mut ScopeState, outbox: &mut Outbox) {
        let link = seen.links.get(&row.crm_id);
        let record = seen.records.get(&row.crm_id);
        let crm = match record {
            Some(record) if record.owner == self.owner => {
                CrmSide::Owned(project(self.mapping, &record.fields))
            }
            Some(_) => CrmSide::OtherOwner,
            None if row.cause == Cause::Deleted => CrmSide::Deleted,
            // Not there, and not in the list of deleted records: a lost right, or a deletion whose entry is still
            // to come. Neither is evidence enough to touch the copy.
            None => return outbox.drop_row(row.crm_id),
        };
        let fresh = link.is_none() && matches!(crm, CrmSide::Owned(_));
        if fresh && seen.imported.contains(&row.crm_id) {
            state.initial.imported += u64::from(row.cause == Cause::Initial);
            return outbox.drop_row(row.crm_id);
        }
        let initial = row.cause == Cause::Initial;
        if fresh && initial && state.initial.done + outbox.initial_places() >= self.policy.initial_cap {
            state.initial.over_cap += 1;
            return outbox.drop_row(row.crm_id);
        }
        let item = link
            .and_then(|link| link.office_id.as_ref())
            .and_then(|id| seen.items.get(id));
        let office = item.map_or(OfficeSide::Gone, |item| OfficeSide::Present(item.fields.clone()));
        let op = plan_contact(
            link,
            &crm,
            &office,
            self.policy.deletes,
            self.mapping,
            self.hasher,
        );
        outbox.add(Planned {
            crm_id: row.crm_id,
            initial,
            op,
            modified: record.map(|record| record.modified),
            wanted: match crm {
                CrmSide::Owned(Ok(fields)) => fields,
                _ => Fields::new(),
            },
            link: link.cloned(),
            item: item.cloned(),
        });
    }
}
