//! Open intents to make or remove an item: what became of it is looked up before anything else happens, so that a crash
//! or a lost answer never doubles a contact.

use std::collections::BTreeMap;

use sync_engine::identity::item_marker;
use sync_engine::link::{Link, LinkState};

use super::run::Run;
use super::{ContactSync, Stop};
use crate::planted::{Bug, planted};
use crate::ports::{Crm, Found, Mailbox};
use crate::store::{Cause, Change, Store};

/// How many intents are read from the store at a time.
const PAGE: u32 = 100;

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Settles every intent: an item that is there is linked, else there is none.
    pub(super) async fn settle_intents(&self, run: &Run) -> Result<(), Stop> {
        loop {
            let intents = self.store.intents(self.scope, PAGE).await?;
            if intents.is_empty() {
                return Ok(());
            }
            let mut there = BTreeMap::new();
            if !planted(Bug::SkipLookUp) {
                there = self.items_of(&run.folder, &intents).await?;
            }
            let mut changes = Vec::new();
            for intent in intents {
                changes.push(self.enqueue(intent.crm_id.clone(), Cause::Changed, true));
                changes.push(match there.remove(&intent.crm_id) {
                    // Linked with what was sent as its base; the next look compares both sides with it.
                    Some(office_id) => Change::Link(
                        self.scope,
                        Link {
                            office_id: Some(office_id),
                            state: LinkState::Linked,
                            ..intent
                        },
                    ),
                    None => Change::DropLink(self.scope, intent.crm_id),
                });
            }
            self.commit(changes).await?;
        }
    }

    /// The items of intents that are in the container, by record: found by their ids where those are known, else by
    /// their markers.
    async fn items_of(&self, folder: &str, intents: &[Link]) -> Result<BTreeMap<String, String>, Stop> {
        let known: Vec<(&Link, String)> = intents
            .iter()
            .filter_map(|intent| Some((intent, intent.office_id.clone()?)))
            .collect();
        let ids: Vec<String> = known.iter().map(|(_, id)| id.clone()).collect();
        let mut items = BTreeMap::new();
        if !ids.is_empty() {
            let found = self.mailbox.read(folder, &ids).await?;
            for ((intent, id), found) in known.into_iter().zip(found) {
                if matches!(found, Found::Here(_)) {
                    items.insert(intent.crm_id.clone(), id);
                }
            }
        }
        let markers: Vec<String> = intents
            .iter()
            .filter(|intent| !items.contains_key(&intent.crm_id))
            .map(|intent| item_marker(self.scope, &intent.crm_id))
            .collect();
        if !markers.is_empty() {
            let found = self.by_record(self.mailbox.find(folder, &markers).await?);
            items.extend(found.into_iter().map(|(crm_id, item)| (crm_id, item.id)));
        }
        Ok(items)
    }
}
