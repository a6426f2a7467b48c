//! Pages that lead nowhere: a service that repeats itself must not be followed for ever.

use std::sync::atomic::{AtomicU32, Ordering};

use msgraph::{Class, DeltaCursor, DeltaNext, Error, Select};
use serde_json::json;

use crate::support::{BASE, Fixture, Say, Seen, contact};

/// A delta page with one contact that leads on to `next`.
fn page(id: &str, next: &str) -> Say {
    let next = format!("{BASE}/users/u-1/contactFolders/f/contacts/delta?$skiptoken={next}");
    Say::Json(200, json!({ "value": [contact(id)], "@odata.nextLink": next }))
}

/// Follows a round to its end and tells how many pages were read, storing the place after each.
async fn follow(fixture: &Fixture) -> (u32, Error) {
    let contacts = fixture.mailbox().contacts("f");
    let mut request = contacts.delta(&Select::identity(), 500);
    let mut pages = 0;
    loop {
        match request.send().await {
            Ok(page) => {
                pages += 1;
                let (DeltaNext::Page(cursor) | DeltaNext::Round(cursor)) = page.next;
                let stored = DeltaCursor::parse(&cursor.to_string());
                request = contacts.delta_from(&stored, 500);
            }
            Err(error) => return (pages, error),
        }
    }
}

/// Answers each question with its number.
fn numbered(answer: impl Fn(u32) -> Say + Send + Sync + 'static) -> Fixture {
    let count = AtomicU32::new(0);
    Fixture::new(move |_: &Seen| answer(count.fetch_add(1, Ordering::SeqCst)))
}

#[tokio::test]
async fn a_repeated_page_asks_for_a_new_round() {
    let same_link = numbered(|_| page("a", "1"));
    let (pages, error) = follow(&same_link).await;
    assert!(matches!(error, Error::EndlessRound { pages: 2 }), "{error}");
    assert_eq!((pages, error.class()), (1, Class::Gone));

    let same_content = numbered(|n| page("a", &n.to_string()));
    let (pages, error) = follow(&same_content).await;
    assert_eq!((pages, error.class()), (1, Class::Gone));
}

#[tokio::test]
async fn a_round_without_end_is_given_up() {
    let fixture = numbered(|n| page(&n.to_string(), &n.to_string()));
    let (pages, error) = follow(&fixture).await;
    assert_eq!((pages, error.class()), (2_000, Class::Gone));
}

#[tokio::test]
async fn a_new_round_counts_anew() {
    let fixture = Fixture::new(|seen: &Seen| {
        let delta = format!("{BASE}/users/u-1/contactFolders/f/contacts/delta?$deltatoken=d");
        if seen.uri.contains("deltatoken") {
            page("a", "1")
        } else {
            Say::Json(200, json!({ "value": [contact("a")], "@odata.deltaLink": delta }))
        }
    });
    let contacts = fixture.mailbox().contacts("f");
    let DeltaNext::Round(cursor) = contacts
        .delta(&Select::identity(), 500)
        .send()
        .await
        .unwrap()
        .next
    else {
        panic!("the round is over")
    };
    // The same contact again, as it changed in the meantime.
    let second = contacts.delta_from(&cursor, 500).send().await.unwrap();
    assert!(matches!(second.next, DeltaNext::Page(_)));
}

#[tokio::test]
async fn a_listing_that_goes_in_a_wide_circle_or_has_no_end_is_an_error() {
    let list = |fixture: Fixture| async move {
        let contacts = fixture.mailbox().contacts("f");
        let all = contacts.list(&Select::identity(), None).all().await;
        (all.unwrap_err(), fixture.service.seen().len())
    };
    let (error, asked) = list(numbered(|n| page("a", &(n % 3).to_string()))).await;
    assert!(matches!(error, Error::Unreadable { .. }), "{error}");
    assert_eq!(asked, 4);

    let (error, asked) = list(numbered(|n| page("a", &n.to_string()))).await;
    assert!(matches!(error, Error::Unreadable { .. }), "{error}");
    assert_eq!(asked, 2_000);
}
