//! From findings to status: pure.

use jiff::Timestamp;

use super::connect::{Findings, Halt};
use super::consent::Consent;
use crate::api::{
    ConditionStatus, ConditionType, Conditions, CrmStatus, CrmTenant, CrmTenantStatus, Office365Status,
    Reason, SyncCounts, requested_at,
};
use crate::controller::trouble::{Remedy, Trouble};

/// How many failures in a row take readiness away where the trouble passes by itself: one is no news.
const PATIENCE: u32 = 3;

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
    let conditions = &mut status.conditions;
    if let Some(halt) = findings.halt {
        halted(conditions, halt, generation, now);
        return status;
    }
    conditions.remove(ConditionType::Suspended);

    service(
        conditions,
        ConditionType::OfficeConnected,
        findings.office.as_ref().map(|office| office.as_ref().copied()),
        generation,
        now,
    );
    service(
        conditions,
        ConditionType::CrmConnected,
        findings.crm.as_ref().map(|crm| crm.as_ref().map(|_| ())),
        generation,
        now,
    );
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
    authority(&mut status, findings, generation, now);
    readiness(
        &mut status.conditions,
        findings.trouble(),
        failures,
        generation,
        now,
    );
    status
}

/// Who stands behind the installation. What was not asked stays as it was.
fn authority(status: &mut CrmTenantStatus, findings: &Findings, generation: Option<i64>, now: Timestamp) {
    let conditions = &mut status.conditions;
    let mut set = |kind, holds: bool, reason, message: &str| {
        conditions.set(kind, holds, reason, message, generation, now);
    };
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
        Some(Ok(installed)) => {
            match &installed.lost {
                Some(lost) => set(kind, true, Reason::AdministratorRoleLost, lost),
                None => set(
                    kind,
                    true,
                    Reason::InstallationVerified,
                    "the administrator holds the role Global Administrator, and the terms are accepted",
                ),
            }
            status.installation = Some(installed.record.clone());
        }
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
fn halted(conditions: &mut Conditions, halt: Halt, generation: Option<i64>, now: Timestamp) {
    conditions.remove(ConditionType::Reconciling);
    if halt != Halt::TermsNotAccepted {
        conditions.remove(ConditionType::Stalled);
    }
    let mut set = |kind, holds, reason, message: &str| {
        conditions.set(kind, holds, reason, message, generation, now);
    };
    match halt {
        Halt::Deleting { syncs, invites } => {
            let message = format!(
                "{syncs} ContactSyncs and {invites} CrmUserInvites still refer to this CrmTenant, which is being deleted: they read and write nothing any more. Delete them too, and it goes once their copies are out of the mailboxes and their invitations are taken back"
            );
            set(
                ConditionType::Ready,
                ConditionStatus::False,
                Reason::TenantInUse,
                &message,
            );
        }
        Halt::TermsNotAccepted => {
            let message = "installation.acceptTerms is false: nothing is read or written for this tenant. Read docs/terms.md of this release, and set it to true";
            let reason = Reason::TermsNotAccepted;
            set(ConditionType::Stalled, ConditionStatus::True, reason, message);
            set(ConditionType::Installed, ConditionStatus::False, reason, message);
            set(ConditionType::Ready, ConditionStatus::False, reason, message);
            conditions.remove(ConditionType::Suspended);
        }
        Halt::Suspended => {
            let message = "spec.suspend is true: nothing is read or written for this tenant and its syncs";
            let (holds, reason) = (ConditionStatus::True, Reason::Suspended);
            set(ConditionType::Suspended, holds, reason, message);
            if conditions.get(ConditionType::Ready).is_none() {
                let holds = ConditionStatus::Unknown;
                conditions.set(ConditionType::Ready, holds, reason, message, generation, now);
            }
        }
    }
}

/// A service that was not asked keeps what is known of it.
fn service(
    conditions: &mut Conditions,
    kind: ConditionType,
    found: Option<Result<(), &Trouble>>,
    generation: Option<i64>,
    now: Timestamp,
) {
    match found {
        Some(Ok(())) => conditions.set(kind, true, Reason::Connected, "", generation, now),
        Some(Err(trouble)) => conditions.set(kind, false, trouble.reason, &trouble.message, generation, now),
        None => {}
    }
}

fn readiness(
    conditions: &mut Conditions,
    trouble: Option<&Trouble>,
    failures: u32,
    generation: Option<i64>,
    now: Timestamp,
) {
    let Some(trouble) = trouble else {
        conditions.remove(ConditionType::Reconciling);
        conditions.remove(ConditionType::Stalled);
        conditions.set(
            ConditionType::Ready,
            true,
            Reason::Connected,
            "both services accept the operator, and the installation is verified",
            generation,
            now,
        );
        return;
    };
    let (reason, message) = (trouble.reason, &trouble.message);
    match trouble.remedy {
        Remedy::Person => {
            conditions.remove(ConditionType::Reconciling);
            conditions.set(ConditionType::Stalled, true, reason, message, generation, now);
        }
        Remedy::Time(_) | Remedy::Others(_) => {
            conditions.remove(ConditionType::Stalled);
            conditions.set(
                ConditionType::Reconciling,
                true,
                Reason::ProgressingWithRetry,
                message,
                generation,
                now,
            );
        }
    }
    let passing = matches!(trouble.remedy, Remedy::Time(_)) && failures < PATIENCE;
    if passing && conditions.is_true(ConditionType::Ready) {
        let message = "both services accept the operator, and the installation is verified";
        conditions.set(
            ConditionType::Ready,
            true,
            Reason::Connected,
            message,
            generation,
            now,
        );
    } else {
        conditions.set(ConditionType::Ready, false, reason, message, generation, now);
    }
}
