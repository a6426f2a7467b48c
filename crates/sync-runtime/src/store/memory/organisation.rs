//! The rows that all syncs of one organisation share, and counts over time.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::sync::whole_second;
use crate::store::{FeedRow, FeedState, News, TALLIES_KEPT, Tally};

#[derive(Debug, Clone, Default)]
pub(super) struct OrganisationRows {
    /// Whether a record was imported.
    pub(super) origins: BTreeMap<String, bool>,
    pub(super) feed: Option<FeedState>,
    pub(super) news: NewsRows,
    pub(super) tallies: Tallies,
}

/// One row a record: the latest news.
#[derive(Debug, Clone, Default)]
pub(super) struct NewsRows {
    by_position: BTreeMap<i64, FeedRow>,
    position_of_record: BTreeMap<String, i64>,
}

impl NewsRows {
    /// 0 if there are none.
    pub(super) fn end(&self) -> i64 {
        self.by_position
            .last_key_value()
            .map_or(0, |(position, _)| *position)
    }

    /// Oldest first.
    pub(super) fn after(&self, position: i64) -> impl Iterator<Item = &FeedRow> {
        self.by_position
            .range(position.saturating_add(1)..)
            .map(|(_, row)| row)
    }

    /// Puts news at this position, the newest of all. News that say nothing new are left out, or every overlapping
    /// poll would wake every sync; `false` then.
    pub(super) fn add(&mut self, position: i64, news: News) -> bool {
        let at = whole_second(news.at);
        let known = self.position_of_record.get(&news.crm_id).copied();
        if let Some(row) = known.and_then(|position| self.by_position.get(&position)) {
            let same = row.at == at
                && row.deleted == news.deleted
                && (news.owner.is_none() || row.owner == news.owner)
                && !news.again;
            if row.at > at || same {
                return false;
            }
        }
        if let Some(known) = known {
            self.by_position.remove(&known);
        }
        self.position_of_record.insert(news.crm_id.clone(), position);
        let row = FeedRow {
            position,
            crm_id: news.crm_id,
            owner: news.owner,
            at,
            deleted: news.deleted,
        };
        self.by_position.insert(position, row);
        true
    }
}

/// Counts by second.
#[derive(Debug, Clone, Default)]
pub(super) struct Tallies(BTreeMap<(Tally, i64), u64>);

impl Tallies {
    pub(super) fn add(&mut self, what: Tally, at: Timestamp, count: u64) {
        *self.0.entry((what, at.as_second())).or_default() += count;
        let newest = self.0.range(..=(what, i64::MAX)).next_back();
        let oldest = newest.map_or(i64::MIN, |((_, newest), _)| newest - TALLIES_KEPT.as_secs());
        while let Some(key) = self
            .0
            .range((what, i64::MIN)..(what, oldest))
            .next()
            .map(|(key, _)| *key)
        {
            self.0.remove(&key);
        }
    }

    pub(super) fn sum(&self, what: Tally, since: Timestamp) -> u64 {
        self.0
            .range((what, since.as_second())..=(what, i64::MAX))
            .map(|(_, count)| count)
            .sum()
    }
}
