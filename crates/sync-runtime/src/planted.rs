//! Bugs that are planted on purpose, to prove that the simulation finds them. Without the feature `planted-bugs` none of
//! this is compiled into anything: every question is answered with no at compile time.

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// No intent is committed before an item is made.
    NoIntent,
    /// An intent counts as not made without a look.
    SkipLookUp,
    /// The cursor of the mailbox's changes is committed before what they told.
    EarlyCursor,
    /// The base holds what was sent to the mailbox, not what its server returned.
    BaseFromRequest,
    /// A record is written whatever happened to it since it was read.
    IgnoreUnmodifiedSince,
    /// An item is written whatever happened to it since it was read.
    IgnoreIfMatch,
    /// An announced removal counts as the owner's deletion without a look.
    TrustRemoved,
    /// A record that is missing from an answer counts as deleted.
    AbsentIsDeleted,
    /// The intent for a record is forgotten where the answer to its creation is lost.
    ForgetCrmIntent,
    /// A record that has another owner is synced as the user's own.
    IgnoreOwner,
    /// Imported records take part like all others.
    IgnoreImports,
    /// What was written is not taken into the base.
    NoEcho,
}

#[cfg(feature = "planted-bugs")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Plants a bug in everything that this thread runs from now on.
#[cfg(feature = "planted-bugs")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

#[cfg(feature = "planted-bugs")]
pub(crate) fn planted(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

#[cfg(not(feature = "planted-bugs"))]
pub(crate) const fn planted(_: Bug) -> bool {
    false
}
