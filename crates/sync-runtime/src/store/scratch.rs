//! A store for a dry run of one sync: it starts with what the real store holds, and leaves no trace of the sync there.

use jiff::Timestamp;
use sync_engine::identity::ScopeId;
use sync_engine::link::{CrmIntent, Link};

use super::{
    Cause, Change, Conflict, Counted, Counts, FeedRow, FeedState, Held, MemoryStore, Parked, Queued,
    ScopeState, Store, StoreError, Stranger, Tally,
};

/// A copy of one sync over a real store.
///
/// What belongs to a sync is written to the copy alone. Origins, news and the feed's place are facts about the CRM,
/// true whoever asks: they are read from the real store and written to it, together and once the copy has taken the
/// rest of the commit. News are routed by the links of the real store. Counts over time are those of the real
/// store, whatever is added: a dry run deletes nothing.
#[derive(Debug)]
pub struct Scratch<'a, S> {
    real: &'a S,
    copy: MemoryStore,
}

impl<'a, S: Store> Scratch<'a, S> {
    /// Copies what the real store holds of a sync.
    ///
    /// # Errors
    /// If the real store does not answer.
    pub async fn of(real: &'a S, scope: ScopeId) -> Result<Self, StoreError> {
        let copy = MemoryStore::default();
        let mut changes = Vec::new();
        if let Some(state) = real.scope(scope).await? {
            changes.push(Change::Scope(scope, state));
        }
        let links = real.all_links(scope).await?;
        changes.extend(links.into_iter().map(|link| Change::Link(scope, link)));
        changes.extend(queue(real, scope).await?);
        let strangers = real.strangers(scope, u32::MAX).await?;
        changes.extend(strangers.into_iter().map(|row| Change::Stranger(scope, row)));
        let intents = real.crm_intents(scope, u32::MAX).await?;
        changes.extend(intents.into_iter().map(|row| Change::CrmIntent(scope, row)));
        let parked = real.parked(scope, u32::MAX).await?;
        changes.extend(parked.into_iter().map(|row| Change::Park(scope, row)));
        changes.extend(held(real, scope).await?);
        let conflicts = real.conflicts(scope, u32::MAX).await?;
        changes.extend(conflicts.into_iter().map(|row| Change::Conflict(scope, row)));
        copy.commit(changes).await?;
        Ok(Self { real, copy })
    }
}

/// The queue as it is. The initial rows are its last ones; those that are deleted besides do not show as initial.
async fn queue(real: &impl Store, scope: ScopeId) -> Result<Vec<Change>, StoreError> {
    let rows = real.queue(scope, u32::MAX).await?;
    let initial = usize::try_from(real.initial_queue(scope).await?).unwrap_or(usize::MAX);
    let first_initial = rows.len().saturating_sub(initial);
    let mut changes = Vec::new();
    for (place, row) in rows.into_iter().enumerate() {
        if place >= first_initial && row.cause == Cause::Deleted {
            let cause = Cause::Initial;
            changes.push(Change::Enqueue(scope, Queued { cause, ..row.clone() }));
        }
        changes.push(Change::Enqueue(scope, row));
    }
    Ok(changes)
}

/// The held operations, list by list, as only freezing puts one on a list.
async fn held(real: &impl Store, scope: ScopeId) -> Result<Vec<Change>, StoreError> {
    let mut rows = real.held(scope).await?;
    rows.sort_by(|a, b| b.trip.cmp(&a.trip));
    let mut changes = Vec::new();
    for list in rows.chunk_by(|a, b| a.trip == b.trip) {
        changes.extend(list.iter().map(|row| Change::Hold(scope, row.clone())));
        let trip = list.first().and_then(|row| row.trip.clone());
        changes.extend(trip.map(|trip| Change::Freeze(scope, trip)));
    }
    Ok(changes)
}

impl<S: Store> Store for Scratch<'_, S> {
    async fn scope(&self, scope: ScopeId) -> Result<Option<ScopeState>, StoreError> {
        self.copy.scope(scope).await
    }

    async fn links(&self, scope: ScopeId, crm_ids: &[String]) -> Result<Vec<Link>, StoreError> {
        self.copy.links(scope, crm_ids).await
    }

    async fn links_of_items(&self, scope: ScopeId, office_ids: &[String]) -> Result<Vec<Link>, StoreError> {
        self.copy.links_of_items(scope, office_ids).await
    }

    async fn all_links(&self, scope: ScopeId) -> Result<Vec<Link>, StoreError> {
        self.copy.all_links(scope).await
    }

    async fn intents(&self, scope: ScopeId, limit: u32) -> Result<Vec<Link>, StoreError> {
        self.copy.intents(scope, limit).await
    }

    async fn queue(&self, scope: ScopeId, limit: u32) -> Result<Vec<Queued>, StoreError> {
        self.copy.queue(scope, limit).await
    }

    async fn crm_intents(&self, scope: ScopeId, limit: u32) -> Result<Vec<CrmIntent>, StoreError> {
        self.copy.crm_intents(scope, limit).await
    }

    async fn strangers(&self, scope: ScopeId, limit: u32) -> Result<Vec<Stranger>, StoreError> {
        self.copy.strangers(scope, limit).await
    }

    async fn held(&self, scope: ScopeId) -> Result<Vec<Held>, StoreError> {
        self.copy.held(scope).await
    }

    async fn conflicts(&self, scope: ScopeId, limit: u32) -> Result<Vec<Conflict>, StoreError> {
        self.copy.conflicts(scope, limit).await
    }

    async fn tally(&self, of: Counted<'_>, what: Tally, since: Timestamp) -> Result<u64, StoreError> {
        self.real.tally(of, what, since).await
    }

    async fn initial_queue(&self, scope: ScopeId) -> Result<u64, StoreError> {
        self.copy.initial_queue(scope).await
    }

    async fn initial_unlinked(&self, scope: ScopeId) -> Result<u64, StoreError> {
        self.copy.initial_unlinked(scope).await
    }

    async fn counts(&self, scope: ScopeId) -> Result<Counts, StoreError> {
        self.copy.counts(scope).await
    }

    async fn parked(&self, scope: ScopeId, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.copy.parked(scope, limit).await
    }

    async fn origins(
        &self,
        organisation: &str,
        crm_ids: &[String],
    ) -> Result<Vec<(String, bool)>, StoreError> {
        self.real.origins(organisation, crm_ids).await
    }

    async fn feed(&self, organisation: &str) -> Result<Option<FeedState>, StoreError> {
        self.real.feed(organisation).await
    }

    async fn feed_end(&self, organisation: &str) -> Result<i64, StoreError> {
        self.real.feed_end(organisation).await
    }

    async fn news_for(
        &self,
        organisation: &str,
        scope: ScopeId,
        owner: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<FeedRow>, StoreError> {
        self.real.news_for(organisation, scope, owner, after, limit).await
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let (facts, ours): (Vec<_>, Vec<_>) = changes
            .into_iter()
            .partition(|change| matches!(change, Change::Origin(..) | Change::News(..) | Change::Feed(..)));
        let next = self.copy.snapshot();
        next.commit(ours).await?;
        if !facts.is_empty() {
            self.real.commit(facts).await?;
        }
        self.copy.replace_with(next);
        Ok(())
    }
}
