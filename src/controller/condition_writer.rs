//! Sets the conditions of one object, with what all kinds say in the same way: pure. What a kind says of its own stands
//! beside its controller.

use jiff::Timestamp;

use super::trouble::{Remedy, Trouble};
use crate::api::{ConditionStatus, ConditionType, Conditions, Reason};

/// How many failures in a row take readiness away where the trouble passes by itself: one is no news.
const PATIENCE: u32 = 3;

/// Sets the conditions of one object.
pub(super) struct ConditionWriter<'a> {
    pub(super) conditions: &'a mut Conditions,
    generation: Option<i64>,
    now: Timestamp,
    said: Vec<ConditionType>,
}

impl<'a> ConditionWriter<'a> {
    pub(super) fn new(conditions: &'a mut Conditions, generation: Option<i64>, now: Timestamp) -> Self {
        Self {
            conditions,
            generation,
            now,
            said: Vec::new(),
        }
    }

    pub(super) fn set(
        &mut self,
        kind: ConditionType,
        holds: impl Into<ConditionStatus>,
        reason: Reason,
        message: &str,
    ) {
        self.conditions
            .set(kind, holds, reason, message, self.generation, self.now);
        self.said.push(kind);
    }

    pub(super) fn remove(&mut self, kind: ConditionType) {
        self.conditions.remove(kind);
    }

    /// Removes those that were not set by this writer. Comes last: what still holds keeps the time since when it does.
    pub(super) fn remove_unsaid(&mut self, kinds: &[ConditionType]) {
        for kind in kinds {
            if !self.said.contains(kind) {
                self.conditions.remove(*kind);
            }
        }
    }

    /// Takes back that these were set, so that [`Self::remove_unsaid`] removes them.
    pub(super) fn unsay(&mut self, kinds: &[ConditionType]) {
        self.said.retain(|kind| !kinds.contains(kind));
    }

    /// Says that nothing is done, `what` in words, because its author or the tenant's stopped it. The rest stays as it
    /// was.
    pub(super) fn suspended(&mut self, by_tenant: bool, what: &str) {
        let (reason, who) = if by_tenant {
            (Reason::TenantSuspended, "the CrmTenant is suspended")
        } else {
            (Reason::Suspended, "spec.suspend is true")
        };
        let message = format!("{who}: {what}");
        self.remove(ConditionType::Reconciling);
        self.set(ConditionType::Suspended, true, reason, &message);
        let ready = self.conditions.get(ConditionType::Ready);
        if ready.is_none_or(|ready| ready.status() == ConditionStatus::Unknown) {
            self.set(ConditionType::Ready, ConditionStatus::Unknown, reason, &message);
        }
    }

    /// Says what is in the way, after so many failures in a row.
    pub(super) fn trouble(&mut self, trouble: &Trouble, failures: u32) {
        let Trouble {
            reason,
            message,
            remedy,
        } = trouble;
        match remedy {
            Remedy::Person => self.set(ConditionType::Stalled, true, *reason, message),
            Remedy::Time(_) | Remedy::Others(_) => {
                let retry = Reason::ProgressingWithRetry;
                self.set(ConditionType::Reconciling, true, retry, message);
            }
        }
        let passing = matches!(remedy, Remedy::Time(_)) && failures < PATIENCE;
        if !(passing && self.conditions.is_true(ConditionType::Ready)) {
            self.set(ConditionType::Ready, false, *reason, message);
        }
    }
}
