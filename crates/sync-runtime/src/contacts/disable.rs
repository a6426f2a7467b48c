//! Switching a sync off: our copies leave the mailbox, everything else stays, the CRM is not touched.
//!
//! There is no CRM in this file's parameters: what disabling cannot reach it cannot harm (`design.md` §6.4). What only
//! the mailbox knows goes to the CRM before, by [`super::ContactSync::last_round`].

use std::collections::BTreeMap;

use ambient::Clock;
use jiff::{SignedDuration, Timestamp};
use sync_engine::hash::Hasher;
use sync_engine::identity::{ScopeId, cluster_of, container_marker, crm_id_of, item_marker};
use sync_engine::link::{Link, LinkState};
use sync_engine::plan::{Changes, unedited_item};

use super::Stop;
use super::review::is_review;
use crate::ports::{CreateFolderFailure, Failure, Folder, Item, ItemFailure, ItemUpdate, Mailbox, Service};
use crate::store::{Change, Counted, ScopeState, Store, Tally};

/// What the name of a container that stays is given at its end, once.
pub(super) const KEPT: &str = " (kept)";

/// The claim on a container that stays in good order: everything in it that has a record carries its marker.
pub(super) const RELEASED: &str = "released";

/// The scope that copies are given to, so that none of them passes for its original later.
const NOBODY: &str = "v1|copy|";

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How long a sync that is held back waits before it asks again.
const NEXT_TRY: SignedDuration = SignedDuration::from_mins(5);

/// How many items are removed between two commits.
const CHUNK: usize = 100;

/// How disabling ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disabled {
    /// There was nothing to take back.
    WasOff,
    /// The copies are out of the mailbox.
    Done {
        /// Items that stay as nothing proves that the CRM holds the same: edited, parked, or made by the owner.
        left_in_place: u64,
    },
    /// So many syncs of the tenant were switched off within an hour that this one waits: it may be a mistake.
    Held {
        /// When the next may go.
        until: Timestamp,
    },
}

/// The brake on waves of disabling: one bad merge must not empty a thousand mailboxes.
#[derive(Debug, Clone, Copy)]
pub struct Brake<'a> {
    /// The organisation whose syncs are counted together.
    pub organisation: &'a str,
    /// How many may go in an hour.
    pub per_hour: u64,
}

/// Takes the synced, unedited copies and then the empty container out of the mailbox and forgets the sync.
///
/// # Errors
/// If the mailbox or the store does not do its part; calling again goes on.
pub async fn disable(
    scope: ScopeId,
    cluster: &str,
    brake: Brake<'_>,
    mailbox: &impl Mailbox,
    store: &impl Store,
    hasher: &Hasher,
    clock: &dyn Clock,
) -> Result<Disabled, Stop> {
    let Some(mut state) = store.scope(scope).await? else {
        return Ok(Disabled::WasOff);
    };
    let mut left_in_place = 0;
    if let Some(folder) = container(scope, cluster, &state, mailbox).await? {
        if state.disabling.is_none()
            && let Some(until) = pull_brake(scope, brake, &mut state, store, clock).await?
        {
            return Ok(Disabled::Held { until });
        }
        let emptied = Emptied {
            scope,
            folder: &folder.id,
            mailbox,
            store,
            hasher: Some(hasher).filter(|hasher| state.key == Some(hasher.fingerprint())),
        };
        emptied.remove_copies().await?;
        let left = mailbox.items(&folder.id).await?;
        left_in_place = left.len() as u64;
        if left.is_empty() {
            mailbox.delete_folder(&folder.id).await?;
        } else {
            let all_marked = emptied.mark(left).await?;
            keep(&folder, mailbox).await?;
            if all_marked && nothing_is_in_doubt(scope, store).await? {
                mailbox
                    .mark_folder(&folder.id, &container_marker(scope, RELEASED))
                    .await?;
            }
        }
    }
    store.commit(vec![Change::DropScope(scope)]).await?;
    Ok(Disabled::Done { left_in_place })
}

