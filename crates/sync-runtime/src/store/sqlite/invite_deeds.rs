//! What was done for an invite that must not be done twice, though nobody can ask the services whether it was: the
//! invitation itself, and the mails to those who may approve a request to join. Ids and states only.
//!
//! Each deed is begun in the store before its call goes out and done once the call is answered, so that a crash in
//! between leaves a trace.

use jiff::Timestamp;

use super::SqliteStore;
use super::code::Code;
use crate::store::StoreError;

pub(super) const TABLE: &str = "CREATE TABLE invite_deed (
    invite TEXT NOT NULL,
    -- The CRM user who is mailed; empty for the invitation itself.
    crm_user TEXT NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (invite, crm_user)
) WITHOUT ROWID, STRICT";

/// How far a deed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeedState {
    /// Nothing has left yet.
    Planned,
    /// The call may have gone out.
    Begun,
    /// The service confirmed it.
    Done,
}

/// One deed for an invite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// The CRM user who is mailed; empty for the invitation itself.
    pub crm_user: String,
    /// How far it is.
    pub state: DeedState,
    /// How often the call went out, or may have.
    pub attempts: u32,
    /// When that was last.
    pub at: Timestamp,
}

impl SqliteStore {
    /// The deeds for an invite, by CRM user.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn deeds(&self, invite: &str) -> Result<Vec<Deed>, StoreError> {
        let rows: Vec<(String, i64, u32, i64)> = sqlx::query_as(
            "SELECT crm_user, state, attempts, at FROM invite_deed WHERE invite = ? ORDER BY crm_user",
        )
        .bind(invite)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(crm_user, state, attempts, at)| {
                let (state, at) = DeedState::from_code(state)
                    .zip(Timestamp::from_second(at).ok())
                    .ok_or(StoreError::Unreadable { what: DeedState::ROW })?;
                Ok(Deed {
                    crm_user,
                    state,
                    attempts,
                    at,
                })
            })
            .collect()
    }

    /// Plans a deed for each of these CRM users, all or none; those that are known stay as they are.
    ///
    /// # Errors
    /// If the database fails, or another process has taken the file over.
    pub async fn plan_deeds(
        &self,
        invite: &str,
        crm_users: &[String],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for crm_user in crm_users {
            sqlx::query("INSERT OR IGNORE INTO invite_deed VALUES (?, ?, ?, 0, ?)")
                .bind(invite)
                .bind(crm_user)
                .bind(DeedState::Planned.code())
                .bind(at.as_second())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Notes that the call of a deed goes out now.
    ///
    /// # Errors
    /// As [`Self::plan_deeds`].
    pub async fn begin_deed(&self, invite: &str, crm_user: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO invite_deed VALUES (?, ?, ?, 1, ?)
             ON CONFLICT (invite, crm_user) DO UPDATE SET
               state = excluded.state, attempts = attempts + 1, at = excluded.at",
        )
        .bind(invite)
        .bind(crm_user)
        .bind(DeedState::Begun.code())
        .bind(at.as_second())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Notes that the service confirmed a deed.
    ///
    /// # Errors
    /// As [`Self::plan_deeds`].
    pub async fn end_deed(&self, invite: &str, crm_user: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE invite_deed SET state = ?, at = ? WHERE invite = ? AND crm_user = ?")
            .bind(DeedState::Done.code())
            .bind(at.as_second())
            .bind(invite)
            .bind(crm_user)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes back the beginning of a deed whose call certainly did nothing.
    ///
    /// # Errors
    /// As [`Self::plan_deeds`].
    pub async fn undo_deed(&self, invite: &str, crm_user: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE invite_deed SET attempts = attempts - 1,
               state = CASE WHEN attempts > 1 THEN state ELSE ? END
             WHERE invite = ? AND crm_user = ? AND attempts > 0",
        )
        .bind(DeedState::Planned.code())
        .bind(invite)
        .bind(crm_user)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets one deed.
    ///
    /// # Errors
    /// As [`Self::plan_deeds`].
    pub async fn drop_deed(&self, invite: &str, crm_user: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM invite_deed WHERE invite = ? AND crm_user = ?")
            .bind(invite)
            .bind(crm_user)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets what was done for an invite.
    ///
    /// # Errors
    /// As [`Self::plan_deeds`].
    pub async fn drop_deeds(&self, invite: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM invite_deed WHERE invite = ?")
            .bind(invite)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn deeds_survive_a_restart_and_go_with_their_invite() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let at = |second| Timestamp::from_second(second).unwrap();
        let store = SqliteStore::open(&path).await.unwrap();
        let managers = ["7".to_owned(), "8".to_owned()];
        store.plan_deeds("a", &managers, at(1)).await.unwrap();
        store.begin_deed("a", "7", at(2)).await.unwrap();
        store.end_deed("a", "7", at(3)).await.unwrap();
        store.begin_deed("a", "8", at(4)).await.unwrap();
        store.begin_deed("a", "8", at(5)).await.unwrap();
        store.begin_deed("b", "", at(6)).await.unwrap();
        store.plan_deeds("a", &managers, at(9)).await.unwrap();
        drop(store);
        let store = SqliteStore::open(&path).await.unwrap();
        let deed = |crm_user: &str, state, attempts, second| Deed {
            crm_user: crm_user.to_owned(),
            state,
            attempts,
            at: at(second),
        };
        let (done, begun) = (DeedState::Done, DeedState::Begun);
        assert_eq!(
            store.deeds("a").await.unwrap(),
            [deed("7", done, 1, 3), deed("8", begun, 2, 5)]
        );
        store.drop_deed("a", "7").await.unwrap();
        assert_eq!(store.deeds("a").await.unwrap(), [deed("8", begun, 2, 5)]);
        store.drop_deeds("a").await.unwrap();
        assert_eq!(store.deeds("a").await.unwrap(), []);
        assert_eq!(store.deeds("b").await.unwrap(), [deed("", begun, 1, 6)]);
    }

    #[tokio::test]
    async fn what_certainly_did_nothing_counts_for_nothing_and_an_earlier_doubt_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("store.db")).await.unwrap();
        let at = Timestamp::UNIX_EPOCH;
        let state = async || {
            let deed = store.deeds("a").await.unwrap().remove(0);
            (deed.state, deed.attempts)
        };
        store.begin_deed("a", "", at).await.unwrap();
        store.undo_deed("a", "").await.unwrap();
        assert_eq!(state().await, (DeedState::Planned, 0));
        store.begin_deed("a", "", at).await.unwrap();
        store.begin_deed("a", "", at).await.unwrap();
        store.undo_deed("a", "").await.unwrap();
        assert_eq!(state().await, (DeedState::Begun, 1));
    }
}
