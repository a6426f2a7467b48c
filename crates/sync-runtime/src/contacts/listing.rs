//! Listings of the owner's records: the first one, which says what the first sync is about, newest change first; and a
//! weekly pass that finds what no feed told.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sync_engine::link::{Link, LinkState};

use super::{ContactSync, Stop};
use crate::ports::{Crm, Failure, Keyset, Mailbox, Page, Service};
use crate::store::{Cause, Change, ScopeState, Store};

/// How often every record of the owner is looked at by id, owner and time (`design.md` §5.5).
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Whether the records of the owner are still to be listed. Where nothing goes to the mailbox none would be made.
    pub(super) fn is_to_be_listed(&self, state: &ScopeState) -> bool {
        !state.initial.listed && self.policy.direction.reaches_office()
    }

    /// Takes the place in the feed, once, before the first page: a record that changes while the listing runs is in the
    /// news behind it.
    pub(super) async fn open_the_news(&self, state: &mut ScopeState) -> Result<(), Stop> {
        if state.feed_position.is_none() {
            state.feed_position = Some(self.store.feed_end(self.feed.organisation()).await?);
            state.passed = Some(self.clock.now());
            self.commit(vec![self.keep(state)]).await?;
        }
        Ok(())
    }

    /// Lists one page and puts its records into the queue, together with the place to go on from.
    pub(super) async fn list_page(&self, state: &mut ScopeState) -> Result<(), Stop> {
        let page = self.owned(state.initial.listed_to.as_ref()).await?;
        state.initial.total += page.rows.len() as u64;
        state.initial.listed_to = last(&page).or(state.initial.listed_to.take());
        state.initial.listed = !page.more;
        if state.initial.listed {
            state.passed = Some(self.clock.now());
        }
        let rows = page.rows.into_iter();
        let mut changes: Vec<Change> = rows
            .map(|row| self.enqueue(row.id, Cause::Initial, false))
            .collect();
        changes.push(self.keep(state));
        self.commit(changes).await
    }

    /// A page of the owner's records, or an error where the listing goes round in circles.
    async fn owned(&self, after: Option<&Keyset>) -> Result<Page, Stop> {
        let page = self.crm.owned(self.owner, after).await?;
        if page.more && (page.rows.is_empty() || last(&page).as_ref() == after) {
            return Err(Failure::Refused {
                service: Service::Crm,
                code: "the listing does not advance".into(),
            }
            .into());
        }
        Ok(page)
    }

    /// Once a week every record is compared with what its link knows of it, and every link that no record belongs to any
    /// more is looked at. Ids and times of all records fit in memory; nothing is kept where it breaks off.
    pub(super) async fn pass_over_all(&self, state: &mut ScopeState) -> Result<(), Stop> {
        let began = self.clock.now();
        let Some(before) = state.passed.filter(|at| began.duration_since(*at) >= WEEK) else {
            return Ok(());
        };
        let mut shown: BTreeMap<String, Timestamp> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self.owned(after.as_ref()).await?;
            after = last(&page);
            shown.extend(page.rows.into_iter().map(|row| (row.id, row.modified)));
            if !page.more {
                break;
            }
        }
        let links = self.store.all_links(self.scope).await?;
        let mut known: Vec<&str> = links.iter().map(|link| link.crm_id.as_str()).collect();
        known.sort_unstable();
        let differs = |link: &&Link| match shown.get(&link.crm_id) {
            Some(modified) => link.state == LinkState::Linked && link.crm_modified != Some(*modified),
            None => link.state == LinkState::Linked,
        };
        let mut changes: Vec<Change> = links
            .iter()
            .filter(differs)
            .map(|link| self.enqueue(link.crm_id.clone(), Cause::Changed, false))
            .collect();
        // Changed since the pass before, and yet unknown: what was left out as imported or beyond the cap comes in.
        let unknown = shown
            .iter()
            .filter(|(id, modified)| **modified > before && known.binary_search(&id.as_str()).is_err());
        changes.extend(unknown.map(|(id, _)| self.enqueue(id.clone(), Cause::Changed, false)));
        state.passed = Some(began);
        changes.push(self.keep(state));
        self.commit(changes).await
    }
}

fn last(page: &Page) -> Option<Keyset> {
    page.rows.last().map(|row| Keyset {
        modified: row.modified,
        id: row.id.clone(),
    })
}
