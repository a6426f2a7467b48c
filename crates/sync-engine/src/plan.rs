//! What is to be done for one contact: a pure function of what both sides hold and what they last agreed on.

use std::collections::BTreeMap;

use crate::hash::{Base, FieldBase, Hasher};
use crate::link::{Link, LinkState};
use crate::mapping::Mapping;
use crate::office_field::OfficeField;
use crate::project::{Fields, Unfit};
use crate::value::Value;

/// The CRM's side of a contact, as just read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrmSide {
    /// The record belongs to the sync's user; seen through the mapping.
    Owned(Result<Fields, Unfit>),
    /// The record is in the CRM's list of deleted records.
    Deleted,
    /// The record belongs to somebody else now.
    OtherOwner,
}

/// The mailbox's side of a contact, as just read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfficeSide {
    /// The item is in the container.
    Present(Fields),
    /// There is none, or it is no longer in the container.
    Gone,
}

/// What deleting a record in the CRM means for its copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletesToOffice {
    /// The copy goes.
    Propagate,
    /// The copy stays, as its owner's own.
    Never,
}

/// The fields to write; `None` clears.
pub type Changes = BTreeMap<OfficeField, Option<Value>>;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Both sides agree, or the difference is none of ours.
    Nothing,
    /// Make the item.
    Create(Fields),
    /// Write these fields and no others.
    Update(Changes),
    /// Remove the item: its record is gone and nobody edited the copy.
    Delete,
    /// Leave the item to its owner: its record is gone, but the copy was edited or deletes do not propagate.
    Detach,
    /// The owner deleted the item: remember it, so that it is not made again.
    Bury,
    /// Forget the link: nothing is left on either side.
    Forget,
    /// The record cannot be carried over as it is.
    Park(Unfit),
}

/// Plans one contact from the CRM to the mailbox.
#[must_use]
pub fn plan_contact(
    link: Option<&Link>,
    crm: &CrmSide,
    office: &OfficeSide,
    deletes: DeletesToOffice,
    mapping: &Mapping,
    hasher: &Hasher,
) -> Op {
    let Some(link) = link else {
        return match crm {
            CrmSide::Owned(Ok(fields)) => Op::Create(fields.clone()),
            CrmSide::Owned(Err(unfit)) => Op::Park(unfit.clone()),
            CrmSide::Deleted | CrmSide::OtherOwner => Op::Nothing,
        };
    };
    match (link.state, crm) {
        (LinkState::Tombstone, CrmSide::Deleted)
        | (LinkState::Detached, CrmSide::Deleted | CrmSide::OtherOwner) => Op::Forget,
        // An intent says that the item may exist: it is settled by its marker, never by a plan.
        (LinkState::Tombstone | LinkState::Detached | LinkState::Intent, _) => Op::Nothing,
        (LinkState::Linked, _) => match (crm, office) {
            (CrmSide::Deleted | CrmSide::OtherOwner, OfficeSide::Gone) => Op::Forget,
            (CrmSide::Owned(_), OfficeSide::Gone) => Op::Bury,
            (CrmSide::Deleted | CrmSide::OtherOwner, OfficeSide::Present(held)) => {
                let wanted = matches!(crm, CrmSide::OtherOwner) || deletes == DeletesToOffice::Propagate;
                if wanted && unedited(&link.base, held, hasher) {
                    Op::Delete
                } else {
                    Op::Detach
                }
            }
            (CrmSide::Owned(Err(unfit)), OfficeSide::Present(_)) => Op::Park(unfit.clone()),
            (CrmSide::Owned(Ok(wanted)), OfficeSide::Present(held)) => {
                let changes = differences(&link.base, wanted, held, mapping, hasher);
                if changes.is_empty() {
                    Op::Nothing
                } else {
                    Op::Update(changes)
                }
            }
        },
    }
}

/// Whether the mailbox still holds what it held when both sides last agreed. Without a base nothing proves it.
fn unedited(base: &Base, held: &Fields, hasher: &Hasher) -> bool {
    !base.0.is_empty()
        && base
            .0
            .iter()
            .all(|(field, was)| hasher.field(*field, held.get(field)) == was.office)
}

