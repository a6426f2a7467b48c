//! Debug output without what a person wrote.

/// Implements `Debug` that shows the named members only: the others may hold names, addresses or texts of people.
macro_rules! opaque_debug {
    ($type:ident $(<$generic:ident>)? { $($member:ident),* }) => {
        impl $(<$generic>)? std::fmt::Debug for $type $(<$generic>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($type))$(.field(stringify!($member), &self.$member))*.finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use opaque_debug;
