//! Writes whose answer never came. What they wrote looks like an edit of the owner's, and would bring back what somebody
//! took back on the other side meanwhile. So what is about to be written is committed before the call, and is looked
//! for when the contact is looked at next.

use std::collections::BTreeMap;

use sync_engine::hash::{Base, FieldBase};
use sync_engine::merge::{Merge, applied};
use sync_engine::office_field::OfficeField;
use sync_engine::plan::CrmSide;

use super::look::{Place, Seen};
use super::merges::pending;
use super::outbox::Planned;
use super::run::Run;
use super::{ContactSync, Stop};
use crate::ports::{Crm, Item, Mailbox};
use crate::store::{Change, Queued, Store, Unanswered};

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Takes note of what merges are about to write; to be committed before the calls.
    pub(super) fn expect_answers(&self, merges: &[(Planned, Item, Merge)], run: &mut Run) {
        for (planned, item, merge) in merges {
            let (Some(link), Some(view)) = (&planned.link, &planned.view) else {
                continue;
            };
            if merge.to_office.is_empty() && merge.to_crm.is_empty() {
                continue;
            }
            let record = view.with(&merge.to_crm, self.mapping);
            let office = applied(&item.fields, &merge.to_office);
            let Base(after) = self.base(link, &record, &office, &pending(planned, merge, false));
            let of = |fields: &BTreeMap<OfficeField, _>| {
                let written = after.iter().filter(|(field, _)| fields.contains_key(field));
                Base(written.map(|(field, base)| (*field, *base)).collect())
            };
            let unanswered = Unanswered {
                to_office: of(&merge.to_office),
                to_crm: of(&merge.to_crm),
            };
            run.state.unanswered.insert(planned.crm_id.clone(), unanswered);
        }
    }

    /// Puts what arrived after all into the bases of a chunk's links.
    pub(super) async fn recall_unanswered(
        &self,
        rows: &[Queued],
        seen: &mut Seen,
        run: &mut Run,
    ) -> Result<(), Stop> {
        let before = run.state.unanswered.len();
        let mut changes = Vec::new();
        for Queued { crm_id, .. } in rows {
            let Some(unanswered) = run.state.unanswered.remove(crm_id) else {
                continue;
            };
            let Some(link) = seen.links.get_mut(crm_id) else {
                continue;
            };
            let hash = |field, value| self.hasher.field(field, value);
            let place = link.office_id.as_ref().and_then(|id| seen.places.get(id));
            if let Some(Place::Here(item)) = place {
                let arrived = |field, written: FieldBase| {
                    hash(field, item.fields.get(&field)).same_value(written.office)
                };
                take(&mut link.base, unanswered.to_office, arrived);
            }
            if let Some(CrmSide::Owned(Ok(view))) = seen.sides.get(crm_id) {
                let arrived =
                    |field, written: FieldBase| hash(field, view.fields.get(&field)).same_value(written.crm);
                take(&mut link.base, unanswered.to_crm, arrived);
            }
            changes.push(Change::Link(self.scope, link.clone()));
        }
        if run.state.unanswered.len() < before {
            changes.push(self.keep(&run.state));
        }
        self.commit(changes).await
    }
}

/// What arrived is what both sides agreed on last.
fn take(base: &mut Base, written: Base, arrived: impl Fn(OfficeField, FieldBase) -> bool) {
    let arrived = written
        .0
        .into_iter()
        .filter(|(field, base)| arrived(*field, *base));
    base.0.extend(arrived);
}
