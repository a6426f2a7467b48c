//! One contact on both sides, and rounds of plans carried out as the runtime carries them out.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sync_engine::hash::{Base, Hasher};
use sync_engine::link::{Link, LinkState, Side};
use sync_engine::mapping::Mapping;
use sync_engine::merge::{ConflictPolicy, Merge, Terms, Times, same, settled_base};
use sync_engine::office_field::OfficeField;
use sync_engine::plan::{CrmSide, Deletes, OfficeSide, Op, Pair, Rules, plan, unedited_item};
use sync_engine::project::{CrmView, project, record};
use sync_engine::value::Value;

use crate::crm::Crm;
use crate::mailbox::{Mailbox, list_place};
use crate::pool::{self, Edit, metadata};

/// How far a plan is carried out before everything is read and planned again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Both sides.
    Whole,
    /// The mailbox only: the CRM's part waits for the guard, or the program ends.
    Mailbox,
    /// The CRM only.
    Crm,
}

/// A linked contact.
#[derive(Clone)]
pub(crate) struct Contact {
    pub(crate) mapping: Mapping,
    pub(crate) policy: ConflictPolicy,
    pub(crate) times: Times,
    pub(crate) link: Link,
    pub(crate) crm: Crm,
    pub(crate) office: Mailbox,
    /// What both sides held of a field when it was last the same or written, in plain values.
    pub(crate) agreed: BTreeMap<OfficeField, Held>,
    hasher: Hasher,
}

/// What the CRM and the mailbox hold of a field.
pub(crate) type Held = (Option<Value>, Option<Value>);

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for rule in self.mapping.rules() {
            let (direction, conflict, too_long) = (rule.direction, rule.conflict, rule.too_long);
            writeln!(
                f,
                "{} {} {direction:?} {conflict:?} {too_long:?}",
                rule.office, rule.crm
            )?;
        }
        writeln!(f, "{:?} {:?}", self.policy, self.times)?;
        writeln!(f, "{:?}", self.crm)?;
        write!(f, "{:?}", self.office)
    }
}

impl Contact {
    /// A record that was filled in the CRM, as far as the mailbox can take it, and brought there.
    pub(crate) fn made(mapping: Mapping, policy: ConflictPolicy, times: Times, edits: &[Edit]) -> Self {
        let mut contact = Self {
            mapping,
            policy,
            times,
            link: Link {
                crm_id: "1".to_owned(),
                office_id: Some("A".to_owned()),
                state: LinkState::Linked,
                born: Side::Crm,
                crm_modified: None,
                base: Base::default(),
                gone_since: None,
            },
            crm: Crm::new(&metadata()),
            office: Mailbox::default(),
            agreed: BTreeMap::new(),
            hasher: Hasher::new([7; 32]),
        };
        for edit in edits {
            let before = contact.crm.clone();
            contact.edit(std::slice::from_ref(edit));
            if contact.view().is_none() {
                contact.crm = before;
            }
        }
        let op = contact.plan_of(None, &OfficeSide::Gone);
        let Op::CreateInOffice(fields) = op else {
            panic!("{op:?} for a record that fits");
        };
        for field in fields.keys() {
            let rule = contact.mapping.rule(*field).unwrap();
            assert!(
                rule.direction.reaches_office(),
                "{field} is none of the mailbox's"
            );
        }
        let filled = fields.into_iter().map(|(field, value)| (field, Some(value)));
        let to_office = filled.collect();
        contact.office.write(&to_office);
        let view = contact.view().unwrap();
        contact.settle(&view, &BTreeSet::new());
        contact.agree(&Merge {
            to_office,
            ..Merge::default()
        });
        contact
    }

    pub(crate) fn edit(&mut self, edits: &[Edit]) {
        for edit in edits {
            match edit {
                Edit::Office(field, text) => self.office.edit(*field, text),
                Edit::First(group, text) => self.office.put_first(*group, text),
                Edit::Crm(field, text) => self.crm.edit(field, text),
                Edit::Hide(true) => {
                    let private = metadata().into_iter().filter(|field| field.private);
                    self.crm.hidden = private.map(|field| field.api_name).collect();
                }
                Edit::Hide(false) => self.crm.hidden.clear(),
            }
        }
    }

    pub(crate) fn view(&self) -> Option<CrmView> {
        project(&self.mapping, &self.crm.shown()).ok()
    }

    pub(crate) fn plan(&self) -> Op {
        let office = OfficeSide::Present(self.office.fields());
        self.plan_of(Some(&self.link), &office)
    }

    pub(crate) fn plan_of(&self, link: Option<&Link>, office: &OfficeSide) -> Op {
        let crm = CrmSide::Owned(project(&self.mapping, &self.crm.shown()));
        self.plan_for(link, &crm, office)
    }

    pub(crate) fn plan_for(&self, link: Option<&Link>, crm: &CrmSide, office: &OfficeSide) -> Op {
        let pair = Pair {
            link,
            crm,
            office,
            times: self.times,
            gone_for_long: true,
        };
        let rules = Rules {
            terms: self.terms(),
            direction: sync_engine::mapping::Direction::Both,
            to_office: Deletes::Propagate,
            to_crm: Deletes::Propagate,
        };
        plan(pair, &rules)
    }

