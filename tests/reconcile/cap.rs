//! The cap of the first sync. At its full size of 10,000 it is tested in `crates/sync-runtime`: one mailbox takes 10,000
//! requests in ten minutes, and the operator keeps to that.

use crmlink::api::{ContactSync, Reason};
use serde_json::json;

use crate::support::{ANA, Case, World, contact_sync, crm_id};

const CAP: u32 = 500;

#[tokio::test(flavor = "multi_thread")]
async fn k6_what_is_beyond_the_cap_enters_when_it_is_modified() {
    let everybody = json!([{ "owner": ANA, "count": CAP, "createdTime": "-60d", "seed": 7 }]);
    // Older than all others, so it comes last.
    let oldest = json!({
        "id": crm_id(1), "owner": ANA, "createdTime": "-300d", "fields": { "Last_Name": "Oldestofall" },
    });
    let world = World::new().set("/crm/0", "generate", everybody).contact(oldest);
    let case = Case::connected(world).await;
    let mut sync = contact_sync(ANA);
    sync["spec"]["initialSync"] = json!({ "maxItems": CAP });
    case.create(&sync).await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    let status = sync.status.unwrap();
    let initial = status.initial_sync.unwrap();
    assert_eq!((initial.total, initial.done), (Some(CAP + 1), Some(CAP)));
    assert_eq!(initial.left_out.unwrap().over_cap, 1);
    assert_eq!(status.linked, Some(CAP));
    assert_eq!(case.counter("graph", "creates").await, u64::from(CAP));
    let mailbox = case.mailbox(ANA).await;
    assert_eq!(mailbox.synced().len(), CAP as usize);
    assert!(mailbox.copy(&crm_id(1)).is_none(), "the oldest is beyond the cap");

    // It enters when it is modified.
    case.crm(json!({ "do": "update_contact", "id": crm_id(1), "fields": { "Title": "Lamplighter" } }))
        .await;
    case.sync_now("ana").await;
    assert!(case.mailbox(ANA).await.copy(&crm_id(1)).is_some());
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k6_newest_change_first() {
    let mut world = World::new();
    // Ids rise with age, so that an order by id would be seen.
    for number in 1..=30 {
        world = world.contact(json!({
            "id": crm_id(number), "owner": ANA, "createdTime": "-200d", "modifiedTime": format!("-{number}d"),
            "fields": { "Last_Name": format!("Ordinal{number}") },
        }));
    }
    let case = Case::connected(world).await;
    let mut sync = contact_sync(ANA);
    sync["spec"]["initialSync"] = json!({ "maxItems": 20 });
    case.create(&sync).await;
    let sync: ContactSync = case.settled("ana", Reason::InSync).await;
    let initial = sync.status.unwrap().initial_sync.unwrap();
    assert_eq!((initial.total, initial.done), (Some(30), Some(20)));
    assert_eq!(initial.left_out.unwrap().over_cap, 10);
    let made: Vec<String> = case
        .journal("graph", "POST", 0)
        .await
        .into_iter()
        .filter(|view| view.path.ends_with("/contacts"))
        .map(|view| view.request_body.unwrap()["surname"].as_str().unwrap().to_owned())
        .collect();
    let expected: Vec<String> = (1..=20).map(|number| format!("Ordinal{number}")).collect();
    // Four are under way together, so neighbours may change places.
    for (first, second) in made.chunks(4).zip(expected.chunks(4)) {
        let mut first = first.to_vec();
        first.sort();
        let mut second = second.to_vec();
        second.sort();
        assert_eq!(first, second);
    }
    case.finish().await;
}
