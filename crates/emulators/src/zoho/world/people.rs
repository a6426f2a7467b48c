//! Profiles, roles and users of a world file.

use jiff::Timestamp;
use serde_json::Value;

use super::{days_before, given, zone};
use crate::core::service::Refused;
use crate::zoho::ids::Ids;
use crate::zoho::invitations::Invitation;
use crate::zoho::shape::whole_seconds;
use crate::zoho::state::{Org, Profile, Role, User};
use crate::zoho::strict::Members;

const PERMISSIONS: [&str; 6] = [
    "Crm_Implied_Api_Access",
    "Crm_Implied_Create_Contacts",
    "Crm_Implied_Delete_Contacts",
    "Crm_Implied_Edit_Contacts",
    "Crm_Implied_Manage_Users",
    "Crm_Implied_View_Contacts",
];

pub(super) fn people(
    org: &mut Org,
    ids: &mut Ids,
    now: Timestamp,
    members: &Members<'_>,
) -> Result<(), Refused> {
    for name in ["Administrator", "Standard"] {
        let administrator = name == "Administrator";
        let permissions = PERMISSIONS
            .iter()
            .map(|permission| {
                (
                    (*permission).to_owned(),
                    administrator || *permission != "Crm_Implied_Manage_Users",
                )
            })
            .collect();
        let modified = org.created;
        org.profiles.push(Profile {
            id: ids.next(),
            name: name.to_owned(),
            all_records: administrator,
            permissions,
            modified,
        });
    }
    for (item, at) in members.list("profiles")? {
        profile(org, ids, item, &at)?;
    }
    org.roles.push(Role {
        id: ids.next(),
        name: "CEO".to_owned(),
        reporting_to: None,
    });
    for (item, at) in members.list("roles")? {
        let role = Members::of(item, &at, &["id", "name", "reportingTo"])?;
        let above = role.opt_text("reportingTo")?.unwrap_or("CEO");
        let above = org
            .roles
            .iter()
            .find(|known| known.name == above)
            .ok_or_else(|| role.refuse("reportingTo", "is no role above"))?;
        let reporting_to = Some((above.id, above.name.clone()));
        org.roles.push(Role {
            id: given(ids, &role)?,
            name: role.text("name")?.to_owned(),
            reporting_to,
        });
    }
    for (item, at) in members.list("users")? {
        user(org, ids, now, item, &at)?;
    }
    Ok(())
}

fn profile(org: &mut Org, ids: &mut Ids, item: &Value, at: &str) -> Result<(), Refused> {
    let members = Members::of(
        item,
        at,
        &["id", "name", "manageUsers", "allRecords", "permissions"],
    )?;
    let name = members.text("name")?;
    let id = members.id("id")?;
    let all_records = members.flag("allRecords")?;
    let manage_users = members.flag("manageUsers")?;
    let index = org
        .profiles
        .iter()
        .position(|profile| profile.name == name)
        .unwrap_or_else(|| {
            let permissions = PERMISSIONS
                .iter()
                .map(|permission| {
                    (
                        (*permission).to_owned(),
                        *permission != "Crm_Implied_Manage_Users",
                    )
                })
                .collect();
            let modified = org.created;
            org.profiles.push(Profile {
                id: ids.next(),
                name: name.to_owned(),
                all_records: true,
                permissions,
                modified,
            });
            org.profiles.len() - 1
        });
    let profile = &mut org.profiles[index];
    profile.id = id.unwrap_or(profile.id);
    profile.all_records = all_records.unwrap_or(profile.all_records);
    if let Some(manage_users) = manage_users {
        profile
            .permissions
            .insert("Crm_Implied_Manage_Users".to_owned(), manage_users);
    }
    for (permission, enabled) in members.free("permissions")? {
        let enabled = enabled
            .as_bool()
            .ok_or_else(|| members.refuse("permissions", "must be true or false each"))?;
        profile.permissions.insert(permission, enabled);
    }
    Ok(())
}

/// Adds a user; edits add users in the same form.
pub(in crate::zoho) fn user(
    org: &mut Org,
    ids: &mut Ids,
    now: Timestamp,
    item: &Value,
    at: &str,
) -> Result<u64, Refused> {
    let members = Members::of(
        item,
        at,
        &[
            "id",
            "email",
            "firstName",
            "lastName",
            "profile",
            "role",
            "status",
            "confirm",
            "timeZone",
            "createdTime",
        ],
    )?;
    let email = members.text("email")?;
    if org
        .user_by_email(email)
        .is_some_and(|user| user.status != "deleted")
    {
        return Err(members.refuse("email", "is the address of another user"));
    }
    let profile = members.opt_text("profile")?.unwrap_or("Standard");
    let profile = org
        .profiles
        .iter()
        .find(|known| known.name == profile)
        .ok_or_else(|| members.refuse("profile", "is no profile"))?
        .id;
    let role = members.opt_text("role")?.unwrap_or("CEO");
    let role = org
        .roles
        .iter()
        .find(|known| known.name == role)
        .ok_or_else(|| members.refuse("role", "is no role"))?
        .id;
    let status = members.opt_text("status")?.unwrap_or("active");
    if ![
        "active",
        "inactive",
        "deleted",
        "disabled",
        "closed",
        "disabled dormant",
    ]
    .contains(&status)
    {
        return Err(members.refuse(
            "status",
            "must be active, inactive, deleted, disabled, closed or disabled dormant",
        ));
    }
    let time_zone = members.opt_text("timeZone")?.unwrap_or(&org.time_zone).to_owned();
    let zone = zone(&members, "timeZone", &time_zone)?;
    let created = whole_seconds(
        members
            .instant("createdTime", now)?
            .unwrap_or_else(|| days_before(now, 180)),
    );
    let id = given(ids, &members)?;
    let confirm = members.flag("confirm")?.unwrap_or(true);
    if !confirm && status == "active" {
        // Somebody else's, and as fresh as the world.
        org.invitations.push(Invitation::new(id, email, now, false));
    }
    org.users.push(User {
        id,
        zuid: User::zuid_of(id),
        email: email.to_owned(),
        first_name: members.opt_text("firstName")?.map(ToOwned::to_owned),
        last_name: members.opt_text("lastName")?.unwrap_or("User").to_owned(),
        profile,
        role,
        status: status.to_owned(),
        status_reason: (status == "disabled").then(|| "disabled manually".to_owned()),
        confirm,
        microsoft: false,
        time_zone,
        zone,
        created,
        modified: created,
    });
    Ok(id)
}
