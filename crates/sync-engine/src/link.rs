//! A link: a CRM record and the mailbox item that belong together.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hash::Base;

/// How far a link has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkState {
    /// Committed before the create call: the item may or may not exist. Settled by its marker before anything else.
    Intent,
    /// Both sides exist.
    Linked,
    /// The mailbox item was deleted by its owner: never made again by a CRM edit.
    Tombstone,
    /// The item stays in the mailbox as its owner's own: never written again.
    Detached,
}

/// One pair, or the intent of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The CRM record.
    pub crm_id: String,
    /// The mailbox item, once known.
    pub office_id: Option<String>,
    /// How far the link has come.
    pub state: LinkState,
    /// The `Modified_Time` of the record that was last carried over.
    pub crm_modified: Option<Timestamp>,
    /// What both sides held when they last agreed.
    pub base: Base,
}
