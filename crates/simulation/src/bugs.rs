//! Bugs that can be planted on purpose: a simulation that finds none of them proves nothing.

/// A bug by its name on the command line, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bug {
    /// The name.
    pub name: &'static str,
    /// What goes wrong, and the requirement that has to notice.
    pub what: &'static str,
}

/// All of them. None can be planted yet: the runtime has no switches for them.
pub const BUGS: [Bug; 10] = [
    Bug {
        name: "create-without-intent",
        what: "no intent is committed before an item is made (I2)",
    },
    Bug {
        name: "retry-create",
        what: "a create without an answer is sent again without a look (I2)",
    },
    Bug {
        name: "cursor-first",
        what: "a cursor is committed before what it brought (I3)",
    },
    Bug {
        name: "base-from-request",
        what: "the base holds what was sent, not what the server returned (I4)",
    },
    Bug {
        name: "no-if-match",
        what: "an item is written whatever happened to it since it was read (I1)",
    },
    Bug {
        name: "whole-record",
        what: "every mapped field is written, not only what changed (I1)",
    },
    Bug {
        name: "trust-removed",
        what: "an announced removal counts without a look (N9)",
    },
    Bug {
        name: "absent-is-deleted",
        what: "a record that is missing from an answer counts as deleted (N9)",
    },
    Bug {
        name: "blank-overwrites",
        what: "a blank overwrites where no base shows that somebody cleared the field (I1)",
    },
    Bug {
        name: "ignore-retry-after",
        what: "waits that a service asks for are not kept (I20)",
    },
];
