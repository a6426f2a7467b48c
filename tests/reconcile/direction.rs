//! Directions that this release does not have yet.

use crmlink::api::{ConditionType, ContactSync, Reason};
use serde_json::json;

use crate::support::{ANA, Case, Reported, World, contact_sync};

#[tokio::test(flavor = "multi_thread")]
async fn other_directions_are_refused_in_words() {
    let case = Case::connected(World::three()).await;
    let mut sync = contact_sync(ANA);
    sync["spec"].as_object_mut().unwrap().remove("direction");
    case.create(&sync).await;
    let sync: ContactSync = case.says("ana", Reason::DirectionNotSupported).await;
    sync.words(
        ConditionType::Stalled,
        Reason::DirectionNotSupported,
        &["set direction: CrmToOffice"],
    );
    assert!(!case.mailbox(ANA).await.has_folder());
    case.change_sync("ana", json!({ "direction": "CrmToOffice" }))
        .await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.finish().await;
}
