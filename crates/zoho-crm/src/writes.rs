//! Writing records (`research/zoho.md` §5). Every write keeps automation, cadences and mails off.

use http::Method;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::answer::failure;
use crate::call::{Call, Effect, IF_UNMODIFIED_SINCE, check_id};
use crate::client::Zoho;
use crate::coql::check_column;
use crate::error::{Error, RequestError};
use crate::ids::{RecordId, UserId};
use crate::module::Module;
use crate::outcome::{RowOutcome, outcomes};
use crate::records::at_most;
use crate::row::Row;

const MOST_ROWS: usize = 100;
/// They mail, make series or change hands; `Owner` has a place of its own.
const FORBIDDEN: [&str; 4] = ["Participants", "Recurring_Activity", "Owner", "id"];

/// A record to be made.
#[derive(Clone, PartialEq)]
pub struct NewRecord {
    /// The owner: without one, the row would belong to the token's user.
    pub owner: UserId,
    /// Values by API name.
    pub fields: Row,
}

/// A record to be changed.
#[derive(Clone, PartialEq)]
pub struct Change {
    /// Which.
    pub id: RecordId,
    /// Values by API name; null clears, an absent key keeps.
    pub fields: Row,
}

impl Zoho {
    /// Makes up to 100 records. One outcome per row, in order.
    ///
    /// # Errors
    /// For the whole call. [`Class::Ambiguous`](crate::Class::Ambiguous): look whether the rows exist before sending them again.
    pub async fn insert(&self, module: Module, rows: &[NewRecord]) -> Result<Vec<RowOutcome>, Error> {
        at_most("rows", rows.len(), MOST_ROWS)?;
        let data = rows.iter().map(|row| {
            check_id("user", row.owner.is_well_formed())?;
            let mut body = writable(module, &row.fields)?;
            body.insert("Owner".to_owned(), json!({ "id": row.owner }));
            Ok(Value::Object(body))
        });
        let body = envelope(&data.collect::<Result<Vec<_>, Error>>()?);
        let call = Call::new(
            Method::POST,
            "POST /{module}",
            format!("/{module}"),
            Effect::Insert,
        );
        self.write(&call.json(&body).costing(credits(rows.len())), rows.len())
            .await
    }

    /// Changes up to 100 records whatever happened to them since they were read. One outcome per row, in order.
    ///
    /// # Errors
    /// For the whole call.
    pub async fn update(&self, module: Module, rows: &[Change]) -> Result<Vec<RowOutcome>, Error> {
        at_most("rows", rows.len(), MOST_ROWS)?;
        self.change(module, rows, None).await
    }

    /// Changes a record unless it was changed after `unmodified_since`: the time it had when it was read. The condition
    /// counts for a whole call, hence the single record.
    ///
    /// # Errors
    /// For the whole call.
    pub async fn update_unmodified(
        &self,
        module: Module,
        row: &Change,
        unmodified_since: Timestamp,
    ) -> Result<RowOutcome, Error> {
        let outcomes = self
            .change(module, std::slice::from_ref(row), Some(unmodified_since))
            .await;
        match outcomes {
            Ok(mut outcomes) => outcomes.pop().ok_or(Error::Unreadable {
                route: "PUT /{module}",
                what: "no row",
            }),
            Err(error) => Err(error),
        }
    }

    /// Deletes up to 100 records: into the recycle bin. One outcome per row, in order.
    ///
    /// # Errors
    /// For the whole call.
    pub async fn delete(&self, module: Module, ids: &[RecordId]) -> Result<Vec<RowOutcome>, Error> {
        at_most("ids", ids.len(), MOST_ROWS)?;
        for id in ids {
            check_id("record", id.is_well_formed())?;
        }
        let list = ids.iter().map(RecordId::as_str).collect::<Vec<_>>().join(",");
        let call = Call::new(
            Method::DELETE,
            "DELETE /{module}",
            format!("/{module}"),
            Effect::Change,
        )
        .query("ids", &list)
        .query("wf_trigger", "false");
        self.write(&call, ids.len()).await
    }

    async fn change(
        &self,
        module: Module,
        rows: &[Change],
        unmodified_since: Option<Timestamp>,
    ) -> Result<Vec<RowOutcome>, Error> {
        let data = rows.iter().map(|row| {
            check_id("record", row.id.is_well_formed())?;
            let mut body = writable(module, &row.fields)?;
            body.insert("id".to_owned(), json!(row.id));
            Ok(Value::Object(body))
        });
        let body = envelope(&data.collect::<Result<Vec<_>, Error>>()?);
        let call = Call::new(Method::PUT, "PUT /{module}", format!("/{module}"), Effect::Change)
            .json(&body)
            .time_header(IF_UNMODIFIED_SINCE, unmodified_since)
            .costing(credits(rows.len()));
        self.write(&call, rows.len()).await
    }

    async fn write(&self, call: &Call, rows: usize) -> Result<Vec<RowOutcome>, Error> {
        if rows == 0 {
            return Ok(Vec::new());
        }
        let answer = self.send(call).await?;
        match outcomes(&answer, rows) {
            Some(outcomes) => Ok(outcomes),
            // One refusal for all rows.
            None if answer.status.is_client_error() => {
                Err(failure(call.route, call.effect, answer.status, &answer.body))
            }
            // It may well have happened, whatever the answer looks like.
            None => Err(Error::Ambiguous {
                route: call.route,
                status: answer.status.as_u16(),
            }),
        }
    }
}

/// The values that are sent: nothing that mails, changes hands or is no field.
fn writable(module: Module, fields: &Row) -> Result<Map<String, Value>, Error> {
    for name in fields.keys() {
        check_column(name).map_err(|_| RequestError::MalformedField)?;
        if name.starts_with('$') || FORBIDDEN.contains(&name.as_str()) {
            return Err(RequestError::ForbiddenField(name.clone()).into());
        }
    }
    let mut body = fields.clone();
    if module == Module::Events {
        body.insert("$send_notification".to_owned(), Value::Bool(false));
    }
    Ok(body)
}

/// An absent `trigger` runs all automation; `lar_id` would change the owner and layout rules are opt-in, so neither is
/// ever sent.
fn envelope(data: &[Value]) -> Value {
    json!({ "data": data, "trigger": [], "skip_feature_execution": [{ "name": "cadences" }] })
}

/// One credit for ten rows (`research/zoho.md` §8).
fn credits(rows: usize) -> u32 {
    u32::try_from(rows.div_ceil(10)).unwrap_or(u32::MAX).max(1)
}
