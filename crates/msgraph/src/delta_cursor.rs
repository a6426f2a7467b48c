//! Places in the changes of a folder, and the notice that a round leads nowhere (`research/graph.md` §8).

use std::fmt;

use crate::error::Error;
use crate::link::Link;

/// How many pages a round may have: enough for 20,000 contacts even where the service sends its smallest pages.
const MOST_PAGES: u32 = 2_000;

/// A place in the changes of a folder: the link that leads on, how many pages of the round lie behind it, and what the
/// last of them told. The same page for ever, and pages without end, are thus noticed by whoever continues the round,
/// after a restart too. [`to_string`](ToString::to_string) gives the text to store, [`parse`](Self::parse) reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct DeltaCursor {
    link: Link,
    pages: u32,
    last: Option<Fingerprint>,
}

/// What a page told, in 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    /// FNV-1a: stored, so it must not change with the compiler; nobody gains from a collision.
    pub(crate) fn of(parts: impl IntoIterator<Item = String>) -> Self {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for part in parts {
            // The byte between the parts is none of UTF-8.
            for byte in part.bytes().chain([0xff]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        Self(hash)
    }
}

impl DeltaCursor {
    /// Reads a stored cursor. What is none leads to [`Error::StoredLink`] once it is followed.
    #[must_use]
    pub fn parse(stored: &str) -> Self {
        Self::continued(stored).unwrap_or_else(|| Self::at(Link::new(stored)))
    }

    fn continued(stored: &str) -> Option<Self> {
        let mut parts = stored.splitn(3, ' ');
        let pages = parts.next()?.parse().ok()?;
        let last = match parts.next()? {
            "-" => None,
            text => Some(Fingerprint(u64::from_str_radix(text, 16).ok()?)),
        };
        let link = Link::new(parts.next()?);
        Some(Self { link, pages, last })
    }

    /// The start of a round.
    pub(crate) fn at(link: Link) -> Self {
        Self {
            link,
            pages: 0,
            last: None,
        }
    }

    /// The place behind a page that was asked for at `from` and told `page`.
    pub(crate) fn after(from: Option<&Self>, link: Link, page: Option<Fingerprint>) -> Result<Self, Error> {
        let pages = from.map_or(0, |from| from.pages) + 1;
        let repeats = from.is_some_and(|from| from.link == link || (page.is_some() && from.last == page));
        if repeats || pages > MOST_PAGES {
            return Err(Error::EndlessRound { pages });
        }
        Ok(Self {
            link,
            pages,
            last: page,
        })
    }

    pub(crate) fn link(&self) -> &Link {
        &self.link
    }
}

impl fmt::Display for DeltaCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let link = self.link.as_str();
        match (self.pages, self.last) {
            (0, _) => f.write_str(link),
            (pages, None) => write!(f, "{pages} - {link}"),
            (pages, Some(last)) => write!(f, "{pages} {:x} {link}", last.0),
        }
    }
}

/// The link names the mailbox.
impl fmt::Debug for DeltaCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeltaCursor")
            .field("pages", &self.pages)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(name: &str) -> Link {
        Link::new(format!(
            "https://graph.test/v1.0/users/ada/delta?$skiptoken={name}"
        ))
    }

    fn told(text: &str) -> Fingerprint {
        Fingerprint::of([text.to_owned()])
    }

    #[test]
    fn a_cursor_survives_the_store_and_shows_no_mailbox() {
        let start = DeltaCursor::at(link("a"));
        let first = DeltaCursor::after(Some(&start), link("b"), Some(told("x"))).unwrap();
        let empty = DeltaCursor::after(Some(&first), link("c"), None).unwrap();
        for cursor in [start, first, empty] {
            assert_eq!(DeltaCursor::parse(&cursor.to_string()), cursor);
            assert!(!format!("{cursor:?}").contains("ada"));
        }
        for odd in ["", "1", "1 -", "x - y", "1 zz y", "https://graph.test/v1.0/a b c"] {
            assert_eq!(DeltaCursor::parse(odd).link().as_str(), odd);
        }
    }

    #[test]
    fn repeated_and_endless_pages_are_noticed_and_empty_ones_are_not_repeated() {
        let first = DeltaCursor::after(None, link("a"), Some(told("x"))).unwrap();
        for (next, page) in [("a", told("y")), ("b", told("x"))] {
            let repeated = DeltaCursor::after(Some(&first), link(next), Some(page));
            assert!(matches!(repeated, Err(Error::EndlessRound { pages: 2 })));
        }
        let empty = DeltaCursor::after(Some(&first), link("b"), None).unwrap();
        assert!(DeltaCursor::after(Some(&empty), link("c"), None).is_ok());
        let mut cursor = first;
        for page in 2..=MOST_PAGES {
            let name = page.to_string();
            cursor = DeltaCursor::after(Some(&cursor), link(&name), Some(told(&name))).unwrap();
        }
        let beyond = DeltaCursor::after(Some(&cursor), link("z"), Some(told("z")));
        assert!(matches!(beyond, Err(Error::EndlessRound { .. })));
    }

    #[test]
    fn parts_do_not_run_together() {
        let of = |parts: &[&str]| Fingerprint::of(parts.iter().map(ToString::to_string));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["a", ""]), of(&["a"]));
    }
}
