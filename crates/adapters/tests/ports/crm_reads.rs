//! Listings, the feed's reads, records and their origin.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;
use sync_engine::import::Origin;
use sync_runtime::ports::{Crm, CrmRow, Failure, Keyset, Page};

use crate::services::{ANN, BOB, Services};

fn ids(page: &Page) -> Vec<&str> {
    page.rows.iter().map(|row| row.id.as_str()).collect()
}

fn place(row: &CrmRow) -> Keyset {
    Keyset {
        modified: row.modified,
        id: row.id.clone(),
    }
}

#[tokio::test]
async fn k5_an_owners_contacts_come_latest_change_first_and_nobody_elses() {
    let services = Services::start();
    let first = services.record(&json!({"Last_Name": "First"}));
    let second = services.record(&json!({"Last_Name": "Second"}));
    services.staff(
        &json!({"do": "create_contact", "owner": "bob@example.com", "fields": {"Last_Name": "Bob's"}}),
    );
    let page = services.crm.owned(ANN, None).await.unwrap();
    assert_eq!(ids(&page), [&second, &first]);
    assert!(page.rows.iter().all(|row| row.owner == ANN) && !page.more);
    let rest = services
        .crm
        .owned(ANN, Some(&place(&page.rows[0])))
        .await
        .unwrap();
    assert_eq!(ids(&rest), [&first]);
    let none = services
        .crm
        .owned(ANN, Some(&place(&page.rows[1])))
        .await
        .unwrap();
    assert_eq!(ids(&none), [""; 0]);
    services.finish();
}

#[tokio::test]
async fn changes_of_all_owners_come_oldest_first_from_a_time_on() {
    let services = Services::start();
    assert_eq!(services.crm.newest_change().await, Ok(None));
    let first = services.record(&json!({"Last_Name": "First"}));
    let second = services.record(&json!({"Last_Name": "Second"}));
    services.staff(&json!({"do": "transfer_contact", "id": first, "owner": "bob@example.com"}));
    let page = services.crm.changed(Timestamp::UNIX_EPOCH, None).await.unwrap();
    assert_eq!(ids(&page), [&second, &first]);
    let last = page.rows.last().unwrap();
    assert_eq!(last.owner, BOB);
    assert_eq!(services.crm.newest_change().await, Ok(Some(last.modified)));
    let from = services.crm.changed(last.modified, None).await.unwrap();
    assert_eq!(ids(&from), [&first]);
    let behind = place(&page.rows[0]);
    let behind = services
        .crm
        .changed(Timestamp::UNIX_EPOCH, Some(&behind))
        .await
        .unwrap();
    assert_eq!(ids(&behind), [&first]);
    services.finish();
}

#[tokio::test]
async fn deleted_contacts_are_listed_from_a_time_on() {
    let services = Services::start();
    let before = services.record(&json!({"Last_Name": "Before"}));
    services.staff(&json!({"do": "delete_contact", "id": before}));
    let after = services.record(&json!({"Last_Name": "After"}));
    services.staff(&json!({"do": "delete_contact", "id": after, "permanent": true}));
    let all = services.crm.deleted(Timestamp::UNIX_EPOCH).await.unwrap();
    let found: BTreeSet<&str> = all.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(found, [before.as_str(), &after].into());
    let newest = all.iter().map(|row| row.deleted).max().unwrap();
    let late = services.crm.deleted(newest).await.unwrap();
    assert!(late.iter().all(|row| row.id == after), "{late:?}");
    services.finish();
}

#[tokio::test]
async fn records_have_the_fields_asked_for_with_names_of_lookups_and_none_that_are_gone() {
    let services = Services::start();
    let action = json!({"do": "create_contact", "owner": "ann@example.com", "account": "Engines Ltd",
        "fields": {"Last_Name": "Byron", "Description": "long"}});
    let id = services.staff(&action)["ids"][0].as_str().unwrap().to_owned();
    let wanted = [id.clone(), "4000000000000999999".to_owned()];
    let found = services
        .crm
        .records(&wanted, &["Last_Name", "Account_Name", "Description"])
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].id.as_str(), found[0].owner.as_str()),
        (id.as_str(), ANN)
    );
    assert_eq!(found[0].fields["Account_Name"]["name"], "Engines Ltd");
    assert_eq!(found[0].fields["Description"], "long");
    assert!(found[0].created <= found[0].modified);
    services.finish();
}

#[tokio::test]
async fn k7_the_timeline_tells_imported_from_own() {
    let services = Services::start();
    let own = services.record(&json!({"Last_Name": "Own"}));
    let action = json!({"do": "import_contacts", "owner": "ann@example.com", "contacts": [{"fields": {"Last_Name": "Import"}}]});
    let imported = services.staff(&action)["ids"][0].as_str().unwrap().to_owned();
    assert_eq!(services.crm.origin(&own).await, Ok(Origin::Own));
    assert_eq!(services.crm.origin(&imported).await, Ok(Origin::Imported));
    services.staff(&json!({"do": "mass_update", "id": imported, "fields": {"Phone": "1"}}));
    assert_eq!(services.crm.origin(&imported).await, Ok(Origin::Own));
    services.finish();
}

#[tokio::test]
async fn a_read_that_fails_says_what_can_be_done() {
    let services = Services::start();
    services.record(&json!({"Last_Name": "Byron"}));
    services.fault(json!({"service": "zoho", "path": "/crm/v8/coql", "answer": {"status": 502}}));
    let failed = services.crm.owned(ANN, None).await;
    assert!(matches!(failed, Err(Failure::Transient { .. })), "{failed:?}");
    services.fault(json!({"service": "zoho", "path": "/crm/v8/coql", "times": 0,
        "answer": {"status": 429, "headers": {"Retry-After": "300"}}}));
    let throttled = services.crm.newest_change().await;
    assert!(
        matches!(throttled, Err(Failure::Throttled { .. })),
        "{throttled:?}"
    );
    services.staff(&json!({"do": "revoke_refresh_token", "clientId": "c"}));
    let refused = services.crm.records(&["1".to_owned()], &[]).await;
    assert!(matches!(refused, Err(Failure::Credential { .. })), "{refused:?}");
    services.finish();
}
