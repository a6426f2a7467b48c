//! Mappings as far as they can be judged without the CRM: every field that is named is taken to be there and to fit.

use std::collections::BTreeMap;

use sync_engine::crm_field::{CrmField, CrmKind};
use sync_engine::mapping::{DEFAULT, Mapping, Requested};
use sync_engine::office_field::{OfficeField, OfficeKind};

use super::{Checked, Finding};
use crate::api::{ContactPolicy, ContactSync, CrmTenant, EffectiveContactPolicy, NeverSync, Reason};
use crate::declared_mapping::requested;

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
