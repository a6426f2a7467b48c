//! One slice of a sync, or taking it back.

use jiff::{SignedDuration, Timestamp};
use sync_engine::identity::{Kind, ScopeId};
use sync_runtime::contacts::{self, Brake, Disabled, Outcome, Policy, Stop};
use sync_runtime::ports::{Failure, Service};
use sync_runtime::store::SqliteStore;

use super::gather::{Gathered, Partner};
use super::{ContactSync, Verdict, claims, known_folder, name};
use crate::api::{CrmTenantSpec, Reason, SyncMode};
use crate::connections::Connection;
use crate::controller::Context;
use crate::controller::trouble::Trouble;
use adapters::{GraphMailbox, ZohoContacts};

/// How long one slice works before it reports. The next one follows at once.
const SLICE: SignedDuration = SignedDuration::from_secs(5);

/// The scope of a mailbox user with a tenant's organisation.
pub(super) fn scope(connection: &Connection, user_id: &str) -> ScopeId {
    ScopeId::derive(
        &connection.office_tenant,
        &connection.organisation,
        user_id,
        Kind::Contacts,
    )
}

pub(super) async fn apply(sync: &ContactSync, gathered: &Gathered, context: &Context) -> Verdict {
    let scope = scope(&gathered.connection, &gathered.user_id);
    let enabled = sync.spec.is_enabled();
    if let Err(holder) = claims::hold(sync, scope, &gathered.user_id, context) {
        if !enabled {
            // What is in the mailbox is another resource's: there is nothing of this one to take back.
            return Verdict::Off { left_in_place: None };
        }
        let message = format!(
            "the ContactSync {holder} already syncs this mailbox with this CRM organisation; delete one of the two"
        );
        return Verdict::Trouble(Trouble::person(Reason::AlreadyClaimed, message));
    }
    match &gathered.partner {
        Some(partner) if enabled => run(sync, gathered, partner, context).await,
        partner => {
            let policy = gathered.runtime_policy(sync);
            let off = Off {
                connection: &gathered.connection,
                tenant: &gathered.tenant.spec,
                user_id: &gathered.user_id,
                partner: partner.as_ref(),
                policy: &policy,
            };
            match off.take_back(sync, context).await {
                Ok(TakenBack::Stopping) => Verdict::NotYet,
                Ok(TakenBack::More) => Verdict::SwitchingOff,
                Ok(TakenBack::Done { left_in_place }) => {
                    context.claims.release(sync);
                    Verdict::Off { left_in_place }
                }
                Ok(TakenBack::Held { until }) => Verdict::OffHeld { until },
                Err(stop) => Verdict::Trouble(Trouble::of_stop(&stop, &*context.surroundings.clock)),
            }
        }
    }
}

async fn run(sync: &ContactSync, gathered: &Gathered, partner: &Partner, context: &Context) -> Verdict {
    let clock = &*context.surroundings.clock;
    let mailbox = GraphMailbox::new(&gathered.connection.graph, &gathered.user_id);
    let policy = gathered.runtime_policy(sync);
    let run = contacts::ContactSync {
        reenable: gathered.reenable,
        mapping: &partner.mapping,
        ..engine(
            sync,
            &gathered.connection,
            &gathered.user_id,
            partner,
            &mailbox,
            &policy,
            context,
        )
    };
    let until = slice_end(context);
    // A slice can wait for minutes where a service asks for it. It may be dropped anywhere: what was committed stays,
    // and a call whose answer is lost is looked up by the next run.
    let ended = async {
        if gathered.policy.mode == SyncMode::Observe {
            let observed = contacts::observe(&run, Timestamp::MAX).await?;
            let outcome = observed.outcome.clone().unwrap_or(Outcome::UpToDate);
            Ok((outcome, Some(observed)))
        } else {
            Ok((run.run(until).await?, None))
        }
    };
    let ended: Result<_, Stop> = tokio::select! {
        ended = ended => ended,
        () = context.stopping.cancelled() => return Verdict::NotYet,
    };
    match ended {
        Ok((Outcome::MoreWork | Outcome::UpToDate, Some(observed))) => Verdict::Observing(observed),
        Ok((Outcome::MoreWork, None)) => Verdict::Running { more: true },
        Ok((Outcome::UpToDate, None)) => Verdict::Running { more: false },
        Ok((Outcome::RemovedByOwner, _)) => Verdict::RemovedByOwner,
        Ok((Outcome::NameTaken, _)) => Verdict::Trouble(Trouble::person(
            Reason::FolderNameTaken,
            "the mailbox already has a contact folder of this name that crmlink did not make, and it is left alone; rename it in Outlook, or choose another folderName",
        )),
        Ok((Outcome::ClaimedBy(cluster), _)) => Verdict::Trouble(Trouble::person(
            Reason::AlreadyClaimed,
            format!(
                "the folder is kept by crmlink in another cluster (kube-system uid {cluster}); delete the ContactSync there, or name that uid in takeoverFrom of the CrmTenant"
            ),
        )),
        Err(stop) => {
            tracing::info!(sync = %name(sync), reason = %stop, "the run stopped early");
            Verdict::Trouble(Trouble::of_stop(&stop, clock))
        }
    }
}

