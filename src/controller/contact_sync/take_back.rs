//! Switching a sync off, by its author or with its resource: what only the mailbox knows goes to the CRM, then the
//! copies leave the mailbox.

use adapters::GraphMailbox;
use jiff::Timestamp;
use sync_runtime::contacts::{self, Brake, Disabled, Outcome, Policy, Stop};
use sync_runtime::ports::{Failure, Service};
use sync_runtime::store::{Change, Store};

use super::apply::{engine, slice_end};
use super::gather::Partner;
use super::{A_MOMENT, ContactSync, name};
use crate::api::{CrmTenantSpec, Reason};
use crate::connections::Mailboxes;
use crate::controller::trouble::{Remedy, Trouble};
use crate::controller::{Context, runner};

/// How many failures in a row the CRM may have before a sync leaves without its last round. With the waits between them
/// about half a minute.
const PATIENCE: u32 = 5;

/// While a sync is being switched off the CRM is not waited for longer than this at a time: somebody wants to be rid
/// of the copies.
const LONGEST_WAIT: std::time::Duration = std::time::Duration::from_secs(30);

/// Whether the CRM has failed so often that a sync which is being switched off goes on without it.
pub(super) fn is_patience_over(sync: &ContactSync, context: &Context) -> bool {
    context.backoff.count_here(&runner::key(sync)) >= PATIENCE
}

/// A sync that is being switched off.
pub(super) struct Off<'a> {
    pub(super) sync: &'a ContactSync,
    pub(super) mailboxes: &'a Mailboxes,
    pub(super) tenant: &'a CrmTenantSpec,
    pub(super) user_id: &'a str,
    pub(super) partner: Option<&'a Partner>,
    pub(super) policy: &'a Policy,
}

/// How far taking a sync back has come.
pub(super) enum TakenBack {
    /// The operator stops.
    Stopping,
    /// The last round goes on.
    More,
    /// The copies are out of the mailbox; nothing is known of what was left where there was nothing to do.
    Done { left_in_place: Option<u64> },
    /// Too many syncs of the tenant are switched off at a time.
    Held { until: Timestamp },
}

impl Off<'_> {
    /// Carries what only the mailbox knows to the CRM, then takes the copies out of the mailbox.
    pub(super) async fn take_back(&self, context: &Context) -> Result<TakenBack, Trouble> {
        let mailbox = GraphMailbox::new(&self.mailboxes.graph, self.user_id);
        let work = async {
            if !self.last_round(&mailbox, context).await? {
                return Ok(Some(TakenBack::More));
            }
            let pending = context
                .store
                .counts(self.mailboxes.scope(self.user_id))
                .await?
                .pending;
            if self.partner.is_some() && pending > 0 && !is_patience_over(self.sync, context) {
                return Ok(None);
            }
            self.disable(&mailbox, context).await.map(Some)
        };
        let done = tokio::select! {
            done = work => done,
            () = context.stopping.cancelled() => return Ok(TakenBack::Stopping),
        };
        let changed = "contacts that changed just now go to the CRM before the copies are removed";
        done.map_err(|stop| self.trouble(&stop, context))?
            .ok_or_else(|| Trouble::time(Reason::RetryLater, changed, Some(A_MOMENT)))
    }

    /// Whether nothing more is to be carried to the CRM.
    async fn last_round(&self, mailbox: &GraphMailbox, context: &Context) -> Result<bool, Stop> {
        let Some(partner) = self.partner.filter(|_| self.policy.direction.reaches_crm()) else {
            return Ok(true);
        };
        let round = engine(self.sync, self.user_id, partner, mailbox, self.policy, context);
        match round.last_round(slice_end(context)).await {
            Ok(outcome) => Ok(outcome != Outcome::MoreWork),
            Err(Stop::Failure(failure)) if is_of_crm(&failure) && is_patience_over(self.sync, context) => {
                tracing::warn!(sync = %name(self.sync), reason = %failure, "what the CRM does not have stays in the mailbox");
                Ok(true)
            }
            // Nothing can be edited in a mailbox that is gone.
            Err(Stop::Failure(failure)) if is_gone(&failure) => Ok(true),
            Err(stop) => Err(stop),
        }
    }

    async fn disable(&self, mailbox: &GraphMailbox, context: &Context) -> Result<TakenBack, Stop> {
        let scope = self.mailboxes.scope(self.user_id);
        let brake = Brake {
            organisation: &self.mailboxes.organisation,
            per_hour: self.tenant.guard.unwrap_or_default().disables_per_hour().into(),
        };
        let disabled = contacts::disable(
            scope,
            &context.cluster,
            brake,
            mailbox,
            &context.store,
            &context.hasher,
            &*context.surroundings.clock,
        )
        .await;
        Ok(match disabled {
            Ok(Disabled::WasOff) => TakenBack::Done { left_in_place: None },
            Ok(Disabled::Done { left_in_place }) => TakenBack::Done {
                left_in_place: Some(left_in_place),
            },
            Ok(Disabled::Held { until }) => TakenBack::Held { until },
            Err(Stop::Failure(failure)) if is_gone(&failure) => {
                tracing::info!(sync = %name(self.sync), "its mailbox is gone, and the copies with it");
                context.store.commit(vec![Change::DropScope(scope)]).await?;
                TakenBack::Done { left_in_place: None }
            }
            Err(stop) => return Err(stop),
        })
    }

    fn trouble(&self, stop: &Stop, context: &Context) -> Trouble {
        let mut trouble = Trouble::of_stop(stop, &*context.surroundings.clock);
        if let Stop::Failure(failure) = stop
            && is_of_crm(failure)
        {
            trouble.remedy = Remedy::Time(trouble.remedy.wait().map(|wait| wait.min(LONGEST_WAIT)));
        }
        tracing::info!(sync = %name(self.sync), reason = %stop, "it cannot be switched off yet");
        trouble
    }
}

/// Whether there is no mailbox any more.
fn is_gone(failure: &Failure) -> bool {
    matches!(failure, Failure::UserGone | Failure::MailboxNotEnabled)
}

/// Whether the CRM is what failed.
fn is_of_crm(failure: &Failure) -> bool {
    match failure {
        Failure::Transient { service, .. }
        | Failure::Throttled { service, .. }
        | Failure::Credential { service, .. }
        | Failure::Permission { service, .. }
        | Failure::Refused { service, .. } => *service == Service::Crm,
        Failure::OutOfCredits { .. } => true,
        Failure::MailboxNotEnabled | Failure::UserGone | Failure::Unsettled { .. } => false,
    }
}
