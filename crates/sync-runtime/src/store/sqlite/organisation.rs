//! Writing what all syncs of an organisation share: origins, news, the feed's place.

use crate::store::{FeedState, News, StoreError};

use super::statement::Statement;

pub(super) fn put_origin(organisation: String, crm_id: String, imported: bool) -> Statement {
    sqlx::query("INSERT OR REPLACE INTO origin (organisation, crm_id, imported) VALUES (?, ?, ?)")
        .bind(organisation)
        .bind(crm_id)
        .bind(imported)
}

/// A replaced row gets a new position. One that says nothing new keeps its own, or every overlapping poll would wake
/// every sync.
pub(super) fn add_news(organisation: String, news: News) -> Statement {
    sqlx::query(
        "INSERT OR REPLACE INTO news (organisation, crm_id, owner, at, deleted)
         SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (
           SELECT 1 FROM news WHERE organisation = ?1 AND crm_id = ?2 AND at >= ?4
             AND (deleted = ?5 OR at > ?4) AND (owner IS ?3 OR ?3 IS NULL OR at > ?4)
             AND (NOT ?6 OR at > ?4))",
    )
    .bind(organisation)
    .bind(news.crm_id)
    .bind(news.owner)
    .bind(news.at.as_second())
    .bind(news.deleted)
    .bind(news.again)
}

pub(super) fn put_feed(organisation: String, state: &FeedState) -> Result<Statement, StoreError> {
    let state = serde_json::to_string(state).map_err(|_| StoreError::Unreadable { what: "feed state" })?;
    Ok(sqlx::query(
        "INSERT INTO feed (organisation, state) VALUES (?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
    )
    .bind(organisation)
    .bind(state))
}
