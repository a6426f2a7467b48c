//! Where items are that were asked for by id.

use serde_json::json;
use sync_engine::office_field::OfficeField;
use sync_runtime::ports::{Failure, Found, ItemFailure, Mailbox};

use crate::mailbox_items::{make, update};
use crate::services::Services;

#[tokio::test]
async fn n9_moved_trashed_and_gone_are_told_apart_and_only_the_missing_are_asked_for_again() {
    let services = Services::start();
    let folder = services.folder().await.id;
    let mut items = Vec::new();
    for name in ["here", "moved", "trashed", "purged", "last"] {
        items.push(make(&services, &folder, name).await);
    }
    let family = services.outlook(json!({"do": "create_folder", "displayName": "Family"}));
    let family = family["id"].as_str().unwrap().to_owned();
    services.outlook(json!({"do": "move_contact", "contact": items[1].id, "to": "Family"}));
    services.outlook(json!({"do": "delete_contact", "contact": items[2].id}));
    services.outlook(json!({"do": "delete_contact", "contact": items[3].id, "permanently": true}));

    let mark = services.mark();
    let ids: Vec<String> = items.iter().map(|item| item.id.clone()).collect();
    let found = services.mailbox.read(&folder, &ids).await.unwrap();
    assert_eq!(found[0], Found::Here(items[0].clone()));
    assert_eq!(
        found[1],
        Found::Elsewhere {
            folder: family.clone()
        }
    );
    let Found::Elsewhere { folder: trash } = &found[2] else {
        panic!("{found:?}")
    };
    assert!(*trash != folder && *trash != family);
    assert_eq!(found[3], Found::Gone);
    assert_eq!(found[4], Found::Here(items[4].clone()));
    let routes = services.routes(mark);
    let again = |route: &&String| route.as_str() == "+ GET /users/{}/contacts/{}";
    assert_eq!(routes.iter().filter(again).count(), 3);
    assert_eq!(routes.len(), 2 + 5 + 3, "two batches");

    let mark = services.mark();
    services.mailbox.read(&folder, &ids[..1]).await.unwrap();
    assert_eq!(services.routes(mark).len(), 2, "nothing is asked for again");
    assert_eq!(services.mailbox.read(&folder, &[]).await.unwrap(), []);
    services.finish();
}

#[tokio::test]
async fn n9_an_item_that_comes_back_in_between_is_here() {
    let services = Services::start();
    let folder = services.folder().await.id;
    let item = make(&services, &folder, "Ada").await;
    let missing = json!({"error": {"code": "ErrorItemNotFound", "message": ""}});
    services.fault(
        json!({"service": "graph", "method": "GET", "path": "*/contactFolders/*/contacts/*",
        "answer": {"status": 404, "body": missing}}),
    );
    let found = services
        .mailbox
        .read(&folder, std::slice::from_ref(&item.id))
        .await
        .unwrap();
    assert_eq!(found, [Found::Here(item)]);
    services.finish();
}

#[tokio::test]
async fn n9_a_question_that_fails_is_no_answer() {
    let services = Services::start();
    let folder = services.folder().await.id;
    let item = make(&services, &folder, "Ada").await;
    services.outlook(json!({"do": "delete_contact", "contact": item.id, "permanently": true}));
    let denied = json!({"error": {"code": "ErrorAccessDenied", "message": ""}});
    services.fault(
        json!({"service": "graph", "method": "GET", "path": "*/contacts/*", "skip": 1,
        "answer": {"status": 403, "body": denied}}),
    );
    let failed = services.mailbox.read(&folder, &[item.id]).await;
    assert!(matches!(failed, Err(Failure::Permission { .. })), "{failed:?}");
    services.finish();
}

#[tokio::test]
async fn what_left_the_folder_is_neither_changed_nor_removed() {
    let services = Services::start();
    let folder = services.folder().await.id;
    let moved = make(&services, &folder, "Ada").await;
    services.outlook(json!({"do": "move_contact", "contact": moved.id, "to": "contacts"}));
    let answers = services
        .mailbox
        .update(&folder, &[update(&moved, OfficeField::Surname, "Byron")])
        .await;
    assert_eq!(answers, [Err(ItemFailure::Gone)]);
    let answers = services.mailbox.delete(&folder, &[moved]).await;
    assert_eq!(answers, [Err(ItemFailure::Gone)]);
    services.finish();
}
