//! What is to be done for one contact: a pure function of what both sides hold and what they last agreed on
//! (`design.md` §6.5).

use crate::hash::{Base, FieldBase, Hasher};
use crate::link::{Link, LinkState, Side};
use crate::mapping::{Direction, Mapping};
use crate::merge::{Merge, Terms, Times, merge};
use crate::project::{CrmView, Fields, Unfit, for_new_item, named};

pub use crate::merge::Changes;

/// The CRM's side of a contact, as just read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrmSide {
    /// The record belongs to the sync's user; seen through the mapping.
    Owned(Result<CrmView, Unfit>),
    /// The record is in the CRM's list of deleted records.
    Deleted,
    /// The record belongs to somebody else now.
    OtherOwner,
    /// The CRM does not show the record and lists no deletion: a lost right, or an entry that is still to come.
    Hidden,
}

/// The mailbox's side of a contact, as just read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfficeSide {
    /// The item is in the container.
    Present(Fields),
    /// It is elsewhere in the mailbox.
    Moved,
    /// It is in no folder.
    Gone,
}

/// What a deletion on one side means for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletes {
    /// The other side's goes too.
    Propagate,
    /// The other side's stays.
    Never,
}

/// How one sync decides.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Mapping, hashes, conflicts.
    pub terms: Terms<'a>,
    /// Which way.
    pub direction: Direction,
    /// What a deletion in the CRM does in the mailbox.
    pub to_office: Deletes,
    /// What a deletion in the mailbox does in the CRM.
    pub to_crm: Deletes,
}

/// One contact as both sides show it.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// What is known of it.
    pub link: Option<&'a Link>,
    /// The record.
    pub crm: &'a CrmSide,
    /// The item.
    pub office: &'a OfficeSide,
    /// When each was last changed; means nothing where one is not there.
    pub times: Times,
    /// The item was seen to be gone some time ago already.
    pub gone_for_long: bool,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Both sides agree, or the difference is none of ours.
    Nothing,
    /// Make the item: there never was one, or the record was edited while its item was deleted.
    CreateInOffice(Fields),
    /// Write the fields that differ, and no others.
    Merge(Merge),
    /// Remove the item: its record is gone and nobody edited the copy.
    DeleteInOffice,
    /// Delete the record: its item was deleted, twice seen, and nobody edited the record.
    DeleteInCrm,
    /// The item is gone for the first time: look again before its record is deleted.
    LookAgain,
    /// The record was deleted while its item was edited: make it anew in the CRM.
    CreateInCrm(Fields),
    /// Leave the item to its owner.
    Detach,
    /// The owner deleted or moved the item: remember it, so that it is not made again.
    Bury,
    /// Forget the link: nothing is left on either side.
    Forget,
    /// The contact cannot be carried over as it is.
    Park(Unfit),
    /// The CRM does not show the record any more, and nothing says that it was deleted.
    Lost,
}

/// Plans one contact.
#[must_use]
pub fn plan(pair: Pair<'_>, rules: &Rules<'_>) -> Op {
    let Some(link) = pair.link else {
        return match pair.crm {
            CrmSide::Owned(record) if rules.direction.reaches_office() => create(record, rules),
            _ => Op::Nothing,
        };
    };
    match (link.state, pair.crm, pair.office) {
        (LinkState::Linked, CrmSide::Hidden, _) => Op::Lost,
        (LinkState::Linked, CrmSide::Deleted, OfficeSide::Present(item)) => record_deleted(link, item, rules),
        (LinkState::Linked, CrmSide::OtherOwner, OfficeSide::Present(item)) => {
            let copy = link.born == Side::Crm && unedited_item(&link.base, item, rules.terms.hasher);
            if copy && rules.direction.reaches_office() {
                Op::DeleteInOffice
            } else {
                Op::Detach
            }
        }
        (LinkState::Linked, CrmSide::Owned(_), OfficeSide::Moved)
        | (LinkState::Detached, CrmSide::Owned(_), OfficeSide::Moved | OfficeSide::Gone) => Op::Bury,
        (LinkState::Linked, CrmSide::Owned(record), OfficeSide::Gone) => {
            item_deleted(link, record, pair, rules)
        }
        (LinkState::Linked | LinkState::Tombstone, CrmSide::Owned(record), OfficeSide::Present(item)) => {
            both(&link.base, record, item, pair, rules)
        }
        // It left and came back: nobody knows what happened meanwhile.
        (LinkState::Detached, CrmSide::Owned(record), OfficeSide::Present(item)) => {
            both(&Base::default(), record, item, pair, rules)
        }
        // A detached item stays known as long as it is there: it must never pass for a new one.
        (
            LinkState::Detached | LinkState::Tombstone,
            CrmSide::Deleted | CrmSide::OtherOwner,
            OfficeSide::Present(_),
        ) => Op::Detach,
        // An intent says that the item may exist: it is settled by its marker, never by a plan.
        (LinkState::Intent, _, _)
        | (LinkState::Tombstone, CrmSide::OtherOwner | CrmSide::Owned(_) | CrmSide::Hidden, _)
        | (LinkState::Detached, CrmSide::Hidden, _) => Op::Nothing,
        (
            LinkState::Linked | LinkState::Tombstone | LinkState::Detached,
            CrmSide::Deleted | CrmSide::OtherOwner,
            OfficeSide::Moved | OfficeSide::Gone,
        ) => Op::Forget,
    }
}

