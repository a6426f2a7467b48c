//! The change feed of one CRM organisation (`design.md` §5.5): read once for all syncs of a tenant, so that its cost
//! does not grow with the number of users.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use ambient::Clock;

use crate::contacts::Stop;
use crate::ports::{Crm, Failure, Keyset, Service};
use crate::store::{Change, FeedState, News, Store};

/// `Modified_Time` has whole seconds and rows become visible late: each poll looks back this far.
const OVERLAP: SignedDuration = SignedDuration::from_mins(2);

/// The feed of one organisation. One instance serves all its syncs: they wait for the same poll.
#[derive(Debug)]
pub struct Feed {
    organisation: String,
    polled: Mutex<Option<Polled>>,
    /// When that was, in seconds, readable while a poll is under way; 0 before the first.
    read_at: AtomicI64,
}

/// The last poll.
#[derive(Debug)]
struct Polled {
    at: Timestamp,
    told: Told,
}

/// What a poll told: record, time, owner unless deleted. Polls overlap, so most of it comes again.
type Told = BTreeSet<(String, Timestamp, Option<String>)>;

impl Feed {
    /// The feed of the organisation with this id.
    #[must_use]
    pub fn new(organisation: String) -> Self {
        Self {
            organisation,
            polled: Mutex::new(None),
            read_at: AtomicI64::new(0),
        }
    }

    /// The organisation's id.
    #[must_use]
    pub fn organisation(&self) -> &str {
        &self.organisation
    }

    /// When it was last read to its end, in whole seconds; nothing before this process has read it.
    #[must_use]
    pub fn read_at(&self) -> Option<Timestamp> {
        let second = self.read_at.load(Ordering::Relaxed);
        Timestamp::from_second(second).ok().filter(|_| second != 0)
    }

    /// Reads what is new, unless that was done less than `max_age` ago.
    ///
    /// # Errors
    /// If the CRM or the store does not answer; what was read until then is kept.
    pub async fn refresh(
        &self,
        crm: &impl Crm,
        store: &impl Store,
        clock: &dyn Clock,
        max_age: SignedDuration,
    ) -> Result<(), Stop> {
        let mut polled = self.polled.lock().await;
        let now = clock.now();
        if polled
            .as_ref()
            .is_some_and(|last| now.duration_since(last.at) < max_age)
        {
            return Ok(());
        }
        let nothing = Told::new();
        let known = polled.as_ref().map_or(&nothing, |last| &last.told);
        let told = match store.feed(&self.organisation).await? {
            None => {
                let state = self.open(crm, store).await?;
                // At once, so that what the overlap brings lies before every sync's place in the feed: later it
                // would pass for modified, and bring records in from over the cap.
                self.poll(crm, store, state, &Told::new()).await?
            }
            Some(state) => self.poll(crm, store, state, known).await?,
        };
        *polled = Some(Polled { at: now, told });
        self.read_at.store(now.as_second(), Ordering::Relaxed);
        Ok(())
    }

    /// Starts the feed at the newest change, by the CRM's own clock: everything older is for the first listings.
    async fn open(&self, crm: &impl Crm, store: &impl Store) -> Result<FeedState, Stop> {
        let newest = crm.newest_change().await?.unwrap_or(Timestamp::UNIX_EPOCH);
        let state = FeedState {
            changed_to: newest,
            deleted_to: newest,
            recheck: None,
        };
        store
            .commit(vec![Change::Feed(self.organisation.clone(), state.clone())])
            .await?;
        Ok(state)
    }

    /// Reads what came since; what it is `known` to have told already is not told again.
    async fn poll(
        &self,
        crm: &impl Crm,
        store: &impl Store,
        mut state: FeedState,
        known: &Told,
    ) -> Result<Told, Stop> {
        let mut telling = Telling {
            known,
            told: Told::new(),
            kept: state.clone(),
        };
        let recheck = state.recheck;
        let since = back(state.changed_to);
        let mut after: Option<Keyset> = None;
        loop {
            let page = crm.changed(since, after.as_ref()).await?;
            let Some(last) = page.rows.last() else { break };
            let last = Keyset {
                modified: last.modified,
                id: last.id.clone(),
            };
            if after.as_ref() == Some(&last) {
                return Err(Failure::Refused {
                    service: Service::Crm,
                    code: "the listing does not advance".into(),
                }
                .into());
            }
            if last.modified > state.changed_to {
                // This second may not be over yet: its rows are announced once more next time.
                (state.changed_to, state.recheck) = (last.modified, Some(last.modified));
            }
            after = Some(last);
            let news = page.rows.into_iter().map(|row| News {
                crm_id: row.id,
                owner: Some(row.owner),
                at: row.modified,
                deleted: false,
                again: recheck == Some(row.modified),
            });
            self.tell(store, news, &state, &mut telling).await?;
            if !page.more {
                break;
            }
        }
        let deleted = crm.deleted(back(state.deleted_to)).await?;
        let newest = deleted.iter().map(|row| row.deleted).max();
        state.deleted_to = newest.map_or(state.deleted_to, |newest| state.deleted_to.max(newest));
        if state.recheck == recheck {
            state.recheck = None;
        }
        let news = deleted.into_iter().map(|row| News {
            crm_id: row.id,
            owner: None,
            at: row.deleted,
            deleted: true,
            again: false,
        });
        self.tell(store, news, &state, &mut telling).await?;
        Ok(telling.told)
    }

    /// Commits what is new together with the place that was reached.
    async fn tell(
        &self,
        store: &impl Store,
        news: impl Iterator<Item = News>,
        state: &FeedState,
        telling: &mut Telling<'_>,
    ) -> Result<(), Stop> {
        let mut changes = Vec::new();
        for news in news {
            let told = (news.crm_id.clone(), news.at, news.owner.clone());
            let is_known = telling.known.contains(&told) && !news.again;
            telling.told.insert(told);
            if !is_known {
                changes.push(Change::News(self.organisation.clone(), news));
            }
        }
        if changes.is_empty() && telling.kept == *state {
            return Ok(());
        }
        telling.kept = state.clone();
        changes.push(Change::Feed(self.organisation.clone(), state.clone()));
        store.commit(changes).await?;
        Ok(())
    }
}

/// A poll under way.
struct Telling<'a> {
    known: &'a Told,
    told: Told,
    /// The state that the store has.
    kept: FeedState,
}

fn back(time: Timestamp) -> Timestamp {
    time.saturating_sub(OVERLAP)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .max(Timestamp::UNIX_EPOCH)
}
