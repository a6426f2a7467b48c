//! What a sync remembers of itself between runs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sync_engine::hash::Base;

use crate::ports::Keyset;

/// What a sync remembers of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScopeState {
    /// The container.
    pub folder: Option<KnownFolder>,
    /// The container is about to be made: what is found in it later came after its making.
    pub making_folder: bool,
    /// The owner of the mailbox deleted the container.
    pub removed_by_owner: bool,
    /// How far the feed of the organisation has been read; `None` before the first listing starts.
    pub feed_position: Option<i64>,
    /// The first sync.
    pub initial: Initial,
    /// The mapping that the links were last compared under.
    pub mapping: Option<String>,
    /// The fingerprint of the key that the bases were hashed with.
    pub key: Option<String>,
    /// When something was last written on either side.
    pub last_change: Option<Timestamp>,
    /// Where the next round of the container's changes starts; `None` means that everything is to be listed.
    pub cursor: Option<String>,
    /// When the container's changes were last read.
    pub polled: Option<Timestamp>,
    /// When the container was last listed as a whole.
    pub listed: Option<Timestamp>,
    /// Since when the store is known to have been lost or to be older than the truth: contacts of an earlier time
    /// whose other side cannot be told wait for review.
    pub recovering: Option<Timestamp>,
    /// Some of them do wait.
    pub reviewing: bool,
    /// When every record of the owner was last looked at.
    pub passed: Option<Timestamp>,
    /// What the guard holds until somebody approves it.
    pub trip: Option<Trip>,
    /// What the guard has let through since nothing was left to do.
    pub run: RunCounts,
    /// Writes to contacts of which nobody knows whether they arrived, by record.
    pub unanswered: BTreeMap<String, Unanswered>,
    /// When its copies began to leave the mailbox, where it is being switched off.
    pub disabling: Option<Timestamp>,
}

/// What was about to be written to a contact, and what the other side held then: the base of these fields if it arrives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unanswered {
    /// To the item.
    pub to_office: Base,
    /// To the record.
    pub to_crm: Base,
}

/// What a run has done of what the guard watches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCounts {
    /// Deletions on either side.
    pub deletes: u64,
    /// Updates in the CRM.
    pub updates: u64,
}

/// The guard found more than it lets through: a frozen list of operations that waits for approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    /// Tells this trip from others of the same operations.
    pub id: String,
    /// What an approval names: over the trip's id and its operations, no values.
    pub hash: String,
    /// When.
    pub at: Timestamp,
    /// The tenant's limit was met, not the sync's own.
    pub by_tenant: bool,
}

/// The container as it was made or found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFolder {
    /// Its id.
    pub id: String,
    /// Where it lay: elsewhere means moved or trashed.
    pub parent: String,
    /// The name that was last declared, so that a change of it renames.
    pub name: String,
}

/// How far the first sync has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Initial {
    /// The listing continues after this row.
    pub listed_to: Option<Keyset>,
    /// The listing has reached its end.
    pub listed: bool,
    /// Records found.
    pub total: u64,
    /// Records that are in the mailbox.
    pub done: u64,
    /// Left out as imported.
    pub imported: u64,
    /// Left out beyond the cap.
    pub over_cap: u64,
    /// When nothing was left to do.
    pub completed: Option<Timestamp>,
}
