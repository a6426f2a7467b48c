//! The directory role that matters: Global Administrator.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::directory::{cut, members_page, not_found, page};
use super::errors::{Failure, Reply};
use super::http_api::{Call, Caller};
use super::ids;
use super::tenant::Tenant;

/// The role template of Global Administrator.
const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

/// The role, which is in the tenant from its first assignment on.
fn global_administrator(tenant: &Tenant) -> Option<Value> {
    tenant.administrator_activated.then(|| {
        json!({
            "id": role_id(tenant),
            "deletedDateTime": null,
            "description": "Can manage all aspects of Microsoft Entra ID and Microsoft services that use it.",
            "displayName": "Global Administrator",
            "roleTemplateId": GLOBAL_ADMINISTRATOR,
        })
    })
}

fn role_id(tenant: &Tenant) -> String {
    ids::object_id(0, &[&tenant.id, "role", GLOBAL_ADMINISTRATOR])
}

fn need_roles(caller: &Caller) -> Result<(), Failure> {
    caller.need(&["RoleManagement.Read.Directory", "Directory.Read.All"])
}

fn role_select(call: &Call) -> Result<Option<Vec<String>>, Failure> {
    let known = |name: &str| matches!(name, "id" | "description" | "displayName" | "roleTemplateId");
    call.query.select(known, "directoryRole")
}

pub(super) fn list(tenant: &Tenant, caller: &Caller, call: &Call) -> Result<Reply, Failure> {
    need_roles(caller)?;
    call.query.allow(&["$select"])?;
    let select = role_select(call)?;
    let rows = global_administrator(tenant)
        .into_iter()
        .map(|role| cut(role, select.as_deref()));
    page(call, "directoryRoles", rows.collect())
}

pub(super) fn by_template(
    tenant: &Tenant,
    caller: &Caller,
    call: &Call,
    template: &str,
) -> Result<Reply, Failure> {
    need_roles(caller)?;
    call.query.allow(&["$select"])?;
    let found = global_administrator(tenant).filter(|_| template.eq_ignore_ascii_case(GLOBAL_ADMINISTRATOR));
    let mut out = cut(
        found.ok_or_else(|| not_found(template))?,
        role_select(call)?.as_deref(),
    );
    out["@odata.context"] = json!(call.context("directoryRoles/$entity"));
    Ok(Reply::ok(out))
}

/// Who holds the role now; a group stands for itself, its members are not listed. The page size cannot be chosen.
pub(super) fn members(
    tenant: &Tenant,
    caller: &Caller,
    call: &Call,
    id: &str,
    now: Timestamp,
) -> Result<Reply, Failure> {
    need_roles(caller)?;
    call.query.allow(&["$select", "$skiptoken"])?;
    if id != role_id(tenant) || !tenant.administrator_activated {
        return Err(not_found(id));
    }
    members_page(tenant, caller, call, tenant.administrators(now).into_iter())
}