/// The container, if it is in its place. The canary: a folder without our marker and claim is not emptied, whatever its
/// id.
async fn container(
    scope: ScopeId,
    cluster: &str,
    state: &ScopeState,
    mailbox: &impl Mailbox,
) -> Result<Option<Folder>, Stop> {
    let Some(known) = state.folder.as_ref().filter(|_| !state.removed_by_owner) else {
        return Ok(None);
    };
    let ours = |marker: &str| cluster_of(scope, marker).is_some_and(|by| by == cluster || by == RELEASED);
    let found = mailbox.folder(&known.id).await?;
    Ok(found
        .filter(|folder| folder.parent == known.parent)
        .filter(|folder| folder.marker.as_deref().is_some_and(ours)))
}

/// Counts this sync among those that are switched off; the time to wait for, if there were enough of them.
async fn pull_brake(
    scope: ScopeId,
    brake: Brake<'_>,
    state: &mut ScopeState,
    store: &impl Store,
    clock: &dyn Clock,
) -> Result<Option<Timestamp>, Stop> {
    let now = clock.now();
    let since = now.saturating_sub(HOUR).unwrap_or(Timestamp::MIN);
    let of_all = Counted::Organisation(brake.organisation);
    if store.tally(of_all, Tally::Disables, since).await? >= brake.per_hour {
        return Ok(Some(now.saturating_add(NEXT_TRY).unwrap_or(Timestamp::MAX)));
    }
    state.disabling = Some(now);
    let organisation = brake.organisation.to_owned();
    store
        .commit(vec![
            Change::Tally(scope, organisation, Tally::Disables, now, 1),
            Change::Scope(scope, state.clone()),
        ])
        .await?;
    Ok(None)
}

/// Whether no item may have a record that no marker names: being made when the answer was lost, or waiting for review.
async fn nothing_is_in_doubt(scope: ScopeId, store: &impl Store) -> Result<bool, Stop> {
    let strangers = store.strangers(scope, u32::MAX).await?;
    let parked = store.parked(scope, u32::MAX).await?;
    Ok(store.crm_intents(scope, 1).await?.is_empty()
        && strangers.iter().all(|stranger| !stranger.review)
        && parked.iter().all(|parked| !is_review(&parked.reason)))
}

/// A container that is being emptied.
struct Emptied<'a, M, S> {
    scope: ScopeId,
    folder: &'a str,
    mailbox: &'a M,
    store: &'a S,
    /// `None` if the bases were hashed under another key: then nothing is proven to be a copy.
    hasher: Option<&'a Hasher>,
}

