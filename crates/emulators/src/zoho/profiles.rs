//! Profiles and roles.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, invalid_path};
use super::auth::Session;
use super::shape::stamp;
use super::state::{Org, Profile, Role, World};

fn profile(org: &Org, profile: &Profile, session: &Session) -> Value {
    let system = matches!(profile.name.as_str(), "Administrator" | "Standard");
    json!({
        "id": profile.id.to_string(),
        "name": profile.name,
        "api_name": profile.name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_"),
        "display_label": profile.name,
        "description": null,
        "custom": !system,
        "type": "normal_profile",
        "created_time": if system { Value::Null } else { stamp(org.created, &session.zone) },
        "modified_time": stamp(profile.modified, &session.zone),
        "created_by": null,
        "modified_by": null,
    })
}

/// `GET /settings/profiles`: names only; the permissions come with the single fetch.
pub(super) fn list(world: &World, session: &Session) -> Answer {
    let org = &world.orgs[session.org];
    let rows: Vec<Value> = org
        .profiles
        .iter()
        .map(|row| profile(org, row, session))
        .collect();
    Answer::ok(json!({"profiles": rows}))
}

/// `GET /settings/profiles/{id}`
pub(super) fn one(world: &World, session: &Session, id: &str) -> Outcome {
    let org = &world.orgs[session.org];
    let found = org
        .profiles
        .iter()
        .find(|profile| profile.id.to_string() == id)
        .ok_or_else(|| invalid_path(2))?;
    let permissions: Vec<Value> = found
        .permissions
        .iter()
        .zip(1..)
        .map(|((name, enabled), index)| {
            json!({
                "id": (found.id + index).to_string(),
                "name": name,
                "display_label": name.trim_start_matches("Crm_Implied_").replace('_', " "),
                "enabled": enabled,
                "customizable": true,
                // Null, text or an object, depending on the row.
                "module": match index % 3 {
                    0 => json!({"api_name": "Contacts", "id": org.id}),
                    1 => Value::Null,
                    _ => json!("Contacts"),
                },
            })
        })
        .collect();
    let mut row = profile(org, found, session);
    row["permissions_details"] = Value::Array(permissions);
    row["sections"] = json!([]);
    Ok(Answer::ok(json!({"profiles": [row]})))
}

fn role_row(role: &Role) -> Value {
    json!({
        "id": role.id.to_string(),
        "name": role.name,
        "api_name": role.name.replace(' ', "_"),
        "display_label": role.name,
        "description": null,
        "share_with_peers": false,
        "forecast_manager": null,
        "reporting_to": role.reporting_to.as_ref().map(|(id, name)| json!({"id": id.to_string(), "name": name})),
        "created_by__s": null,
        "modified_by__s": null,
        "created_time__s": null,
        "modified_time__s": null,
    })
}

/// `GET /settings/roles`
pub(super) fn roles(world: &World, session: &Session) -> Answer {
    let rows: Vec<Value> = world.orgs[session.org].roles.iter().map(role_row).collect();
    Answer::ok(json!({"roles": rows}))
}

/// `GET /settings/roles/{id}`
pub(super) fn role(world: &World, session: &Session, id: &str) -> Answer {
    let found = world.orgs[session.org]
        .roles
        .iter()
        .find(|role| role.id.to_string() == id);
    found.map_or_else(Answer::no_content, |role| {
        Answer::ok(json!({"roles": [role_row(role)]}))
    })
}
