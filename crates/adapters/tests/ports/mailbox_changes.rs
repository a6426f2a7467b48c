//! Rounds of changes, and the one call of an idle cycle.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sync_engine::office_field::OfficeField;
use sync_engine::project::Fields;
use sync_engine::value::Value as Field;
use sync_runtime::ports::{ChangePage, Entry, Failure, Folder, Mailbox, NewItem, NextPage, Poll};

use crate::services::{ADA, Services};

/// A page of a new round or behind a place.
async fn page(services: &Services, folder: &str, from: Option<&str>) -> ChangePage {
    let page = services.mailbox.changes(folder, from).await;
    page.unwrap().expect("the place is known")
}

fn round(page: &ChangePage) -> &str {
    match &page.next {
        NextPage::Round(cursor) => cursor,
        NextPage::More(_) => panic!("the round goes on"),
    }
}

fn more(page: &ChangePage) -> &str {
    match &page.next {
        NextPage::More(cursor) => cursor,
        NextPage::Round(_) => panic!("the round is over"),
    }
}

/// What a page tells: names, and ids of removed items.
fn told(page: &ChangePage) -> Vec<String> {
    let told = page.entries.iter().map(|entry| match entry {
        Entry::Present(item) => item.fields[&OfficeField::GivenName].to_text(),
        Entry::Removed(id) => format!("- {id}"),
    });
    told.collect()
}

async fn poll(services: &Services, folder: &Folder, cursor: &str) -> Poll {
    services.mailbox.poll(&folder.id, cursor).await.unwrap()
}

fn ada(name: &str) -> Value {
    json!({"givenName": name, "surname": "Byron"})
}

#[tokio::test]
async fn n10_an_idle_cycle_is_one_batch_of_two_reads() {
    let services = Services::start();
    let folder = services.folder().await;
    services.outlook_contact(&folder.id, &ada("Ada"));
    let first = page(&services, &folder.id, None).await;
    assert_eq!(told(&first), ["Ada"]);
    let mark = services.mark();
    let idle = poll(&services, &folder, round(&first)).await;
    assert_eq!(idle.folder, Some(folder));
    let idle = idle.page.unwrap();
    assert_eq!(idle.entries, []);
    assert!(matches!(idle.next, NextPage::Round(_)));
    let mut routes = services.routes(mark);
    routes.sort();
    assert_eq!(
        routes,
        [
            "+ GET /users/{}/contactFolders/{}",
            "+ GET /users/{}/contactFolders/{}/contacts/delta",
            "POST /$batch",
        ]
    );
    services.finish();
}

#[tokio::test]
async fn changes_bring_new_changed_and_removed_items_as_hints() {
    let services = Services::start();
    let folder = services.folder().await;
    let new = NewItem {
        marker: "v1 s 7".to_owned(),
        fields: Fields::from([(OfficeField::GivenName, Field::Text("Charles".to_owned()))]),
    };
    let made = services
        .mailbox
        .create(&folder.id, &[new])
        .await
        .remove(0)
        .unwrap();
    let moved = services.outlook_contact(&folder.id, &ada("Ada"));
    let first = page(&services, &folder.id, None).await;
    assert_eq!(told(&first), ["Charles", "Ada"]);
    let Entry::Present(hint) = &first.entries[0] else {
        panic!("Charles is there")
    };
    assert_eq!(
        (&hint.id, &hint.etag, &hint.fields),
        (&made.id, &made.etag, &made.fields)
    );
    assert_eq!((&hint.marker, hint.modified), (&None, None));

    services.outlook(json!({"do": "update_contact", "contact": made.id, "set": {"givenName": "Babbage"}}));
    services.outlook(json!({"do": "move_contact", "contact": moved, "to": "contacts"}));
    let next = poll(&services, &folder, round(&first)).await.page.unwrap();
    assert_eq!(told(&next), ["Babbage".to_owned(), format!("- {moved}")]);
    services.finish();
}

#[tokio::test]
async fn a_round_selects_what_a_mapping_can_name_and_nothing_else() {
    let services = Services::start();
    let folder = services.folder().await;
    page(&services, &folder.id, None).await;
    let asked = services.seen(0).pop().unwrap();
    assert_eq!(
        asked.request_headers["prefer"],
        "IdType=\"ImmutableId\", odata.maxpagesize=500"
    );
    let selected = asked.query.strip_prefix("$select=").unwrap();
    let selected: BTreeSet<&str> = selected.split(',').collect();
    let expected: BTreeSet<&str> = [
        "id",
        "changeKey",
        "parentFolderId",
        "givenName",
        "surname",
        "middleName",
        "nickName",
        "title",
        "generation",
        "initials",
        "companyName",
        "jobTitle",
        "department",
        "officeLocation",
        "profession",
        "manager",
        "assistantName",
        "spouseName",
        "birthday",
        "personalNotes",
        "businessHomePage",
        "mobilePhone",
        "businessPhones",
        "homePhones",
        "emailAddresses",
        "imAddresses",
        "businessAddress",
        "homeAddress",
        "otherAddress",
    ]
    .into();
    assert_eq!(selected, expected);
    services.finish();
}

#[tokio::test]
async fn rounds_of_many_items_come_in_pages_of_five_hundred() {
    let services = Services::start();
    let folder = services.folder().await;
    for number in 0..501 {
        services.outlook_contact(&folder.id, &ada(&number.to_string()));
    }
    let first = page(&services, &folder.id, None).await;
    assert_eq!(first.entries.len(), 500);
    let last = page(&services, &folder.id, Some(more(&first))).await;
    assert_eq!(told(&last), ["500"]);
    let idle = page(&services, &folder.id, Some(round(&last))).await;
    assert_eq!(idle.entries, []);
    services.finish();
}

