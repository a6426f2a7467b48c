//! What the staff does in the CRM, and what a test sees of it.

use serde_json::{Map, Value as Json};

use super::crm::{CrmWrites, FakeCrm, State};

fn fields(values: &[(&str, &str)]) -> Map<String, Json> {
    let of_field = |(name, value): &(&str, &str)| ((*name).to_owned(), Json::from(*value));
    values.iter().map(of_field).collect()
}

impl FakeCrm {
    pub(crate) fn writes(&self) -> CrmWrites {
        self.state().writes
    }

    pub(crate) fn snapshot(&self) -> State {
        self.state().clone()
    }

    pub(crate) fn add(&self, owner: &str, values: &[(&str, &str)]) -> String {
        let now = self.now();
        self.state().put(owner, fields(values), false, now).id
    }

    pub(crate) fn import(&self, owner: &str, values: &[(&str, &str)]) -> String {
        let now = self.now();
        self.state().put(owner, fields(values), true, now).id
    }

    /// `None` clears.
    pub(crate) fn edit(&self, id: &str, field: &str, value: Option<&str>) {
        let now = self.now();
        let mut state = self.state();
        let record = state.records.get_mut(id).unwrap();
        match value {
            Some(value) => record.fields.insert(field.to_owned(), value.into()),
            None => record.fields.remove(field),
        };
        record.modified = now.max(record.modified);
    }

    pub(crate) fn touch(&self, id: &str) {
        self.edit(id, "Lead_Source", Some("touched"));
    }

    pub(crate) fn transfer(&self, id: &str, owner: &str) {
        self.touch(id);
        owner.clone_into(&mut self.state().records.get_mut(id).unwrap().owner);
    }

    pub(crate) fn hide(&self, id: &str, hidden: bool) {
        self.state().records.get_mut(id).unwrap().hidden = hidden;
    }

    pub(crate) fn delete(&self, id: &str) {
        let now = self.now();
        self.state().remove(id, now);
    }

    /// From the recycle bin; its time stays as it was.
    pub(crate) fn restore(&self, id: &str) {
        let mut state = self.state();
        let record = state.bin.remove(id).unwrap();
        state.records.insert(id.to_owned(), record);
        state.deleted.retain(|(deleted, _)| deleted != id);
    }

    /// A deletion that the feed asks for too late: it is on the list, with an earlier time.
    pub(crate) fn forgets_the_news_of(&self, id: &str) {
        let mut state = self.state();
        let hour = jiff::SignedDuration::from_hours(1);
        let row = state.deleted.iter_mut().find(|(deleted, _)| deleted == id);
        let (_, at) = row.unwrap();
        *at -= hour;
    }

    /// The loser goes, and the winner takes what it lacks.
    pub(crate) fn merge(&self, winner: &str, loser: &str) {
        let lost = self.state().records[loser].fields.clone();
        self.delete(loser);
        self.touch(winner);
        let mut state = self.state();
        let kept = &mut state.records.get_mut(winner).unwrap().fields;
        for (field, value) in lost {
            kept.entry(field).or_insert(value);
        }
    }

    pub(crate) fn text(&self, id: &str, field: &str) -> Option<String> {
        let state = self.state();
        let value = state.records.get(id)?.fields.get(field)?;
        value.as_str().map(str::to_owned)
    }

    /// The records of an owner under this last name.
    pub(crate) fn named(&self, owner: &str, last_name: &str) -> Vec<String> {
        let state = self.state();
        let named = state.records.iter().filter(|(_, record)| {
            record.owner == owner && record.fields.get("Last_Name").and_then(Json::as_str) == Some(last_name)
        });
        named.map(|(id, _)| id.clone()).collect()
    }

    /// The one record under this last name.
    pub(crate) fn the(&self, last_name: &str) -> String {
        let ids = self.named("alice", last_name);
        assert_eq!(ids.len(), 1, "records named {last_name}");
        ids[0].clone()
    }

    pub(crate) fn makes_unique(&self, field: &str) {
        self.state().rules.unique.insert(field.to_owned());
    }

    pub(crate) fn limits(&self, field: &str, characters: usize) {
        self.state().rules.lengths.insert(field.to_owned(), characters);
    }

    /// From now on texts that contain this are refused in a field; nothing is with `None`.
    pub(crate) fn refuses(&self, field: &str, text: Option<&str>) {
        let refuses = &mut self.state().rules.refuses;
        match text {
            Some(text) => refuses.insert(field.to_owned(), text.to_owned()),
            None => refuses.remove(field),
        };
    }

    pub(crate) fn locks(&self, id: &str) {
        self.state().rules.locked.insert(id.to_owned());
    }

    pub(crate) fn meddles(&self, times: u64) {
        self.state().meddling = times;
    }
}
