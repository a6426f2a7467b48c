//! Records to be deleted.

use serde_json::json;
use sync_runtime::ports::{Crm, Failure, ItemFailure};

use crate::services::Services;

#[tokio::test]
async fn records_go_to_the_recycle_bin_in_one_call() {
    let services = Services::start();
    let ids = [
        services.record(&json!({"Last_Name": "Byron"})),
        services.record(&json!({"Last_Name": "King"})),
    ];
    let mark = services.mark();
    assert_eq!(services.crm.delete(&ids).await, [Ok(()), Ok(())]);
    assert_eq!(services.routes(mark), ["DELETE /Contacts"]);
    let listed = services
        .crm
        .deleted("2026-01-01T00:00:00Z".parse().unwrap())
        .await;
    assert_eq!(listed.unwrap().len(), 2);
    assert!(services.crm.delete(&[]).await.is_empty());
    services.staff(&json!({"do": "restore_contact", "id": ids[0]}));
    services.finish();
}

#[tokio::test]
async fn n9_gone_is_what_cannot_be_read_any_more_and_locked_is_not() {
    let services = Services::start();
    let ids = ["gone", "locked", "good"].map(|name| services.record(&json!({"Last_Name": name})));
    services.staff(&json!({"do": "delete_contact", "id": ids[0]}));
    services.staff(&json!({"do": "lock_contact", "id": ids[1]}));
    let alone = services.crm.delete(&ids[..1]).await;
    assert_eq!(alone, [Err(ItemFailure::Gone)]);
    let alone = services.crm.delete(&ids[1..2]).await;
    assert!(matches!(&alone[0], Err(ItemFailure::Locked { .. })), "{alone:?}");
    let answers = services.crm.delete(&ids).await;
    assert_eq!(answers[0], Err(ItemFailure::Gone));
    assert!(
        matches!(&answers[1], Err(ItemFailure::Locked { .. })),
        "{answers:?}"
    );
    assert_eq!(answers[2], Ok(()));
    assert_eq!(services.records_with("Last_Name", "locked").len(), 1);
    services.finish();
}

#[tokio::test]
async fn n9_without_a_second_look_gone_is_in_doubt() {
    let services = Services::start();
    let id = services.record(&json!({"Last_Name": "Byron"}));
    services.staff(&json!({"do": "delete_contact", "id": id}));
    services.fault(
        json!({"service": "zoho", "method": "GET", "path": "/crm/v8/Contacts", "answer": {"status": 500}}),
    );
    let answers = services.crm.delete(&[id]).await;
    assert!(
        matches!(&answers[0], Err(ItemFailure::MaybeDone(_))),
        "{answers:?}"
    );
    services.finish();
}

#[tokio::test]
async fn a_deletion_that_fails_as_a_whole_fails_for_every_record() {
    let services = Services::start();
    let ids = ["Byron", "King"].map(|name| services.record(&json!({"Last_Name": name})));
    let fault = |effect: &str, status: u16| {
        services.fault(
            json!({"service": "zoho", "method": "DELETE", "effect": effect, "answer": {"status": status}}),
        );
    };
    fault("before", 429);
    for answer in services.crm.delete(&ids).await {
        assert!(
            matches!(&answer, Err(ItemFailure::NotDone(Failure::Throttled { .. }))),
            "{answer:?}"
        );
    }
    services.staff(&json!({"do": "set_profile", "name": "Administrator",
        "permissions": {"Crm_Implied_Delete_Contacts": false}}));
    for answer in services.crm.delete(&ids).await {
        assert!(
            matches!(&answer, Err(ItemFailure::NotDone(Failure::Permission { .. }))),
            "{answer:?}"
        );
    }
    services.staff(&json!({"do": "set_profile", "name": "Administrator",
        "permissions": {"Crm_Implied_Delete_Contacts": true}}));
    fault("after", 500);
    for answer in services.crm.delete(&ids).await {
        assert!(matches!(&answer, Err(ItemFailure::MaybeDone(_))), "{answer:?}");
    }
    let again = services.crm.delete(&ids).await;
    assert_eq!(again, [Err(ItemFailure::Gone), Err(ItemFailure::Gone)]);
    services.finish();
}
