//! What changed in the container: rounds of changes as the hint, a round that brings every item as the truth
//! (`design.md` §5). What a round tells and the place where the next one starts are committed together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use sync_engine::link::{Link, LinkState};
use sync_engine::plan::unedited_item;

use super::run::Run;
use super::{ContactSync, Stop};
use crate::planted::{Bug, planted};
use crate::ports::{ChangePage, Crm, Entry, Mailbox, NextPage};
use crate::store::{Cause, Change, ScopeState, Store, Stranger};

/// How often every item is listed whatever the rounds say: they are known to leave out changes.
const WHOLE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How often every item is listed where the service has no rounds to offer.
const WITHOUT_ROUNDS: SignedDuration = SignedDuration::from_hours(1);

/// How often a place is renewed while nothing changes: it costs a commit, and none lasts for ever.
const RENEWED: SignedDuration = SignedDuration::from_hours(24);

/// So many pages in a row that bring nothing new are a round that never ends.
const MOST_IDLE_PAGES: u32 = 10;

/// What a round has told.
#[derive(Default)]
struct Round {
    /// Links whose items were announced as removed; looked at only where a bug is planted.
    trusted: Vec<Link>,
    /// Items of records that have to be looked at.
    touched: BTreeSet<String>,
    /// Items that no link knows. Each is read before anything happens, so that one which is gone is found to be.
    strangers: BTreeSet<String>,
    /// Every item that is there.
    present: BTreeSet<String>,
    told: BTreeSet<String>,
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Reads a round: from the page that came with the container, or of every item.
    pub(super) async fn take_round(&self, first: Option<ChangePage>, run: &mut Run) -> Result<(), Stop> {
        let now = self.clock.now();
        let most = match run.state.cursor {
            Some(_) => WHOLE,
            None => WITHOUT_ROUNDS,
        };
        let due = run
            .state
            .listed
            .is_none_or(|listed| now.duration_since(listed) >= most);
        if !due && run.state.cursor.is_none() {
            return Ok(());
        }
        if let Some(page) = first.filter(|_| !due)
            && let Some((round, cursor)) = self.read_round(page, run).await?
        {
            return self.commit_round(round, cursor, run).await;
        }
        let (round, cursor) = self.whole_round(run).await?;
        run.state.listed = Some(now);
        self.commit_whole(round, cursor, run).await
    }

    /// Every item, by a round, or else by a list: then there is no place to go on from.
    async fn whole_round(&self, run: &Run) -> Result<(Round, Option<String>), Stop> {
        if let Some(page) = self.mailbox.changes(&run.folder, None).await?
            && let Some((round, cursor)) = self.read_round(page, run).await?
        {
            return Ok((round, Some(cursor)));
        }
        let items = self.mailbox.items(&run.folder).await?;
        let mut round = Round::default();
        self.fold(items.into_iter().map(Entry::Present).collect(), run, &mut round)
            .await?;
        Ok((round, None))
    }

    /// `None` if the service forgets its place on the way, or the round does not end.
    async fn read_round(&self, mut page: ChangePage, run: &Run) -> Result<Option<(Round, String)>, Stop> {
        let mut round = Round::default();
        let mut idle_pages = 0;
        loop {
            let told = round.told.len();
            self.fold(page.entries, run, &mut round).await?;
            let link = match page.next {
                NextPage::Round(cursor) => return Ok(Some((round, cursor))),
                NextPage::More(link) => link,
            };
            idle_pages = if round.told.len() > told {
                0
            } else {
                idle_pages + 1
            };
            if idle_pages > MOST_IDLE_PAGES {
                return Ok(None);
            }
            match self.mailbox.changes(&run.folder, Some(&link)).await? {
                Some(next) => page = next,
                None => return Ok(None),
            }
        }
    }

