//! The contacts of one user: container, first sync, changes of both sides, switching off.
//!
//! A run does one slice: it stops at its deadline between two chunks, and the next run goes on from the store. The
//! order in a run (`design.md` §5.1): container, then what is known to have changed on either side, then open intents,
//! then the contacts one chunk after another, then what the guard has to judge.
//!
//! The way of a change: the feed ([`crate::feed`]) or a round of the container's changes ([`rounds`]) puts the record
//! into the queue, or the unknown item among the strangers. [`chunk`] reads both sides again and plans, [`strangers`]
//! finds or makes the record of an unknown item, [`office_writes`] and [`crm_writes`] carry out and commit.

mod chunk;
mod container;
mod crm_writes;
mod disable;
mod guard;
mod inserts;
mod intents;
mod listing;
mod observe;
mod office_writes;
mod outbox;
mod rounds;
mod settings;
mod strangers;

use ambient::Clock;
use jiff::Timestamp;
use sync_engine::hash::Hasher;
use sync_engine::identity::ScopeId;
use sync_engine::mapping::Mapping;
use sync_engine::merge::Terms;
use sync_engine::plan::Rules;

use crate::feed::Feed;
use crate::ports::{Crm, Failure, Mailbox};
use crate::store::{Cause, Change, Queued, ScopeState, Store, StoreError};

pub use disable::{Brake, Disabled, disable};
pub use observe::{Observed, PlannedOperation, observe};
pub use settings::{GuardLimits, ImportedItems, Policy};

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

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The deadline came first: run again at once.
    MoreWork,
    /// Nothing is left to do, but what the guard holds.
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
    /// The time of the last write that the resource's status knows: a store that knows only an earlier one is older
    /// than the truth.
    pub known_change: Option<Timestamp>,
    /// Somebody asks to switch on again what the mailbox's owner switched off, and to bring back what is buried or
    /// waits for review.
    pub reenable: bool,
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
        if self.reenable {
            self.enable_again(&mut state).await?;
        }
        let container = match self.container(&mut state).await? {
            Ok(container) => container,
            Err(outcome) => return Ok(outcome),
        };
        let folder = container.folder.as_str();
        self.feed
            .refresh(self.crm, self.store, self.clock, self.policy.feed_max_age)
            .await?;
        self.compare_anew_after_a_new_key_or_mapping(&mut state).await?;
        if self.policy.direction.reaches_crm() {
            self.take_round(folder, container.page, &mut state).await?;
        }
        self.settle_intents(folder).await?;
        self.settle_crm_intents(&mut state).await?;
        while self.work_strangers(folder, &mut state).await? {
            if self.clock.now() >= until {
                return Ok(Outcome::MoreWork);
            }
        }
        while !state.initial.listed {
            self.list_page(&mut state).await?;
            if self.clock.now() >= until {
                return Ok(Outcome::MoreWork);
            }
        }
        self.take_news(&mut state).await?;
        self.pass_over_all(&mut state).await?;
        while self.work_queue(folder, &mut state).await? {
            if self.clock.now() >= until {
                return Ok(Outcome::MoreWork);
            }
        }
        while self.judge(folder, &mut state).await? {
            if self.clock.now() >= until {
                return Ok(Outcome::MoreWork);
            }
        }
        self.complete_initial(&mut state).await?;
        Ok(Outcome::UpToDate)
    }

    /// The last round before a sync is switched off: what only the mailbox knows goes to the CRM, nothing comes back and
    /// nothing is deleted. To be called with [`Mapping::towards_crm`] and [`Policy::towards_crm`].
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn last_round(&self, until: Timestamp) -> Result<Outcome, Stop> {
        let Some(mut state) = self.store.scope(self.scope).await? else {
            return Ok(Outcome::UpToDate);
        };
        if state.folder.is_none() || state.removed_by_owner || state.disabling.is_some() {
            return Ok(Outcome::UpToDate);
        }
        let container = match self.container(&mut state).await? {
            Ok(container) => container,
            Err(outcome) => return Ok(outcome),
        };
        let folder = container.folder.as_str();
        self.take_round(folder, container.page, &mut state).await?;
        self.settle_intents(folder).await?;
        self.settle_crm_intents(&mut state).await?;
        while self.work_strangers(folder, &mut state).await? {
            if self.clock.now() >= until {
                return Ok(Outcome::MoreWork);
            }
        }
        while self.work_queue(folder, &mut state).await? {
            if self.clock.now() >= until {
                return Ok(Outcome::MoreWork);
            }
        }
        Ok(Outcome::UpToDate)
    }

    /// How contacts are planned.
    fn rules(&self) -> Rules<'_> {
        Rules {
            terms: self.terms(),
            direction: self.policy.direction,
            to_office: self.policy.deletes_to_office,
            to_crm: self.policy.deletes_to_crm,
        }
    }

    fn terms(&self) -> Terms<'_> {
        Terms {
            mapping: self.mapping,
            hasher: self.hasher,
            conflict: self.policy.conflict,
        }
    }

    fn enqueue(&self, crm_id: String, cause: Cause, item_too: bool) -> Change {
        let queued = Queued {
            crm_id,
            cause,
            item_too,
        };
        Change::Enqueue(self.scope, queued)
    }

    fn keep(&self, state: &ScopeState) -> Change {
        Change::Scope(self.scope, state.clone())
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
        changes.push(self.keep(state));
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
                    self.enqueue(row.crm_id, cause, false)
                })
                .collect();
            changes.push(self.keep(state));
            self.store.commit(changes).await?;
            if whole {
                return Ok(());
            }
        }
    }

    async fn complete_initial(&self, state: &mut ScopeState) -> Result<(), Stop> {
        if state.initial.completed.is_none() && self.store.initial_queue(self.scope).await? == 0 {
            state.initial.completed = Some(self.clock.now());
            self.store.commit(vec![self.keep(state)]).await?;
        }
        Ok(())
    }
}
