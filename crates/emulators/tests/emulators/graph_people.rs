//! Who administers the tenant, who is in a group, who may use the app, and what was consented to.

use emulators::core::service::Service as _;
use serde_json::{Value, json};

use crate::graph_support::{ADA, CLIENT, Graph, SECRET};

const ROLE: &str = "/directoryRoles(roleTemplateId='62e90394-69f5-4237-9190-012177145e10')";
const BOB: &str = "bob@contoso.example";

/// What each row of a mixed list is.
fn kinds(rows: &[Value]) -> Vec<&str> {
    rows.iter()
        .map(|row| {
            row["@odata.type"]
                .as_str()
                .unwrap()
                .trim_start_matches("#microsoft.graph.")
        })
        .collect()
}

async fn administrators(graph: &Graph) -> Vec<Value> {
    let role = graph.get(ROLE).await;
    assert_eq!(role.status, 200, "{}", role.body);
    let members = graph
        .get(&format!("/directoryRoles/{}/members?$select=id", role.id()))
        .await;
    members.rows().clone()
}

#[tokio::test]
async fn a_role_appears_with_its_first_assignment_and_stays() {
    let users = json!([{"userPrincipalName": ADA}, {"userPrincipalName": BOB, "accountEnabled": false}]);
    let graph = Graph::with(&json!({ "users": users })).await;
    assert_eq!(graph.get(ROLE).await.code(), "Request_ResourceNotFound");
    assert!(graph.get("/directoryRoles").await.rows().is_empty());
    graph.edit(&json!({"do": "set_admin", "user": BOB}));
    let members = administrators(&graph).await;
    assert_eq!(members.len(), 1, "a disabled account keeps its role");
    assert!(members[0].get("userPrincipalName").is_none());
    graph.edit(&json!({"do": "set_admin", "user": BOB, "admin": false}));
    assert!(administrators(&graph).await.is_empty());
}

#[tokio::test]
async fn groups_and_apps_hold_the_role_as_themselves() {
    let graph = Graph::with(&json!({
        "apps": [{"clientId": CLIENT, "clientSecret": SECRET}, {"clientId": "robot", "clientSecret": "x", "admin": true}],
        "groups": [{"displayName": "Admins", "admin": true, "members": [BOB]}],
        "users": [{"userPrincipalName": ADA, "admin": true}, {"userPrincipalName": BOB}],
    }))
    .await;
    let members = administrators(&graph).await;
    assert_eq!(kinds(&members), ["user", "group", "servicePrincipal"]);
    let role = graph.get(ROLE).await.id();
    let paged = graph.get(&format!("/directoryRoles/{role}/members?$top=2")).await;
    assert_eq!(paged.status, 400);
    let group = members[1]["id"].as_str().unwrap();
    let inside = graph.get(&format!("/groups/{group}/members?$select=id")).await;
    assert_eq!(inside.rows().len(), 1);
    graph.edit(&json!({"do": "set_admin", "principal": "Admins", "admin": false}));
    assert_eq!(administrators(&graph).await.len(), 2);
}

#[tokio::test]
async fn an_eligible_administrator_shows_only_while_the_role_is_activated() {
    let graph = Graph::with(&json!({
        "administratorActivated": true,
        "users": [{"userPrincipalName": ADA, "eligibleAdmin": true}, {"userPrincipalName": BOB}],
    }))
    .await;
    assert!(administrators(&graph).await.is_empty());
    graph.edit(&json!({"do": "activate_admin", "user": ADA, "seconds": 600}));
    assert_eq!(administrators(&graph).await.len(), 1);
    graph.advance(600);
    assert!(administrators(&graph).await.is_empty());
    let refused = graph.emulator.edit(&json!({"do": "activate_admin", "user": BOB}));
    assert_eq!(refused.unwrap_err().to_string(), "user: is not eligible");
}

