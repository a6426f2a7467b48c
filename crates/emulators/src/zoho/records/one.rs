//! `GET /Contacts/{id}`

use serde_json::json;

use super::list::row;
use super::named;
use crate::zoho::answer::{Answer, Outcome, invalid_path};
use crate::zoho::auth::Session;
use crate::zoho::call::Call;
use crate::zoho::fields::Field;
use crate::zoho::state::World;

pub(in crate::zoho) fn one(world: &mut World, session: &Session, call: &Call, id: &str) -> Outcome {
    let org = &world.orgs[session.org];
    let id: u64 = id.parse().map_err(|_| invalid_path(1))?;
    let fields: Vec<&Field> = match named(org, call)? {
        Some(fields) => fields,
        None => org.fields.iter().filter(|field| field.visible).collect(),
    };
    let since = call.instant("if-modified-since")?;
    let Some(contact) = org.contacts.get(id).filter(|contact| session.sees(contact)) else {
        return Ok(Answer::no_content());
    };
    if since.is_some_and(|since| contact.modified <= since) {
        return Ok(Answer::not_modified());
    }
    let data = row(org, contact, &fields, &session.zone);
    world.counters.one("record_reads");
    world.counters.one("rows_returned");
    Ok(Answer::ok(json!({"data": [data]})))
}
