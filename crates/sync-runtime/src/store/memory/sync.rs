//! The rows of one sync.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sync_engine::hash::Base;
use sync_engine::link::{CrmIntent, LinkState, Side};

use super::links::Links;
use super::organisation::Tallies;
use super::queue::{Queue, Strangers};
use crate::store::{Conflict, ConflictOutcome, Counts, Held, MOST_CONFLICTS, Parked, ScopeState, Stranger};

#[derive(Debug, Clone, Default)]
pub(super) struct SyncRows {
    pub(super) state: Option<ScopeState>,
    pub(super) links: Links,
    pub(super) queue: Queue,
    pub(super) strangers: Strangers,
    /// By item.
    pub(super) crm_intents: BTreeMap<String, CrmIntent>,
    pub(super) parked: BTreeMap<(Side, String), Parked>,
    /// By record.
    pub(super) held: BTreeMap<String, Held>,
    /// By record and field.
    conflicts: BTreeMap<(String, String), Conflict>,
    pub(super) tallies: Tallies,
}

impl SyncRows {
    pub(super) fn crm_intents_in_order(&self) -> impl Iterator<Item = &CrmIntent> {
        sorted_by(self.crm_intents.values(), |intent| intent.since)
    }

    pub(super) fn parked_in_order(&self) -> impl Iterator<Item = &Parked> {
        sorted_by(self.parked.values(), |parked| {
            (parked.since, &parked.id, parked.side)
        })
    }

    pub(super) fn conflicts_in_order(&self) -> impl Iterator<Item = &Conflict> {
        sorted_by(self.conflicts.values(), |conflict| {
            let ended = conflict.outcome != ConflictOutcome::Open;
            (ended, Reverse(conflict.at))
        })
    }

    /// Whether the sync has a link with this record, or has it parked.
    pub(super) fn knows(&self, crm_id: &str) -> bool {
        self.links.of_record(crm_id).is_some() || self.parked.contains_key(&(Side::Crm, crm_id.to_owned()))
    }

    pub(super) fn counts(&self) -> Counts {
        let linked = self.links.all().filter(|link| link.state == LinkState::Linked);
        let intents = self
            .links
            .intents()
            .filter(|link| !self.queue.contains(&link.crm_id));
        let crm_intents = self.crm_intents.keys().filter(|id| !self.strangers.contains(id));
        let pending = self.queue.len() + self.strangers.len() + intents.count() + crm_intents.count();
        let in_conflict: BTreeSet<_> = self.conflicts.keys().map(|(crm_id, _)| crm_id).collect();
        Counts {
            linked: linked.count() as u64,
            pending: pending as u64,
            parked: self.parked.len() as u64,
            conflicts: in_conflict.len() as u64,
            held: self.held.len() as u64,
        }
    }

    pub(super) fn drop_bases(&mut self) {
        self.links.drop_bases();
        for intent in self.crm_intents.values_mut() {
            intent.base = Base::default();
        }
    }

    pub(super) fn enqueue_all(&mut self) {
        let linked = self
            .links
            .all()
            .filter(|link| matches!(link.state, LinkState::Linked | LinkState::Detached))
            .map(|link| link.crm_id.clone());
        let (records, items): (Vec<&Parked>, Vec<&Parked>) = self
            .parked_in_order()
            .partition(|parked| parked.side == Side::Crm);
        let records: BTreeSet<String> = linked
            .chain(records.iter().map(|parked| parked.id.clone()))
            .collect();
        let items: Vec<String> = items.into_iter().map(|parked| parked.id.clone()).collect();
        for crm_id in records {
            self.queue.put_for_comparison(&crm_id);
        }
        for office_id in items {
            self.strangers.put(Stranger {
                office_id,
                review: false,
            });
        }
    }

    pub(super) fn dequeue_initial(&mut self) {
        let unlinked: Vec<String> = self
            .queue
            .initial()
            .filter(|id| self.links.of_record(id).is_none())
            .map(str::to_owned)
            .collect();
        for crm_id in unlinked {
            self.queue.remove(&crm_id);
        }
    }

    pub(super) fn put_crm_intent(&mut self, mut intent: CrmIntent) {
        intent.since = whole_second(intent.since);
        self.crm_intents.insert(intent.office_id.clone(), intent);
    }

    /// The first sighting's time stays while the reason does.
    pub(super) fn park(&mut self, mut parked: Parked) {
        parked.since = whole_second(parked.since);
        let key = (parked.side, parked.id.clone());
        if let Some(known) = self
            .parked
            .get(&key)
            .filter(|known| known.reason == parked.reason)
        {
            parked.since = known.since;
        }
        self.parked.insert(key, parked);
    }

    pub(super) fn hold(&mut self, held: Held) {
        let known = self.held.get(&held.crm_id);
        let trip = known
            .filter(|known| known.operation == held.operation)
            .and_then(|known| known.trip.clone());
        self.held.insert(held.crm_id.clone(), Held { trip, ..held });
    }

    pub(super) fn freeze(&mut self, trip: &str) {
        for held in self.held.values_mut() {
            held.trip.get_or_insert_with(|| trip.to_owned());
        }
    }

    pub(super) fn put_conflict(&mut self, mut conflict: Conflict) {
        conflict.at = whole_second(conflict.at);
        let key = (conflict.crm_id.clone(), conflict.field.clone());
        self.conflicts.insert(key, conflict);
        // One at most is beyond, as each was looked for when it came.
        let ended = || {
            let conflicts = self.conflicts.values();
            conflicts.filter(|conflict| conflict.outcome != ConflictOutcome::Open)
        };
        if ended().count() > usize::try_from(MOST_CONFLICTS).unwrap_or(usize::MAX) {
            let last =
                ended().max_by_key(|conflict| (Reverse(conflict.at), &conflict.crm_id, &conflict.field));
            if let Some(key) = last.map(|conflict| (conflict.crm_id.clone(), conflict.field.clone())) {
                self.conflicts.remove(&key);
            }
        }
    }

    pub(super) fn close_conflicts(&mut self, crm_id: &str, but: &[String]) {
        self.conflicts.retain(|(of, field), conflict| {
            of != crm_id || conflict.outcome != ConflictOutcome::Open || but.contains(field)
        });
    }
}

/// As precise as times are kept.
pub(super) fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// In the order of a key; where keys are equal, as given.
fn sorted_by<'a, T: 'a, K: Ord>(
    rows: impl Iterator<Item = &'a T>,
    key: impl Fn(&'a T) -> K,
) -> impl Iterator<Item = &'a T> {
    let mut rows: Vec<&T> = rows.collect();
    rows.sort_by_key(|row| key(row));
    rows.into_iter()
}
