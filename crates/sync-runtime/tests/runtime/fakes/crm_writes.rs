//! A CRM in memory: what it makes of writes.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};
use sync_runtime::ports::{ItemFailure, NewRecord, RecordUpdate, Service, Written};

use super::crm::{FakeCrm, Record, State};

impl FakeCrm {
    /// One row after the other; a crash leaves the rest undone.
    pub(super) async fn each<I, T>(
        &self,
        call: &'static str,
        rows: &[I],
        one: impl Fn(&mut State, &I, Timestamp) -> Result<T, ItemFailure>,
    ) -> Vec<Result<T, ItemFailure>> {
        let mut results = Vec::with_capacity(rows.len());
        for row in rows {
            let fate = self.faults.item(call, Service::Crm);
            let result = if fate.effect {
                one(&mut self.state(), row, self.now())
            } else {
                Err(ItemFailure::Gone)
            };
            if fate.dies {
                self.faults.crash().await;
            }
            results.push(fate.failure.map_or(result, Err));
        }
        results
    }

    pub(super) fn meddle(&self) {
        let now = self.now();
        let mut state = self.state();
        if state.meddling > 0 {
            state.meddling -= 1;
            for record in state.records.values_mut() {
                record.modified = now.max(record.modified + SignedDuration::from_secs(1));
            }
        }
    }
}

fn refused(code: &str, field: &str) -> ItemFailure {
    ItemFailure::Refused {
        code: code.to_owned(),
        field: Some(field.to_owned()),
    }
}

impl State {
    fn accepts(&self, id: Option<&str>, fields: &Map<String, Json>) -> Result<(), ItemFailure> {
        if fields
            .get("Last_Name")
            .map_or(id.is_none(), |name| name.as_str().is_none_or(str::is_empty))
        {
            return Err(refused("MANDATORY_NOT_FOUND", "Last_Name"));
        }
        for (field, value) in fields {
            let Some(text) = value.as_str() else { continue };
            if let Some(most) = self.rules.lengths.get(field)
                && text.chars().count() > *most
            {
                return Err(refused(
                    &format!("INVALID_DATA, at most {most} characters"),
                    field,
                ));
            }
            if let Some(bad) = self.rules.refuses.get(field)
                && text.contains(bad)
            {
                return Err(refused("INVALID_DATA", field));
            }
            if !self.rules.unique.contains(field) {
                continue;
            }
            let holds = |record: &Record| {
                let held = record.fields.get(field).and_then(Json::as_str);
                held.is_some_and(|held| held.eq_ignore_ascii_case(text))
            };
            let mut holders = self.records.iter().filter(|(_, record)| holds(record));
            if let Some((holder, record)) = holders.find(|(holder, _)| Some(holder.as_str()) != id) {
                return Err(ItemFailure::Exists {
                    id: holder.clone(),
                    owner: Some(record.owner.clone()),
                    field: Some(field.clone()),
                });
            }
        }
        Ok(())
    }

    pub(super) fn insert(
        &mut self,
        owner: &str,
        row: &NewRecord,
        now: Timestamp,
    ) -> Result<Written, ItemFailure> {
        self.accepts(None, &row.fields)?;
        self.writes.inserts += 1;
        Ok(self.put(owner, row.fields.clone(), false, now))
    }

    pub(super) fn put(
        &mut self,
        owner: &str,
        fields: Map<String, Json>,
        imported: bool,
        now: Timestamp,
    ) -> Written {
        self.next += 1;
        let id = format!("{:08}", self.next);
        let record = Record {
            owner: owner.to_owned(),
            created: now,
            modified: now,
            fields,
            imported,
            hidden: false,
        };
        self.records.insert(id.clone(), record);
        Written { id, modified: now }
    }

    pub(super) fn delete(&mut self, id: &str, now: Timestamp) -> Result<(), ItemFailure> {
        if self.rules.locked.contains(id) {
            return Err(refused("RECORD_NOT_DELETABLE", "id"));
        }
        if self.records.get(id).is_none_or(|record| record.hidden) {
            return Err(ItemFailure::Gone);
        }
        self.writes.deletes += 1;
        self.remove(id, now);
        Ok(())
    }

    pub(super) fn remove(&mut self, id: &str, now: Timestamp) {
        let record = self.records.remove(id).unwrap();
        self.bin.insert(id.to_owned(), record);
        self.deleted.push((id.to_owned(), now));
    }
}

/// The condition knows whole seconds only.
pub(super) fn update(state: &mut State, row: &RecordUpdate, now: Timestamp) -> Result<Written, ItemFailure> {
    let Some(record) = state.records.get(&row.id).filter(|record| !record.hidden) else {
        return Err(ItemFailure::Gone);
    };
    if record.modified > row.unmodified_since {
        return Err(ItemFailure::Changed);
    }
    state.accepts(Some(&row.id), &row.fields)?;
    state.writes.updates += 1;
    state.writes.updated_fields += row.fields.len() as u64;
    let record = state.records.get_mut(&row.id).unwrap();
    let before = record.fields.clone();
    record.fields.extend(row.fields.clone());
    record.fields.retain(|_, value| !value.is_null());
    record.modified = now.max(record.modified);
    let modified = record.modified;
    state.writes.no_ops += u64::from(record.fields == before);
    Ok(Written {
        id: row.id.clone(),
        modified,
    })
}
