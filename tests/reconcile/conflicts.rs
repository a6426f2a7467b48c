//! Both sides changed the same field: each policy, and what is recorded of it (N1).

use crmlink::api::{ConflictItem, ConflictOutcome, ContactSync, Reason};
use serde_json::{Value, json};

use crate::support::{ANA, Case, World, crm_id};

/// Both sides change the title of one contact; where they do, the mailbox is later.
async fn after_a_conflict(spec: Value, crm_is_later: bool) -> (Case, ContactSync) {
    let case = Case::in_sync_with(World::three(), ANA, spec).await;
    let in_the_crm = json!({ "Title": "Cooper" });
    if !crm_is_later {
        case.edits_record(&crm_id(1), in_the_crm.clone()).await;
        case.control
            .advance(jiff::SignedDuration::from_secs(10))
            .await
            .unwrap();
    }
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Hooper" }))
        .await;
    if crm_is_later {
        case.control
            .advance(jiff::SignedDuration::from_secs(10))
            .await
            .unwrap();
        case.edits_record(&crm_id(1), in_the_crm).await;
    }
    let sync = case.sync_now("ana").await;
    (case, sync)
}

async fn titles(case: &Case) -> (Value, Value) {
    let record = case.record(&crm_id(1)).await.unwrap();
    let mailbox = case.mailbox(ANA).await;
    (
        record["Title"].clone(),
        mailbox.copy(&crm_id(1)).unwrap()["jobTitle"].clone(),
    )
}

#[track_caller]
fn the_conflict(sync: &ContactSync) -> &ConflictItem {
    let conflicts = sync
        .status
        .as_ref()
        .unwrap()
        .conflicts
        .as_ref()
        .expect("a conflict");
    assert_eq!((conflicts.count, conflicts.items.len()), (1, 1));
    let item = &conflicts.items[0];
    assert_eq!(
        (item.crm_id.as_str(), &*item.fields),
        (crm_id(1).as_str(), &["jobTitle".to_owned()][..])
    );
    item
}

async fn ends(spec: Value, crm_is_later: bool, outcome: ConflictOutcome) {
    let (case, sync) = after_a_conflict(spec, crm_is_later).await;
    assert_eq!(the_conflict(&sync).outcome, outcome);
    let winner = json!(if outcome == ConflictOutcome::CrmWon {
        "Cooper"
    } else {
        "Hooper"
    });
    assert_eq!(titles(&case).await, (winner.clone(), winner));
    // It stays decided.
    let (graph, crm) = (case.writes().await, case.counter("zoho", "writes_by_api").await);
    let again = case.sync_now("ana").await;
    assert_eq!(the_conflict(&again), the_conflict(&sync));
    assert_eq!(
        (graph, crm),
        (case.writes().await, case.counter("zoho", "writes_by_api").await)
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_by_default_the_crm_wins_and_the_loss_is_recorded() {
    ends(json!({}), false, ConflictOutcome::CrmWon).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_office_wins_where_that_is_declared() {
    ends(
        json!({ "conflict": "OfficeWins" }),
        true,
        ConflictOutcome::OfficeWon,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_the_newest_wins_where_that_is_declared_the_mailbox() {
    ends(
        json!({ "conflict": "NewestWins" }),
        false,
        ConflictOutcome::OfficeWon,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_the_newest_wins_where_that_is_declared_the_crm() {
    ends(json!({ "conflict": "NewestWins" }), true, ConflictOutcome::CrmWon).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_a_field_can_say_for_itself_who_wins() {
    let mapping = json!({ "fields": [{ "office": "jobTitle", "crm": "Title", "conflict": "OfficeWins" }] });
    let spec = json!({ "conflict": "CrmWins", "mapping": mapping });
    ends(spec, true, ConflictOutcome::OfficeWon).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_manual_leaves_both_sides_until_a_person_makes_them_equal() {
    let (case, sync) = after_a_conflict(json!({ "conflict": "Manual" }), false).await;
    assert_eq!(the_conflict(&sync).outcome, ConflictOutcome::Open);
    assert_eq!(titles(&case).await, (json!("Cooper"), json!("Hooper")));
    let (graph, crm) = (case.writes().await, case.counter("zoho", "writes_by_api").await);

    // Everything else of the contact goes on meanwhile, and the conflict stays where it is.
    case.edits_copy(ANA, &crm_id(1), json!({ "department": "Barrels" }))
        .await;
    let sync = case.sync_now("ana").await;
    assert_eq!(the_conflict(&sync).outcome, ConflictOutcome::Open);
    assert_eq!(case.record(&crm_id(1)).await.unwrap()["Department"], "Barrels");
    assert_eq!(titles(&case).await, (json!("Cooper"), json!("Hooper")));
    assert_eq!(case.writes().await, graph);
    assert_eq!(case.counter("zoho", "writes_by_api").await, crm + 1);

    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Cooper" }))
        .await;
    let sync = case.sync_now("ana").await;
    assert_eq!(sync.status.unwrap().conflicts, None);
    case.edits_record(&crm_id(1), json!({ "Title": "Sexton" })).await;
    case.sync_now("ana").await;
    assert_eq!(titles(&case).await, (json!("Sexton"), json!("Sexton")));
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_the_same_change_on_both_sides_is_no_conflict() {
    let case = Case::in_sync(World::three(), ANA).await;
    case.edits_record(&crm_id(1), json!({ "Title": "Cooper" })).await;
    case.edits_copy(ANA, &crm_id(1), json!({ "jobTitle": "Cooper" }))
        .await;
    let sync = case.sync_now("ana").await;
    assert_eq!(sync.status.unwrap().conflicts, None);
    assert_eq!(case.writes().await, [3, 0, 0, 1, 0]);
    assert_eq!(case.counter("zoho", "writes_by_api").await, 0);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_an_address_is_one_field() {
    let case = Case::connected(World::three()).await;
    let address =
        json!({ "Mailing_Street": "Molenweg 17", "Mailing_City": "Zoutelande", "Mailing_Zip": "4374 AB" });
    case.edits_record(&crm_id(1), address).await;
    case.create(&crate::support::contact_sync(ANA)).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    // A removal seen by each side in part would be an address that nobody ever had.
    case.edits_record(&crm_id(1), json!({ "Mailing_Street": "Hafenkai 3" }))
        .await;
    case.edits_copy(ANA, &crm_id(1), json!({ "businessAddress": { "street": "Molenweg 17", "city": "Vlissingen", "postalCode": "4381 XX" } }))
        .await;
    let sync = case.sync_now("ana").await;
    let conflicts = sync.status.unwrap().conflicts.unwrap();
    assert_eq!((conflicts.count, conflicts.items.len()), (1, 1));
    let fields = &conflicts.items[0].fields;
    assert_eq!(*fields, ["businessCity", "businessPostalCode", "businessStreet"]);
    let mailbox = case.mailbox(ANA).await;
    let copy = &mailbox.copy(&crm_id(1)).unwrap()["businessAddress"];
    assert_eq!(
        (&copy["street"], &copy["city"], &copy["postalCode"]),
        (&json!("Hafenkai 3"), &json!("Zoutelande"), &json!("4374 AB"))
    );
    case.finish().await;
}
