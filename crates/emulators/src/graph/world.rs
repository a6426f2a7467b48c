//! Reads the `office365:` section of a world file.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::Value;

use super::contacts::content::Content;
use super::extended::Extended;
use super::ids;
use super::mailbox::{DEFAULT, Mailbox};
use super::options::Options;
use super::section::{Section, refuse};
use super::tenant::{
    Administrator, App, EXCHANGE_PERMISSIONS, ExchangeRole, Group, PERMISSIONS, SignIn, Tenant, User,
};
use crate::core::service::Refused;

/// The permission of that name.
pub(super) fn permission(at: &str, name: &str) -> Result<&'static str, Refused> {
    PERMISSIONS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(known, _)| *known)
        .ok_or_else(|| refuse(at, format!("unknown permission {name}")))
}

/// All tenants of the section.
pub(super) fn read(section: &Value, seed: u64, now: Timestamp) -> Result<Vec<Tenant>, Refused> {
    let Value::Array(items) = section else {
        return Err(refuse("office365", "expected a list of tenants"));
    };
    let read = |(index, item)| tenant(&format!("office365[{index}]"), item, seed, now);
    items.iter().enumerate().map(read).collect()
}

fn tenant(at: &str, value: &Value, seed: u64, now: Timestamp) -> Result<Tenant, Refused> {
    let mut section = Section::new(at, value)?;
    let id = section.text("tenantId")?.to_lowercase();
    let domain = section.text("domain")?.to_lowercase();
    let mut options = Options::default();
    options.read(&mut section)?;
    let mut tenant = Tenant {
        display_name: section.opt_text("displayName")?.unwrap_or_else(|| domain.clone()),
        id,
        domain,
        options,
        apps: BTreeMap::new(),
        users: Vec::new(),
        groups: Vec::new(),
        administrator_activated: false,
        mails: Vec::new(),
        sign_ins: Vec::new(),
        names: HashMap::new(),
        gates: HashMap::new(),
        token_requests: Vec::new(),
    };
    for (at, item) in section.list("users")? {
        add_user(&mut tenant, &at, item, seed, now)?;
    }
    for (at, item) in section.list("groups")? {
        add_group(&mut tenant, &at, item, seed)?;
    }
    let mut assigned = Vec::new();
    for (at, item) in section.list("apps")? {
        let (app, names) = app(&at, item, &tenant, seed)?;
        let client = app.client_id.to_lowercase();
        if let Some(twin) = tenant.apps.insert(client.clone(), app) {
            return Err(refuse(
                at,
                format!("another app has the clientId {}", twin.client_id),
            ));
        }
        assigned.push((client, names));
    }
    // Groups hold groups and apps, and apps are assigned to apps: names are looked up once all are there.
    for (at, item) in section.list("groups")? {
        set_members(&mut tenant, &at, item)?;
    }
    for (client, names) in assigned {
        let ids = named(&tenant, &names)?;
        if let Some(app) = tenant.apps.get_mut(&client) {
            app.assigned = ids;
        }
    }
    let held = !tenant.administrators(now).is_empty();
    tenant.administrator_activated = section.flag("administratorActivated", false)? || held;
    for (at, item) in section.list("signIns")? {
        let sign_in = sign_in(&at, item, &tenant)?;
        tenant.sign_ins.push(sign_in);
    }
    section.finish()?;
    Ok(tenant)
}

/// The object ids of names with their places.
fn named(tenant: &Tenant, names: &[(String, String)]) -> Result<Vec<String>, Refused> {
    names
        .iter()
        .map(|(at, name)| {
            let found = tenant
                .named(name)
                .ok_or_else(|| refuse(at, format!("no user, group or app {name}")))?;
            Ok(found.id().to_owned())
        })
        .collect()
}

