//! The store with crashes before and after commits: in memory, or in a file.

use std::sync::Arc;

use jiff::Timestamp;
use sync_engine::identity::ScopeId;
use sync_engine::link::{CrmIntent, Link};
use sync_runtime::store::{
    Change, Conflict, Counted, Counts, FeedRow, FeedState, Held, MemoryStore, Parked, Queued, ScopeState,
    SqliteStore, Store, StoreError, Stranger, Tally,
};

use super::faults::Faults;

/// Where the rows are.
pub(crate) enum Rows {
    Memory(MemoryStore),
    File(SqliteStore),
}

pub(crate) struct CrashingStore {
    pub(crate) inner: Rows,
    pub(crate) faults: Arc<Faults>,
}

macro_rules! reads {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl Store for Rows {
            $(async fn $name(&self, $($arg: $kind),*) -> Result<$answer, StoreError> {
                match self {
                    Self::Memory(store) => store.$name($($arg),*).await,
                    Self::File(store) => store.$name($($arg),*).await,
                }
            })*

            async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
                match self {
                    Self::Memory(store) => store.commit(changes).await,
                    Self::File(store) => store.commit(changes).await,
                }
            }
        }

        impl Store for CrashingStore {
            $(async fn $name(&self, $($arg: $kind),*) -> Result<$answer, StoreError> {
                let _operation = self.faults.store_operation().await;
                self.inner.$name($($arg),*).await
            })*

            async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
                let dies = self.faults.enter_commit().await;
                {
                    let _operation = self.faults.store_operation().await;
                    self.inner.commit(changes).await?;
                }
                self.faults.leave(dies).await;
                Ok(())
            }
        }
    };
}

reads! {
    scope(scope: ScopeId) -> Option<ScopeState>;
    links(scope: ScopeId, crm_ids: &[String]) -> Vec<Link>;
    links_of_items(scope: ScopeId, office_ids: &[String]) -> Vec<Link>;
    all_links(scope: ScopeId) -> Vec<Link>;
    intents(scope: ScopeId, limit: u32) -> Vec<Link>;
    queue(scope: ScopeId, limit: u32) -> Vec<Queued>;
    crm_intents(scope: ScopeId, limit: u32) -> Vec<CrmIntent>;
    strangers(scope: ScopeId, limit: u32) -> Vec<Stranger>;
    held(scope: ScopeId) -> Vec<Held>;
    conflicts(scope: ScopeId, limit: u32) -> Vec<Conflict>;
    tally(of: Counted<'_>, what: Tally, since: Timestamp) -> u64;
    initial_queue(scope: ScopeId) -> u64;
    initial_unlinked(scope: ScopeId) -> u64;
    counts(scope: ScopeId) -> Counts;
    parked(scope: ScopeId, limit: u32) -> Vec<Parked>;
    origins(organisation: &str, crm_ids: &[String]) -> Vec<(String, bool)>;
    feed(organisation: &str) -> Option<FeedState>;
    feed_end(organisation: &str) -> i64;
    news_for(organisation: &str, scope: ScopeId, owner: &str, after: i64, limit: u32) -> Vec<FeedRow>;
}
