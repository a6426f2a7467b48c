//! What a chunk came to, sorted by who is to be called.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sync_engine::link::Link;
use sync_engine::merge::{Changes, Merge};
use sync_engine::office_field::OfficeField;
use sync_engine::plan::Op;
use sync_engine::project::{CrmView, Fields, Unfit};

use crate::ports::Item;
use crate::store::{Cause, Guarded};

/// One contact with what is to be done for it.
pub(super) struct Planned {
    pub(super) crm_id: String,
    pub(super) cause: Cause,
    pub(super) op: Op,
    pub(super) modified: Option<Timestamp>,
    /// The record seen through the mapping, where it could be seen.
    pub(super) view: Option<CrmView>,
    pub(super) link: Option<Link>,
    pub(super) item: Option<Item>,
    /// What the item's marker has to be, where it names a record that is gone.
    pub(super) marker: Option<String>,
    /// Fields that go to the CRM once the guard lets them.
    pub(super) later: BTreeSet<OfficeField>,
}

impl Planned {
    /// It came from the first listing.
    pub(super) fn is_initial(&self) -> bool {
        self.cause == Cause::Initial
    }

    /// What the guard watches in it.
    pub(super) fn guarded(&self) -> Option<Guarded> {
        match &self.op {
            Op::DeleteInOffice if self.modified.is_some() => Some(Guarded::HandOver),
            Op::DeleteInOffice => Some(Guarded::DeleteInOffice),
            Op::DeleteInCrm => Some(Guarded::DeleteInCrm),
            Op::Merge(merge) if !merge.to_crm.is_empty() => Some(Guarded::UpdateInCrm),
            _ => None,
        }
    }
}

/// A chunk's work.
#[derive(Default)]
pub(super) struct Outbox {
    pub(super) creates: Vec<(Planned, Fields)>,
    pub(super) merges: Vec<(Planned, Item, Merge)>,
    pub(super) removals: Vec<(Planned, Item)>,
    pub(super) inserts: Vec<(Planned, Item, Changes)>,
    pub(super) deletes: Vec<Planned>,
    pub(super) parks: Vec<(Planned, Unfit)>,
    /// Left to the guard.
    pub(super) held: Vec<(String, Guarded)>,
    /// Records that may be the other side of an item that waits for review, with the reason in words.
    pub(super) review: Vec<(String, String)>,
    pub(super) settled: Vec<Planned>,
    pub(super) dropped: Vec<String>,
    initial_places: u64,
}

impl Outbox {
    /// Nothing is to be done for this row of the queue.
    pub(super) fn drop_row(&mut self, crm_id: String) {
        self.dropped.push(crm_id);
    }

    /// How many records of this chunk count towards the cap of the first sync: those to be made, and those that were
    /// found by their markers after a lost store.
    pub(super) fn initial_places(&self) -> u64 {
        self.initial_places
    }

    pub(super) fn add(&mut self, mut planned: Planned) {
        let takes_a_place = planned.link.is_some() || matches!(planned.op, Op::CreateInOffice(_));
        self.initial_places += u64::from(planned.is_initial() && takes_a_place);
        match (
            std::mem::replace(&mut planned.op, Op::Nothing),
            planned.item.clone(),
        ) {
            (Op::CreateInOffice(fields), _) => self.creates.push((planned, fields)),
            (Op::Merge(merge), Some(item)) => self.merges.push((planned, item, merge)),
            (Op::Nothing, Some(item)) if planned.marker.is_some() => {
                self.merges.push((planned, item, Merge::default()));
            }
            (Op::DeleteInOffice, Some(item)) => self.removals.push((planned, item)),
            (Op::DeleteInCrm, _) => self.deletes.push(planned),
            (Op::Park(unfit), _) => self.parks.push((planned, unfit)),
            (op, _) => self.settled.push(Planned { op, ..planned }),
        }
    }
}
