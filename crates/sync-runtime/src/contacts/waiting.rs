//! Contacts that wait for something that shows nowhere when it is over: a record is locked while a change of it waits for
//! approval (`research/zoho.md` §5), or the connected user may not see it. None of them keeps the others waiting.

use jiff::SignedDuration;
use sync_engine::link::Side;

use super::carry_out::NOT_VISIBLE;
use super::run::Run;
use super::{ContactSync, Stop};
use crate::ports::{Crm, Mailbox};
use crate::store::{Cause, Change, Parked, Store};

/// How long such a contact is left alone.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// How the reason of a locked record begins.
const LOCKED: &str = "the CRM has this contact locked";

impl<M: Mailbox, C: Crm, S: Store> ContactSync<'_, M, C, S> {
    /// What was to be done to a locked record waits.
    pub(super) fn wait_for_the_lock(
        &self,
        crm_id: String,
        code: &str,
        run: &mut Run,
        changes: &mut Vec<Change>,
    ) {
        let reason = format!("{LOCKED} ({code}): it is tried again every hour, and after its next change");
        self.wait_for_a_change(crm_id, reason, None, run, changes);
    }

    /// Has those looked at again that have waited long enough.
    pub(super) async fn look_at_waiting_again(&self, parked: &[Parked]) -> Result<(), Stop> {
        let now = self.clock.now();
        let due = parked.iter().filter(|parked| {
            parked.side == Side::Crm
                && ends_unseen(&parked.reason)
                && now.duration_since(parked.since) >= AGAIN
        });
        let changes = due.flat_map(|parked| {
            [
                Change::Unpark(self.scope, parked.side, parked.id.clone()),
                self.enqueue(parked.id.clone(), Cause::Changed, true),
            ]
        });
        self.commit(changes.collect()).await
    }
}

fn ends_unseen(reason: &str) -> bool {
    reason.starts_with(LOCKED) || reason == NOT_VISIBLE
}
