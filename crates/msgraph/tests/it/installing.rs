//! Roles, consents and assignments against a scripted service: what is asked, and what the answers mean.

use msgraph::{
    Class, ConfigError, DirectoryRoles, GLOBAL_ADMINISTRATOR, ObjectKind, Permission, RoleHolding,
};
use serde_json::{Value, json};

use crate::support::{BASE, Fixture, Say, Seen, config, error};

fn list(rows: &[Value]) -> Say {
    Say::Json(200, json!({ "value": rows }))
}

fn member(kind: &str, id: &str) -> Value {
    json!({ "@odata.type": format!("#microsoft.graph.{kind}"), "id": id })
}

/// A tenant whose role is held by user `u1`, by a group `g1` of which user `u2` is a member, and by an app.
fn tenant(seen: &Seen) -> Say {
    let path = seen.uri.strip_prefix(BASE).unwrap();
    if path.starts_with("/directoryRoles(") {
        Say::Json(200, json!({ "id": "r1", "roleTemplateId": GLOBAL_ADMINISTRATOR }))
    } else if path.starts_with("/directoryRoles/r1/members") {
        list(&[
            member("user", "U1"),
            member("group", "gone"),
            member("group", "g1"),
            member("servicePrincipal", "u3"),
        ])
    } else if path.starts_with("/groups/g1/members") {
        list(&[member("user", "u2"), member("group", "g2")])
    } else {
        error(404, "Request_ResourceNotFound")
    }
}

async fn holding(roles: &DirectoryRoles, user: &str) -> RoleHolding {
    roles.holding(GLOBAL_ADMINISTRATOR, user).await.unwrap()
}

#[tokio::test]
async fn t1_a_role_is_held_directly_or_through_a_group() {
    let fixture = Fixture::new(tenant);
    let roles = fixture.graph.directory_roles();
    assert_eq!(holding(&roles, "u1").await, RoleHolding::Direct);
    let group_id = "g1".to_owned();
    assert_eq!(
        holding(&roles, "u2").await,
        RoleHolding::ThroughGroup { group_id }
    );
    assert_eq!(
        holding(&roles, "u3").await,
        RoleHolding::NotHeld,
        "the id of an app"
    );
    assert!(!RoleHolding::NotHeld.is_held() && RoleHolding::Direct.is_held());
    let seen = fixture.service.seen();
    assert_eq!(
        seen[0].uri,
        format!("{BASE}/directoryRoles(roleTemplateId='{GLOBAL_ADMINISTRATOR}')?$select=id,roleTemplateId")
    );
    assert_eq!(
        seen[1].uri,
        format!("{BASE}/directoryRoles/r1/members?$select=id")
    );
    assert_eq!(seen.len(), 2 + 4 + 4, "a direct holder costs no look into groups");
}

#[tokio::test]
async fn t1_a_role_that_nobody_was_ever_given_is_told_apart() {
    let fixture = Fixture::new(|_| error(404, "Request_ResourceNotFound"));
    assert_eq!(
        holding(&fixture.graph.directory_roles(), "u1").await,
        RoleHolding::NotActivated
    );
}

#[tokio::test]
async fn t1_a_question_that_is_denied_is_no_answer() {
    let fixture = Fixture::new(|_| error(403, "Authorization_RequestDenied"));
    let denied = fixture
        .graph
        .directory_roles()
        .holding(GLOBAL_ADMINISTRATOR, "u1")
        .await;
    assert_eq!(denied.unwrap_err().class(), Class::Permission);
}

#[tokio::test]
async fn consent_counts_for_graph_only_and_names_what_is_missing() {
    let graph_grant =
        |permission: Permission| json!({ "appRoleId": permission.app_role_id(), "resourceId": "sp-graph" });
    let fixture = Fixture::new(move |seen| {
        if seen.uri.contains("appId='app-1'") {
            Say::Json(
                200,
                json!({ "id": "sp-own", "appRoleAssignmentRequired": true, "accountEnabled": true }),
            )
        } else if seen.uri.contains("appId='00000003-0000-0000-c000-000000000000'") {
            Say::Json(200, json!({ "id": "sp-graph" }))
        } else if seen.uri.contains("skiptoken") {
            list(&[
                json!({ "appRoleId": Permission::MailSend.app_role_id(), "resourceId": "sp-exchange" }),
                json!({ "appRoleId": "11111111-1111-4111-8111-111111111111", "resourceId": "sp-graph" }),
            ])
        } else {
            let next = format!("{BASE}/servicePrincipals/sp-own/appRoleAssignments?$skiptoken=2");
            let rows = [graph_grant(Permission::DirectoryReadAll)];
            Say::Json(200, json!({ "value": rows, "@odata.nextLink": next }))
        }
    });
    let consent = fixture.graph.consent().await.unwrap().unwrap();
    assert!(consent.principal.app_role_assignment_required);
    assert_eq!(
        consent.granted.iter().copied().collect::<Vec<_>>(),
        [Permission::DirectoryReadAll]
    );
    let missing = consent.missing(&Permission::ALL);
    assert!(
        missing.directory.is_empty(),
        "all of them are included in Directory.Read.All"
    );
    assert_eq!(
        missing
            .mailbox
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        [
            "Calendars.ReadWrite",
            "Contacts.ReadWrite",
            "Mail.Send",
            "MailboxSettings.Read"
        ]
    );
    assert!(consent.missing(&[Permission::UserReadAll]).is_empty());
}

