//! Reading both sides of some contacts, before anything is planned.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sync_engine::link::{Link, LinkState};
use sync_engine::plan::{CrmSide, Deletes, unedited_record};
use sync_engine::project::project;

use super::run::{Reach, Run};
use super::{ContactSync, Stop};
use crate::planted::{Bug, planted};
use crate::ports::{Crm, CrmRecord, Found, Item, Mailbox};
use crate::store::{Cause, Queued, Store};

/// How long the CRM remembers that a record was deleted (`research/zoho.md` §4).
const REMEMBERED: SignedDuration = SignedDuration::from_hours(120 * 24);

/// What is known of a chunk's records before anything is written.
pub(super) struct Seen {
    pub(super) links: BTreeMap<String, Link>,
    pub(super) sides: BTreeMap<String, CrmSide>,
    pub(super) records: BTreeMap<String, CrmRecord>,
    pub(super) imported: BTreeSet<String>,
    /// By item; those that there was no need to read are missing.
    pub(super) places: BTreeMap<String, Place>,
}

/// Where an item is.
pub(super) enum Place {
    Here(Item),
    Moved,
    Gone,
}

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    pub(super) async fn look(&self, rows: &[Queued], run: &mut Run) -> Result<Seen, Stop> {
        let ids: Vec<String> = rows.iter().map(|row| row.crm_id.clone()).collect();
        let links: BTreeMap<_, _> = self
            .store
            .links(self.scope, &ids)
            .await?
            .into_iter()
            .map(|link| (link.crm_id.clone(), link))
            .collect();
        let records: BTreeMap<_, _> = self
            .crm
            .records(&ids, &self.mapping.crm_fields())
            .await?
            .into_iter()
            .map(|record| (record.id.clone(), record))
            .collect();
        let in_doubt = |row: &&Queued| {
            row.cause != Cause::Deleted
                && links.contains_key(&row.crm_id)
                && !records.contains_key(&row.crm_id)
        };
        if rows.iter().any(|row| in_doubt(&row)) {
            self.ask_what_was_deleted(run).await?;
        }
        let sides: BTreeMap<_, _> = rows
            .iter()
            .map(|row| {
                let side = self.crm_side(row, records.get(&row.crm_id), run);
                (row.crm_id.clone(), side)
            })
            .collect();
        let needed = rows.iter().filter_map(|row| {
            let link = links.get(&row.crm_id)?;
            let needed = row.item_too || run.waits(&row.crm_id) || self.needs_item(link, &sides[&row.crm_id]);
            link.office_id.clone().filter(|_| needed)
        });
        let places = self.places(needed.collect(), run).await?;
        let imported = match run.reach {
            Reach::Both => self.imported(&links, &records).await?,
            Reach::CrmOnly => BTreeSet::new(),
        };
        Ok(Seen {
            links,
            sides,
            records,
            imported,
            places,
        })
    }

    /// That a record is not shown may be a lost right. The queue cannot tell: a later change of the item takes the place
    /// of the news that the record was deleted.
    async fn ask_what_was_deleted(&self, run: &mut Run) -> Result<(), Stop> {
        if run.deleted.is_none() {
            let since = self.clock.now().saturating_sub(REMEMBERED);
            let deleted = self.crm.deleted(since.unwrap_or(Timestamp::MIN)).await?;
            run.deleted = Some(deleted.into_iter().map(|row| row.id).collect());
        }
        Ok(())
    }

    fn crm_side(&self, row: &Queued, record: Option<&CrmRecord>, run: &Run) -> CrmSide {
        let listed = || run.deleted.as_ref().is_some_and(|ids| ids.contains(&row.crm_id));
        match record {
            Some(record) if record.owner == self.owner || planted(Bug::IgnoreOwner) => {
                CrmSide::Owned(project(self.mapping, &record.fields))
            }
            Some(_) => CrmSide::OtherOwner,
            None if row.cause == Cause::Deleted || listed() || planted(Bug::AbsentIsDeleted) => {
                CrmSide::Deleted
            }
            None => CrmSide::Hidden,
        }
    }

    /// Whether the item has to be read: not where the record holds what it held when both sides last agreed, as after
    /// our own write or a change of what is not mapped.
    fn needs_item(&self, link: &Link, side: &CrmSide) -> bool {
        let CrmSide::Owned(Ok(view)) = side else {
            return true;
        };
        let has_base = |field| link.base.0.contains_key(&field) || view.withheld.contains(&field);
        link.state != LinkState::Linked
            || link.gone_since.is_some()
            || !self.mapping.rules().iter().all(|rule| has_base(rule.office))
            || !unedited_record(&link.base, view, self.hasher)
    }

    async fn places(&self, ids: Vec<String>, run: &Run) -> Result<BTreeMap<String, Place>, Stop> {
        let mut places = BTreeMap::new();
        if ids.is_empty() {
            return Ok(places);
        }
        // Only where a deletion would reach the CRM does it matter whether an item was deleted or moved away.
        let tell = self.policy.direction.reaches_crm() && self.policy.deletes_to_crm == Deletes::Propagate;
        // Not every service answers to questions about the default folder.
        let mut folders = BTreeMap::from([(run.parent.clone(), true)]);
        for (id, found) in ids.iter().zip(self.mailbox.read(&run.folder, &ids).await?) {
            let place = match found {
                Found::Here(item) => Place::Here(item),
                Found::Elsewhere { folder } if tell => {
                    let is_one = match folders.get(&folder) {
                        Some(known) => *known,
                        // The deleted items are no contact folder.
                        None => self.mailbox.folder(&folder).await?.is_some(),
                    };
                    folders.insert(folder, is_one);
                    if is_one { Place::Moved } else { Place::Gone }
                }
                Found::Elsewhere { .. } | Found::Gone => Place::Gone,
            };
            places.insert(id.clone(), place);
        }
        Ok(places)
    }
}
