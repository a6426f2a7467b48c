//! The numbers by which the tables know states, sides and the like. Never reused, never changed.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use sync_engine::link::{LinkState, Side};

use super::invite_deeds::DeedState;
use crate::store::{ConflictOutcome, Guarded, StoreError, Tally};

/// What the tables keep as a number.
pub(super) trait Code: Sized {
    /// What a row is called that holds an unknown number.
    const ROW: &'static str;

    fn code(self) -> i64;
    fn from_code(code: i64) -> Option<Self>;
}

macro_rules! codes {
    ($kind:ty, $row:literal: $($variant:ident $code:literal),+) => {
        impl Code for $kind {
            const ROW: &'static str = $row;

            fn code(self) -> i64 {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            fn from_code(code: i64) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

codes!(LinkState, "link": Intent 0, Linked 1, Tombstone 2, Detached 3);
codes!(Side, "side of a contact": Office 0, Crm 1);
codes!(Guarded, "held operation": DeleteInOffice 0, HandOver 1, DeleteInCrm 2, UpdateInCrm 3);
codes!(ConflictOutcome, "conflict": CrmWon 0, OfficeWon 1, Open 2);
codes!(Tally, "count": Deletes 0, Disables 1);
codes!(DeedState, "deed for an invite": Planned 0, Begun 1, Done 2);

/// The value that a column holds as a number.
pub(super) fn decoded<T: Code>(row: &SqliteRow, column: &str) -> Result<T, StoreError> {
    T::from_code(row.try_get(column)?).ok_or(StoreError::Unreadable { what: T::ROW })
}
