//! What the operator may report.

use crmlink::api::{
    ConditionType, Conditions, ContactSync, ContactSyncStatus, CrmStatus, CrmTenant, CrmTenantStatus,
    CrmUserStatus, FolderStatus, InitialSyncStatus, LeftOut, MAX_PARKED_SAMPLE, MailboxStatus,
    Office365Status, Parked, ParkedItem, Reason, SyncCounts,
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use crate::{
    objects::{UUID, sync, tenant},
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

fn parked(count: usize) -> Parked {
    let item = |n| ParkedItem {
        crm_id: format!("41508680000002250{n:02}"),
        reason: "TooLong".to_owned(),
        field: Some("jobTitle".to_owned()),
        since: Time(at(1)),
    };
    Parked {
        count: 12,
        items: (0..count).map(item).collect(),
    }
}

fn full_sync_status() -> ContactSyncStatus {
    ContactSyncStatus {
        observed_generation: Some(1),
        conditions: every_condition(),
        last_handled_requested_at: Some("ü".repeat(256)),
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
    for status in [little(), full_sync_status(), little()] {
        let written: ContactSync = server.write_status("acme", &status).await.unwrap();
        assert_eq!(written.status.unwrap_or_default(), status);
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
        syncs: Some(SyncCounts { contact_syncs: 1000 }),
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
    let mut eleven = full_sync_status();
    eleven.parked = Some(parked(11));
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
        (
            serde_json::to_value(eleven).unwrap(),
            "must have at most 10 items",
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
