//! One chunk of the queue: look at both sides, plan, and let through what may go out now.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use sync_engine::identity::item_marker;
use sync_engine::link::Side;
use sync_engine::merge::Times;
use sync_engine::plan::{CrmSide, OfficeSide, Op, Pair, plan};
use sync_engine::project::for_new_record;

use super::look::{Place, Seen};
use super::outbox::{Outbox, Planned};
use super::run::{Reach, Run};
use super::{ContactSync, Stop};
use crate::ports::{Crm, CrmRecord, Item, Mailbox};
use crate::store::{Cause, Change, Guarded, Queued, Store};

/// How many records are looked at together: what one read of the CRM brings.
const CHUNK: usize = 100;

/// How long an item has to be gone before its record is deleted: a listing or a look-up can miss it for a moment.
const GONE_FOR_LONG: SignedDuration = SignedDuration::from_mins(2);

/// The CRM's times are whole seconds: a second change within one does not show, and a write would run over it. A record
/// is written only once the second of its last change is over.
const SECOND_OVER: SignedDuration = SignedDuration::from_secs(2);

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Works on the next records of the queue; `false` if there are none for this run.
    pub(super) async fn work_queue(&self, run: &mut Run) -> Result<bool, Stop> {
        let rows = self.next_rows(run).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        if rows.iter().all(|row| row.cause == Cause::Initial)
            && run.state.initial.done >= self.policy.initial_cap
            && self.leave_the_rest_out(run).await?
        {
            return Ok(true);
        }
        self.watch(run).await?;
        let mut seen = self.look(&rows, run).await?;
        self.recall_unanswered(&rows, &mut seen, run).await?;
        let mut outbox = Outbox::default();
        for row in rows {
            self.sort(row, &seen, run, &mut outbox);
        }
        self.carry_out(outbox, run).await?;
        Ok(true)
    }

    async fn next_rows(&self, run: &mut Run) -> Result<Vec<Queued>, Stop> {
        let most = u32::try_from(CHUNK + run.put_offs()).unwrap_or(u32::MAX);
        let mut rows = Vec::new();
        for row in self.store.queue(self.scope, most).await? {
            if rows.len() < CHUNK && run.may_look(&row.crm_id) {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// Takes the records beyond the cap out of the queue; `false` if there are none. What is linked, as found by its
    /// marker after a lost store, stays in the queue: it needs its base.
    async fn leave_the_rest_out(&self, run: &mut Run) -> Result<bool, Stop> {
        let beyond = self.store.initial_unlinked(self.scope).await?;
        if beyond == 0 {
            return Ok(false);
        }
        run.state.initial.over_cap += beyond;
        self.commit(vec![Change::DequeueInitial(self.scope), self.keep(&run.state)])
            .await?;
        Ok(true)
    }

    /// Decides what becomes of one row of the queue.
    fn sort(&self, row: Queued, seen: &Seen, run: &mut Run, outbox: &mut Outbox) {
        let link = seen.links.get(&row.crm_id);
        let record = seen.records.get(&row.crm_id);
        let side = &seen.sides[&row.crm_id];
        if link.is_none() && self.stays_out(&row, side, seen, run, outbox) {
            return;
        }
        let place = link
            .and_then(|link| link.office_id.as_ref())
            .map(|id| seen.places.get(id));
        let item = match place.flatten() {
            Some(Place::Here(item)) => Some(item),
            _ => None,
        };
        let modified = record.map(|record| record.modified);
        let op = match place {
            // The record holds what it held, and the item was not read: only the time is news.
            Some(None) => Op::Nothing,
            place => {
                let office = match place.flatten() {
                    Some(Place::Here(item)) => OfficeSide::Present(item.fields.clone()),
                    Some(Place::Moved) => OfficeSide::Moved,
                    Some(Place::Gone) | None => OfficeSide::Gone,
                };
                let gone_since = link.and_then(|link| link.gone_since);
                let now = self.clock.now();
                let pair = Pair {
                    link,
                    crm: side,
                    office: &office,
                    times: Times {
                        crm: modified.unwrap_or(Timestamp::UNIX_EPOCH),
                        office: item.and_then(|item| item.modified),
                    },
                    gone_for_long: gone_since.is_some_and(|since| now.duration_since(since) >= GONE_FOR_LONG),
                };
                plan(pair, &self.rules())
            }
        };
        let planned = Planned {
            cause: row.cause,
            op,
            modified,
            view: match side {
                CrmSide::Owned(Ok(view)) => Some(view.clone()),
                _ => None,
            },
            marker: item.and_then(|item| self.right_marker(&row.crm_id, item)),
            link: link.cloned(),
            item: item.cloned(),
            later: BTreeSet::new(),
            crm_id: row.crm_id,
        };
        match run.reach {
            Reach::Both => self.admit(planned, record, run, outbox),
            Reach::CrmOnly => self.admit_to_crm(planned, run, outbox),
        }
    }

    /// Whether a record without a link gets none.
    fn stays_out(
        &self,
        row: &Queued,
        side: &CrmSide,
        seen: &Seen,
        run: &mut Run,
        outbox: &mut Outbox,
    ) -> bool {
        let initial = row.cause == Cause::Initial;
        let owned = matches!(side, CrmSide::Owned(_));
        let imported = seen.imported.contains(&row.crm_id);
        let places = run.state.initial.done + outbox.initial_places();
        let over_cap = initial && places >= self.policy.initial_cap;
        if run.reach == Reach::CrmOnly {
            outbox.dropped.push(row.crm_id.clone());
        } else if !owned || imported {
            run.state.initial.imported += u64::from(initial && owned);
            outbox.none_of_ours.push(row.crm_id.clone());
        } else if over_cap {
            run.state.initial.over_cap += 1;
            outbox.none_of_ours.push(row.crm_id.clone());
        } else {
            return false;
        }
        true
    }

    /// Lets through what may go out now.
    fn admit(&self, mut planned: Planned, record: Option<&CrmRecord>, run: &mut Run, outbox: &mut Outbox) {
        let is_new = planned.link.is_none() && matches!(planned.op, Op::CreateInOffice(_));
        if is_new && waits_for_review(record, run) {
            return outbox.review.push(planned.crm_id);
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
        let Some(operation) = planned.guarded() else {
            return outbox.add(planned);
        };
        if operation == Guarded::UpdateInCrm && self.may_change_unseen(&planned) {
            return run.put_off(&planned.crm_id);
        }
        if run.guard.lets_through(&planned.crm_id, operation) {
            return outbox.add(planned);
        }
        outbox.held.push((planned.crm_id.clone(), operation));
        if let Op::Merge(merge) = &mut planned.op
            && !merge.to_office.is_empty()
        {
            // The mailbox's part goes on; the base of the rest stays as it is.
            planned.later = std::mem::take(&mut merge.to_crm).into_keys().collect();
            outbox.add(planned);
        } else {
            outbox.dropped.push(planned.crm_id);
        }
    }

    /// In the last round only what goes to the CRM is done. What would go to the mailbox is left: the item then is no
    /// copy of its record, and stays where it differs.
    fn admit_to_crm(&self, mut planned: Planned, run: &mut Run, outbox: &mut Outbox) {
        match &mut planned.op {
            Op::Merge(merge) => {
                planned.later = std::mem::take(&mut merge.to_office).into_keys().collect();
                merge
                    .conflicts
                    .retain(|conflict| conflict.winner != Some(Side::Crm));
                planned.marker = None;
                if merge.is_empty() {
                    outbox.dropped.push(planned.crm_id);
                } else {
                    self.admit(planned, None, run, outbox);
                }
            }
            Op::CreateInOffice(_) | Op::DeleteInOffice | Op::DeleteInCrm | Op::LookAgain => {
                outbox.dropped.push(planned.crm_id);
            }
            _ => {
                planned.marker = None;
                self.admit(planned, None, run, outbox);
            }
        }
    }

    fn may_change_unseen(&self, planned: &Planned) -> bool {
        let age = planned
            .modified
            .map(|modified| self.clock.now().duration_since(modified));
        age.is_some_and(|age| age.abs() < SECOND_OVER)
    }

    /// The marker that an item should carry, if it carries another one of this sync: its record was made anew.
    fn right_marker(&self, crm_id: &str, item: &Item) -> Option<String> {
        let marked = self.record_of(item)?;
        (marked != crm_id && self.policy.direction.reaches_office()).then(|| item_marker(self.scope, crm_id))
    }
}

/// While items wait for review after a lost store, a record of that time may be the other side of one of them.
fn waits_for_review(record: Option<&CrmRecord>, run: &Run) -> bool {
    let since = run.state.recovering.filter(|_| run.state.reviewing);
    since.is_some_and(|since| record.is_some_and(|record| record.created <= since))
}
