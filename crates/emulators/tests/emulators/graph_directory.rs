//! Organisation, users, roles, groups and the service principal.

use emulators::core::service::Service as _;
use serde_json::{Value, json};

use crate::graph_support::{ADA, CLIENT, Graph, SECRET, TENANT, world};

#[tokio::test]
async fn the_organisation_is_one_row_whose_id_is_the_tenant() {
    let graph = Graph::new().await;
    let answer = graph
        .get("/organization?$select=id,displayName,verifiedDomains")
        .await;
    assert_eq!(answer.rows().len(), 1);
    assert_eq!(answer.rows()[0]["id"], TENANT);
    assert_eq!(answer.rows()[0]["verifiedDomains"][0]["name"], "contoso.example");
}

#[tokio::test]
async fn a_user_shows_default_properties_unless_more_are_selected() {
    let graph = Graph::new().await;
    let answer = graph.get("/users/ADA@contoso.example").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.get("accountEnabled").is_none());
    assert!(answer.body.get("proxyAddresses").is_none());
    let id = answer.id();
    let answer = graph
        .get(&format!("/users/{id}?$select=id,accountEnabled,proxyAddresses"))
        .await;
    assert_eq!(answer.body["accountEnabled"], true);
    assert_eq!(answer.body["proxyAddresses"], json!(["SMTP:ada@contoso.example"]));
    assert!(answer.body.get("displayName").is_none());
    assert_eq!(graph.get(&format!("/users('{ADA}')")).await.id(), id);
    let answer = graph.get("/users/ada@contoso.example?$select=shoeSize").await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn an_unknown_user_has_another_code_in_the_directory_than_in_exchange() {
    let graph = Graph::new().await;
    let answer = graph.get("/users/nobody@contoso.example").await;
    assert_eq!((answer.status, answer.code()), (404, "Request_ResourceNotFound"));
    let answer = graph.get("/users/nobody@contoso.example/contactFolders").await;
    assert_eq!((answer.status, answer.code()), (404, "ErrorInvalidUser"));
    let answer = graph
        .get("/users/3f0e2b4e-1d3a-4a55-8b5e-3a8f5b9a7c33/contactFolders")
        .await;
    assert_eq!((answer.status, answer.code()), (404, "ResourceNotFound"));
}

#[tokio::test]
async fn a_user_without_a_mailbox_and_a_disabled_account_with_one() {
    let graph = Graph::new().await;
    let answer = graph.get("/users/guest@contoso.example/contactFolders").await;
    assert_eq!(
        (answer.status, answer.code()),
        (404, "MailboxNotEnabledForRESTAPI")
    );
    assert_eq!(
        graph
            .get("/users/bob@contoso.example/contactFolders")
            .await
            .status,
        200
    );
    graph.edit(&json!({"do": "disable_mailbox", "user": ADA}));
    assert_eq!(
        graph.get(&format!("/users/{ADA}/contactFolders")).await.code(),
        "MailboxNotEnabledForRESTAPI"
    );
    graph.edit(&json!({"do": "enable_mailbox", "user": ADA}));
    assert_eq!(
        graph.get(&format!("/users/{ADA}/mailboxSettings")).await.body["timeZone"],
        "UTC"
    );
}

#[tokio::test]
async fn users_come_in_pages_and_by_filter() {
    let graph = Graph::new().await;
    let first = graph.get("/users?$select=id,userPrincipalName&$top=2").await;
    assert_eq!(first.rows().len(), 2);
    let second = graph.get(&first.link("@odata.nextLink").unwrap()).await;
    assert_eq!(second.rows().len(), 1);
    assert!(second.link("@odata.nextLink").is_none());
    let answer = graph.get("/users?$filter=mail eq 'ADA@contoso.example'").await;
    assert_eq!(answer.rows().len(), 1);
    let answer = graph
        .get("/users?$filter=proxyAddresses/any(p:p eq 'smtp:ada@contoso.example')")
        .await;
    assert_eq!(answer.rows().len(), 1);
    let answer = graph.get("/users?$filter=endswith(mail,'example')").await;
    assert_eq!((answer.status, answer.code()), (400, "Request_UnsupportedQuery"));
}