#[tokio::test]
async fn a_group_lists_its_direct_members_of_every_kind_in_pages() {
    let graph = Graph::with(&json!({
        "groups": [
            {"displayName": "Everyone", "members": ["Sales", ADA, CLIENT]},
            {"displayName": "Sales", "id": "9d6c7f2a-22d6-4a4e-8c8c-1f6d5a1f0b11", "members": [BOB]},
        ],
    }))
    .await;
    let assigned = json!({"do": "assign", "clientId": CLIENT, "principal": "Everyone"});
    graph.edit(&assigned);
    let principal = graph
        .get(&format!("/servicePrincipals(appId='{CLIENT}')"))
        .await
        .id();
    let rows = graph
        .get(&format!("/servicePrincipals/{principal}/appRoleAssignedTo"))
        .await;
    let everyone = rows.rows()[0]["principalId"].as_str().unwrap();
    let first = graph
        .get(&format!("/groups/{everyone}/members?$top=2&$select=id"))
        .await;
    let second = graph.get(&first.link("@odata.nextLink").unwrap()).await;
    let all: Vec<Value> = first.rows().iter().chain(second.rows()).cloned().collect();
    assert_eq!(
        kinds(&all),
        ["group", "user", "servicePrincipal"],
        "nobody from within the nested group"
    );

    graph
        .edit(&json!({"do": "change_group", "group": "Everyone", "add": [BOB], "remove": ["Sales", CLIENT]}));
    let after = graph
        .get(&format!("/groups/{everyone}/members?$select=userPrincipalName"))
        .await;
    let names: Vec<&Value> = after.rows().iter().map(|row| &row["userPrincipalName"]).collect();
    assert_eq!(names, [ADA, BOB]);
    graph.edit(&json!({"do": "delete_group", "group": "Everyone"}));
    assert_eq!(
        graph.get(&format!("/groups/{everyone}/members")).await.status,
        404
    );
    let rows = graph
        .get(&format!("/servicePrincipals/{principal}/appRoleAssignedTo"))
        .await;
    assert!(rows.rows().is_empty());
}

#[tokio::test]
async fn members_that_may_not_be_read_show_their_ids_only() {
    let app = json!({"clientId": CLIENT, "clientSecret": SECRET, "permissions": ["GroupMember.Read.All"]});
    let groups =
        json!([{"displayName": "Sales", "id": "9d6c7f2a-22d6-4a4e-8c8c-1f6d5a1f0b11", "members": [BOB]}]);
    let graph = Graph::with(&json!({"apps": [app], "groups": groups})).await;
    let answer = graph
        .get("/groups/9d6c7f2a-22d6-4a4e-8c8c-1f6d5a1f0b11/members")
        .await;
    let row = &answer.rows()[0];
    assert_eq!(
        (&row["@odata.type"], &row["mail"]),
        (&json!("#microsoft.graph.user"), &Value::Null)
    );
    assert!(row["id"].is_string());
}