fn slice_end(context: &Context) -> Timestamp {
    let now = context.surroundings.clock.now();
    now.saturating_add(SLICE).unwrap_or(Timestamp::MAX)
}

type Engine<'a> = contacts::ContactSync<'a, GraphMailbox, ZohoContacts, SqliteStore>;

fn engine<'a>(
    sync: &'a ContactSync,
    connection: &'a Connection,
    user_id: &str,
    partner: &'a Partner,
    mailbox: &'a GraphMailbox,
    policy: &'a Policy,
    context: &'a Context,
) -> Engine<'a> {
    let status = sync.status.as_ref();
    contacts::ContactSync {
        scope: scope(connection, user_id),
        cluster: &context.cluster,
        owner: &partner.crm_user_id,
        known_folder: known_folder(sync),
        known_change: status.and_then(|status| Some(status.last_change_time.as_ref()?.0)),
        reenable: false,
        mailbox,
        crm: &connection.crm,
        store: &context.store,
        clock: &*context.surroundings.clock,
        feed: &connection.feed,
        hasher: &context.hasher,
        mapping: &partner.mapping,
        policy,
    }
}

/// A sync that is being switched off, by its author or with its resource.
pub(super) struct Off<'a> {
    pub(super) connection: &'a Connection,
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
    pub(super) async fn take_back(&self, sync: &ContactSync, context: &Context) -> Result<TakenBack, Stop> {
        tokio::select! {
            done = self.do_take_back(sync, context) => done,
            () = context.stopping.cancelled() => Ok(TakenBack::Stopping),
        }
    }

    async fn do_take_back(&self, sync: &ContactSync, context: &Context) -> Result<TakenBack, Stop> {
        let mailbox = GraphMailbox::new(&self.connection.graph, self.user_id);
        match self.last_round(sync, &mailbox, context).await {
            Ok(Outcome::MoreWork) => return Ok(TakenBack::More),
            Ok(_) => {}
            Err(Stop::Failure(failure)) if keeps_from_writing(&failure) => {
                tracing::warn!(sync = %name(sync), reason = %failure, "the CRM takes nothing more; edits that it does not have stay in the mailbox");
            }
            Err(stop) => return Err(stop),
        }
        let brake = Brake {
            organisation: &self.connection.organisation,
            per_hour: self.tenant.guard.unwrap_or_default().disables_per_hour().into(),
        };
        let done = contacts::disable(
            scope(self.connection, self.user_id),
            &context.cluster,
            brake,
            &mailbox,
            &context.store,
            &context.hasher,
            &*context.surroundings.clock,
        );
        Ok(match done.await? {
            Disabled::WasOff => TakenBack::Done { left_in_place: None },
            Disabled::Done { left_in_place } => TakenBack::Done {
                left_in_place: Some(left_in_place),
            },
            Disabled::Held { until } => TakenBack::Held { until },
        })
    }

    async fn last_round(
        &self,
        sync: &ContactSync,
        mailbox: &GraphMailbox,
        context: &Context,
    ) -> Result<Outcome, Stop> {
        let Some(partner) = self.partner.filter(|_| self.policy.direction.reaches_crm()) else {
            return Ok(Outcome::UpToDate);
        };
        let round = engine(
            sync,
            self.connection,
            self.user_id,
            partner,
            mailbox,
            self.policy,
            context,
        );
        round.last_round(slice_end(context)).await
    }
}

/// Whether waiting would not help: what only the mailbox knows stays there then.
fn keeps_from_writing(failure: &Failure) -> bool {
    match failure {
        Failure::Credential { service, .. }
        | Failure::Permission { service, .. }
        | Failure::Refused { service, .. } => *service == Service::Crm,
        Failure::OutOfCredits { .. } => true,
        _ => false,
    }
}