    /// Plans and carries out; what was planned.
    pub(crate) fn round(&mut self, part: Part) -> Op {
        let op = self.plan();
        match &op {
            Op::Nothing => {
                if let Some(view) = self.view() {
                    self.settle(&view, &BTreeSet::new());
                }
            }
            Op::Merge(merge) => self.carry_out(merge, part),
            Op::Park(_) => return op,
            other => panic!("{other:?} for a contact that is on both sides"),
        }
        let none = Merge::default();
        self.agree(if let Op::Merge(merge) = &op { merge } else { &none });
        op
    }

    fn agree(&mut self, done: &Merge) {
        let Some(view) = self.view() else { return };
        let office = self.office.fields();
        for rule in self.mapping.rules() {
            let field = rule.office;
            let written = done.to_office.contains_key(&field) || done.to_crm.contains_key(&field);
            if !view.withheld.contains(&field) && (written || same(rule, &view, &office)) {
                let held = (view.fields.get(&field).cloned(), office.get(&field).cloned());
                self.agreed.insert(field, held);
            }
        }
    }

    /// The installation's key was lost: nothing is known of what both sides agreed on.
    pub(crate) fn lose_base(&mut self) {
        self.link.base = Base::default();
        self.agreed.clear();
    }

    fn carry_out(&mut self, merge: &Merge, part: Part) {
        let mut view = self.view().unwrap();
        let open: BTreeSet<OfficeField> = merge.open().collect();
        if part != Part::Crm && !merge.to_office.is_empty() {
            let before = self.office.fields();
            self.office.write(&merge.to_office);
            self.assert_confined_to_the_mapping(merge, &before);
            let pending = open.iter().chain(merge.to_crm.keys()).copied().collect();
            self.settle(&view, &pending);
        }
        if part != Part::Mailbox {
            for field in merge.to_crm.keys() {
                let rule = self.mapping.rule(*field).unwrap();
                assert!(rule.direction.reaches_crm(), "{field} is none of the CRM's");
            }
            self.crm.update(&record(&self.mapping, &merge.to_crm));
            view = view.with(&merge.to_crm, &self.mapping);
            let pending = match part {
                Part::Crm => open.iter().chain(merge.to_office.keys()).copied().collect(),
                _ => open,
            };
            self.settle(&view, &pending);
        }
    }

    /// An update of the mailbox leaves alone what the mapping leaves alone. Entries of a list move up, as ever.
    fn assert_confined_to_the_mapping(&self, merge: &Merge, before: &sync_engine::project::Fields) {
        let after = self.office.fields();
        for field in OfficeField::ALL {
            let rule = self.mapping.rule(*field);
            let to_office = rule.is_some_and(|rule| rule.direction.reaches_office());
            if merge.to_office.contains_key(field) {
                assert!(to_office, "{field} is none of the mailbox's");
            } else if list_place(*field).is_none() {
                assert_eq!(
                    before.get(field),
                    after.get(field),
                    "{field} was not to be written"
                );
            }
        }
    }

    /// The author of the sync maps other fields.
    pub(crate) fn map(&mut self, mapping: Mapping) {
        let crm = |mapping: &Mapping, field| mapping.rule(field).map(|rule| rule.crm.clone());
        self.agreed
            .retain(|field, _| crm(&mapping, *field) == crm(&self.mapping, *field));
        self.mapping = mapping;
    }

    fn settle(&mut self, view: &CrmView, pending: &BTreeSet<OfficeField>) {
        let fields = self.office.fields();
        self.link.base = settled_base(&self.link.base, view, &fields, pending, &self.terms());
    }

    /// Whether both sides hold the same, but for what the CRM holds back.
    pub(crate) fn spelled_alike(&self) -> bool {
        let office = self.office.fields();
        let alike = |view: CrmView| {
            let mut rules = self.mapping.rules().iter();
            rules.all(|rule| view.withheld.contains(&rule.office) || same(rule, &view, &office))
        };
        self.view().is_none_or(alike)
    }

    /// Whether the mailbox holds entries of lists behind those that are mapped both ways.
    pub(crate) fn has_unmapped_entries(&self) -> bool {
        let fields = self.office.fields();
        let mut listed = fields.keys().filter(|field| list_place(**field).is_some());
        listed.any(|field| !self.mapping.rule(*field).is_some_and(|rule| rule.two_way))
    }

    /// Whether the item is a mere copy as far as this base tells.
    pub(crate) fn is_unedited_by(&self, base: &Base) -> bool {
        unedited_item(base, &self.office.fields(), &self.hasher)
    }

    pub(crate) fn terms(&self) -> Terms<'_> {
        Terms {
            mapping: &self.mapping,
            hasher: &self.hasher,
            conflict: self.policy,
        }
    }
}

/// A contact that both sides had time to agree on, as far as they can.
pub(crate) fn contact() -> impl Strategy<Value = Contact> {
    let made = (
        pool::mapping(),
        pool::policy(),
        pool::times(),
        pool::first_edits(),
        pool::edits(6),
    );
    made.prop_map(|(mapping, policy, times, first, edits)| {
        let mut contact = Contact::made(mapping, policy, times, &first);
        contact.edit(&edits);
        for _ in 0..3 {
            contact.round(Part::Whole);
        }
        contact
    })
}
