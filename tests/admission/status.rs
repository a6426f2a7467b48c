//! What the operator may report.

use crmlink::api::{
    ConditionType, Conditions, ConflictItem, ConflictOutcome, Conflicts, ContactSync, ContactSyncStatus,
    CrmStatus, CrmTenant, CrmTenantStatus, CrmUserInvite, CrmUserInviteStatus, CrmUserStatus, Decision,
    DecisionVerdict, FolderStatus, InitialSyncStatus, InstallationStatus, InvitePhase, LeftOut,
    MAX_CONFLICT_SAMPLE, MAX_PARKED_SAMPLE, MAX_PLAN_SAMPLE, MailboxStatus, Office365Status, OfficeFieldName,
    Parked, ParkedItem, PlanCause, PlanCounts, PlanStatus, PlannedItem, PlannedOperation, PlannedSide,
    Reason, Recoverable, RequestMails, SyncCounts,
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use crate::{
    objects::{UUID, invite, sync, tenant},
    support::Server,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn every_condition() -> Conditions {
    let mut conditions = Conditions::default();
    for (condition_type, reason) in ConditionType::ALL.into_iter().zip(Reason::ALL) {
        conditions.set(condition_type, true, *reason, "in words", Some(1), at(1));
    }
    conditions
}

fn crm_id(n: usize) -> String {
    format!("41508680000002250{n:02}")
}

fn parked(count: usize) -> Parked {
    let item = |n| ParkedItem {
        crm_id: Some(crm_id(n)),
        office_id: Some("A".repeat(1024)),
        reason: "r".repeat(1024),
        field: Some("jobTitle".to_owned()),
        since: Time(at(1)),
    };
    Parked {
        count: 12,
        items: (0..count).map(item).collect(),
    }
}

fn conflicts(count: usize) -> Conflicts {
    let outcomes = [
        ConflictOutcome::Open,
        ConflictOutcome::CrmWon,
        ConflictOutcome::OfficeWon,
    ];
    let item = |n| ConflictItem {
        crm_id: crm_id(n),
        fields: OfficeFieldName::ALL.iter().map(ToString::to_string).collect(),
        outcome: outcomes[n % outcomes.len()],
        at: Time(at(1)),
    };
    Conflicts {
        count: 12,
        items: (0..count).map(item).collect(),
    }
}

fn plan(cause: PlanCause, count: usize) -> PlanStatus {
    let operations = [
        (PlannedOperation::Delete, PlannedSide::Office),
        (PlannedOperation::Delete, PlannedSide::Crm),
        (PlannedOperation::Update, PlannedSide::Crm),
        (PlannedOperation::Create, PlannedSide::Office),
    ];
    let item = |n: usize| {
        let (operation, side) = operations[n % operations.len()];
        PlannedItem {
            operation,
            side,
            crm_id: Some(crm_id(n)),
            office_id: (operation != PlannedOperation::Create).then(|| "A".repeat(1024)),
        }
    };
    let counts = PlanCounts {
        to_office: 6,
        to_crm: 0,
    };
    PlanStatus {
        hash: "0123456789abcdef".repeat(4),
        cause,
        created_at: Time(at(1)),
        creates: counts,
        updates: counts,
        deletes: counts,
        items: (0..count).map(item).collect(),
    }
}

fn full_sync_status() -> ContactSyncStatus {
    ContactSyncStatus {
        observed_generation: Some(1),
        conditions: every_condition(),
        last_handled_requested_at: Some("ü".repeat(256)),
        last_handled_reenable: Some("ü".repeat(256)),
        mailbox: Some(MailboxStatus {
            user_id: UUID.to_owned(),
        }),
        crm: Some(CrmUserStatus {
            user_id: "4150868000000225013".to_owned(),
        }),
        folder: Some(FolderStatus { id: "A".repeat(1024) }),
        effective_policy_hash: Some("5f1c".to_owned()),
        initial_sync: Some(InitialSyncStatus {
            total: Some(10_000),
            done: Some(10_000),
            left_out: Some(LeftOut {
                imported: 3,
                over_cap: 0,
            }),
            completed_at: Some(Time(at(1))),
        }),
        linked: Some(u32::MAX),
        pending: Some(0),
        parked: Some(parked(MAX_PARKED_SAMPLE)),
        conflicts: Some(conflicts(MAX_CONFLICT_SAMPLE)),
        plan: Some(plan(PlanCause::Guard, MAX_PLAN_SAMPLE)),
        left_in_place: Some(3),
        recoverable: Some(Recoverable::Full),
        last_change_time: Some(Time(at(1))),
    }
}

#[tokio::test]
async fn everything_that_a_sync_reports_is_kept() {
    let server = Server::new().await;
    server.create(sync(json!({}))).await;
    let little = || ContactSyncStatus {
        conditions: every_condition(),
        ..ContactSyncStatus::default()
    };
    let causes = [PlanCause::Observe, PlanCause::Guard, PlanCause::TenantGuard];
    let planned = causes.map(|cause| ContactSyncStatus {
        plan: Some(plan(cause, 0)),
        recoverable: Some(Recoverable::Partial),
        ..little()
    });
    for status in [little(), full_sync_status(), little()]
        .into_iter()
        .chain(planned)
    {
        let written: ContactSync = server.write_status("acme", &status).await.unwrap();
        assert_eq!(written.status.unwrap_or_default(), status);
    }
}

/// A contact that is only in the mailbox has no CRM id, and the first release named CRM ids only.
#[tokio::test]
async fn a_parked_contact_is_named_by_the_ids_it_has() {
    let server = Server::new().await;
    server.create(sync(json!({}))).await;
    for ids in [json!({ "crmId": "415" }), json!({ "officeId": "AAMk" })] {
        let mut item = json!({ "reason": "in words", "since": "2026-11-23T00:00:00Z" });
        item.as_object_mut()
            .unwrap()
            .extend(ids.as_object().unwrap().clone());
        let status = json!({ "parked": { "count": 1, "items": [item] } });
        let written: ContactSync = server.write_status("acme", &status).await.unwrap();
        assert_eq!(json!(written.status.unwrap().parked), status["parked"]);
    }
}

#[tokio::test]
async fn everything_that_a_tenant_reports_is_kept() {
    let server = Server::new().await;
    server.create(tenant(json!({}))).await;
    let status = CrmTenantStatus {
        observed_generation: Some(1),
        conditions: every_condition(),
        last_handled_requested_at: Some("now".to_owned()),
        office365: Some(Office365Status {
            tenant_id: Some(UUID.to_owned()),
        }),
        crm: Some(CrmStatus {
            organization_id: Some("20098765432".to_owned()),
            edition: Some("enterprise".to_owned()),
            paid: Some(true),
        }),
        installation: Some(InstallationStatus {
            administrator_id: UUID.to_owned(),
            verified_at: Time(at(1)),
            verified_generation: 1,
            crm_user_id: Some("20098765432".to_owned()),
        }),
        syncs: Some(SyncCounts { contact_syncs: 1000 }),
        invites: Some(1000),
    };
    let written: CrmTenant = server.write_status("acme", &status).await.unwrap();
    assert_eq!(written.status.unwrap_or_default(), status);
}

#[tokio::test]
async fn every_reason_is_accepted_in_a_condition() {
    let server = Server::new().await;
    server.create(sync(json!({}))).await;
    for reason in Reason::ALL {
        let mut status = ContactSyncStatus::default();
        status.conditions.set(
            ConditionType::Ready,
            false,
            *reason,
            reason.meaning(),
            Some(1),
            at(1),
        );
        let written: ContactSync = server.write_status("acme", &status).await.unwrap();
        assert_eq!(written.status.unwrap_or_default(), status);
    }
}

#[tokio::test]
async fn a_malformed_status_is_refused() {
    let server = Server::new().await;
    server.create(sync(json!({}))).await;
    let condition = |field: &str, value: Value| {
        let mut condition = json!({
            "type": "Ready", "status": "True", "reason": "InSync", "message": "",
            "lastTransitionTime": "2026-11-23T00:00:00Z"
        });
        condition[field] = value;
        json!({ "conditions": [condition] })
    };
    let with = |member: &str, value: Value| {
        let mut status = serde_json::to_value(full_sync_status()).unwrap();
        let (parent, name) = member.rsplit_once('/').unwrap();
        status.pointer_mut(parent).unwrap()[name] = value;
        status
    };
    for (status, part) in [
        (condition("status", json!("Maybe")), "supported values"),
        (
            condition("reason", json!("In sync")),
            "status.conditions[0].reason",
        ),
        (condition("reason", json!("")), "status.conditions[0].reason"),
        (
            condition("lastTransitionTime", json!("today")),
            "status.conditions[0].lastTransitionTime",
        ),
        (json!({ "linked": -1 }), "status.linked"),
        (
            json!({ "folder": { "id": "A".repeat(1025) } }),
            "status.folder.id",
        ),
        (with("/parked", json!(parked(11))), "must have at most 10 items"),
        (
            with("/parked/items/0/officeId", json!("A".repeat(1025))),
            "status.parked.items[0].officeId: Too long",
        ),
        (
            with("/parked/items/0/reason", json!("r".repeat(1025))),
            "status.parked.items[0].reason: Too long",
        ),
        (
            with("/conflicts", json!(conflicts(11))),
            "must have at most 10 items",
        ),
        (
            with("/conflicts/items/0/fields", json!(vec!["email1"; 65])),
            "must have at most 64 items",
        ),
        (
            with("/conflicts/items/0/outcome", json!("Lost")),
            "status.conflicts.items[0].outcome: Unsupported value",
        ),
        (
            with("/plan", json!(plan(PlanCause::Guard, 11))),
            "must have at most 10 items",
        ),
        (
            with("/plan/hash", json!("held")),
            "status.plan.hash: Invalid value",
        ),
        (
            with("/plan/cause", json!("Whim")),
            "status.plan.cause: Unsupported value",
        ),
        (
            with("/plan/deletes/toCrm", json!(-1)),
            "status.plan.deletes.toCrm",
        ),
        (
            with("/plan/items/0/operation", json!("Move")),
            "status.plan.items[0].operation: Unsupported value",
        ),
        (
            with("/plan/items/0/side", json!("Left")),
            "status.plan.items[0].side: Unsupported value",
        ),
        (
            with("/plan/items/0/officeId", json!("A".repeat(1025))),
            "status.plan.items[0].officeId: Too long",
        ),
        (with("/leftInPlace", json!(-1)), "status.leftInPlace"),
        (
            with("/recoverable", json!("None")),
            "status.recoverable: Unsupported value",
        ),
    ] {
        let refused = server
            .write_status::<ContactSync>("acme", &status)
            .await
            .unwrap_err();
        assert!(
            refused.message.contains(part),
            "{:?} does not say {part:?}",
            refused.message
        );
    }
}

#[tokio::test]
async fn spec_and_status_are_written_apart() {
    let server = Server::new().await;
    let object = sync(json!({}));
    server.create(object.clone()).await;
    server
        .accepts_change(&object, json!({ "status": { "linked": 7 } }))
        .await;
    let api = server.api::<ContactSync>();
    assert_eq!(api.get("acme").await.unwrap().status, None);

    let before = api.get("acme").await.unwrap();
    let after: ContactSync = server.write_status("acme", &full_sync_status()).await.unwrap();
    assert_eq!(after.spec, before.spec);
    assert_eq!(after.metadata.generation, before.metadata.generation);
}

#[tokio::test]
async fn everything_that_an_invite_reports_is_kept() {
    let server = Server::new().await;
    server.create(invite(json!({}))).await;
    let status = CrmUserInviteStatus {
        observed_generation: Some(1),
        conditions: every_condition(),
        last_handled_requested_at: Some("now".to_owned()),
        phase: Some(InvitePhase::Invited),
        office_user_id: Some(UUID.to_owned()),
        crm_user_id: Some("20098765432".to_owned()),
        invited_at: Some(Time(at(1))),
        accepted_at: Some(Time(at(1))),
        request_mails: Some(RequestMails {
            sent: 3,
            failed: Some(1),
            completed_at: Time(at(1)),
        }),
        decision: Some(Decision {
            verdict: DecisionVerdict::Approved,
            by: "oidc:mary".to_owned(),
            crm_user_id: "20098765433".to_owned(),
            at: Time(at(1)),
        }),
    };
    let written: CrmUserInvite = server.write_status("acme", &status).await.unwrap();
    assert_eq!(written.status.unwrap_or_default(), status);
}