#[tokio::test]
async fn an_app_that_is_not_in_the_tenant_has_no_consent() {
    let fixture = Fixture::new(|_| error(404, "Request_ResourceNotFound"));
    assert_eq!(fixture.graph.consent().await.unwrap(), None);
    let fixture = Fixture::new(|_| error(403, "Authorization_RequestDenied"));
    assert_eq!(
        fixture.graph.consent().await.unwrap_err().class(),
        Class::Permission
    );
}

#[tokio::test]
async fn t2_assignments_cover_users_and_direct_members_of_groups() {
    let assigned = |kind: &str, id: &str| json!({ "principalType": kind, "principalId": id });
    let fixture = Fixture::new(move |seen| {
        if seen.uri.contains("appRoleAssignedTo") {
            list(&[
                assigned("User", "U1"),
                assigned("Group", "g1"),
                assigned("Group", "gone"),
                assigned("ServicePrincipal", "s1"),
                json!({ "principalType": "User", "principalId": null }),
            ])
        } else if seen.uri.contains("/groups/g1/members") {
            list(&[
                member("user", "u2"),
                member("user", "u1"),
                member("group", "g2"),
                member("device", "d1"),
            ])
        } else {
            error(404, "Request_ResourceNotFound")
        }
    });
    let users = fixture
        .graph
        .service_principals()
        .assigned_users("sp")
        .await
        .unwrap();
    assert_eq!(users.into_iter().collect::<Vec<_>>(), ["u1", "u2"]);
    let asked = fixture.service.seen();
    assert!(
        asked.iter().all(|seen| !seen.uri.contains("g2")),
        "nested groups stay closed"
    );
}

#[tokio::test]
async fn t2_a_list_that_breaks_off_approves_nobody() {
    let fixture = Fixture::new(|seen| {
        if seen.uri.contains("skiptoken") {
            error(403, "Authorization_RequestDenied")
        } else {
            let next = format!("{BASE}/servicePrincipals/sp/appRoleAssignedTo?$skiptoken=2");
            Say::Json(
                200,
                json!({ "value": [{ "principalType": "User", "principalId": "u1" }], "@odata.nextLink": next }),
            )
        }
    });
    let broken = fixture.graph.service_principals().assigned_users("sp").await;
    assert_eq!(broken.unwrap_err().class(), Class::Permission);
}

#[tokio::test]
async fn users_are_listed_without_their_names() {
    let fixture = Fixture::new(|seen| {
        if seen.uri.contains("/users/") {
            Say::Json(200, json!({ "givenName": "Ada", "surname": null }))
        } else {
            list(&[
                json!({ "id": "u1", "userPrincipalName": "a@x.example", "accountEnabled": false, "userType": "Guest" }),
            ])
        }
    });
    let users = fixture.graph.users().list().all().await.unwrap();
    assert!(users[0].is_guest() && users[0].account_enabled == Some(false));
    let names = fixture.graph.users().names("u1").send().await.unwrap();
    assert_eq!((names.given_name.as_deref(), names.surname), (Some("Ada"), None));
    let seen = fixture.service.seen();
    assert_eq!(
        seen[0].uri,
        format!(
            "{BASE}/users?$select=id,userPrincipalName,mail,proxyAddresses,accountEnabled,userType&$top=999"
        )
    );
    assert_eq!(
        seen[1].uri,
        format!("{BASE}/users/u1?$select=givenName,surname,displayName")
    );
}

#[tokio::test]
async fn members_tell_what_they_are() {
    let fixture = Fixture::new(|_| list(&[member("user", "a"), json!({ "id": "b" })]));
    let members = fixture.graph.groups().members("g/1").all().await.unwrap();
    let kinds: Vec<ObjectKind> = members.iter().map(|member| member.kind).collect();
    assert_eq!(kinds, [ObjectKind::User, ObjectKind::Other]);
    assert_eq!(
        fixture.service.seen()[0].uri,
        format!("{BASE}/groups/g%2F1/members?$select=id&$top=999")
    );
}

#[test]
fn the_consent_page_belongs_to_the_tenant_and_the_app() {
    let mut config = config();
    let url = config
        .admin_consent_url("https://crm.example/back?a=b", "ns/name")
        .unwrap();
    assert_eq!(
        url.as_str(),
        "https://login.test/tenant-1/adminconsent?client_id=app-1\
         &redirect_uri=https%3A%2F%2Fcrm.example%2Fback%3Fa%3Db&state=ns%2Fname"
    );
    config.tenant_id = String::new();
    let refused = config.admin_consent_url("https://crm.example", "s");
    assert!(matches!(refused, Err(ConfigError::Empty { which: "tenant id" })));
}
