//! Enough work to be interrupted in the middle of it.

use crmlink::api::{ContactSync, Reason};
use serde_json::json;

use crate::support::{ANA, Case, WITHIN, World, contact_sync, crm_id, until};

/// More than two batches.
pub(crate) const CONTACTS: u32 = 45;

/// A case with all of it still to be done.
pub(crate) async fn ahead() -> Case {
    let world = (1..=CONTACTS).fold(World::new(), |world, number| {
        let fields = json!({ "First_Name": "Hyazinth", "Last_Name": format!("Fuenfundvierzig{number}"), "Phone": format!("+41 31 555 70 {number:02}") });
        world.fields(number, fields)
    });
    Case::connected(world).await
}

/// Starts the sync; the rules that hold requests have to be there already.
pub(crate) async fn begin(case: &Case) {
    case.create(&contact_sync(ANA)).await;
    case.control.wait_parked(1, WITHIN).await.unwrap();
}

/// Lets what is parked go, and waits until the service has done all that it was asked for.
pub(crate) async fn let_go(case: &Case) {
    case.control.clear_faults().await.unwrap();
    let done = until(async || {
        let posts = case.journal("graph", "POST", 0).await;
        posts.iter().all(|view| view.outcome != "pending").then_some(())
    });
    done.await.expect("the service ends its work");
}

/// The work ends well: each contact is there once, and nothing was made twice or taken away.
pub(crate) async fn ends_well(case: Case) {
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    let status = sync.status.unwrap();
    assert_eq!(
        (status.linked, status.pending, status.parked),
        (Some(CONTACTS), Some(0), None)
    );
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.copies(), (1..=CONTACTS).map(crm_id).collect::<Vec<_>>());
    assert_eq!(mailbox.synced().len(), CONTACTS as usize);
    assert_eq!(mailbox.marked().len(), 1, "one folder");
    assert_eq!(case.writes().await, [u64::from(CONTACTS), 0, 0, 1, 0]);
    // And it goes on to work.
    case.crm(json!({ "do": "delete_contact", "id": crm_id(7) })).await;
    case.sync_now("ana").await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), CONTACTS as usize - 1);
    case.finish().await;
}
