//! A dry run: both sides are read and planned as ever, and every write is noted instead of made.

use jiff::Timestamp;
use sync_engine::link::Side;

use super::dry::{DryCrm, DryMailbox, Writes};
use super::{ContactSync, Outcome, Policy, Stop};
use crate::ports::{Crm, Mailbox};
use crate::store::{Scratch, Store};

/// One kind of write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlannedOperation {
    /// Removing.
    Delete,
    /// Changing.
    Update,
    /// Making.
    Create,
}

/// What a run would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Every write, by kind, side and the id of what is written; what is to be made is named by the other side's id.
    pub writes: Vec<(PlannedOperation, Side, String)>,
    /// How the run would end; `None` if it came to its deadline.
    pub outcome: Option<Outcome>,
}

impl Observed {
    /// How many writes there are of a kind on a side.
    #[must_use]
    pub fn count(&self, operation: PlannedOperation, side: Side) -> u64 {
        let of_kind = |write: &&(PlannedOperation, Side, String)| write.0 == operation && write.1 == side;
        self.writes.iter().filter(of_kind).count() as u64
    }

    /// Tells two plans apart: over kinds, sides and ids, no values.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (operation, side, id) in &self.writes {
            hasher.update(format!("{operation:?}|{side:?}|{id}\n").as_bytes());
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }
}

/// Plans what [`ContactSync::run`] would do and writes nothing: neither to a service nor of this sync to the store. What
/// the guard would hold is shown with the rest.
///
/// # Errors
/// As [`ContactSync::run`].
pub async fn observe<M: Mailbox, C: Crm, S: Store>(
    sync: &ContactSync<'_, M, C, S>,
    until: Timestamp,
) -> Result<Observed, Stop> {
    let writes = Writes::default();
    let store = Scratch::of(sync.store, sync.scope).await?;
    let mut policy: Policy = sync.policy.clone();
    policy.guard.deletes_per_run = u64::MAX;
    policy.guard.deletes_per_day = u64::MAX;
    policy.guard.tenant_deletes_per_day = u64::MAX;
    policy.guard.updates_per_run = u64::MAX;
    let state = sync.store.scope(sync.scope).await?;
    let trip = state.and_then(|state| state.trip);
    policy.guard.approved.extend(trip.map(|trip| trip.hash));
    let dry = ContactSync {
        scope: sync.scope,
        cluster: sync.cluster,
        owner: sync.owner,
        known_folder: sync.known_folder,
        known_removed: sync.known_removed,
        known_change: sync.known_change,
        reenable: sync.reenable,
        mailbox: &DryMailbox::new(sync.mailbox, &writes),
        crm: &DryCrm::new(sync.crm, &writes, sync.clock.now()),
        store: &store,
        clock: sync.clock,
        feed: sync.feed,
        hasher: sync.hasher,
        mapping: sync.mapping,
        policy: &policy,
    };
    let outcome = match dry.run(until).await? {
        Outcome::MoreWork => None,
        outcome => Some(outcome),
    };
    Ok(Observed {
        writes: writes.noted(),
        outcome,
    })
}
