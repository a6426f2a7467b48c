//! Objects to start from.

use serde_json::{Value, json};

pub(crate) const UUID: &str = "6f1c2d3e-0a1b-4c5d-8e9f-0123456789ab";

/// The smallest sync, with further members of its spec.
pub(crate) fn sync(more: Value) -> Value {
    let spec = json!({ "tenantRef": { "name": "acme" }, "user": "mary@example.com" });
    object("ContactSync", spec, more)
}

/// The smallest invite, with further members of its spec.
pub(crate) fn invite(more: Value) -> Value {
    let spec = json!({ "tenantRef": { "name": "acme" }, "user": "mary@example.com", "type": "Invitation" });
    object("CrmUserInvite", spec, more)
}

/// A sync with this mapping.
pub(crate) fn mapping(mapping: Value) -> Value {
    sync(json!({ "mapping": mapping }))
}

/// The smallest tenant, with further members of its spec.
pub(crate) fn tenant(more: Value) -> Value {
    let spec = json!({
        "office365": office365(),
        "crm": { "zoho": zoho() },
        "installation": { "administrator": "nora@example.com", "acceptTerms": true },
    });
    object("CrmTenant", spec, more)
}

/// A tenant with further members in `spec.crm.zoho`.
pub(crate) fn tenant_zoho(more: Value) -> Value {
    tenant(json!({ "crm": { "zoho": merged(zoho(), more) } }))
}

/// A tenant with further members in `spec.office365`.
pub(crate) fn tenant_office(more: Value) -> Value {
    tenant(json!({ "office365": merged(office365(), more) }))
}

fn office365() -> Value {
    json!({
        "tenantId": UUID,
        "clientId": UUID,
        "auth": { "mode": "ClientSecret", "secretRef": { "name": "office" } }
    })
}

fn zoho() -> Value {
    json!({ "dataCenter": "EU", "credentialsRef": { "name": "zoho" } })
}

fn object(kind: &str, spec: Value, more: Value) -> Value {
    json!({
        "apiVersion": "crmlink.dev/v1alpha1",
        "kind": kind,
        "metadata": { "name": "acme" },
        "spec": merged(spec, more)
    })
}

/// `base` with the members of `more`; a null takes a member out.
fn merged(mut base: Value, more: Value) -> Value {
    for (name, member) in more.as_object().unwrap() {
        if member.is_null() {
            base.as_object_mut().unwrap().remove(name);
        } else {
            base[name] = member.clone();
        }
    }
    base
}

/// A tenant that declares everything.
pub(crate) fn full_tenant() -> Value {
    tenant(json!({
        "crm": { "zoho": {
            "dataCenter": "EU",
            "environment": "Sandbox",
            "organizationId": "20098765432",
            "credentialsRef": { "name": "zoho" },
            "externalIdFields": { "contacts": "Crmlink_Id" }
        } },
        "accountLinks": [
            { "user": "mary@example.com", "crmUser": "mary.poppins@example.org" },
            { "user": UUID, "crmUser": "bert@example.org" }
        ],
        "syncDefaults": { "contacts": full_policy() },
        "neverSync": { "office": ["spouseName", "birthday"], "crm": ["Credit_Limit", "Tax_Id"] },
        "installation": {
            "administrator": "nora@example.com",
            "acceptTerms": true,
            "account": { "mode": "Link", "email": "nora@example.org" },
            "recheck": "Stop"
        },
        "approvedUsers": { "mode": "Listed", "users": ["mary@example.com"], "groups": [UUID] },
        "invites": {
            "role": "CEO",
            "profile": "Standard",
            "senderMailbox": "crm@example.com",
            "joinRequests": { "preApproved": { "users": ["bert@example.com"], "groups": [UUID] } }
        },
        "guard": { "maxDeletesPerDay": 1000, "maxDisablesPerHour": 50 },
        "limits": { "dailyCredits": 20000, "reservePercent": 30 },
        "allowedNamespaces": { "from": "Selector", "selector": {
            "matchLabels": { "crmlink.dev/tenant": "acme" },
            "matchExpressions": [{ "key": "stage", "operator": "In", "values": ["production"] }]
        } },
        "takeoverFrom": UUID,
        "suspend": false
    }))
}

/// A sync that declares everything.
pub(crate) fn full_sync() -> Value {
    let more = json!({
        "tenantRef": { "name": "acme", "namespace": "crm" },
        "crmUser": "mary.poppins@example.org",
        "enabled": true,
        "suspend": false,
        "approvedPlans": ["0123456789abcdef", "fedcba9876543210"]
    });
    sync(merged(more, full_policy()))
}

/// Every policy field.
pub(crate) fn full_policy() -> Value {
    json!({
        "mode": "Observe",
        "direction": "TwoWay",
        "conflict": "NewestWins",
        "deletes": { "toOffice": "Propagate", "toCrm": "Never" },
        "guard": {
            "maxDeletesPerRun": 20,
            "maxDeletesPercent": 5,
            "maxDeletesPerDay": 100,
            "maxUpdatesPercent": 50
        },
        "importedItems": "Exclude",
        "initialSync": { "maxItems": 5000 },
        "interval": "1h30m",
        "deletionPolicy": "Orphan",
        "folderName": "Kunden – CRM",
        "mapping": {
            "base": "Default",
            "fields": [
                { "office": "nickName", "crm": "Nick_Name", "direction": "CrmToOffice", "tooLong": "Cut" },
                { "office": "email3", "crm": "Third_Email", "conflict": "OfficeWins" }
            ],
            "exclude": ["personalNotes", "birthday"]
        }
    })
}
