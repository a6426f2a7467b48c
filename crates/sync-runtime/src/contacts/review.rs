//! Contacts of which nobody can tell whether they have another side: made anew they might be there twice. They are
//! parked until a person makes both sides equal, or asks for the other side to be made.

/// What every reason of this kind tells to do; a parked contact is known by it.
const HOW: &str = "make both equal, or set the annotation crmlink.dev/reenable";

/// Why a contact waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Review {
    /// An item that was there when the store was lost, and whose record would be another one if there is one.
    ItemOfLostStore,
    /// A record that may be such an item's.
    RecordOfLostStore,
    /// An item whose record may have been made and edited since.
    ItemInDoubt,
    /// The record that may be it.
    RecordInDoubt,
}

impl Review {
    /// In words.
    pub(super) fn reason(self) -> String {
        let (what, to) = match self {
            Self::ItemOfLostStore => (
                "the operator's store was lost, and nothing tells whether this contact is one of the CRM's already",
                "to take it as new",
            ),
            Self::RecordOfLostStore => (
                "the operator's store was lost, and this may be one of the contacts of the mailbox that wait for review",
                "to take it as new",
            ),
            Self::ItemInDoubt => (
                "the answer to its creation in the CRM was lost, and a contact that was made there at that time may be it",
                "to have it made anew",
            ),
            Self::RecordInDoubt => (
                "this may be a contact of the mailbox that waits for review, as the answer to its creation in the CRM was lost",
                "to take it as another one",
            ),
        };
        format!("{what}: {HOW} {to}")
    }
}

/// Whether a contact is parked for review.
pub(super) fn is_review(reason: &str) -> bool {
    reason.contains(HOW)
}