#[tokio::test]
async fn n9_a_cursor_that_is_no_longer_good_is_no_news_of_the_container() {
    for status in [400, 404, 410] {
        let services = Services::start();
        services.office(&json!({"do": "set_options", "delta": {"expiredStatus": status}}));
        let folder = services.folder().await;
        services.outlook_contact(&folder.id, &ada("Ada"));
        let first = page(&services, &folder.id, None).await;
        services.outlook(json!({"do": "expire_delta_tokens"}));
        let polled = poll(&services, &folder, round(&first)).await;
        assert_eq!(
            (polled.folder.as_ref(), polled.page),
            (Some(&folder), None),
            "{status}"
        );
        let behind = services.mailbox.changes(&folder.id, Some(round(&first))).await;
        assert_eq!(behind, Ok(None));
        assert_eq!(told(&page(&services, &folder.id, None).await), ["Ada"]);
        services.finish();
    }
}

#[tokio::test]
async fn n9_a_new_round_that_cannot_start_is_a_failure_and_no_reset() {
    let services = Services::start();
    let folder = services.folder().await;
    let reset = json!({"error": {"code": "SyncStateNotFound", "message": ""}});
    services.fault(json!({"service": "graph", "path": "*/delta", "answer": {"status": 410, "body": reset}}));
    let failed = services.mailbox.changes(&folder.id, None).await;
    assert!(matches!(failed, Err(Failure::Transient { .. })), "{failed:?}");
    services.finish();
}

#[tokio::test]
async fn a_page_that_comes_again_and_again_starts_a_new_round() {
    let services = Services::start();
    let folder = services.folder().await;
    services.outlook_contact(&folder.id, &ada("Ada"));
    services.outlook(json!({"do": "loop_delta", "folder": folder.id, "pages": 1_000}));
    let first = page(&services, &folder.id, None).await;
    let mark = services.mark();
    let repeated = services.mailbox.changes(&folder.id, Some(more(&first))).await;
    assert_eq!(repeated, Ok(None));
    let polled = poll(&services, &folder, more(&first)).await;
    assert_eq!(polled.page, None);
    assert_eq!(services.routes(mark).len(), 4, "nobody follows the page for long");
    services.finish();
}

#[tokio::test]
async fn cursors_are_followed_on_the_configured_host_only() {
    let services = Services::start();
    let folder = services.folder().await;
    let path = format!(
        "users/{ADA}/contactFolders/{}/contacts/delta?$deltatoken=x",
        folder.id
    );
    for cursor in [
        format!("https://evil.test/v1.0/{path}"),
        format!("1 - https://evil.test/v1.0/{path}"),
        format!("http://graph.test@evil.test/v1.0/{path}"),
        format!("http://graph.test/beta/{path}"),
        "no cursor".to_owned(),
        String::new(),
    ] {
        let mark = services.mark();
        let polled = poll(&services, &folder, &cursor).await;
        assert_eq!(
            (polled.folder.as_ref(), polled.page),
            (Some(&folder), None),
            "{cursor}"
        );
        assert_eq!(
            services.mailbox.changes(&folder.id, Some(&cursor)).await,
            Ok(None)
        );
        assert_eq!(
            services.routes(mark),
            ["POST /$batch", "+ GET /users/{}/contactFolders/{}"]
        );
    }
    services.finish();
}

#[tokio::test]
async fn k8_the_container_is_looked_at_with_every_poll() {
    let services = Services::start();
    let folder = services.folder().await;
    let first = page(&services, &folder.id, None).await;
    services.outlook(json!({"do": "delete_folder", "folder": folder.id}));
    let trashed = poll(&services, &folder, round(&first)).await.folder.unwrap();
    assert_ne!(trashed.parent, folder.parent);
    services.outlook(json!({"do": "delete_folder", "folder": folder.id, "permanently": true}));
    let gone = poll(&services, &folder, round(&first)).await;
    assert_eq!((gone.folder, gone.page), (None, None));
    services.finish();
}

#[tokio::test]
async fn n9_a_folder_whose_changes_alone_are_missing_is_not_gone() {
    let services = Services::start();
    let folder = services.folder().await;
    let first = page(&services, &folder.id, None).await;
    let missing = json!({"error": {"code": "ErrorSyncFolderNotFound", "message": ""}});
    services
        .fault(json!({"service": "graph", "path": "*/delta", "answer": {"status": 404, "body": missing}}));
    let polled = services.mailbox.poll(&folder.id, round(&first)).await;
    assert!(matches!(polled, Err(Failure::Transient { .. })), "{polled:?}");
    services.finish();
}

#[tokio::test]
async fn a_service_that_fails_at_a_large_page_is_asked_for_a_small_one() {
    let services = Services::start();
    let folder = services.folder().await;
    services.outlook_contact(&folder.id, &ada("Ada"));
    let fails = json!({"service": "graph", "path": "*/delta", "times": 4, "answer": {"status": 504}});
    services.fault(fails.clone());
    let first = page(&services, &folder.id, None).await;
    assert_eq!(told(&first), ["Ada"]);
    let last = services.seen(0).pop().unwrap();
    assert!(last.request_headers["prefer"].ends_with("odata.maxpagesize=50"));
    services.fault(fails);
    let polled = poll(&services, &folder, round(&first)).await;
    assert_eq!(polled.page.unwrap().entries, []);
    // A service that is down is not asked twice.
    services.fault(json!({"service": "graph", "path": "*/delta", "times": 0, "answer": {"status": 503}}));
    let mark = services.mark();
    let down = services.mailbox.changes(&folder.id, None).await;
    assert!(matches!(down, Err(Failure::Transient { .. })), "{down:?}");
    assert_eq!(services.routes(mark).len(), 4);
    services.finish();
}
