//! Switching a sync off: our copies leave the mailbox, everything else stays, the CRM is not touched.
//!
//! There is no CRM in this file's parameters: what disabling cannot reach it cannot harm (`design.md` §6.4). What only
//! the mailbox knows goes to the CRM before, by [`super::ContactSync::last_round`].

use std::collections::BTreeMap;

use ambient::Clock;
use jiff::{SignedDuration, Timestamp};
use sync_engine::hash::Hasher;
use sync_engine::identity::{ScopeId, cluster_of};
use sync_engine::link::{Link, LinkState};
use sync_engine::plan::unedited_item;

use super::Stop;
use crate::ports::{CreateFolderFailure, Folder, Item, ItemFailure, Mailbox};
use crate::store::{Change, Counted, ScopeState, Store, Tally};

/// What the name of a container that stays is given at its end, once.
const KEPT: &str = " (kept)";

const HOUR: SignedDuration = SignedDuration::from_hours(1);

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
        left_in_place = empty(scope, &folder, &state, mailbox, store, hasher).await?;
        if left_in_place == 0 && mailbox.items(&folder.id).await?.is_empty() {
            mailbox.delete_folder(&folder.id).await?;
        } else {
            keep(&folder, mailbox).await?;
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
    let ours = |marker: &str| cluster_of(scope, marker) == Some(cluster);
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
        return Ok(Some(now.saturating_add(HOUR / 12).unwrap_or(Timestamp::MAX)));
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

/// Removes the copies; the number of items that stay.
async fn empty(
    scope: ScopeId,
    folder: &Folder,
    state: &ScopeState,
    mailbox: &impl Mailbox,
    store: &impl Store,
    hasher: &Hasher,
) -> Result<u64, Stop> {
    let links: BTreeMap<String, Link> = store
        .all_links(scope)
        .await?
        .into_iter()
        .filter_map(|link| Some((link.office_id.clone()?, link)))
        .collect();
    let key_known = state.key.as_deref() == Some(hasher.fingerprint().as_str());
    // Only what still holds what both sides last agreed on is a copy.
    let is_copy = |item: &Item| {
        key_known
            && links.get(&item.id).is_some_and(|link| {
                link.state == LinkState::Linked && unedited_item(&link.base, &item.fields, hasher)
            })
    };
    let (copies, others): (Vec<Item>, Vec<Item>) =
        mailbox.items(&folder.id).await?.into_iter().partition(is_copy);
    let mut left_in_place = others.len() as u64;
    for result in mailbox.delete(&folder.id, &copies).await {
        match result {
            Ok(()) | Err(ItemFailure::Gone) => {}
            Err(ItemFailure::Changed | ItemFailure::Refused { .. } | ItemFailure::Exists { .. }) => {
                left_in_place += 1;
            }
            Err(ItemFailure::MaybeDone(failure) | ItemFailure::NotDone(failure)) => {
                return Err(failure.into());
            }
        }
    }
    Ok(left_in_place)
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
