//! One slice of a sync, or of switching it off.

use adapters::{GraphMailbox, ZohoContacts};
use jiff::{SignedDuration, Timestamp};
use sync_runtime::contacts::{self, Outcome, Policy, Stop};
use sync_runtime::store::SqliteStore;

use super::gather::{Gathered, Partner};
use super::take_back::{Off, TakenBack};
use super::verdict::Verdict;
use super::{ContactSync, claims, is_removed, known_folder, name};
use crate::api::{Reason, SyncMode};
use crate::controller::Context;
use crate::controller::trouble::Trouble;

/// How long one slice works before it reports. The next one follows at once.
const SLICE: SignedDuration = SignedDuration::from_secs(5);

pub(super) async fn apply(sync: &ContactSync, gathered: &Gathered, context: &Context) -> Verdict {
    let enabled = sync.spec.is_enabled();
    if let Err(holder) = claims::hold(sync, gathered.scope(), &gathered.user_id, context) {
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
        _ => switch_off(sync, gathered, context).await,
    }
}

async fn switch_off(sync: &ContactSync, gathered: &Gathered, context: &Context) -> Verdict {
    let policy = gathered.runtime_policy(sync);
    let off = Off {
        sync,
        mailboxes: &gathered.mailboxes,
        tenant: &gathered.tenant.spec,
        user_id: &gathered.user_id,
        partner: gathered.partner.as_ref(),
        policy: &policy,
    };
    match off.take_back(context).await {
        Ok(TakenBack::Stopping) => Verdict::NotYet,
        Ok(TakenBack::More) => Verdict::SwitchingOff,
        Ok(TakenBack::Done { left_in_place }) => {
            context.claims.release(sync);
            Verdict::Off { left_in_place }
        }
        Ok(TakenBack::Held { until }) => Verdict::OffHeld { until },
        Err(trouble) => Verdict::Trouble(trouble),
    }
}

async fn run(sync: &ContactSync, gathered: &Gathered, partner: &Partner, context: &Context) -> Verdict {
    let clock = &*context.surroundings.clock;
    let mailbox = GraphMailbox::new(&gathered.mailboxes.graph, &gathered.user_id);
    let policy = gathered.runtime_policy(sync);
    let run = contacts::ContactSync {
        reenable: gathered.reenable,
        ..engine(sync, &gathered.user_id, partner, &mailbox, &policy, context)
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

pub(super) fn slice_end(context: &Context) -> Timestamp {
    let now = context.surroundings.clock.now();
    now.saturating_add(SLICE).unwrap_or(Timestamp::MAX)
}

pub(super) type Engine<'a> = contacts::ContactSync<'a, GraphMailbox, ZohoContacts, SqliteStore>;

pub(super) fn engine<'a>(
    sync: &'a ContactSync,
    user_id: &str,
    partner: &'a Partner,
    mailbox: &'a GraphMailbox,
    policy: &'a Policy,
    context: &'a Context,
) -> Engine<'a> {
    let connection = &partner.connection;
    let status = sync.status.as_ref();
    contacts::ContactSync {
        scope: connection.mailboxes.scope(user_id),
        cluster: &context.cluster,
        owner: &partner.crm_user_id,
        known_folder: known_folder(sync),
        known_removed: is_removed(sync),
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
