//! What administrators do about people, groups, roles, and who may use an app.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::section::{Section, refuse};
use super::super::tenant::Tenant;
use super::super::{Inner, world};
use super::admin::{app, user};
use crate::core::service::Refused;

/// Ids of what edits add come from here; the world's come from its own seed.
const SEED: u64 = 0;

/// Runs an action on the directory; none where it is not one.
pub(super) fn run(
    inner: &mut Inner,
    tenant: &str,
    what: &str,
    section: &mut Section<'_>,
    now: Timestamp,
) -> Result<Option<Value>, Refused> {
    let Some(tenant) = inner.tenants.get_mut(tenant) else {
        return Err(refuse("tenant", "not found"));
    };
    match what {
        "create_user" => {
            let person = required(section, "person")?;
            world::add_user(tenant, "person", person, SEED, now)?;
        }
        "create_group" => {
            let group = required(section, "group")?;
            world::add_group(tenant, "group", group, SEED)?;
            world::set_members(tenant, "group", group)?;
        }
        "delete_group" => {
            let id = group(tenant, section)?;
            tenant.groups.retain(|group| group.id != id);
        }
        "change_group" => change_group(tenant, section)?,
        "set_admin" => set_admin(tenant, section)?,
        "activate_admin" => activate_admin(tenant, section, now)?,
        "assign" | "unassign" => assign(tenant, section, what == "assign")?,
        "set_assignment_required" => {
            app(tenant, section)?.assignment_required = section.flag("required", true)?;
        }
        "revoke_consent" => app(tenant, section)?.permissions.clear(),
        "grant_exchange_role" => {
            let role = required(section, "role")?;
            let role = world::exchange_role("role", role, tenant)?;
            app(tenant, section)?.exchange_roles.push(role);
        }
        "revoke_exchange_roles" => app(tenant, section)?.exchange_roles.clear(),
        _ => return Ok(None),
    }
    let held = !tenant.administrators(now).is_empty();
    tenant.administrator_activated |= held;
    Ok(Some(json!({})))
}

fn required<'a>(section: &mut Section<'a>, name: &str) -> Result<&'a Value, Refused> {
    section.take(name).ok_or_else(|| refuse(name, "is required"))
}

/// The object id of a user, group or app that a member names.
fn principal(tenant: &Tenant, at: &str, name: &str) -> Result<String, Refused> {
    let found = tenant
        .named(name)
        .ok_or_else(|| refuse(at, format!("no user, group or app {name}")))?;
    Ok(found.id().to_owned())
}

fn group(tenant: &Tenant, section: &mut Section<'_>) -> Result<String, Refused> {
    let name = section.text("group")?;
    let found = tenant
        .groups
        .iter()
        .find(|group| group.id == name || group.display_name == name);
    found
        .map(|group| group.id.clone())
        .ok_or_else(|| refuse("group", format!("no group {name}")))
}

fn change_group(tenant: &mut Tenant, section: &mut Section<'_>) -> Result<(), Refused> {
    let id = group(tenant, section)?;
    let mut ids = |name: &str| {
        section
            .texts(name)?
            .iter()
            .map(|(at, name)| principal(tenant, at, name))
            .collect::<Result<Vec<_>, _>>()
    };
    let (joining, leaving) = (ids("add")?, ids("remove")?);
    if let Some(group) = tenant.groups.iter_mut().find(|group| group.id == id) {
        group
            .members
            .retain(|member| !leaving.contains(member) && !joining.contains(member));
        group.members.extend(joining);
    }
    Ok(())
}

/// A user, a group or an app (`user` or `principal`) is given Global Administrator for good, or loses it altogether.
fn set_admin(tenant: &mut Tenant, section: &mut Section<'_>) -> Result<(), Refused> {
    let name = match section.opt_text("principal")? {
        Some(name) => name,
        None => section.text("user")?,
    };
    let id = principal(tenant, "principal", &name)?;
    let admin = section.flag("admin", true)?;
    for user in tenant.users.iter_mut().filter(|user| user.id == id) {
        user.administrator.assigned = admin;
        user.administrator.until = None;
    }
    for group in tenant.groups.iter_mut().filter(|group| group.id == id) {
        group.admin = admin;
    }
    for app in tenant.apps.values_mut().filter(|app| app.principal_id == id) {
        app.admin = admin;
    }
    Ok(())
}

fn activate_admin(tenant: &mut Tenant, section: &mut Section<'_>, now: Timestamp) -> Result<(), Refused> {
    let seconds = i64::try_from(section.number("seconds", 8 * 3_600)?).unwrap_or(i64::MAX);
    let user = user(tenant, section)?;
    if !user.administrator.eligible {
        return Err(refuse("user", "is not eligible"));
    }
    user.administrator.until = now.checked_add(SignedDuration::from_secs(seconds)).ok();
    Ok(())
}

/// A user, a group or an app (`principal`) is assigned to the app, or no longer.
fn assign(tenant: &mut Tenant, section: &mut Section<'_>, add: bool) -> Result<(), Refused> {
    let id = principal(tenant, "principal", &section.text("principal")?)?;
    let app = app(tenant, section)?;
    app.assigned.retain(|assigned| *assigned != id);
    if add {
        app.assigned.push(id);
    }
    Ok(())
}
