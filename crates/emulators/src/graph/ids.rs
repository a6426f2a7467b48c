//! Ids as Exchange makes them: opaque, case-sensitive, with `-`, `_` and `=` in them, and derived from the seed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::Value;
use uuid::Uuid;

/// A directory object's id, the same for the same names.
pub(super) fn object_id(seed: u64, parts: &[&str]) -> String {
    let name = format!("crmlink-emulator/{seed}/{}", parts.join("/"));
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

fn derived(prefix: &str, salt: &Uuid, name: &str) -> String {
    let head = Uuid::new_v5(salt, name.as_bytes());
    let tail = Uuid::new_v5(&head, b"tail");
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(head.as_bytes());
    bytes[16..].copy_from_slice(tail.as_bytes());
    format!("{prefix}{}", URL_SAFE.encode(bytes))
}

/// Items made one behind the other differ in the case of one letter: whoever compares ids without case, or keeps
/// them in a store that does, takes them for one.
fn look_alike(key: u64, id: impl Fn(u64) -> String) -> String {
    let mut id = id(key & !1).into_bytes();
    if key & 1 == 1
        && let Some(letter) = id.iter_mut().rev().find(|byte| byte.is_ascii_alphabetic())
    {
        *letter ^= 0x20;
    }
    // One ASCII letter was swapped for another.
    String::from_utf8(id).unwrap_or_default()
}

/// Stays when the item moves inside the mailbox.
pub(super) fn immutable(salt: &Uuid, key: u64) -> String {
    look_alike(key, |key| derived("AAkALgAA", salt, &format!("item {key}")))
}

/// Belongs to the place too: another one after each move.
pub(super) fn mutable(salt: &Uuid, key: u64, folder: u64, moves: u32) -> String {
    look_alike(key, |key| {
        derived("AAMkADAw", salt, &format!("item {key} in {folder} after {moves}"))
    })
}

/// Folder ids are constant whatever the caller prefers.
pub(super) fn folder(salt: &Uuid, key: u64) -> String {
    derived("AAMkADAwLgAA", salt, &format!("folder {key}"))
}

/// The version of an item; `@odata.etag` carries the same text.
pub(super) fn change_key(salt: &Uuid, version: u64) -> String {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&salt.as_bytes()[..8]);
    bytes[8..].copy_from_slice(&version.to_be_bytes());
    format!("EQAAABYAAAA{}", STANDARD.encode(bytes))
}

/// Whether a text can be an Exchange id at all; the service tells this apart from an id that is not there.
pub(super) fn is_well_formed(id: &str) -> bool {
    id.len() >= 44
        && id.starts_with("AA")
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'='))
}

/// An opaque token for links.
pub(super) fn seal(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The content of an own token.
pub(super) fn unseal(token: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}
