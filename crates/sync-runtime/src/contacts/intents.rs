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

    /// The items of intents that are in the container, by record. One that was to be removed is known by its id: by its
    /// marker a copy would pass for it, with values of another time.
    async fn items_of(&self, folder: &str, intents: &[Link]) -> Result<BTreeMap<String, String>, Stop> {
        let (removals, creates): (Vec<&Link>, Vec<&Link>) =
            intents.iter().partition(|intent| intent.office_id.is_some());
        let mut items = BTreeMap::new();
        let ids: Vec<String> = removals
            .iter()
            .filter_map(|intent| intent.office_id.clone())
            .collect();
        if !ids.is_empty() {
            let found = self.mailbox.read(folder, &ids).await?;
            let found = removals.into_iter().zip(found);
            let here = found.filter(|(_, found)| matches!(found, Found::Here(_)));
            items.extend(
                here.filter_map(|(intent, _)| Some((intent.crm_id.clone(), intent.office_id.clone()?))),
            );
        }
        let markers: Vec<String> = creates
            .iter()
            .map(|intent| item_marker(self.scope, &intent.crm_id))
            .collect();
        if !markers.is_empty() {
            let found = self.by_record(self.mailbox.find(folder, &markers).await?);
            items.extend(found.into_iter().map(|(crm_id, item)| (crm_id, item.id)));
        }
        Ok(items)
    }
}
