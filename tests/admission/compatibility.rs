//! What the first release accepted and wrote: it has to stay valid and readable. These objects are never edited.

use crmlink::api::{ConditionType, ContactSync, ContactSyncStatus, CrmTenant, CrmTenantStatus, Direction};
use serde_json::{Value, json};

use crate::support::Server;

fn first_policy() -> Value {
    json!({
        "direction": "CrmToOffice",
        "deletes": { "toOffice": "Propagate", "toCrm": "Never" },
        "importedItems": "Exclude",
        "initialSync": { "maxItems": 5000 },
        "interval": "1h30m",
        "deletionPolicy": "Orphan",
        "folderName": "Zoho CRM Contacts",
        "mapping": {
            "base": "Default",
            "fields": [
                { "office": "nickName", "crm": "Nick_Name", "direction": "CrmToOffice", "tooLong": "Cut" },
                { "office": "homeCity", "crm": "Home_City" }
            ],
            "exclude": ["personalNotes"]
        }
    })
}

fn first_sync() -> Value {
    let mut spec = first_policy();
    spec["tenantRef"] = json!({ "name": "acme" });
    spec["user"] = json!("mary@example.com");
    spec["crmUser"] = json!("mary.poppins@example.org");
    spec["enabled"] = json!(true);
    spec["suspend"] = json!(false);
    json!({
        "apiVersion": "crmlink.dev/v1alpha1",
        "kind": "ContactSync",
        "metadata": { "name": "acme" },
        "spec": spec
    })
}

fn first_tenant() -> Value {
    json!({
        "apiVersion": "crmlink.dev/v1alpha1",
        "kind": "CrmTenant",
        "metadata": { "name": "acme" },
        "spec": {
            "office365": {
                "tenantId": "6f1c2d3e-0a1b-4c5d-8e9f-0123456789ab",
                "clientId": "6f1c2d3e-0a1b-4c5d-8e9f-0123456789ab",
                "auth": { "mode": "ClientSecret", "secretRef": { "name": "office" } }
            },
            "crm": { "zoho": {
                "dataCenter": "EU",
                "environment": "Production",
                "organizationId": "20098765432",
                "credentialsRef": { "name": "zoho" }
            } },
            "installation": { "administrator": "nora@example.com", "acceptTerms": true },
            "accountLinks": [{ "user": "mary@example.com", "crmUser": "mary.poppins@example.org" }],
            "syncDefaults": { "contacts": first_policy() },
            "limits": { "dailyCredits": 20000, "reservePercent": 30 },
            "allowedNamespaces": { "from": "All" },
            "suspend": false
        }
    })
}

fn condition(kind: &str, status: &str, reason: &str) -> Value {
    json!({
        "type": kind, "status": status, "reason": reason, "message": "in words", "observedGeneration": 1,
        "lastTransitionTime": "2026-11-23T00:00:00Z"
    })
}

#[tokio::test]
async fn objects_of_the_first_release_are_accepted() {
    let server = Server::new().await;
    server.accepts(first_sync()).await;
    server.accepts(first_tenant()).await;
}

#[tokio::test]
async fn a_sync_as_the_first_release_left_it_is_read_and_written_back() {
    let server = Server::new().await;
    server.create(first_sync()).await;
    // A reason that no longer exists is among them.
    let status = json!({
        "observedGeneration": 1,
        "conditions": [
            condition("Ready", "False", "DirectionNotSupported"),
            condition("Stalled", "True", "DirectionNotSupported"),
            condition("Enabled", "True", "Enabled"),
            condition("InitialSyncComplete", "True", "InitialSyncDone"),
        ],
        "lastHandledRequestedAt": "now",
        "mailbox": { "userId": "6f1c2d3e-0a1b-4c5d-8e9f-0123456789ab" },
        "crm": { "userId": "4150868000000225013" },
        "folder": { "id": "AAMk" },
        "effectivePolicyHash": "0123456789abcdef",
        "initialSync": {
            "total": 7, "done": 7, "leftOut": { "imported": 1, "overCap": 0 },
            "completedAt": "2026-11-23T00:00:00Z"
        },
        "linked": 6,
        "pending": 0,
        "parked": { "count": 1, "items": [
            { "crmId": "4150868000000225014", "reason": "in words", "field": "Slogan", "since": "2026-11-23T00:00:00Z" }
        ] },
        "lastChangeTime": "2026-11-23T00:00:00Z"
    });
    let read: ContactSync = server.write_status("acme", &status).await.unwrap();
    assert_eq!(read.spec.policy.direction, Some(Direction::CrmToOffice));
    let known: ContactSyncStatus = read.status.unwrap();
    assert!(known.conditions.is_true(ConditionType::Stalled));
    assert_eq!(serde_json::to_value(&known).unwrap(), status);
}

#[tokio::test]
async fn a_tenant_as_the_first_release_left_it_is_read_and_written_back() {
    let server = Server::new().await;
    server.create(first_tenant()).await;
    let status = json!({
        "observedGeneration": 1,
        "conditions": [
            condition("Ready", "True", "Connected"),
            condition("OfficeConnected", "True", "Connected"),
            condition("CrmConnected", "True", "Connected"),
        ],
        "lastHandledRequestedAt": "now",
        "office365": { "tenantId": "6f1c2d3e-0a1b-4c5d-8e9f-0123456789ab" },
        "crm": { "organizationId": "20098765432", "edition": "enterprise", "paid": true },
        "syncs": { "contactSyncs": 1 }
    });
    let read: CrmTenant = server.write_status("acme", &status).await.unwrap();
    let known: CrmTenantStatus = read.status.unwrap();
    assert_eq!(serde_json::to_value(&known).unwrap(), status);
}
