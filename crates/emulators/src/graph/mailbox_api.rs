//! The calls inside one mailbox.

use ambient::Random as _;
use http::Method;
use jiff::Timestamp;
use serde_json::json;

use super::counters::Counters;
use super::errors::{Failure, Reply};
use super::extended::Extended;
use super::http_api::{Call, Caller};
use super::mailbox::{DEFAULT, Mailbox, SecondBump, TRASH};
use super::options::Options;
use super::{Inner, contacts, folders, mail};

/// What a call in a mailbox works on.
pub(super) struct Desk<'a> {
    pub(super) mailbox: &'a mut Mailbox,
    pub(super) options: &'a Options,
    pub(super) counters: &'a mut Counters,
    pub(super) user: &'a str,
    /// Decides where there is a choice.
    pub(super) draw: u64,
    pub(super) now: Timestamp,
}

impl Desk<'_> {
    /// When the item that is being written changes once more.
    pub(super) fn second_bump(&self) -> SecondBump {
        SecondBump {
            seconds: self.options.second_bump,
            draw: self.draw,
        }
    }

    /// The contact folder with this id, if it can be seen.
    pub(super) fn folder(&self, id: &str) -> Result<u64, Failure> {
        let key = match self.mailbox.folder_key(id) {
            Some(key) => key,
            None if super::ids::is_well_formed(id) => return Err(Failure::item_not_found()),
            None => return Err(Failure::malformed_id()),
        };
        let hidden = !self.options.trashed_folders_visible && self.mailbox.in_trash(key);
        if key == DEFAULT || (key > TRASH && !hidden) {
            Ok(key)
        } else {
            Err(Failure::item_not_found())
        }
    }

    /// The contact with this id, in whichever form; where a folder is named it has to be in there.
    pub(super) fn contact(&self, folder: Option<u64>, id: &str) -> Result<u64, Failure> {
        let key = match self.mailbox.contact_key(id) {
            Some(key) => key,
            None if super::ids::is_well_formed(id) => return Err(Failure::item_not_found()),
            None => return Err(Failure::malformed_id()),
        };
        let place = self.mailbox.contacts.get(&key).map(|contact| contact.folder);
        if folder.is_none() || folder == place {
            Ok(key)
        } else {
            Err(Failure::item_not_found())
        }
    }

    /// Refuses to write more into a mailbox that is full, and notes the names that the write uses.
    pub(super) fn room_for(&mut self, extended: &Extended) -> Result<(), Failure> {
        if self.mailbox.full {
            let text = "The mailbox has exceeded its quota.";
            return Err(Failure::new(507, "ErrorQuotaExceeded", text));
        }
        let named = extended.keys().filter(|id| id.contains("} Name "));
        self.mailbox.named_properties.extend(named.cloned());
        let named = u64::try_from(self.mailbox.named_properties.len()).unwrap_or(u64::MAX);
        self.counters.at_least("named_properties", named);
        Ok(())
    }

    /// Counts a write into a folder that crmlink has not marked as its own.
    pub(super) fn wrote_in(&mut self, folder: u64) {
        if !self.mailbox.is_marked(folder) {
            self.counters.add("writes_outside_marked_folder");
        }
    }
}

/// Runs one call; the caller is already let in.
pub(super) fn run(
    inner: &mut Inner,
    caller: &Caller,
    call: &Call,
    user: &str,
    rest: &[&str],
    now: Timestamp,
) -> Result<Reply, Failure> {
    let gone = || Failure::new(404, "ResourceNotFound", "Resource could not be discovered.");
    let draw = inner.random.next_u64();
    let tenant = inner.tenants.get_mut(&caller.tenant).ok_or_else(gone)?;
    let index = tenant.user_index(user).ok_or_else(gone)?;
    if let ["sendMail"] = rest {
        return if call.method == Method::POST {
            mail::send(tenant, &mut inner.counters, call, index, now)
        } else {
            Err(Failure::method())
        };
    }
    let user = tenant.users.get_mut(index).ok_or_else(gone)?;
    if let ["mailboxSettings"] = rest {
        return if call.method == Method::GET {
            Ok(Reply::ok(
                json!({"timeZone": user.time_zone, "userPurpose": "user"}),
            ))
        } else {
            Err(Failure::method())
        };
    }
    user.mailbox.run_due(now, tenant.options.last_modified_churn);
    let mut desk = Desk {
        mailbox: &mut user.mailbox,
        options: &tenant.options,
        counters: &mut inner.counters,
        user: &user.id,
        draw,
        now,
    };
    route(&mut desk, call, rest)
}

