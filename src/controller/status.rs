//! Writing status: only where its meaning changed, with an Event where readiness did.

use std::sync::{Mutex, PoisonError};

use kube::api::{Patch, PatchParams};
use kube::runtime::events::{Event, EventType, Recorder, Reporter as EventReporter};
use kube::{Api, Client, Resource, ResourceExt};
use serde::Serialize;

use super::cache::{Caches, Kind};
use crate::api::{Condition, ConditionStatus, ConditionType, Conditions, Reason};

/// The field manager of everything that the operator writes.
pub(super) const MANAGER: &str = "crmlink";

/// How many Events one of kube's recorders tells. It holds each of them in full, so that a repetition is counted in it,
/// for six minutes and then until the next one: after the first sync of ten thousand mailboxes that is most of the memory.
const EVENTS_OF_A_RECORDER: usize = 256;

pub(super) struct Reporter {
    client: Client,
    caches: Caches,
    recorder: Mutex<(Recorder, usize)>,
}

impl Reporter {
    pub(super) fn new(client: Client, caches: Caches) -> Self {
        Self {
            recorder: Mutex::new((recorder(&client), 0)),
            client,
            caches,
        }
    }

    /// The recorder of the next Event. Every now and then it is a new one, which knows of no Event before: one that is
    /// repeated then is told anew.
    fn recorder(&self) -> Recorder {
        let mut held = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        let (recorder, told) = &mut *held;
        if *told == EVENTS_OF_A_RECORDER {
            (*recorder, *told) = (self::recorder(&self.client), 0);
        }
        *told += 1;
        recorder.clone()
    }

    /// Brings the status from `before` to `after`; no call where they are equal.
    pub(super) async fn write<K, S>(
        &self,
        object: &K,
        before: Option<&S>,
        after: &S,
        conditions: impl Fn(&S) -> &Conditions,
    ) -> Result<(), Box<kube::Error>>
    where
        K: Kind,
        S: Serialize + PartialEq,
    {
        // As the API server stores them: it keeps whole seconds, so the same times read back are other values here.
        let stored = |status: &S| serde_json::to_value(status).ok();
        if before.is_some_and(|before| before == after || stored(before) == stored(after)) {
            return Ok(());
        }
        let api: Api<K> = Api::namespaced(self.client.clone(), &object.namespace().unwrap_or_default());
        // The whole status, as server-side apply removes what its owner leaves out. The uid keeps a status from landing
        // on a namesake that was made in between.
        let patch = serde_json::json!({
            "apiVersion": K::api_version(&()),
            "kind": K::kind(&()),
            "metadata": { "name": object.name_any(), "uid": object.uid() },
            "status": after,
        });
        let parameters = PatchParams::apply(MANAGER).force();
        match api
            .patch_status(&object.name_any(), &parameters, &Patch::Apply(patch))
            .await
        {
            Ok(written) => K::cache(&self.caches).wrote(written),
            // Deleted in between: nobody is left to tell.
            Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => return Ok(()),
            Err(error) => return Err(Box::new(error)),
        }
        self.tell(object, before.map(&conditions), conditions(after))
            .await;
        Ok(())
    }

    /// An Event where Ready changed its status or reason. A lost Event is no reason to fail.
    async fn tell<K>(&self, object: &K, before: Option<&Conditions>, after: &Conditions)
    where
        K: Resource<DynamicType = ()>,
    {
        let Some(now) = after.get(ConditionType::Ready) else {
            return;
        };
        let known = before.and_then(|before| before.get(ConditionType::Ready));
        if known.is_some_and(|known| known.status() == now.status() && known.reason() == now.reason()) {
            return;
        }
        self.publish(object, event_type(after), now.reason(), now.message())
            .await;
    }

    /// An Event about something that no status can tell any more.
    pub(super) async fn note<K>(&self, object: &K, type_: EventType, reason: Reason, note: &str)
    where
        K: Resource<DynamicType = ()>,
    {
        self.publish(object, type_, reason.as_str(), note).await;
    }

    async fn publish<K>(&self, object: &K, type_: EventType, reason: &str, note: &str)
    where
        K: Resource<DynamicType = ()>,
    {
        // What the API server takes.
        const NOTE: usize = 1024;
        let mut end = note.len().min(NOTE);
        while !note.is_char_boundary(end) {
            end -= 1;
        }
        let event = Event {
            type_,
            reason: reason.to_owned(),
            note: (end > 0).then(|| note[..end].to_owned()),
            action: "Reconcile".to_owned(),
            secondary: None,
        };
        if let Err(error) = self.recorder().publish(&event, &object.object_ref(&())).await {
            tracing::debug!(%error, "an Event was not taken");
        }
    }
}

/// A warning where readiness is gone, but for what is on its way: it reconciles for the very reason that it is not ready
/// for. What a guard holds back is not.
fn event_type(conditions: &Conditions) -> EventType {
    let reason = |kind| conditions.get(kind).map(Condition::reason);
    let is_unready = conditions
        .get(ConditionType::Ready)
        .is_some_and(|ready| ready.status() == ConditionStatus::False);
    let is_on_its_way = reason(ConditionType::Reconciling) == reason(ConditionType::Ready)
        && !conditions.is_true(ConditionType::Held);
    if is_unready && !is_on_its_way {
        EventType::Warning
    } else {
        EventType::Normal
    }
}

fn recorder(client: &Client) -> Recorder {
    let reporter = EventReporter {
        controller: MANAGER.to_owned(),
        instance: None,
    };
    Recorder::new(client.clone(), reporter)
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
