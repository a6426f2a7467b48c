//! What is declared, in the runtime's terms.

use jiff::SignedDuration;
use sync_engine::crm_field::{CrmField, CrmKind};
use sync_engine::mapping::{self, Mapping, Never, Requested, RequestedRule, TooLong};
use sync_engine::merge::ConflictPolicy;
use sync_engine::plan::Deletes;
use sync_runtime::contacts::{GuardLimits, ImportedItems, Policy};

use crate::field::{Field, Kind};
use crate::history::{Conflict, Declared, Direction, Mapped};

/// The unique field that keeps the ids of items.
const EXTERNAL_ID: &str = crate::world::EXTERNAL_ID;

/// The policy of a declared sync.
#[must_use]
pub(crate) fn policy(declared: &Declared, external_id: bool, approved: Vec<String>) -> Policy {
    let deletes = |propagate| {
        if propagate {
            Deletes::Propagate
        } else {
            Deletes::Never
        }
    };
    Policy {
        folder_name: folder_name(declared),
        direction: engine(declared.direction),
        conflict: match declared.conflict {
            Conflict::CrmWins => ConflictPolicy::CrmWins,
            Conflict::OfficeWins => ConflictPolicy::OfficeWins,
            Conflict::NewestWins => ConflictPolicy::NewestWins,
            Conflict::Manual => ConflictPolicy::Manual,
        },
        imported: if declared.imported {
            ImportedItems::Include
        } else {
            ImportedItems::Exclude
        },
        initial_cap: declared.cap,
        deletes_to_office: deletes(declared.deletes_to_office),
        deletes_to_crm: deletes(declared.deletes_to_crm),
        guard: GuardLimits {
            deletes_per_run: 10,
            deletes_percent: 10,
            deletes_per_day: 50,
            tenant_deletes_per_day: 500,
            updates_per_run: 50,
            updates_percent: 25,
            approved,
        },
        external_id: external_id.then(|| EXTERNAL_ID.to_owned()),
        takeover_from: None,
        // Whoever runs wants to see what there is.
        feed_max_age: SignedDuration::from_secs(1),
    }
}

fn engine(direction: Direction) -> mapping::Direction {
    match direction {
        Direction::TwoWay => mapping::Direction::Both,
        Direction::CrmToOffice => mapping::Direction::CrmToOffice,
        Direction::OfficeToCrm => mapping::Direction::OfficeToCrm,
    }
}

/// The container's name.
#[must_use]
pub(crate) fn folder_name(declared: &Declared) -> String {
    match declared.folder {
        0 => "Zoho CRM Contacts".to_owned(),
        number => format!("Zoho CRM Contacts {number}"),
    }
}

/// The mapping of a declared sync, against the organisation's fields.
///
/// # Errors
/// What is wrong with it, in the engine's words.
pub(crate) fn mapping(declared: &Declared, withheld: bool, external_id: bool) -> Result<Mapping, String> {
    let mapped = &declared.mapping;
    let rules = mapped.own.iter().filter_map(|own| {
        Some(RequestedRule {
            office: own.field.engine()?,
            crm: own.field.in_crm()?.0.to_owned(),
            direction: Some(engine(own.direction)),
            conflict: None,
            too_long: own.cut.then_some(TooLong::Cut),
        })
    });
    let requested = Requested {
        with_default: mapped.default,
        rules: rules.collect(),
        exclude: mapped.exclude.iter().filter_map(|field| field.engine()).collect(),
        direction: engine(declared.direction),
        never: Never::default(),
    };
    Mapping::resolve(&requested, &metadata(withheld, external_id)).map_err(|problems| {
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        texts.join("; ")
    })
}

/// What the CRM says of its fields. The tenant's controller reads this; here it is known.
fn metadata(withheld: bool, external_id: bool) -> Vec<CrmField> {
    let fields = Field::ALL.iter().filter_map(|field| {
        let (name, length) = field.in_crm()?;
        Some(CrmField {
            api_name: name.to_owned(),
            kind: match field.kind() {
                _ if *field == Field::Company => CrmKind::Lookup,
                Kind::Text => CrmKind::Text,
                Kind::Phone => CrmKind::Phone,
                Kind::Email => CrmKind::Email,
                Kind::Date => CrmKind::Date,
            },
            length: Some(length),
            visible: true,
            updatable: true,
            private: withheld && *field == Field::Mobile,
            mandatory: *field == Field::Surname,
            unique: false,
        })
    });
    let kept = CrmField {
        api_name: EXTERNAL_ID.to_owned(),
        kind: CrmKind::Text,
        length: Some(255),
        visible: true,
        updatable: true,
        private: false,
        mandatory: false,
        unique: true,
    };
    fields.chain(external_id.then_some(kept)).collect()
}

/// Whether a sync carries a field from the CRM to the mailbox.
#[must_use]
pub(crate) fn to_office(declared: &Declared, field: Field) -> bool {
    declared.direction != Direction::OfficeToCrm
        && direction(&declared.mapping, field) != Some(Direction::OfficeToCrm)
        && direction(&declared.mapping, field).is_some()
}

/// Whether a sync cuts a text that is too long for the other side.
#[must_use]
pub(crate) fn is_cut(declared: &Declared, field: Field) -> bool {
    let mut own = declared.mapping.own.iter();
    own.any(|own| own.field == field && own.cut)
}

/// Whether a sync carries a field from the mailbox to the CRM.
#[must_use]
pub(crate) fn to_crm(declared: &Declared, field: Field) -> bool {
    declared.direction != Direction::CrmToOffice
        && matches!(
            direction(&declared.mapping, field),
            Some(Direction::TwoWay | Direction::OfficeToCrm)
        )
}

/// Which way a mapping carries a field; none if it does not.
fn direction(mapped: &Mapped, field: Field) -> Option<Direction> {
    if mapped.exclude.contains(&field) {
        return None;
    }
    if let Some(own) = mapped.own.iter().find(|own| own.field == field) {
        return Some(own.direction);
    }
    let by_default = !matches!(
        field,
        Field::Branch | Field::Biography | Field::Spouse | Field::Fax
    );
    (mapped.default && by_default).then_some(if field == Field::Company {
        Direction::CrmToOffice
    } else {
        Direction::TwoWay
    })
}
