//! Syncs that are off (I8, I9, N6): only what both sides agreed on is gone from the mailbox.

use super::Sync;
use crate::abilities;
use crate::field::Field;
use crate::finding::Finding;
use crate::policy::to_crm;
use crate::view::Container;

impl Sync<'_> {
    /// Switched off by its author. Looked at once: what is left is its owner's from then on.
    pub(super) fn switched_off(&self) -> Vec<Finding> {
        let ledger = self.quiet.ledger;
        let sync = &ledger.syncs[self.person];
        if !ledger.now(sync.switched) || sync.folder_left.is_some() {
            return Vec::new();
        }
        let unknown = ledger.now(ledger.store_lost.max(ledger.disturbed));
        match &self.quiet.view.mailboxes[self.person].containers[..] {
            [] => Vec::new(),
            _ if unknown && !abilities::TAKES_BACK_UNKNOWN => Vec::new(),
            [container] if container.items.is_empty() => {
                vec![self.finding("I8", "the container is empty and still there")]
            }
            [container] => self.left_behind(container),
            others => vec![self.finding("I2", format!("{} containers", others.len()))],
        }
    }

    /// What stays is somebody's own, or nothing proves that it is not.
    fn left_behind(&self, container: &Container) -> Vec<Finding> {
        let ledger = self.quiet.ledger;
        let unsure = [ledger.disturbed, ledger.store_lost, ledger.key_lost];
        let remapped = ledger.syncs[self.person].remapped.is_some();
        if remapped || unsure.into_iter().any(|when| ledger.now(when)) {
            return Vec::new();
        }
        let copies = container.items.iter().filter(|(id, item)| {
            let record = item.record.as_ref();
            let Some(label) = record.and_then(|record| ledger.label_of(record)) else {
                return false;
            };
            let contact = &ledger.contacts[&label];
            let own = contact.items.get(&self.person);
            let touched = own.is_some_and(|own| own.edited.is_some() || own.left.is_some());
            let detached = self.may_be_detached(contact);
            // It holds what never goes to the CRM.
            let only_here =
                |field: &Field| !to_crm(self.declared, *field) && field.of_contact(&item.contact).is_some();
            let born_here = contact.born_in == Some(self.person);
            let only_copy = born_here && Field::ALL.iter().any(only_here);
            // Without a base nobody decided what stands: it may hold what the record does not.
            let based = ledger.store_lost.max(ledger.key_lost).is_none();
            let record = record.and_then(|id| self.quiet.view.records.get(id));
            let holds_more = |field: &Field| {
                let theirs = record.and_then(|record| field.of_record(record));
                let ours = field.of_contact(&item.contact);
                ours.is_some() && ours != theirs
            };
            let undecided = !based && Field::ALL.iter().any(holds_more);
            !touched
                && !detached
                && !only_copy
                && !undecided
                && !ledger.copies.contains_key(&(self.person, (*id).clone()))
        });
        copies
            .map(|(id, _)| self.finding("I8", format!("the unedited copy {id} is still there")))
            .collect()
    }

    /// Switched off by the mailbox's owner, who deleted the container or moved it away.
    pub(super) fn removed_by_owner(&self) -> Vec<Finding> {
        if self.quiet.ledger.syncs[self.person].folder_left.is_some() {
            Vec::new()
        } else {
            vec![self.finding("N9", "the container counts as removed, and nobody removed it")]
        }
    }
}
