//! How much is done without asking a person first. A mistake or a lost right looks like many deletions: what exceeds
//! these limits waits for approval.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Fewer updates in the CRM than this, or as many, are never held, whatever share of the contacts they are.
pub const UPDATES_NEVER_HELD: u32 = 50;

/// How much one contact sync may delete on either side, and update in the CRM, before a person is asked. What exceeds
/// a limit is held: it stands in `status.plan` and waits until `approvedPlans` lists the plan's hash; everything else
/// goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactGuard {
    /// How many contacts a run may delete on both sides together, from 0 to 10000. Deletions are held if they are
    /// more than this and also more than `maxDeletesPercent`. Built-in default: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10_000))]
    pub max_deletes_per_run: Option<u32>,

    /// Which share of the linked contacts a run may delete, in percent from 0 to 100. Deletions are held if they are
    /// more than this and also more than `maxDeletesPerRun`. Built-in default: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_deletes_percent: Option<u32>,

    /// How many contacts may be deleted on both sides together in 24 hours, from 0 to 100000; more are held. 0 holds
    /// every deletion. Built-in default: 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100_000))]
    pub max_deletes_per_day: Option<u32>,

    /// Which share of the linked contacts a run may update in the CRM with changes from the mailbox, in percent from
    /// 0 to 100. Updates are held if they are more than this and also more than 50. Built-in default: 25.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_updates_percent: Option<u32>,
}

/// The limits that hold for one contact sync, with every default applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveContactGuard {
    /// How many contacts a run may delete.
    pub max_deletes_per_run: u32,
    /// Which share of the linked contacts a run may delete, in percent.
    pub max_deletes_percent: u32,
    /// How many contacts may be deleted in 24 hours.
    pub max_deletes_per_day: u32,
    /// Which share of the linked contacts a run may update in the CRM, in percent; see also [`UPDATES_NEVER_HELD`].
    pub max_updates_percent: u32,
}

impl EffectiveContactGuard {
    /// Resolves each limit: the first layer that declares it, else the built-in.
    pub(super) fn resolve(layers: [ContactGuard; 2]) -> Self {
        let first = |limit: fn(&ContactGuard) -> Option<u32>| layers.iter().find_map(limit);
        Self {
            max_deletes_per_run: first(|layer| layer.max_deletes_per_run).unwrap_or(10),
            max_deletes_percent: first(|layer| layer.max_deletes_percent).unwrap_or(10),
            max_deletes_per_day: first(|layer| layer.max_deletes_per_day).unwrap_or(50),
            max_updates_percent: first(|layer| layer.max_updates_percent).unwrap_or(25),
        }
    }
}

/// How much all syncs of a tenant together may do before a person is asked, besides what each sync's own guard allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantGuard {
    /// How many items all syncs together may delete on both sides in 24 hours, from 0 to 1000000. More are held:
    /// they stand in `status.plan` of their sync with cause `TenantGuard` and wait for its `approvedPlans`. Built-in
    /// default: 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub max_deletes_per_day: Option<u32>,

    /// How many syncs may be switched off in an hour, from 1 to 10000. The others keep what is in their mailboxes and
    /// follow in the hours after, so that one bad change of manifests can be taken back before it has emptied every
    /// mailbox. Built-in default: 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub max_disables_per_hour: Option<u32>,
}

impl TenantGuard {
    /// How many items all syncs together may delete in 24 hours, with the built-in default applied.
    #[must_use]
    pub fn deletes_per_day(&self) -> u32 {
        self.max_deletes_per_day.unwrap_or(500)
    }

    /// How many syncs may be switched off in an hour, with the built-in default applied.
    #[must_use]
    pub fn disables_per_hour(&self) -> u32 {
        self.max_disables_per_hour.unwrap_or(20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_without_a_guard_has_the_built_in_one() {
        let guard = TenantGuard::default();
        assert_eq!((guard.deletes_per_day(), guard.disables_per_hour()), (500, 20));
        let declared = TenantGuard {
            max_deletes_per_day: Some(0),
            max_disables_per_hour: Some(1),
        };
        assert_eq!((declared.deletes_per_day(), declared.disables_per_hour()), (0, 1));
    }
}