impl<M: Mailbox, S: Store> Emptied<'_, M, S> {
    async fn links(&self) -> Result<BTreeMap<String, Link>, Stop> {
        let links = self.store.all_links(self.scope).await?.into_iter();
        Ok(links
            .filter_map(|link| Some((link.office_id.clone()?, link)))
            .collect())
    }

    /// Removes the copies. Before, each becomes an intent: where disabling is called off in between, what is gone by
    /// then is no deletion by the mailbox's owner.
    async fn remove_copies(&self) -> Result<(), Stop> {
        let mut links = self.links().await?;
        let mut copies: Vec<(Item, Link)> = Vec::new();
        for item in self.mailbox.items(self.folder).await? {
            if let Some(link) = links.remove(&item.id).filter(|link| self.is_copy(&item, link)) {
                copies.push((item, link));
            }
        }
        for copies in copies.chunks(CHUNK) {
            let intents = copies.iter().map(|(_, link)| {
                let state = LinkState::Intent;
                Change::Link(
                    self.scope,
                    Link {
                        state,
                        ..link.clone()
                    },
                )
            });
            self.store.commit(intents.collect()).await?;
            let items: Vec<Item> = copies.iter().map(|(item, _)| item.clone()).collect();
            let (mut kept, mut failure) = (Vec::new(), None);
            let results = self.mailbox.delete(self.folder, &items).await;
            for ((_, link), result) in copies.iter().zip(results) {
                match result {
                    Ok(()) | Err(ItemFailure::Gone) => {}
                    Err(
                        ItemFailure::Changed
                        | ItemFailure::Refused { .. }
                        | ItemFailure::Exists { .. }
                        | ItemFailure::Locked { .. },
                    ) => {
                        kept.push(Change::Link(self.scope, link.clone()));
                    }
                    Err(ItemFailure::MaybeDone(reason) | ItemFailure::NotDone(reason)) => {
                        failure.get_or_insert(reason);
                    }
                }
            }
            if !kept.is_empty() {
                self.store.commit(kept).await?;
            }
            if let Some(failure) = failure {
                return Err(failure.into());
            }
        }
        Ok(())
    }

    /// Whether the CRM holds all that the item does: it holds what both sides last agreed on, and nothing that the CRM
    /// does not have or that is not mapped.
    fn is_copy(&self, item: &Item, link: &Link) -> bool {
        let Some(hasher) = self.hasher else { return false };
        let in_crm = |field| {
            let base = link.base.0.get(field);
            base.is_some_and(|base| !base.crm.same_value(hasher.field(*field, None)))
        };
        matches!(link.state, LinkState::Linked | LinkState::Intent)
            && unedited_item(&link.base, &item.fields, hasher)
            && item.fields.keys().all(in_crm)
    }

    /// Gives what stays the marker by which it is known when the sync is enabled again: its record's, or, of a copy that
    /// its owner made, nobody's. Whether all could be marked.
    async fn mark(&self, left: Vec<Item>) -> Result<bool, Stop> {
        let links = self.links().await?;
        let updates: Vec<ItemUpdate> = left
            .into_iter()
            .filter_map(|item| {
                let marker = self.right_marker(&item, links.get(&item.id))?;
                Some(ItemUpdate {
                    item,
                    changes: Changes::new(),
                    marker: Some(marker),
                })
            })
            .collect();
        let mut all_marked = true;
        if updates.is_empty() {
            return Ok(all_marked);
        }
        for result in self.mailbox.update(self.folder, &updates).await {
            match result {
                Ok(_) | Err(ItemFailure::Gone) => {}
                Err(
                    ItemFailure::Refused { .. } | ItemFailure::Exists { .. } | ItemFailure::Locked { .. },
                ) => all_marked = false,
                Err(ItemFailure::Changed) => {
                    let code = "an item changes while it is marked".to_owned();
                    let service = Service::Office;
                    return Err(Failure::Transient { service, code }.into());
                }
                Err(ItemFailure::MaybeDone(failure) | ItemFailure::NotDone(failure)) => {
                    return Err(failure.into());
                }
            }
        }
        Ok(all_marked)
    }

    fn right_marker(&self, item: &Item, link: Option<&Link>) -> Option<String> {
        let marker = item.marker.as_deref();
        let right = if let Some(link) = link {
            item_marker(self.scope, &link.crm_id)
        } else {
            format!("{NOBODY}{}", crm_id_of(self.scope, marker?)?)
        };
        (marker != Some(right.as_str())).then_some(right)
    }
}

/// A container that holds something stays, under a name that says so.
async fn keep(folder: &Folder, mailbox: &impl Mailbox) -> Result<(), Stop> {
    if folder.name.ends_with(KEPT) {
        return Ok(());
    }
    let name = format!("{}{KEPT}", folder.name);
    match mailbox.rename_folder(&folder.id, &name).await {
        // A folder of that name from an earlier time is no reason to stop.
        Ok(()) | Err(CreateFolderFailure::NameTaken) => Ok(()),
        Err(CreateFolderFailure::Failed(failure)) => Err(failure.into()),
    }
}
