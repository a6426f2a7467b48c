//! The contacts of one user: container, first sync, changes, disabling.
//!
//! A run does one slice: it stops at its deadline between two chunks, and the next run goes on from the store. The
//! order in a run is container, feed, open intents, listing, queue (`design.md` §5.1).

mod chunk;
mod container;
mod disable;
mod intents;
mod listing;
mod writes;

use ambient::Clock;
use jiff::{SignedDuration, Timestamp};
use sync_engine::hash::Hasher;
use sync_engine::identity::ScopeId;
use sync_engine::mapping::Mapping;
use sync_engine::plan::DeletesToOffice;

use crate::feed::Feed;
use crate::ports::{Crm, Failure, Mailbox};
use crate::store::{Cause, Change, Queued, ScopeState, Store, StoreError};

pub use disable::{Disabled, disable};

/// Why a run stopped before its work was done.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// A service did not do its part.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The store did not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether imported records take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportedItems {
    /// Not until they are updated.
    Exclude,
    /// Like all others.
    Include,
}

/// The effective policy of one sync.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The container's name.
    pub folder_name: String,
    /// Whether imported records take part.
    pub imported: ImportedItems,
    /// How many records the first sync brings at most.
    pub initial_cap: u64,
    /// What a deletion in the CRM means for the copy.
    pub deletes: DeletesToOffice,
    /// How old the organisation's feed may be.
    pub feed_max_age: SignedDuration,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The deadline came first: run again at once.
    MoreWork,
    /// Nothing is left to do.
    UpToDate,
    /// The mailbox's owner deleted the container or moved it away: the sync is off until it is enabled anew.
    RemovedByOwner,
    /// A folder of that name exists and is not ours.
    NameTaken,
    /// The container is claimed by another cluster, named by the uid of its `kube-system` namespace.
    ClaimedBy(String),
}

/// One user's contact sync, with everything it needs for a run.
pub struct ContactSync<'a, M, C, S> {
    /// Which sync.
    pub scope: ScopeId,
    /// The claiming cluster: the uid of its `kube-system` namespace.
    pub cluster: &'a str,
    /// The CRM user whose contacts take part.
    pub owner: &'a str,
    /// The container id that the resource's status knows: if it is missing its owner deleted it, even where the
    /// store was lost.
    pub known_folder: Option<&'a str>,
    /// The mailbox.
    pub mailbox: &'a M,
    /// The CRM.
    pub crm: &'a C,
    /// The store.
    pub store: &'a S,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// The organisation's feed.
    pub feed: &'a Feed,
    /// Hashes with the installation's key.
    pub hasher: &'a Hasher,
    /// The checked mapping.
    pub mapping: &'a Mapping,
    /// The policy.
    pub policy: &'a Policy,
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Works until nothing is left to do or `until` has come.
    ///
    /// # Errors
    /// If a service or the store does not do its part; what was committed stays, and the next run goes on from there.
    pub async fn run(&self, until: Timestamp) -> Result<Outcome, Stop> {
        let mut state = self.store.scope(self.scope).await?.unwrap_or_default();
        let folder = match self.container(&mut state).await? {
            Ok(folder) => folder,
            Err(outcome) => return Ok(outcome),
        };
        self.feed
            .refresh(self.crm, self.store, self.clock, self.policy.feed_max_age)
            .await?;
        self.compare_anew_after_a_new_key_or_mapping(&mut state).await?;
        self.settle_intents(&folder).await?;
        while !state.initial.listed {
            self.list_page(&mut state).await?;
            if self.clock.now() >= until {
                return Ok(Outcome::MoreWork);
            }
        }
        self.take_news(&mut state).await?;
        while self.work_chunk(&folder, &mut state).await? {
            if self.clock.now() >= until {
                return Ok(Outcome::MoreWork);
            }
        }
        self.complete_initial(&mut state).await?;
        Ok(Outcome::UpToDate)
    }

    /// A base hashed under another key says nothing; under another mapping, fields came or went.
    async fn compare_anew_after_a_new_key_or_mapping(&self, state: &mut ScopeState) -> Result<(), Stop> {
        let (key, mapping) = (Some(self.hasher.fingerprint()), Some(self.mapping.fingerprint()));
        if state.key == key && state.mapping == mapping {
            return Ok(());
        }
        let mut changes = Vec::new();
        if state.key.is_some() && state.key != key {
            changes.push(Change::DropBases(self.scope));
        }
        if state.key.is_some() || state.mapping.is_some() {
            changes.push(Change::EnqueueAll(self.scope));
        }
        (state.key, state.mapping) = (key, mapping);
        changes.push(Change::Scope(self.scope, state.clone()));
        self.store.commit(changes).await?;
        Ok(())
    }

    /// Moves what the feed says of this sync's records into its queue, together with the cursor.
    async fn take_news(&self, state: &mut ScopeState) -> Result<(), Stop> {
        const PAGE: u32 = 500;
        let organisation = self.feed.organisation();
        loop {
            // Read first: what arrives behind it is for the next time.
            let end = self.store.feed_end(organisation).await?;
            let after = state.feed_position.unwrap_or_default();
            if end <= after {
                return Ok(());
            }
            let news = self
                .store
                .news_for(organisation, self.scope, self.owner, after, PAGE)
                .await?;
            let whole = news.len() < PAGE as usize;
            state.feed_position = if whole {
                Some(end)
            } else {
                news.last().map(|row| row.position)
            };
            let mut changes: Vec<_> = news
                .into_iter()
                .map(|row| {
                    let cause = if row.deleted {
                        Cause::Deleted
                    } else {
                        Cause::Changed
                    };
                    Change::Enqueue(
                        self.scope,
                        Queued {
                            crm_id: row.crm_id,
                            cause,
                        },
                    )
                })
                .collect();
            changes.push(Change::Scope(self.scope, state.clone()));
            self.store.commit(changes).await?;
            if whole {
                return Ok(());
            }
        }
    }

    async fn complete_initial(&self, state: &mut ScopeState) -> Result<(), Stop> {
        if state.initial.completed.is_none() && self.store.initial_queue(self.scope).await? == 0 {
            state.initial.completed = Some(self.clock.now());
            self.store
                .commit(vec![Change::Scope(self.scope, state.clone())])
                .await?;
        }
        Ok(())
    }
}
