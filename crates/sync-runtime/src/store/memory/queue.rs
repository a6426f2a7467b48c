//! What waits in an order: the queue of records, and the strangers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::store::{Cause, Queued, Stranger};

/// Changes before initial rows, each in order of arrival.
type Place = (bool, u64);

#[derive(Debug, Clone, Copy)]
struct Row {
    place: Place,
    deleted: bool,
    item_too: bool,
}

/// The queue of one sync.
#[derive(Debug, Clone, Default)]
pub(super) struct Queue {
    rows: BTreeMap<Arc<str>, Row>,
    order: BTreeMap<Place, Arc<str>>,
}

impl Queue {
    pub(super) fn in_order(&self) -> impl Iterator<Item = Queued> {
        self.order.iter().filter_map(|((initial, _), crm_id)| {
            let row = self.rows.get(crm_id)?;
            Some(Queued {
                crm_id: crm_id.to_string(),
                cause: match (initial, row.deleted) {
                    (_, true) => Cause::Deleted,
                    (true, false) => Cause::Initial,
                    (false, false) => Cause::Changed,
                },
                item_too: row.item_too,
            })
        })
    }

    /// The records of the initial rows.
    pub(super) fn initial(&self) -> impl Iterator<Item = &str> {
        self.order.range((true, 0)..).map(|(_, crm_id)| crm_id.as_ref())
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn contains(&self, crm_id: &str) -> bool {
        self.rows.contains_key(crm_id)
    }

    /// A row that the first listing finds counts as initial whatever else brought it, so that cap and counts of the
    /// first sync hold; that a record is deleted only news can say.
    pub(super) fn put(&mut self, queued: &Queued) {
        let initial = queued.cause == Cause::Initial;
        let crm_id: Arc<str> = queued.crm_id.as_str().into();
        let end = self.end(initial);
        let known = self.rows.get(&crm_id).copied();
        let row = match known {
            None => Row {
                place: end,
                deleted: queued.cause == Cause::Deleted,
                item_too: queued.item_too,
            },
            Some(row) => Row {
                place: if initial && !row.place.0 { end } else { row.place },
                deleted: if initial {
                    row.deleted
                } else {
                    queued.cause == Cause::Deleted
                },
                item_too: row.item_too || queued.item_too,
            },
        };
        if let Some(known) = known {
            self.order.remove(&known.place);
        }
        self.order.insert(row.place, Arc::clone(&crm_id));
        self.rows.insert(crm_id, row);
    }

    /// Behind other changes, to be looked at on both sides; what waits keeps its place and cause.
    pub(super) fn put_for_comparison(&mut self, crm_id: &str) {
        if let Some(row) = self.rows.get_mut(crm_id) {
            row.item_too = true;
            return;
        }
        self.put(&Queued {
            crm_id: crm_id.to_owned(),
            cause: Cause::Changed,
            item_too: true,
        });
    }

    pub(super) fn remove(&mut self, crm_id: &str) {
        if let Some(row) = self.rows.remove(crm_id) {
            self.order.remove(&row.place);
        }
    }

    fn end(&self, initial: bool) -> Place {
        let last = self.order.range((initial, 0)..=(initial, u64::MAX)).next_back();
        (initial, last.map_or(0, |((_, place), _)| place + 1))
    }
}

/// The strangers of one sync, in order of arrival.
#[derive(Debug, Clone, Default)]
pub(super) struct Strangers {
    rows: BTreeMap<Arc<str>, (u64, bool)>,
    order: BTreeMap<u64, Arc<str>>,
}

impl Strangers {
    pub(super) fn in_order(&self) -> impl Iterator<Item = Stranger> {
        self.order.values().filter_map(|office_id| {
            let (_, review) = *self.rows.get(office_id)?;
            Some(Stranger {
                office_id: office_id.to_string(),
                review,
            })
        })
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn contains(&self, office_id: &str) -> bool {
        self.rows.contains_key(office_id)
    }

    pub(super) fn put(&mut self, stranger: Stranger) {
        if let Some((_, review)) = self.rows.get_mut(stranger.office_id.as_str()) {
            *review |= stranger.review;
            return;
        }
        let office_id: Arc<str> = stranger.office_id.into();
        let place = self.order.last_key_value().map_or(0, |(place, _)| place + 1);
        self.order.insert(place, Arc::clone(&office_id));
        self.rows.insert(office_id, (place, stranger.review));
    }

    pub(super) fn remove(&mut self, office_id: &str) {
        if let Some((place, _)) = self.rows.remove(office_id) {
            self.order.remove(&place);
        }
    }
}
