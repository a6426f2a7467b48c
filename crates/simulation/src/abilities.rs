//! What the runtime under test is known not to do yet. Histories leave it out, and the checks do not ask for it;
//! whoever builds one of these turns its switch.

use crate::history::{Conflict, Direction};

/// Which ways it syncs.
pub(crate) const DIRECTIONS: &[Direction] =
    &[Direction::TwoWay, Direction::CrmToOffice, Direction::OfficeToCrm];

/// Whose edit may count.
pub(crate) const CONFLICTS: &[Conflict] = &[
    Conflict::CrmWins,
    Conflict::OfficeWins,
    Conflict::NewestWins,
    Conflict::Manual,
];

/// It can carry a deletion in Outlook to the CRM.
pub(crate) const DELETES_TO_CRM: bool = true;

/// It drops the twin of an item that was made twice by one create.
pub(crate) const DROPS_TWINS: bool = false;

/// It notices that its store is older than the truth.
pub(crate) const SEES_OLDER_STORE: bool = false;

/// It knows after a lost store, or after being switched off and on, that an item of its own lies in another folder.
pub(crate) const FINDS_MOVED_ITEMS: bool = false;

/// It finds its container below another folder when its store does not know where it is.
pub(crate) const FINDS_MOVED_CONTAINER: bool = true;

/// Switched off, it takes back what its store does not know: a container whose making it could not take note of, and
/// everything after a lost store.
pub(crate) const TAKES_BACK_UNKNOWN: bool = false;

/// It tells a copy of an item from the original when its store is lost.
pub(crate) const TELLS_COPIES: bool = false;

/// It knows that Outlook keeps e-mail addresses without gaps: the second one alone becomes the first.
pub(crate) const KNOWS_LISTS: bool = true;

/// It sees a change within the second in which its feed of changes was opened, if another one came before in that
/// second.
pub(crate) const SEES_SECOND_CHANGE: bool = false;

/// It brings records in that were left out as imported once they may take part.
pub(crate) const BRINGS_LEFT_OUT: bool = false;

/// It looks again at records that it could not see when it listed them first.
pub(crate) const LOOKS_AGAIN: bool = false;

/// It finds a record that came back from the recycle bin with the time of change that it had before.
pub(crate) const SEES_RESTORED: bool = false;
