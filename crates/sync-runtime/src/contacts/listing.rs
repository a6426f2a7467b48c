//! The first listing: which records the first sync is about, newest change first.

use super::{ContactSync, Stop};
use crate::ports::{Crm, Failure, Keyset, Mailbox, Service};
use crate::store::{Cause, Change, Queued, ScopeState, Store};

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Lists one page and puts its records into the queue, together with the place to go on from.
    pub(super) async fn list_page(&self, state: &mut ScopeState) -> Result<(), Stop> {
        if state.feed_position.is_none() {
            // Taken before the first page: a record that changes while the listing runs is in the news behind it.
            state.feed_position = Some(self.store.feed_end(self.feed.organisation()).await?);
        }
        let page = self
            .crm
            .owned(self.owner, state.initial.listed_to.as_ref())
            .await?;
        let last = page.rows.last().map(|row| Keyset {
            modified: row.modified,
            id: row.id.clone(),
        });
        if page.more && (last.is_none() || last == state.initial.listed_to) {
            return Err(Failure::Refused {
                service: Service::Crm,
                code: "the listing does not advance".into(),
            }
            .into());
        }
        state.initial.total += page.rows.len() as u64;
        state.initial.listed_to = last.or(state.initial.listed_to.take());
        state.initial.listed = !page.more;
        let mut changes: Vec<_> = page
            .rows
            .into_iter()
            .map(|row| {
                Change::Enqueue(
                    self.scope,
                    Queued {
                        crm_id: row.id,
                        cause: Cause::Initial,
                    },
                )
            })
            .collect();
        changes.push(Change::Scope(self.scope, state.clone()));
        self.store.commit(changes).await?;
        Ok(())
    }
}
