//! The links of one sync, by record and by item.

use std::collections::BTreeMap;
use std::sync::Arc;

use sync_engine::hash::Base;
use sync_engine::identity::ScopeId;
use sync_engine::link::{Link, LinkState};

use super::sync::whole_second;
use crate::store::StoreError;

/// Ids and links are shared between copies: each commit copies the maps.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    by_record: BTreeMap<Arc<str>, Arc<Link>>,
    record_of_item: BTreeMap<Arc<str>, Arc<str>>,
}

impl Links {
    pub(super) fn of_record(&self, crm_id: &str) -> Option<&Link> {
        self.by_record.get(crm_id).map(AsRef::as_ref)
    }

    pub(super) fn of_item(&self, office_id: &str) -> Option<&Link> {
        self.of_record(self.record_of_item.get(office_id)?)
    }

    /// By record.
    pub(super) fn all(&self) -> impl Iterator<Item = &Link> {
        self.by_record.values().map(AsRef::as_ref)
    }

    /// By record.
    pub(super) fn intents(&self) -> impl Iterator<Item = &Link> {
        self.all().filter(|link| link.state == LinkState::Intent)
    }

    pub(super) fn put(&mut self, scope: ScopeId, mut link: Link) -> Result<(), StoreError> {
        let holder = link.office_id.as_deref().and_then(|id| self.of_item(id));
        if holder.is_some_and(|holder| holder.crm_id != link.crm_id) {
            return Err(StoreError::Doubled {
                scope,
                crm_id: link.crm_id,
            });
        }
        link.crm_modified = link.crm_modified.map(whole_second);
        link.gone_since = link.gone_since.map(whole_second);
        self.remove(&link.crm_id);
        let crm_id: Arc<str> = link.crm_id.as_str().into();
        if let Some(office_id) = &link.office_id {
            self.record_of_item
                .insert(office_id.as_str().into(), Arc::clone(&crm_id));
        }
        self.by_record.insert(crm_id, Arc::new(link));
        Ok(())
    }

    pub(super) fn remove(&mut self, crm_id: &str) {
        let link = self.by_record.remove(crm_id);
        if let Some(office_id) = link.as_ref().and_then(|link| link.office_id.as_deref()) {
            self.record_of_item.remove(office_id);
        }
    }

    pub(super) fn drop_bases(&mut self) {
        for link in self.by_record.values_mut() {
            Arc::make_mut(link).base = Base::default();
        }
    }
}
