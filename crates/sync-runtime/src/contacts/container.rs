//! The container: found by its marker, made if there never was one, never made again behind its owner's back.

use sync_engine::identity::{cluster_of, container_marker};

use super::{ContactSync, Outcome, Stop};
use crate::ports::{CreateFolderFailure, Crm, Folder, Mailbox};
use crate::store::{Change, KnownFolder, ScopeState, Store};

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// The container's id, or how the run ends without one.
    pub(super) async fn container(&self, state: &mut ScopeState) -> Result<Result<String, Outcome>, Stop> {
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
    ) -> Result<Result<String, Outcome>, Stop> {
        let Some(found) = self
            .mailbox
            .folder(&known.id)
            .await?
            .filter(|found| found.parent == known.parent)
        else {
            return self.removed(state).await;
        };
        if let Some(outcome) = self.claimed(&found) {
            return Ok(Err(outcome));
        }
        if known.name != self.policy.folder_name {
            match self
                .mailbox
                .rename_folder(&known.id, &self.policy.folder_name)
                .await
            {
                Ok(()) => {}
                Err(CreateFolderFailure::NameTaken) => return Ok(Err(Outcome::NameTaken)),
                Err(CreateFolderFailure::Failed(failure)) => return Err(failure.into()),
            }
            state.folder = Some(KnownFolder {
                name: self.policy.folder_name.clone(),
                ..known.clone()
            });
            self.store
                .commit(vec![Change::Scope(self.scope, state.clone())])
                .await?;
        }
        Ok(Ok(known.id))
    }

    /// Looks before it makes: a create whose answer was lost, or a lost store, left a marked folder behind.
    async fn find_or_make(&self, state: &mut ScopeState) -> Result<Result<String, Outcome>, Stop> {
        let folders = self.mailbox.folders().await?;
        let ours = folders.into_iter().find(|folder| {
            folder
                .marker
                .as_deref()
                .is_some_and(|marker| cluster_of(self.scope, marker).is_some())
        });
        let folder = match ours {
            Some(folder) => {
                if let Some(outcome) = self.claimed(&folder) {
                    return Ok(Err(outcome));
                }
                self.adopt(&folder).await?;
                folder
            }
            None if self.known_folder.is_some() => return self.removed(state).await,
            None => {
                let marker = container_marker(self.scope, self.cluster);
                match self
                    .mailbox
                    .create_folder(&self.policy.folder_name, &marker)
                    .await
                {
                    Ok(folder) => folder,
                    Err(CreateFolderFailure::NameTaken) => return Ok(Err(Outcome::NameTaken)),
                    Err(CreateFolderFailure::Failed(failure)) => return Err(failure.into()),
                }
            }
        };
        let id = folder.id.clone();
        state.folder = Some(KnownFolder {
            id: folder.id,
            parent: folder.parent,
            name: folder.name,
        });
        self.store
            .commit(vec![Change::Scope(self.scope, state.clone())])
            .await?;
        Ok(Ok(id))
    }

    fn claimed(&self, folder: &Folder) -> Option<Outcome> {
        let cluster = folder
            .marker
            .as_deref()
            .and_then(|marker| cluster_of(self.scope, marker))?;
        (cluster != self.cluster).then(|| Outcome::ClaimedBy(cluster.to_owned()))
    }

    async fn removed(&self, state: &mut ScopeState) -> Result<Result<String, Outcome>, Stop> {
        state.removed_by_owner = true;
        self.store
            .commit(vec![Change::Scope(self.scope, state.clone())])
            .await?;
        Ok(Err(Outcome::RemovedByOwner))
    }
}
