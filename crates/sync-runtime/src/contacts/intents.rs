//! Open intents: a create whose outcome nobody knows is looked up by its marker before anything else happens, so
//! that a crash or a lost answer never doubles a contact.

use std::collections::BTreeMap;

use sync_engine::hash::Base;
use sync_engine::identity::{crm_id_of, item_marker};
use sync_engine::link::{Link, LinkState};

use super::{ContactSync, Stop};
use crate::ports::{Crm, Folder, Item, Mailbox};
use crate::store::{Cause, Change, Queued, Store};

/// How many intents are read from the store at a time.
const PAGE: u32 = 100;

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Settles every intent: found means linked, not found means that nothing was made.
    pub(super) async fn settle_intents(&self, folder: &str) -> Result<(), Stop> {
        loop {
            let intents = self.store.intents(self.scope, PAGE).await?;
            if intents.is_empty() {
                return Ok(());
            }
            let markers: Vec<_> = intents
                .iter()
                .map(|link| item_marker(self.scope, &link.crm_id))
                .collect();
            let mut found = self.by_record(self.mailbox.find(folder, &markers).await?);
            let changes = intents
                .into_iter()
                .flat_map(|intent| match found.remove(&intent.crm_id) {
                    // Linked with what was sent as its base; the next look compares both sides with it.
                    Some(item) => {
                        let crm_id = intent.crm_id.clone();
                        let linked = Link {
                            office_id: Some(item.id),
                            state: LinkState::Linked,
                            ..intent
                        };
                        vec![
                            Change::Link(self.scope, linked),
                            Change::Enqueue(
                                self.scope,
                                Queued {
                                    crm_id,
                                    cause: Cause::Changed,
                                },
                            ),
                        ]
                    }
                    None => vec![
                        Change::DropLink(self.scope, intent.crm_id.clone()),
                        Change::Enqueue(
                            self.scope,
                            Queued {
                                crm_id: intent.crm_id,
                                cause: Cause::Changed,
                            },
                        ),
                    ],
                })
                .collect();
            self.store.commit(changes).await?;
        }
    }

    /// Links everything in a container that was found by its marker: after a lost store, nothing is made twice.
    pub(super) async fn adopt(&self, folder: &Folder) -> Result<(), Stop> {
        let items = self.by_record(self.mailbox.items(&folder.id).await?);
        let changes = items
            .into_iter()
            .flat_map(|(crm_id, item)| {
                [
                    Change::Link(self.scope, linked_without_base(crm_id.clone(), item)),
                    Change::Enqueue(
                        self.scope,
                        Queued {
                            crm_id,
                            cause: Cause::Changed,
                        },
                    ),
                ]
            })
            .collect();
        self.store.commit(changes).await?;
        Ok(())
    }

    /// One item per record. Where a user copied an item in Outlook two carry one marker: the smaller id wins, each
    /// time, and the copy is its owner's.
    fn by_record(&self, items: Vec<Item>) -> BTreeMap<String, Item> {
        let mut by_record: BTreeMap<String, Item> = BTreeMap::new();
        for item in items {
            let Some(crm_id) = item
                .marker
                .as_deref()
                .and_then(|marker| crm_id_of(self.scope, marker))
            else {
                continue;
            };
            match by_record.get(crm_id) {
                Some(known) if known.id <= item.id => {}
                _ => {
                    by_record.insert(crm_id.to_owned(), item);
                }
            }
        }
        by_record
    }
}

fn linked_without_base(crm_id: String, item: Item) -> Link {
    Link {
        crm_id,
        office_id: Some(item.id),
        state: LinkState::Linked,
        crm_modified: None,
        base: Base::default(),
    }
}
