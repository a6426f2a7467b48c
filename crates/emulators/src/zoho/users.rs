//! `GET /users` and `GET /users/{id}`

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, invalid_param, over_limit};
use super::auth::Session;
use super::call::Call;
use super::shape::stamp;
use super::state::{Org, User, World};

const TYPES: [&str; 13] = [
    "AllUsers",
    "ActiveUsers",
    "DeactiveUsers",
    "ConfirmedUsers",
    "NotConfirmedUsers",
    "DeletedUsers",
    "ActiveConfirmedUsers",
    "AdminUsers",
    "ActiveConfirmedAdmins",
    "CurrentUser",
    "DeveloperUsers",
    "AllActiveUsers",
    "ActiveLiteUser",
];

/// `GET /users?type=..&page=..&per_page=..&ids=..`
pub(super) fn list(world: &World, session: &Session, call: &Call) -> Outcome {
    let org = &world.orgs[session.org];
    let kind = call.choice("type", &TYPES, "AllUsers")?;
    let per_page = call.number("per_page", 200, 1, 200)?;
    let page = call.number("page", 1, 1, 10_000)?;
    let ids = call.list("ids");
    if ids.as_ref().is_some_and(|ids| ids.len() > 100) {
        return Err(over_limit("ids", 100));
    }
    if ids
        .as_ref()
        .is_some_and(|ids| ids.iter().any(|id| id.parse::<u64>().is_err()))
    {
        return Err(invalid_param("ids"));
    }
    let since = call.instant("if-modified-since")?;
    let matching: Vec<&User> = org
        .users
        .iter()
        .filter(|user| of_type(org, user, kind, session))
        .filter(|user| {
            ids.as_ref()
                .is_none_or(|ids| ids.contains(&user.id.to_string().as_str()))
        })
        .collect();
    let changed: Vec<&User> = matching
        .iter()
        .copied()
        .filter(|user| since.is_none_or(|since| user.modified > since))
        .collect();
    if changed.is_empty() && !matching.is_empty() {
        return Ok(Answer::not_modified());
    }
    let total = changed.len();
    let size = usize::try_from(per_page).unwrap_or(200);
    let skip = usize::try_from(page - 1).unwrap_or(0).saturating_mul(size);
    let rows: Vec<Value> = changed
        .into_iter()
        .skip(skip)
        .take(size)
        .map(|user| row(org, user, session))
        .collect();
    if rows.is_empty() {
        return Ok(Answer::no_content());
    }
    let info = json!({
        "per_page": per_page, "count": rows.len(), "page": page, "more_records": skip + rows.len() < total,
    });
    Ok(Answer::ok(json!({"users": rows, "info": info})))
}

/// `GET /users/{id}`
pub(super) fn one(world: &World, session: &Session, id: &str) -> Answer {
    let org = &world.orgs[session.org];
    let found = id.parse().ok().and_then(|id| org.user(id));
    found.map_or_else(Answer::no_content, |user| {
        Answer::ok(json!({"users": [row(org, user, session)]}))
    })
}

fn of_type(org: &Org, user: &User, kind: &str, session: &Session) -> bool {
    let active = user.status == "active";
    let deleted = user.status == "deleted";
    let admin = org
        .profile(user.profile)
        .is_some_and(|profile| profile.name == "Administrator");
    match kind {
        "AllUsers" => !deleted,
        "ActiveUsers" | "AllActiveUsers" => active,
        "DeactiveUsers" => !active && !deleted,
        "ConfirmedUsers" => user.confirm && !deleted,
        "NotConfirmedUsers" => !user.confirm && !deleted,
        "DeletedUsers" => deleted,
        "ActiveConfirmedUsers" => active && user.confirm,
        "AdminUsers" => admin && !deleted,
        "ActiveConfirmedAdmins" => admin && active && user.confirm,
        "CurrentUser" => user.id == session.user,
        _ => false,
    }
}

fn row(org: &Org, user: &User, session: &Session) -> Value {
    let role = org.roles.iter().find(|role| role.id == user.role);
    let profile = org.profile(user.profile);
    json!({
        "id": user.id.to_string(),
        // An invited user has no Zoho account in this organisation yet.
        "zuid": if user.confirm { json!(user.zuid) } else { Value::Null },
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "full_name": user.full_name(),
        "alias": null,
        "confirm": user.confirm,
        "status": user.status,
        "status_reason__s": user.status_reason,
        "profile": {"name": profile.map(|profile| profile.name.clone()).unwrap_or_default(), "id": user.profile.to_string()},
        "role": {"name": role.map(|role| role.name.clone()).unwrap_or_default(), "id": user.role.to_string()},
        "time_zone": user.time_zone,
        "language": "en_US",
        "locale": "en_US",
        "country_locale": "en_US",
        "date_format": "MM/dd/yyyy",
        "time_format": "HH:mm",
        "microsoft": user.microsoft,
        "personal_account": false,
        "sandboxDeveloper": false,
        "type__s": "Regular User",
        "phone": null,
        "mobile": null,
        "created_by": null,
        "Modified_By": null,
        "created_time": stamp(user.created, &session.zone),
        "Modified_Time": stamp(user.modified, &session.zone),
    })
}
