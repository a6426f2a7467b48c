//! Edits of contacts.

use serde_json::{Value, json};

use super::{Edit, user};
use crate::core::service::Refused;
use crate::zoho::records::change::{self, Change, Deed, Link};
use crate::zoho::records::check::strict;
use crate::zoho::state::{Org, World};
use crate::zoho::strict::{Members, refused};
use crate::zoho::world::account;

type Edited = Result<Value, Refused>;

/// Carries out an edit of contacts; nothing when `deed` is none.
pub(super) fn edit(world: &mut World, edit: &Edit<'_>, deed: &str) -> Option<Edited> {
    Some(match deed {
        "create_contact" => create(world, edit),
        "update_contact" => update(world, edit, "crm_ui"),
        "mass_update" => update(world, edit, "mass_update"),
        "delete_contact" => delete(world, edit),
        "restore_contact" => restore(world, edit),
        "transfer_contact" => transfer(world, edit),
        "import_contacts" => import(world, edit),
        "merge_contacts" => merge(world, edit),
        "lock_contact" => lock(world, edit),
        _ => return None,
    })
}

fn ids(found: &[u64]) -> Value {
    json!({"ids": found.iter().map(u64::to_string).collect::<Vec<_>>()})
}

/// Who did it: `by`, or the one given, or the first user.
fn actor(org: &Org, members: &Members<'_>, otherwise: Option<u64>) -> Result<u64, Refused> {
    if members.get("by").is_some() {
        return user(org, members, "by");
    }
    otherwise
        .or_else(|| org.users.first().map(|user| user.id))
        .ok_or_else(|| members.refuse("by", "is required, as the organisation has no user"))
}

/// The contacts meant by `id`, `ids` or `where`.
fn targets(org: &Org, members: &Members<'_>) -> Result<Vec<u64>, Refused> {
    let known = |id: u64| {
        org.contacts
            .get(id)
            .map(|_| id)
            .ok_or_else(|| members.refuse("id", format!("{id} is no contact")))
    };
    if let Some(id) = members.id("id")? {
        return Ok(vec![known(id)?]);
    }
    let given = members.texts("ids")?;
    if !given.is_empty() {
        return given.iter().map(|id| known(id.parse().unwrap_or(0))).collect();
    }
    let mut wanted = members.free("where")?;
    if wanted.is_empty() {
        return Err(members.refuse("id", "is required, or ids, or where"));
    }
    let owner = match wanted.remove("owner") {
        None => None,
        Some(email) => {
            let email = email.as_str().unwrap_or_default().to_owned();
            Some(
                org.user_by_email(&email)
                    .ok_or_else(|| members.refuse("where.owner", format!("{email} is no user")))?
                    .id,
            )
        }
    };
    let found: Vec<u64> = org
        .contacts
        .iter()
        .filter(|contact| owner.is_none_or(|owner| contact.owner == owner))
        .filter(|contact| {
            wanted
                .iter()
                .all(|(name, value)| contact.fields.get(name).unwrap_or(&Value::Null) == value)
        })
        .map(|contact| contact.id)
        .collect();
    if found.is_empty() {
        Err(members.refuse("where", "fits no contact"))
    } else {
        Ok(found)
    }
}

/// Checked `fields` and `account` of an edit.
fn change(
    world: &mut World,
    edit: &Edit<'_>,
    members: &Members<'_>,
    existing: Option<u64>,
) -> Result<Change, Refused> {
    let org = &mut world.orgs[edit.org];
    let mut change = strict(org, &members.free("fields")?, existing)
        .map_err(|(name, problem)| refused(members.place(&format!("fields.{name}")), problem))?;
    if let Some(name) = members.opt_text("account")? {
        change.account = Link::To(account(org, &mut world.ids, name));
    }
    Ok(change)
}

fn create(world: &mut World, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["owner", "fields", "account", "source"])?;
    let owner = user(&world.orgs[edit.org], &members, "owner")?;
    let id = add(
        world,
        edit,
        &members,
        owner,
        members.opt_text("source")?.unwrap_or("crm_ui"),
    )?;
    Ok(ids(&[id]))
}

fn add(
    world: &mut World,
    edit: &Edit<'_>,
    members: &Members<'_>,
    owner: u64,
    source: &str,
) -> Result<u64, Refused> {
    let mut change = change(world, edit, members, None)?;
    change.owner = Some(owner);
    let org = &mut world.orgs[edit.org];
    let by = actor(org, members, Some(owner))?;
    let deed = Deed {
        by,
        at: edit.now,
        action: "added",
        source,
    };
    let contact = change::draft(&mut world.ids, change, &deed);
    let id = contact.id;
    org.contacts.put(contact);
    Ok(id)
}

