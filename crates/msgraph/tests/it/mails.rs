//! Mails against a scripted service: what is sent, how fast, and what a failure means.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mailparse::MailHeaderMap as _;
use msgraph::{Class, Error, MOST_RECIPIENTS, Mail, MailBody};

use crate::support::{BASE, Fixture, Say, error, gap, refusal};

fn body() -> MailBody {
    MailBody {
        text: "Grüße,\n\n    crmlink approve ada".to_owned(),
        html: "<p>Grüße,</p><pre>crmlink approve ada</pre>".to_owned(),
    }
}

fn mail() -> Mail {
    Mail::new("r-1@crmlink", "Müller asks", body()).to("ada@x.example")
}

const ACCEPTED: Say = Say::Text(202, "");

#[tokio::test]
async fn a_mail_is_sent_as_the_service_expects() {
    let fixture = Fixture::new(|_| ACCEPTED);
    let mailbox = fixture.mailbox();
    let answered = mail().to("bob@x.example").reply_to("help@x.example");
    mailbox.send_mail(&answered).await.unwrap();
    let seen = fixture.service.seen();
    assert_eq!(
        (seen[0].method.as_str(), seen[0].uri.as_str()),
        ("POST", format!("{BASE}/users/u-1/sendMail").as_str())
    );
    assert_eq!(seen[0].headers["content-type"], "text/plain");
    let mime = STANDARD.decode(&seen[0].text).unwrap();
    assert!(mime.is_ascii(), "headers and parts are encoded");
    let mail = mailparse::parse_mail(&mime).unwrap();
    let header = |name: &str| mail.headers.get_first_value(name);
    for (name, value) in [
        ("Message-ID", Some("<r-1@crmlink>")),
        ("To", Some("<ada@x.example>, <bob@x.example>")),
        ("Reply-To", Some("<help@x.example>")),
        ("Subject", Some("Müller asks")),
        ("MIME-Version", Some("1.0")),
        ("Date", Some("Thu, 1 Jan 2026 00:00:00 +0000")),
        ("From", None),
    ] {
        assert_eq!(header(name).as_deref(), value, "{name}");
    }
    assert_eq!(mail.ctype.mimetype, "multipart/alternative");
    let parts: Vec<(&str, String)> = mail
        .subparts
        .iter()
        .map(|part| {
            (
                part.ctype.mimetype.as_str(),
                part.get_body().unwrap().replace("\r\n", "\n"),
            )
        })
        .collect();
    // The last is the one to prefer.
    assert_eq!(parts, [("text/plain", body().text), ("text/html", body().html)]);
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
    for flawed in [
        Mail::new("r@crmlink", "S", body()),
        crowd,
        mail().to("ada@x.example\r\nBcc: eve@x.example"),
        mail().to("ada@x.example, eve@x.example"),
        mail().to("Eve <eve@x.example>"),
        mail().to("ada"),
        mail().reply_to("@x.example"),
        Mail::new("r@crmlink", "S\r\nBcc: eve@x.example", body()).to("ada@x.example"),
        Mail::new("r>\r\nBcc: <eve@x.example", "S", body()).to("ada@x.example"),
        Mail::new("r", "S", body()).to("ada@x.example"),
    ] {
        let refused = fixture.mailbox().send_mail(&flawed).await.unwrap_err();
        assert!(matches!(refused, Error::Unaskable(_)), "{refused}");
    }
    assert!(fixture.service.all().is_empty());
}
