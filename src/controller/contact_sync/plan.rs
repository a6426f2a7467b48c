//! Decisions from what was gathered: pure.

use jiff::SignedDuration;
use sync_engine::crm_field::{CrmField, CrmKind};
use sync_engine::mapping::Mapping;
use sync_engine::plan::Deletes;
use sync_runtime::contacts::{GuardLimits, ImportedItems, Policy};

use crate::api::{
    self, ContactMapping, CrmTenantSpec, DeletePolicy, Direction, EffectiveContactPolicy, Reason,
};
use crate::controller::trouble::Trouble;
use crate::declared_mapping::{conflict, direction, requested};

/// The declared mapping, checked against what the CRM has and freed of what the tenant never syncs.
pub(super) fn mapping(
    declared: &ContactMapping,
    of_sync: Direction,
    tenant: &CrmTenantSpec,
    fields: &[CrmField],
) -> Result<Mapping, Trouble> {
    let external_id = external_id(tenant, fields)?;
    if let Some(field) = external_id
        && declared.fields.iter().any(|rule| rule.crm == field)
    {
        return Err(Trouble::person(
            Reason::MappingInvalid,
            format!(
                "{field} is the CrmTenant's externalIdFields.contacts, which the operator writes itself: map another field"
            ),
        ));
    }
    let requested = requested(declared, of_sync, tenant.never_sync.as_ref());
    Mapping::resolve(&requested, fields).map_err(|problems| {
        let text = problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ");
        Trouble::person(Reason::MappingInvalid, text)
    })
}

/// The tenant's field for mailbox ids, which has to be a unique text field that can be written.
fn external_id<'a>(tenant: &'a CrmTenantSpec, fields: &[CrmField]) -> Result<Option<&'a str>, Trouble> {
    let Some(name) = tenant.external_id_of_contacts() else {
        return Ok(None);
    };
    let usable = |field: &&CrmField| {
        field.api_name == name
            && field.kind == CrmKind::Text
            && field.unique
            && field.updatable
            && field.visible
    };
    if fields.iter().any(|field| usable(&field)) {
        return Ok(Some(name));
    }
    Err(Trouble::person(
        Reason::ExternalIdFieldUnusable,
        format!(
            "the CRM's contacts have no single-line text field {name} that is unique and can be written; make it (Setup, Modules, Contacts: mark it \"Do not allow duplicate values\"), or correct crm.zoho.externalIdFields of the CrmTenant"
        ),
    ))
}

fn deletes(declared: DeletePolicy) -> Deletes {
    match declared {
        DeletePolicy::Propagate => Deletes::Propagate,
        DeletePolicy::Never => Deletes::Never,
    }
}

/// The policy in the runtime's terms.
pub(super) fn policy(
    effective: &EffectiveContactPolicy,
    tenant: &CrmTenantSpec,
    approved: &[String],
    asked: bool,
) -> Policy {
    // Half an interval: syncs of one tenant share a poll, and none sees news later than it promises.
    let half = SignedDuration::try_from(effective.interval / 2).unwrap_or(SignedDuration::ZERO);
    let guard = &effective.guard;
    Policy {
        folder_name: effective.folder_name.clone(),
        direction: direction(effective.direction),
        conflict: conflict(effective.conflict),
        imported: match effective.imported_items {
            api::ImportedItems::Exclude => ImportedItems::Exclude,
            api::ImportedItems::Include => ImportedItems::Include,
        },
        initial_cap: effective.initial_max_items.into(),
        deletes_to_office: deletes(effective.deletes_to_office),
        deletes_to_crm: deletes(effective.deletes_to_crm),
        guard: GuardLimits {
            deletes_per_run: guard.max_deletes_per_run.into(),
            deletes_percent: guard.max_deletes_percent.into(),
            deletes_per_day: guard.max_deletes_per_day.into(),
            tenant_deletes_per_day: tenant.guard.unwrap_or_default().deletes_per_day().into(),
            updates_per_run: api::UPDATES_NEVER_HELD.into(),
            updates_percent: guard.max_updates_percent.into(),
            approved: approved.to_vec(),
        },
        external_id: tenant.external_id_of_contacts().map(str::to_owned),
        takeover_from: tenant.takeover_from.clone(),
        feed_max_age: if asked { SignedDuration::ZERO } else { half },
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
