//! The effective policy of one sync.

use jiff::SignedDuration;
use sync_engine::mapping::Direction;
use sync_engine::merge::ConflictPolicy;
use sync_engine::plan::Deletes;

/// Whether imported records take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportedItems {
    /// Not until they are updated.
    Exclude,
    /// Like all others.
    Include,
}

/// The effective policy of one sync.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The container's name.
    pub folder_name: String,
    /// Which way contacts flow.
    pub direction: Direction,
    /// Who wins where both sides changed a field.
    pub conflict: ConflictPolicy,
    /// Whether imported records take part.
    pub imported: ImportedItems,
    /// How many records the first sync brings at most.
    pub initial_cap: u64,
    /// What a deletion in the CRM means for the copy.
    pub deletes_to_office: Deletes,
    /// What a deletion in the mailbox means for the record.
    pub deletes_to_crm: Deletes,
    /// What goes through without somebody's approval.
    pub guard: GuardLimits,
    /// The unique CRM field that keeps the mailbox id of a contact that was made in Outlook.
    pub external_id: Option<String>,
    /// The cluster whose claim on the container is taken over.
    pub takeover_from: Option<String>,
    /// How old the organisation's feed may be.
    pub feed_max_age: SignedDuration,
    /// What is done is the last round before the sync is switched off.
    pub is_last_round: bool,
}

impl Policy {
    /// As far as it concerns what goes to the CRM, and without deleting anything there: for the last round.
    #[must_use]
    pub fn towards_crm(&self) -> Self {
        Self {
            direction: Direction::OfficeToCrm,
            deletes_to_crm: Deletes::Never,
            is_last_round: true,
            ..self.clone()
        }
    }
}

/// How much goes through without somebody's approval. Deletions count on both sides, updates in the CRM only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardLimits {
    /// Deletions in a run are held if they are more than this,
    pub deletes_per_run: u64,
    /// and more than this share of the linked contacts, in percent,
    pub deletes_percent: u64,
    /// or if they come to more than this in 24 hours,
    pub deletes_per_day: u64,
    /// or to more than this in 24 hours over all syncs of the tenant.
    pub tenant_deletes_per_day: u64,
    /// Updates in a run are held if they are more than this,
    pub updates_per_run: u64,
    /// and more than this share of the linked contacts, in percent.
    pub updates_percent: u64,
    /// The hashes of frozen lists that somebody approved.
    pub approved: Vec<String>,
}
