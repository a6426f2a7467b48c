//! Writing: what each change does to the tables. Links, queue, strangers and parked contacts are here.

use jiff::Timestamp;
use sqlx::SqliteConnection;
use sync_engine::identity::ScopeId;
use sync_engine::link::{CrmIntent, Link};

use super::code::Code;
use super::statement::{Statement, of_contact, of_scope};
use super::{guard, organisation};
use crate::store::{Cause, Change, Parked, Queued, ScopeState, StoreError, Stranger};

pub(super) async fn apply(db: &mut SqliteConnection, change: Change) -> Result<(), StoreError> {
    let statement = match change {
        Change::Scope(scope, state) => put_scope(scope, &state)?,
        Change::DropScope(scope) => return all(db, scope, DROP_SCOPE).await,
        Change::Link(scope, link) => return put_link(db, scope, link).await,
        Change::DropLink(scope, crm_id) => {
            of_contact("DELETE FROM link WHERE scope = ? AND crm_id = ?", scope, crm_id)
        }
        Change::DropBases(scope) => return all(db, scope, DROP_BASES).await,
        Change::Enqueue(scope, queued) => enqueue(scope, queued),
        Change::EnqueueAll(scope) => return all(db, scope, ENQUEUE_ALL).await,
        Change::Dequeue(scope, crm_id) => {
            of_contact("DELETE FROM queue WHERE scope = ? AND crm_id = ?", scope, crm_id)
        }
        Change::DequeueInitial(scope) => of_scope(
            "DELETE FROM queue WHERE scope = ?1 AND initial = 1
             AND crm_id NOT IN (SELECT crm_id FROM link WHERE scope = ?1)",
            scope,
        ),
        Change::Stranger(scope, stranger) => put_stranger(scope, stranger),
        Change::DropStranger(scope, office_id) => of_contact(
            "DELETE FROM stranger WHERE scope = ? AND office_id = ?",
            scope,
            office_id,
        ),
        Change::CrmIntent(scope, intent) => put_crm_intent(scope, intent),
        Change::DropCrmIntent(scope, office_id) => of_contact(
            "DELETE FROM crm_intent WHERE scope = ? AND office_id = ?",
            scope,
            office_id,
        ),
        Change::Park(scope, parked) => park(scope, parked),
        Change::Unpark(scope, side, id) => of_contact(
            "DELETE FROM parked WHERE scope = ? AND id = ? AND side = ?",
            scope,
            id,
        )
        .bind(side.code()),
        Change::Hold(scope, held) => guard::hold(scope, held),
        Change::Unhold(scope, crm_id) => {
            of_contact("DELETE FROM held WHERE scope = ? AND crm_id = ?", scope, crm_id)
        }
        Change::Freeze(scope, trip) => guard::freeze(scope, trip),
        Change::Conflict(scope, conflict) => return guard::put_conflict(db, scope, conflict).await,
        Change::CloseConflicts(scope, crm_id, but) => guard::close_conflicts(scope, crm_id, &but),
        Change::Tally(scope, organisation, what, at, count) => {
            return guard::tally(db, scope, organisation, what, at, count).await;
        }
        Change::Origin(organisation, crm_id, imported) => {
            organisation::put_origin(organisation, crm_id, imported)
        }
        Change::News(organisation, news) => organisation::add_news(organisation, news),
        Change::Feed(organisation, state) => organisation::put_feed(organisation, &state)?,
    };
    statement.execute(db).await?;
    Ok(())
}

const DROP_SCOPE: &[&str] = &[
    "DELETE FROM scope WHERE scope = ?",
    "DELETE FROM link WHERE scope = ?",
    "DELETE FROM queue WHERE scope = ?",
    "DELETE FROM stranger WHERE scope = ?",
    "DELETE FROM crm_intent WHERE scope = ?",
    "DELETE FROM parked WHERE scope = ?",
    "DELETE FROM held WHERE scope = ?",
    "DELETE FROM conflict WHERE scope = ?",
    "DELETE FROM tally WHERE whose = ?",
];

const DROP_BASES: &[&str] = &[
    "UPDATE link SET base = x'' WHERE scope = ?",
    "UPDATE crm_intent SET base = x'' WHERE scope = ?",
];

