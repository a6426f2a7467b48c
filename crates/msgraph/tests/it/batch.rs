//! Batches: cut, judged part by part, repeated where that is harmless.

use std::sync::atomic::{AtomicU32, Ordering};

use msgraph::{Class, Contact, ContactBody, Contacts, Error, Request, Select};
use serde_json::{Value, json};

use crate::support::{Fixture, Say, Seen, batched, contact, error, gap, refusal, sequence};

fn gets(contacts: &Contacts, count: u32) -> Vec<Request<Contact>> {
    (0..count)
        .map(|n| contacts.get(&format!("c{n}"), &Select::identity()))
        .collect()
}

/// The contact that a part asks for.
fn wanted(part: &Value) -> String {
    let url = part["url"].as_str().unwrap();
    url.split_once("/contacts/")
        .map_or_else(String::new, |(_, id)| id.split('?').next().unwrap().to_owned())
}

fn ok(part: &Value) -> Value {
    json!({ "status": 200, "body": contact(&wanted(part)) })
}

fn all_ok(seen: &Seen) -> Say {
    batched(seen, ok)
}

#[tokio::test]
async fn many_requests_go_in_few_calls_and_come_back_in_order() {
    let fixture = Fixture::new(all_ok);
    let contacts = fixture.mailbox().contacts("f");
    let outcomes = fixture.mailbox().batch(gets(&contacts, 45)).await;
    let ids: Vec<String> = outcomes.into_iter().map(|outcome| outcome.unwrap().id).collect();
    assert_eq!(ids, (0..45).map(|n| format!("c{n}")).collect::<Vec<_>>());
    let seen = fixture.service.seen();
    assert_eq!(
        seen.iter().map(|seen| seen.parts().len()).collect::<Vec<_>>(),
        [20, 20, 5]
    );
    assert!(
        seen.iter()
            .all(|seen| seen.uri == "https://graph.test/v1.0/$batch" && seen.method == "POST")
    );
}

#[tokio::test]
async fn each_part_has_its_own_headers_and_a_url_below_the_version() {
    let fixture = Fixture::new(|seen| batched(seen, |_| json!({ "status": 204 })));
    let contacts = fixture.mailbox().contacts("f");
    let update = contacts
        .update("c", "W/\"1\"", &ContactBody::new().birthday(None))
        .map(|_| ());
    let outcomes = fixture
        .mailbox()
        .batch(vec![update, contacts.delete("c", None)])
        .await;
    assert!(matches!(outcomes[0], Err(Error::Unreadable { .. })) && outcomes[1].is_ok());
    assert_eq!(
        fixture.service.seen()[0].json()["requests"],
        json!([
            {
                "id": "0", "method": "PATCH", "url": "/users/u-1/contactFolders/f/contacts/c", "body": { "birthday": null },
                "headers": { "Prefer": "IdType=\"ImmutableId\"", "If-Match": "W/\"1\"", "Content-Type": "application/json" },
            },
            {
                "id": "1", "method": "DELETE", "url": "/users/u-1/contactFolders/f/contacts/c",
                "headers": { "Prefer": "IdType=\"ImmutableId\"" },
            },
        ])
    );
}

#[tokio::test]
async fn throttled_parts_are_repeated_after_the_longest_wait() {
    let rounds = AtomicU32::new(0);
    let fixture = Fixture::new(move |seen| {
        let first = rounds.fetch_add(1, Ordering::SeqCst) == 0;
        batched(seen, |part| match wanted(part).as_str() {
            "c1" if first => {
                json!({ "status": 429, "headers": { "Retry-After": "3" }, "body": refusal("TooManyRequests") })
            }
            "c2" if first => {
                json!({ "status": 503, "headers": { "retry-after": 8.5 }, "body": refusal("UnknownError") })
            }
            "c3" => json!({ "status": 404, "body": refusal("ErrorItemNotFound") }),
            _ => ok(part),
        })
    });
    let contacts = fixture.mailbox().contacts("f");
    let outcomes = fixture.run(fixture.mailbox().batch(gets(&contacts, 22))).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Ok(contact) => assert_eq!(contact.id, format!("c{n}")),
            Err(error) => assert_eq!((n, error.class()), (3, Class::NotFound)),
        }
    }
    let seen = fixture.service.seen();
    let second: Vec<String> = seen[1].parts().iter().map(wanted).collect();
    assert_eq!(
        second,
        ["c1", "c2", "c20", "c21"],
        "what is repeated travels with what is left"
    );
    assert_eq!(seen.len(), 2);
    assert!((8.5..8.7).contains(&gap(&seen, 0, 1)), "{}", gap(&seen, 0, 1));
}

