//! What the CRM's administrator does about clients, users and profiles.

use jiff::tz::TimeZone;

use super::{Edit, user};
use crate::core::service::Refused;
use crate::zoho::shape::whole_seconds;
use crate::zoho::state::{Client, Org, World};
use crate::zoho::strict::Members;
use crate::zoho::world;

type Edited = Result<(), Refused>;

/// Carries out an edit of clients and users; nothing when `deed` is none.
pub(super) fn edit(world: &mut World, edit: &Edit<'_>, deed: &str) -> Option<Edited> {
    let org = &mut world.orgs[edit.org];
    Some(match deed {
        "rotate_secret" => rotate_secret(org, edit),
        "revoke_refresh_token" => revoke(org, edit),
        "set_refresh_token" => grant(org, edit),
        "set_scopes" => scopes(org, edit),
        "expire_tokens" => expire(world, edit),
        "add_user" => add_user(world, edit),
        "set_user" => set_user(org, edit),
        "disable_user" => disable_user(org, edit),
        "set_profile" => set_profile(org, edit),
        _ => return None,
    })
}

fn client<'a>(org: &'a mut Org, members: &Members<'_>) -> Result<&'a mut Client, Refused> {
    let id = members.text("clientId")?;
    org.clients
        .iter_mut()
        .find(|client| client.id == id)
        .ok_or_else(|| members.refuse("clientId", format!("{id} is no client of the organisation")))
}

/// Access tokens that are out already stay good until they expire.
fn rotate_secret(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["clientId", "secret"])?;
    members
        .text("secret")?
        .clone_into(&mut client(org, &members)?.secret);
    Ok(())
}

/// Ends the refresh token and every access token made from it.
fn revoke(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["clientId"])?;
    client(org, &members)?.revoked = true;
    Ok(())
}

fn grant(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["clientId", "refreshToken"])?;
    let client = client(org, &members)?;
    members
        .text("refreshToken")?
        .clone_into(&mut client.refresh_token);
    client.revoked = false;
    client.issued.clear();
    Ok(())
}

fn scopes(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["clientId", "scopes"])?;
    client(org, &members)?.scopes = members.texts("scopes")?;
    Ok(())
}

fn expire(world: &mut World, edit: &Edit<'_>) -> Edited {
    edit.members(&[])?;
    for token in world.tokens.values_mut().filter(|token| token.org == edit.org) {
        token.expires = edit.now;
    }
    Ok(())
}

fn add_user(world: &mut World, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["user"])?;
    let item = members
        .get("user")
        .ok_or_else(|| members.refuse("user", "is required"))?;
    let org = &mut world.orgs[edit.org];
    let id = world::user(org, &mut world.ids, edit.now, item, "user")?;
    if let Some(user) = org.user_mut(id) {
        user.modified = whole_seconds(edit.now);
    }
    Ok(())
}

fn set_user(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&[
        "user",
        "email",
        "firstName",
        "lastName",
        "profile",
        "timeZone",
        "confirm",
        "status",
        "reason",
    ])?;
    let id = user(org, &members, "user")?;
    let profile = members
        .opt_text("profile")?
        .map(|name| {
            let found = org
                .profiles
                .iter()
                .find(|profile| profile.name == name)
                .map(|profile| profile.id);
            found.ok_or_else(|| members.refuse("profile", format!("{name} is no profile")))
        })
        .transpose()?;
    let zone = members
        .opt_text("timeZone")?
        .map(|name| {
            TimeZone::get(name)
                .map(|zone| (name, zone))
                .map_err(|_| members.refuse("timeZone", "is unknown"))
        })
        .transpose()?;
    let confirm = members.flag("confirm")?;
    let Some(user) = org.user_mut(id) else {
        return Ok(());
    };
    for (name, target) in [
        ("email", &mut user.email),
        ("lastName", &mut user.last_name),
        ("status", &mut user.status),
    ] {
        if let Some(text) = members.opt_text(name)? {
            text.clone_into(target);
        }
    }
    if let Some(first) = members.opt_text("firstName")? {
        user.first_name = Some(first.to_owned());
    }
    user.status_reason = members.opt_text("reason")?.map(ToOwned::to_owned);
    user.profile = profile.unwrap_or(user.profile);
    user.confirm = confirm.unwrap_or(user.confirm);
    if let Some((name, zone)) = zone {
        name.clone_into(&mut user.time_zone);
        user.zone = zone;
    }
    user.modified = whole_seconds(edit.now);
    Ok(())
}

fn disable_user(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["user", "status", "reason"])?;
    let id = user(org, &members, "user")?;
    let status = members.opt_text("status")?.unwrap_or("disabled");
    if !["disabled", "inactive", "deleted", "closed", "disabled dormant"].contains(&status) {
        return Err(members.refuse(
            "status",
            "must be disabled, inactive, deleted, closed or disabled dormant",
        ));
    }
    let reason = members.opt_text("reason")?.unwrap_or("disabled manually");
    if let Some(user) = org.user_mut(id) {
        status.clone_into(&mut user.status);
        user.status_reason = (status == "disabled").then(|| reason.to_owned());
        user.modified = whole_seconds(edit.now);
    }
    Ok(())
}

fn set_profile(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["name", "manageUsers", "allRecords", "permissions"])?;
    let name = members.text("name")?;
    let profile = org
        .profiles
        .iter_mut()
        .find(|profile| profile.name == name)
        .ok_or_else(|| members.refuse("name", format!("{name} is no profile")))?;
    if let Some(manage_users) = members.flag("manageUsers")? {
        profile
            .permissions
            .insert("Crm_Implied_Manage_Users".to_owned(), manage_users);
    }
    profile.all_records = members.flag("allRecords")?.unwrap_or(profile.all_records);
    for (permission, enabled) in members.free("permissions")? {
        let enabled = enabled
            .as_bool()
            .ok_or_else(|| members.refuse("permissions", "must be true or false each"))?;
        profile.permissions.insert(permission, enabled);
    }
    profile.modified = whole_seconds(edit.now);
    Ok(())
}
