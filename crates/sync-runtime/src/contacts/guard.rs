//! The guard on mass changes (`design.md` §6.6). A few operations of a run go through at once; the others wait until the
//! whole run is known. More than the limits allow makes a trip: a frozen list that goes through only when somebody
//! approves its hash, each operation checked again. Everything else goes on.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::chunk::CHUNK;
use super::{ContactSync, Stop};
use crate::ports::{Crm, Mailbox};
use crate::store::{
    Cause, Change, Counted, Guarded, Held, Queued, RunCounts, ScopeState, Store, Tally, Trip,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What may go out.
pub(super) struct Guard {
    /// What was handed over earlier.
    held: BTreeMap<String, Held>,
    allows: Allows,
}

enum Allows {
    /// So many, until the whole run is known.
    Few { deletes: u64, updates: u64 },
    /// These, each as it was held.
    Listed(BTreeMap<String, Guarded>),
}

impl Guard {
    /// Whether an operation may go out now; it then counts.
    pub(super) fn lets_through(&mut self, crm_id: &str, operation: Guarded) -> bool {
        match &mut self.allows {
            Allows::Listed(listed) => listed.get(crm_id) == Some(&operation),
            Allows::Few { .. } if self.held.contains_key(crm_id) => false,
            Allows::Few { deletes, updates } => {
                let left = if operation == Guarded::UpdateInCrm {
                    updates
                } else {
                    deletes
                };
                let lets = *left > 0;
                *left = left.saturating_sub(1);
                lets
            }
        }
    }

    pub(super) fn holds(&self, crm_id: &str) -> bool {
        self.held.contains_key(crm_id)
    }
}

/// What was deleted in the last 24 hours.
struct Today {
    here: u64,
    in_tenant: u64,
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// The guard while a run goes on.
    pub(super) async fn guard(&self, state: &ScopeState) -> Result<Guard, Stop> {
        let limits = &self.policy.guard;
        let today = self.today().await?;
        let of_run = limits.deletes_per_run.saturating_sub(state.run.deletes);
        let deletes = of_run
            .min(limits.deletes_per_day.saturating_sub(today.here))
            .min(limits.tenant_deletes_per_day.saturating_sub(today.in_tenant));
        let updates = if state.initial.completed.is_some() {
            limits.updates_per_run.saturating_sub(state.run.updates)
        } else {
            u64::MAX
        };
        Ok(Guard {
            held: self.all_held().await?,
            allows: Allows::Few { deletes, updates },
        })
    }

    async fn all_held(&self) -> Result<BTreeMap<String, Held>, Stop> {
        let held = self.store.held(self.scope).await?;
        Ok(held.into_iter().map(|held| (held.crm_id.clone(), held)).collect())
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

    /// Judges what was held, now that the whole run is known; `true` if something went out and there may be more.
    pub(super) async fn judge(&self, folder: &str, state: &mut ScopeState) -> Result<bool, Stop> {
        let held: Vec<Held> = self.all_held().await?.into_values().collect();
        let (frozen, fresh): (Vec<_>, Vec<_>) = held.into_iter().partition(|held| held.trip.is_some());
        if let Some(trip) = state.trip.clone() {
            if frozen.is_empty() {
                state.trip = None;
                self.store.commit(vec![self.keep(state)]).await?;
            } else if self.policy.guard.approved.contains(&trip.hash) {
                self.release(folder, frozen, state).await?;
                return Ok(true);
            }
        }
        if fresh.is_empty() {
            if state.run != RunCounts::default() {
                state.run = RunCounts::default();
                self.store.commit(vec![self.keep(state)]).await?;
            }
            return Ok(false);
        }
        let verdict = self.verdict(&fresh, state).await?;
        let (passes, stays): (Vec<_>, Vec<_>) = fresh.into_iter().partition(|held| {
            if held.operation == Guarded::UpdateInCrm {
                !verdict.updates
            } else {
                !verdict.deletes
            }
        });
        if !passes.is_empty() {
            self.release(folder, passes, state).await?;
            return Ok(true);
        }
        // One list at a time waits for approval; what comes later waits for its turn.
        if state.trip.is_none() {
            self.freeze(&stays, verdict.by_tenant, state).await?;
        }
        Ok(false)
    }

    async fn verdict(&self, fresh: &[Held], state: &ScopeState) -> Result<Verdict, Stop> {
        let limits = &self.policy.guard;
        let updates = fresh
            .iter()
            .filter(|held| held.operation == Guarded::UpdateInCrm)
            .count() as u64;
        let deletes = fresh.len() as u64 - updates;
        let (run, today) = (state.run, self.today().await?);
        // Those that are gone already were linked when the run began.
        let linked = self.store.counts(self.scope).await?.linked + run.deletes;
        let most = |least: u64, percent: u64| least.max(linked.saturating_mul(percent) / 100);
        let here = run.deletes + deletes > most(limits.deletes_per_run, limits.deletes_percent)
            || today.here + deletes > limits.deletes_per_day;
        let by_tenant = today.in_tenant + deletes > limits.tenant_deletes_per_day;
        Ok(Verdict {
            deletes: deletes > 0 && (here || by_tenant),
            by_tenant: by_tenant && !here,
            updates: updates > 0
                && run.updates + updates > most(limits.updates_per_run, limits.updates_percent),
        })
    }

    async fn freeze(&self, held: &[Held], by_tenant: bool, state: &mut ScopeState) -> Result<(), Stop> {
        let at = self.clock.now();
        // Unlike any earlier trip of this sync, so that an old approval never fires again.
        let id = Uuid::new_v5(
            &Uuid::from_bytes(*self.scope.as_bytes()),
            at.to_string().as_bytes(),
        );
        let id = id.simple().to_string();
        state.trip = Some(Trip {
            hash: list_hash(&id, held),
            id: id.clone(),
            at,
            by_tenant,
        });
        self.store
            .commit(vec![Change::Freeze(self.scope, id), self.keep(state)])
            .await?;
        Ok(())
    }

    /// Lets these go out, each as it was held and no other: both sides are read and planned again.
    async fn release(&self, folder: &str, held: Vec<Held>, state: &mut ScopeState) -> Result<(), Stop> {
        for held in held.chunks(CHUNK as usize) {
            let rows = held.iter().map(|held| Queued {
                crm_id: held.crm_id.clone(),
                cause: if held.operation == Guarded::DeleteInOffice {
                    Cause::Deleted
                } else {
                    Cause::Changed
                },
                item_too: true,
            });
            let rows: Vec<Queued> = rows.collect();
            let mut guard = Guard {
                held: self.all_held().await?,
                allows: Allows::Listed(
                    held.iter()
                        .map(|held| (held.crm_id.clone(), held.operation))
                        .collect(),
                ),
            };
            self.work_rows(folder, rows, &mut guard, state).await?;
        }
        Ok(())
    }
}

/// Which kinds are more than the limits allow.
struct Verdict {
    deletes: bool,
    updates: bool,
    by_tenant: bool,
}

/// The hash that an approval names: over the trip and its operations, no values.
fn list_hash(trip: &str, held: &[Held]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(trip.as_bytes());
    for held in held {
        hasher.update(format!("\n{}|{:?}", held.crm_id, held.operation).as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}
