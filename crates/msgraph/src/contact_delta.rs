//! The pages of a contact delta round (`research/graph.md` §8).

use serde::Deserialize;
use serde_json::Value;

use crate::Graph;
use crate::contact::Contact;
use crate::delta_cursor::{DeltaCursor, Fingerprint};
use crate::error::Error;
use crate::link::Link;
use crate::request::Reply;

/// One page of a round.
#[derive(Debug, Clone, PartialEq)]
pub struct DeltaPage {
    /// What the page tells, in the order of the page. The same contact may come again, here or in a later round: the
    /// last one counts.
    pub changes: Vec<ContactChange>,
    /// How it goes on.
    pub next: DeltaNext,
}

/// How a round goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeltaNext {
    /// There is another page.
    Page(DeltaCursor),
    /// The round is over. To be stored once all of it is applied; the next round starts from it.
    Round(DeltaCursor),
}

/// A line of a delta page: a hint, not the truth.
#[derive(Debug, Clone, PartialEq)]
pub enum ContactChange {
    /// The contact is there, with at least its changed members.
    Present(Box<Contact>),
    /// The contact left the folder's view. No proof of a deletion: ask for it before believing so.
    Removed {
        /// The id.
        id: String,
        /// What the service says.
        reason: RemovedReason,
    },
}

/// Why the service calls an item removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovedReason {
    /// `deleted`: gone from the folder, deleted or moved.
    Deleted,
    /// `changed`: may come back.
    Changed,
    /// Something else.
    Other,
}

#[derive(Deserialize)]
struct Wire {
    value: Vec<Value>,
    #[serde(rename = "@odata.nextLink", default)]
    next: Option<Link>,
    #[serde(rename = "@odata.deltaLink", default)]
    delta: Option<Link>,
}

/// Reads the page that was asked for at `from`, or the first page of all.
pub(crate) fn read(reply: Reply, graph: &Graph, from: Option<&DeltaCursor>) -> Result<DeltaPage, Error> {
    let unreadable = Error::Unreadable {
        what: "contact delta page",
        status: reply.status,
    };
    let wire: Wire = reply.json("contact delta page")?;
    let next = match (wire.next, wire.delta) {
        (Some(link), None) => {
            let page = fingerprint(&wire.value);
            DeltaNext::Page(DeltaCursor::after(from, link, page)?)
        }
        (None, Some(link)) => DeltaNext::Round(DeltaCursor::at(link)),
        // Neither would end the round without a way on, both would leave it open which to take.
        (None, None) | (Some(_), Some(_)) => return Err(unreadable),
    };
    let (DeltaNext::Page(cursor) | DeltaNext::Round(cursor)) = &next;
    if cursor.link().below(graph.base()).is_none() {
        return Err(Error::ForeignLink);
    }
    let changes: Option<Vec<_>> = wire.value.into_iter().map(change).collect();
    Ok(DeltaPage {
        changes: changes.ok_or(unreadable)?,
        next,
    })
}

fn change(row: Value) -> Option<ContactChange> {
    let Some(removed) = row.get("@removed") else {
        return serde_json::from_value(row)
            .ok()
            .map(Box::new)
            .map(ContactChange::Present);
    };
    let reason = match removed["reason"].as_str() {
        Some("deleted") => RemovedReason::Deleted,
        Some("changed") => RemovedReason::Changed,
        _ => RemovedReason::Other,
    };
    Some(ContactChange::Removed {
        id: row["id"].as_str()?.to_owned(),
        reason,
    })
}

/// What a page tells, by ids and versions; `None` for an empty page, several of which may follow each other.
fn fingerprint(rows: &[Value]) -> Option<Fingerprint> {
    let version = |row: &Value| {
        let text = |member: &str| row[member].as_str().unwrap_or_default().to_owned();
        [text("id"), text("changeKey"), row["@removed"].to_string()]
    };
    (!rows.is_empty()).then(|| Fingerprint::of(rows.iter().flat_map(version)))
}
