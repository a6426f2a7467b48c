//! `POST /Contacts`, `PUT /Contacts` and `PUT /Contacts/{id}`

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::change::{self, Deed};
use super::check::{Checked, check};
use super::store::Contact;
use crate::zoho::answer::{Answer, Outcome, RowError, bad_request, no_permission};
use crate::zoho::auth::Session;
use crate::zoho::call::Call;
use crate::zoho::shape::{person, stamp};
use crate::zoho::state::{Org, World};

const ROWS: usize = 100;
const TRIGGERS: [&str; 5] = ["approval", "workflow", "blueprint", "pathfinder", "orchestration"];

/// One credit for every ten rows.
pub(in crate::zoho) fn cost(call: &Call) -> u64 {
    let rows = call
        .json()
        .ok()
        .and_then(|body| Some(body.get("data")?.as_array()?.len()))
        .unwrap_or(1);
    (rows as u64).div_ceil(10).clamp(1, 10)
}

/// The body of a write.
struct Batch {
    rows: Vec<Map<String, Value>>,
    /// An absent list runs everything.
    automation: bool,
    cadences: bool,
    assignment_rule: bool,
}

pub(in crate::zoho) fn create(world: &mut World, now: Timestamp, session: &Session, call: &Call) -> Outcome {
    let batch = read(call)?;
    permitted(&world.orgs[session.org], session, "Crm_Implied_Create_Contacts")?;
    let mut results = Vec::with_capacity(batch.rows.len());
    for (index, row) in batch.rows.iter().enumerate() {
        results.push(insert(world, now, session, row, index));
    }
    account(world, &batch, &results);
    Ok(answer(&results, StatusCode::CREATED))
}

pub(in crate::zoho) fn update(
    world: &mut World,
    now: Timestamp,
    session: &Session,
    call: &Call,
    id: Option<&str>,
) -> Outcome {
    let batch = read(call)?;
    permitted(&world.orgs[session.org], session, "Crm_Implied_Edit_Contacts")?;
    let unmodified_since = call.instant("if-unmodified-since")?;
    if id.is_some() && batch.rows.len() != 1 {
        return Err(data_error(
            json!({"api_name": "data", "json_path": "$.data", "maximum_length": 1}),
        ));
    }
    let mut results = Vec::with_capacity(batch.rows.len());
    for (index, row) in batch.rows.iter().enumerate() {
        let id = id.or_else(|| row.get("id").and_then(Value::as_str));
        results.push(modify(world, now, session, row, index, id, unmodified_since));
    }
    account(world, &batch, &results);
    Ok(answer(&results, StatusCode::OK))
}

fn read(call: &Call) -> Result<Batch, Answer> {
    let body = call.json()?;
    let Some(data) = body.get("data") else {
        let details = json!({"api_name": "data", "json_path": "$.data"});
        return Err(bad_request(
            "MANDATORY_NOT_FOUND",
            "required field not found",
            details,
        ));
    };
    let Some(rows) = data.as_array() else {
        return Err(data_error(
            json!({"api_name": "data", "json_path": "$.data", "expected_data_type": "jsonarray"}),
        ));
    };
    if rows.is_empty() || rows.len() > ROWS {
        return Err(data_error(
            json!({"api_name": "data", "json_path": "$.data", "maximum_length": ROWS}),
        ));
    }
    let rows = rows
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let path = format!("$.data[{index}]");
            let details = json!({"api_name": "data", "json_path": path, "expected_data_type": "jsonobject"});
            row.as_object().cloned().ok_or_else(|| data_error(details))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let automation = match body.get("trigger") {
        None | Some(Value::Null) => true,
        Some(Value::Array(list))
            if list
                .iter()
                .all(|item| item.as_str().is_some_and(|item| TRIGGERS.contains(&item))) =>
        {
            !list.is_empty()
        }
        Some(_) => {
            return Err(data_error(
                json!({"api_name": "trigger", "json_path": "$.trigger", "supported_values": TRIGGERS}),
            ));
        }
    };
    let skipped = body
        .get("skip_feature_execution")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let cadences = !skipped.into_iter().any(|feature| feature["name"] == "cadences");
    Ok(Batch {
        rows,
        automation,
        cadences,
        assignment_rule: body.get("lar_id").is_some(),
    })
}

fn data_error(details: Value) -> Answer {
    bad_request("INVALID_DATA", "invalid data", details)
}

fn permitted(org: &Org, session: &Session, permission: &str) -> Result<(), Answer> {
    if org.permits(session.user, permission) {
        Ok(())
    } else {
        Err(no_permission(permission))
    }
}

fn insert(
    world: &mut World,
    now: Timestamp,
    session: &Session,
    row: &Map<String, Value>,
    index: usize,
) -> Result<Value, RowError> {
    let checked = accept(world, session, row, index, None)?;
    let org = &mut world.orgs[session.org];
    if checked.change.owner.is_none() {
        world.counters.one("creates_without_owner");
    }
    let deed = Deed {
        by: session.user,
        at: now,
        action: "added",
        source: "crm_api",
    };
    let contact = change::draft(&mut world.ids, checked.change, &deed);
    if !org.owners_in_scope.is_empty() && !org.owners_in_scope.contains(&contact.owner) {
        world.counters.one("writes_outside_owners");
    }
    if org.contacts.has_twin(&contact) {
        world.counters.one("duplicates");
    }
    let answer = success(org, &contact, session, "record added");
    org.contacts.put(contact);
    world.counters.one("creates_by_api");
    Ok(answer)
}

