//! A link: a CRM record and the mailbox item that belong together.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hash::Base;

/// One of the two services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// Microsoft 365.
    Office,
    /// The CRM.
    Crm,
}

/// How far a link has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkState {
    /// Committed before the create call: the item may or may not exist. Settled by its marker before anything else.
    Intent,
    /// Both sides exist.
    Linked,
    /// The mailbox item was deleted or moved away by its owner: never made again by a CRM edit.
    Tombstone,
    /// The item stays in the mailbox as its owner's own: never written again, never carried to the CRM.
    Detached,
}

/// One pair, or the intent of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The CRM record.
    pub crm_id: String,
    /// The mailbox item, once known. A tombstone keeps it, so that an item that comes back is known.
    pub office_id: Option<String>,
    /// How far the link has come.
    pub state: LinkState,
    /// Where the contact was made first.
    pub born: Side,
    /// The `Modified_Time` of the record that was last carried over.
    pub crm_modified: Option<Timestamp>,
    /// What both sides held when they last agreed.
    pub base: Base,
    /// When the item was first seen to be gone, where its deletion is to be carried to the CRM: once is no evidence.
    pub gone_since: Option<Timestamp>,
}

/// A mailbox item that is being made in the CRM: committed before the call, as its outcome may never be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrmIntent {
    /// The mailbox item.
    pub office_id: String,
    /// When the call was about to go out, by our clock.
    pub since: Timestamp,
    /// What was about to be sent.
    pub base: Base,
}
