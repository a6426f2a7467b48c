//! The store in memory: for simulations and dry runs. The same semantics as the file, no I/O, and always the same
//! order.

mod content;
mod links;
mod organisation;
mod queue;
mod sync;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sync_engine::identity::ScopeId;
use sync_engine::link::{CrmIntent, Link};

use self::content::Content;
use super::{
    Change, Conflict, Counted, Counts, FeedRow, FeedState, Held, Parked, Queued, ScopeState, Store,
    StoreError, Stranger, Tally,
};

/// The store in memory. Nothing outlives it.
#[derive(Debug, Default)]
pub struct MemoryStore {
    content: Mutex<Content>,
}

impl MemoryStore {
    /// A store of its own with the same content: what the last commit left, whatever comes after.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Self {
            content: Mutex::new(self.content().clone()),
        }
    }

    /// Takes over what another store holds.
    pub(super) fn replace_with(&self, other: Self) {
        *self.content() = other.content.into_inner().unwrap_or_else(PoisonError::into_inner);
    }

    /// Content is only ever replaced as a whole, so that a panic elsewhere leaves nothing half done.
    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As many as asked for.
fn first<T>(rows: impl Iterator<Item = T>, limit: u32) -> Vec<T> {
    rows.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect()
}

/// Ids that are asked for twice are answered once.
fn distinct(ids: &[String]) -> BTreeSet<&str> {
    ids.iter().map(String::as_str).collect()
}

impl Store for MemoryStore {
    async fn scope(&self, scope: ScopeId) -> Result<Option<ScopeState>, StoreError> {
        Ok(self.content().sync(scope).state.clone())
    }

    async fn links(&self, scope: ScopeId, crm_ids: &[String]) -> Result<Vec<Link>, StoreError> {
        let rows = self.content().sync(scope);
        let links = distinct(crm_ids)
            .into_iter()
            .filter_map(|id| rows.links.of_record(id));
        Ok(links.cloned().collect())
    }

    async fn links_of_items(&self, scope: ScopeId, office_ids: &[String]) -> Result<Vec<Link>, StoreError> {
        let rows = self.content().sync(scope);
        let links = distinct(office_ids)
            .into_iter()
            .filter_map(|id| rows.links.of_item(id));
        Ok(links.cloned().collect())
    }

    async fn all_links(&self, scope: ScopeId) -> Result<Vec<Link>, StoreError> {
        Ok(self.content().sync(scope).links.all().cloned().collect())
    }

    async fn intents(&self, scope: ScopeId, limit: u32) -> Result<Vec<Link>, StoreError> {
        Ok(first(self.content().sync(scope).links.intents().cloned(), limit))
    }

    async fn queue(&self, scope: ScopeId, limit: u32) -> Result<Vec<Queued>, StoreError> {
        Ok(first(self.content().sync(scope).queue.in_order(), limit))
    }

    async fn crm_intents(&self, scope: ScopeId, limit: u32) -> Result<Vec<CrmIntent>, StoreError> {
        Ok(first(
            self.content().sync(scope).crm_intents_in_order().cloned(),
            limit,
        ))
    }

    async fn strangers(&self, scope: ScopeId, limit: u32) -> Result<Vec<Stranger>, StoreError> {
        Ok(first(self.content().sync(scope).strangers.in_order(), limit))
    }

    async fn held(&self, scope: ScopeId) -> Result<Vec<Held>, StoreError> {
        Ok(self.content().sync(scope).held.values().cloned().collect())
    }

    async fn conflicts(&self, scope: ScopeId, limit: u32) -> Result<Vec<Conflict>, StoreError> {
        Ok(first(
            self.content().sync(scope).conflicts_in_order().cloned(),
            limit,
        ))
    }

    async fn tally(&self, of: Counted<'_>, what: Tally, since: Timestamp) -> Result<u64, StoreError> {
        let content = self.content();
        Ok(match of {
            Counted::Sync(scope) => content.sync(scope).tallies.sum(what, since),
            Counted::Organisation(organisation) => {
                content.organisation(organisation).tallies.sum(what, since)
            }
        })
    }

    async fn initial_queue(&self, scope: ScopeId) -> Result<u64, StoreError> {
        Ok(self.content().sync(scope).queue.initial().count() as u64)
    }

    async fn initial_unlinked(&self, scope: ScopeId) -> Result<u64, StoreError> {
        let rows = self.content().sync(scope);
        let unlinked = rows
            .queue
            .initial()
            .filter(|id| rows.links.of_record(id).is_none());
        Ok(unlinked.count() as u64)
    }

    async fn counts(&self, scope: ScopeId) -> Result<Counts, StoreError> {
        Ok(self.content().sync(scope).counts())
    }

    async fn parked(&self, scope: ScopeId, limit: u32) -> Result<Vec<Parked>, StoreError> {
        Ok(first(
            self.content().sync(scope).parked_in_order().cloned(),
            limit,
        ))
    }

    async fn origins(
        &self,
        organisation: &str,
        crm_ids: &[String],
    ) -> Result<Vec<(String, bool)>, StoreError> {
        let rows = self.content().organisation(organisation);
        let known = distinct(crm_ids).into_iter().filter_map(|id| {
            let imported = *rows.origins.get(id)?;
            Some((id.to_owned(), imported))
        });
        Ok(known.collect())
    }

    async fn feed(&self, organisation: &str) -> Result<Option<FeedState>, StoreError> {
        Ok(self.content().organisation(organisation).feed.clone())
    }

    async fn feed_end(&self, organisation: &str) -> Result<i64, StoreError> {
        Ok(self.content().organisation(organisation).news.end())
    }

    async fn news_for(
        &self,
        organisation: &str,
        scope: ScopeId,
        owner: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<FeedRow>, StoreError> {
        let content = self.content();
        let (rows, sync) = (content.organisation(organisation), content.sync(scope));
        let news = rows
            .news
            .after(after)
            .filter(|row| row.owner.as_deref() == Some(owner) || sync.knows(&row.crm_id));
        Ok(first(news.cloned(), limit))
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let mut content = self.content();
        let mut next = content.clone();
        for change in changes {
            next.apply(change)?;
        }
        *content = next;
        Ok(())
    }
}
