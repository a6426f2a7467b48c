//! What waits to be done, for the status: counts, a sample of ids, and the hash that an approval names.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use sync_engine::link::Side;
use sync_runtime::contacts::{Observed, PlannedOperation as Write};
use sync_runtime::store::{Guarded, Held, ScopeState};

use crate::api::{
    MAX_PLAN_SAMPLE, PlanCause, PlanCounts, PlanStatus, PlannedItem, PlannedOperation, PlannedSide,
};

/// What the guard holds, if it holds anything.
pub(super) fn of_trip(state: &ScopeState, frozen: Vec<Held>) -> Option<PlanStatus> {
    let trip = state.trip.as_ref().filter(|_| !frozen.is_empty())?;
    let cause = if trip.by_tenant {
        PlanCause::TenantGuard
    } else {
        PlanCause::Guard
    };
    let mut plan = empty(trip.hash.clone(), cause, trip.at);
    for held in frozen {
        let (operation, side) = match held.operation {
            Guarded::DeleteInOffice | Guarded::HandOver => (PlannedOperation::Delete, PlannedSide::Office),
            Guarded::DeleteInCrm => (PlannedOperation::Delete, PlannedSide::Crm),
            Guarded::UpdateInCrm => (PlannedOperation::Update, PlannedSide::Crm),
        };
        add(&mut plan, operation, side, Some(held.crm_id), None);
    }
    Some(finish(plan))
}

/// What `Apply` would do. The same plan keeps its time, so that nothing is news while nothing changes.
pub(super) fn of_observed(observed: &Observed, before: Option<PlanStatus>, now: Timestamp) -> PlanStatus {
    let hash = observed.hash();
    let known = before.filter(|before| before.hash == hash && before.cause == PlanCause::Observe);
    let at = known.map_or(now, |known| known.created_at.0);
    let mut plan = empty(hash, PlanCause::Observe, at);
    for (operation, side, id) in &observed.writes {
        let operation = match operation {
            Write::Create => PlannedOperation::Create,
            Write::Update => PlannedOperation::Update,
            Write::Delete => PlannedOperation::Delete,
        };
        let (side, id) = (*side, id.clone());
        let (crm_id, office_id) = match (operation, side) {
            // To be made there, so named by where it is.
            (PlannedOperation::Create, Side::Office)
            | (PlannedOperation::Update | PlannedOperation::Delete, Side::Crm) => (Some(id), None),
            (PlannedOperation::Create, Side::Crm)
            | (PlannedOperation::Update | PlannedOperation::Delete, Side::Office) => (None, Some(id)),
        };
        let side = match side {
            Side::Office => PlannedSide::Office,
            Side::Crm => PlannedSide::Crm,
        };
        add(&mut plan, operation, side, crm_id, office_id);
    }
    finish(plan)
}

fn empty(hash: String, cause: PlanCause, at: Timestamp) -> PlanStatus {
    PlanStatus {
        hash,
        cause,
        created_at: Time(at),
        creates: PlanCounts::default(),
        updates: PlanCounts::default(),
        deletes: PlanCounts::default(),
        items: Vec::new(),
    }
}

fn add(
    plan: &mut PlanStatus,
    operation: PlannedOperation,
    side: PlannedSide,
    crm_id: Option<String>,
    office_id: Option<String>,
) {
    let counts = match operation {
        PlannedOperation::Create => &mut plan.creates,
        PlannedOperation::Update => &mut plan.updates,
        PlannedOperation::Delete => &mut plan.deletes,
    };
    let count = match side {
        PlannedSide::Office => &mut counts.to_office,
        PlannedSide::Crm => &mut counts.to_crm,
    };
    *count = count.saturating_add(1);
    plan.items.push(PlannedItem {
        operation,
        side,
        crm_id,
        office_id,
    });
}

/// Deletions first, then updates: what a reader has to see.
fn finish(mut plan: PlanStatus) -> PlanStatus {
    plan.items.sort_by_key(|item| match item.operation {
        PlannedOperation::Delete => 0,
        PlannedOperation::Update => 1,
        PlannedOperation::Create => 2,
    });
    plan.items.truncate(MAX_PLAN_SAMPLE);
    plan
}
