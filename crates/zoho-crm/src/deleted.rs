//! Deleted records (`research/zoho.md` §4).

use jiff::Timestamp;
use serde::Deserialize;

use crate::client::Zoho;
use crate::ids::RecordId;
use crate::module::Module;
use crate::pages::{PagedList, Pages};

open_enum! {
    /// Where a deleted record is.
    DeletedKind {
        /// In the recycle bin, for 60 days.
        Recycle = "recycle",
        /// Gone; listed for 120 days.
        Permanent = "permanent",
    }
}

/// A deleted record, without its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DeletedRecord {
    /// Its id.
    pub id: RecordId,
    /// Where it is.
    #[serde(rename = "type")]
    pub kind: DeletedKind,
    /// When it was deleted.
    pub deleted_time: Timestamp,
}

impl Zoho {
    /// What was deleted after `since`, or all that is still listed. The losing record of a merge is among it.
    #[must_use]
    pub fn deleted(&self, module: Module, since: Option<Timestamp>) -> Pages<DeletedRecord> {
        let list = PagedList {
            route: "GET /{module}/deleted",
            path: format!("/{module}/deleted"),
            query: vec![("type", "all".to_owned())],
            if_modified_since: since,
            key: "data",
        };
        Pages::new(self.clone(), list)
    }
}
