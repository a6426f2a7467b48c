//! Mappings as far as they can be judged without the CRM: every field that is named is taken to be there and to fit.

use std::collections::{BTreeMap, BTreeSet};

use sync_engine::crm_field::{CrmField, CrmKind};
use sync_engine::mapping::{self, DEFAULT, Mapping, Never, Requested, RequestedRule};
use sync_engine::office_field::{OfficeField, OfficeKind};

use super::{Checked, Finding};
use crate::api::{
    ContactMapping, ContactPolicy, ContactSync, CrmTenant, Direction, EffectiveContactPolicy, MappingBase,
    NeverSync, OfficeFieldName, Reason,
};

/// The one field that the CRM requires of every contact, by itself.
const REQUIRED: &str = "Last_Name";

/// What is wrong with the mappings of syncs, with their tenant's defaults where the files hold it, and with those of
/// tenants.
pub(super) fn findings(objects: &[Checked<'_>]) -> Vec<(usize, Finding)> {
    let tenants: BTreeMap<(String, String), CrmTenant> = objects
        .iter()
        .filter(|object| object.kind() == "CrmTenant")
        .filter_map(|object| {
            let key = (object.namespace.clone(), object.name().to_owned());
            Some((key, object.typed()?))
        })
        .collect();
    let mut found = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        let problem = match object.kind() {
            "CrmTenant" => object.typed().and_then(|tenant: CrmTenant| of_tenant(&tenant)),
            "ContactSync" => object.typed().and_then(|sync: ContactSync| {
                let reference = &sync.spec.tenant_ref;
                let namespace = reference.namespace.as_ref().unwrap_or(&object.namespace);
                of_sync(&sync, tenants.get(&(namespace.clone(), reference.name.clone())))
            }),
            _ => None,
        };
        found.extend(problem.map(|problem| (at, problem)));
    }
    found
}

fn of_tenant(tenant: &CrmTenant) -> Option<Finding> {
    let defaults = tenant.spec.contact_defaults()?;
    defaults.mapping.as_ref()?;
    let effective = EffectiveContactPolicy::resolve(&ContactPolicy::default(), Some(defaults));
    problem(
        "spec.syncDefaults.contacts.mapping",
        &effective,
        tenant.spec.never_sync.as_ref(),
    )
}

fn of_sync(sync: &ContactSync, tenant: Option<&CrmTenant>) -> Option<Finding> {
    let defaults = tenant.and_then(|tenant| tenant.spec.contact_defaults());
    let never = tenant.and_then(|tenant| tenant.spec.never_sync.as_ref());
    let own = &sync.spec.policy;
    // What the tenant alone decides is told at the tenant.
    if own.mapping.is_none() && own.direction.is_none() {
        return None;
    }
    problem(
        "spec.mapping",
        &EffectiveContactPolicy::resolve(own, defaults),
        never,
    )
}

fn problem(field: &str, policy: &EffectiveContactPolicy, never: Option<&NeverSync>) -> Option<Finding> {
    let requested = requested(&policy.mapping, policy.direction, never);
    let problems = Mapping::resolve(&requested, &metadata(&requested)).err()?;
    let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Some(Finding::new(
        field,
        format!("{}: {}", Reason::MappingInvalid, words.join("; ")),
    ))
}

/// A declared mapping in the engine's terms; who wins and what is cut decides nothing here.
fn requested(declared: &ContactMapping, of_sync: Direction, never: Option<&NeverSync>) -> Requested {
    let rules = declared.fields.iter().filter_map(|field| {
        Some(RequestedRule {
            office: office_field(field.office)?,
            crm: field.crm.clone(),
            direction: field.direction.map(direction),
            conflict: None,
            too_long: None,
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

fn direction(declared: Direction) -> mapping::Direction {
    match declared {
        Direction::TwoWay => mapping::Direction::Both,
        Direction::CrmToOffice => mapping::Direction::CrmToOffice,
        Direction::OfficeToCrm => mapping::Direction::OfficeToCrm,
    }
}

fn office_fields(names: &[OfficeFieldName]) -> BTreeSet<OfficeField> {
    names.iter().filter_map(|name| office_field(*name)).collect()
}

fn office_field(name: OfficeFieldName) -> Option<OfficeField> {
    OfficeField::from_name(name.as_str())
}

/// A CRM that has each field that is named, of a type that fits.
fn metadata(requested: &Requested) -> Vec<CrmField> {
    let own = requested
        .rules
        .iter()
        .map(|rule| (rule.crm.as_str(), rule.office));
    let of_default = DEFAULT.iter().map(|(office, crm, _)| (*crm, *office));
    let fields: BTreeMap<&str, OfficeField> = of_default.chain(own).collect();
    let field = |(name, office): (&str, OfficeField)| CrmField {
        api_name: name.to_owned(),
        kind: match office.kind() {
            OfficeKind::Text => CrmKind::Text,
            OfficeKind::Email => CrmKind::Email,
            OfficeKind::Phone => CrmKind::Phone,
            OfficeKind::Date => CrmKind::Date,
        },
        length: None,
        visible: true,
        updatable: true,
        private: false,
        mandatory: name == REQUIRED,
        unique: false,
    };
    fields.into_iter().map(field).collect()
}
