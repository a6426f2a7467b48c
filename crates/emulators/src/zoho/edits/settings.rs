//! What the CRM's administrator does about the organisation, its limits and its fields.

use super::Edit;
use crate::core::service::Refused;
use crate::zoho::fields::Field;
use crate::zoho::shape::whole_seconds;
use crate::zoho::state::{Edition, Org, World};
use crate::zoho::world;

type Edited = Result<(), Refused>;

/// Carries out an edit of settings; nothing when `deed` is none.
pub(super) fn edit(world: &mut World, edit: &Edit<'_>, deed: &str) -> Option<Edited> {
    let org = &mut world.orgs[edit.org];
    if ["set_privacy", "add_field", "set_field_meta", "remove_field"].contains(&deed) {
        org.fields_changed = whole_seconds(edit.now);
    }
    Some(match deed {
        "set_edition" => edition(org, edit),
        "set_organisation_id" => organisation_id(org, edit),
        "set_privacy" => privacy(world, edit),
        "set_limits" => limits(org, edit),
        "use_credits" => use_credits(org, edit),
        "set_owners_in_scope" => owners(org, edit),
        "add_account" => add_account(world, edit),
        "rename_account" => rename_account(org, edit),
        "add_field" => add_field(world, edit),
        "set_field_meta" => field_meta(org, edit),
        "remove_field" => remove_field(org, edit),
        _ => return None,
    })
}

fn edition(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["edition"])?;
    let parsed = Edition::parse(members.text("edition")?);
    org.edition =
        parsed.ok_or_else(|| members.refuse("edition", format!("must be one of {}", Edition::NAMES)))?;
    Ok(())
}

fn organisation_id(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["id"])?;
    let id = members
        .id("id")?
        .ok_or_else(|| members.refuse("id", "is required"))?;
    org.id = id.to_string();
    Ok(())
}

fn privacy(world: &mut World, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["on"])?;
    let on = members.flag("on")?.unwrap_or(true);
    let org = &mut world.orgs[edit.org];
    org.privacy = on;
    org.fields.retain(|field| field.api_name != "Data_Source");
    if on {
        org.fields.push(Field::data_source(&mut world.ids));
    }
    Ok(())
}

fn limits(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["dailyCredits", "concurrency", "callMillis"])?;
    if let Some(credits) = members.number("dailyCredits")? {
        org.daily_credits = Some(credits);
    }
    if let Some(calls) = members.number("concurrency")? {
        org.concurrency = usize::try_from(calls).ok();
    }
    org.call_millis = members.number("callMillis")?.unwrap_or(org.call_millis);
    Ok(())
}

fn use_credits(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["credits"])?;
    let credits = members
        .number("credits")?
        .ok_or_else(|| members.refuse("credits", "is required"))?;
    org.spent.force(edit.now, credits);
    Ok(())
}

fn owners(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["owners"])?;
    let owners = members
        .texts("owners")?
        .iter()
        .map(|email| {
            let user = org.user_by_email(email).map(|user| user.id);
            user.ok_or_else(|| members.refuse("owners", format!("{email} is no user")))
        })
        .collect::<Result<_, _>>()?;
    org.owners_in_scope = owners;
    Ok(())
}

fn add_account(world: &mut World, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["name"])?;
    world::account(&mut world.orgs[edit.org], &mut world.ids, members.text("name")?);
    Ok(())
}

/// The contacts of an account are not modified by its new name.
fn rename_account(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["id", "name"])?;
    let id = members
        .id("id")?
        .ok_or_else(|| members.refuse("id", "is required"))?;
    let account = org
        .accounts
        .get_mut(&id)
        .ok_or_else(|| members.refuse("id", "is no account"))?;
    members.text("name")?.clone_into(account);
    Ok(())
}

fn add_field(world: &mut World, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["field"])?;
    let item = members
        .get("field")
        .ok_or_else(|| members.refuse("field", "is required"))?;
    world::custom_field(&mut world.orgs[edit.org], &mut world.ids, item, "field")
}

fn field_meta(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&[
        "field", "readOnly", "visible", "unique", "private", "length", "dataType", "rename",
    ])?;
    let name = members.text("field")?;
    let field = org
        .fields
        .iter_mut()
        .find(|field| field.api_name == name)
        .ok_or_else(|| members.refuse("field", format!("{name} is no field")))?;
    field.read_only = members.flag("readOnly")?.unwrap_or(field.read_only);
    field.visible = members.flag("visible")?.unwrap_or(field.visible);
    field.length = members.number("length")?.unwrap_or(field.length);
    if let Some(data_type) = members.opt_text("dataType")? {
        data_type.clone_into(&mut field.data_type);
    }
    match members.get("private") {
        Some(serde_json::Value::Bool(false)) => field.private = None,
        Some(_) => field.private = Some(members.text("private")?.to_owned()),
        None => {}
    }
    let unique = members.flag("unique")?;
    field.unique = unique.unwrap_or(field.unique);
    if let Some(renamed) = members.opt_text("rename")? {
        renamed.clone_into(&mut field.api_name);
        rename_values(org, name, renamed);
    }
    if let Some(unique) = unique {
        org.contacts.set_unique(name, unique);
    }
    Ok(())
}

fn rename_values(org: &mut Org, old: &str, new: &str) {
    let holders: Vec<u64> = org
        .contacts
        .iter()
        .filter(|contact| contact.fields.contains_key(old))
        .map(|contact| contact.id)
        .collect();
    for id in holders {
        if let Some(mut contact) = org.contacts.take(id) {
            if let Some(value) = contact.fields.remove(old) {
                contact.fields.insert(new.to_owned(), value);
            }
            org.contacts.put(contact);
        }
    }
    let unique = org
        .fields
        .iter()
        .any(|field| field.api_name == new && field.unique);
    if unique {
        org.contacts.set_unique(old, false);
        org.contacts.set_unique(new, true);
    }
}

fn remove_field(org: &mut Org, edit: &Edit<'_>) -> Edited {
    let members = edit.members(&["field"])?;
    let name = members.text("field")?;
    let before = org.fields.len();
    org.fields.retain(|field| field.api_name != name || !field.custom);
    if org.fields.len() == before {
        Err(members.refuse("field", "is no custom field"))
    } else {
        Ok(())
    }
}