    async fn fold(&self, entries: Vec<Entry>, run: &Run, round: &mut Round) -> Result<(), Stop> {
        let ids: Vec<String> = entries.iter().map(|entry| entry.id().to_owned()).collect();
        let links: BTreeMap<String, Link> = self
            .store
            .links_of_items(self.scope, &ids)
            .await?
            .into_iter()
            .filter_map(|link| Some((link.office_id.clone()?, link)))
            .collect();
        round.told.extend(ids);
        for entry in entries {
            let link = links.get(entry.id());
            match entry {
                Entry::Present(item) => {
                    let touched = link.is_some_and(|link| match link.state {
                        // Else it is our own write that comes back, or a change of nothing that is mapped.
                        LinkState::Linked => {
                            link.gone_since.is_some()
                                || run.waits(&link.crm_id)
                                || !self.has_whole_base(link)
                                || !unedited_item(&link.base, &item.fields, self.hasher)
                        }
                        LinkState::Tombstone | LinkState::Intent => true,
                        LinkState::Detached => false,
                    });
                    if touched {
                        round.touched.insert(item.id.clone());
                    }
                    if link.is_none() {
                        round.strangers.insert(item.id.clone());
                    }
                    round.present.insert(item.id);
                }
                Entry::Removed(id) => {
                    round.present.remove(&id);
                    if planted(Bug::TrustRemoved) {
                        round.trusted.extend(link.cloned());
                    } else if link.is_some_and(|link| link.state != LinkState::Tombstone) {
                        round.touched.insert(id);
                    } else if link.is_none() && run.is_parked_item(&id) {
                        round.strangers.insert(id);
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether every mapped field has a base: of another nobody can tell whether it was edited.
    fn has_whole_base(&self, link: &Link) -> bool {
        let mut rules = self.mapping.rules().iter();
        rules.all(|rule| link.base.0.contains_key(&rule.office))
    }

    async fn commit_round(&self, mut round: Round, cursor: String, run: &mut Run) -> Result<(), Stop> {
        if round.told.is_empty() && !self.is_to_be_renewed(&run.state) {
            return Ok(());
        }
        let touched: Vec<String> = std::mem::take(&mut round.touched).into_iter().collect();
        let links = self.store.links_of_items(self.scope, &touched).await?;
        self.commit_changes(links, round, Some(cursor), run).await
    }

    /// Nothing that is missing counts as deleted: each item is asked for by its id before anything happens.
    async fn commit_whole(&self, round: Round, cursor: Option<String>, run: &mut Run) -> Result<(), Stop> {
        let mut links = self.store.all_links(self.scope).await?;
        links.retain(|link| {
            let missing = |id: &String| link.state != LinkState::Tombstone && !round.present.contains(id);
            let item = link.office_id.as_ref();
            item.is_some_and(|id| round.touched.contains(id) || missing(id))
        });
        self.commit_changes(links, round, cursor, run).await
    }

    async fn commit_changes(
        &self,
        links: Vec<Link>,
        round: Round,
        cursor: Option<String>,
        run: &mut Run,
    ) -> Result<(), Stop> {
        let mut changes: Vec<Change> = links
            .into_iter()
            .map(|link| self.enqueue(link.crm_id, Cause::Changed, true))
            .collect();
        changes.extend(round.trusted.into_iter().map(|link| {
            let state = LinkState::Tombstone;
            Change::Link(self.scope, Link { state, ..link })
        }));
        for office_id in round.strangers {
            let review = run.is_reviewed(&office_id);
            changes.push(Change::Stranger(self.scope, Stranger { office_id, review }));
        }
        run.state.cursor = cursor;
        run.state.polled = Some(self.clock.now());
        if planted(Bug::EarlyCursor) {
            self.commit(vec![self.keep(&run.state)]).await?;
        }
        changes.push(self.keep(&run.state));
        self.commit(changes).await
    }

    fn is_to_be_renewed(&self, state: &ScopeState) -> bool {
        let now = self.clock.now();
        state
            .polled
            .is_none_or(|polled| now.duration_since(polled) >= RENEWED)
    }
}
