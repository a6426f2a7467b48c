//! The store as a running process sees it: it can die before and after each commit.

use std::sync::Arc;

use futures::FutureExt;
use jiff::Timestamp;
use sync_engine::identity::ScopeId;
use sync_engine::link::{CrmIntent, Link};
use sync_runtime::store::{
    Change, Conflict, Counted, Counts, FeedRow, FeedState, Held, Parked, Queued, ScopeState, Store,
    StoreError, Stranger, Tally,
};

use crate::disk::Inner;
use crate::stage::Stage;

/// The store of one process.
#[derive(Debug)]
pub(crate) struct ProcessStore {
    /// The store itself: what was committed.
    pub inner: Inner,
    stage: Arc<Stage>,
}

impl ProcessStore {
    /// The store that a process opened.
    #[must_use]
    pub(crate) fn new(inner: Inner, stage: Arc<Stage>) -> Self {
        Self { inner, stage }
    }

    /// What the store holds, without a point at which anything could come in between: in memory it answers at once.
    pub(crate) fn look<T>(operation: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
        operation.now_or_never()?.ok()
    }
}

macro_rules! delegated {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl Store for ProcessStore {
            $(async fn $name(&self, $($arg: $kind),*) -> Result<$answer, StoreError> {
                self.stage.moment().await;
                self.inner.$name($($arg),*).await
            })*

            async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
                self.stage.moment().await;
                if !changes.is_empty() {
                    self.stage.note(format!("commit of {}", changes.len()));
                }
                self.inner.commit(changes).await?;
                self.stage.moment().await;
                Ok(())
            }
        }
    };
}

delegated! {
    scope(scope: ScopeId) -> Option<ScopeState>;
    links(scope: ScopeId, crm_ids: &[String]) -> Vec<Link>;
    links_of_items(scope: ScopeId, office_ids: &[String]) -> Vec<Link>;
    all_links(scope: ScopeId) -> Vec<Link>;
    crm_intents(scope: ScopeId, limit: u32) -> Vec<CrmIntent>;
    strangers(scope: ScopeId, limit: u32) -> Vec<Stranger>;
    held(scope: ScopeId) -> Vec<Held>;
    conflicts(scope: ScopeId, limit: u32) -> Vec<Conflict>;
    tally(of: Counted<'_>, what: Tally, since: Timestamp) -> u64;
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
