//! What changed in a mailbox, in rounds of pages, with the oddities of the real service: entries that come again,
//! removals that are none, items that are left out, places that are forgotten, rounds that never end.

use std::collections::{BTreeMap, BTreeSet};

use sync_runtime::ports::{ChangePage, Entry, Item, NextPage};

use super::mailbox::State;

/// What a token stands for.
#[derive(Debug, Clone)]
enum Place {
    /// A round that brings what happened after this.
    Round(u64),
    /// The rest of a round, and where the next one starts.
    Page(Vec<String>, u64),
}

pub(crate) struct Delta {
    clock: u64,
    /// By folder and item, when it last came, changed or went.
    marks: BTreeMap<(String, String), u64>,
    places: BTreeMap<String, Place>,
    tokens: u64,
    pub(crate) page: usize,
    /// Every round brings the last changes once more, and each entry twice.
    pub(crate) repeats: bool,
    /// Items that are called removed although they are there.
    pub(crate) false_removals: BTreeSet<String>,
    /// Items whose changes no round tells, but a list of all.
    pub(crate) silent: BTreeSet<String>,
    /// Each page leads to a further one.
    pub(crate) endless: bool,
    /// Each page leads to itself.
    pub(crate) circular: bool,
}

impl Default for Delta {
    fn default() -> Self {
        Self {
            clock: 0,
            marks: BTreeMap::new(),
            places: BTreeMap::new(),
            tokens: 0,
            page: 3,
            repeats: false,
            false_removals: BTreeSet::new(),
            silent: BTreeSet::new(),
            endless: false,
            circular: false,
        }
    }
}

impl Delta {
    pub(super) fn changed(&mut self, folder: &str, item: &str) {
        self.clock += 1;
        self.marks
            .insert((folder.to_owned(), item.to_owned()), self.clock);
    }

    pub(super) fn removed(&mut self, folder: &str, item: &str) {
        self.changed(folder, item);
    }

    /// Nothing odd any more.
    pub(crate) fn calm(&mut self) {
        self.repeats = false;
        self.false_removals.clear();
        self.silent.clear();
        (self.endless, self.circular) = (false, false);
    }

    /// Every token given out so far is no longer good.
    pub(crate) fn forget_places(&mut self) {
        self.places.clear();
    }

    fn token(&mut self, place: Place) -> String {
        self.tokens += 1;
        let token = format!("place-{}", self.tokens);
        self.places.insert(token.clone(), place);
        token
    }
}

impl State {
    /// A page at a place, or of a round that brings everything; `None` if the place is unknown.
    pub(super) fn changes(&mut self, folder: &str, from: Option<&str>) -> Option<ChangePage> {
        self.settle();
        let place = match from {
            None => self.whole(folder),
            Some(token) => match self.delta.places.get(token)?.clone() {
                Place::Round(since) => self.since(folder, since),
                page @ Place::Page(..) => page,
            },
        };
        let Place::Page(mut ids, end) = place else {
            return None;
        };
        let rest = ids.split_off(ids.len().min(self.delta.page));
        let entries = ids.iter().map(|id| self.entry(folder, id)).collect();
        let next = match from {
            Some(token) if self.delta.circular => NextPage::More(token.to_owned()),
            None if self.delta.circular => NextPage::More(self.delta.token(Place::Page(vec![], end))),
            _ if self.delta.endless => NextPage::More(self.delta.token(Place::Page(rest, end))),
            _ if rest.is_empty() => NextPage::Round(self.delta.token(Place::Round(end))),
            _ => NextPage::More(self.delta.token(Place::Page(rest, end))),
        };
        Some(ChangePage { entries, next })
    }

    fn whole(&self, folder: &str) -> Place {
        let here = self.items.iter().filter(|(_, held)| held.folder == folder);
        Place::Page(here.map(|(id, _)| id.clone()).collect(), self.delta.clock)
    }

    fn since(&self, folder: &str, since: u64) -> Place {
        let since = if self.delta.repeats {
            since.saturating_sub(4)
        } else {
            since
        };
        let of_folder = self.delta.marks.iter().filter(|((of, _), _)| of == folder);
        let mut news: Vec<(u64, &String)> = of_folder
            .filter(|((_, id), at)| **at > since && !self.delta.silent.contains(id))
            .map(|((_, id), at)| (*at, id))
            .collect();
        news.sort_unstable();
        let mut ids: Vec<String> = news.into_iter().map(|(_, id)| id.clone()).collect();
        if self.delta.repeats {
            ids.extend(ids.clone());
        }
        ids.extend(self.delta.false_removals.iter().cloned());
        Place::Page(ids, self.delta.clock)
    }

    /// Markers never come this way, and a version does not either.
    fn entry(&self, folder: &str, id: &str) -> Entry {
        let here = self.items.get(id).is_some_and(|held| held.folder == folder);
        match self
            .item(id)
            .filter(|_| here && !self.delta.false_removals.contains(id))
        {
            Some(item) => Entry::Present(Item {
                etag: String::new(),
                marker: None,
                ..item
            }),
            None => Entry::Removed(id.to_owned()),
        }
    }
}
