//! `POST …/contacts`.

use serde_json::Value;

use super::super::errors::{Failure, Reply};
use super::super::extended::MARKER;
use super::super::http_api::Call;
use super::super::mailbox_api::Desk;
use super::content::Content;
use super::render::View;

pub(in crate::graph) fn create(desk: &mut Desk<'_>, call: &Call, folder: u64) -> Result<Reply, Failure> {
    call.query.allow(&[])?;
    let content = Content::from_body(&call.json()?)?;
    desk.room_for(&content.extended)?;
    if let Some(marker) = content.extended.get(MARKER) {
        let mailbox = &*desk.mailbox;
        let twin = mailbox.with_extended(MARKER, marker).any(|key| {
            mailbox
                .contacts
                .get(&key)
                .is_some_and(|other| other.by_app && !mailbox.in_trash(other.folder))
        });
        if twin {
            desk.counters.add("duplicate_markers");
        }
    }
    let key = desk.mailbox.add_contact(folder, content, true, desk.now);
    let bump = desk.second_bump();
    desk.mailbox.schedule_bump(key, desk.now, bump);
    desk.wrote_in(folder);
    desk.counters.add("creates");
    // The answer shows the contact without its extended properties.
    let view = View {
        immutable: call.prefer.immutable_id,
        ..View::default()
    };
    super::one(desk, call, key, &view).map(|body| Reply::created(Value::Object(body)))
}
