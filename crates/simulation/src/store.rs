//! The store as a running process sees it: it can die before and after each commit.

use std::sync::Arc;

use sync_engine::identity::ScopeId;
use sync_engine::link::Link;
use sync_runtime::store::{
    Change, Counts, FeedRow, FeedState, Parked, Queued, ScopeState, Store, StoreError,
};

use crate::disk::{Disk, Inner};
use crate::stage::Stage;

/// The store of one process.
#[derive(Debug)]
pub(crate) struct ProcessStore {
    /// The store itself: what was committed.
    pub inner: Inner,
    disk: Arc<Disk>,
    stage: Arc<Stage>,
}

impl ProcessStore {
    /// The store that a process opened.
    #[must_use]
    pub(crate) fn new(inner: Inner, disk: Arc<Disk>, stage: Arc<Stage>) -> Self {
        Self { inner, disk, stage }
    }

    /// What the store holds, without a point at which anything could come in between.
    pub(crate) fn look<T>(&self, operation: impl Future<Output = T>) -> T {
        self.disk.immediately(operation)
    }
}

macro_rules! delegated {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl Store for ProcessStore {
            $(async fn $name(&self, $($arg: $kind),*) -> Result<$answer, StoreError> {
                self.stage.moment().await;
                self.disk.immediately(self.inner.$name($($arg),*))
            })*

            async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
                self.stage.moment().await;
                if !changes.is_empty() {
                    self.stage.note(format!("commit of {}", changes.len()));
                }
                self.disk.immediately(self.inner.commit(changes))?;
                self.stage.moment().await;
                Ok(())
            }
        }
    };
}

delegated! {
    scope(scope: ScopeId) -> Option<ScopeState>;
    links(scope: ScopeId, crm_ids: &[String]) -> Vec<Link>;
    all_links(scope: ScopeId) -> Vec<Link>;
    intents(scope: ScopeId, limit: u32) -> Vec<Link>;
    queue(scope: ScopeId, limit: u32) -> Vec<Queued>;
    initial_queue(scope: ScopeId) -> u64;
    initial_unlinked(scope: ScopeId) -> u64;
    counts(scope: ScopeId) -> Counts;
    parked(scope: ScopeId, limit: u32) -> Vec<Parked>;
    origins(organisation: &str, crm_ids: &[String]) -> Vec<(String, bool)>;
    feed(organisation: &str) -> Option<FeedState>;
    feed_end(organisation: &str) -> i64;
    news_for(organisation: &str, scope: ScopeId, owner: &str, after: i64, limit: u32) -> Vec<FeedRow>;
}
