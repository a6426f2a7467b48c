//! Single calls: what is sent, what is repeated, what is reported.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use msgraph::{Class, ContactBody, Error, Mail, MailBody, Observer, Select, TextField};
use serde_json::json;

use crate::support::{BASE, Fixture, Say, Seen, contact, error, gap, refusal, sequence};

#[tokio::test]
async fn requests_are_what_the_service_expects() {
    let fixture = Fixture::new(
        |seen| match (seen.method.as_str(), seen.uri.contains("organization")) {
            ("DELETE", _) => Say::Text(204, ""),
            ("GET", true) => Say::Json(
                200,
                json!({ "value": [{ "id": "t", "verifiedDomains": [{ "name": "x.example" }] }] }),
            ),
            _ => Say::Json(200, contact("c/1=")),
        },
    );
    let contacts = fixture.mailbox().contacts("f/1=");
    let body = ContactBody::new()
        .text(TextField::GivenName, Some("Ada"))
        .marker("v1 s 7");
    contacts.create(&body).send().await.unwrap();
    let got = contacts
        .get("c/1=", &Select::fields([TextField::GivenName.into()]))
        .send()
        .await
        .unwrap();
    contacts
        .update("c/1=", got.etag.as_deref().unwrap(), &body)
        .send()
        .await
        .unwrap();
    contacts.delete("c/1=", Some("W/\"2\"")).send().await.unwrap();
    contacts.delete("c/1=", None).send().await.unwrap();
    fixture
        .graph
        .users()
        .get("$a#EXT#@x.example")
        .send()
        .await
        .unwrap();
    assert_eq!(
        fixture
            .graph
            .organization()
            .send()
            .await
            .unwrap()
            .verified_domains[0]
            .name,
        "x.example"
    );
    fixture
        .mailbox()
        .contact_folders()
        .set_marker("f", "v2")
        .send()
        .await
        .unwrap();

    fixture
        .mailbox()
        .contact("c/1=", &Select::identity())
        .send()
        .await
        .unwrap();

    let seen = fixture.service.seen();
    let folder = format!("{BASE}/users/u-1/contactFolders/f%2F1%3D/contacts");
    let marker = json!([{ "id": "String {6f1c8a52-3d0b-4c7e-9a41-5be2c07d9f13} Name CrmlinkMarker", "value": "v1 s 7" }]);
    assert_eq!((seen[0].method.as_str(), &seen[0].uri), ("POST", &folder));
    assert_eq!(
        seen[0].json(),
        json!({ "givenName": "Ada", "singleValueExtendedProperties": marker })
    );
    assert_eq!(
        seen[1].uri,
        format!(
            "{folder}/c%2F1%3D?$select=id,changeKey,parentFolderId,givenName,createdDateTime,lastModifiedDateTime\
             &$expand=singleValueExtendedProperties%28%24filter%3Did%20eq%20%27String%20%7B6f1c8a52-3d0b-4c7e-9a41-5be2c07d9f13%7D%20Name%20CrmlinkMarker%27%29"
        )
    );
    assert_eq!(
        (seen[2].method.as_str(), seen[2].header("if-match")),
        ("PATCH", "W/\"c/1=\"")
    );
    assert_eq!(
        (seen[3].method.as_str(), seen[3].header("if-match")),
        ("DELETE", "W/\"2\"")
    );
    assert!(!seen[4].headers.contains_key("if-match"));
    assert!(
        seen[5]
            .uri
            .starts_with(&format!("{BASE}/users('%24a%23EXT%23@x.example')?$select=id,")),
        "{}",
        seen[5].uri
    );
    assert_eq!(seen[7].method, "PATCH");
    assert!(
        seen[8]
            .uri
            .starts_with(&format!("{BASE}/users/u-1/contacts/c%2F1%3D?$select=id,")),
        "{}",
        seen[8].uri
    );
    check_headers(&seen);
}

