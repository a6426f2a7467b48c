//! Bugs that can be planted on purpose: a simulation that finds none of them proves nothing.

use sync_runtime::planted;

/// A bug by its name on the command line, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bug {
    /// The name.
    pub name: &'static str,
    /// What goes wrong.
    pub what: &'static str,
    #[cfg_attr(not(feature = "planted-bugs"), allow(dead_code))]
    switch: planted::Bug,
}

impl Bug {
    /// The bug of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        BUGS.into_iter().find(|bug| bug.name == name)
    }

    /// Plants it in everything that this thread plays from now on; false where the program was built without the
    /// feature `planted-bugs`.
    #[must_use]
    pub fn plant(self) -> bool {
        #[cfg(feature = "planted-bugs")]
        planted::plant(Some(self.switch));
        cfg!(feature = "planted-bugs")
    }
}

const fn bug(name: &'static str, what: &'static str, switch: planted::Bug) -> Bug {
    Bug { name, what, switch }
}

/// All of them.
pub const BUGS: [Bug; 12] = [
    bug(
        "no-intent",
        "no intent is committed before an item is made",
        planted::Bug::NoIntent,
    ),
    bug(
        "skip-look-up",
        "a create without an answer is sent again without a look",
        planted::Bug::SkipLookUp,
    ),
    bug(
        "early-cursor",
        "the cursor of the mailbox's changes is committed before what they told",
        planted::Bug::EarlyCursor,
    ),
    bug(
        "base-from-request",
        "the base holds what was sent, not what the server returned",
        planted::Bug::BaseFromRequest,
    ),
    bug(
        "ignore-unmodified-since",
        "a record is written whatever happened to it since it was read",
        planted::Bug::IgnoreUnmodifiedSince,
    ),
    bug(
        "ignore-if-match",
        "an item is written whatever happened to it since it was read",
        planted::Bug::IgnoreIfMatch,
    ),
    bug(
        "trust-removed",
        "an announced removal counts as a deletion without a look",
        planted::Bug::TrustRemoved,
    ),
    bug(
        "absent-is-deleted",
        "a record that is missing from an answer counts as deleted",
        planted::Bug::AbsentIsDeleted,
    ),
    bug(
        "forget-crm-intent",
        "the intent for a record is forgotten where the answer to its creation is lost",
        planted::Bug::ForgetCrmIntent,
    ),
    bug(
        "ignore-owner",
        "a record that has another owner is synced as the user's own",
        planted::Bug::IgnoreOwner,
    ),
    bug(
        "ignore-imports",
        "imported records take part like all others",
        planted::Bug::IgnoreImports,
    ),
    bug(
        "no-echo",
        "what was written is not taken into the base",
        planted::Bug::NoEcho,
    ),
];
