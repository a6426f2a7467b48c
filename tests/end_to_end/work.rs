//! Enough work to be interrupted in the middle of it.

use crmlink::api::{ContactSync, Reason};
use serde_json::json;

use crate::support::{ANA, Case, WITHIN, World, contact_sync, contacts_of, crm_id, until};

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

/// Lets what is parked go, and waits until the services have done all that they were asked for.
pub(crate) async fn let_go(case: &Case) {
    case.control.clear_faults().await.unwrap();
    let done = until(async || {
        for service in ["graph", "zoho"] {
            for method in ["POST", "PUT", "DELETE"] {
                let calls = case.journal(service, method, 0).await;
                if calls.iter().any(|view| view.outcome == "pending") {
                    return None;
                }
            }
        }
        Some(())
    });
    done.await.expect("the services end their work");
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

/// How many contacts are made in Outlook.
const OF_OUTLOOK: u32 = 12;

/// A sync at rest, with contacts made and edited in Outlook since.
pub(crate) async fn in_outlook() -> Case {
    let case = ahead().await;
    case.create(&contact_sync(ANA)).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    for number in 1..=OF_OUTLOOK {
        let contact = json!({ "givenName": "Kunigunde", "surname": format!("Auswaerts{number}"), "mobilePhone": format!("+41 79 555 71 {number:02}") });
        case.makes_contact(ANA, contact).await;
    }
    for number in 1..=OF_OUTLOOK {
        case.edits_copy(ANA, &crm_id(number), json!({ "jobTitle": "Cooper" }))
            .await;
    }
    case
}

/// Each contact is on both sides, once, with all that was typed.
pub(crate) async fn ends_well_in_the_crm(case: Case) {
    let sync = case.sync_now("ana").await;
    let status = sync.status.unwrap();
    let all = CONTACTS + OF_OUTLOOK;
    assert_eq!(
        (status.linked, status.pending, status.parked),
        (Some(all), Some(0), None)
    );
    assert_eq!(status.conflicts, None);
    for number in 1..=OF_OUTLOOK {
        let made = case.record_named(&format!("Auswaerts{number}")).await;
        assert_eq!(made["Mobile"], format!("+41 79 555 71 {number:02}"));
        assert_eq!(case.record(&crm_id(number)).await.unwrap()["Title"], "Cooper");
    }
    assert_eq!(contacts_of(&case.crm_state().await).count(), all as usize);
    assert_eq!(case.mailbox(ANA).await.synced().len(), all as usize);
    assert_eq!(
        case.counter("zoho", "creates_by_api").await,
        u64::from(OF_OUTLOOK)
    );
    case.finish().await;
}
