//! What the change query of a folder tells.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use jiff::{SignedDuration, Timestamp};

/// The changes of one folder by version; an item stands here once, where it changed last.
#[derive(Debug, Default)]
pub(super) struct ChangeLog {
    entries: BTreeMap<u64, Entry>,
    /// Where the departures stand.
    gone: HashMap<u64, u64>,
    /// The number of rounds so far: each round is a generation.
    pub(super) generation: u64,
    /// Links up to this generation are refused whatever their age.
    pub(super) expired: u64,
    /// Answers that still come once more.
    pub(super) looping: u64,
}

#[derive(Debug)]
struct Entry {
    at: Timestamp,
    change: Change,
}

/// One entry of a round.
#[derive(Debug)]
pub(super) enum Change {
    /// The contact with this key is there.
    Put(u64),
    /// A contact is said to be gone.
    Gone(Departure),
}

/// How a contact left, or seemed to.
#[derive(Debug)]
pub(super) struct Departure {
    pub(super) immutable: String,
    pub(super) mutable: String,
    pub(super) reason: &'static str,
    /// The folder was empty afterwards.
    pub(super) last: bool,
}

impl ChangeLog {
    /// The contact has a new version instead of the one before.
    pub(super) fn put(&mut self, key: u64, before: u64, version: u64, at: Timestamp) {
        self.entries.remove(&before);
        let change = Change::Put(key);
        self.entries.insert(version, Entry { at, change });
    }

    /// The contact has come, so it is no longer told that it left.
    pub(super) fn enter(&mut self, key: u64) {
        if let Some(version) = self.gone.remove(&key) {
            self.entries.remove(&version);
        }
    }

    /// The contact has left.
    pub(super) fn depart(
        &mut self,
        key: u64,
        before: u64,
        version: u64,
        at: Timestamp,
        departure: Departure,
    ) {
        self.entries.remove(&before);
        self.announce(version, at, departure);
        self.gone.insert(key, version);
    }

    /// The contact is told to have left although it is there.
    pub(super) fn announce(&mut self, version: u64, at: Timestamp, departure: Departure) {
        let change = Change::Gone(departure);
        self.entries.insert(version, Entry { at, change });
    }

    /// The latest version that shows, where changes take some seconds to do so.
    pub(super) fn top(&self, now: Timestamp, delay: u64) -> u64 {
        let delay = SignedDuration::from_secs(i64::try_from(delay).unwrap_or(i64::MAX));
        let until = now.saturating_sub(delay).unwrap_or(Timestamp::MIN);
        let shown = self.entries.iter().rev().find(|(_, entry)| entry.at <= until);
        shown.map_or(0, |(version, _)| *version)
    }

    /// The changes behind `cursor` up to `top`.
    pub(super) fn between(&self, cursor: u64, top: u64) -> impl Iterator<Item = (u64, &Change)> {
        // A change may show, and one before it be gone by the time a page is asked for.
        let from = Bound::Excluded(cursor.min(top));
        self.entries
            .range((from, Bound::Unbounded))
            .take_while(move |(version, _)| **version <= top)
            .map(|(version, entry)| (*version, &entry.change))
    }

    /// The latest changes up to `cursor`, oldest first.
    pub(super) fn latest(&self, cursor: u64, count: usize) -> Vec<&Change> {
        let mut latest: Vec<&Change> = self
            .entries
            .range(..=cursor)
            .rev()
            .take(count)
            .map(|(_, entry)| &entry.change)
            .collect();
        latest.reverse();
        latest
    }
}
