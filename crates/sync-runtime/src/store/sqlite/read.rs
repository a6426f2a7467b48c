//! The store's reads, and the commit.

use std::time::Instant;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use sync_engine::identity::ScopeId;
use sync_engine::link::{CrmIntent, Link};

use super::code::Code;
use super::statement::{Statement, list, of_scope};
use super::{SqliteStore, apply, row};
use crate::store::{
    Change, Conflict, Counted, Counts, FeedRow, FeedState, Held, Parked, Queued, ScopeState, Store,
    StoreError, Stranger, Tally,
};

/// Indices are named where the planner would rather read all links of the sync: it keeps no statistics.
macro_rules! from_link {
    ($rest:literal) => {
        concat!(
            "SELECT crm_id, office_id, state, born, crm_modified, gone_since, base FROM link ",
            $rest
        )
    };
}

impl SqliteStore {
    async fn rows<T>(
        &self,
        query: Statement,
        row: fn(&SqliteRow) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        query.fetch_all(&self.pool).await?.iter().map(row).collect()
    }

    async fn one<T>(
        &self,
        query: Statement,
        row: fn(&SqliteRow) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        row(&query.fetch_one(&self.pool).await?)
    }

    async fn state<T: DeserializeOwned>(
        &self,
        query: Statement,
        what: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let Some(row) = query.fetch_optional(&self.pool).await? else {
            return Ok(None);
        };
        serde_json::from_str(row.try_get("state")?).map_err(|_| StoreError::Unreadable { what })
    }
}

impl Store for SqliteStore {
    async fn scope(&self, scope: ScopeId) -> Result<Option<ScopeState>, StoreError> {
        let query = of_scope("SELECT state FROM scope WHERE scope = ?", scope);
        self.state(query, "sync state").await
    }

    async fn links(&self, scope: ScopeId, crm_ids: &[String]) -> Result<Vec<Link>, StoreError> {
        let query = from_link!("WHERE scope = ?1 AND crm_id IN (SELECT value FROM json_each(?2))");
        self.rows(of_scope(query, scope).bind(list(crm_ids)), row::link)
            .await
    }

    async fn links_of_items(&self, scope: ScopeId, office_ids: &[String]) -> Result<Vec<Link>, StoreError> {
        let query = from_link!(
            "INDEXED BY link_office WHERE scope = ?1 AND office_id IN (SELECT value FROM json_each(?2))"
        );
        self.rows(of_scope(query, scope).bind(list(office_ids)), row::link)
            .await
    }

    async fn all_links(&self, scope: ScopeId) -> Result<Vec<Link>, StoreError> {
        let query = from_link!("WHERE scope = ?1 ORDER BY crm_id");
        self.rows(of_scope(query, scope), row::link).await
    }

    async fn intents(&self, scope: ScopeId, limit: u32) -> Result<Vec<Link>, StoreError> {
        let query =
            from_link!("INDEXED BY link_state WHERE scope = ?1 AND state = 0 ORDER BY crm_id LIMIT ?2");
        self.rows(of_scope(query, scope).bind(limit), row::link).await
    }

    async fn queue(&self, scope: ScopeId, limit: u32) -> Result<Vec<Queued>, StoreError> {
        let query = of_scope(
            "SELECT crm_id, initial, deleted, item_too FROM queue WHERE scope = ? ORDER BY initial, place LIMIT ?",
            scope,
        );
        self.rows(query.bind(limit), row::queued).await
    }

    async fn crm_intents(&self, scope: ScopeId, limit: u32) -> Result<Vec<CrmIntent>, StoreError> {
        let query = of_scope(
            "SELECT office_id, since, base FROM crm_intent WHERE scope = ? ORDER BY since, office_id LIMIT ?",
            scope,
        );
        self.rows(query.bind(limit), row::crm_intent).await
    }

    async fn strangers(&self, scope: ScopeId, limit: u32) -> Result<Vec<Stranger>, StoreError> {
        let query = of_scope(
            "SELECT office_id, review FROM stranger WHERE scope = ? ORDER BY place LIMIT ?",
            scope,
        );
        self.rows(query.bind(limit), row::stranger).await
    }

    async fn held(&self, scope: ScopeId) -> Result<Vec<Held>, StoreError> {
        let query = of_scope(
            "SELECT crm_id, operation, trip FROM held WHERE scope = ? ORDER BY crm_id",
            scope,
        );
        self.rows(query, row::held).await
    }

    async fn conflicts(&self, scope: ScopeId, limit: u32) -> Result<Vec<Conflict>, StoreError> {
        let query = of_scope(
            "SELECT crm_id, field, outcome, at FROM conflict WHERE scope = ?
             ORDER BY outcome = 2 DESC, at DESC, crm_id, field LIMIT ?",
            scope,
        );
        self.rows(query.bind(limit), row::conflict).await
    }

