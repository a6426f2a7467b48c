//! What was written to each mailbox, from the emulators' journal.

use std::collections::BTreeMap;

use emulators::{
    Control,
    core::journal::{Query, View},
};

use crate::error::Result;

/// More than the demo makes between two looks.
const LIMIT: usize = 20_000;

/// Contacts written to one mailbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Writes {
    pub(crate) created: u32,
    pub(crate) updated: u32,
    pub(crate) deleted: u32,
}

/// Writes by the user in the path, and how far the journal was read.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    read: u64,
    by_user: BTreeMap<String, Writes>,
}

impl Activity {
    /// Reads what is new.
    pub(crate) async fn read(&mut self, control: &Control) -> Result<()> {
        let query = Query {
            service: Some("graph".to_owned()),
            path_contains: Some("/contacts".to_owned()),
            since: Some(self.read),
            limit: Some(LIMIT),
            ..Query::default()
        };
        for view in control.journal(&query).await? {
            // What is not answered yet is looked at again the next time, with everything after it.
            if view.outcome == "pending" {
                break;
            }
            self.read = view.seq;
            self.count(&view);
        }
        Ok(())
    }

    /// The writes to the mailbox of a user, whichever name the calls used.
    pub(crate) fn of(&self, user: &str, id: Option<&str>) -> Writes {
        let mut sum = Writes::default();
        let mut names = vec![user.to_lowercase()];
        names.extend(id.map(str::to_lowercase));
        names.dedup();
        for writes in names.iter().filter_map(|name| self.by_user.get(name)) {
            sum.created += writes.created;
            sum.updated += writes.updated;
            sum.deleted += writes.deleted;
        }
        sum
    }

    fn count(&mut self, view: &View) {
        if !view.status.is_some_and(|status| (200..300).contains(&status)) {
            return;
        }
        let Some((user, rest)) = view
            .path
            .split_once("/users/")
            .and_then(|(_, rest)| rest.split_once('/'))
        else {
            return;
        };
        // `.../contacts` takes new ones, `.../contacts/{id}` changes one; `.../contacts/delta` is only read.
        let one = rest.rsplit_once("/contacts/").is_some();
        let writes = self.by_user.entry(user.to_lowercase()).or_default();
        match view.method.as_str() {
            "POST" if rest.ends_with("/contacts") => writes.created += 1,
            "PATCH" if one => writes.updated += 1,
            "DELETE" if one => writes.deleted += 1,
            _ => {}
        }
    }
}
