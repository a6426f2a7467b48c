//! The `ContactSyncs` of the demo and what they report.

use std::time::Duration;

use crmlink::api::{ConditionType, ContactSync, REQUESTED_AT_ANNOTATION, Reason};
use emulators::Control;
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::json;
use tokio::time::Instant;

use super::activity::{Activity, Writes};
use crate::{
    environment::NAMESPACE,
    error::{Doing, Result},
};

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) phase: String,
    pub(crate) message: String,
    pub(crate) linked: u32,
    pub(crate) pending: u32,
    pub(crate) imported: u32,
    pub(crate) over_cap: u32,
    pub(crate) parked: u32,
    pub(crate) conflicts: u32,
    pub(crate) writes: Writes,
    /// How long it took, or takes so far.
    pub(crate) time: Duration,
    /// In step with everything asked for, or switched off.
    pub(crate) settled: bool,
}

impl Row {
    /// Why one waits for it.
    pub(crate) fn explain(&self) -> String {
        format!(
            "{} is {}, {} pending ({})",
            self.name, self.phase, self.pending, self.message
        )
    }
}

/// The syncs, when the present round began, and how long each took in it.
pub(crate) struct Syncs {
    api: Api<ContactSync>,
    activity: Activity,
    objects: Vec<ContactSync>,
    began: Instant,
    took: std::collections::BTreeMap<String, Duration>,
    requested: Option<String>,
    requests: u32,
}

impl Syncs {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            api: Api::namespaced(client, NAMESPACE),
            activity: Activity::default(),
            objects: Vec::new(),
            began: Instant::now(),
            took: std::collections::BTreeMap::new(),
            requested: None,
            requests: 0,
        }
    }

    /// The objects as they were seen last.
    pub(crate) fn objects(&self) -> &[ContactSync] {
        &self.objects
    }

    /// Asks every sync for a run at once.
    pub(crate) async fn request(&mut self) -> Result<()> {
        self.requests += 1;
        let value = format!("demo-{}", self.requests);
        let patch = json!({ "metadata": { "annotations": { REQUESTED_AT_ANNOTATION: value } } });
        for sync in &self.objects {
            let name = sync.name_any();
            self.api
                .patch(&name, &PatchParams::default(), &Patch::Merge(&patch))
                .await
                .doing(|| format!("annotating ContactSync {name}"))?;
        }
        self.requested = Some(value);
        self.began = Instant::now();
        self.took.clear();
        Ok(())
    }

    /// Switches one off, as its author does.
    pub(crate) async fn switch_off(&self, name: &str) -> Result<()> {
        let patch = json!({ "spec": { "enabled": false } });
        self.api
            .patch(name, &PatchParams::default(), &Patch::Merge(&patch))
            .await
            .doing(|| format!("switching ContactSync {name} off"))?;
        Ok(())
    }

    /// What every sync reports now.
    pub(crate) async fn look(&mut self, control: &Control) -> Result<Vec<Row>> {
        let list = self
            .api
            .list(&ListParams::default())
            .await
            .doing(|| "listing the ContactSyncs".to_owned())?;
        self.objects = list.items;
        self.activity.read(control).await?;
        let rows = self.objects.iter().map(|sync| self.row(sync)).collect::<Vec<_>>();
        for row in rows.iter().filter(|row| row.settled) {
            self.took.entry(row.name.clone()).or_insert(row.time);
        }
        Ok(rows)
    }

    fn row(&self, sync: &ContactSync) -> Row {
        let name = sync.name_any();
        let status = sync.status.clone().unwrap_or_default();
        let ready = status.conditions.get(ConditionType::Ready);
        let left_out = status
            .initial_sync
            .as_ref()
            .and_then(|initial| initial.left_out)
            .unwrap_or_default();
        let pending = status.pending.unwrap_or_default();
        let current = status.observed_generation == sync.metadata.generation
            && (self.requested.is_none() || status.last_handled_requested_at == self.requested);
        let phase = match ready {
            _ if !current && self.requested.is_some() => "Asked",
            Some(ready) => ready.reason(),
            None => "Waiting",
        };
        let ends = [Reason::InSync, Reason::Disabled, Reason::DisabledInMailbox];
        let at_work = status.conditions.is_true(ConditionType::Reconciling);
        let settled = current && pending == 0 && !at_work && ends.iter().any(|end| end.as_str() == phase);
        let mailbox = status.mailbox.as_ref().map(|mailbox| mailbox.user_id.as_str());
        Row {
            message: ready.map_or("", |ready| ready.message()).to_owned(),
            linked: status.linked.unwrap_or_default(),
            pending,
            imported: left_out.imported,
            over_cap: left_out.over_cap,
            parked: status.parked.as_ref().map_or(0, |parked| parked.count),
            conflicts: status.conflicts.as_ref().map_or(0, |conflicts| conflicts.count),
            writes: self.activity.of(&sync.spec.user, mailbox),
            time: self
                .took
                .get(&name)
                .copied()
                .unwrap_or_else(|| self.began.elapsed()),
            settled,
            phase: phase.to_owned(),
            name,
        }
    }
}
