//! What a reconcile came to, and how the conditions say it.

use jiff::Timestamp;
use sync_runtime::contacts::Observed;

use crate::api::{ConditionType, PlanCause, PlanStatus, Reason};
use crate::controller::condition_writer::ConditionWriter;
use crate::controller::trouble::Trouble;

/// Why a sync that is to be switched off waits.
pub(super) const DISABLES_HELD: &str = "many syncs of this tenant are being switched off, so this one keeps its contacts for the time being, in case that is a mistake (guard.maxDisablesPerHour of the CrmTenant)";

/// What a reconcile came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Too early to say anything: the operator has just started, and the tenant's first sign-in wakes the sync.
    NotYet,
    /// The sync is at work (`more`) or in step.
    Running { more: bool },
    /// In step but for contacts that changed or went just now: they are looked at again in a moment.
    Waiting,
    /// Nothing is written: what a run would do.
    Observing(Observed),
    /// Being switched off: what only the mailbox knows goes to the CRM first.
    SwitchingOff,
    /// To be switched off, but too many of the tenant's syncs are at a time.
    OffHeld { until: Timestamp },
    /// Switched off by its author; so many items were left in the mailbox, if that was just found out.
    Off { left_in_place: Option<u64> },
    /// Switched off by the mailbox's owner, who deleted the folder.
    RemovedByOwner,
    /// Stopped by its author or by the tenant's.
    Suspended { by_tenant: bool },
    /// Something is in the way.
    Trouble(Trouble),
}

/// What is there only while it holds.
const ONLY_WHILE_TRUE: [ConditionType; 4] = [
    ConditionType::Reconciling,
    ConditionType::Stalled,
    ConditionType::Suspended,
    ConditionType::Held,
];

impl ConditionWriter<'_> {
    /// Says the verdict. `left` contacts stand in a mailbox that was given up, `plan` waits to be done.
    pub(super) fn verdict(
        &mut self,
        verdict: &Verdict,
        failures: u32,
        left: Option<u32>,
        plan: Option<&PlanStatus>,
    ) {
        if let Verdict::Suspended { by_tenant } = verdict {
            return self.suspended(*by_tenant, "nothing is read or written");
        }
        self.held(plan);
        if left.is_none() {
            self.remove(ConditionType::ItemsLeft);
        }
        match verdict {
            Verdict::Running { more } => self.running(*more),
            Verdict::Waiting => self.waiting(),
            Verdict::Observing(observed) => {
                self.set(ConditionType::Enabled, true, Reason::Enabled, "");
                let message = format!(
                    "mode is Observe: nothing is written; status.plan shows the {} operations that Apply would do",
                    observed.writes.len()
                );
                self.set(ConditionType::Ready, true, Reason::ObserveOnly, &message);
            }
            Verdict::SwitchingOff => {
                let message = "spec.enabled is false: what only the mailbox knows goes to the CRM first";
                self.set(ConditionType::Ready, false, Reason::Progressing, message);
                self.set(ConditionType::Reconciling, true, Reason::Progressing, message);
            }
            Verdict::OffHeld { .. } => {
                self.disables_held();
                self.set(
                    ConditionType::Reconciling,
                    true,
                    Reason::DisablesHeld,
                    DISABLES_HELD,
                );
                self.set(ConditionType::Ready, false, Reason::DisablesHeld, DISABLES_HELD);
            }
            Verdict::Off { .. } => self.off(left),
            Verdict::RemovedByOwner => {
                let message = "the mailbox's user deleted or moved the folder, which switches the sync off; the CRM is as it was. To switch it on again set enabled to false and back to true, or give the annotation crmlink.dev/reenable a new value";
                self.set(ConditionType::Enabled, false, Reason::DisabledInMailbox, message);
                self.set(ConditionType::Ready, true, Reason::DisabledInMailbox, message);
            }
            Verdict::Trouble(trouble) => self.trouble(trouble, failures),
            Verdict::NotYet | Verdict::Suspended { .. } => {}
        }
        self.remove_unsaid(&ONLY_WHILE_TRUE);
    }

    /// The brake on waves of disabling.
    pub(super) fn disables_held(&mut self) {
        self.set(ConditionType::Held, true, Reason::DisablesHeld, DISABLES_HELD);
    }

    /// So many contacts vanished from the CRM that nobody deleted.
    pub(super) fn hidden(&mut self, count: usize) {
        if count == 0 {
            return self.remove(ConditionType::RecordsHidden);
        }
        let message = format!(
            "the CRM does not show {count} contacts any more and lists no deletion of them: the connected user may have lost the right to see them. Nothing is deleted because of it; give the right back"
        );
        let reason = Reason::RecordsNotVisible;
        self.set(ConditionType::RecordsHidden, true, reason, &message);
    }

    pub(super) fn initial(&mut self, complete: bool) {
        let (reason, message) = if complete {
            (Reason::InitialSyncDone, "")
        } else {
            (Reason::InitialSync, "the first sync is running")
        };
        self.set(ConditionType::InitialSyncComplete, complete, reason, message);
    }

    fn held(&mut self, plan: Option<&PlanStatus>) {
        let Some(plan) = plan else { return };
        let (reason, whose) = match plan.cause {
            PlanCause::Guard => (Reason::GuardHolds, "this sync's guard"),
            PlanCause::TenantGuard => (Reason::TenantGuardHolds, "the CrmTenant's guard"),
            PlanCause::Observe => return,
        };
        let message = format!(
            "{whose} holds {} deletions in the mailbox, {} deletions and {} updates in the CRM; everything else goes on. To let them through add {} to spec.approvedPlans",
            plan.deletes.to_office, plan.deletes.to_crm, plan.updates.to_crm, plan.hash
        );
        self.set(ConditionType::Held, true, reason, &message);
    }

    fn running(&mut self, more: bool) {
        self.set(ConditionType::Enabled, true, Reason::Enabled, "");
        if more {
            let message = "the sync is at work";
            self.set(ConditionType::Ready, true, Reason::InitialSync, message);
            self.set(ConditionType::Reconciling, true, Reason::Progressing, message);
        } else {
            let message = "both sides hold the same";
            self.set(ConditionType::Ready, true, Reason::InSync, message);
        }
    }

    fn waiting(&mut self) {
        self.set(ConditionType::Enabled, true, Reason::Enabled, "");
        let message = "some contacts changed or went just now; they are looked at again in a moment";
        if !self.conditions.is_true(ConditionType::Ready) {
            self.set(ConditionType::Ready, true, Reason::InSync, message);
        }
        self.set(
            ConditionType::Reconciling,
            true,
            Reason::ProgressingWithRetry,
            message,
        );
    }

    fn off(&mut self, left: Option<u32>) {
        let message = match left {
            None => {
                "spec.enabled is false; the copies are out of the mailbox and the CRM is as it was".to_owned()
            }
            Some(left) => format!(
                "spec.enabled is false; {left} contacts that only the mailbox holds were left in its folder, and the CRM is as it was"
            ),
        };
        if left.is_some() {
            let reason = Reason::ItemsLeftInMailbox;
            self.set(ConditionType::ItemsLeft, true, reason, &message);
        }
        self.set(ConditionType::Enabled, false, Reason::Disabled, "");
        self.set(ConditionType::Ready, true, Reason::Disabled, &message);
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