fn create(record: &Result<CrmView, Unfit>, rules: &Rules<'_>) -> Op {
    let view = match record {
        Ok(view) => view,
        Err(unfit) => return Op::Park(unfit.clone()),
    };
    let fields = for_new_item(rules.terms.mapping, view);
    match named(&fields) {
        Ok(()) => Op::CreateInOffice(fields),
        Err(unfit) => Op::Park(unfit),
    }
}

fn both(
    base: &Base,
    record: &Result<CrmView, Unfit>,
    item: &Fields,
    pair: Pair<'_>,
    rules: &Rules<'_>,
) -> Op {
    let merged = match record {
        Ok(view) => merge(base, view, item, pair.times, &rules.terms),
        Err(unfit) => Err(unfit.clone()),
    };
    match merged {
        Ok(merged) if merged.is_empty() => Op::Nothing,
        Ok(merged) => Op::Merge(merged),
        Err(unfit) => Op::Park(unfit),
    }
}

fn record_deleted(link: &Link, item: &Fields, rules: &Rules<'_>) -> Op {
    // What was mapped since, nobody has compared yet.
    let compared = |field| link.base.0.contains_key(&field) || !item.contains_key(&field);
    let known = rules.terms.mapping.to_crm().all(|rule| compared(rule.office));
    if rules.to_office == Deletes::Never
        || !rules.direction.reaches_office()
        || link.base.0.is_empty()
        || !known
    {
        Op::Detach
    } else if unedited_item(&link.base, item, rules.terms.hasher) {
        Op::DeleteInOffice
    } else if rules.direction.reaches_crm() {
        Op::CreateInCrm(item.clone())
    } else {
        Op::Detach
    }
}

fn item_deleted(link: &Link, record: &Result<CrmView, Unfit>, pair: Pair<'_>, rules: &Rules<'_>) -> Op {
    let base = still_mapped(&link.base, rules.terms.mapping);
    // What was mapped since, nobody has compared yet.
    let compared = |view: &CrmView, field| base.0.contains_key(&field) || !view.fields.contains_key(&field);
    let known = |view| {
        let mut mapped = rules.terms.mapping.to_office();
        mapped.all(|rule| compared(view, rule.office))
    };
    if rules.to_crm == Deletes::Never
        || !rules.direction.reaches_crm()
        || base.0.is_empty()
        || !record.as_ref().is_ok_and(known)
    {
        return Op::Bury;
    }
    match record {
        Ok(view) if unedited_record(&base, view, rules.terms.hasher) => {
            if pair.gone_for_long {
                Op::DeleteInCrm
            } else {
                Op::LookAgain
            }
        }
        record if rules.direction.reaches_office() => create(record, rules),
        _ => Op::Bury,
    }
}

/// Of what is not mapped any more, the record shows nothing.
fn still_mapped(base: &Base, mapping: &Mapping) -> Base {
    let mapped = mapping.rules().iter().map(|rule| rule.office);
    let entries = mapped.filter_map(|field| Some((field, *base.0.get(&field)?)));
    Base(entries.collect())
}

/// Whether the mailbox still holds what it held when both sides last agreed. Without a base nothing proves it.
#[must_use]
pub fn unedited_item(base: &Base, item: &Fields, hasher: &Hasher) -> bool {
    let unchanged = |(field, was): (&_, &FieldBase)| was.office == hasher.field(*field, item.get(field));
    !base.0.is_empty() && base.0.iter().all(unchanged)
}

/// Whether the record still holds what it held when both sides last agreed. Without a base nothing proves it.
#[must_use]
pub fn unedited_record(base: &Base, view: &CrmView, hasher: &Hasher) -> bool {
    let unchanged = |(field, was): (&_, &FieldBase)| {
        let now = hasher.field(*field, view.fields.get(field));
        view.withheld.contains(field) || was.crm.same_value(now)
    };
    !base.0.is_empty() && base.0.iter().all(unchanged)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
