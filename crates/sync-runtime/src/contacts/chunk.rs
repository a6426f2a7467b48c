//! One chunk of the queue: read both sides again, plan, carry out, commit.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use sync_engine::identity::{crm_id_of, item_marker};
use sync_engine::import::{Origin, origin_by_times};
use sync_engine::link::{Link, LinkState};
use sync_engine::merge::Times;
use sync_engine::plan::{CrmSide, Deletes, OfficeSide, Op, Pair, plan, unedited_record};
use sync_engine::project::{for_new_record, project};

use super::guard::Guard;
use super::outbox::{Outbox, Planned};
use super::{ContactSync, ImportedItems, Stop};
use crate::ports::{Crm, CrmRecord, Found, Item, Mailbox};
use crate::store::{Cause, Change, Guarded, Queued, ScopeState, Store};

/// How many records are looked at together: what one read of the CRM brings.
pub(super) const CHUNK: u32 = 100;

/// How many questions about the origin are under way together.
const ORIGINS_IN_FLIGHT: usize = 4;

/// How many answers are committed together: a commit waits for the disk, and a crash costs this many credits.
const ORIGINS_TOGETHER: usize = 10;

/// How long an item has to be gone before its record is deleted: a listing or a look-up can miss it for a moment.
const GONE_FOR_LONG: SignedDuration = SignedDuration::from_mins(2);

/// What is known of a chunk's records before anything is written.
struct Seen {
    links: BTreeMap<String, Link>,
    sides: BTreeMap<String, CrmSide>,
    records: BTreeMap<String, CrmRecord>,
    imported: BTreeSet<String>,
    items: BTreeMap<String, Place>,
}

/// Where an item is.
enum Place {
    Here(Item),
    Moved,
    Gone,
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Works on the next records of the queue; `false` if it is empty.
    pub(super) async fn work_queue(&self, folder: &str, state: &mut ScopeState) -> Result<bool, Stop> {
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
        let mut guard = self.guard(state).await?;
        self.work_rows(folder, queued, &mut guard, state).await?;
        Ok(true)
    }

    /// Works on these records.
    pub(super) async fn work_rows(
        &self,
        folder: &str,
        rows: Vec<Queued>,
        guard: &mut Guard,
        state: &mut ScopeState,
    ) -> Result<(), Stop> {
        let seen = self.look(folder, &rows).await?;
        let mut outbox = Outbox::default();
        for row in rows {
            self.sort(row, &seen, guard, state, &mut outbox);
        }
        self.carry_out(folder, outbox, guard, state).await
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
            .commit(vec![Change::DequeueInitial(self.scope), self.keep(state)])
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
        let sides: BTreeMap<_, _> = queued
            .iter()
            .map(|row| (row.crm_id.clone(), self.crm_side(row, records.get(&row.crm_id))))
            .collect();
        let imported = self.imported(&links, &records).await?;
        let needed = queued
            .iter()
            .filter_map(|row| {
                let link = links.get(&row.crm_id)?;
                let needed = row.item_too || self.needs_item(link, &sides[&row.crm_id]);
                link.office_id.clone().filter(|_| needed)
            })
            .collect();
        Ok(Seen {
            items: self.items(folder, needed).await?,
            links,
            sides,
            records,
            imported,
        })
    }

    fn crm_side(&self, row: &Queued, record: Option<&CrmRecord>) -> CrmSide {
        match record {
            Some(record) if record.owner == self.owner => {
                CrmSide::Owned(project(self.mapping, &record.fields))
            }
            Some(_) => CrmSide::OtherOwner,
            None if row.cause == Cause::Deleted => CrmSide::Deleted,
            None => CrmSide::Hidden,
        }
    }

    /// Whether the item has to be read: not where the record holds what it held when both sides last agreed, as after
    /// our own write or a change of what is not mapped.
    fn needs_item(&self, link: &Link, side: &CrmSide) -> bool {
        let CrmSide::Owned(Ok(view)) = side else {
            return true;
        };
        let has_base = |field| link.base.0.contains_key(&field) || view.withheld.contains(&field);
        link.state != LinkState::Linked
            || link.gone_since.is_some()
            || !self.mapping.rules().iter().all(|rule| has_base(rule.office))
            || !unedited_record(&link.base, view, self.hasher)
    }

