//! Rules of `CrmTenant`.

use crmlink::api::OfficeFieldName;
use serde_json::{Value, json};

use crate::{
    objects::{UUID, full_tenant, tenant, tenant_office, tenant_zoho},
    support::Server,
};

#[tokio::test]
async fn the_smallest_and_the_fullest_tenant_are_accepted() {
    let server = Server::new().await;
    server.accepts(tenant(json!({}))).await;
    server.accepts(full_tenant()).await;
}

#[tokio::test]
async fn what_must_be_declared_is_named() {
    let server = Server::new().await;
    server
        .rejects(
            tenant(json!({ "office365": null })),
            "spec.office365: Required value",
        )
        .await;
    server
        .rejects(tenant(json!({ "crm": {} })), "spec.crm.zoho: Required value")
        .await;
    for member in ["tenantId", "clientId", "auth"] {
        let message = format!("spec.office365.{member}: Required value");
        server
            .rejects(tenant_office(json!({ member: null })), &message)
            .await;
    }
    for member in ["dataCenter", "credentialsRef"] {
        let message = format!("spec.crm.zoho.{member}: Required value");
        server
            .rejects(tenant_zoho(json!({ member: null })), &message)
            .await;
    }
}

#[tokio::test]
async fn office_ids_are_uuids() {
    let server = Server::new().await;
    for member in ["tenantId", "clientId"] {
        server
            .accepts(tenant_office(json!({ member: UUID.to_uppercase() })))
            .await;
        for value in [
            "example.onmicrosoft.com",
            "common",
            "6f1c2d3e0a1b4c5d8e9f0123456789ab",
        ] {
            server
                .rejects(tenant_office(json!({ member: value })), "must be a UUID such as")
                .await;
        }
    }
}

#[tokio::test]
async fn a_client_secret_needs_its_secret() {
    let server = Server::new().await;
    let auth = |auth: Value| tenant_office(json!({ "auth": auth }));
    server
        .accepts(auth(
            json!({ "mode": "ClientSecret", "secretRef": { "name": "office" } }),
        ))
        .await;
    server
        .rejects(
            auth(json!({ "mode": "ClientSecret" })),
            "secretRef is required when mode is ClientSecret",
        )
        .await;
    server
        .rejects(
            auth(json!({ "mode": "Certificate" })),
            "supported values: \"ClientSecret\"",
        )
        .await;
    server
        .rejects(
            auth(json!({ "mode": "ClientSecret", "secretRef": { "name": "My Secret" } })),
            "secretRef.name",
        )
        .await;
}

#[tokio::test]
async fn zoho_is_named_by_data_center_environment_and_organization() {
    let server = Server::new().await;
    for center in ["US", "EU", "IN", "AU", "JP", "CN", "CA", "SA"] {
        server.accepts(tenant_zoho(json!({ "dataCenter": center }))).await;
    }
    for environment in ["Production", "Sandbox", "Developer"] {
        server
            .accepts(tenant_zoho(json!({ "environment": environment })))
            .await;
    }
    server
        .accepts(tenant_zoho(json!({ "organizationId": "20098765432" })))
        .await;
    server
        .rejects(tenant_zoho(json!({ "dataCenter": "eu" })), "supported values")
        .await;
    server
        .rejects(tenant_zoho(json!({ "environment": "Test" })), "supported values")
        .await;
    server
        .rejects(
            tenant_zoho(json!({ "organizationId": "org-1" })),
            "spec.crm.zoho.organizationId",
        )
        .await;
    server
        .rejects(
            tenant_zoho(json!({ "organizationId": "" })),
            "spec.crm.zoho.organizationId",
        )
        .await;
    server
        .rejects(
            tenant_zoho(json!({ "organizationId": "1".repeat(33) })),
            "Too long",
        )
        .await;
}