#[tokio::test]
async fn a_renamed_user_keeps_the_id_and_the_old_name_is_free() {
    let graph = Graph::new().await;
    let id = graph.get(&format!("/users/{ADA}")).await.id();
    graph.edit(&json!({"do": "rename_user", "user": ADA, "userPrincipalName": "ada.king@contoso.example"}));
    assert_eq!(graph.get(&format!("/users/{ADA}")).await.status, 404);
    assert_eq!(
        graph.get(&format!("/users/{id}")).await.body["userPrincipalName"],
        "ada.king@contoso.example"
    );
    graph.edit(&json!({"do": "delete_user", "user": id}));
    assert_eq!(graph.get(&format!("/users/{id}")).await.status, 404);
    assert_eq!(graph.get("/users").await.rows().len(), 2);
}

#[tokio::test]
async fn the_service_principal_tells_consent_and_assignment() {
    let app = json!({
        "clientId": CLIENT, "clientSecret": SECRET, "assignmentRequired": true,
        "permissions": ["Application.Read.All", "GroupMember.Read.All", "User.Read.All"],
        "assignedTo": [ADA, "Sales"],
    });
    let groups = json!([{"displayName": "Sales", "members": ["bob@contoso.example"]}]);
    let graph = Graph::with(&json!({"apps": [app], "groups": groups})).await;
    let found = graph
        .get(&format!(
            "/servicePrincipals(appId='{CLIENT}')?$select=id,appId,appRoleAssignmentRequired"
        ))
        .await;
    assert_eq!(found.body["appRoleAssignmentRequired"], true);
    let id = found.id();
    let granted = graph
        .get(&format!("/servicePrincipals/{id}/appRoleAssignments"))
        .await;
    let roles: Vec<&Value> = granted.rows().iter().map(|row| &row["appRoleId"]).collect();
    assert_eq!(
        roles,
        [
            "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
            "98830695-27a2-44f7-8c18-0c3ebc9698f6",
            "df021288-bdef-4463-88db-98f22de89214"
        ]
    );
    let assigned = graph
        .get(&format!("/servicePrincipals/{id}/appRoleAssignedTo"))
        .await;
    let kinds: Vec<&Value> = assigned.rows().iter().map(|row| &row["principalType"]).collect();
    assert_eq!(kinds, ["User", "Group"]);
    let group = assigned.rows()[1]["principalId"].as_str().unwrap();
    let members = graph.get(&format!("/groups/{group}/members")).await;
    assert_eq!(members.rows()[0]["mail"], "bob@contoso.example");
    let unknown = graph
        .get("/servicePrincipals(appId='3f0e2b4e-1d3a-4a55-8b5e-3a8f5b9a7c33')")
        .await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn an_unknown_path_answers_in_graphs_error_shape() {
    let graph = Graph::new().await;
    for path in [
        "/nowhere",
        "/users/ada@contoso.example/calendars",
        "/users/ada@contoso.example/contactFolders/delta/x/y",
    ] {
        let answer = graph.get(path).await;
        assert!(matches!(answer.status, 400 | 404), "{path}");
        assert!(!answer.code().is_empty());
    }
}

#[test]
fn a_world_with_an_unknown_member_is_refused_with_its_path() {
    let graph = emulators::graph::GraphEmulator::new(1);
    let refused = |more: Value| graph.seed(&world(&more)).unwrap_err().to_string();
    assert_eq!(
        refused(json!({"colour": "red"})),
        "office365[0].colour: unknown member"
    );
    let user = json!([{"userPrincipalName": "x@y.example", "mailbox": "shared"}]);
    assert_eq!(
        refused(json!({"users": user})),
        "office365[0].users[0].mailbox: expected user or none"
    );
    let user = json!([{"userPrincipalName": "x@y.example", "pet": 1}]);
    assert_eq!(
        refused(json!({"users": user})),
        "office365[0].users[0].pet: unknown member"
    );
    let app = json!([{"clientId": "a", "clientSecret": "b", "permissions": ["Everything.All"]}]);
    assert!(
        refused(json!({"apps": app})).starts_with("office365[0].apps[0].permissions[0]: unknown permission")
    );
}
