//! Two operators with one Lease: one of them acts, and what happens when that one ends, however it does.

use crmlink::api::{ContactSync, Reason};
use serde_json::json;

use crate::support::{ANA, Case, Operator, World, crm_id, until};
use crate::work::{CONTACTS, ahead, begin, ends_well, let_go};

async fn begins_to_lead(operator: &Operator) {
    let leads = until(async || operator.leads().await.then_some(()));
    leads.await.expect("it takes the Lease");
}

fn identity(page: &serde_json::Value) -> String {
    page["lease"]["identity"]
        .as_str()
        .expect("an identity")
        .to_owned()
}

/// A case whose contacts are in sync, and a second operator that waits.
async fn with_standby() -> (Case, Operator) {
    let mut case = Case::in_sync(World::three(), ANA).await;
    let standby = case.start_another().await;
    let told = until(async || {
        let page = standby.debug().await;
        (page["lease"]["standsBy"] == true).then_some(page)
    });
    let page = told.await.expect("it stands by");
    assert_eq!(page["lease"]["leader"], false);
    assert_eq!(
        standby.get("/readyz").await.0,
        200,
        "a standby is as ready as it can be"
    );
    (case, standby)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_operators_one_acts_and_the_other_is_ready_to() {
    let (case, standby) = with_standby().await;
    let leader = identity(&case.operator().debug().await);
    assert_eq!(case.lease().await.holder_identity, Some(leader.clone()));
    let said = case.operator().logged("this operator is the leader");
    assert_eq!(said[0]["identity"], leader);
    let said = standby.logged("another operator is the leader; waiting");
    assert_eq!(said[0]["holder"], leader);

    case.crm(json!({ "do": "delete_contact", "id": crm_id(2) })).await;
    case.sync_now("ana").await;
    assert_eq!(case.mailbox(ANA).await.copies(), [crm_id(1), crm_id(3)]);
    assert!(case.operator().leads().await && !standby.leads().await);
    assert_eq!(standby.work().await, [0, 0]);
    assert!(standby.terminate().await.success(), "a standby ends in order");
    assert_eq!(
        case.lease().await.holder_identity,
        Some(leader),
        "and takes nothing with it"
    );
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_stopped_gives_the_lease_up_at_once() {
    let (mut case, standby) = with_standby().await;
    let before = identity(&case.operator().debug().await);
    case.stop_operator().await;
    let lease = case.lease().await;
    assert_ne!(
        lease.holder_identity,
        Some(before),
        "nobody has to wait for its end"
    );
    begins_to_lead(&standby).await;
    case.go_on_with(standby);
    case.crm(json!({ "do": "delete_contact", "id": crm_id(2) })).await;
    case.sync_now("ana").await;
    assert_eq!(case.mailbox(ANA).await.copies(), [crm_id(1), crm_id(3)]);
    case.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_after_a_killed_leader_the_other_takes_over_and_doubles_nothing() {
    let mut case = ahead().await;
    let standby = case.start_another().await;
    case.fault(json!({
        "service": "graph", "method": "POST", "path": "*/contacts", "batched": true, "skip": 26, "effect": "after",
        "hold": true,
    }))
    .await;
    begin(&case).await;
    let before = identity(&case.operator().debug().await);
    case.kill_operator().await;
    let_go(&case).await;
    let lease = case.lease().await;
    assert_eq!(
        lease.holder_identity,
        Some(before),
        "a killed leader gives nothing up"
    );
    begins_to_lead(&standby).await;
    let lease = case.lease().await;
    assert_eq!(lease.holder_identity, Some(identity(&standby.debug().await)));
    assert_eq!(lease.lease_transitions, Some(2));
    case.go_on_with(standby);
    ends_well(case).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n2_a_leader_that_wakes_after_its_time_writes_nothing_and_ends() {
    let mut case = ahead().await;
    let standby = case.start_another().await;
    case.fault(json!({
        "service": "graph", "method": "POST", "path": "*/contacts", "batched": true, "skip": 10, "effect": "after",
        "hold": true,
    }))
    .await;
    begin(&case).await;
    // Paused with a call under way, whose answer waits for it when it wakes: the next step would be to write.
    case.operator().signal("STOP");
    let_go(&case).await;
    begins_to_lead(&standby).await;
    let mut paused = case.go_on_with(standby).expect("the first one");
    let all = |sync: &ContactSync| sync.status.as_ref().and_then(|status| status.linked) == Some(CONTACTS);
    case.when("ana", "complete", all).await;
    case.settled::<ContactSync>("ana", Reason::InSync).await;
    case.operator().rests().await;

    let (calls, writes) = (case.journal_end().await, case.audited());
    paused.signal("CONT");
    let ended = paused.ended().await;
    assert_eq!(ended.code(), Some(1), "{ended}");
    assert_eq!(case.journal_end().await, calls, "a call after its time");
    assert_eq!(case.audited(), writes, "a write after its time");
    let said = paused.logged("the operator cannot go on");
    assert!(
        said[0]["error"].as_str().unwrap().contains("the Lease was lost"),
        "{said:?}"
    );
    ends_well(case).await;
}
