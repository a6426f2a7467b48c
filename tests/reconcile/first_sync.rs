//! The first sync: the folder, what comes into it and what does not.

use crmlink::api::{ConditionType, ContactSync, CrmTenant, Reason};
use serde_json::json;

use crate::support::{ANA, BEN, Case, ORGANISATION, Reported, TENANT_ID, World, contact_sync, crm_id};

#[tokio::test(flavor = "multi_thread")]
async fn k1_enabling_makes_the_folder_and_fills_it() {
    let case = Case::connected(World::three()).await;
    let tenant: CrmTenant = case.get("orchard").await;
    let status = tenant.status.as_ref().unwrap();
    assert_eq!(
        status.office365.as_ref().unwrap().tenant_id.as_deref(),
        Some(TENANT_ID)
    );
    let crm = status.crm.as_ref().unwrap();
    assert_eq!(crm.organization_id.as_deref(), Some(ORGANISATION), "pinned");
    assert!(!case.mailbox(ANA).await.has_folder());

    case.create(&contact_sync(ANA)).await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    sync.words(ConditionType::Enabled, Reason::Enabled, &[]);
    sync.words(ConditionType::InitialSyncComplete, Reason::InitialSyncDone, &[]);
    let status = sync.status.unwrap();
    assert_eq!((status.linked, status.pending), (Some(3), Some(0)));
    assert_eq!(status.parked, None);
    let initial = status.initial_sync.unwrap();
    assert_eq!((initial.total, initial.done), (Some(3), Some(3)));
    assert!(initial.completed_at.is_some());

    let mailbox = case.mailbox(ANA).await;
    let folder = mailbox.folder("Zoho CRM Contacts").unwrap();
    assert_eq!(folder["id"], status.folder.unwrap().id);
    assert_eq!(mailbox.copies(), [crm_id(1), crm_id(2), crm_id(3)]);
    case.when("orchard", "counting its syncs", |tenant: &CrmTenant| {
        let syncs = tenant.status.as_ref().and_then(|status| status.syncs);
        syncs.is_some_and(|syncs| syncs.contact_syncs == 1)
    })
    .await;
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k4_and_k5_that_folder_and_own_contacts_only() {
    let own = json!({ "givenName": "Dorothea", "surname": "Zahnfleisch", "mobilePhone": "+41 79 555 88 01" });
    let folder = json!({ "displayName": "Choir", "contacts": [{ "givenName": "Eusebius", "surname": "Bassbariton" }] });
    let world = World::three()
        .set("/office365/0/users/1", "contacts", json!([own]))
        .set("/office365/0/users/1", "folders", json!([folder]))
        .contact(json!({ "id": crm_id(9), "owner": BEN, "fields": { "Last_Name": "Notforana" } }));
    let case = Case::connected(world).await;
    let (ana, ben) = (case.mailbox(ANA).await, case.mailbox(BEN).await);
    let crm = case.crm_state().await;
    case.create(&contact_sync(ANA)).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;

    let after = case.mailbox(ANA).await;
    assert_eq!(after.copies(), [crm_id(1), crm_id(2), crm_id(3)]);
    assert_eq!(ana.rest(), after.rest(), "her own contacts are as they were");
    assert_eq!(ben, case.mailbox(BEN).await);
    assert_eq!(crm, case.crm_state().await);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k7_imported_contacts_stay_out_until_they_are_updated() {
    let imported = |number: u32, name: &str| {
        json!({
            "id": crm_id(number), "owner": ANA, "source": "import", "createdTime": "-40d",
            "fields": { "Last_Name": name },
        })
    };
    let mut updated = imported(6, "Zweigelberg");
    updated["modifiedTime"] = json!("-10d");
    let mut mass_updated = imported(7, "Oldenbarnevelt");
    mass_updated["source"] = json!("mass_update");
    let world = World::three()
        .contact(imported(4, "Habichtswald"))
        .contact(imported(5, "Xanthopoulos"))
        .contact(updated)
        .contact(mass_updated);
    let case = Case::in_sync(world, ANA).await;
    let left_out = |sync: &ContactSync| {
        let status = sync.status.as_ref().unwrap();
        status.initial_sync.as_ref().unwrap().left_out.unwrap().imported
    };
    assert_eq!(left_out(&case.get("ana").await), 2);
    let mut copies = vec![crm_id(1), crm_id(2), crm_id(3), crm_id(6), crm_id(7)];
    assert_eq!(case.mailbox(ANA).await.copies(), copies);

    // Somebody edits one of them; another list is imported.
    case.crm(json!({ "do": "update_contact", "id": crm_id(4), "fields": { "Department": "Chandlery" } }))
        .await;
    let list =
        json!([{ "fields": { "Last_Name": "Fairvisitor" } }, { "fields": { "Last_Name": "Walkerby" } }]);
    let added = case
        .crm(json!({ "do": "import_contacts", "owner": ANA, "contacts": list }))
        .await;
    case.sync_now("ana").await;
    copies.insert(3, crm_id(4));
    assert_eq!(case.mailbox(ANA).await.copies(), copies);

    // A mass update touches an old import and a new one. Only minutes after its import a record counts as updated.
    case.control
        .advance(jiff::SignedDuration::from_mins(30))
        .await
        .unwrap();
    let new = added["ids"][0].as_str().unwrap().to_owned();
    case.crm(json!({ "do": "mass_update", "ids": [crm_id(5), new], "fields": { "Department": "Ropewalk" } }))
        .await;
    case.sync_now("ana").await;
    copies.extend([crm_id(5), new]);
    copies.sort();
    assert_eq!(case.mailbox(ANA).await.copies(), copies);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k7_imported_contacts_take_part_where_that_is_declared() {
    let imported = json!({ "id": crm_id(4), "owner": ANA, "source": "import", "fields": { "Last_Name": "Habichtswald" } });
    let case = Case::connected(World::three().contact(imported)).await;
    let mut sync = contact_sync(ANA);
    sync["spec"]["importedItems"] = json!("Include");
    case.create(&sync).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    assert_eq!(case.mailbox(ANA).await.copies().len(), 4);
    assert_eq!(case.counter("zoho", "timeline_calls").await, 0);
    case.finish().await;
}
