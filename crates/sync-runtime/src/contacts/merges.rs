//! Writing what a merge came to: first to the mailbox, then to the CRM. Each commits its own part of the base.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sync_engine::link::{Link, LinkState};
use sync_engine::merge::Merge;
use sync_engine::office_field::OfficeField;
use sync_engine::project::CrmView;

use super::outbox::Planned;
use super::run::Run;
use super::{ContactSync, Stop};
use crate::planted::{Bug, planted};
use crate::ports::{Crm, Item, ItemFailure, ItemUpdate, Mailbox};
use crate::store::{Change, Store};

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    pub(super) async fn merge(&self, merges: Vec<(Planned, Item, Merge)>, run: &mut Run) -> Result<(), Stop> {
        let (to_office, mut to_crm): (Vec<_>, Vec<_>) = merges
            .into_iter()
            .partition(|(planned, _, merge)| !merge.to_office.is_empty() || planned.marker.is_some());
        let calls: Vec<ItemUpdate> = to_office
            .iter()
            .map(|(planned, item, merge)| ItemUpdate {
                item: if planted(Bug::IgnoreIfMatch) {
                    Item {
                        etag: "*".to_owned(),
                        ..item.clone()
                    }
                } else {
                    item.clone()
                },
                changes: merge.to_office.clone(),
                marker: planned.marker.clone(),
            })
            .collect();
        let results = if calls.is_empty() {
            Vec::new()
        } else {
            self.mailbox.update(&run.folder, &calls).await
        };
        let (mut changes, mut first_failure) = (Vec::new(), None);
        for ((mut planned, _, merge), result) in to_office.into_iter().zip(results) {
            match result {
                Ok(item) => {
                    run.state.last_change = Some(self.clock.now());
                    let pending = pending(&planned, &merge, true);
                    changes.extend(self.settled(&mut planned, &item, None, &pending));
                    if merge.to_crm.is_empty() {
                        self.merged(planned, &merge, run, &mut changes);
                    } else {
                        to_crm.push((planned, item, merge));
                    }
                }
                // Stays in the queue: both sides are read again and planned anew.
                Err(ItemFailure::Gone | ItemFailure::Changed) => {}
                Err(ItemFailure::MaybeDone(failure) | ItemFailure::NotDone(failure)) => {
                    first_failure.get_or_insert(failure);
                }
                Err(
                    failure @ (ItemFailure::Refused { .. }
                    | ItemFailure::Exists { .. }
                    | ItemFailure::Locked { .. }),
                ) => {
                    self.refused_by_office(planned.crm_id, &failure, run, &mut changes);
                }
            }
        }
        self.finish(changes, run, first_failure).await?;
        self.update_records(to_crm, run).await
    }

    /// The link with what both sides are known to hold now.
    pub(super) fn settled(
        &self,
        planned: &mut Planned,
        item: &Item,
        modified: Option<Timestamp>,
        pending: &BTreeSet<OfficeField>,
    ) -> Option<Change> {
        let link = planned.link.take().filter(|_| !planted(Bug::NoEcho))?;
        let nothing = CrmView::default();
        let view = planned.view.as_ref().unwrap_or(&nothing);
        let link = Link {
            base: self.base(&link, view, &item.fields, pending),
            office_id: Some(item.id.clone()),
            state: LinkState::Linked,
            crm_modified: modified.or(planned.modified),
            gone_since: None,
            ..link
        };
        planned.link = Some(link.clone());
        Some(Change::Link(self.scope, link))
    }

    /// Both parts of a merge are written.
    pub(super) fn merged(&self, planned: Planned, merge: &Merge, run: &mut Run, changes: &mut Vec<Change>) {
        run.state.initial.done += u64::from(planned.is_initial());
        let open = merge.open().map(|field| field.name().to_owned()).collect();
        changes.push(Change::CloseConflicts(self.scope, planned.crm_id.clone(), open));
        if planned.later.is_empty() {
            self.done(planned.crm_id, run, changes);
        } else {
            // The guard has it, or the next sync.
            run.state.unanswered.remove(&planned.crm_id);
            changes.push(Change::Dequeue(self.scope, planned.crm_id));
        }
    }
}

/// The fields whose base stays as it is: still to be written, or undecided.
pub(super) fn pending(planned: &Planned, merge: &Merge, crm_is_to_come: bool) -> BTreeSet<OfficeField> {
    let mut pending: BTreeSet<OfficeField> = planned.later.iter().copied().chain(merge.open()).collect();
    if crm_is_to_come {
        pending.extend(merge.to_crm.keys());
    }
    pending
}