    async fn tally(&self, of: Counted<'_>, what: Tally, since: Timestamp) -> Result<u64, StoreError> {
        const QUERY: &str =
            "SELECT coalesce(sum(count), 0) FROM tally WHERE whose = ? AND what = ? AND at >= ?";
        let query = match of {
            Counted::Sync(scope) => of_scope(QUERY, scope),
            Counted::Organisation(organisation) => sqlx::query(QUERY).bind(organisation.to_owned()),
        };
        self.one(query.bind(what.code()).bind(since.as_second()), row::number)
            .await
    }

    async fn initial_queue(&self, scope: ScopeId) -> Result<u64, StoreError> {
        let query = of_scope(
            "SELECT count(*) FROM queue WHERE scope = ? AND initial = 1",
            scope,
        );
        self.one(query, row::number).await
    }

    async fn initial_unlinked(&self, scope: ScopeId) -> Result<u64, StoreError> {
        let query = of_scope(
            "SELECT count(*) FROM queue WHERE scope = ?1 AND initial = 1
             AND crm_id NOT IN (SELECT crm_id FROM link WHERE scope = ?1)",
            scope,
        );
        self.one(query, row::number).await
    }

    async fn counts(&self, scope: ScopeId) -> Result<Counts, StoreError> {
        let query = of_scope(
            "SELECT (SELECT count(*) FROM link WHERE scope = ?1 AND state = 1) AS linked,
                    (SELECT count(*) FROM queue WHERE scope = ?1)
                      + (SELECT count(*) FROM stranger WHERE scope = ?1)
                      + (SELECT count(*) FROM link WHERE scope = ?1 AND state = 0
                         AND crm_id NOT IN (SELECT crm_id FROM queue WHERE scope = ?1))
                      + (SELECT count(*) FROM crm_intent WHERE scope = ?1
                         AND office_id NOT IN (SELECT office_id FROM stranger WHERE scope = ?1)) AS pending,
                    (SELECT count(*) FROM parked WHERE scope = ?1) AS parked,
                    (SELECT count(DISTINCT crm_id) FROM conflict WHERE scope = ?1) AS conflicts,
                    (SELECT count(*) FROM held WHERE scope = ?1) AS held",
            scope,
        );
        self.one(query, row::counts).await
    }

    async fn parked(&self, scope: ScopeId, limit: u32) -> Result<Vec<Parked>, StoreError> {
        let query = of_scope(
            "SELECT side, id, reason, field, since FROM parked WHERE scope = ? ORDER BY since, id, side LIMIT ?",
            scope,
        );
        self.rows(query.bind(limit), row::parked).await
    }

    async fn origins(
        &self,
        organisation: &str,
        crm_ids: &[String],
    ) -> Result<Vec<(String, bool)>, StoreError> {
        let query = sqlx::query(
            "SELECT crm_id, imported FROM origin
             WHERE organisation = ? AND crm_id IN (SELECT value FROM json_each(?))",
        )
        .bind(organisation.to_owned())
        .bind(list(crm_ids));
        self.rows(query, row::origin).await
    }

    async fn feed(&self, organisation: &str) -> Result<Option<FeedState>, StoreError> {
        let query =
            sqlx::query("SELECT state FROM feed WHERE organisation = ?").bind(organisation.to_owned());
        self.state(query, "feed state").await
    }

    async fn feed_end(&self, organisation: &str) -> Result<i64, StoreError> {
        let query = sqlx::query("SELECT coalesce(max(position), 0) FROM news WHERE organisation = ?")
            .bind(organisation.to_owned());
        self.one(query, |row| Ok(row.try_get(0)?)).await
    }

    async fn news_for(
        &self,
        organisation: &str,
        scope: ScopeId,
        owner: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<FeedRow>, StoreError> {
        let query = of_scope(
            "SELECT position, crm_id, owner, at, deleted FROM news
             WHERE organisation = ?2 AND position > ?3
               AND (owner = ?4
                 OR EXISTS (SELECT 1 FROM link WHERE link.scope = ?1 AND link.crm_id = news.crm_id)
                 OR EXISTS (SELECT 1 FROM parked WHERE scope = ?1 AND side = 1 AND id = news.crm_id))
             ORDER BY position LIMIT ?5",
            scope,
        )
        .bind(organisation.to_owned())
        .bind(after)
        .bind(owner.to_owned())
        .bind(limit);
        self.rows(query, row::news).await
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let began = Instant::now();
        let mut tx = self.begin().await?;
        for change in changes {
            apply::apply(&mut tx, change).await?;
        }
        tx.commit().await?;
        if let Some(observer) = &self.observer {
            observer.committed(began.elapsed());
        }
        Ok(())
    }
}