/// The permissions of a list of names.
fn permissions(section: &mut Section<'_>, name: &str) -> Result<BTreeSet<&'static str>, Refused> {
    let named = section.texts(name)?;
    named.iter().map(|(at, name)| permission(at, name)).collect()
}

/// `{user, clientId, refreshToken}`
fn sign_in(at: &str, value: &Value, tenant: &Tenant) -> Result<SignIn, Refused> {
    let mut section = Section::new(at, value)?;
    let client_id = section.text("clientId")?.to_lowercase();
    if !tenant.apps.contains_key(&client_id) {
        return Err(refuse(section.path("clientId"), format!("no app {client_id}")));
    }
    let name = section.text("user")?;
    let user = tenant
        .user(&name)
        .ok_or_else(|| refuse(section.path("user"), format!("no user {name}")))?;
    let user = user.id.clone();
    let refresh_token = section.text("refreshToken")?;
    section.finish()?;
    Ok(SignIn {
        refresh_token,
        client_id,
        user,
    })
}

/// An app, and the names that are assigned to it.
fn app(at: &str, value: &Value, tenant: &Tenant, seed: u64) -> Result<(App, Vec<(String, String)>), Refused> {
    let mut section = Section::new(at, value)?;
    let client_id = section.text("clientId")?;
    let all = || PERMISSIONS.iter().map(|(name, _)| *name).collect();
    let given = section.has("permissions");
    let listed = permissions(&mut section, "permissions")?;
    let mut exchange_roles = Vec::new();
    for (at, item) in section.list("exchangeRoles")? {
        exchange_roles.push(exchange_role(&at, item, tenant)?);
    }
    let assigned = section.texts("assignedTo")?;
    let app = App {
        principal_id: ids::object_id(seed, &[&tenant.id, "principal", &client_id]),
        display_name: section
            .opt_text("displayName")?
            .unwrap_or_else(|| "crmlink".to_owned()),
        secret: section.text("clientSecret")?,
        secret_expired: false,
        permissions: if given { listed } else { all() },
        foreign_permissions: permissions(&mut section, "exchangeOnlinePermissions")?,
        exchange_roles,
        admin: section.flag("admin", false)?,
        assignment_required: section.flag("assignmentRequired", false)?,
        assigned: Vec::new(),
        client_id,
    };
    section.finish()?;
    Ok((app, assigned))
}

/// A role of Exchange's own, for some users or for all.
pub(super) fn exchange_role(at: &str, value: &Value, tenant: &Tenant) -> Result<ExchangeRole, Refused> {
    let mut section = Section::new(at, value)?;
    let name = section.text("permission")?;
    let permission = permission(&section.path("permission"), &name)?;
    if !EXCHANGE_PERMISSIONS.contains(&permission) {
        return Err(refuse(
            section.path("permission"),
            format!("Exchange gives only {}", EXCHANGE_PERMISSIONS.join(", ")),
        ));
    }
    let limited = section.has("users");
    let mut users = BTreeSet::new();
    for (at, name) in section.texts("users")? {
        let user = tenant
            .user(&name)
            .ok_or_else(|| refuse(at, format!("no user {name}")))?;
        users.insert(user.id.clone());
    }
    section.finish()?;
    Ok(ExchangeRole {
        permission,
        users: limited.then_some(users),
    })
}

/// Adds a group without its members.
pub(super) fn add_group(tenant: &mut Tenant, at: &str, value: &Value, seed: u64) -> Result<(), Refused> {
    let mut section = Section::new(at, value)?;
    let display_name = section.text("displayName")?;
    if tenant
        .groups
        .iter()
        .any(|group| group.display_name == display_name)
    {
        return Err(refuse(section.path("displayName"), "another group has this name"));
    }
    let id = section.opt_text("id")?;
    let id = id.unwrap_or_else(|| ids::object_id(seed, &[&tenant.id, "group", &display_name]));
    let admin = section.flag("admin", false)?;
    section.take("members");
    section.finish()?;
    tenant.groups.push(Group {
        id,
        display_name,
        members: Vec::new(),
        admin,
    });
    Ok(())
}

/// Gives the group that was added last under this name its members.
pub(super) fn set_members(tenant: &mut Tenant, at: &str, value: &Value) -> Result<(), Refused> {
    let mut section = Section::new(at, value)?;
    let name = section.text("displayName")?;
    let members = named(tenant, &section.texts("members")?)?;
    if let Some(group) = tenant.groups.iter_mut().find(|group| group.display_name == name) {
        group.members = members;
    }
    Ok(())
}

/// Adds a user under a name that is free.
pub(super) fn add_user(
    tenant: &mut Tenant,
    at: &str,
    value: &Value,
    seed: u64,
    now: Timestamp,
) -> Result<(), Refused> {
    let user = user(at, value, &tenant.id, seed, now)?;
    if tenant.user(&user.id).is_some() || tenant.user(&user.upn).is_some() {
        return Err(refuse(at, "another user has this id or userPrincipalName"));
    }
    tenant.add_user(user);
    Ok(())
}

fn user(at: &str, value: &Value, tenant: &str, seed: u64, now: Timestamp) -> Result<User, Refused> {
    let mut section = Section::new(at, value)?;
    let upn = section.text("userPrincipalName")?;
    let id = section.opt_text("id")?.map(|id| id.to_lowercase());
    let id = id.unwrap_or_else(|| ids::object_id(seed, &[tenant, "user", &upn.to_lowercase()]));
    let has_mailbox = match section.opt_text("mailbox")?.as_deref() {
        None | Some("user") => true,
        Some("none") => false,
        Some(_) => return Err(refuse(section.path("mailbox"), "expected user or none")),
    };
    let mail = section
        .opt_text("mail")?
        .or_else(|| has_mailbox.then(|| upn.clone()));
    let mut proxy_addresses: Vec<String> = section
        .texts("proxyAddresses")?
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    if let (true, Some(mail)) = (proxy_addresses.is_empty(), &mail) {
        proxy_addresses.push(format!("SMTP:{mail}"));
    }
    let mut mailbox = Mailbox::new(&id);
    contacts(&mut section, &mut mailbox, DEFAULT, now)?;
    for (at, item) in section.list("folders")? {
        let mut folder = Section::new(at, item)?;
        let name = folder.text("displayName")?;
        if mailbox.named(DEFAULT, &name).is_some() {
            return Err(refuse(folder.path("displayName"), "another folder has this name"));
        }
        let key = mailbox.add_folder(name, DEFAULT, Extended::new(), false);
        contacts(&mut folder, &mut mailbox, key, now)?;
        folder.finish()?;
    }
    let user = User {
        display_name: section.opt_text("displayName")?.unwrap_or_else(|| upn.clone()),
        given_name: section.opt_text("givenName")?,
        surname: section.opt_text("surname")?,
        proxy_addresses,
        enabled: section.flag("accountEnabled", true)?,
        kind: section
            .opt_text("userType")?
            .unwrap_or_else(|| "Member".to_owned()),
        administrator: Administrator {
            assigned: section.flag("admin", false)?,
            eligible: section.flag("eligibleAdmin", false)?,
            until: None,
        },
        time_zone: section.opt_text("timeZone")?.unwrap_or_else(|| "UTC".to_owned()),
        id,
        upn,
        mail,
        mailbox,
        has_mailbox,
    };
    section.finish()?;
    Ok(user)
}

/// The contacts that a person has from the start, in Graph's JSON.
fn contacts(
    section: &mut Section<'_>,
    mailbox: &mut Mailbox,
    folder: u64,
    now: Timestamp,
) -> Result<(), Refused> {
    for (at, item) in section.list("contacts")? {
        let Value::Object(body) = item else {
            return Err(refuse(at, "expected a contact"));
        };
        let content = Content::from_body(body).map_err(|failure| refuse(at, failure.message))?;
        mailbox.add_contact(folder, content, false, now);
    }
    Ok(())
}
