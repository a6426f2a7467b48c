//! The container: found by its marker, made if there never was one, never made again behind its owner's back.

use sync_engine::identity::{cluster_of, container_marker};
use sync_engine::link::{Link, LinkState, Side};

use super::disable::{KEPT, RELEASED};
use super::review::is_review;
use super::{ContactSync, Outcome, Stop};
use crate::ports::{ChangePage, CreateFolderFailure, Crm, Folder, Mailbox};
use crate::store::{Change, Initial, KnownFolder, ScopeState, Store, Stranger};

/// The container as it was found in its place.
pub(super) struct Container {
    /// Its id.
    pub(super) folder: String,
    /// The folder that it lies in.
    pub(super) parent: String,
    /// The first page of what changed in it since the last round; `None` if everything is to be listed.
    pub(super) page: Option<ChangePage>,
}

/// Whose a container is.
enum Claim {
    Ours,
    /// Nobody's any more, or to be taken over.
    Free,
    Theirs(String),
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// The container, or how the run ends without one.
    pub(super) async fn container(&self, state: &mut ScopeState) -> Result<Result<Container, Outcome>, Stop> {
        if state.removed_by_owner {
            return Ok(Err(Outcome::RemovedByOwner));
        }
        match state.folder.clone() {
            Some(known) => self.check(state, known).await,
            None => self.find_or_make(state).await,
        }
    }

    async fn check(
        &self,
        state: &mut ScopeState,
        known: KnownFolder,
    ) -> Result<Result<Container, Outcome>, Stop> {
        let cursor = state.cursor.as_deref();
        let (found, page) = match cursor.filter(|_| self.policy.direction.reaches_crm()) {
            Some(cursor) => {
                let poll = self.mailbox.poll(&known.id, cursor).await?;
                (poll.folder, poll.page)
            }
            None => (self.mailbox.folder(&known.id).await?, None),
        };
        let Some(found) = found.filter(|found| found.parent == known.parent) else {
            return self.removed(state).await;
        };
        let claim = self.claim(&found);
        if let Claim::Theirs(cluster) = claim {
            return Ok(Err(Outcome::ClaimedBy(cluster)));
        }
        if self.older_than_the_truth(state) {
            self.recover(&found, state).await?;
        }
        self.make_ours(&claim, &found).await?;
        if let Some(kept) = state.folder.as_mut().filter(|_| found.name.ends_with(KEPT)) {
            // Enabled again before disabling was done.
            kept.name = found.name;
        }
        Ok(Ok(Container {
            folder: known.id,
            parent: known.parent,
            page,
        }))
    }

    /// Looks before it makes: a create whose answer was lost, or a lost store, left a marked folder behind.
    async fn find_or_make(&self, state: &mut ScopeState) -> Result<Result<Container, Outcome>, Stop> {
        let ours = |folder: &Folder| {
            let marker = folder.marker.as_deref();
            marker.is_some_and(|marker| cluster_of(self.scope, marker).is_some())
        };
        let folder = match self.mailbox.folders().await?.into_iter().find(ours) {
            Some(_) if self.known_removed && !self.reenable => return self.removed(state).await,
            Some(folder) => {
                let claim = self.claim(&folder);
                if let Claim::Theirs(cluster) = claim {
                    return Ok(Err(Outcome::ClaimedBy(cluster)));
                }
                // A name that its user chose stays; what disabling had added goes, and so does a name that is not
                // declared any more now that the making is done.
                let name = if folder.name.ends_with(KEPT) || state.making_folder {
                    &folder.name
                } else {
                    &self.policy.folder_name
                };
                state.folder = Some(known(&folder, name));
                self.recover(&folder, state).await?;
                self.make_ours(&claim, &folder).await?;
                folder
            }
            None if self.known_folder.is_some() && !self.reenable && !state.making_folder => {
                return self.removed(state).await;
            }
            None => {
                let marker = container_marker(self.scope, self.cluster);
                let name = &self.policy.folder_name;
                state.making_folder = true;
                self.commit(vec![self.keep(state)]).await?;
                let folder = match self.mailbox.create_folder(name, &marker).await {
                    Ok(folder) => folder,
                    Err(CreateFolderFailure::NameTaken) => return Ok(Err(Outcome::NameTaken)),
                    Err(CreateFolderFailure::Failed(failure)) => return Err(failure.into()),
                };
                state.folder = Some(known(&folder, name));
                state.making_folder = false;
                // What was written before this container was made is no news.
                state.last_change = self.known_change.max(state.last_change);
                self.commit(vec![self.keep(state)]).await?;
                folder
            }
        };
        Ok(Ok(Container {
            folder: folder.id,
            parent: folder.parent,
            page: None,
        }))
    }

    /// A name that was declared anew is given to the container; how the run ends if it cannot be.
    pub(super) async fn rename(
        &self,
        container: &Container,
        state: &mut ScopeState,
    ) -> Result<Option<Outcome>, Stop> {
        let declared = &self.policy.folder_name;
        let Some(known) = state.folder.as_mut().filter(|known| known.name != *declared) else {
            return Ok(None);
        };
        match self.mailbox.rename_folder(&container.folder, declared).await {
            Ok(()) => {}
            Err(CreateFolderFailure::NameTaken) => return Ok(Some(Outcome::NameTaken)),
            Err(CreateFolderFailure::Failed(failure)) => return Err(failure.into()),
        }
        known.name.clone_from(declared);
        self.commit(vec![self.keep(state)]).await?;
        Ok(None)
    }

