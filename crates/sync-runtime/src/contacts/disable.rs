//! Switching a sync off: our copies leave the mailbox, everything else stays, the CRM is not touched.
//!
//! There is no CRM in this file's parameters: what disabling cannot reach it cannot harm (`design.md` §6.4).

use std::collections::BTreeMap;

use sync_engine::hash::Hasher;
use sync_engine::identity::{ScopeId, cluster_of};
use sync_engine::link::{Link, LinkState};

use super::Stop;
use crate::ports::{CreateFolderFailure, Item, ItemFailure, Mailbox};
use crate::store::{Change, Store};

/// What the name of a container that stays is given at its end, once.
const KEPT: &str = " (kept)";

/// How disabling ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disabled {
    /// Items that stay as nothing proves that the CRM holds the same: edited, parked, or made by the owner.
    pub left_in_place: u64,
}

/// Takes the synced, unedited copies and then the empty container out of the mailbox and forgets the sync.
///
/// # Errors
/// If the mailbox or the store does not do its part; calling again goes on.
pub async fn disable(
    scope: ScopeId,
    cluster: &str,
    mailbox: &impl Mailbox,
    store: &impl Store,
    hasher: &Hasher,
) -> Result<Disabled, Stop> {
    let Some(state) = store.scope(scope).await? else {
        return Ok(Disabled { left_in_place: 0 });
    };
    let known = state.folder.filter(|_| !state.removed_by_owner);
    let folder = match &known {
        None => None,
        Some(known) => mailbox
            .folder(&known.id)
            .await?
            .filter(|folder| folder.parent == known.parent),
    };
    // The canary: a folder without our marker and claim is not emptied, whatever its id.
    let ours = |marker: &str| cluster_of(scope, marker) == Some(cluster);
    let mut left_in_place = 0;
    if let Some(folder) = folder.filter(|folder| folder.marker.as_deref().is_some_and(ours)) {
        let links: BTreeMap<String, Link> = store
            .all_links(scope)
            .await?
            .into_iter()
            .filter_map(|link| Some((link.office_id.clone()?, link)))
            .collect();
        let key_known = state.key.as_deref() == Some(hasher.fingerprint().as_str());
        let (copies, others): (Vec<Item>, Vec<Item>) =
            mailbox.items(&folder.id).await?.into_iter().partition(|item| {
                key_known
                    && links
                        .get(&item.id)
                        .is_some_and(|link| is_copy(link, item, hasher))
            });
        left_in_place = others.len() as u64;
        for result in mailbox.delete(&folder.id, &copies).await {
            match result {
                Ok(()) | Err(ItemFailure::Gone) => {}
                Err(ItemFailure::Changed | ItemFailure::Refused { .. }) => left_in_place += 1,
                Err(ItemFailure::MaybeDone(failure) | ItemFailure::NotDone(failure)) => {
                    return Err(failure.into());
                }
            }
        }
        if left_in_place == 0 && mailbox.items(&folder.id).await?.is_empty() {
            mailbox.delete_folder(&folder.id).await?;
        } else if !folder.name.ends_with(KEPT) {
            match mailbox
                .rename_folder(&folder.id, &format!("{}{KEPT}", folder.name))
                .await
            {
                // A folder of that name from an earlier time is no reason to stop.
                Ok(()) | Err(CreateFolderFailure::NameTaken) => {}
                Err(CreateFolderFailure::Failed(failure)) => return Err(failure.into()),
            }
        }
    }
    store.commit(vec![Change::DropScope(scope)]).await?;
    Ok(Disabled { left_in_place })
}

/// Whether the item is a copy that still holds what both sides last agreed on.
fn is_copy(link: &Link, item: &Item, hasher: &Hasher) -> bool {
    link.state == LinkState::Linked
        && !link.base.0.is_empty()
        && link
            .base
            .0
            .iter()
            .all(|(field, was)| hasher.field(*field, item.fields.get(field)) == was.office)
}
