//! Imported or not (`design.md` §6.7): imported records stay out until somebody updates them.

use jiff::{SignedDuration, Timestamp};

/// How long after its creation a change counts as an update by somebody. Automations run right after an import
/// and would else pull every imported record in.
pub const SETTLING: SignedDuration = SignedDuration::from_mins(5);

/// Where a record came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// By import or migration, untouched since.
    Imported,
    /// Made singly, or updated after an import.
    Own,
}

/// The origin that the two times alone prove; `None` means that the CRM has to be asked.
#[must_use]
pub fn origin_by_times(created: Timestamp, modified: Timestamp) -> Option<Origin> {
    (modified.duration_since(created) >= SETTLING).then_some(Origin::Own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k7_an_update_well_after_the_creation_needs_no_question() {
        let created: Timestamp = "2026-01-01T10:00:00Z".parse().unwrap();
        assert_eq!(origin_by_times(created, created), None);
        assert_eq!(
            origin_by_times(created, created + SignedDuration::from_secs(299)),
            None
        );
        assert_eq!(
            origin_by_times(created, created + SignedDuration::from_secs(300)),
            Some(Origin::Own)
        );
    }
}
