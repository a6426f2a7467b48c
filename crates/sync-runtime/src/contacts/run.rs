//! What one run knows beyond the store.

use std::collections::{BTreeMap, BTreeSet};

use sync_engine::link::Side;

use super::container::Container;
use super::guard::Guard;
use super::review::is_review;
use super::{ContactSync, Stop};
use crate::ports::{Crm, Mailbox};
use crate::store::{ScopeState, Store};

/// How often a run looks at one contact: one that changes each time between reading and writing waits for the next run.
const MOST_LOOKS: u32 = 3;

/// Where a run may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Wherever the sync's direction leads.
    Both,
    /// Only to the CRM, and nothing is deleted there: the last round before a sync is switched off.
    CrmOnly,
}

/// One run.
pub(super) struct Run {
    /// The container.
    pub(super) folder: String,
    /// The folder that it lies in, which is the default one unless its owner moved it.
    pub(super) parent: String,
    pub(super) state: ScopeState,
    pub(super) guard: Guard,
    pub(super) reach: Reach,
    /// Records that were parked when the run began.
    parked: BTreeSet<String>,
    /// Items that were parked then, with whether they waited for review.
    parked_items: BTreeMap<String, bool>,
    /// The records in the CRM's list of deleted ones, once somebody had to know.
    pub(super) deleted: Option<BTreeSet<String>>,
    looks: BTreeMap<String, u32>,
}

impl Run {
    /// Counts a look at a contact; whether there may be one.
    pub(super) fn may_look(&mut self, crm_id: &str) -> bool {
        let looks = self.looks.entry(crm_id.to_owned()).or_default();
        *looks += 1;
        *looks <= MOST_LOOKS
    }

    /// The contact stays in the queue for the next run.
    pub(super) fn put_off(&mut self, crm_id: &str) {
        self.looks.insert(crm_id.to_owned(), MOST_LOOKS);
    }

    /// How many contacts may be in the queue that this run looks at no more, at most.
    pub(super) fn put_offs(&self) -> usize {
        self.looks.values().filter(|looks| **looks >= MOST_LOOKS).count()
    }

    /// Whether the record has to be looked at together with its item, whatever changed: what waits for something has to
    /// be judged by both.
    pub(super) fn waits(&self, crm_id: &str) -> bool {
        self.guard.holds(crm_id) || self.parked.contains(crm_id) || self.state.unanswered.contains_key(crm_id)
    }

    /// Whether an item waits, which no link knows.
    pub(super) fn is_parked_item(&self, office_id: &str) -> bool {
        self.parked_items.contains_key(office_id)
    }

    /// Whether it waits for review: whatever its owner does with it, no record is made for it.
    pub(super) fn is_reviewed(&self, office_id: &str) -> bool {
        self.parked_items.get(office_id) == Some(&true)
    }
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    pub(super) async fn begin(
        &self,
        container: &Container,
        state: ScopeState,
        reach: Reach,
    ) -> Result<Run, Stop> {
        let (mut parked, mut parked_items) = (BTreeSet::new(), BTreeMap::new());
        let waiting = self.store.parked(self.scope, u32::MAX).await?;
        self.look_at_waiting_again(&waiting).await?;
        for contact in waiting {
            match contact.side {
                Side::Crm => drop(parked.insert(contact.id)),
                Side::Office => drop(parked_items.insert(contact.id, is_review(&contact.reason))),
            }
        }
        Ok(Run {
            folder: container.folder.clone(),
            parent: container.parent.clone(),
            state,
            guard: Guard::new(self.store.held(self.scope).await?),
            reach,
            parked,
            parked_items,
            deleted: None,
            looks: BTreeMap::new(),
        })
    }
}