#[tokio::test]
async fn a_doubtful_create_is_returned_and_the_rest_repeated() {
    let rounds = AtomicU32::new(0);
    let fixture = Fixture::new(move |seen| {
        let first = rounds.fetch_add(1, Ordering::SeqCst) == 0;
        batched(seen, |part| match (part["method"].as_str(), first) {
            (Some("POST"), _) => {
                json!({ "status": 429, "headers": { "Retry-After": "1" }, "body": refusal("TooManyRequests") })
            }
            (_, true) => json!({ "status": 504, "body": {} }),
            (_, false) => ok(part),
        })
    });
    let contacts = fixture.mailbox().contacts("f");
    let requests = vec![
        contacts.create(&ContactBody::new()),
        contacts.get("c", &Select::all()),
    ];
    let outcomes = fixture.run(fixture.mailbox().batch(requests)).await;
    assert_eq!(outcomes[0].as_ref().unwrap_err().class(), Class::Ambiguous);
    assert_eq!(outcomes[1].as_ref().unwrap().id, "c");
    assert_eq!(fixture.service.seen()[1].parts().len(), 1);
}

#[tokio::test]
async fn parts_without_an_answer_are_in_doubt_too() {
    let fixture = Fixture::new(|seen| {
        let answers: Vec<Value> = if seen.parts().len() > 1 {
            vec![]
        } else {
            vec![json!({ "id": "0", "status": 200, "body": contact("c") })]
        };
        Say::Json(200, json!({ "responses": answers }))
    });
    let contacts = fixture.mailbox().contacts("f");
    let requests = vec![
        contacts.create(&ContactBody::new()),
        contacts.get("c", &Select::all()),
    ];
    let outcomes = fixture.run(fixture.mailbox().batch(requests)).await;
    assert_eq!(outcomes[0].as_ref().unwrap_err().class(), Class::Ambiguous);
    assert!(outcomes[1].is_ok());
}

#[tokio::test]
async fn a_lost_or_failed_envelope_counts_for_each_part() {
    for say in [
        Say::Lost,
        Say::Wait(429, "1", refusal("TooManyRequests")),
        error(502, ""),
        Say::Text(200, "<html>"),
    ] {
        let script = sequence(vec![say, GO]);
        let fixture = Fixture::new(move |seen| match script(seen) {
            Say::Text(0, _) => all_ok(seen),
            other => other,
        });
        let contacts = fixture.mailbox().contacts("f");
        let requests = vec![
            contacts.get("c0", &Select::all()),
            contacts.create(&ContactBody::new()),
        ];
        let outcomes = fixture.run(fixture.mailbox().batch(requests)).await;
        assert_eq!(outcomes[0].as_ref().unwrap().id, "c0");
        assert_eq!(outcomes[1].as_ref().unwrap_err().class(), Class::Ambiguous);
    }
}

const GO: Say = Say::Text(0, "");

