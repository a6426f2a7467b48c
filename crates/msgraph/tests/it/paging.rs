//! Listings and delta rounds: complete, and never beyond the configured host.

use futures::StreamExt;
use msgraph::{
    Class, ContactChange, DeltaCursor, DeltaNext, Error, Link, MARKER_PROPERTY, RemovedReason, Select,
};
use serde_json::{Value, json};

use crate::support::{BASE, Fixture, Say, batched, contact, error, refusal};

fn page(items: &[&str], next: Option<&str>) -> Value {
    let items: Vec<Value> = items.iter().map(|id| contact(id)).collect();
    let mut page = json!({ "value": items });
    if let Some(next) = next {
        page["@odata.nextLink"] = next.into();
    }
    page
}

fn three_pages() -> Fixture {
    Fixture::new(|seen| {
        let body = match seen.uri.split_once("$skip=").map(|(_, at)| at) {
            None => page(
                &["a", "b"],
                Some(&format!("{BASE}/users('u-1')/contacts?$skip=2")),
            ),
            Some("2") => page(&[], Some(&format!("{BASE}/users('u-1')/contacts?$skip=3"))),
            Some(_) => page(&["c"], None),
        };
        Say::Json(200, body)
    })
}

#[tokio::test]
async fn all_pages_are_read_also_behind_an_empty_one() {
    let fixture = three_pages();
    let all = fixture
        .mailbox()
        .contacts("f")
        .list(&Select::all(), Some(2))
        .all()
        .await
        .unwrap();
    assert_eq!(
        all.iter().map(|contact| contact.id.as_str()).collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    let seen = fixture.service.seen();
    assert!(seen[0].uri.contains("?$top=2&$select=id,"), "{}", seen[0].uri);
    assert_eq!(
        seen[1].uri,
        format!("{BASE}/users('u-1')/contacts?$skip=2"),
        "links are followed as they are"
    );
    assert!(
        seen.iter()
            .all(|seen| seen.header("prefer") == "IdType=\"ImmutableId\"")
    );

    let pages: Vec<_> = three_pages()
        .mailbox()
        .contacts("f")
        .list(&Select::all(), None)
        .stream()
        .collect()
        .await;
    assert_eq!(pages.len(), 3);
}

#[tokio::test]
async fn a_listing_can_begin_in_a_batch_and_go_on_alone() {
    let fixture = Fixture::new(|seen| {
        if seen.uri.ends_with("$batch") {
            let next = format!("{BASE}/next?$skip=1");
            batched(
                seen,
                |_| json!({ "status": 200, "body": page(&["a"], Some(&next)) }),
            )
        } else {
            Say::Json(200, page(&["b"], None))
        }
    });
    let contacts = fixture.mailbox().contacts("f");
    let first = fixture
        .mailbox()
        .batch(vec![contacts.find_by_markers(&["m"], &Select::all()).first()])
        .await
        .remove(0)
        .unwrap();
    assert_eq!(first.items[0].id, "a");
    let rest = contacts.page(&first.next.unwrap()).all().await.unwrap();
    assert_eq!(rest[0].id, "b");
}

#[tokio::test]
async fn no_link_leads_a_token_elsewhere() {
    for link in [
        "https://evil.test/v1.0/x",
        "https://graph.test.evil.test/v1.0/x",
        "http://graph.test/v1.0/x",
        "https://graph.test/beta/x",
    ] {
        let fixture = Fixture::new(move |_| {
            let mut body = page(&["a"], Some(link));
            body["@odata.deltaLink"] = Value::Null;
            Say::Json(200, body)
        });
        let contacts = fixture.mailbox().contacts("f");
        let listed = contacts.list(&Select::all(), None).all().await.unwrap_err();
        assert!(matches!(listed, Error::ForeignLink), "{listed}");
        assert!(matches!(
            contacts.delta(&Select::all(), 10).send().await,
            Err(Error::ForeignLink)
        ));
        // A stored one is only of no use any more.
        let stored = contacts
            .delta_from(&DeltaCursor::parse(link), 10)
            .send()
            .await
            .unwrap_err();
        assert_eq!(stored.class(), Class::Gone);
        assert!(contacts.page(&Link::new(link)).all().await.is_err());
        assert_eq!(fixture.service.seen().len(), 2);
        assert!(
            fixture
                .service
                .all()
                .iter()
                .all(|seen| !seen.uri.contains("evil") && !seen.uri.starts_with("http:"))
        );
    }
}

#[tokio::test]
async fn a_listing_that_goes_in_circles_or_breaks_is_not_taken_for_whole() {
    let fixture = Fixture::new(|_| Say::Json(200, page(&["a"], Some(&format!("{BASE}/same")))));
    assert!(
        fixture
            .mailbox()
            .contacts("f")
            .list(&Select::all(), None)
            .all()
            .await
            .is_err()
    );

    let fixture = Fixture::new(|seen| {
        if seen.uri.ends_with("/second") {
            error(404, "ErrorItemNotFound")
        } else {
            Say::Json(200, page(&["a"], Some(&format!("{BASE}/second"))))
        }
    });
    let broken = fixture
        .mailbox()
        .contacts("f")
        .list(&Select::all(), None)
        .all()
        .await
        .unwrap_err();
    assert_eq!(broken.class(), Class::NotFound);
}

#[tokio::test]
async fn markers_are_looked_up_ten_at_a_time() {
    let fixture = Fixture::new(|_| Say::Json(200, page(&["a"], None)));
    let contacts = fixture.mailbox().contacts("f");
    contacts
        .find_by_markers(&["v1 s 'x'", "v1 s +2"], &Select::identity())
        .all()
        .await
        .unwrap();
    let query = fixture.service.seen()[0]
        .uri
        .split_once("$filter=")
        .unwrap()
        .1
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    assert!(!query.contains(['+', '\'', ' ']), "{query}");
    let query = url::form_urlencoded::parse(format!("q={query}").as_bytes())
        .next()
        .unwrap()
        .1
        .into_owned();
    let one = |value| {
        format!(
            "singleValueExtendedProperties/Any(ep: ep/id eq '{MARKER_PROPERTY}' and ep/value eq '{value}')"
        )
    };
    assert_eq!(query, format!("{} or {}", one("v1 s ''x''"), one("v1 s +2")));

    for wrong in [vec![], vec!["m"; 11]] {
        assert!(matches!(
            contacts.find_by_markers(&wrong, &Select::all()).all().await,
            Err(Error::Unaskable(_))
        ));
    }
    assert_eq!(fixture.service.seen().len(), 1);
}

#[tokio::test]
async fn folders_are_found_by_name_and_read_with_their_marker() {
    let fixture = Fixture::new(|_| {
        let marker = json!([{ "id": MARKER_PROPERTY, "value": "v1 s" }]);
        Say::Json(
            200,
            json!({ "value": [
            { "id": "f1", "displayName": "zoho crm contacts", "parentFolderId": "p", "singleValueExtendedProperties": marker },
            { "id": "f2", "displayName": "Family" },
        ] }),
        )
    });
    let found = fixture
        .mailbox()
        .contact_folders()
        .find_by_name("Zoho CRM Contacts")
        .await
        .unwrap();
    assert_eq!(
        (found.len(), found[0].id.as_str(), found[0].marker.as_deref()),
        (1, "f1", Some("v1 s"))
    );
}

#[tokio::test]
async fn a_delta_round_goes_from_page_to_page_to_the_next_round() {
    let fixture = Fixture::new(|seen| {
        let link = |name: &str| format!("{BASE}/users/u-1/contactFolders/f/contacts/delta?{name}");
        let body = if seen.uri.contains("$skiptoken=s1") {
            json!({ "value": [{ "id": "b", "@removed": { "reason": "deleted" } }, { "id": "c", "@removed": { "reason": "changed" } }],
                    "@odata.deltaLink": link("$deltatoken=d1") })
        } else if seen.uri.contains("$deltatoken=d1") {
            json!({ "value": [], "@odata.deltaLink": link("$deltatoken=d2") })
        } else {
            json!({ "value": [contact("a")], "@odata.nextLink": link("$skiptoken=s1") })
        };
        Say::Json(200, body)
    });
    let contacts = fixture.mailbox().contacts("f");
    let first = contacts.delta(&Select::fields([]), 500).send().await.unwrap();
    assert!(matches!(&first.changes[..], [ContactChange::Present(contact)] if contact.id == "a"));
    let DeltaNext::Page(cursor) = first.next else {
        panic!("a page follows")
    };
    let second = contacts.delta_from(&cursor, 500).send().await.unwrap();
    let removed = |id: &str, reason| ContactChange::Removed {
        id: id.to_owned(),
        reason,
    };
    assert_eq!(
        second.changes,
        [
            removed("b", RemovedReason::Deleted),
            removed("c", RemovedReason::Changed)
        ]
    );
    let DeltaNext::Round(cursor) = second.next else {
        panic!("the round is over")
    };
    let stored = DeltaCursor::parse(&cursor.to_string());
    assert!(
        contacts
            .delta_from(&stored, 500)
            .send()
            .await
            .unwrap()
            .changes
            .is_empty()
    );

    let seen = fixture.service.seen();
    assert!(
        seen[0]
            .uri
            .ends_with("/contacts/delta?$select=id,changeKey,parentFolderId"),
        "{}",
        seen[0].uri
    );
    assert!(
        seen.iter()
            .all(|seen| seen.header("prefer") == "IdType=\"ImmutableId\", odata.maxpagesize=500")
    );
}

#[tokio::test]
async fn a_forgotten_delta_token_asks_for_a_new_round() {
    for (status, body) in [
        (410, refusal("SyncStateNotFound")),
        (410, json!("")),
        (400, refusal("SyncStateInvalid")),
    ] {
        let fixture = Fixture::new(move |_| Say::Json(status, body.clone()));
        let cursor = DeltaCursor::parse(&format!(
            "{BASE}/users/u-1/contactFolders/f/contacts/delta?$deltatoken=old"
        ));
        let gone = fixture
            .mailbox()
            .contacts("f")
            .delta_from(&cursor, 500)
            .send()
            .await
            .unwrap_err();
        assert_eq!(gone.class(), Class::Gone);
    }
}

#[tokio::test]
async fn a_delta_page_without_a_way_on_is_refused() {
    let fixture = Fixture::new(|_| Say::Json(200, json!({ "value": [] })));
    let error = fixture
        .mailbox()
        .contacts("f")
        .delta(&Select::all(), 500)
        .send()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }));
}
