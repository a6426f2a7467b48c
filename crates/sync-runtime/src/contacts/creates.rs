//! Making items. Each goes through the outbox: the intent is committed before the call, the link after it, and where the
//! outcome is unknown the intent stays.

use std::collections::BTreeSet;

use sync_engine::hash::Base;
use sync_engine::identity::item_marker;
use sync_engine::link::{Link, LinkState, Side};
use sync_engine::merge::settled_base;
use sync_engine::project::{CrmView, Fields};

use super::outbox::Planned;
use super::run::Run;
use super::{ContactSync, Stop};
use crate::planted::{Bug, planted};
use crate::ports::{Crm, Failure, ItemFailure, Mailbox, NewItem, Service};
use crate::store::{Change, Store};

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    pub(super) async fn create(&self, creates: Vec<(Planned, Fields)>, run: &mut Run) -> Result<(), Stop> {
        if creates.is_empty() {
            return Ok(());
        }
        let links = creates
            .iter()
            .map(|(planned, fields)| Change::Link(self.scope, self.link_of(planned, None, fields)));
        if !planted(Bug::NoIntent) {
            self.intend(links.collect(), run).await?;
        }
        let items: Vec<NewItem> = creates
            .iter()
            .map(|(planned, fields)| NewItem {
                marker: item_marker(self.scope, &planned.crm_id),
                fields: fields.clone(),
            })
            .collect();
        let results = self.mailbox.create(&run.folder, &items).await;
        let (mut changes, mut first_failure) = (Vec::new(), None);
        for ((planned, sent), result) in creates.into_iter().zip(results) {
            match result {
                Ok(item) => {
                    run.state.initial.done += u64::from(planned.is_initial());
                    let held = if planted(Bug::BaseFromRequest) {
                        &sent
                    } else {
                        &item.fields
                    };
                    let link = self.link_of(&planned, Some(item.id), held);
                    changes.push(Change::Link(self.scope, link));
                    self.done(planned.crm_id, run, &mut changes);
                }
                // Stays an intent: looked up before it is tried again.
                Err(ItemFailure::MaybeDone(failure)) => {
                    first_failure.get_or_insert(failure);
                }
                Err(ItemFailure::NotDone(failure)) => {
                    changes.push(self.not_created(planned));
                    first_failure.get_or_insert(failure);
                }
                // Of an item to be made this can only mean the container: the next run looks where it is.
                Err(ItemFailure::Gone | ItemFailure::Changed) => {
                    changes.push(self.not_created(planned));
                    first_failure.get_or_insert(Failure::Transient {
                        service: Service::Office,
                        code: "containerGone".into(),
                    });
                }
                Err(
                    failure @ (ItemFailure::Refused { .. }
                    | ItemFailure::Exists { .. }
                    | ItemFailure::Locked { .. }),
                ) => {
                    let crm_id = planned.crm_id.clone();
                    changes.push(self.not_created(planned));
                    self.refused_by_office(crm_id, &failure, run, &mut changes);
                }
            }
        }
        self.finish(changes, run, first_failure).await
    }

    /// Commits what is about to be made. From now on it counts as written: whoever puts an older store back does not know
    /// of it.
    pub(super) async fn intend(&self, mut intents: Vec<Change>, run: &mut Run) -> Result<(), Stop> {
        run.state.last_change = Some(self.clock.now());
        intents.push(self.keep(&run.state));
        self.commit(intents).await
    }

    /// The link with the item that was made, or before that the intent: with what is about to be sent as its base, so
    /// that later edits on either side are still seen as such where the answer is lost.
    fn link_of(&self, planned: &Planned, office_id: Option<String>, item: &Fields) -> Link {
        let nothing = CrmView::default();
        let view = planned.view.as_ref().unwrap_or(&nothing);
        Link {
            crm_id: planned.crm_id.clone(),
            state: if office_id.is_some() {
                LinkState::Linked
            } else {
                LinkState::Intent
            },
            born: planned.link.as_ref().map_or(Side::Crm, |link| link.born),
            crm_modified: office_id.as_ref().and(planned.modified),
            base: settled_base(&Base::default(), view, item, &BTreeSet::new(), &self.terms()),
            gone_since: None,
            office_id,
        }
    }

    /// Back to what was known of it: nothing, or an item that is gone.
    fn not_created(&self, planned: Planned) -> Change {
        match planned.link {
            Some(link) => Change::Link(self.scope, link),
            None => Change::DropLink(self.scope, planned.crm_id),
        }
    }

    pub(super) fn refused_by_office(
        &self,
        crm_id: String,
        failure: &ItemFailure,
        run: &mut Run,
        changes: &mut Vec<Change>,
    ) {
        let reason = match failure {
            ItemFailure::Refused { code, .. } => {
                format!(
                    "Microsoft 365 refuses the contact ({code}): correct the record in the CRM; it is tried again after its next change"
                )
            }
            _ => format!(
                "the contact could not be written ({failure}); it is tried again after its next change"
            ),
        };
        self.wait_for_a_change(crm_id, reason, None, run, changes);
    }
}
