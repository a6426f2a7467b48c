//! Neither side is a better one: with sides and policy exchanged, the result is exchanged (I23).

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use sync_engine::hash::{Base, Hasher};
use sync_engine::link::Side;
use sync_engine::mapping::Mapping;
use sync_engine::merge::{ConflictPolicy, FieldConflict, Merge, Terms, Times, merge, settled_base};
use sync_engine::office_field::OfficeField;
use sync_engine::project::{CrmView, Fields};
use sync_engine::value::Value;

use crate::pool;

fn merged(
    mapping: &Mapping,
    policy: ConflictPolicy,
    office_is_newer: bool,
    agreed: Option<&Fields>,
    crm: &Fields,
    office: &Fields,
) -> Merge {
    let hasher = Hasher::new([3; 32]);
    let terms = Terms {
        mapping,
        hasher: &hasher,
        conflict: policy,
    };
    let view = |fields: &Fields| CrmView {
        fields: fields.clone(),
        slots: fields.clone(),
        ..CrmView::default()
    };
    let settled = |fields| settled_base(&Base::default(), &view(fields), fields, &BTreeSet::new(), &terms);
    let base = agreed.map(settled).unwrap_or_default();
    let crm_time: Timestamp = "2026-01-01T10:00:00Z".parse().unwrap();
    let apart = SignedDuration::from_secs(if office_is_newer { 60 } else { -60 });
    let times = Times {
        crm: crm_time,
        office: Some(crm_time + apart),
    };
    // Every contact has a name, which only the mailbox asks for.
    let mut office = office.clone();
    office.insert(OfficeField::GivenName, Value::Text("Ada".to_owned()));
    merge(&base, &view(crm), &office, times, &terms).unwrap()
}

fn mirrored(merge: Merge) -> Merge {
    let side = |side| match side {
        Side::Office => Side::Crm,
        Side::Crm => Side::Office,
    };
    let conflict = |conflict: FieldConflict| FieldConflict {
        winner: conflict.winner.map(side),
        ..conflict
    };
    Merge {
        to_office: merge.to_crm,
        to_crm: merge.to_office,
        conflicts: merge.conflicts.into_iter().map(conflict).collect(),
    }
}

proptest! {
    #[test]
    fn n1_exchanged_sides_have_an_exchanged_result(
        (mapping, image) in pool::mirrored(), policy in pool::policy(), office_is_newer in any::<bool>(),
        agreed in proptest::option::weighted(0.8, pool::alike_fields()),
        crm in pool::alike_fields(), office in pool::alike_fields(),
    ) {
        let agreed = agreed.as_ref();
        let one = merged(&mapping, policy, office_is_newer, agreed, &crm, &office);
        let other_policy = pool::mirrored_policy(policy);
        let other = merged(&image, other_policy, !office_is_newer, agreed, &office, &crm);
        prop_assert_eq!(mirrored(one), other);
    }
}