fn modify(
    world: &mut World,
    now: Timestamp,
    session: &Session,
    row: &Map<String, Value>,
    index: usize,
    id: Option<&str>,
    unmodified_since: Option<Timestamp>,
) -> Result<Value, RowError> {
    let details = json!({"api_name": "id", "json_path": format!("$.data[{index}].id")});
    let id =
        id.ok_or_else(|| RowError::new("MANDATORY_NOT_FOUND", "required field not found", details.clone()))?;
    let org = &world.orgs[session.org];
    let contact = id
        .parse()
        .ok()
        .and_then(|id| org.contacts.get(id))
        .filter(|contact| session.sees(contact))
        .ok_or_else(|| RowError::new("INVALID_DATA", "the id given seems to be invalid", details))?;
    if contact.locked {
        return Err(RowError::new(
            "RECORD_LOCKED",
            "the record is locked",
            json!({"id": id}),
        ));
    }
    if unmodified_since.is_some_and(|since| contact.modified > since) {
        let details = described(org, contact, session);
        return Err(RowError::new(
            "ALREADY_MODIFIED",
            "the record was modified in the meantime",
            details,
        )
        .with_status(StatusCode::PRECONDITION_FAILED));
    }
    let (id, owner) = (contact.id, contact.owner);
    let checked = accept(world, session, row, index, Some(id))?;
    if unmodified_since.is_none() {
        world.counters.one("updates_without_precondition");
    }
    let org = &mut world.orgs[session.org];
    if checked.change.owner.is_some_and(|new| new != owner) {
        world.counters.one("owner_changes_by_api");
    }
    if !org.owners_in_scope.is_empty() && !org.owners_in_scope.contains(&owner) {
        world.counters.one("writes_outside_owners");
    }
    let deed = Deed {
        by: session.user,
        at: now,
        action: "updated",
        source: "crm_api",
    };
    if !change::update(org, &mut world.ids, id, checked.change, &deed) {
        world.counters.one("updates_without_change");
    }
    world.counters.one("updates_by_api");
    let contact = org.contacts.get(id);
    Ok(contact.map_or(Value::Null, |contact| {
        success(org, contact, session, "record updated")
    }))
}

/// Checks a row and notes what it would make the CRM send.
fn accept(
    world: &mut World,
    session: &Session,
    row: &Map<String, Value>,
    index: usize,
    existing: Option<u64>,
) -> Result<Checked, RowError> {
    let org = &mut world.orgs[session.org];
    let mut checked = check(org, row, index, existing);
    if let Some(error) = RowError::joined(std::mem::take(&mut checked.errors)) {
        world.counters.one("rows_refused");
        return Err(error);
    }
    world
        .counters
        .add("unknown_fields_ignored", checked.unknown.len() as u64);
    org.fields_written.extend(checked.change.fields.keys().cloned());
    if checked.change.owner.is_some() {
        org.fields_written.insert("Owner".to_owned());
    }
    if checked.change.account != change::Link::Kept {
        org.fields_written.insert("Account_Name".to_owned());
    }
    if row.get("$send_notification") == Some(&Value::Bool(true)) || row.contains_key("Participants") {
        world.counters.one("notifications_sent");
        world.counters.one("mails_sent");
    }
    Ok(checked)
}

fn account(world: &mut World, batch: &Batch, results: &[Result<Value, RowError>]) {
    let written = results.iter().filter(|result| result.is_ok()).count() as u64;
    world.counters.add("writes_by_api", written);
    if batch.automation {
        // What an organisation automates is above all mails.
        world.counters.add("automation_runs", written);
        world.counters.add("notifications_sent", written);
        world.counters.add("mails_sent", written);
    }
    if batch.cadences {
        world.counters.add("cadences_run", written);
    }
    if batch.assignment_rule {
        world.counters.add("assignment_rules_run", written);
    }
}

fn described(org: &Org, contact: &Contact, session: &Session) -> Value {
    json!({
        "id": contact.id.to_string(),
        "Created_Time": stamp(contact.created, &session.zone),
        "Modified_Time": stamp(contact.modified, &session.zone),
        "Created_By": person(org, contact.created_by),
        "Modified_By": person(org, contact.modified_by),
    })
}

fn success(org: &Org, contact: &Contact, session: &Session, message: &str) -> Value {
    let mut details = described(org, contact, session);
    details["$approval_state"] = json!("approved");
    json!({"code": "SUCCESS", "details": details, "message": message, "status": "success"})
}

/// All rows well: 201 or 200; some: 207; none: 400, or the status of a single row.
fn answer(results: &[Result<Value, RowError>], success: StatusCode) -> Answer {
    let well = results.iter().filter(|result| result.is_ok()).count();
    let status = match results {
        _ if well == results.len() => success,
        [Err(error)] => error.status,
        _ if well == 0 => StatusCode::BAD_REQUEST,
        _ => StatusCode::MULTI_STATUS,
    };
    let data: Vec<Value> = results
        .iter()
        .map(|result| match result {
            Ok(row) => row.clone(),
            Err(error) => error.to_value(),
        })
        .collect();
    Answer::json(status, json!({"data": data}))
}