fn route(desk: &mut Desk<'_>, call: &Call, rest: &[&str]) -> Result<Reply, Failure> {
    let method = &call.method;
    match *rest {
        ["contactFolders"] => folders_in(desk, call, DEFAULT),
        ["contactFolders", folder, "childFolders"] => {
            let key = desk.folder(folder)?;
            folders_in(desk, call, key)
        }
        ["contactFolders", folder] => {
            let key = desk.folder(folder)?;
            match *method {
                Method::GET => folders::get(desk, call, key),
                Method::PATCH => folders::update(desk, call, key),
                Method::DELETE => folders::delete(desk, key),
                _ => Err(Failure::method()),
            }
        }
        ["contactFolders", folder, "permanentDelete"] if method == Method::POST => {
            let key = desk.folder(folder)?;
            folders::permanent_delete(desk, key)
        }
        ["contactFolders", folder, "contacts", ref rest @ ..] => {
            let key = desk.folder(folder).map_err(|failure| {
                // A change query on a folder that is gone has a code of its own.
                if rest.first().is_some_and(|name| is_delta(name)) && failure.status == 404 {
                    Failure::new(
                        404,
                        "ErrorSyncFolderNotFound",
                        "The sync folder could not be found.",
                    )
                } else {
                    failure
                }
            })?;
            contacts_in(desk, call, key, Some(key), rest)
        }
        ["contacts", ref rest @ ..] => contacts_in(desk, call, DEFAULT, None, rest),
        _ => Err(Failure::unknown_path(rest.last().copied().unwrap_or_default())),
    }
}

fn folders_in(desk: &mut Desk<'_>, call: &Call, parent: u64) -> Result<Reply, Failure> {
    match call.method {
        Method::GET => folders::list(desk, call, parent),
        Method::POST => folders::create(desk, call, parent),
        _ => Err(Failure::method()),
    }
}

fn is_delta(name: &str) -> bool {
    matches!(
        name,
        "delta" | "delta()" | "microsoft.graph.delta" | "microsoft.graph.delta()"
    )
}

fn contacts_in(
    desk: &mut Desk<'_>,
    call: &Call,
    folder: u64,
    within: Option<u64>,
    rest: &[&str],
) -> Result<Reply, Failure> {
    let method = &call.method;
    match *rest {
        [] if method == Method::GET => contacts::list::list(desk, call, folder),
        [] if method == Method::POST => contacts::create::create(desk, call, folder),
        [] => Err(Failure::method()),
        [name] if is_delta(name) && within.is_some() => {
            if method == Method::GET {
                contacts::delta::delta(desk, call, folder)
            } else {
                Err(Failure::method())
            }
        }
        [contact] => {
            let key = desk.contact(within, contact)?;
            match *method {
                Method::GET => contacts::list::get(desk, call, key),
                Method::PATCH => contacts::update::update(desk, call, key),
                Method::DELETE => contacts::remove::delete(desk, call, key),
                _ => Err(Failure::method()),
            }
        }
        // Photos are not emulated: nobody has one.
        [contact, "photo", ..] if method == Method::GET => {
            desk.contact(within, contact)?;
            let text = "The specified object was not found in the store., The photo wasn't found.";
            Err(Failure::new(404, "ImageNotFound", text))
        }
        [contact, "permanentDelete"] if method == Method::POST => {
            let key = desk.contact(within, contact)?;
            contacts::remove::permanent_delete(desk, key)
        }
        _ => Err(Failure::unknown_path(rest.last().copied().unwrap_or_default())),
    }
}