fn import(world: &mut World, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["owner", "contacts", "source"])?;
    let owner = user(&world.orgs[edit.org], &members, "owner")?;
    let source = members.opt_text("source")?.unwrap_or("import");
    let mut added = Vec::new();
    for (item, at) in members.list("contacts")? {
        let row = Members::of(item, &at, &["fields", "account", "by"])?;
        added.push(add(world, edit, &row, owner, source)?);
    }
    Ok(ids(&added))
}

fn update(world: &mut World, edit: &Edit<'_>, default: &str) -> Edited {
    let members = edit.members(&["id", "ids", "where", "fields", "account", "source"])?;
    let found = targets(&world.orgs[edit.org], &members)?;
    let source = members.opt_text("source")?.unwrap_or(default);
    for id in &found {
        let mut change = change(world, edit, &members, Some(*id))?;
        if edit.action.get("account").is_some_and(Value::is_null) {
            change.account = Link::Cleared;
        }
        let org = &mut world.orgs[edit.org];
        let owner = org.contacts.get(*id).map(|contact| contact.owner);
        let by = actor(org, &members, owner)?;
        let deed = Deed {
            by,
            at: edit.now,
            action: "updated",
            source,
        };
        change::update(org, &mut world.ids, *id, change, &deed);
    }
    Ok(ids(&found))
}

fn transfer(world: &mut World, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["id", "ids", "where", "owner"])?;
    let org = &mut world.orgs[edit.org];
    let owner = user(org, &members, "owner")?;
    let found = targets(org, &members)?;
    for id in &found {
        let by = actor(org, &members, None)?;
        let deed = Deed {
            by,
            at: edit.now,
            action: "owner_reassigned",
            source: "change_owner",
        };
        let change = Change {
            owner: Some(owner),
            ..Change::default()
        };
        change::update(org, &mut world.ids, *id, change, &deed);
    }
    Ok(ids(&found))
}

fn delete(world: &mut World, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["id", "ids", "where", "permanent"])?;
    let permanent = members.flag("permanent")?.unwrap_or(false);
    let org = &mut world.orgs[edit.org];
    if permanent
        && let Some(id) = members.id("id")?
        && let Some(row) = org.contacts.deleted.iter_mut().find(|row| row.contact.id == id)
    {
        row.permanent = true;
        return Ok(ids(&[id]));
    }
    let found = targets(org, &members)?;
    for id in &found {
        let owner = org.contacts.get(*id).map(|contact| contact.owner);
        let by = actor(org, &members, owner)?;
        let deed = Deed {
            by,
            at: edit.now,
            action: "deleted",
            source: "crm_ui",
        };
        change::delete(org, &mut world.ids, *id, &deed, permanent);
    }
    Ok(ids(&found))
}

fn restore(world: &mut World, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["id"])?;
    let id = members
        .id("id")?
        .ok_or_else(|| members.refuse("id", "is required"))?;
    let org = &mut world.orgs[edit.org];
    let by = actor(org, &members, None)?;
    let deed = Deed {
        by,
        at: edit.now,
        action: "restored",
        source: "crm_ui",
    };
    if change::restore(org, &mut world.ids, id, &deed) {
        Ok(ids(&[id]))
    } else {
        Err(members.refuse("id", "is not in the recycle bin"))
    }
}

/// The loser goes to the deleted list, the winner changes.
fn merge(world: &mut World, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["winner", "loser", "fields", "account"])?;
    let contact = |world: &World, name: &str| -> Result<u64, Refused> {
        let id = members
            .id(name)?
            .ok_or_else(|| members.refuse(name, "is required"))?;
        world.orgs[edit.org]
            .contacts
            .get(id)
            .map(|_| id)
            .ok_or_else(|| members.refuse(name, "is no contact"))
    };
    let (winner, loser) = (contact(world, "winner")?, contact(world, "loser")?);
    let by = actor(&world.orgs[edit.org], &members, None)?;
    let deed = Deed {
        by,
        at: edit.now,
        action: "find_and_merge_duplicate",
        source: "findandmerge",
    };
    // First of all, so that the winner can take over what must be unique.
    change::delete(&mut world.orgs[edit.org], &mut world.ids, loser, &deed, false);
    let change = change(world, edit, &members, Some(winner))?;
    change::update(&mut world.orgs[edit.org], &mut world.ids, winner, change, &deed);
    Ok(ids(&[winner, loser]))
}

fn lock(world: &mut World, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["id", "ids", "where", "locked"])?;
    let locked = members.flag("locked")?.unwrap_or(true);
    let org = &mut world.orgs[edit.org];
    let found = targets(org, &members)?;
    for id in &found {
        org.contacts.set_locked(*id, locked);
    }
    Ok(ids(&found))
}
