//! What administrators do about apps, mailboxes and accounts.

use serde_json::{Value, json};

use super::super::mailbox::Mailbox;
use super::super::section::{Section, refuse};
use super::super::tenant::{Administrator, App, Tenant, User};
use super::super::{Inner, world};
use crate::core::service::Refused;

/// Runs an action of an administrator; none where it is not one.
pub(super) fn run(
    inner: &mut Inner,
    tenant: &str,
    what: &str,
    section: &mut Section<'_>,
) -> Result<Option<Value>, Refused> {
    if what == "revoke_tokens" {
        let client = section.opt_text("clientId")?.map(|client| client.to_lowercase());
        let before = inner.tokens.len();
        inner.tokens.retain(|_, token| {
            token.tenant != tenant || client.as_ref().is_some_and(|client| *client != token.client_id)
        });
        return Ok(Some(json!({"revoked": before - inner.tokens.len()})));
    }
    let Some(tenant) = inner.tenants.get_mut(tenant) else {
        return Err(refuse("tenant", "not found"));
    };
    match what {
        "set_options" => {
            let mut options = tenant.options.clone();
            options.read(section)?;
            tenant.options = options;
        }
        "rotate_secret" => {
            let secret = section.text("secret")?;
            let app = app(tenant, section)?;
            app.secret = secret;
            app.secret_expired = false;
        }
        "expire_secret" => app(tenant, section)?.secret_expired = true,
        "revoke_permission" | "grant_permission" => {
            let permission = world::permission("permission", &section.text("permission")?)?;
            let app = app(tenant, section)?;
            if what == "grant_permission" {
                app.permissions.insert(permission);
            } else {
                app.permissions.remove(permission);
            }
        }
        "disable_mailbox" => user(tenant, section)?.has_mailbox = false,
        "enable_mailbox" => {
            let empty = section.flag("empty", false)?;
            let user = user(tenant, section)?;
            user.has_mailbox = true;
            if empty {
                user.mailbox = Mailbox::new(&format!("{} again", user.id));
            }
        }
        "set_account_enabled" => user(tenant, section)?.enabled = section.flag("enabled", true)?,
        "rename_user" => rename(tenant, section)?,
        "delete_user" => {
            let user = user(tenant, section)?;
            let (id, upn) = (user.id.to_lowercase(), user.upn.to_lowercase());
            user.has_mailbox = false;
            user.administrator = Administrator::default();
            tenant.names.remove(&id);
            tenant.names.remove(&upn);
        }
        _ => return Ok(None),
    }
    Ok(Some(json!({})))
}

pub(super) fn app<'a>(tenant: &'a mut Tenant, section: &mut Section<'_>) -> Result<&'a mut App, Refused> {
    let client = section.text("clientId")?;
    tenant
        .apps
        .get_mut(&client.to_lowercase())
        .ok_or_else(|| refuse("clientId", format!("no app {client}")))
}

pub(super) fn user<'a>(tenant: &'a mut Tenant, section: &mut Section<'_>) -> Result<&'a mut User, Refused> {
    let name = section.text("user")?;
    let index = tenant.user_index(&name);
    index
        .and_then(|index| tenant.users.get_mut(index))
        .ok_or_else(|| refuse("user", format!("no user {name}")))
}

/// The object id stays; the old name is free for somebody else at once.
fn rename(tenant: &mut Tenant, section: &mut Section<'_>) -> Result<(), Refused> {
    let name = section.text("user")?;
    let upn = section.text("userPrincipalName")?;
    let mail = section.opt_text("mail")?;
    let index = tenant
        .user_index(&name)
        .ok_or_else(|| refuse("user", format!("no user {name}")))?;
    if tenant.user_index(&upn).is_some_and(|other| other != index) {
        return Err(refuse("userPrincipalName", "another user has this name"));
    }
    let Some(user) = tenant.users.get_mut(index) else {
        return Ok(());
    };
    tenant.names.remove(&user.upn.to_lowercase());
    tenant.names.insert(upn.to_lowercase(), index);
    user.upn = upn;
    if let Some(mail) = mail {
        // The old address stays as an alias, as Exchange leaves it.
        for address in &mut user.proxy_addresses {
            if let Some(old) = address.strip_prefix("SMTP:") {
                *address = format!("smtp:{old}");
            }
        }
        user.proxy_addresses.push(format!("SMTP:{mail}"));
        user.mail = Some(mail);
    }
    Ok(())
}