#[tokio::test]
async fn t5_account_links_are_unique_by_user() {
    let server = Server::new().await;
    let links = |first: &str, second: &str| {
        tenant(json!({ "accountLinks": [
            { "user": first, "crmUser": "one@example.org" },
            { "user": second, "crmUser": "two@example.org" }
        ] }))
    };
    server.accepts(links("mary@example.com", UUID)).await;
    server
        .rejects(
            links("mary@example.com", "mary@example.com"),
            "spec.accountLinks[1]: Duplicate value",
        )
        .await;
    server
        .rejects(links("mary@example.com", "mary"), "must be a user principal name")
        .await;
    let wrong = tenant(json!({ "accountLinks": [{ "user": UUID, "crmUser": "mary" }] }));
    server
        .rejects(wrong, "must be the e-mail address of a CRM user")
        .await;
    let half = tenant(json!({ "accountLinks": [{ "user": UUID }] }));
    server
        .rejects(half, "spec.accountLinks[0].crmUser: Required value")
        .await;
}

#[tokio::test]
async fn t5_account_links_are_bounded() {
    let server = Server::new().await;
    let links = |count: usize| {
        let link = |n| json!({ "user": format!("u{n}@example.com"), "crmUser": format!("u{n}@example.org") });
        tenant(json!({ "accountLinks": (0..count).map(link).collect::<Vec<_>>() }))
    };
    server.accepts(links(1000)).await;
    server.rejects(links(1001), "must have at most 1000 items").await;
}

#[tokio::test]
async fn limits_are_bounded() {
    let server = Server::new().await;
    let limits = |limits: Value| tenant(json!({ "limits": limits }));
    for accepted in [
        json!({}),
        json!({ "dailyCredits": 100 }),
        json!({ "reservePercent": 0 }),
        json!({ "reservePercent": 90 }),
    ] {
        server.accepts(limits(accepted)).await;
    }
    server
        .rejects(
            limits(json!({ "dailyCredits": 99 })),
            "greater than or equal to 100",
        )
        .await;
    server
        .rejects(
            limits(json!({ "dailyCredits": 10_000_001 })),
            "less than or equal to 10000000",
        )
        .await;
    server
        .rejects(
            limits(json!({ "reservePercent": 91 })),
            "less than or equal to 90",
        )
        .await;
    server
        .rejects(
            limits(json!({ "reservePercent": -1 })),
            "greater than or equal to 0",
        )
        .await;
    server
        .rejects(
            limits(json!({ "reservePercent": 0.5 })),
            "must be of type integer",
        )
        .await;
}

#[tokio::test]
async fn a_selector_stands_with_from_selector_only() {
    let server = Server::new().await;
    let allowed = |allowed: Value| tenant(json!({ "allowedNamespaces": allowed }));
    let selector = json!({ "matchLabels": { "team": "sales" } });
    for accepted in [
        json!({ "from": "Same" }),
        json!({ "from": "All" }),
        json!({ "from": "Selector", "selector": selector }),
        json!({ "from": "Selector", "selector": {} }),
    ] {
        server.accepts(allowed(accepted)).await;
    }
    server
        .rejects(
            allowed(json!({ "from": "Selector" })),
            "selector is required when from is Selector",
        )
        .await;
    for from in ["Same", "All"] {
        let refused = json!({ "from": from, "selector": selector });
        server
            .rejects(allowed(refused), "selector is only allowed when from is Selector")
            .await;
    }
    server
        .rejects(allowed(json!({ "from": "Some" })), "supported values")
        .await;
    server
        .rejects(allowed(json!({})), "spec.allowedNamespaces.from: Required value")
        .await;
    let operator = json!({ "matchExpressions": [{ "key": "team", "operator": "Is", "values": ["a"] }] });
    server
        .rejects(
            allowed(json!({ "from": "Selector", "selector": operator })),
            "supported values",
        )
        .await;
}

#[tokio::test]
async fn defaults_for_syncs_obey_the_rules_of_syncs() {
    let server = Server::new().await;
    let defaults = |contacts: Value| tenant(json!({ "syncDefaults": { "contacts": contacts } }));
    server
        .accepts(defaults(json!({ "initialSync": { "maxItems": 10_000 } })))
        .await;
    server
        .rejects(
            defaults(json!({ "initialSync": { "maxItems": 10_001 } })),
            "less than or equal to 10000",
        )
        .await;
    server
        .rejects(
            defaults(json!({ "interval": "1s" })),
            "must be a duration from 30s to 24h",
        )
        .await;
    server
        .rejects(
            defaults(json!({ "mapping": { "base": "None" } })),
            "nothing is mapped to Last_Name",
        )
        .await;
    for (field, value) in [("mode", "Apply"), ("conflict", "Manual")] {
        server.accepts(defaults(json!({ field: value }))).await;
        server
            .rejects(defaults(json!({ field: "Other" })), "supported values")
            .await;
    }
}

