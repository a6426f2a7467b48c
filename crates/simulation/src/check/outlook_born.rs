//! Contacts that people made in the container (K3): where the sync carries them to the CRM each has one record there.

use serde_json::{Map, Value};

use super::Sync;
use crate::field::{Field, Kind};
use crate::finding::Finding;
use crate::history::{Declared, Direction};
use crate::policy::to_crm;
use crate::view::Container;

impl Sync<'_> {
    pub(super) fn outlook_born(&self, container: &Container) -> Vec<Finding> {
        let ledger = self.quiet.ledger;
        if self.declared.direction == Direction::CrmToOffice {
            return Vec::new();
        }
        let born_here = ledger
            .contacts
            .iter()
            .filter(|(_, contact)| contact.born_in == Some(self.person));
        let missing = born_here.filter(|(_, contact)| {
            let item = contact.items.get(&self.person);
            let item = item.and_then(|item| container.items.get(item.id.as_ref()?));
            // What does not fit is parked; after a lost store nobody can tell whether it has a record.
            let carried = item.is_some_and(|item| fits(&item.contact, self.declared));
            contact.record.is_none() && carried && ledger.store_lost.is_none()
        });
        missing
            .map(|(label, _)| self.finding("I3", format!("{label:?}, made in Outlook, has no record")))
            .collect()
    }
}

/// Whether the CRM can hold the contact as it is mapped.
pub(super) fn fits(contact: &Map<String, Value>, declared: &Declared) -> bool {
    Field::ALL.into_iter().all(|field| {
        let Some((_, most)) = field.in_crm().filter(|_| to_crm(declared, field)) else {
            return true;
        };
        match field.of_contact(contact) {
            None => field != Field::Surname,
            Some(text) => {
                text.chars().count() <= most
                    && match field.kind() {
                        Kind::Text | Kind::Date => true,
                        Kind::Phone => !text.contains(['/', '_']),
                        Kind::Email => text.contains('@'),
                    }
            }
        }
    })
}
