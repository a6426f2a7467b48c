//! Everything that a store answers, in a form that can be compared.

use std::fmt::Debug;

use sync_engine::identity::ScopeId;
use sync_runtime::store::{Counted, Store, StoreError, Tally};

use crate::samples::{ORG, at, ids, scope};

/// The records that pictures ask for.
pub(crate) const RECORDS: &[&str] = &["1", "2", "3", "4", "5", "6"];

/// The items that pictures ask for; upper and lower case are different ids.
pub(crate) const ITEMS: &[&str] = &["A", "B", "C", "D", "a", "b"];

/// How many rows are read at most: a slice, and all.
const LIMITS: [u32; 2] = [2, 1_000];

/// Answers by the question.
pub(crate) type Picture = Vec<(String, String)>;

fn line(question: impl Debug, answer: Result<impl Debug, StoreError>) -> (String, String) {
    (format!("{question:?}"), format!("{:?}", answer.unwrap()))
}

fn sorted<T, K: Ord>(rows: Result<Vec<T>, StoreError>, key: fn(&T) -> K) -> Result<Vec<T>, StoreError> {
    rows.map(|mut rows| {
        rows.sort_by_key(key);
        rows
    })
}

/// What a store holds of a sync, but for counts over time.
pub(crate) async fn of_sync(store: &impl Store, scope: ScopeId) -> Picture {
    let links = store.links(scope, &ids(RECORDS)).await;
    let of_items = store.links_of_items(scope, &ids(ITEMS)).await;
    let all = store.all_links(scope).await;
    let mut picture = vec![
        line("scope", store.scope(scope).await),
        line("links", sorted(links, |link| link.crm_id.clone())),
        line("links_of_items", sorted(of_items, |link| link.crm_id.clone())),
        line("all_links", sorted(all, |link| link.crm_id.clone())),
        line("held", store.held(scope).await),
        line("initial_queue", store.initial_queue(scope).await),
        line("initial_unlinked", store.initial_unlinked(scope).await),
        line("counts", store.counts(scope).await),
    ];
    for limit in LIMITS {
        picture.extend([
            line(("intents", limit), store.intents(scope, limit).await),
            line(("queue", limit), store.queue(scope, limit).await),
            line(("strangers", limit), store.strangers(scope, limit).await),
            line(("crm_intents", limit), store.crm_intents(scope, limit).await),
            line(("parked", limit), store.parked(scope, limit).await),
            line(("conflicts", limit), store.conflicts(scope, limit).await),
        ]);
    }
    picture
}

/// What a store holds of an organisation, but for counts over time.
pub(crate) async fn of_organisation(store: &impl Store, organisation: &str) -> Picture {
    let origins = store.origins(organisation, &ids(RECORDS)).await;
    let mut picture = vec![
        line("origins", sorted(origins, |(id, _)| id.clone())),
        line("feed", store.feed(organisation).await),
        line("feed_end", store.feed_end(organisation).await),
    ];
    picture.extend(news_for(store, organisation, scope("nobody")).await);
    picture
}

/// The news of an organisation that concern a sync, read from several places.
pub(crate) async fn news_for(store: &impl Store, organisation: &str, scope: ScopeId) -> Picture {
    let mut picture = Vec::new();
    for (after, limit) in [(0, 2), (0, 1_000), (3, 1_000)] {
        let news = store.news_for(organisation, scope, "alice", after, limit).await;
        picture.push(line(("news_for", after, limit), news));
    }
    picture
}

/// What was counted for these syncs, and for the organisations that samples know.
pub(crate) async fn of_tallies(store: &impl Store, scopes: &[ScopeId]) -> Picture {
    let syncs = scopes.iter().map(|scope| Counted::Sync(*scope));
    let organisations = [ORG, "other"].map(Counted::Organisation);
    let mut picture = Vec::new();
    for of in syncs.chain(organisations) {
        for what in [Tally::Deletes, Tally::Disables] {
            for since in [0, 3, 180_000] {
                picture.push(line((of, what, since), store.tally(of, what, at(since)).await));
            }
        }
    }
    picture
}

/// All of it.
pub(crate) async fn of_all(store: &impl Store, scopes: &[ScopeId]) -> Picture {
    let mut picture = of_tallies(store, scopes).await;
    for organisation in [ORG, "other"] {
        picture.extend(of_organisation(store, organisation).await);
        for scope in scopes {
            picture.extend(news_for(store, organisation, *scope).await);
        }
    }
    for scope in scopes {
        picture.extend(of_sync(store, *scope).await);
    }
    picture
}