#[tokio::test]
async fn n2_an_external_id_field_is_an_api_name_of_the_crm() {
    let server = Server::new().await;
    let field = |name: Value| tenant_zoho(json!({ "externalIdFields": { "contacts": name } }));
    server
        .accepts(tenant_zoho(json!({ "externalIdFields": {} })))
        .await;
    let longest = "a".repeat(100);
    for name in ["Crmlink_Id", "x", "Id2", longest.as_str()] {
        server.accepts(field(json!(name))).await;
    }
    for name in ["Crmlink Id", "2nd", "_id", "$id", "Account.Id", "Schlüssel"] {
        server
            .rejects(
                field(json!(name)),
                "must be the API name of a CRM field, such as Last_Name",
            )
            .await;
    }
    server
        .rejects(field(json!("")), "spec.crm.zoho.externalIdFields.contacts")
        .await;
    server.rejects(field(json!("a".repeat(101))), "Too long").await;
    server
        .rejects(field(json!(["Crmlink_Id"])), "must be of type string")
        .await;
}

#[tokio::test]
async fn n5_fields_that_are_never_synced_are_named_as_in_a_mapping() {
    let server = Server::new().await;
    let never = |never: Value| tenant(json!({ "neverSync": never }));
    server.accepts(never(json!({}))).await;
    server
        .accepts(never(json!({ "office": OfficeFieldName::ALL })))
        .await;
    server.accepts(never(json!({ "crm": ["Tax_Id"] }))).await;
    for field in ["displayName", "fileAs", "Surname", "Tax_Id"] {
        server
            .rejects(never(json!({ "office": [field] })), "supported values")
            .await;
    }
    server
        .rejects(
            never(json!({ "crm": ["Tax Id"] })),
            "must be the API name of a CRM field",
        )
        .await;
}

#[tokio::test]
async fn n5_last_name_cannot_be_kept_from_syncing() {
    let server = Server::new().await;
    let never = |crm: &[&str]| tenant(json!({ "neverSync": { "crm": crm } }));
    server.accepts(never(&["Last_Name_2", "last_name"])).await;
    server
        .rejects(
            never(&["Tax_Id", "Last_Name"]),
            "Last_Name cannot be in crm: the CRM requires it of every contact",
        )
        .await;
}

#[tokio::test]
async fn n5_fields_that_are_never_synced_are_bounded_and_stand_once() {
    let server = Server::new().await;
    let never = |never: Value| tenant(json!({ "neverSync": never }));
    let names = |count: usize| (0..count).map(|n| format!("F{n:099}")).collect::<Vec<_>>();
    server.accepts(never(json!({ "crm": names(100) }))).await;
    server
        .rejects(never(json!({ "crm": names(101) })), "must have at most 100 items")
        .await;
    server
        .rejects(never(json!({ "crm": ["F".repeat(101)] })), "Too long")
        .await;
    for (side, field) in [("office", "birthday"), ("crm", "Tax_Id")] {
        let duplicate = format!("spec.neverSync.{side}[1]: Duplicate value");
        server
            .rejects(never(json!({ side: [field, field] })), &duplicate)
            .await;
    }
}

#[tokio::test]
async fn a_takeover_names_a_cluster_by_uuid() {
    let server = Server::new().await;
    let from = |from: &str| tenant(json!({ "takeoverFrom": from }));
    server.accepts(from(UUID)).await;
    for wrong in ["kube-system", "any", "*", "6f1c2d3e0a1b4c5d8e9f0123456789ab"] {
        server.rejects(from(wrong), "must be a UUID such as").await;
    }
    server.rejects(from(""), "spec.takeoverFrom").await;
    server
        .rejects(from(&format!("{UUID}0")), "spec.takeoverFrom: Too long")
        .await;
}