/// The fields that the CRM changed since the base and that the mailbox does not hold already.
fn differences(base: &Base, wanted: &Fields, held: &Fields, mapping: &Mapping, hasher: &Hasher) -> Changes {
    let mut changes = Changes::new();
    for rule in mapping.to_office() {
        let (field, now) = (rule.office, wanted.get(&rule.office));
        if now == held.get(&field) {
            continue;
        }
        let was = base.0.get(&field).map(|was| was.crm);
        if was == Some(hasher.field(field, now)) {
            continue;
        }
        // A blank overwrites only where the base shows that somebody cleared the field; a withheld value looks
        // like a blank and never is one.
        if now.is_none() && (was.is_none() || rule.may_be_withheld) {
            continue;
        }
        changes.insert(field, now.cloned());
    }
    changes
}

/// The base after both sides were brought together: what the CRM holds and what the mailbox's server returned.
///
/// A field that was not written, since only the mailbox's side differs, keeps its base: the edit stays visible as one.
#[must_use]
pub fn settled_base(old: &Base, crm: &Fields, office: &Fields, mapping: &Mapping, hasher: &Hasher) -> Base {
    let mut base = Base::default();
    for rule in mapping.to_office() {
        let field = rule.office;
        let crm_hash = hasher.field(field, crm.get(&field));
        let entry = match old.0.get(&field) {
            Some(was) if was.crm == crm_hash => *was,
            Some(was) if rule.may_be_withheld && !crm.contains_key(&field) => *was,
            _ => FieldBase {
                crm: crm_hash,
                office: hasher.field(field, office.get(&field)),
            },
        };
        base.0.insert(field, entry);
    }
    base
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mapping::tests::default_mapping;

    fn hasher() -> Hasher {
        Hasher::new([9; 32])
    }

    fn fields(pairs: &[(OfficeField, &str)]) -> Fields {
        pairs
            .iter()
            .filter_map(|(f, v)| Some((*f, Value::text(v)?)))
            .collect()
    }

    fn linked(crm: &Fields, office: &Fields) -> Link {
        Link {
            crm_id: "1".into(),
            office_id: Some("A".into()),
            state: LinkState::Linked,
            crm_modified: None,
            base: settled_base(&Base::default(), crm, office, &default_mapping(), &hasher()),
        }
    }

    fn plan(link: &Link, crm: &CrmSide, office: &OfficeSide) -> Op {
        plan_contact(
            Some(link),
            crm,
            office,
            DeletesToOffice::Propagate,
            &default_mapping(),
            &hasher(),
        )
    }

    const ADA: &[(OfficeField, &str)] = &[
        (OfficeField::Surname, "Lovelace"),
        (OfficeField::GivenName, "Ada"),
    ];

    #[test]
    fn only_what_the_crm_changed_is_written() {
        let was = fields(ADA);
        let mut now = was.clone();
        now.insert(OfficeField::JobTitle, Value::Text("Analyst".into()));
        let mut held = was.clone();
        held.insert(OfficeField::Department, Value::Text("typed in Outlook".into()));
        let op = plan(
            &linked(&was, &was),
            &CrmSide::Owned(Ok(now)),
            &OfficeSide::Present(held),
        );
        assert_eq!(
            op,
            Op::Update([(OfficeField::JobTitle, Some(Value::Text("Analyst".into())))].into())
        );
    }

    #[test]
    fn a_value_that_exchange_rewrote_is_no_change() {
        let crm = fields(ADA);
        let office = fields(&[
            (OfficeField::Surname, "LOVELACE"),
            (OfficeField::GivenName, "Ada"),
        ]);
        let op = plan(
            &linked(&crm, &office),
            &CrmSide::Owned(Ok(crm.clone())),
            &OfficeSide::Present(office),
        );
        assert_eq!(op, Op::Nothing);
    }

    #[test]
    fn a_blank_clears_only_what_the_base_shows_as_cleared() {
        let held = fields(&[
            (OfficeField::Surname, "Lovelace"),
            (OfficeField::JobTitle, "Analyst"),
        ]);
        let now = fields(&[(OfficeField::Surname, "Lovelace")]);
        let cleared = plan(
            &linked(&held, &held),
            &CrmSide::Owned(Ok(now.clone())),
            &OfficeSide::Present(held.clone()),
        );
        assert_eq!(cleared, Op::Update([(OfficeField::JobTitle, None)].into()));
        let without_base = Link {
            base: Base::default(),
            ..linked(&held, &held)
        };
        assert_eq!(
            plan(
                &without_base,
                &CrmSide::Owned(Ok(now)),
                &OfficeSide::Present(held)
            ),
            Op::Nothing
        );
    }

    #[test]
    fn n9_a_copy_is_deleted_only_unedited_and_with_a_base() {
        let held = fields(ADA);
        let link = linked(&held, &held);
        assert_eq!(
            plan(&link, &CrmSide::Deleted, &OfficeSide::Present(held.clone())),
            Op::Delete
        );
        let edited = fields(&[(OfficeField::Surname, "King")]);
        assert_eq!(
            plan(&link, &CrmSide::Deleted, &OfficeSide::Present(edited)),
            Op::Detach
        );
        let without_base = Link {
            base: Base::default(),
            ..link
        };
        assert_eq!(
            plan(&without_base, &CrmSide::Deleted, &OfficeSide::Present(held)),
            Op::Detach
        );
    }

    #[test]
    fn an_item_that_its_owner_deleted_is_not_made_again() {
        let crm = fields(ADA);
        let link = linked(&crm, &crm);
        assert_eq!(
            plan(&link, &CrmSide::Owned(Ok(crm.clone())), &OfficeSide::Gone),
            Op::Bury
        );
        let buried = Link {
            state: LinkState::Tombstone,
            ..link
        };
        assert_eq!(
            plan(&buried, &CrmSide::Owned(Ok(crm)), &OfficeSide::Gone),
            Op::Nothing
        );
        assert_eq!(plan(&buried, &CrmSide::Deleted, &OfficeSide::Gone), Op::Forget);
    }

    fn some_fields() -> impl Strategy<Value = Fields> {
        let mapped: Vec<OfficeField> = default_mapping().to_office().map(|rule| rule.office).collect();
        proptest::collection::btree_map(proptest::sample::select(mapped), "[a-z]{1,3}", 0..6).prop_map(
            |map| {
                map.into_iter()
                    .filter_map(|(f, v)| Some((f, Value::text(&v)?)))
                    .collect()
            },
        )
    }

    fn applied(held: &Fields, changes: &Changes) -> Fields {
        let mut after = held.clone();
        for (field, value) in changes {
            match value {
                Some(value) => after.insert(*field, value.clone()),
                None => after.remove(field),
            };
        }
        after
    }

    proptest! {
        /// One base, perturbed on both sides: after one round nothing more is planned, and a field that the CRM did
        /// not touch keeps what the mailbox holds.
        #[test]
        fn n3_a_converged_pair_plans_nothing(was in some_fields(), now in some_fields(), held in some_fields()) {
            let (mapping, hasher) = (default_mapping(), hasher());
            let mut link = linked(&was, &was);
            let op = plan(&link, &CrmSide::Owned(Ok(now.clone())), &OfficeSide::Present(held.clone()));
            let after = match &op {
                Op::Update(changes) => applied(&held, changes),
                _ => held.clone(),
            };
            for rule in mapping.to_office() {
                if was.get(&rule.office) == now.get(&rule.office) {
                    prop_assert_eq!(after.get(&rule.office), held.get(&rule.office));
                } else {
                    prop_assert_eq!(after.get(&rule.office), now.get(&rule.office));
                }
            }
            link.base = settled_base(&link.base, &now, &after, &mapping, &hasher);
            let again = plan(&link, &CrmSide::Owned(Ok(now)), &OfficeSide::Present(after));
            prop_assert_eq!(again, Op::Nothing);
        }
    }
}
