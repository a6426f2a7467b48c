//! The container: found by its marker, made if there never was one, never made again behind its owner's back.

use sync_engine::identity::{cluster_of, container_marker};
use sync_engine::link::LinkState;

use super::{ContactSync, Outcome, Stop};
use crate::ports::{ChangePage, CreateFolderFailure, Crm, Folder, Mailbox};
use crate::store::{Cause, Change, KnownFolder, ScopeState, Store};

/// The container as it was found in its place.
pub(super) struct Container {
    /// Its id.
    pub(super) folder: String,
    /// The first page of what changed in it since the last round; `None` if everything is to be listed.
    pub(super) page: Option<ChangePage>,
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
        if let Some(outcome) = self.claimed(&found).await? {
            return Ok(Err(outcome));
        }
        if self.older_than_the_truth(state) {
            self.recover(&found, state).await?;
        }
        if known.name != self.policy.folder_name {
            let renamed = self
                .mailbox
                .rename_folder(&known.id, &self.policy.folder_name)
                .await;
            match renamed {
                Ok(()) => {}
                Err(CreateFolderFailure::NameTaken) => return Ok(Err(Outcome::NameTaken)),
                Err(CreateFolderFailure::Failed(failure)) => return Err(failure.into()),
            }
            state.folder = Some(KnownFolder {
                name: self.policy.folder_name.clone(),
                ..known.clone()
            });
            self.store.commit(vec![self.keep(state)]).await?;
        }
        Ok(Ok(Container {
            folder: known.id,
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
            Some(folder) => {
                if let Some(outcome) = self.claimed(&folder).await? {
                    return Ok(Err(outcome));
                }
                self.recover(&folder, state).await?;
                folder
            }
            None if self.known_folder.is_some() => return self.removed(state).await,
            None => {
                let marker = container_marker(self.scope, self.cluster);
                let made = self
                    .mailbox
                    .create_folder(&self.policy.folder_name, &marker)
                    .await;
                match made {
                    Ok(folder) => folder,
                    Err(CreateFolderFailure::NameTaken) => return Ok(Err(Outcome::NameTaken)),
                    Err(CreateFolderFailure::Failed(failure)) => return Err(failure.into()),
                }
            }
        };
        let id = folder.id.clone();
        // What was written before this container was made or found is no news.
        state.last_change = self.known_change.max(state.last_change);
        state.folder = Some(KnownFolder {
            id: folder.id,
            parent: folder.parent,
            name: folder.name,
        });
        self.store.commit(vec![self.keep(state)]).await?;
        Ok(Ok(Container {
            folder: id,
            page: None,
        }))
    }

    /// Another cluster's claim stands in the way, unless the tenant takes that one over.
    async fn claimed(&self, folder: &Folder) -> Result<Option<Outcome>, Stop> {
        let marker = folder.marker.as_deref();
        let Some(cluster) = marker.and_then(|marker| cluster_of(self.scope, marker)) else {
            return Ok(None);
        };
        if cluster == self.cluster {
            return Ok(None);
        }
        if self.policy.takeover_from.as_deref() != Some(cluster) {
            return Ok(Some(Outcome::ClaimedBy(cluster.to_owned())));
        }
        let marker = container_marker(self.scope, self.cluster);
        self.mailbox.mark_folder(&folder.id, &marker).await?;
        Ok(None)
    }

    async fn removed(&self, state: &mut ScopeState) -> Result<Result<Container, Outcome>, Stop> {
        state.removed_by_owner = true;
        self.store.commit(vec![self.keep(state)]).await?;
        Ok(Err(Outcome::RemovedByOwner))
    }

    /// The status remembers a later write than the store: an older copy of the store was put back.
    fn older_than_the_truth(&self, state: &ScopeState) -> bool {
        let known = self.known_change.map(|time| time.as_second());
        known > state.last_change.map(|time| time.as_second()) && known.is_some()
    }

    /// Takes a container over that holds more than the store knows: links everything in it by its marker, so that
    /// nothing is made twice, and has everything else listed.
    async fn recover(&self, folder: &Folder, state: &mut ScopeState) -> Result<(), Stop> {
        state.recovering = Some(self.clock.now());
        state.last_change = self.known_change.max(state.last_change);
        (state.cursor, state.listed) = (None, None);
        let changes = self.adopt(&folder.id).await?;
        self.store.commit(changes).await?;
        self.store.commit(vec![self.keep(state)]).await?;
        Ok(())
    }

    /// Somebody wants back what the mailbox's owner or a lost store took away.
    pub(super) async fn enable_again(&self, state: &mut ScopeState) -> Result<(), Stop> {
        if state.removed_by_owner {
            *state = ScopeState::default();
            self.store
                .commit(vec![Change::DropScope(self.scope), self.keep(state)])
                .await?;
            return Ok(());
        }
        let buried = self.store.all_links(self.scope).await?;
        let mut changes = vec![Change::EnqueueAll(self.scope)];
        for link in buried {
            if link.state == LinkState::Tombstone {
                changes.push(Change::DropLink(self.scope, link.crm_id.clone()));
                changes.push(self.enqueue(link.crm_id, Cause::Changed, true));
            }
        }
        (state.recovering, state.reviewing) = (None, false);
        changes.push(self.keep(state));
        self.store.commit(changes).await?;
        Ok(())
    }
}
