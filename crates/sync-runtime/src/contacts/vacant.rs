//! Links whose item is gone. A contact can come back under another id: copied while its original was deleted, from an
//! archive, with a mailbox that was moved. The link then is the new item's.

use std::collections::BTreeMap;

use sync_engine::link::{Link, LinkState};

use super::{ContactSync, Stop};
use crate::ports::{Crm, Found, Mailbox};
use crate::store::Store;

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Those of the links whose item is not in the container, by record.
    pub(super) async fn vacant(
        &self,
        folder: &str,
        links: Vec<Link>,
    ) -> Result<BTreeMap<String, Link>, Stop> {
        // An item that is being made cannot be missing yet.
        let links = links.into_iter().filter(|link| link.state != LinkState::Intent);
        let (with_item, without): (Vec<Link>, Vec<Link>) = links.partition(|link| link.office_id.is_some());
        let ids: Vec<String> = with_item
            .iter()
            .filter_map(|link| link.office_id.clone())
            .collect();
        let found = if ids.is_empty() {
            Vec::new()
        } else {
            self.mailbox.read(folder, &ids).await?
        };
        let gone = with_item
            .into_iter()
            .zip(found)
            .filter(|(_, found)| !matches!(found, Found::Here(_)))
            .map(|(link, _)| link);
        Ok(gone
            .chain(without)
            .map(|link| (link.crm_id.clone(), link))
            .collect())
    }
}
