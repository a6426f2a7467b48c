//! `DELETE …/contacts/{id}` and `permanentDelete`.

use super::super::errors::{Failure, Reply};
use super::super::http_api::Call;
use super::super::mailbox::TRASH;
use super::super::mailbox_api::Desk;

/// To Deleted Items, where the immutable id goes on answering; from there a second time for good.
pub(in crate::graph) fn delete(desk: &mut Desk<'_>, call: &Call, key: u64) -> Result<Reply, Failure> {
    let guarded = super::precondition(desk, call, key)?;
    let folder = desk.mailbox.contacts.get(&key).map(|contact| contact.folder);
    let folder = folder.ok_or_else(Failure::item_not_found)?;
    desk.wrote_in(folder);
    desk.counters.add("deletes");
    if !guarded {
        desk.counters.add("deletes_without_if_match");
    }
    if folder == TRASH {
        desk.mailbox.purge_contact(key);
    } else {
        desk.mailbox.move_contact(key, TRASH, desk.now);
    }
    Ok(Reply::no_content())
}

pub(in crate::graph) fn permanent_delete(desk: &mut Desk<'_>, key: u64) -> Result<Reply, Failure> {
    let folder = desk.mailbox.contacts.get(&key).map(|contact| contact.folder);
    desk.wrote_in(folder.ok_or_else(Failure::item_not_found)?);
    desk.counters.add("permanent_deletes");
    desk.mailbox.purge_contact(key);
    Ok(Reply::no_content())
}
