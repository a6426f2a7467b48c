//! `PATCH …/contacts/{id}`.

use serde_json::Value;

use super::super::errors::{Failure, Reply};
use super::super::http_api::Call;
use super::super::mailbox_api::Desk;
use super::render::View;

pub(in crate::graph) fn update(desk: &mut Desk<'_>, call: &Call, key: u64) -> Result<Reply, Failure> {
    call.query.allow(&[])?;
    let guarded = super::precondition(desk, call, key)?;
    let body = call.json()?;
    let contact = desk
        .mailbox
        .contacts
        .get(&key)
        .ok_or_else(Failure::item_not_found)?;
    let folder = contact.folder;
    let mut content = contact.content.clone();
    content.apply(&body)?;
    let unchanged = content == contact.content;
    desk.room_for(&content.extended)?;
    if unchanged {
        desk.counters.add("noop_updates");
    }
    desk.mailbox.write(key, content, desk.now);
    let bump = desk.second_bump();
    desk.mailbox.schedule_bump(key, desk.now, bump);
    desk.wrote_in(folder);
    desk.counters.add("updates");
    if !guarded {
        desk.counters.add("updates_without_if_match");
    }
    let view = View {
        immutable: call.prefer.immutable_id,
        ..View::default()
    };
    super::one(desk, call, key, &view).map(|body| Reply::ok(Value::Object(body)))
}
