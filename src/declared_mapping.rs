//! What is declared of a mapping, in the engine's terms: for the controllers, and for `crmlink check`.

use std::collections::BTreeSet;

use sync_engine::mapping::{self, Never, Requested, RequestedRule, TooLong};
use sync_engine::merge;
use sync_engine::office_field::OfficeField;

use crate::api::{self, ContactMapping, Direction, MappingBase, NeverSync, OfficeFieldName};

/// The mapping of a sync that goes this way, freed of what the tenant never syncs.
pub(crate) fn requested(
    declared: &ContactMapping,
    of_sync: Direction,
    never: Option<&NeverSync>,
) -> Requested {
    let rules = declared.fields.iter().filter_map(|field| {
        Some(RequestedRule {
            office: office_field(field.office)?,
            crm: field.crm.clone(),
            direction: field.direction.map(direction),
            conflict: field.conflict.map(conflict),
            too_long: field.too_long.map(|too_long| match too_long {
                api::TooLong::Park => TooLong::Park,
                api::TooLong::Cut => TooLong::Cut,
            }),
        })
    });
    Requested {
        with_default: declared.base.unwrap_or(MappingBase::Default) == MappingBase::Default,
        rules: rules.collect(),
        exclude: office_fields(&declared.exclude),
        direction: direction(of_sync),
        never: Never {
            office: never
                .map(|never| office_fields(&never.office))
                .unwrap_or_default(),
            crm: never.into_iter().flat_map(|never| never.crm.clone()).collect(),
        },
    }
}

/// Which way contacts or a field go.
pub(crate) fn direction(declared: Direction) -> mapping::Direction {
    match declared {
        Direction::TwoWay => mapping::Direction::Both,
        Direction::CrmToOffice => mapping::Direction::CrmToOffice,
        Direction::OfficeToCrm => mapping::Direction::OfficeToCrm,
    }
}

/// Who wins.
pub(crate) fn conflict(declared: api::ConflictPolicy) -> merge::ConflictPolicy {
    match declared {
        api::ConflictPolicy::CrmWins => merge::ConflictPolicy::CrmWins,
        api::ConflictPolicy::OfficeWins => merge::ConflictPolicy::OfficeWins,
        api::ConflictPolicy::NewestWins => merge::ConflictPolicy::NewestWins,
        api::ConflictPolicy::Manual => merge::ConflictPolicy::Manual,
    }
}

fn office_fields(names: &[OfficeFieldName]) -> BTreeSet<OfficeField> {
    names.iter().filter_map(|name| office_field(*name)).collect()
}

/// The engine has a field for every name that the API knows; a test proves it.
fn office_field(name: OfficeFieldName) -> Option<OfficeField> {
    OfficeField::from_name(name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k2_the_engine_knows_every_field_that_the_api_names_and_the_other_way_round() {
        for name in OfficeFieldName::ALL {
            assert!(office_field(*name).is_some(), "{name}");
        }
        assert_eq!(OfficeFieldName::ALL.len(), OfficeField::ALL.len());
    }
}
