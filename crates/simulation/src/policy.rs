//! What is declared, in the runtime's terms.

use jiff::SignedDuration;
use sync_engine::crm_field::{CrmField, CrmKind};
use sync_engine::mapping::{Mapping, Requested, RequestedRule, RuleDirection, TooLong};
use sync_engine::plan::DeletesToOffice;
use sync_runtime::contacts::{ImportedItems, Policy};

use crate::field::{Field, Kind};
use crate::history::{Declared, Direction, Mapped};

/// The policy of a declared sync.
#[must_use]
pub(crate) fn policy(declared: &Declared) -> Policy {
    Policy {
        folder_name: folder_name(declared),
        imported: if declared.imported {
            ImportedItems::Include
        } else {
            ImportedItems::Exclude
        },
        initial_cap: declared.cap,
        deletes: if declared.deletes_to_office {
            DeletesToOffice::Propagate
        } else {
            DeletesToOffice::Never
        },
        // Whoever runs wants to see what there is.
        feed_max_age: SignedDuration::from_secs(1),
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
pub(crate) fn mapping(declared: &Mapped, withheld: bool) -> Result<Mapping, String> {
    let direction = |direction| match direction {
        Direction::TwoWay => RuleDirection::Both,
        Direction::CrmToOffice => RuleDirection::CrmToOffice,
        Direction::OfficeToCrm => RuleDirection::OfficeToCrm,
    };
    let rules = declared.own.iter().filter_map(|own| {
        Some(RequestedRule {
            office: own.field.engine()?,
            crm: own.field.in_crm()?.0.to_owned(),
            direction: Some(direction(own.direction)),
            too_long: own.cut.then_some(TooLong::Cut),
        })
    });
    let requested = Requested {
        with_default: declared.default,
        rules: rules.collect(),
        exclude: declared
            .exclude
            .iter()
            .filter_map(|field| field.engine())
            .collect(),
    };
    Mapping::resolve(&requested, &metadata(withheld)).map_err(|problems| {
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        texts.join("; ")
    })
}

/// What the CRM says of its fields. The tenant's controller reads this; here it is known.
fn metadata(withheld: bool) -> Vec<CrmField> {
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
        })
    });
    fields.collect()
}

/// Whether a sync carries a field from the CRM to the mailbox.
#[must_use]
pub(crate) fn to_office(declared: &Declared, field: Field) -> bool {
    declared.direction != Direction::OfficeToCrm
        && direction(&declared.mapping, field) != Some(Direction::OfficeToCrm)
        && direction(&declared.mapping, field).is_some()
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
