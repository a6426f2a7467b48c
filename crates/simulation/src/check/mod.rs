//! What has to hold at a quiet time.

mod confinement;
mod counters;
mod expected;
mod outlook_born;
mod presence;
mod switched;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use sync_engine::link::{Link, LinkState};

use crate::field::Field;
use crate::finding::Finding;
use crate::history::{Declared, Label, Setting};
use crate::ledger::{Ledger, Side};
use crate::process::Verdict;
use crate::view::{Container, Item, View};
use crate::world::World;

pub(crate) use counters::violations;

/// The values that both sides of a pair held at a quiet time: the record's and the item's.
pub(crate) type Agreed = BTreeMap<(usize, Label), BTreeMap<Field, (Option<String>, Option<String>)>>;

/// What the store of a sync says.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    /// Every link.
    pub links: Vec<Link>,
    /// Conflicts by record and field, whatever their outcome.
    pub conflicts: BTreeSet<(String, Field)>,
}

/// Everything that is looked at.
#[derive(Debug)]
pub(crate) struct Quiet<'a> {
    /// What there was at the start.
    pub setting: &'a Setting,
    /// What people did.
    pub ledger: &'a Ledger,
    /// What is declared.
    pub declared: &'a [Declared],
    /// Both services.
    pub view: &'a View,
    /// How each sync's last run ended.
    pub verdicts: &'a [Verdict],
    /// What the store says of each sync.
    pub remembered: &'a [Remembered],
    /// What both sides held at the last quiet time.
    pub agreed: &'a Agreed,
}

/// Everything that must not be.
#[must_use]
pub(crate) fn all(quiet: &Quiet<'_>, world: &World) -> Vec<Finding> {
    let mut findings = counters::check(world, quiet.ledger);
    findings.extend(confinement::check(quiet));
    for (person, declared) in quiet.declared.iter().enumerate() {
        let sync = Sync {
            quiet,
            person,
            declared,
        };
        findings.extend(sync.check());
    }
    findings
}

/// What both sides of each pair hold now.
#[must_use]
pub(crate) fn agreed(quiet: &Quiet<'_>) -> Agreed {
    let mut agreed = Agreed::new();
    let copies = &quiet.ledger.copies;
    for (person, mailbox) in quiet.view.mailboxes.iter().enumerate() {
        let items = mailbox.containers.iter().flat_map(|container| &container.items);
        for (_, item) in items.filter(|(id, _)| !copies.contains_key(&(person, (*id).clone()))) {
            let Some((label, record)) = item
                .record
                .as_ref()
                .and_then(|id| Some((quiet.ledger.label_of(id)?, quiet.view.records.get(id)?)))
            else {
                continue;
            };
            let values = Field::ALL.map(|field| {
                let both = (field.of_record(record), field.of_contact(&item.contact));
                (field, both)
            });
            agreed.insert((person, label), values.into());
        }
    }
    agreed
}

/// One sync at a quiet time.
struct Sync<'a> {
    quiet: &'a Quiet<'a>,
    person: usize,
    declared: &'a Declared,
}

impl Sync<'_> {
    fn check(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        match &self.quiet.verdicts[self.person] {
            Verdict::Off(_) => findings.extend(self.switched_off()),
            Verdict::RemovedByOwner => findings.extend(self.removed_by_owner()),
            Verdict::UpToDate => {
                findings.extend(self.intents());
                match &self.quiet.view.mailboxes[self.person].containers[..] {
                    [container] => {
                        findings.extend(self.presence(container));
                        findings.extend(self.outlook_born(container));
                        findings.extend(self.values(container));
                    }
                    _ if self.quiet.ledger.twins_excused() => {}
                    // One of which nobody could take note was deleted and came back.
                    _ if self.folder_returned_unknown() => {}
                    others => findings.push(self.finding("I2", format!("{} containers", others.len()))),
                }
            }
            // A person has to mend something first: an invalid mapping, a name that is taken.
            Verdict::Stalled(_) => {}
            Verdict::More | Verdict::Passing(..) => {
                findings.push(self.finding("I22", format!("no end: {:?}", self.quiet.verdicts[self.person])));
            }
        }
        findings
    }

    fn finding(&self, rule: &'static str, what: impl AsRef<str>) -> Finding {
        Finding::new(rule, format!("person {}: {}", self.person, what.as_ref()))
    }

    fn folder_returned_unknown(&self) -> bool {
        let ledger = self.quiet.ledger;
        ledger.syncs[self.person].folder_left.is_some() && ledger.disturbed.is_some()
    }

    fn intents(&self) -> Vec<Finding> {
        let remembered = &self.quiet.remembered[self.person];
        let open = remembered
            .links
            .iter()
            .filter(|link| link.state == LinkState::Intent);
        open.map(|link| self.finding("I12", format!("the intent for {} is still open", link.crm_id)))
            .collect()
    }

    fn side(&self) -> Side {
        Side::Office(self.person)
    }

    /// The originals of a container that belong to a record.
    fn originals<'c>(&self, container: &'c Container, record: &str) -> Vec<(&'c String, &'c Item)> {
        let copies = &self.quiet.ledger.copies;
        container
            .items
            .iter()
            .filter(|(id, item)| {
                item.record.as_deref() == Some(record) && !copies.contains_key(&(self.person, (*id).clone()))
            })
            .collect()
    }

    /// Whether the sync lost what it knew in the present period: its base, or its links altogether.
    fn base_lost(&self) -> bool {
        let ledger = self.quiet.ledger;
        let sync = &ledger.syncs[self.person];
        [
            ledger.store_lost,
            ledger.key_lost,
            sync.remapped,
            sync.switched,
            sync.declared,
        ]
        .into_iter()
        .any(|when| ledger.now(when))
    }
}
