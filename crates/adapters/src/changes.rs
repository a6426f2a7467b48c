//! What changed in a folder of contacts: pages of delta rounds (`research/graph.md` §8).

use msgraph::{
    ContactChange, Contacts, DeltaCursor, DeltaNext, DeltaPage, Error, LARGEST_DELTA_PAGE, Request,
};
use sync_runtime::ports::{ChangePage, Entry, Failure, NextPage};

use crate::item;
use crate::office_failure::{lacking, office_failure};
use crate::place;

/// A page that the service gets done where it fails at a large one (`research/graph.md` §3).
const SMALL_PAGE: u32 = 50;

/// Asks for the page at a place, or for the first one of a round that brings everything.
pub(crate) fn request(contacts: &Contacts, from: Option<&DeltaCursor>) -> Request<DeltaPage> {
    sized(contacts, from, LARGEST_DELTA_PAGE)
}

fn sized(contacts: &Contacts, from: Option<&DeltaCursor>, page: u32) -> Request<DeltaPage> {
    match from {
        Some(cursor) => contacts.delta_from(cursor, page),
        None => contacts.delta(&place::mapped(), page),
    }
}

/// What an answer to [`request`] means; `None` if the service no longer knows the place.
pub(crate) async fn page(
    contacts: &Contacts,
    from: Option<&DeltaCursor>,
    answer: Result<DeltaPage, Error>,
) -> Result<Option<ChangePage>, Failure> {
    let answer = match answer {
        Err(Error::Unavailable(answer)) if matches!(answer.status, 500 | 502 | 504) => {
            sized(contacts, from, SMALL_PAGE).send().await
        }
        answer => answer,
    };
    match answer {
        Ok(page) => Ok(Some(read(page))),
        // A round that was about to start has no place to be forgotten.
        Err(error) if error.class() == msgraph::Class::Gone && from.is_some() => Ok(None),
        Err(error) => Err(office_failure(&error)),
    }
}

/// That a folder is there and its changes are not shows a moment in between, not a deletion.
pub(crate) fn contradiction() -> Failure {
    lacking("changes of a folder that is there are not found")
}

fn read(page: DeltaPage) -> ChangePage {
    let entry = |change| match change {
        ContactChange::Present(contact) => Entry::Present(item::hint(*contact)),
        ContactChange::Removed { id, .. } => Entry::Removed(id),
    };
    ChangePage {
        entries: page.changes.into_iter().map(entry).collect(),
        next: match page.next {
            DeltaNext::Page(cursor) => NextPage::More(cursor.to_string()),
            DeltaNext::Round(cursor) => NextPage::Round(cursor.to_string()),
        },
    }
}