#[tokio::test]
async fn people_groups_and_assignments_come_and_go() {
    let graph = Graph::new().await;
    graph.edit(&json!({"do": "create_user", "person": {"userPrincipalName": "eve@contoso.example", "givenName": "Eve"}}));
    graph.edit(
        &json!({"do": "create_group", "group": {"displayName": "New", "members": ["eve@contoso.example"]}}),
    );
    for principal in ["New", "eve@contoso.example", CLIENT] {
        graph.edit(&json!({"do": "assign", "clientId": CLIENT, "principal": principal}));
    }
    graph.edit(&json!({"do": "set_assignment_required", "clientId": CLIENT}));
    let found = graph.get(&format!("/servicePrincipals(appId='{CLIENT}')")).await;
    assert_eq!(found.body["appRoleAssignmentRequired"], true);
    let path = format!("/servicePrincipals/{}/appRoleAssignedTo", found.id());
    let kinds = |answer: &Value| -> Vec<String> {
        let rows = answer["value"].as_array().unwrap();
        rows.iter()
            .map(|row| row["principalType"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        kinds(&graph.get(&path).await.body),
        ["Group", "User", "ServicePrincipal"]
    );
    graph.edit(&json!({"do": "delete_user", "user": "eve@contoso.example"}));
    graph.edit(&json!({"do": "unassign", "clientId": CLIENT, "principal": CLIENT}));
    assert_eq!(kinds(&graph.get(&path).await.body), ["Group"]);
}

#[tokio::test]
async fn the_same_role_id_for_another_api_is_another_row() {
    let app = json!({
        "clientId": CLIENT, "clientSecret": SECRET,
        "permissions": ["Application.Read.All"], "exchangeOnlinePermissions": ["Mail.Send"],
    });
    let graph = Graph::with(&json!({ "apps": [app] })).await;
    let id = graph
        .get(&format!("/servicePrincipals(appId='{CLIENT}')"))
        .await
        .id();
    let rows = graph
        .get(&format!("/servicePrincipals/{id}/appRoleAssignments"))
        .await;
    let resources: Vec<&Value> = rows
        .rows()
        .iter()
        .map(|row| &row["resourceDisplayName"])
        .collect();
    assert_eq!(resources, ["Microsoft Graph", "Office 365 Exchange Online"]);
    let refused = graph
        .post(&format!("/users/{ADA}/sendMail"), &json!({"message": {}}))
        .await;
    assert_eq!((refused.status, refused.code()), (403, "ErrorAccessDenied"));
}

#[tokio::test]
async fn a_revoked_consent_empties_the_list_and_the_next_token() {
    let mut graph = Graph::new().await;
    let id = graph
        .get(&format!("/servicePrincipals(appId='{CLIENT}')"))
        .await
        .id();
    let path = format!("/servicePrincipals/{id}/appRoleAssignments");
    assert_eq!(graph.get(&path).await.rows().len(), 11);
    graph.edit(&json!({"do": "revoke_consent", "clientId": CLIENT}));
    assert!(
        graph.get(&path).await.rows().is_empty(),
        "the old token still reads"
    );
    graph.sign_in().await;
    assert_eq!(graph.get(&path).await.code(), "Authorization_RequestDenied");
}

#[tokio::test]
async fn rights_given_by_exchange_work_in_their_scope_and_show_nowhere() {
    let app = json!({
        "clientId": CLIENT, "clientSecret": SECRET, "permissions": ["Application.Read.All"],
        "exchangeRoles": [{"permission": "Contacts.ReadWrite", "users": [ADA]}],
    });
    let graph = Graph::with(&json!({ "apps": [app] })).await;
    assert_eq!(
        graph.get(&format!("/users/{ADA}/contactFolders")).await.status,
        200
    );
    assert_eq!(
        graph.get(&format!("/users/{BOB}/contactFolders")).await.status,
        403
    );
    assert_eq!(
        graph
            .get("/users/nobody@contoso.example/contactFolders")
            .await
            .status,
        403
    );
    let id = graph
        .get(&format!("/servicePrincipals(appId='{CLIENT}')"))
        .await
        .id();
    let rows = graph
        .get(&format!("/servicePrincipals/{id}/appRoleAssignments"))
        .await;
    assert_eq!(rows.rows().len(), 1);
    graph.edit(&json!({"do": "grant_exchange_role", "clientId": CLIENT, "role": {"permission": "MailboxSettings.Read"}}));
    assert_eq!(
        graph.get(&format!("/users/{BOB}/mailboxSettings")).await.status,
        200
    );
    graph.edit(&json!({"do": "revoke_exchange_roles", "clientId": CLIENT}));
    assert_eq!(
        graph.get(&format!("/users/{ADA}/contactFolders")).await.status,
        403
    );
}

#[test]
fn exchange_gives_rights_in_mailboxes_only() {
    let graph = emulators::graph::GraphEmulator::new(1);
    let app =
        json!({"clientId": "a", "clientSecret": "b", "exchangeRoles": [{"permission": "User.Read.All"}]});
    let refused = graph.seed(&crate::graph_support::world(&json!({ "apps": [app] })));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "office365[0].apps[0].exchangeRoles[0].permission: Exchange gives only Calendars.ReadWrite, \
         Contacts.ReadWrite, Mail.Send, MailboxSettings.Read"
    );
}
