//! Others write the same objects.

use crmlink::api::{ContactSync, Reason};
use kube::ResourceExt;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::support::{ANA, Case, World, until};

const FOREIGN: &str = "other.example/guard";

async fn patch(case: &Case, change: Value) {
    let patch = Patch::Merge(change);
    case.api::<ContactSync>()
        .patch("ana", &PatchParams::default(), &patch)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_somebody_else_wrote_is_put_right() {
    let case = Case::in_sync(World::three(), ANA).await;
    let ours: ContactSync = case.get("ana").await;
    let theirs = json!({ "status": { "linked": 99, "conditions": [] } });
    case.api::<ContactSync>()
        .patch_status("ana", &PatchParams::default(), &Patch::Merge(theirs))
        .await
        .unwrap();
    case.sync_now("ana").await;
    let (mut now, ours) = (
        case.get::<ContactSync>("ana").await.status.unwrap(),
        ours.status.unwrap(),
    );
    now.last_handled_requested_at
        .clone_from(&ours.last_handled_requested_at);
    // Times of transitions went with the conditions.
    now.conditions.clone_from(&ours.conditions);
    assert_eq!(now, ours);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn finalizers_of_others_stay() {
    let case = Case::in_sync(World::three(), ANA).await;
    let own = case.get::<ContactSync>("ana").await.finalizers().to_vec();
    let both: Vec<&str> = own.iter().map(String::as_str).chain([FOREIGN]).collect();
    patch(&case, json!({ "metadata": { "finalizers": both } })).await;
    case.api::<ContactSync>()
        .delete("ana", &DeleteParams::default())
        .await
        .unwrap();
    case.when("ana", "left to the others", |sync: &ContactSync| {
        sync.finalizers() == [FOREIGN]
    })
    .await;
    assert!(!case.mailbox(ANA).await.has_folder());
    patch(&case, json!({ "metadata": { "finalizers": null } })).await;
    let gone = until(async || {
        case.api::<ContactSync>()
            .get_opt("ana")
            .await
            .unwrap()
            .is_none()
            .then_some(())
    });
    gone.await.expect("it goes");
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_written_all_the_time_is_brought_to_its_state_and_goes() {
    let case = Case::connected(World::three()).await;
    let busy = |number: u32| json!({ "metadata": { "labels": { "busy": number.to_string() } } });
    case.create(&crate::support::contact_sync(ANA)).await;
    for number in 0..50 {
        patch(&case, busy(number)).await;
    }
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.api::<ContactSync>()
        .delete("ana", &DeleteParams::default())
        .await
        .unwrap();
    for number in 0.. {
        let change = Patch::Merge(busy(number));
        let patched = case
            .api::<ContactSync>()
            .patch("ana", &PatchParams::default(), &change)
            .await;
        match patched {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.is_not_found() => break,
            Err(error) => panic!("{error}"),
        }
        assert!(number < 20_000, "it does not go while others write it");
    }
    assert!(!case.mailbox(ANA).await.has_folder());
    case.finish().await;
}
