//! Contacts of which nobody can tell whether they have another side, as the store or the answer to a creation was lost:
//! made anew they might be there twice. They are parked until a person makes both sides equal, or asks for the other
//! side to be made.

/// What every reason of this kind tells to do; a parked contact is known by it.
const HOW: &str = "make both equal, or set the annotation crmlink.dev/reenable to take it as new";

/// Why a contact waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Review {
    /// It may have a record already.
    Item,
    /// It may be the record of such an item.
    Record,
}

impl Review {
    /// In words.
    pub(super) fn reason(self) -> String {
        let what = match self {
            Self::Item => "nothing tells whether this contact is one of the CRM's already",
            Self::Record => "this may be one of the contacts of the mailbox that wait for review",
        };
        format!("the operator's store, or the answer to a creation, was lost, and {what}: {HOW}")
    }
}

/// Whether a contact is parked for review.
pub(super) fn is_review(reason: &str) -> bool {
    reason.contains(HOW)
}
