//! What changed in the container: rounds of changes as the hint, a round that brings every item as the truth
//! (`design.md` §5). What a round tells and the place where the next one starts are committed together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use sync_engine::link::{Link, LinkState, Side};
use sync_engine::plan::unedited_item;

use super::{ContactSync, Stop};
use crate::ports::{ChangePage, Crm, Entry, Failure, Mailbox, NextPage, Service};
use crate::store::{Cause, Change, ScopeState, Store, Stranger};

/// How often every item is listed whatever the rounds say: they are known to leave out changes.
const WHOLE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a round has told so far.
#[derive(Default)]
struct Round {
    /// Items of records that have to be looked at.
    touched: BTreeSet<String>,
    /// Items that no link knows.
    strangers: BTreeSet<String>,
    /// Items that no link knows and that are gone.
    departed: BTreeSet<String>,
    /// Every item that is there.
    present: BTreeSet<String>,
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Reads a round: from the page that came with the container, or of every item.
    pub(super) async fn take_round(
        &self,
        folder: &str,
        first: Option<ChangePage>,
        state: &mut ScopeState,
    ) -> Result<(), Stop> {
        let now = self.clock.now();
        let due = state.listed.is_none_or(|at| now.duration_since(at) >= WHOLE);
        if let Some(page) = first.filter(|_| !due)
            && let Some((round, cursor)) = self.read_round(folder, page).await?
        {
            return self.commit_round(round, cursor, false, state).await;
        }
        let lost = || Failure::Transient {
            service: Service::Office,
            code: "the list of changes breaks off".into(),
        };
        let page = self.mailbox.changes(folder, None).await?.ok_or_else(lost)?;
        let (round, cursor) = self.read_round(folder, page).await?.ok_or_else(lost)?;
        state.listed = Some(now);
        self.commit_round(round, cursor, true, state).await
    }

    /// `None` if the service forgets its place on the way.
    async fn read_round(&self, folder: &str, mut page: ChangePage) -> Result<Option<(Round, String)>, Stop> {
        let mut round = Round::default();
        loop {
            self.fold(page.entries, &mut round).await?;
            let link = match page.next {
                NextPage::Round(cursor) => return Ok(Some((round, cursor))),
                NextPage::More(link) => link,
            };
            match self.mailbox.changes(folder, Some(&link)).await? {
                Some(next) => page = next,
                None => return Ok(None),
            }
        }
    }

    async fn fold(&self, entries: Vec<Entry>, round: &mut Round) -> Result<(), Stop> {
        let ids: Vec<String> = entries.iter().map(|entry| entry.id().to_owned()).collect();
        let links: BTreeMap<String, Link> = self
            .store
            .links_of_items(self.scope, &ids)
            .await?
            .into_iter()
            .filter_map(|link| Some((link.office_id.clone()?, link)))
            .collect();
        for entry in entries {
            let link = links.get(entry.id());
            match entry {
                Entry::Present(item) => {
                    let touched = link.is_some_and(|link| match link.state {
                        // Our own write that comes back, or a change of nothing that is mapped.
                        LinkState::Linked => {
                            link.gone_since.is_some() || !unedited_item(&link.base, &item.fields, self.hasher)
                        }
                        LinkState::Tombstone | LinkState::Intent => true,
                        LinkState::Detached => false,
                    });
                    if touched {
                        round.touched.insert(item.id.clone());
                    }
                    if link.is_none() {
                        round.departed.remove(&item.id);
                        round.strangers.insert(item.id.clone());
                    }
                    round.present.insert(item.id);
                }
                Entry::Removed(id) => {
                    round.present.remove(&id);
                    if link.is_some_and(|link| link.state != LinkState::Tombstone) {
                        round.touched.insert(id);
                    } else if link.is_none() {
                        round.strangers.remove(&id);
                        round.departed.insert(id);
                    }
                }
            }
        }
        Ok(())
    }

    async fn commit_round(
        &self,
        mut round: Round,
        cursor: String,
        whole: bool,
        state: &mut ScopeState,
    ) -> Result<(), Stop> {
        let nothing = round.touched.is_empty() && round.strangers.is_empty() && round.departed.is_empty();
        if nothing && !whole && state.cursor.as_ref() == Some(&cursor) {
            return Ok(());
        }
        // Nothing that is missing counts as deleted: each item is asked for by its id before anything happens.
        let links = if whole {
            self.store.all_links(self.scope).await?
        } else {
            let touched: Vec<String> = std::mem::take(&mut round.touched).into_iter().collect();
            self.store.links_of_items(self.scope, &touched).await?
        };
        let mut changes: Vec<Change> = links
            .into_iter()
            .filter(|link| !whole || needs_a_look(link, &round))
            .map(|link| self.enqueue(link.crm_id, Cause::Changed, true))
            .collect();
        // In the first list after the store was lost nobody knows which contacts had a record.
        let review = whole && state.recovering.is_some();
        for office_id in round.strangers {
            changes.push(Change::Stranger(self.scope, Stranger { office_id, review }));
        }
        for office_id in round.departed {
            changes.push(Change::DropStranger(self.scope, office_id.clone()));
            changes.push(Change::Unpark(self.scope, Side::Office, office_id));
        }
        state.cursor = Some(cursor);
        state.polled = Some(self.clock.now());
        changes.push(self.keep(state));
        self.store.commit(changes).await?;
        Ok(())
    }
}

fn needs_a_look(link: &Link, round: &Round) -> bool {
    let Some(id) = &link.office_id else { return false };
    round.touched.contains(id) || link.state != LinkState::Tombstone && !round.present.contains(id)
}
