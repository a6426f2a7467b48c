//! Which records are imported: they stay out until somebody updates them (`design.md` §6.7).

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt};
use sync_engine::import::{Origin, origin_by_times};
use sync_engine::link::Link;

use super::{ContactSync, ImportedItems, Stop};
use crate::planted::{Bug, planted};
use crate::ports::{Crm, CrmRecord, Mailbox};
use crate::store::{Change, Store};

/// How many questions about the origin are under way together.
const IN_FLIGHT: usize = 4;

/// How many answers are committed together: a commit waits for the disk, and a crash costs this many credits.
const TOGETHER: usize = 10;

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// Which of the records that are not linked yet are imported. Answers are committed as they come: each cost
    /// a credit and never changes.
    pub(super) async fn imported(
        &self,
        links: &BTreeMap<String, Link>,
        records: &BTreeMap<String, CrmRecord>,
    ) -> Result<BTreeSet<String>, Stop> {
        let all = self.policy.imported == ImportedItems::Include || planted(Bug::IgnoreImports);
        if all || !self.policy.direction.reaches_office() {
            return Ok(BTreeSet::new());
        }
        let unclear: Vec<String> = records
            .values()
            .filter(|record| record.owner == self.owner && !links.contains_key(&record.id))
            .filter(|record| origin_by_times(record.created, record.modified).is_none())
            .map(|record| record.id.clone())
            .collect();
        let organisation = self.feed.organisation();
        let known: BTreeMap<_, _> = self
            .store
            .origins(organisation, &unclear)
            .await?
            .into_iter()
            .collect();
        let mut imported: BTreeSet<String> = known
            .iter()
            .filter(|(_, imported)| **imported)
            .map(|(id, _)| id.clone())
            .collect();
        let questions: Vec<String> = unclear.into_iter().filter(|id| !known.contains_key(id)).collect();
        let mut answers = futures::stream::iter(questions)
            .map(|id| async move {
                let origin = self.crm.origin(&id).await?;
                Ok::<_, Stop>((id, origin == Origin::Imported))
            })
            .buffered(IN_FLIGHT);
        let mut fresh = Vec::new();
        let failed = loop {
            match answers.try_next().await {
                Ok(Some((id, is_imported))) => {
                    fresh.push(Change::Origin(organisation.to_owned(), id.clone(), is_imported));
                    if is_imported {
                        imported.insert(id);
                    }
                }
                Ok(None) => break None,
                Err(stop) => break Some(stop),
            }
            if fresh.len() >= TOGETHER {
                self.commit(std::mem::take(&mut fresh)).await?;
            }
        };
        self.commit(fresh).await?;
        failed.map_or(Ok(imported), Err)
    }
}
