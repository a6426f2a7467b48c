//! Each contact once, where it belongs (I2, I3, I11, I16, I17, I18).

use super::Sync;
use super::expected::{Expected, fits};
use crate::finding::Finding;
use crate::history::Direction;
use crate::policy::folder_name;
use crate::view::Container;

impl Sync<'_> {
    pub(super) fn presence(&self, container: &Container) -> Vec<Finding> {
        let mut findings = self.name(container);
        findings.extend(self.first_sync(container));
        findings.extend(self.strangers(container));
        let ledger = self.quiet.ledger;
        for (label, contact) in &ledger.contacts {
            let Some(record) = &contact.record else { continue };
            let found = self.originals(container, record).len();
            let expected = self.expected(*label, contact);
            let what = |what: &str| format!("{label:?}, record {record}: {what}");
            // One that its owner brought back may meet the one that was made in its place: it is the owner's own then.
            let returned = contact
                .items
                .get(&self.person)
                .is_some_and(|item| item.returned.is_some());
            if found > 1 + usize::from(returned) {
                findings.push(self.finding("I2", what(&format!("{found} items"))));
            }
            match expected {
                Expected::There if found == 0 => findings.push(self.finding("I3", what("no item"))),
                Expected::Absent if found > 0 => {
                    findings.push(self.finding("I3", what("an item is left over")));
                }
                _ => {}
            }
        }
        findings
    }

    fn name(&self, container: &Container) -> Vec<Finding> {
        let wanted = folder_name(self.declared);
        // A name that its owner gave it stays until another one is declared.
        let ledger = self.quiet.ledger;
        let sync = &ledger.syncs[self.person];
        let renamed = sync.folder_renamed.is_some();
        // With the store the name was lost that had been declared before.
        let forgot = sync.named.is_some() && ledger.store_lost >= sync.named;
        if renamed || forgot || container.name == wanted {
            return Vec::new();
        }
        vec![self.finding(
            "K1",
            format!("the container is called {}, not {wanted}", container.name),
        )]
    }

    /// Items that belong to no record which anybody made.
    fn strangers(&self, container: &Container) -> Vec<Finding> {
        let ledger = self.quiet.ledger;
        // Of two records that were made for one item, as the first could not be found, one is nobody's.
        let doubled = ledger.rights_changed.is_some() && ledger.disturbed.is_some();
        // Without a base an item whose record is deleted may have been edited, and gets another.
        let made_anew = ledger.store_lost.max(ledger.key_lost).is_some()
            && ledger.contacts.values().any(|contact| contact.deleted.is_some());
        // The account of records that the sync made went with the store, or with a sync that was switched off.
        let forgot = ledger.syncs[self.person]
            .switched
            .max(ledger.store_lost)
            .is_some()
            && ledger
                .contacts
                .values()
                .any(|contact| contact.born_in == Some(self.person) && contact.record.is_none());
        let known = |record: &String| doubled || made_anew || forgot || ledger.label_of(record).is_some();
        let unknown = container.items.iter().filter(|(id, item)| {
            let copy = ledger.copies.contains_key(&(self.person, (*id).clone()));
            item.marked && !copy && !item.record.as_ref().is_some_and(known)
        });
        unknown
            .map(|(id, item)| self.finding("I2", format!("item {id} is marked for {:?}", item.record)))
            .collect()
    }

    /// I16: the first sync brings the records that changed last, as many as are allowed, if nobody comes in between.
    fn first_sync(&self, container: &Container) -> Vec<Finding> {
        let ledger = self.quiet.ledger;
        let cap = usize::try_from(self.declared.cap).unwrap_or(usize::MAX);
        let disturbed = ledger.disturbed.max(ledger.store_lost).is_some();
        let one_way = self.declared.direction == Direction::OfficeToCrm;
        if ledger.period > 0 || ledger.acts_after_start > 0 || disturbed || one_way {
            return Vec::new();
        }
        let mut eligible: Vec<(&str, &String)> = Vec::new();
        for contact in ledger.contacts.values() {
            let id = contact.record.as_ref();
            let Some((id, record)) = id.and_then(|id| self.quiet.view.records.get_key_value(id)) else {
                continue;
            };
            if contact.imported && contact.changed.is_some() && !contact.is_settled() {
                // Whether that was a person the CRM's timeline tells.
                return Vec::new();
            }
            if !self.takes_part(contact, record) {
                continue;
            }
            if !fits(record, self.declared) {
                // What Exchange refuses has taken a place by then.
                return Vec::new();
            }
            eligible.push((record["Modified_Time"].as_str().unwrap_or_default(), id));
        }
        eligible.sort_unstable();
        let late = eligible.len().saturating_sub(cap);
        let wrong = eligible.iter().enumerate().filter(|(place, (_, id))| {
            let there = !self.originals(container, id).is_empty();
            there != (*place >= late)
        });
        wrong
            .map(|(place, (_, id))| {
                let rank = eligible.len() - place;
                self.finding(
                    "I16",
                    format!("record {id}, the {rank}th of those that changed last, cap {cap}"),
                )
            })
            .collect()
    }
}
