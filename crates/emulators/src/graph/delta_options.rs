//! How a tenant's change query behaves where the real one varies.

use serde_json::Value;

use super::section::{Section, refuse};
use crate::core::service::Refused;

/// What an answer to a link that is too old says: all of these have been seen.
const EXPIRED_CODES: [&str; 4] = [
    "SyncStateNotFound",
    "SyncStateInvalid",
    "ResyncRequired",
    "resyncRequired",
];

/// The switches, in the world file under `delta`.
#[derive(Debug, Clone)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent switches of a test world"
)]
pub(super) struct DeltaOptions {
    /// How many generations of links stay valid.
    pub(super) generations: u64,
    /// Status and code of a link that is too old.
    pub(super) expired: (u16, &'static str),
    /// Entries of the round before that come again at the start of a round.
    pub(super) replays: u64,
    /// A follow-up round starts with an empty page.
    pub(super) empty_page: bool,
    /// Seconds after which a change shows.
    pub(super) delay: u64,
    /// With `$select`, only a change to one of the selected properties is a change.
    pub(super) select_narrows: bool,
    /// The removal that leaves a folder empty is never told.
    pub(super) loses_last_removal: bool,
    /// The entries of a page come in no order.
    pub(super) unordered: bool,
}

impl Default for DeltaOptions {
    fn default() -> Self {
        Self {
            generations: 3,
            expired: (410, EXPIRED_CODES[0]),
            replays: 0,
            empty_page: false,
            delay: 0,
            select_narrows: true,
            loses_last_removal: false,
            unordered: false,
        }
    }
}

impl DeltaOptions {
    /// Takes the members that are there; what is absent stays.
    pub(super) fn read(&mut self, at: String, value: &Value) -> Result<(), Refused> {
        let mut delta = Section::new(at, value)?;
        self.generations = delta.number("generations", self.generations)?.max(1);
        self.replays = delta.number("replays", self.replays)?;
        self.empty_page = delta.flag("emptyPage", self.empty_page)?;
        self.delay = delta.number("delaySeconds", self.delay)?;
        self.select_narrows = delta.flag("selectNarrows", self.select_narrows)?;
        self.loses_last_removal = delta.flag("losesLastRemoval", self.loses_last_removal)?;
        self.unordered = delta.flag("unordered", self.unordered)?;
        self.expired.0 = match delta.number("expiredStatus", u64::from(self.expired.0))? {
            400 => 400,
            404 => 404,
            410 => 410,
            _ => return Err(refuse(delta.path("expiredStatus"), "expected 400, 404 or 410")),
        };
        if let Some(code) = delta.opt_text("expiredCode")? {
            let known = EXPIRED_CODES.iter().find(|known| **known == code);
            self.expired.1 = known.ok_or_else(|| {
                refuse(
                    delta.path("expiredCode"),
                    format!("expected one of {}", EXPIRED_CODES.join(", ")),
                )
            })?;
        }
        delta.finish()
    }
}
