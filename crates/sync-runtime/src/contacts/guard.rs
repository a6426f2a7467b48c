//! The guard on mass changes (`design.md` §6.6). A few operations of a run go through at once; the others wait until the
//! whole run is known. More than the limits allow makes a trip: a frozen list that goes through only when somebody
//! approves its hash, each operation checked again. Everything else goes on.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::run::{Reach, Run};
use super::{ContactSync, Stop};
use crate::ports::{Crm, Mailbox};
use crate::store::{Cause, Change, Counted, Guarded, Held, RunCounts, Store, Tally, Trip};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What may go out.
pub(super) struct Guard {
    /// What waits, by record.
    held: BTreeMap<String, Held>,
    /// What this run may do of it, and no other operation.
    released: BTreeMap<String, Release>,
    /// How much else may go out before the whole run is known.
    deletes: u64,
    updates: u64,
}

struct Release {
    operation: Guarded,
    approved: bool,
}

impl Guard {
    pub(super) fn new(held: Vec<Held>) -> Self {
        Self {
            held: held.into_iter().map(|held| (held.crm_id.clone(), held)).collect(),
            released: BTreeMap::new(),
            deletes: 0,
            updates: 0,
        }
    }

    /// Whether an operation may go out now; it then counts.
    pub(super) fn lets_through(&mut self, crm_id: &str, operation: Guarded) -> bool {
        if let Some(release) = self.released.get(crm_id) {
            return release.operation == operation;
        }
        if self.holds(crm_id) {
            return false;
        }
        let left = match operation {
            Guarded::UpdateInCrm => &mut self.updates,
            Guarded::DeleteInOffice | Guarded::HandOver | Guarded::DeleteInCrm => &mut self.deletes,
        };
        let lets = *left > 0;
        *left = left.saturating_sub(1);
        lets
    }

    pub(super) fn holds(&self, crm_id: &str) -> bool {
        self.held.contains_key(crm_id)
    }

    pub(super) fn is_approved(&self, crm_id: &str) -> bool {
        self.released.get(crm_id).is_some_and(|release| release.approved)
    }

    /// As the store does it: what is on a frozen list stays there as long as it is the same.
    pub(super) fn hold(&mut self, held: Held) {
        let known = self.held.get(&held.crm_id);
        let trip = known
            .filter(|known| known.operation == held.operation)
            .and_then(|known| known.trip.clone());
        self.held.insert(held.crm_id.clone(), Held { trip, ..held });
    }

    /// Whether there was anything to take back.
    pub(super) fn unhold(&mut self, crm_id: &str) -> bool {
        self.held.remove(crm_id).is_some()
    }

    /// What waits on a list, or on none, and was not let through in this run yet.
    fn waiting(&self, on_a_list: bool) -> Vec<Held> {
        let waits =
            |held: &&Held| held.trip.is_some() == on_a_list && !self.released.contains_key(&held.crm_id);
        self.held.values().filter(waits).cloned().collect()
    }
}

/// What was deleted in the last 24 hours.
struct Today {
    here: u64,
    in_tenant: u64,
}

/// Which kinds are more than the limits allow.
struct Verdict {
    deletes: bool,
    updates: bool,
    by_tenant: bool,
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Sees how much may go out before the whole run is known.
    pub(super) async fn watch(&self, run: &mut Run) -> Result<(), Stop> {
        let limits = &self.policy.guard;
        let today = self.today().await?;
        let of_run = limits.deletes_per_run.saturating_sub(run.state.run.deletes);
        run.guard.deletes = of_run
            .min(limits.deletes_per_day.saturating_sub(today.here))
            .min(limits.tenant_deletes_per_day.saturating_sub(today.in_tenant));
        run.guard.updates = if run.state.initial.completed.is_some() {
            limits.updates_per_run.saturating_sub(run.state.run.updates)
        } else {
            u64::MAX
        };
        Ok(())
    }

    async fn today(&self) -> Result<Today, Stop> {
        let since = self.clock.now().saturating_sub(DAY).unwrap_or(Timestamp::MIN);
        let organisation = Counted::Organisation(self.feed.organisation());
        Ok(Today {
            here: self
                .store
                .tally(Counted::Sync(self.scope), Tally::Deletes, since)
                .await?,
            in_tenant: self.store.tally(organisation, Tally::Deletes, since).await?,
        })
    }

