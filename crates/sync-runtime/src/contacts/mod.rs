//! The contacts of one user: container, first sync, changes of both sides, switching off.
//!
//! A run does one slice: it stops at its deadline between two chunks, and the next run goes on from the store. The
//! order in a run (`design.md` §5.1): container, then what is known to have changed on either side, then open intents,
//! then the contacts one chunk after another, then what the guard has to judge.
//!
//! The way of a change: the feed ([`crate::feed`]) or a round of the container's changes ([`rounds`]) puts the record
//! into the queue, or the unknown item among the strangers. [`look`] reads both sides again, [`chunk`] plans,
//! [`strangers`] finds or makes the record of an unknown item, [`carry_out`] and the files of writes do it and commit.

mod adopt;
mod carry_out;
mod chunk;
mod container;
mod creates;
mod crm_intents;
mod crm_writes;
mod disable;
mod dry;
mod guard;
mod inserts;
mod intents;
mod listing;
mod look;
mod merges;
mod observe;
mod origins;
mod outbox;
mod removals;
mod review;
mod rounds;
mod run;
mod settings;
mod strangers;
mod unanswered;
mod vacant;
mod waiting;

use ambient::Clock;
use jiff::Timestamp;
use sync_engine::hash::Hasher;
use sync_engine::identity::ScopeId;
use sync_engine::mapping::Mapping;
use sync_engine::merge::Terms;
use sync_engine::plan::Rules;

use self::run::{Reach, Run};
use crate::feed::Feed;
use crate::ports::{Crm, Failure, Mailbox};
use crate::store::{Cause, Change, Initial, Queued, ScopeState, Store, StoreError};

pub use carry_out::NOT_VISIBLE;
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
    /// Nothing is left to do now: only what the guard holds, and what has to be looked at again later.
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
    /// The resource's status says that the mailbox's owner removed the container: it stays so even where the store was
    /// lost and the container lies in another folder.
    pub known_removed: bool,
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
        let late = || self.clock.now() >= until;
        let mut state = self.store.scope(self.scope).await?.unwrap_or_default();
        if self.reenable {
            self.enable_again(&mut state).await?;
        }
        self.call_off_disabling(&mut state).await?;
        let mut container = match self.container(&mut state).await? {
            Ok(container) => container,
            Err(outcome) => return Ok(outcome),
        };
        if let Some(outcome) = self.rename(&container, &mut state).await? {
            return Ok(outcome);
        }
        self.feed
            .refresh(self.crm, self.store, self.clock, self.policy.feed_max_age)
            .await?;
        let mut run = self.begin(&container, state, Reach::Both).await?;
        self.compare_anew_after_a_new_key_or_mapping(&mut run.state)
            .await?;
        if self.policy.direction.reaches_crm() {
            self.take_round(container.page.take(), &mut run).await?;
        }
        self.settle_intents(&run).await?;
        self.settle_crm_intents().await?;
        while self.work_strangers(&mut run).await? {
            if late() {
                return Ok(Outcome::MoreWork);
            }
        }
        self.open_the_news(&mut run.state).await?;
        while self.is_to_be_listed(&run.state) {
            self.list_page(&mut run.state).await?;
            if late() {
                return Ok(Outcome::MoreWork);
            }
        }
        self.take_news(&mut run.state).await?;
        self.pass_over_all(&mut run.state).await?;
        loop {
            while self.work_queue(&mut run).await? {
                if late() {
                    return Ok(Outcome::MoreWork);
                }
            }
            if !self.judge(&mut run).await? {
                break;
            }
        }
        self.complete_initial(&mut run.state).await?;
        Ok(Outcome::UpToDate)
    }

    /// The last round before a sync is switched off: what only the mailbox knows goes to the CRM, as far as the guard
    /// lets it; nothing comes back and nothing is deleted.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn last_round(&self, until: Timestamp) -> Result<Outcome, Stop> {
        let late = || self.clock.now() >= until;
        let Some(mut state) = self.store.scope(self.scope).await? else {
            return Ok(Outcome::UpToDate);
        };
        if state.folder.is_none() || state.removed_by_owner || state.disabling.is_some() {
            return Ok(Outcome::UpToDate);
        }
        let mut container = match self.container(&mut state).await? {
            Ok(container) => container,
            Err(outcome) => return Ok(outcome),
        };
        if state.initial.completed.is_none() {
            // Whoever enables the sync after all lists them anew.
            state.initial = Initial::default();
            self.commit(vec![Change::DequeueInitial(self.scope), self.keep(&state)])
                .await?;
        }
        self.feed
            .refresh(self.crm, self.store, self.clock, self.policy.feed_max_age)
            .await?;
        let mut run = self.begin(&container, state, Reach::CrmOnly).await?;
        self.compare_anew_after_a_new_key_or_mapping(&mut run.state)
            .await?;
        if self.policy.direction.reaches_crm() {
            self.take_round(container.page.take(), &mut run).await?;
        }
        self.settle_intents(&run).await?;
        self.settle_crm_intents().await?;
        while self.work_strangers(&mut run).await? {
            if late() {
                return Ok(Outcome::MoreWork);
            }
        }
        self.take_news(&mut run.state).await?;
        loop {
            while self.work_queue(&mut run).await? {
                if late() {
                    return Ok(Outcome::MoreWork);
                }
            }
            if !self.judge(&mut run).await? {
                return Ok(Outcome::UpToDate);
            }
        }
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

    /// Commits, unless there is nothing to commit.
    async fn commit(&self, changes: Vec<Change>) -> Result<(), Stop> {
        if !changes.is_empty() {
            self.store.commit(changes).await?;
        }
        Ok(())
    }

    /// Commits what was done before the first failure is reported.
    async fn finish(
        &self,
        mut changes: Vec<Change>,
        run: &Run,
        failure: Option<Failure>,
    ) -> Result<(), Stop> {
        if !changes.is_empty() {
            changes.push(self.keep(&run.state));
            self.commit(changes).await?;
        }
        failure.map_or(Ok(()), |failure| Err(failure.into()))
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
        // Like the bases, what is not known to have arrived says nothing any more.
        state.unanswered.clear();
        if state.key.is_some() || state.mapping.is_some() {
            changes.push(Change::EnqueueAll(self.scope));
        }
        (state.key, state.mapping) = (key, mapping);
        changes.push(self.keep(state));
        self.commit(changes).await
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
            self.commit(changes).await?;
            if whole {
                return Ok(());
            }
        }
    }

    async fn complete_initial(&self, state: &mut ScopeState) -> Result<(), Stop> {
        if state.initial.completed.is_none() && self.store.initial_queue(self.scope).await? == 0 {
            state.initial.completed = Some(self.clock.now());
            self.commit(vec![self.keep(state)]).await?;
        }
        Ok(())
    }
}
