//! What people do outside the API: mailbox owners in Outlook, administrators in their portal.

mod admin;
mod directory;
mod owner;

use jiff::Timestamp;
use serde_json::Value;

use super::Inner;
use super::section::{Section, refuse};
use super::tenant::Tenant;
use crate::core::service::Refused;

/// Every action and the members that it takes besides `do`, `tenant` and its subject.
const ACTIONS: [(&str, &[&str]); 38] = [
    ("activate_admin", &["user", "seconds"]),
    ("announce_removed", &["user", "contact"]),
    ("assign", &["clientId", "principal"]),
    ("change_group", &["group", "add", "remove"]),
    ("copy_contact", &["user", "contact", "to"]),
    ("create_contact", &["user", "folder", "contact"]),
    ("create_folder", &["user", "displayName", "parent"]),
    ("create_group", &["group"]),
    ("create_user", &["person"]),
    ("delete_contact", &["user", "contact", "permanently"]),
    ("delete_folder", &["user", "folder", "permanently"]),
    ("delete_group", &["group"]),
    ("delete_user", &["user"]),
    ("disable_mailbox", &["user"]),
    ("empty_deleted_items", &["user"]),
    ("enable_mailbox", &["user", "empty"]),
    ("expire_delta_tokens", &["user"]),
    ("expire_secret", &["clientId"]),
    ("grant_exchange_role", &["clientId", "role"]),
    ("fill_mailbox", &["user", "full"]),
    ("grant_permission", &["clientId", "permission"]),
    ("loop_delta", &["user", "folder", "pages"]),
    ("move_contact", &["user", "contact", "to"]),
    ("move_folder", &["user", "folder", "to"]),
    ("rename_folder", &["user", "folder", "displayName"]),
    ("rename_user", &["user", "userPrincipalName", "mail"]),
    ("revoke_consent", &["clientId"]),
    ("revoke_exchange_roles", &["clientId"]),
    ("revoke_permission", &["clientId", "permission"]),
    ("revoke_tokens", &["clientId"]),
    ("rotate_secret", &["clientId", "secret"]),
    ("set_account_enabled", &["user", "enabled"]),
    ("set_admin", &["user", "principal", "admin"]),
    ("set_assignment_required", &["clientId", "required"]),
    (
        "set_options",
        &[
            "latencyMs",
            "tokenLifetimeSeconds",
            "tokensPerMinute",
            "secondBumpSeconds",
            "lastModifiedChurn",
            "delta",
            "nestedErrors",
            "throttle",
            "trashedFolders",
        ],
    ),
    ("touch", &["user", "folder"]),
    ("unassign", &["clientId", "principal"]),
    ("update_contact", &["user", "contact", "set"]),
];

/// Refuses an unknown action or member before anything is changed.
fn check(action: &Value) -> Result<(), Refused> {
    let Value::Object(map) = action else {
        return Err(refuse("", "expected an object"));
    };
    let Some(what) = map.get("do").and_then(Value::as_str) else {
        return Err(refuse("do", "is required"));
    };
    let known = ACTIONS.iter().find(|(name, _)| *name == what);
    let (_, members) = known.ok_or_else(|| refuse("do", format!("unknown action {what}")))?;
    let odd = map
        .keys()
        .find(|name| !matches!(name.as_str(), "do" | "tenant") && !members.contains(&name.as_str()));
    odd.map_or(Ok(()), |name| {
        Err(refuse(name, format!("unknown member of {what}")))
    })
}

/// Runs one action: `{do: …, user: …, …}` or `{do: …, tenant: …, …}`.
pub(super) fn run(inner: &mut Inner, action: &Value, now: Timestamp) -> Result<Value, Refused> {
    check(action)?;
    let mut section = Section::new("", action)?;
    let what = section.text("do")?;
    let tenant = tenant_of(inner, &mut section)?;
    if let Some(answer) = directory::run(inner, &tenant, &what, &mut section, now)? {
        return Ok(answer);
    }
    if let Some(answer) = admin::run(inner, &tenant, &what, &mut section)? {
        return Ok(answer);
    }
    owner::run(inner, &tenant, &what, &mut section, now)
}

/// The tenant that is named, or the user's, or the app's, or the only one.
fn tenant_of(inner: &Inner, section: &mut Section<'_>) -> Result<String, Refused> {
    if let Some(name) = section.opt_text("tenant")? {
        let name = name.to_lowercase();
        let found = inner
            .tenants
            .values()
            .find(|tenant| tenant.id == name || tenant.domain == name);
        return found
            .map(|tenant| tenant.id.clone())
            .ok_or_else(|| refuse("tenant", format!("no tenant {name}")));
    }
    let only = |at: &str, fits: &dyn Fn(&Tenant) -> bool| {
        let mut found = inner.tenants.values().filter(|tenant| fits(tenant));
        match (found.next(), found.next()) {
            (Some(tenant), None) => Ok(tenant.id.clone()),
            (None, _) => Err(refuse(at, "not found in any tenant")),
            _ => Err(refuse(at, "found in several tenants: name the tenant")),
        }
    };
    if let Some(user) = section.opt_text("user")? {
        return only("user", &|tenant| tenant.user(&user).is_some());
    }
    if let Some(client) = section.opt_text("clientId")? {
        return only("clientId", &|tenant| {
            tenant.apps.contains_key(&client.to_lowercase())
        });
    }
    only("tenant", &|_| true)
}