    /// Judges what was held, now that the whole run is known; `true` if something was let through into the queue.
    pub(super) async fn judge(&self, run: &mut Run) -> Result<bool, Stop> {
        if let Some(trip) = run.state.trip.clone() {
            let approved = self.policy.guard.approved.contains(&trip.hash);
            let frozen = run.guard.waiting(true);
            if !run.guard.held.values().any(|held| held.trip.is_some()) {
                run.state.trip = None;
                self.commit(vec![self.keep(&run.state)]).await?;
            } else if approved && self.release(frozen, true, run).await? {
                return Ok(true);
            }
        }
        let fresh = run.guard.waiting(false);
        if fresh.is_empty() {
            if run.state.run != RunCounts::default() {
                run.state.run = RunCounts::default();
                self.commit(vec![self.keep(&run.state)]).await?;
            }
            return Ok(false);
        }
        let verdict = self.verdict(&fresh, run).await?;
        let passes = fresh.into_iter().filter(|held| match held.operation {
            Guarded::UpdateInCrm => !verdict.updates,
            Guarded::DeleteInOffice | Guarded::HandOver | Guarded::DeleteInCrm => !verdict.deletes,
        });
        if self.release(passes.collect(), false, run).await? {
            return Ok(true);
        }
        // One list at a time waits for approval; what comes later waits for its turn.
        if run.state.trip.is_none() && run.reach == Reach::Both {
            self.freeze(verdict.by_tenant, run).await?;
        }
        Ok(false)
    }

    async fn verdict(&self, fresh: &[Held], run: &Run) -> Result<Verdict, Stop> {
        let limits = &self.policy.guard;
        let updates = fresh
            .iter()
            .filter(|held| held.operation == Guarded::UpdateInCrm)
            .count() as u64;
        let deletes = fresh.len() as u64 - updates;
        let (done, today) = (run.state.run, self.today().await?);
        // Those that are gone already were linked when the run began.
        let linked = self.store.counts(self.scope).await?.linked + done.deletes;
        let most = |least: u64, percent: u64| least.max(linked.saturating_mul(percent) / 100);
        let here = done.deletes + deletes > most(limits.deletes_per_run, limits.deletes_percent)
            || today.here + deletes > limits.deletes_per_day;
        let by_tenant = today.in_tenant + deletes > limits.tenant_deletes_per_day;
        Ok(Verdict {
            deletes: deletes > 0 && (here || by_tenant),
            by_tenant: by_tenant && !here,
            updates: updates > 0
                && done.updates + updates > most(limits.updates_per_run, limits.updates_percent),
        })
    }

    /// Freezes all that is on no list.
    async fn freeze(&self, by_tenant: bool, run: &mut Run) -> Result<(), Stop> {
        let at = self.clock.now();
        // Unlike any earlier trip of this sync, so that an old approval never fires again.
        let id = Uuid::new_v5(
            &Uuid::from_bytes(*self.scope.as_bytes()),
            at.to_string().as_bytes(),
        );
        let id = id.simple().to_string();
        let list = run.guard.held.values().filter(|held| held.trip.is_none());
        run.state.trip = Some(Trip {
            hash: list_hash(&id, list),
            id: id.clone(),
            at,
            by_tenant,
        });
        self.commit(vec![Change::Freeze(self.scope, id), self.keep(&run.state)])
            .await
    }

    /// Puts these into the queue to go out, each as it was held and no other: both sides are read and planned again.
    /// `false` if there are none.
    async fn release(&self, mut held: Vec<Held>, approved: bool, run: &mut Run) -> Result<bool, Stop> {
        if run.reach == Reach::CrmOnly {
            held.retain(|held| held.operation == Guarded::UpdateInCrm);
        }
        if held.is_empty() {
            return Ok(false);
        }
        let mut changes = Vec::new();
        for held in held {
            let cause = if held.operation == Guarded::DeleteInOffice {
                Cause::Deleted
            } else {
                Cause::Changed
            };
            changes.push(self.enqueue(held.crm_id.clone(), cause, true));
            let release = Release {
                operation: held.operation,
                approved,
            };
            run.guard.released.insert(held.crm_id, release);
        }
        self.commit(changes).await?;
        Ok(true)
    }
}

/// The hash that an approval names: over the trip and its operations, no values.
fn list_hash<'a>(trip: &str, list: impl Iterator<Item = &'a Held>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(trip.as_bytes());
    for held in list {
        hasher.update(format!("\n{}|{:?}", held.crm_id, held.operation).as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}
