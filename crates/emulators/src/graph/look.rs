//! Single things of a mailbox, for a simulation in the same process that cannot afford the whole state at every step.

use serde_json::{Map, Value};

use super::extended::MARKER;
use super::mailbox::Mailbox;
use super::{GraphEmulator, state};

impl GraphEmulator {
    /// The contacts of a user that `name` means, in the form of the state document: the one with this id in either
    /// form, wherever it lies, else those outside the deleted items that carry this marker. None for an unknown user.
    #[must_use]
    pub fn contacts(&self, user: &str, name: &str) -> Vec<Map<String, Value>> {
        self.in_mailbox(user, |mailbox| {
            let keys: Vec<u64> = mailbox.contact_key(name).map_or_else(
                || {
                    let live = |key: &u64| {
                        let contact = mailbox.contacts.get(key);
                        contact.is_some_and(|contact| !mailbox.in_trash(contact.folder))
                    };
                    mailbox.with_extended(MARKER, name).filter(live).collect()
                },
                |key| vec![key],
            );
            let found = keys.iter().filter_map(|key| mailbox.contacts.get(key));
            found.map(|contact| state::contact(mailbox, contact)).collect()
        })
        .unwrap_or_default()
    }

    /// The id of the first folder of a user outside the deleted items that carries this marker.
    #[must_use]
    pub fn folder_with_marker(&self, user: &str, marker: &str) -> Option<String> {
        self.in_mailbox(user, |mailbox| {
            let mut folders = mailbox.folders.iter();
            let found = folders.find(|(key, folder)| {
                folder.extended.get(MARKER).is_some_and(|found| found == marker) && !mailbox.in_trash(**key)
            });
            found.map(|(_, folder)| folder.id.clone())
        })
        .flatten()
    }

    fn in_mailbox<T>(&self, user: &str, look: impl FnOnce(&Mailbox) -> T) -> Option<T> {
        let inner = self.lock();
        let mut tenants = inner.tenants.values();
        let user = tenants.find_map(|tenant| tenant.user(user))?;
        Some(look(&user.mailbox))
    }
}
