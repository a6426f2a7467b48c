//! One slice of a sync, or taking it back.

use adapters::GraphMailbox;
use jiff::SignedDuration;
use sync_engine::identity::{Kind, ScopeId};
use sync_runtime::contacts::{self, Outcome};

use super::gather::{Gathered, Partner};
use super::{ContactSync, Verdict, claims, known_folder, name, plan};
use crate::api::Reason;
use crate::connections::Connection;
use crate::controller::Context;
use crate::controller::trouble::Trouble;

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
    let Gathered {
        connection, user_id, ..
    } = gathered;
    let scope = scope(connection, user_id);
    let mailbox = GraphMailbox::new(&connection.graph, user_id);
    let Some(partner) = &gathered.partner else {
        if claims::hold(sync, scope, user_id, context).is_err() {
            // What is in the mailbox is another resource's: there is nothing of this one to take back.
            return Verdict::Off { left_in_place: 0 };
        }
        let done =
            contacts::disable(scope, &context.cluster, &mailbox, &context.store, &context.hasher).await;
        return match done {
            Ok(done) => {
                context.claims.release(sync);
                Verdict::Off {
                    left_in_place: done.left_in_place,
                }
            }
            Err(stop) => Verdict::Trouble(Trouble::of_stop(&stop, &*context.surroundings.clock)),
        };
    };
    if let Err(holder) = claims::hold(sync, scope, user_id, context) {
        let message = format!(
            "the ContactSync {holder} already syncs this mailbox with this CRM organisation; delete one of the two"
        );
        return Verdict::Trouble(Trouble::person(Reason::AlreadyClaimed, message));
    }
    run(sync, gathered, partner, scope, &mailbox, context).await
}

async fn run(
    sync: &ContactSync,
    gathered: &Gathered,
    partner: &Partner,
    scope: ScopeId,
    mailbox: &GraphMailbox,
    context: &Context,
) -> Verdict {
    let clock = &*context.surroundings.clock;
    let policy = plan::policy(&gathered.policy, gathered.asked);
    let run = contacts::ContactSync {
        scope,
        cluster: &context.cluster,
        owner: &partner.crm_user_id,
        known_folder: known_folder(sync),
        mailbox,
        crm: &gathered.connection.crm,
        store: &context.store,
        clock,
        feed: &gathered.connection.feed,
        hasher: &context.hasher,
        mapping: &partner.mapping,
        policy: &policy,
    };
    let until = clock.now().saturating_add(SLICE).unwrap_or(jiff::Timestamp::MAX);
    // A slice can wait for minutes where a service asks for it. It may be dropped anywhere: what was committed stays,
    // and a call whose answer is lost is looked up by the next run.
    let ended = tokio::select! {
        ended = run.run(until) => ended,
        () = context.stopping.cancelled() => return Verdict::NotYet,
    };
    match ended {
        Ok(Outcome::MoreWork) => Verdict::Running { more: true },
        Ok(Outcome::UpToDate) => Verdict::Running { more: false },
        Ok(Outcome::RemovedByOwner) => Verdict::RemovedByOwner,
        Ok(Outcome::NameTaken) => Verdict::Trouble(Trouble::person(
            Reason::FolderNameTaken,
            "the mailbox already has a contact folder of this name that crmlink did not make, and it is left alone; rename it in Outlook, or choose another folderName",
        )),
        Ok(Outcome::ClaimedBy(cluster)) => Verdict::Trouble(Trouble::person(
            Reason::AlreadyClaimed,
            format!(
                "the folder is kept by crmlink in another cluster (kube-system uid {cluster}); delete the ContactSync there first"
            ),
        )),
        Err(stop) => {
            tracing::info!(sync = %name(sync), reason = %stop, "the run stopped early");
            Verdict::Trouble(Trouble::of_stop(&stop, clock))
        }
    }
}
