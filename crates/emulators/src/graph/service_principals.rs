//! Service principals: what was consented to, and who may use the app.

use serde_json::{Value, json};

use super::directory::{cut, not_found, page};
use super::errors::{Failure, Reply};
use super::http_api::{Call, Caller};
use super::ids;
use super::tenant::{App, GRAPH_APP, PERMISSIONS, Tenant};

const NEEDED: [&str; 2] = ["Application.Read.All", "Directory.Read.All"];
const NO_ROLE: &str = "00000000-0000-0000-0000-000000000000";
/// When consents and assignments were given; no caller may depend on it.
const GRANTED: &str = "2026-01-05T09:00:00Z";

/// An app as it shows in the directory.
pub(super) fn of_app(tenant: &Tenant, app: &App) -> Value {
    json!({
        "id": app.principal_id,
        "appId": app.client_id,
        "displayName": app.display_name,
        "accountEnabled": true,
        "appRoleAssignmentRequired": app.assignment_required,
        "appOwnerOrganizationId": tenant.id,
        "servicePrincipalType": "Application",
        "appRoles": [],
    })
}

fn of_graph(tenant: &Tenant) -> Value {
    let roles = PERMISSIONS.iter().map(|(name, id)| {
        json!({
            "id": id,
            "value": name,
            "displayName": name,
            "description": name,
            "isEnabled": true,
            "allowedMemberTypes": ["Application"],
        })
    });
    json!({
        "id": tenant.graph_principal(),
        "appId": GRAPH_APP,
        "displayName": "Microsoft Graph",
        "accountEnabled": true,
        "appRoleAssignmentRequired": false,
        "appOwnerOrganizationId": "f8cdef31-a31e-4b4a-93e4-5f571e91255a",
        "servicePrincipalType": "Application",
        "appRoles": roles.collect::<Vec<_>>(),
    })
}

fn one(call: &Call, found: Value) -> Result<Reply, Failure> {
    call.query.allow(&["$select"])?;
    let select = call
        .query
        .select(|name| found.get(name).is_some(), "servicePrincipal")?;
    let mut out = cut(found, select.as_deref());
    out["@odata.context"] = json!(call.context("servicePrincipals/$entity"));
    Ok(Reply::ok(out))
}

pub(super) fn by_app_id(tenant: &Tenant, caller: &Caller, call: &Call, id: &str) -> Result<Reply, Failure> {
    caller.need(&NEEDED)?;
    if id.eq_ignore_ascii_case(GRAPH_APP) {
        return one(call, of_graph(tenant));
    }
    let app = tenant.apps.get(&id.to_lowercase()).ok_or_else(|| not_found(id))?;
    one(call, of_app(tenant, app))
}

fn app_of<'a>(tenant: &'a Tenant, id: &str) -> Result<&'a App, Failure> {
    let found = tenant
        .apps
        .values()
        .find(|app| app.principal_id.eq_ignore_ascii_case(id));
    found.ok_or_else(|| not_found(id))
}

pub(super) fn by_id(tenant: &Tenant, caller: &Caller, call: &Call, id: &str) -> Result<Reply, Failure> {
    caller.need(&NEEDED)?;
    if id == tenant.graph_principal() {
        return one(call, of_graph(tenant));
    }
    one(call, of_app(tenant, app_of(tenant, id)?))
}

/// What was granted to the app: for Graph, and under the same role ids for the API of Exchange Online.
pub(super) fn assignments(tenant: &Tenant, caller: &Caller, call: &Call, id: &str) -> Result<Reply, Failure> {
    caller.need(&NEEDED)?;
    call.query.allow(&["$top", "$skiptoken"])?;
    let app = app_of(tenant, id)?;
    let graph = (tenant.graph_principal(), "Microsoft Graph", &app.permissions);
    let exchange = ids::object_id(0, &[&tenant.id, "principal", "exchange"]);
    let exchange = (exchange, "Office 365 Exchange Online", &app.foreign_permissions);
    let rows = [graph, exchange]
        .into_iter()
        .flat_map(|(resource, name, granted)| {
            PERMISSIONS
                .iter()
                .filter(|(permission, _)| granted.contains(permission))
                .map(move |(permission, role)| {
                    json!({
                        "id": ids::object_id(0, &[&app.principal_id, &resource, "grant", permission]),
                        "deletedDateTime": null,
                        "appRoleId": role,
                        "createdDateTime": GRANTED,
                        "principalDisplayName": app.display_name,
                        "principalId": app.principal_id,
                        "principalType": "ServicePrincipal",
                        "resourceDisplayName": name,
                        "resourceId": resource,
                    })
                })
                .collect::<Vec<_>>()
        });
    page(call, "appRoleAssignments", rows.collect())
}

/// Who was assigned to the app: users, groups and other apps.
pub(super) fn assigned_to(tenant: &Tenant, caller: &Caller, call: &Call, id: &str) -> Result<Reply, Failure> {
    caller.need(&NEEDED)?;
    call.query.allow(&["$top", "$skiptoken"])?;
    let app = app_of(tenant, id)?;
    let assigned = app.assigned.iter().filter_map(|id| tenant.principal(id));
    let rows = assigned.map(|principal| {
        json!({
            "id": ids::object_id(0, &[&app.principal_id, "assigned", principal.id()]),
            "deletedDateTime": null,
            "appRoleId": NO_ROLE,
            "createdDateTime": GRANTED,
            "principalDisplayName": principal.display_name(),
            "principalId": principal.id(),
            "principalType": principal.kind(),
            "resourceDisplayName": app.display_name,
            "resourceId": app.principal_id,
        })
    });
    page(call, "appRoleAssignedTo", rows.collect())
}