    fn claim(&self, folder: &Folder) -> Claim {
        let marker = folder.marker.as_deref();
        match marker.and_then(|marker| cluster_of(self.scope, marker)) {
            Some(RELEASED) => Claim::Free,
            Some(cluster) if cluster == self.cluster => Claim::Ours,
            Some(cluster) if self.policy.takeover_from.as_deref() == Some(cluster) => Claim::Free,
            Some(cluster) => Claim::Theirs(cluster.to_owned()),
            None => Claim::Ours,
        }
    }

    async fn make_ours(&self, claim: &Claim, folder: &Folder) -> Result<(), Stop> {
        if matches!(claim, Claim::Free) {
            let marker = container_marker(self.scope, self.cluster);
            self.mailbox.mark_folder(&folder.id, &marker).await?;
        }
        Ok(())
    }

    async fn removed(&self, state: &mut ScopeState) -> Result<Result<Container, Outcome>, Stop> {
        state.removed_by_owner = true;
        self.commit(vec![self.keep(state)]).await?;
        Ok(Err(Outcome::RemovedByOwner))
    }

    /// The status remembers a later write than the store: an older copy of the store was put back.
    fn older_than_the_truth(&self, state: &ScopeState) -> bool {
        let second = |time: Option<jiff::Timestamp>| time.map(jiff::Timestamp::as_second);
        self.known_change.is_some() && second(self.known_change) > second(state.last_change)
    }

    /// Takes a container over that holds more than the store knows: links everything in it by its marker, so that
    /// nothing is made twice, and has everything else listed. What has no marker and no link may have a record all the
    /// same, unless the container was left in good order.
    async fn recover(&self, folder: &Folder, state: &mut ScopeState) -> Result<(), Stop> {
        let adopted = self.adopt(self.mailbox.items(&folder.id).await?).await?;
        let mut changes = adopted.changes;
        let released = folder.marker == Some(container_marker(self.scope, RELEASED));
        // Nobody has seen it finished, so nothing was synced into it yet.
        let just_made = std::mem::take(&mut state.making_folder) && self.known_folder.is_none();
        let in_good_order = released || just_made;
        if !in_good_order && !adopted.unmarked.is_empty() {
            state.recovering = Some(self.clock.now());
            changes.extend(adopted.unmarked.into_iter().map(|office_id| {
                let review = true;
                Change::Stranger(self.scope, Stranger { office_id, review })
            }));
        }
        state.last_change = self.known_change.max(state.last_change);
        (state.cursor, state.listed) = (None, None);
        changes.push(self.keep(state));
        self.commit(changes).await
    }

    /// Somebody wants back what the mailbox's owner or a lost store took away.
    pub(super) async fn enable_again(&self, state: &mut ScopeState) -> Result<(), Stop> {
        if state.removed_by_owner {
            let Some(folder) = self.moved_container(state).await? else {
                *state = ScopeState::default();
                return self
                    .commit(vec![Change::DropScope(self.scope), self.keep(state)])
                    .await;
            };
            state.removed_by_owner = false;
            state.folder = Some(known(&folder, &self.policy.folder_name));
            (state.cursor, state.listed) = (None, None);
        }
        let links = self.store.all_links(self.scope).await?;
        let buried = links
            .into_iter()
            .filter(|link| link.state == LinkState::Tombstone);
        // Whether an item of it is back nobody knows: that is what an intent says.
        let mut changes: Vec<Change> = buried
            .map(|link| {
                let state = LinkState::Intent;
                Change::Link(self.scope, Link { state, ..link })
            })
            .collect();
        changes.push(Change::EnqueueAll(self.scope));
        for parked in self.store.parked(self.scope, u32::MAX).await? {
            if parked.side == Side::Office && is_review(&parked.reason) {
                changes.push(Change::Unpark(self.scope, parked.side, parked.id));
            }
        }
        (state.recovering, state.reviewing) = (None, false);
        changes.push(self.keep(state));
        self.commit(changes).await
    }

    /// Where the mailbox's owner moved the container, if it is not deleted: all that is known of its items still holds.
    async fn moved_container(&self, state: &ScopeState) -> Result<Option<Folder>, Stop> {
        let Some(known) = &state.folder else {
            return Ok(None);
        };
        let folders = self.mailbox.folders().await?;
        Ok(folders.into_iter().find(|folder| folder.id == known.id))
    }

    /// Enabled again before its copies were out of the mailbox. Those that are gone left intents behind; if the container
    /// is gone as well, nothing was left to do but to take note.
    pub(super) async fn call_off_disabling(&self, state: &mut ScopeState) -> Result<(), Stop> {
        if state.disabling.take().is_none() {
            return Ok(());
        }
        let mut changes = Vec::new();
        state.initial = Initial::default();
        if let Some(known) = &state.folder {
            let found = self.mailbox.folder(&known.id).await?;
            if found.is_none_or(|found| found.parent != known.parent) {
                changes.push(Change::DropScope(self.scope));
                *state = ScopeState {
                    making_folder: true,
                    ..ScopeState::default()
                };
            }
        }
        changes.push(self.keep(state));
        self.commit(changes).await
    }
}

fn known(folder: &Folder, name: &str) -> KnownFolder {
    KnownFolder {
        id: folder.id.clone(),
        parent: folder.parent.clone(),
        name: name.to_owned(),
    }
}
