//! What both sides of a pair hold (I1, I3): what a person typed last, unless another person's edit of the same field
//! stands against it, and then by the declared policy and on record.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Sync;
use super::expected::{NAMES, fits};
use crate::abilities;
use crate::field::{Field, canonical};
use crate::finding::Finding;
use crate::history::{Conflict, Declared, Label};
use crate::ledger::{Contact, Side, Write, owner_of};
use crate::policy::{is_cut, to_crm, to_office};
use crate::view::{Container, Item};

/// Everything about one field of one pair.
struct Case<'a> {
    crm: Option<String>,
    office: Option<String>,
    /// What both held at the last quiet time, if the pair was there.
    agreed: Option<&'a (Option<String>, Option<String>)>,
    /// What was last typed since then.
    crm_wrote: Option<&'a Write>,
    office_wrote: Option<&'a Write>,
}

impl Sync<'_> {
    pub(super) fn values(&self, container: &Container) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (label, contact) in &self.quiet.ledger.contacts {
            let Some(id) = &contact.record else { continue };
            let Some(record) = self.quiet.view.records.get(id) else {
                continue;
            };
            let originals = self.originals(container, id);
            let [(_, item)] = originals[..] else { continue };
            let confused = self.quiet.ledger.may_be_confused(*label);
            // A contact that does not fit one of the sides waits as a whole, and so does one without any name.
            let waits = !super::outlook_born::fits(&item.contact, self.declared)
                || !is_named(&item.contact, contact, self.declared);
            if !confused && !waits && self.is_synced(contact, record) {
                findings.extend(self.pair(*label, record, item));
            }
        }
        findings
    }

    /// Whether the item follows the record at all.
    fn is_synced(&self, contact: &Contact, record: &Value) -> bool {
        let left = contact
            .items
            .get(&self.person)
            .is_some_and(|item| item.left.is_some());
        let own = owner_of(record, self.quiet.declared.len()) == Some(self.person);
        let hidden = self.quiet.ledger.now(self.quiet.ledger.rights_changed);
        let crowded = contact.crowded && !abilities::SEES_SECOND_CHANGE;
        let returned = contact.returned_unseen();
        own && !left
            && !returned
            && !crowded
            && !hidden
            && fits(record, self.declared)
            && !self.may_be_detached(contact)
    }

    fn pair(&self, label: Label, record: &Value, item: &Item) -> Vec<Finding> {
        let ledger = self.quiet.ledger;
        let agreed = self.quiet.agreed.get(&(self.person, label));
        let mut findings = Vec::new();
        for field in Field::ALL {
            let withheld = self.quiet.setting.services.withheld && field == Field::Mobile;
            if withheld || !(to_office(self.declared, field) || to_crm(self.declared, field)) {
                continue;
            }
            let last = |side: Side| ledger.written(label, side, field).next_back();
            let case = Case {
                crm: self.as_carried(field, field.of_record(record)),
                office: field.of_contact(&item.contact),
                agreed: agreed.and_then(|agreed| agreed.get(&field)),
                crm_wrote: last(Side::Crm),
                office_wrote: last(self.side()),
            };
            let wrong = if is_address(field) {
                self.addresses(label, field, record, item)
            } else if to_crm(self.declared, field) {
                self.two_way(label, field, &case)
            } else {
                self.one_way(field, &case)
            };
            findings.extend(wrong.map(|wrong| {
                let Case { crm, office, .. } = &case;
                let what = format!(
                    "{label:?} {field:?}: {wrong}; the CRM has {crm:?}, Outlook {office:?}, agreed {:?}, typed in the CRM {:?}, in Outlook {:?}",
                    case.agreed,
                    case.crm_wrote.map(|write| &write.value),
                    case.office_wrote.map(|write| &write.value),
                );
                self.finding("I1", what)
            }));
        }
        findings
    }

    /// A text that is cut on its way to the mailbox.
    fn as_carried(&self, field: Field, text: Option<String>) -> Option<String> {
        match text {
            Some(text) if is_cut(self.declared, field) && text.chars().count() > 255 => {
                canonical(&text.chars().take(255).collect::<String>())
            }
            text => text,
        }
    }

    /// From the CRM to the mailbox: the CRM's changes arrive, the mailbox's stay until the CRM changes the same field.
    fn one_way(&self, field: Field, case: &Case<'_>) -> Option<&'static str> {
        let Case { crm, office, .. } = case;
        if office == crm {
            // An edit in Outlook that nothing in the CRM stands against must not be undone.
            let undone = case.agreed.is_some_and(|(theirs, ours)| theirs == ours)
                && case.crm_wrote.is_none()
                && case.office_wrote.is_some_and(|write| write.value != *office);
            return (undone && !self.may_conflict(field)).then_some("an edit in Outlook was undone");
        }
        let kept = case.agreed.is_some_and(|(_, was)| was == office);
        let typed = case.office_wrote.is_some_and(|write| write.value == *office);
        match (case.crm_wrote.is_some(), case.office_wrote.is_some()) {
            (_, true) if typed => None,
            (_, true) => Some("Outlook shows neither what was typed there nor what the CRM has"),
            // A blank is no reason to clear where nothing shows that somebody cleared it.
            (true, false) if self.base_lost() && crm.is_none() => None,
            (true, false) if kept && case.agreed.is_some_and(|(was, _)| was == crm) => None,
            (true, false) => Some("a change in the CRM did not arrive"),
            // Made in Outlook, it holds there what never went to the CRM.
            (false, false) if kept || case.agreed.is_none() => None,
            (false, false) if self.base_lost() && crm.is_none() => None,
            (false, false) => Some("the value in Outlook changed, and nobody changed it"),
        }
    }

    /// Both ways: both sides hold what was typed last, or what won by policy, and then the loser is on record.
    fn two_way(&self, label: Label, field: Field, case: &Case<'_>) -> Option<&'static str> {
        let Case { crm, office, .. } = case;
        let ledger = self.quiet.ledger;
        let record = ledger.record(label).unwrap_or_default();
        // With the store the records of conflicts are lost.
        let recorded = ledger.now(ledger.store_lost)
            || self.quiet.remembered[self.person]
                .conflicts
                .contains(&(record.to_owned(), field));
        if crm != office {
            let open = recorded && self.declared.conflict == Conflict::Manual;
            return (!open).then_some("the two sides differ");
        }
        let shown = |write: &Write| self.as_carried(field, write.value.clone()) == *crm;
        match (case.crm_wrote, case.office_wrote) {
            (None, None)
                if !self.base_lost()
                    && case
                        .agreed
                        .is_some_and(|(was, _)| self.as_carried(field, was.clone()) != *crm) =>
            {
                Some("the value changed, and nobody changed it")
            }
            // A blank is no reason to clear where nothing shows that somebody cleared it.
            (Some(write), None) | (None, Some(write)) if write.value.is_none() && self.base_lost() => None,
            (Some(write), None) | (None, Some(write)) if !shown(write) => {
                (!(recorded && self.may_conflict(field))).then_some("what was typed last is gone")
            }
            (Some(a), Some(b)) if !shown(a) && !shown(b) => Some("both sides show what nobody typed last"),
            (Some(crm_wrote), Some(office_wrote)) => {
                let loser = if shown(crm_wrote) { office_wrote } else { crm_wrote };
                let blank = loser.value.is_none() && self.base_lost();
                let fine = blank || shown(loser) || self.let_go(label, field, loser, case) || recorded;
                (!fine).then_some("an edit lost and is not on record")
            }
            _ => None,
        }
    }

    /// Whether an edit may stand against more than another edit of the same field: against a value of which nobody knows
    /// who typed it, the rest of a text that was cut, or another part of the address.
    fn may_conflict(&self, field: Field) -> bool {
        is_cut(self.declared, field) || field == Field::Street || field == Field::City || self.base_lost()
    }

    /// Whether somebody saw the value and wrote over it, or it was what both sides had agreed on before.
    fn let_go(&self, label: Label, field: Field, loser: &Write, case: &Case<'_>) -> bool {
        let agreed = case
            .agreed
            .is_some_and(|(crm, office)| [crm, office].into_iter().any(|was| *was == loser.value));
        let ledger = self.quiet.ledger;
        let over = [Side::Crm, self.side()]
            .into_iter()
            .flat_map(|side| ledger.written(label, side, field))
            .any(|write| write.over == loser.value);
        agreed || over
    }

    /// E-mail addresses stand in a list without gaps: a blank first one makes the second the first. So the lists are
    /// compared; once somebody typed in Outlook, each address there has to come from one of the two sides.
    fn addresses(&self, label: Label, field: Field, record: &Value, item: &Item) -> Option<&'static str> {
        if field == Field::SecondEmail && to_office(self.declared, Field::Email) {
            // Looked at together with the first.
            return None;
        }
        let mapped = ADDRESSES
            .into_iter()
            .filter(|field| to_office(self.declared, *field));
        let crm: Vec<String> = mapped.filter_map(|field| field.of_record(record)).collect();
        let shown = ADDRESSES
            .into_iter()
            .filter_map(|field| field.of_contact(&item.contact));
        let office: Vec<String> = shown.collect();
        if crm == office {
            return None;
        }
        let ledger = self.quiet.ledger;
        let contact = ledger.contacts.get(&label)?;
        if !abilities::KNOWS_LISTS && contact.had_gap() {
            return None;
        }
        let addresses = || contact.writes.iter().filter(|write| is_address(write.field));
        let known: BTreeSet<&String> = addresses().filter_map(|write| write.value.as_ref()).collect();
        if !office.iter().all(|address| known.contains(address)) {
            return Some("Outlook has an address that nobody typed");
        }
        let in_outlook = addresses().any(|write| write.side == self.side());
        // Where the base is lost a blank clears nothing.
        let kept =
            ledger.store_lost.max(ledger.key_lost).is_some() || ledger.syncs[self.person].remapped.is_some();
        let distinct: BTreeSet<&String> = office.iter().collect();
        if !in_outlook && distinct.len() < office.len() {
            return Some("Outlook has an address twice");
        }
        (!in_outlook && !kept).then_some("the addresses differ")
    }
}

/// Whether one of the fields that a contact can be called by is mapped and holds something.
fn is_named(item: &Map<String, Value>, contact: &Contact, declared: &Declared) -> bool {
    let mut mapped = NAMES.into_iter().filter(|field| to_office(declared, *field));
    // An address that stands where another one belongs goes with the rest.
    mapped.any(|field| field.of_contact(item).is_some() && !(is_address(field) && contact.had_gap()))
}

const ADDRESSES: [Field; 2] = [Field::Email, Field::SecondEmail];

fn is_address(field: Field) -> bool {
    ADDRESSES.contains(&field)
}