/// What every request carries.
fn check_headers(seen: &[Seen]) {
    let ids: BTreeSet<&str> = seen.iter().map(|seen| seen.header("client-request-id")).collect();
    assert_eq!(ids.len(), seen.len(), "each request has an id of its own");
    assert!(ids.iter().all(|id| id.len() == 36 && &id[14..15] == "4"));
    assert!(
        seen.iter()
            .all(|seen| seen.header("prefer") == "IdType=\"ImmutableId\"")
    );
}

#[tokio::test]
async fn a_create_of_unknown_outcome_is_never_repeated() {
    for say in [
        Say::Lost,
        error(500, "ErrorInternalServerError"),
        error(503, "UnknownError"),
        error(429, "ApplicationThrottled"),
        Say::Text(201, "<html>"),
        Say::Json(502, json!("bad gateway")),
    ] {
        let fixture = Fixture::new(move |_| say.clone());
        let error = fixture
            .mailbox()
            .contacts("f")
            .create(&ContactBody::new())
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.class(), Class::Ambiguous, "{error}");
        assert_eq!(fixture.service.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_create_that_was_refused_or_never_arrived_is_certain() {
    let fixture = Fixture::new(|_| error(409, "ErrorFolderExists"));
    let taken = fixture
        .mailbox()
        .contact_folders()
        .create("n", "m")
        .send()
        .await
        .unwrap_err();
    assert_eq!(taken.class(), Class::AlreadyExists);
    assert_eq!(
        taken.to_string(),
        "exists already: Graph answered 409 ErrorFolderExists (request-id rq-1)"
    );

    let fixture = Fixture::new(|_| Say::Json(507, refusal("ErrorQuotaExceeded")));
    let full = fixture
        .mailbox()
        .contact_folders()
        .create("n", "m")
        .send()
        .await
        .unwrap_err();
    assert_eq!(full.class(), Class::QuotaExceeded);

    let fixture = Fixture::new(sequence(vec![Say::Unreachable, Say::Json(201, contact("c"))]));
    let work = fixture.mailbox().contacts("f").create(&ContactBody::new()).send();
    assert_eq!(fixture.run(work).await.unwrap().id, "c");
}

#[tokio::test]
async fn what_can_be_repeated_is_after_the_wait_that_the_service_names() {
    let fixture = Fixture::new(sequence(vec![
        Say::Wait(429, "2.128", refusal("TooManyRequests")),
        Say::Wait(503, "Thu, 01 Jan 2026 00:00:10 GMT", refusal("UnknownError")),
        Say::Lost,
        Say::Json(200, contact("c")),
    ]));
    let work = fixture.mailbox().contacts("f").get("c", &Select::all()).send();
    assert_eq!(fixture.run(work).await.unwrap().id, "c");
    let seen = fixture.service.seen();
    assert!((2.128..2.3).contains(&gap(&seen, 0, 1)));
    assert!((10.0..10.2).contains(&gap(&seen, 0, 2)));
    // No wait was named for the lost one: the client's own, doubled twice, with jitter.
    assert!((2.0..4.1).contains(&gap(&seen, 2, 3)), "{}", gap(&seen, 2, 3));
}

#[tokio::test]
async fn patience_ends() {
    let fixture = Fixture::new(|_| error(503, "UnknownError"));
    let work = fixture.mailbox().contacts("f").delete("c", None).send();
    let error = fixture.run(work).await.unwrap_err();
    assert_eq!(error.class(), Class::Transient);
    assert_eq!(fixture.service.seen().len(), 4);
}

#[tokio::test]
async fn a_long_wait_is_handed_to_the_caller_and_holds_for_the_mailbox() {
    let fixture = Fixture::new(sequence(vec![
        Say::Wait(429, "600", refusal("ApplicationThrottled")),
        Say::Json(200, contact("c")),
    ]));
    let contacts = fixture.mailbox().contacts("f");
    let throttled = contacts.get("c", &Select::all()).send().await.unwrap_err();
    assert_eq!(throttled.class(), Class::Throttled(Some(Duration::from_mins(10))));
    fixture.clock.advance(Duration::from_mins(5));
    let still = contacts.create(&ContactBody::new()).send().await.unwrap_err();
    assert_eq!(
        still.class(),
        Class::Throttled(Some(Duration::from_mins(5))),
        "nothing was sent, so nothing is in doubt"
    );
    assert_eq!(fixture.service.seen().len(), 1);
    // Another mailbox is not concerned.
    assert!(
        fixture
            .graph
            .mailbox("u-2")
            .contacts("f")
            .get("c", &Select::all())
            .send()
            .await
            .is_ok()
    );
    fixture.clock.advance(Duration::from_mins(5));
    assert!(contacts.get("c", &Select::all()).send().await.is_ok());
}

#[tokio::test]
async fn an_ambiguous_create_makes_the_mailbox_wait_too() {
    let fixture = Fixture::new(sequence(vec![
        Say::Wait(429, "7", refusal("TooManyRequests")),
        Say::Json(200, contact("c")),
    ]));
    let contacts = fixture.mailbox().contacts("f");
    let doubtful = contacts.create(&ContactBody::new()).send().await.unwrap_err();
    assert_eq!(doubtful.retry_after(), Some(Duration::from_secs(7)));
    fixture
        .run(contacts.get("c", &Select::all()).send())
        .await
        .unwrap();
    assert!((7.0..7.2).contains(&gap(&fixture.service.seen(), 0, 1)));
}

#[tokio::test]
async fn an_etag_that_is_no_header_is_not_sent() {
    let fixture = Fixture::new(|_| Say::Json(200, contact("c")));
    let error = fixture
        .mailbox()
        .contacts("f")
        .update("c", "a\nb", &ContactBody::new())
        .send()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unaskable(_)));
    assert!(fixture.service.all().is_empty());
}