    async fn items(&self, folder: &str, ids: Vec<String>) -> Result<BTreeMap<String, Place>, Stop> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        // Only where a deletion would reach the CRM does it matter whether an item was deleted or moved away.
        let tell = self.policy.direction.reaches_crm() && self.policy.deletes_to_crm == Deletes::Propagate;
        let mut folders: BTreeMap<String, bool> = BTreeMap::new();
        let mut items = BTreeMap::new();
        for (id, found) in ids.iter().zip(self.mailbox.read(folder, &ids).await?) {
            let place = match found {
                Found::Here(item) => Place::Here(item),
                Found::Elsewhere { folder } if tell => {
                    let is_one = match folders.get(&folder) {
                        Some(known) => *known,
                        // The deleted items are no contact folder.
                        None => self.mailbox.folder(&folder).await?.is_some(),
                    };
                    folders.insert(folder, is_one);
                    if is_one { Place::Moved } else { Place::Gone }
                }
                Found::Elsewhere { .. } | Found::Gone => Place::Gone,
            };
            items.insert(id.clone(), place);
        }
        Ok(items)
    }

    /// Which of the records that are not linked yet are imported. Answers are committed as they come: each cost
    /// a credit and never changes.
    async fn imported(
        &self,
        links: &BTreeMap<String, Link>,
        records: &BTreeMap<String, CrmRecord>,
    ) -> Result<BTreeSet<String>, Stop> {
        if self.policy.imported == ImportedItems::Include || !self.policy.direction.reaches_office() {
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
    fn sort(&self, row: Queued, seen: &Seen, guard: &mut Guard, state: &mut ScopeState, outbox: &mut Outbox) {
        let link = seen.links.get(&row.crm_id);
        let record = seen.records.get(&row.crm_id);
        let side = &seen.sides[&row.crm_id];
        if link.is_none() {
            if !matches!(side, CrmSide::Owned(_)) || seen.imported.contains(&row.crm_id) {
                let imported = matches!(side, CrmSide::Owned(_)) && row.cause == Cause::Initial;
                state.initial.imported += u64::from(imported);
                return outbox.drop_row(row.crm_id);
            }
            let places = state.initial.done + outbox.initial_places();
            if row.cause == Cause::Initial && places >= self.policy.initial_cap {
                state.initial.over_cap += 1;
                return outbox.drop_row(row.crm_id);
            }
        }
        let place = link
            .and_then(|link| link.office_id.as_ref())
            .map(|id| seen.items.get(id));
        if let Some(None) = place {
            // The record holds what it held, and the item was not read: only the time is news.
            return self.unchanged(row, link, record, outbox);
        }
        let (office, item) = match place.flatten() {
            Some(Place::Here(item)) => (OfficeSide::Present(item.fields.clone()), Some(item)),
            Some(Place::Moved) => (OfficeSide::Moved, None),
            Some(Place::Gone) | None => (OfficeSide::Gone, None),
        };
        let modified = record.map(|record| record.modified);
        let now = self.clock.now();
        let op = plan(
            Pair {
                link,
                crm: side,
                office: &office,
                times: Times {
                    crm: modified.unwrap_or(Timestamp::UNIX_EPOCH),
                    office: item.and_then(|item| item.modified),
                },
                gone_for_long: link
                    .and_then(|link| link.gone_since)
                    .is_some_and(|since| now.duration_since(since) >= GONE_FOR_LONG),
            },
            &self.rules(),
        );
        let planned = Planned {
            cause: row.cause,
            op,
            modified,
            view: match side {
                CrmSide::Owned(Ok(view)) => Some(view.clone()),
                _ => None,
            },
            marker: item.and_then(|item| self.stale_marker(&row.crm_id, item)),
            link: link.cloned(),
            item: item.cloned(),
            later: BTreeSet::new(),
            crm_id: row.crm_id,
        };
        self.admit(planned, record, guard, state, outbox);
    }

    fn unchanged(&self, row: Queued, link: Option<&Link>, record: Option<&CrmRecord>, outbox: &mut Outbox) {
        outbox.settled.push(Planned {
            crm_id: row.crm_id,
            cause: row.cause,
            op: Op::Nothing,
            modified: record.map(|record| record.modified),
            view: None,
            link: link.cloned(),
            item: None,
            marker: None,
            later: BTreeSet::new(),
        });
    }

    /// Lets through what the guard allows now.
    fn admit(
        &self,
        mut planned: Planned,
        record: Option<&CrmRecord>,
        guard: &mut Guard,
        state: &ScopeState,
        outbox: &mut Outbox,
    ) {
        let is_new = planned.link.is_none() && matches!(planned.op, Op::CreateInOffice(_));
        if is_new && self.waits_for_review(record, state) {
            let reason = "the operator's store was lost, and this may be one of the contacts of the mailbox that wait for review: make both equal, or set the annotation crmlink.dev/reenable to take it as new";
            let reason = reason.to_owned();
            outbox.review.push((planned.crm_id, reason));
            return;
        }
        if let (Op::CreateInCrm(fields), Some(item)) = (&planned.op, &planned.item) {
            match for_new_record(self.mapping, fields) {
                Ok(wanted) => {
                    let item = item.clone();
                    return outbox.inserts.push((planned, item, wanted));
                }
                Err(unfit) => planned.op = Op::Park(unfit),
            }
        }
        match planned.guarded() {
            Some(operation) if !guard.lets_through(&planned.crm_id, operation) => {
                if let Op::Merge(merge) = &mut planned.op
                    && !merge.to_office.is_empty()
                {
                    // The mailbox's part goes on; the base of the rest stays as it is.
                    let later = std::mem::take(&mut merge.to_crm);
                    planned.later = later.into_keys().collect();
                    outbox.held.push((planned.crm_id.clone(), Guarded::UpdateInCrm));
                    return outbox.add(planned);
                }
                outbox.held.push((planned.crm_id.clone(), operation));
                outbox.dropped.push(planned.crm_id);
            }
            _ => outbox.add(planned),
        }
    }

    /// While items wait for review after a lost store, a record of that time may be the other side of one of them.
    fn waits_for_review(&self, record: Option<&CrmRecord>, state: &ScopeState) -> bool {
        let since = state.recovering.filter(|_| state.reviewing);
        since.is_some_and(|since| record.is_some_and(|record| record.created <= since))
    }

    /// The marker that an item should carry, if it carries another one of this sync: its record was made anew.
    fn stale_marker(&self, crm_id: &str, item: &Item) -> Option<String> {
        let marked = item
            .marker
            .as_deref()
            .and_then(|marker| crm_id_of(self.scope, marker))?;
        (marked != crm_id && self.policy.direction.reaches_office()).then(|| item_marker(self.scope, crm_id))
    }
}