#[tokio::test]
async fn a_part_that_keeps_failing_ends_after_the_attempts() {
    let fixture = Fixture::new(|seen| {
        batched(
            seen,
            |_| json!({ "status": 503, "body": refusal("UnknownError") }),
        )
    });
    let contacts = fixture.mailbox().contacts("f");
    let outcomes = fixture.run(fixture.mailbox().batch(gets(&contacts, 2))).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.as_ref().unwrap_err().class() == Class::Transient)
    );
    assert_eq!(fixture.service.seen().len(), 4);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_for_envelope_or_part() {
    let fixture = Fixture::new(|seen| {
        if seen.header("authorization") == "Bearer token1" {
            error(401, "InvalidAuthenticationToken")
        } else {
            all_ok(seen)
        }
    });
    let contacts = fixture.mailbox().contacts("f");
    assert!(
        fixture
            .mailbox()
            .batch(gets(&contacts, 3))
            .await
            .iter()
            .all(Result::is_ok)
    );
    assert_eq!(fixture.service.tokens(), 2);

    let fixture = Fixture::new(|seen| {
        let stale = seen.header("authorization") == "Bearer token1";
        batched(seen, |part| {
            if stale {
                json!({ "status": 401, "body": refusal("InvalidAuthenticationToken") })
            } else {
                ok(part)
            }
        })
    });
    let contacts = fixture.mailbox().contacts("f");
    assert!(
        fixture
            .mailbox()
            .batch(gets(&contacts, 3))
            .await
            .iter()
            .all(Result::is_ok)
    );
    assert_eq!((fixture.service.tokens(), fixture.service.seen().len()), (2, 2));
}

#[tokio::test]
async fn a_credential_that_does_not_work_ends_the_whole_batch() {
    let fixture = Fixture::new(|_| error(401, "InvalidAuthenticationToken"));
    let contacts = fixture.mailbox().contacts("f");
    let outcomes = fixture.mailbox().batch(gets(&contacts, 200)).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.as_ref().unwrap_err().class() == Class::Auth)
    );
    assert_eq!((fixture.service.tokens(), fixture.service.seen().len()), (2, 2));

    let fixture = Fixture::raw(std::time::Duration::ZERO, |_| {
        Say::Json(401, json!({ "error": "invalid_client" }))
    });
    let contacts = fixture.mailbox().contacts("f");
    let outcomes = fixture
        .mailbox()
        .batch((0..50).map(|_| contacts.create(&ContactBody::new())).collect())
        .await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.as_ref().unwrap_err().class() == Class::Auth)
    );
    assert_eq!(
        fixture.service.all().len(),
        1,
        "the token endpoint is asked once, not once per call"
    );
}

#[tokio::test]
async fn a_long_ban_ends_the_whole_batch_without_doubt_about_what_was_not_sent() {
    let fixture = Fixture::new(|_| Say::Wait(429, "600", refusal("ApplicationThrottled")));
    let contacts = fixture.mailbox().contacts("f");
    let outcomes = fixture
        .mailbox()
        .batch((0..30).map(|_| contacts.create(&ContactBody::new())).collect())
        .await;
    let classes: Vec<Class> = outcomes
        .iter()
        .map(|outcome| outcome.as_ref().unwrap_err().class())
        .collect();
    assert!(classes[..20].iter().all(|class| *class == Class::Ambiguous));
    assert!(
        classes[20..]
            .iter()
            .all(|class| matches!(class, Class::Throttled(Some(_))))
    );
    assert_eq!(fixture.service.seen().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_sent_does_not_spoil_the_rest() {
    let fixture = Fixture::new(all_ok);
    let contacts = fixture.mailbox().contacts("f");
    let requests = vec![
        contacts.update("c", "a\nb", &ContactBody::new()),
        fixture
            .graph
            .mailbox("u-2")
            .contacts("f")
            .get("c", &Select::all()),
        contacts.get("c2", &Select::all()),
    ];
    let outcomes = fixture.mailbox().batch(requests).await;
    assert!(
        matches!(outcomes[0], Err(Error::Unaskable(_))) && matches!(outcomes[1], Err(Error::Unaskable(_)))
    );
    assert_eq!(outcomes[2].as_ref().unwrap().id, "c2");
    assert!(
        fixture
            .mailbox()
            .batch(Vec::<Request<Contact>>::new())
            .await
            .is_empty()
    );
}