/// Each behind what waits already; what waits keeps its place. `WHERE true` tells the parser that `ON` starts no join.
const ENQUEUE_ALL: &[&str] = &[
    "INSERT INTO queue (scope, crm_id, initial, deleted, item_too, place)
     SELECT ?1, crm_id, 0, 0, 1,
       (SELECT coalesce(max(place), 0) FROM queue WHERE scope = ?1 AND initial = 0)
         + row_number() OVER (ORDER BY crm_id)
     FROM (SELECT crm_id FROM link WHERE scope = ?1 AND state IN (1, 3)
           UNION SELECT id FROM parked WHERE scope = ?1 AND side = 1)
     WHERE true
     ON CONFLICT (scope, crm_id) DO UPDATE SET item_too = 1",
    "INSERT INTO stranger (scope, office_id, review, place)
     SELECT ?1, id, 0,
       (SELECT coalesce(max(place), 0) FROM stranger WHERE scope = ?1) + row_number() OVER (ORDER BY since, id)
     FROM parked WHERE scope = ?1 AND side = 0
     ON CONFLICT (scope, office_id) DO NOTHING",
];

async fn all(
    db: &mut SqliteConnection,
    scope: ScopeId,
    statements: &[&'static str],
) -> Result<(), StoreError> {
    for statement in statements {
        of_scope(statement, scope).execute(&mut *db).await?;
    }
    Ok(())
}

fn put_scope(scope: ScopeId, state: &ScopeState) -> Result<Statement, StoreError> {
    let state = serde_json::to_string(state).map_err(|_| StoreError::Unreadable { what: "sync state" })?;
    Ok(of_scope(
        "INSERT INTO scope (scope, state) VALUES (?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
        scope,
    )
    .bind(state))
}

async fn put_link(db: &mut SqliteConnection, scope: ScopeId, link: Link) -> Result<(), StoreError> {
    let crm_id = link.crm_id.clone();
    let written = of_contact(
        "INSERT INTO link (scope, crm_id, office_id, state, born, crm_modified, gone_since, base)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (scope, crm_id) DO UPDATE SET office_id = excluded.office_id, state = excluded.state,
           born = excluded.born, crm_modified = excluded.crm_modified, gone_since = excluded.gone_since,
           base = excluded.base",
        scope,
        link.crm_id,
    )
    .bind(link.office_id)
    .bind(link.state.code())
    .bind(link.born.code())
    .bind(link.crm_modified.map(Timestamp::as_second))
    .bind(link.gone_since.map(Timestamp::as_second))
    .bind(link.base.to_bytes())
    .execute(db)
    .await;
    match written {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            Err(StoreError::Doubled { scope, crm_id })
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

/// The place is the order of arrival. A row that the first listing finds counts as initial whatever else brought it,
/// so that cap and counts of the first sync hold; that a record is deleted only news can say.
fn enqueue(scope: ScopeId, queued: Queued) -> Statement {
    of_contact(
        "INSERT INTO queue (scope, crm_id, initial, deleted, item_too, place)
         VALUES (?1, ?2, ?3, ?4, ?5,
           (SELECT coalesce(max(place), 0) + 1 FROM queue WHERE scope = ?1 AND initial = ?3))
         ON CONFLICT (scope, crm_id) DO UPDATE SET
           place = CASE WHEN excluded.initial > initial THEN excluded.place ELSE place END,
           initial = max(initial, excluded.initial),
           deleted = CASE WHEN excluded.initial THEN deleted ELSE excluded.deleted END,
           item_too = max(item_too, excluded.item_too)",
        scope,
        queued.crm_id,
    )
    .bind(queued.cause == Cause::Initial)
    .bind(queued.cause == Cause::Deleted)
    .bind(queued.item_too)
}

fn put_stranger(scope: ScopeId, stranger: Stranger) -> Statement {
    of_contact(
        "INSERT INTO stranger (scope, office_id, review, place)
         VALUES (?1, ?2, ?3, (SELECT coalesce(max(place), 0) + 1 FROM stranger WHERE scope = ?1))
         ON CONFLICT (scope, office_id) DO UPDATE SET review = max(review, excluded.review)",
        scope,
        stranger.office_id,
    )
    .bind(stranger.review)
}

fn put_crm_intent(scope: ScopeId, intent: CrmIntent) -> Statement {
    of_contact(
        "INSERT OR REPLACE INTO crm_intent (scope, office_id, since, base) VALUES (?, ?, ?, ?)",
        scope,
        intent.office_id,
    )
    .bind(intent.since.as_second())
    .bind(intent.base.to_bytes())
}

/// The first sighting's time stays while the reason does.
fn park(scope: ScopeId, parked: Parked) -> Statement {
    of_contact(
        "INSERT INTO parked (scope, id, side, reason, field, since) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (scope, side, id) DO UPDATE SET
           since = CASE WHEN parked.reason = excluded.reason THEN parked.since ELSE excluded.since END,
           reason = excluded.reason, field = excluded.field",
        scope,
        parked.id,
    )
    .bind(parked.side.code())
    .bind(parked.reason)
    .bind(parked.field)
    .bind(parked.since.as_second())
}
