//! Finding a role or a profile by what a person writes: its id or its name.

/// Why a text leads to no one role or profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// Nothing has this id or name. Names follow the organisation's language.
    #[error("there is none with this id or name")]
    Unknown,
    /// Several have this name: the id decides.
    #[error("{count} have this name, so the id has to be given")]
    Ambiguous {
        /// How many.
        count: usize,
    },
}

/// The item that has the id, or else the only one that has the name.
pub(crate) fn resolve<T>(
    all: &[T],
    has_id: impl Fn(&T) -> bool,
    has_name: impl Fn(&T) -> bool,
) -> Result<&T, Unresolved> {
    if let Some(found) = all.iter().find(|item| has_id(item)) {
        return Ok(found);
    }
    let mut named = all.iter().filter(|item| has_name(item));
    match (named.next(), named.count()) {
        (Some(found), 0) => Ok(found),
        (Some(_), more) => Err(Unresolved::Ambiguous { count: more + 1 }),
        (None, _) => Err(Unresolved::Unknown),
    }
}