type Counted = Vec<(&'static str, u16)>;

#[derive(Default)]
struct Count(Mutex<Counted>);

impl Observer for Count {
    fn call(&self, route: &'static str, status: u16, _: Duration) {
        self.0.lock().unwrap().push((route, status));
    }
}

#[tokio::test]
async fn calls_are_counted_by_route() {
    let fixture = Fixture::new(sequence(vec![Say::Lost, Say::Json(200, json!({ "id": "u" }))]));
    let count = Arc::new(Count::default());
    let graph = fixture.graph.clone().observed_by(count.clone());
    fixture
        .run(graph.users().get("ada@example.com").send())
        .await
        .unwrap();
    let expected = [
        ("/{tenant}/oauth2/v2.0/token", 200),
        ("/users/{user}", 0),
        ("/users/{user}", 200),
    ];
    assert_eq!(*count.0.lock().unwrap(), expected);
}

/// Controllers spawn their work, so every future must be able to change threads.
#[tokio::test]
async fn every_future_can_be_spawned() {
    fn spawnable<F: Future + Send>(work: F) {
        drop(work);
    }
    let fixture = Fixture::new(|_| Say::Lost);
    let (mailbox, folders) = (fixture.mailbox(), fixture.mailbox().contact_folders());
    let contacts = mailbox.contacts("f");
    spawnable(contacts.get("c", &Select::all()).map(|contact| contact.id).send());
    spawnable(mailbox.batch(vec![contacts.delete("c", None)]));
    spawnable(contacts.list(&Select::all(), None).all());
    spawnable(contacts.list(&Select::all(), None).next());
    spawnable(folders.find_by_name("n"));
    spawnable(fixture.graph.authenticate());
    spawnable(fixture.graph.consent());
    spawnable(fixture.graph.directory_roles().holding("r", "u"));
    spawnable(fixture.graph.service_principals().assigned_users("p"));
    spawnable(mailbox.send_mail(&Mail::new("7@crmlink", "s", MailBody::default())));
}
