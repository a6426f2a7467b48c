//! Tests of who is listed.

use serde_json::{Value, json};

use super::*;
use crate::connections::Approved;

const ADA: &str = "a0000000-0000-4000-8000-000000000001";

fn office(value: Value) -> msgraph::User {
    serde_json::from_value(value).unwrap()
}

fn ada() -> msgraph::User {
    office(json!({
        "id": ADA, "userPrincipalName": "Ada@example.com", "mail": "ada.l@example.com", "accountEnabled": true,
        "userType": "Member", "proxyAddresses": ["SMTP:ada.l@example.com", "smtp:countess@example.com"],
    }))
}

fn crm(email: &str) -> zoho_crm::User {
    serde_json::from_value(json!({ "id": "4000000000000000901", "email": email, "status": "inactive" }))
        .unwrap()
}

fn tenant(links: &Value) -> CrmTenant {
    serde_json::from_value(json!({
        "apiVersion": "crmlink.dev/v1alpha1", "kind": "CrmTenant", "metadata": { "name": "acme", "namespace": "crm" },
        "spec": {
            "office365": { "tenantId": "t", "clientId": "c", "auth": { "mode": "ClientSecret" } },
            "crm": { "zoho": { "dataCenter": "EU", "credentialsRef": { "name": "zoho" } } },
            "installation": { "administrator": "nora@example.com", "acceptTerms": true },
            "accountLinks": links,
        },
    }))
    .unwrap()
}

fn invite(namespace: &str, tenant_ref: &Value, user: &str, pinned: Option<&str>) -> CrmUserInvite {
    let mut invite = json!({
        "apiVersion": "crmlink.dev/v1alpha1", "kind": "CrmUserInvite",
        "metadata": { "name": "somebody", "namespace": namespace },
        "spec": { "tenantRef": tenant_ref, "user": user, "type": "Invitation" },
    });
    if let Some(id) = pinned {
        invite["status"] = json!({ "officeUserId": id });
    }
    serde_json::from_value(invite).unwrap()
}

fn found() -> Found {
    Found {
        tenant: tenant(&json!([])),
        approved: Approved::everyone(),
        office_users: vec![ada()],
        crm_users: Vec::new(),
        invites: Vec::new(),
        remarks: Vec::new(),
    }
}

fn listed(found: &Found) -> Vec<String> {
    let all = candidates(found);
    all.iter().map(|candidate| candidate.name().to_owned()).collect()
}

#[test]
fn u7_who_is_approved_and_not_in_the_crm_is_listed_by_name() {
    let mut found = found();
    let guest = json!({ "id": "g", "userPrincipalName": "guest@example.com", "userType": "Guest" });
    let blocked = json!({ "id": "b", "userPrincipalName": "blocked@example.com", "accountEnabled": false });
    let nameless = json!({ "id": "0" });
    found.office_users.extend([guest, blocked, nameless].map(office));
    assert_eq!(listed(&found), ["0", "Ada@example.com"]);
    let address = candidates(&found)[1].address().map(str::to_owned);
    assert_eq!(address.as_deref(), Some("ada.l@example.com"));
}

#[test]
fn u7_any_own_address_in_the_crm_counts_whatever_the_state_of_the_user() {
    for (address, is_listed) in [
        ("ADA@example.com", false),
        ("ada.l@example.com", false),
        ("countess@example.com", false),
        ("ad@example.com", true),
    ] {
        let mut found = found();
        found.crm_users = vec![crm(address)];
        assert_eq!(!listed(&found).is_empty(), is_listed, "{address}");
    }
}

#[test]
fn u7_a_linked_account_counts_once_it_is_in_the_crm() {
    let mut found = found();
    found.tenant = tenant(&json!([{ "user": "countess@example.com", "crmUser": "Lovelace@example.org" }]));
    assert_eq!(candidates(&found)[0].address(), Some("Lovelace@example.org"));
    found.crm_users = vec![crm("lovelace@example.org")];
    assert!(listed(&found).is_empty());
}

#[test]
fn u7_an_invite_of_the_same_tenant_counts_by_any_name_of_the_user() {
    let here = &json!({ "name": "acme" });
    let there = &json!({ "name": "acme", "namespace": "crm" });
    for (invite, is_listed) in [
        (invite("crm", here, "ada@EXAMPLE.com", None), false),
        (invite("crm", here, ADA, None), false),
        (invite("crm", here, "countess@example.com", None), false),
        (invite("crm", here, "old.name@example.com", Some(ADA)), false),
        (invite("sales", there, "ada@example.com", None), false),
        (invite("sales", here, "ada@example.com", None), true),
        (
            invite("crm", &json!({ "name": "other" }), "ada@example.com", None),
            true,
        ),
    ] {
        let mut found = found();
        found.invites = vec![invite.clone()];
        assert_eq!(!listed(&found).is_empty(), is_listed, "{:?}", invite.spec);
    }
}
