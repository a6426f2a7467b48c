//! What people make of invitations, and what decides whether there can be any: seats, editions, accounts elsewhere.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Edit, user};
use crate::core::service::Refused;
use crate::zoho::features::seats_used;
use crate::zoho::invitations::Fate;
use crate::zoho::shape::whole_seconds;
use crate::zoho::state::{Edition, Org, World};
use crate::zoho::strict::Members;
use crate::zoho::world;

type Edited = Result<(), Refused>;

/// Carries out an edit that belongs to no organisation; nothing when `deed` is none.
pub(super) fn edit_world(
    world: &mut World,
    now: Timestamp,
    deed: &str,
    action: &Value,
) -> Option<Result<Value, Refused>> {
    Some(match deed {
        "sign_up" => sign_up(world, now, action),
        "set_address" => set_address(world, action),
        _ => return None,
    })
}

/// Carries out an edit of invitations and seats; nothing when `deed` is none.
pub(super) fn edit(world: &mut World, edit: &Edit<'_>, deed: &str) -> Option<Edited> {
    Some(match deed {
        "invite_user" => invite(world, edit),
        "accept_invitation" => accept(&mut world.orgs[edit.org], edit),
        "reject_invitation" => reject(&mut world.orgs[edit.org], edit),
        "link_invitation" => link(world, edit),
        "downgrade" => downgrade(&mut world.orgs[edit.org], edit),
        "set_licence" => set_licence(&mut world.orgs[edit.org], edit),
        _ => return None,
    })
}

/// Somebody signs up: a new organisation, whose first user is its super admin.
fn sign_up(world: &mut World, now: Timestamp, action: &Value) -> Result<Value, Refused> {
    let members = Members::of(action, "", &["do", "account"])?;
    let account = members
        .get("account")
        .ok_or_else(|| members.refuse("account", "is required"))?;
    let org = world::organisation(&mut world.ids, now, account, "account")?;
    let id = org.id.clone();
    world.orgs.push(org);
    Ok(json!({"organisation": id}))
}

fn set_address(world: &mut World, action: &Value) -> Result<Value, Refused> {
    let members = Members::of(
        action,
        "",
        &["do", "email", "otherDataCenter", "invitationsElsewhere"],
    )?;
    let elsewhere = members.number("invitationsElsewhere")?;
    let other = members.flag("otherDataCenter")?;
    let address = world.addresses.of_mut(members.text("email")?);
    address.invitations_elsewhere = elsewhere.unwrap_or(address.invitations_elsewhere);
    address.other_data_center = other.unwrap_or(address.other_data_center);
    Ok(json!({}))
}

/// The administrator adds a person in the CRM's own pages; the mail is Zoho's and the administrator's.
fn invite(world: &mut World, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["user"])?;
    let item = members
        .get("user")
        .ok_or_else(|| members.refuse("user", "is required"))?;
    let org = &mut world.orgs[edit.org];
    let mut person = item.clone();
    if let Some(members) = person.as_object_mut() {
        members.insert("confirm".to_owned(), json!(false));
    }
    let id = world::user(org, &mut world.ids, edit.now, &person, "user")?;
    if let Some(user) = org.user_mut(id) {
        user.created = whole_seconds(edit.now);
        user.modified = user.created;
    }
    Ok(())
}

/// The user of an edit, whose invitation has to be waiting for an answer.
fn invited(org: &Org, edit: &Edit<'_>, members: &Members<'_>) -> Result<u64, Refused> {
    let id = user(org, members, "user")?;
    let email = members.text("user")?;
    match org.pending(email, edit.now) {
        Some(invitation) if invitation.user == id => Ok(id),
        _ => Err(members.refuse("user", "has no pending invitation")),
    }
}

fn accept(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["user", "via"])?;
    let id = invited(org, edit, &members)?;
    let microsoft = match members.opt_text("via")?.unwrap_or("mail") {
        "mail" => false,
        "office365" => true,
        _ => return Err(members.refuse("via", "must be mail or office365")),
    };
    org.settle(id, Fate::Accepted);
    if let Some(user) = org.user_mut(id) {
        user.confirm = true;
        user.microsoft = microsoft;
        user.modified = whole_seconds(edit.now);
    }
    Ok(())
}

/// What the list of users shows of a rejected invitation is not documented: both possibilities can be had.
fn reject(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["user", "row"])?;
    let id = invited(org, edit, &members)?;
    let deleted = match members.opt_text("row")?.unwrap_or("unconfirmed") {
        "unconfirmed" => false,
        "deleted" => true,
        _ => return Err(members.refuse("row", "must be unconfirmed or deleted")),
    };
    org.settle(id, Fate::Rejected);
    if let Some(user) = org.user_mut(id).filter(|_| deleted) {
        "deleted".clone_into(&mut user.status);
        user.modified = whole_seconds(edit.now);
    }
    Ok(())
}

/// The person uses an account that belongs to another organisation: nothing changes here, and there the account is
/// linked to Microsoft, if that organisation is emulated.
fn link(world: &mut World, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["user", "account"])?;
    let account = members.text("account")?;
    let id = invited(&world.orgs[edit.org], edit, &members)?;
    let home = world
        .orgs
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != edit.org)
        .find_map(|(index, org)| org.user_by_email(account).map(|user| (index, user.id)));
    if let Some((home, user)) = home
        && let Some(user) = world.orgs[home].user_mut(user)
    {
        user.microsoft = true;
        user.modified = whole_seconds(edit.now);
    }
    let account = account.to_owned();
    world.orgs[edit.org].settle(id, Fate::LinkedElsewhere { account });
    Ok(())
}

fn downgrade(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["edition", "licenses"])?;
    if let Some(name) = members.opt_text("edition")? {
        org.edition = Edition::parse(name)
            .ok_or_else(|| members.refuse("edition", format!("must be one of {}", Edition::NAMES)))?;
    }
    org.licenses = members.number("licenses")?.unwrap_or(org.licenses);
    while seats_used(org) > org.licenses.max(1) {
        // The super admin stands first and keeps a seat.
        let surplus = org
            .users
            .iter_mut()
            .skip(1)
            .rev()
            .find(|user| user.status == "active");
        let Some(user) = surplus else { break };
        "disabled".clone_into(&mut user.status);
        user.status_reason = Some("disabled due to license downgrade".to_owned());
        user.modified = whole_seconds(edit.now);
    }
    Ok(())
}

fn set_licence(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["licenses", "paid", "trialType", "trialExpiry"])?;
    org.licenses = members.number("licenses")?.unwrap_or(org.licenses);
    org.licence.paid = members.flag("paid")?.or(org.licence.paid);
    match members.get("trialType") {
        Some(Value::Bool(false)) => org.licence.trial_type = None,
        Some(_) => org.licence.trial_type = Some(members.text("trialType")?.to_owned()),
        None => {}
    }
    let expiry = members.instant("trialExpiry", edit.now)?;
    org.licence.trial_expiry = expiry.or(org.licence.trial_expiry);
    Ok(())
}
