//! Mails against a scripted service: what is sent, how fast, and what a failure means.

use std::time::Duration;

use msgraph::{Class, Error, MOST_RECIPIENTS, Mail, MailBody};
use serde_json::json;

use crate::support::{BASE, Fixture, Say, error, gap, refusal};

fn mail() -> Mail {
    Mail::new("Subject", MailBody::Html("<p>Hello</p>".to_owned()))
        .to("ada@x.example")
        .header("x-crmlink-request", "r-1")
}

const ACCEPTED: Say = Say::Text(202, "");

#[tokio::test]
async fn a_mail_is_sent_as_the_service_expects() {
    let fixture = Fixture::new(|_| ACCEPTED);
    let mailbox = fixture.mailbox();
    let answered = mail()
        .to("bob@x.example")
        .reply_to("help@x.example")
        .kept_in_sent_items();
    mailbox.send_mail(&answered).await.unwrap();
    let plain = Mail::new("S", MailBody::Text("T".to_owned())).to("ada@x.example");
    mailbox.send_mail(&plain).await.unwrap();
    let seen = fixture.service.seen();
    assert_eq!(
        (seen[0].method.as_str(), seen[0].uri.as_str()),
        ("POST", format!("{BASE}/users/u-1/sendMail").as_str())
    );
    let recipient = |address: &str| json!({ "emailAddress": { "address": address } });
    assert_eq!(
        seen[0].json(),
        json!({
            "message": {
                "subject": "Subject",
                "body": { "contentType": "html", "content": "<p>Hello</p>" },
                "toRecipients": [recipient("ada@x.example"), recipient("bob@x.example")],
                "replyTo": [recipient("help@x.example")],
                "internetMessageHeaders": [{ "name": "x-crmlink-request", "value": "r-1" }],
            },
        })
    );
    assert_eq!(
        seen[1].json(),
        json!({
            "message": { "subject": "S", "body": { "contentType": "text", "content": "T" }, "toRecipients": [recipient("ada@x.example")] },
            "saveToSentItems": false,
        })
    );
}

#[tokio::test]
async fn a_mail_that_may_have_left_is_never_sent_again() {
    for say in [
        Say::Lost,
        error(503, "UnknownError"),
        Say::Wait(429, "7", refusal("ApplicationThrottled")),
    ] {
        let fixture = Fixture::new(move |_| say.clone());
        let doubtful = fixture.mailbox().send_mail(&mail()).await.unwrap_err();
        assert_eq!(doubtful.class(), Class::Ambiguous, "{doubtful}");
        assert_eq!(fixture.service.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_mail_that_was_refused_did_not_leave() {
    let fixture = Fixture::new(|_| error(403, "ErrorAccessDenied"));
    let denied = fixture.mailbox().send_mail(&mail()).await.unwrap_err();
    assert_eq!(denied.class(), Class::Permission);
    let fixture = Fixture::new(|_| error(400, "ErrorInvalidRecipients"));
    let refused = fixture.mailbox().send_mail(&mail()).await.unwrap_err();
    assert_eq!(refused.class(), Class::Invalid);
}

#[tokio::test]
async fn mails_beyond_thirty_a_minute_wait() {
    let fixture = Fixture::new(|_| ACCEPTED);
    let mailbox = fixture.mailbox();
    let all = async {
        for _ in 0..31 {
            mailbox.send_mail(&mail()).await.unwrap();
        }
    };
    fixture.run(all).await;
    let seen = fixture.service.seen();
    assert!(gap(&seen, 0, 29) < 1.0, "{}", gap(&seen, 0, 29));
    assert!((60.0..61.0).contains(&gap(&seen, 0, 30)), "{}", gap(&seen, 0, 30));
    fixture.clock.advance(Duration::from_mins(2));
    fixture.graph.mailbox("u-2").send_mail(&mail()).await.unwrap();
}

#[tokio::test]
async fn what_the_service_would_refuse_is_not_sent() {
    let fixture = Fixture::new(|_| ACCEPTED);
    let crowd = (0..=MOST_RECIPIENTS).fold(mail(), |mail, n| mail.to(format!("p{n}@x.example")));
    let decorated = (0..6).fold(mail(), |mail, n| mail.header(format!("x-{n}"), "v"));
    for flawed in [
        Mail::new("S", MailBody::Text(String::new())),
        crowd,
        decorated,
        mail().header("Subject", "other"),
        mail().header("x-broken", "a\r\nBcc: eve@x.example"),
        mail().header("x-bro:ken", "a"),
        mail().header("é", "a"),
    ] {
        let refused = fixture.mailbox().send_mail(&flawed).await.unwrap_err();
        assert!(matches!(refused, Error::Unaskable(_)), "{refused}");
    }
    assert!(fixture.service.all().is_empty());
}
