//! From findings to status: pure.

use jiff::Timestamp;

use super::connect::{Findings, Halt};
use super::consent::Consent;
use crate::api::{
    ConditionStatus, ConditionType, Conditions, CrmStatus, CrmTenant, CrmTenantStatus, Office365Status,
    Reason, SyncCounts, requested_at,
};
use crate::controller::condition_writer::ConditionWriter;
use crate::controller::trouble::Trouble;

/// The status of an object that nobody has looked at yet.
pub(super) fn first_sight(tenant: &CrmTenant, now: Timestamp) -> CrmTenantStatus {
    let mut conditions = Conditions::default();
    for (kind, holds) in [
        (ConditionType::Ready, ConditionStatus::Unknown),
        (ConditionType::Reconciling, ConditionStatus::True),
    ] {
        let generation = tenant.metadata.generation;
        conditions.set(
            kind,
            holds,
            Reason::Progressing,
            "seen for the first time",
            generation,
            now,
        );
    }
    CrmTenantStatus {
        conditions,
        ..CrmTenantStatus::default()
    }
}

/// How many objects refer to a tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Dependants {
    pub(super) syncs: u32,
    pub(super) invites: u32,
}

pub(super) fn status(
    tenant: &CrmTenant,
    findings: &Findings,
    dependants: Dependants,
    failures: u32,
    now: Timestamp,
) -> CrmTenantStatus {
    let generation = tenant.metadata.generation;
    let mut status = tenant.status.clone().unwrap_or_default();
    status.conditions.retain_known();
    status.observed_generation = generation;
    status.last_handled_requested_at = requested_at(tenant).or(status.last_handled_requested_at);
    status.syncs = Some(SyncCounts {
        contact_syncs: dependants.syncs,
    });
    status.invites = Some(dependants.invites);
    let mut writer = ConditionWriter::new(&mut status.conditions, generation, now);
    if let Some(halt) = findings.halt {
        halted(&mut writer, halt);
        return status;
    }
    writer.remove(ConditionType::Suspended);
    let office = findings.office.as_ref().map(|office| office.as_ref().copied());
    service(&mut writer, ConditionType::OfficeConnected, office);
    let crm = findings.crm.as_ref().map(|crm| crm.as_ref().map(|_| ()));
    service(&mut writer, ConditionType::CrmConnected, crm);
    authority(&mut writer, findings);
    readiness(&mut writer, findings.trouble(), failures);

    if let Some(Ok(())) = findings.office {
        status.office365 = Some(Office365Status {
            tenant_id: Some(tenant.spec.office365.tenant_id.clone()),
        });
    }
    if let Some(Ok(org)) = &findings.crm {
        status.crm = Some(CrmStatus {
            organization_id: Some(org.id.as_str().to_owned()),
            edition: Some(org.paid_type.as_str().to_owned()),
            paid: Some(org.paid),
        });
    }
    if let Some(Ok(installed)) = &findings.installed {
        status.installation = Some(installed.record.clone());
    }
    status
}

/// Who stands behind the installation. What was not asked stays as it was.
fn authority(writer: &mut ConditionWriter<'_>, findings: &Findings) {
    let mut set = |kind, holds: bool, reason, message: &str| writer.set(kind, holds, reason, message);
    let consent = ConditionType::ConsentGranted;
    match &findings.consent {
        Some(Ok(Consent::Whole)) => set(consent, true, Reason::PermissionsGranted, ""),
        Some(Ok(Consent::Scoped(message))) => set(consent, true, Reason::PermissionsGranted, message),
        Some(Ok(Consent::Unproven(message))) => set(consent, false, Reason::PermissionMissing, message),
        Some(Err(trouble)) => set(consent, false, trouble.reason, &trouble.message),
        None => {}
    }
    let kind = ConditionType::Installed;
    match &findings.installed {
        Some(Ok(installed)) => match &installed.lost {
            Some(lost) => set(kind, true, Reason::AdministratorRoleLost, lost),
            None => set(
                kind,
                true,
                Reason::InstallationVerified,
                "the administrator holds the role Global Administrator, and the terms are accepted",
            ),
        },
        Some(Err(trouble)) => set(kind, false, trouble.reason, &trouble.message),
        None => {}
    }
    match &findings.account {
        Some(Ok(Some(account))) => {
            set(ConditionType::AccountLinked, true, Reason::AccountVerified, "");
            let (holds, reason, message) = if account.is_super_admin {
                (true, Reason::SuperAdminVerified, "")
            } else {
                let message = "the administrator's CRM account is not the super admin of the organisation. A warning only: if that is not meant, make it the super admin in Zoho, or name the super admin as administrator";
                (false, Reason::SuperAdminDiffers, message)
            };
            set(ConditionType::SuperAdmin, holds, reason, message);
        }
        Some(Ok(None)) => {
            let message = "the administrator's CRM account is no active user of the organisation any more";
            set(
                ConditionType::AccountLinked,
                false,
                Reason::AccountNotFound,
                message,
            );
        }
        Some(Err(trouble)) => set(
            ConditionType::AccountLinked,
            false,
            trouble.reason,
            &trouble.message,
        ),
        None => {}
    }
}

/// What is known of the services stays as it was.
fn halted(writer: &mut ConditionWriter<'_>, halt: Halt) {
    writer.remove(ConditionType::Reconciling);
    if halt != Halt::TermsNotAccepted {
        writer.remove(ConditionType::Stalled);
    }
    match halt {
        Halt::Deleting { syncs, invites } => {
            let message = format!(
                "{syncs} ContactSyncs and {invites} CrmUserInvites still refer to this CrmTenant, which is being deleted: they read and write nothing any more. Delete them too, and it goes once their copies are out of the mailboxes and their invitations are taken back"
            );
            writer.set(ConditionType::Ready, false, Reason::TenantInUse, &message);
        }
        Halt::TermsNotAccepted => {
            let message = "installation.acceptTerms is false: nothing is read or written for this tenant. Read docs/terms.md of this release, and set it to true";
            let reason = Reason::TermsNotAccepted;
            writer.set(ConditionType::Stalled, true, reason, message);
            writer.set(ConditionType::Installed, false, reason, message);
            writer.set(ConditionType::Ready, false, reason, message);
            writer.remove(ConditionType::Suspended);
        }
        Halt::Suspended => {
            writer.suspended(false, "nothing is read or written for this tenant and its syncs");
        }
    }
}

/// A service that was not asked keeps what is known of it.
fn service(writer: &mut ConditionWriter<'_>, kind: ConditionType, found: Option<Result<(), &Trouble>>) {
    match found {
        Some(Ok(())) => writer.set(kind, true, Reason::Connected, ""),
        Some(Err(trouble)) => writer.set(kind, false, trouble.reason, &trouble.message),
        None => {}
    }
}

fn readiness(writer: &mut ConditionWriter<'_>, trouble: Option<&Trouble>, failures: u32) {
    if let Some(trouble) = trouble {
        writer.trouble(trouble, failures);
    } else {
        let message = "both services accept the operator, and the installation is verified";
        writer.set(ConditionType::Ready, true, Reason::Connected, message);
    }
    writer.remove_unsaid(&[ConditionType::Reconciling, ConditionType::Stalled]);
}
