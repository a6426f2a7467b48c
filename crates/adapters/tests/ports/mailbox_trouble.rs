//! Writes to the mailbox on bad days: lost answers, throttling, a full mailbox.

use std::time::Duration;

use serde_json::json;
use sync_engine::office_field::OfficeField;
use sync_runtime::ports::{Failure, Found, Item, ItemFailure, Mailbox, Service};

use crate::mailbox_items::{make, new, text, update};
use crate::services::Services;

async fn create(services: &Services, folder: &str) -> Result<Item, ItemFailure> {
    let item = new("v1 s Ada", [(OfficeField::GivenName, text("Ada"))]);
    services.mailbox.create(folder, &[item]).await.remove(0)
}

async fn change(services: &Services, folder: &str, item: &Item) -> Result<Item, ItemFailure> {
    let change = update(item, OfficeField::Surname, "Byron");
    services.mailbox.update(folder, &[change]).await.remove(0)
}

fn throttled(after: u64) -> ItemFailure {
    ItemFailure::MaybeDone(Failure::Throttled {
        service: Service::Office,
        after: Some(Duration::from_secs(after)),
    })
}

#[tokio::test]
async fn n2_a_create_whose_answer_is_lost_is_in_doubt_and_found_by_its_marker() {
    for fault in [
        json!({"service": "graph", "method": "POST", "path": "/v1.0/$batch", "effect": "after", "drop": true}),
        json!({"service": "graph", "method": "POST", "path": "*/contacts", "effect": "after", "answer": {"status": 500}}),
        json!({"service": "graph", "method": "POST", "path": "*/contacts", "effect": "after", "answer":
            {"status": 429, "headers": {"Retry-After": "1.5"}}}),
    ] {
        let services = Services::start();
        let folder = services.folder().await.id;
        services.fault(fault);
        let lost = create(&services, &folder).await;
        assert!(matches!(lost, Err(ItemFailure::MaybeDone(_))), "{lost:?}");
        let found = services
            .mailbox
            .find(&folder, &["v1 s Ada".to_owned()])
            .await
            .unwrap();
        assert_eq!(found.len(), 1);
        services.finish();
    }
}

#[tokio::test]
async fn n1_an_update_whose_answer_is_lost_is_seen_as_a_change_by_its_repetition() {
    for fault in [
        json!({"service": "graph", "path": "/v1.0/$batch", "effect": "after", "drop": true}),
        json!({"service": "graph", "method": "PATCH", "effect": "after", "answer": {"status": 503}}),
    ] {
        let services = Services::start();
        let folder = services.folder().await.id;
        let item = make(&services, &folder, "Ada").await;
        services.fault(fault);
        assert_eq!(change(&services, &folder, &item).await, Err(ItemFailure::Changed));
        let found = services.mailbox.read(&folder, &[item.id]).await.unwrap();
        let [Found::Here(found)] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(found.fields[&OfficeField::Surname], text("Byron"));
        services.finish();
    }
}

#[tokio::test]
async fn a_deletion_whose_answer_is_lost_is_seen_as_gone_by_its_repetition() {
    let services = Services::start();
    let folder = services.folder().await.id;
    let item = make(&services, &folder, "Ada").await;
    services
        .fault(json!({"service": "graph", "method": "DELETE", "effect": "after", "answer": {"status": 504}}));
    assert_eq!(
        services.mailbox.delete(&folder, &[item]).await,
        [Err(ItemFailure::Gone)]
    );
    services.finish();
}

#[tokio::test]
async fn changes_that_the_service_keeps_failing_at_stay_in_doubt() {
    let services = Services::start();
    let folder = services.folder().await.id;
    let item = make(&services, &folder, "Ada").await;
    services.fault(json!({"service": "graph", "method": "PATCH", "times": 0, "answer": {"status": 503}}));
    services.fault(json!({"service": "graph", "method": "DELETE", "times": 0, "answer": {"status": 503}}));
    let changed = change(&services, &folder, &item).await.map(|_| ());
    let deleted = services.mailbox.delete(&folder, &[item]).await.remove(0);
    for answer in [changed, deleted] {
        let doubt = matches!(&answer, Err(ItemFailure::MaybeDone(Failure::Transient { .. })));
        assert!(doubt, "{answer:?}");
    }
    services.finish();
}

#[tokio::test]
async fn throttled_writes_may_have_been_done_and_name_their_wait() {
    let services = Services::start();
    let folder = services.folder().await.id;
    let item = make(&services, &folder, "Ada").await;
    let answer = json!({"status": 429, "headers": {"Retry-After": "300"}});
    services.fault(json!({"service": "graph", "method": "PATCH", "answer": answer}));
    assert_eq!(change(&services, &folder, &item).await, Err(throttled(300)));
    // Nothing is sent to a mailbox that asked to wait.
    let mark = services.mark();
    let waiting = change(&services, &folder, &item).await;
    let not_sent = matches!(waiting, Err(ItemFailure::NotDone(Failure::Throttled { .. })));
    assert!(not_sent && services.routes(mark).is_empty(), "{waiting:?}");
    services.pass(301);
    services.fault(json!({"service": "graph", "method": "POST", "path": "*/contacts", "answer": answer}));
    let created = services
        .mailbox
        .create(
            &folder,
            &[new("v1 s 8", [(OfficeField::GivenName, text("Charles"))])],
        )
        .await;
    assert_eq!(created, [Err(throttled(300))]);
    services.finish();
}

#[tokio::test]
async fn a_short_wait_is_waited_for() {
    let services = Services::start();
    let folder = services.folder().await.id;
    let item = make(&services, &folder, "Ada").await;
    services.fault(json!({"service": "graph", "method": "PATCH",
        "answer": {"status": 429, "headers": {"Retry-After": "2.128"}}}));
    assert!(change(&services, &folder, &item).await.is_ok());
    services.finish();
}

#[tokio::test]
async fn a_full_mailbox_and_a_container_that_is_gone_are_certain() {
    let services = Services::start();
    let folder = services.folder().await.id;
    services.fault(json!({"service": "graph", "method": "POST", "path": "*/contacts",
        "answer": {"status": 507, "body": {"error": {"code": "ErrorQuotaExceeded", "message": ""}}}}));
    let full = create(&services, &folder).await;
    assert!(
        matches!(full, Err(ItemFailure::NotDone(Failure::Transient { .. }))),
        "{full:?}"
    );
    services.outlook(json!({"do": "delete_folder", "folder": folder, "permanently": true}));
    assert_eq!(create(&services, &folder).await, Err(ItemFailure::Gone));
    services.finish();
}
