//! Nothing that is shown or logged holds a secret, a token or anything of a person.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use msgraph::{ContactBody, EmailAddress, Error, Link, Mail, MailBody, Select, TextField, UserNames};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, span};

use crate::support::{Fixture, SECRET, Say, config, error};

const PRIVATE: &[&str] = &[
    SECRET,
    "s3cr3t",
    "token1",
    "Bearer",
    "Ada",
    "example.com",
    "u-1",
    "London",
];

fn check(shown: &str) {
    for private in PRIVATE {
        assert!(!shown.contains(private), "{private} in {shown}");
    }
}

#[tokio::test]
async fn debug_and_display_show_no_secret_and_no_person() {
    let fixture = Fixture::new(|_| {
        Say::Json(
            200,
            json!({ "id": "c", "givenName": "Ada", "emailAddresses": [{ "address": "a@example.com" }] }),
        )
    });
    check(&format!("{:?} {:?}", config(), fixture.graph));
    let contacts = fixture.graph.mailbox("id").contacts("f");
    let request = contacts.create(&ContactBody::new().text(TextField::GivenName, Some("Ada")));
    check(&format!(
        "{request:?} {:?}",
        contacts.find_by_markers(&["Ada"], &Select::all())
    ));
    let contact = request.send().await.unwrap();
    check(&format!("{contact:?} {:?}", contact.email_addresses));
    check(&format!(
        "{:?}",
        EmailAddress {
            name: Some("Ada".to_owned()),
            address: None
        }
    ));
    check(&format!(
        "{:?} {:?}",
        Link::new("https://graph.test/v1.0/users/u-1"),
        fixture.graph
    ));

    let body = MailBody {
        text: "Ada of London".to_owned(),
        html: "<p>Ada of London</p>".to_owned(),
    };
    let mail = Mail::new("7@crmlink", "For Ada", body.clone()).to("a@example.com");
    let mail = mail.reply_to("b@example.com");
    check(&format!("{mail:?} {body:?}"));
    let names: UserNames = fixture.graph.users().names("u-1").send().await.unwrap();
    check(&format!("{names:?} {:?}", fixture.graph.users().names("u-1")));

    let page = contacts.list(&Select::all(), None).first().send().await;
    check(&format!("{page:?}"));
    let failing = [
        error(400, "ErrorInvalidRequest"),
        error(403, "about ada@example.com"),
        Say::Text(200, "Ada of London"),
        Say::Lost,
    ];
    for say in failing {
        let fixture = Fixture::new(move |_| say.clone());
        let work = fixture
            .graph
            .mailbox("u-1")
            .contacts("f")
            .get("c", &Select::all())
            .send();
        let error: Error = fixture.run(work).await.unwrap_err();
        check(&format!("{error} {error:?}"));
    }
}

/// Writes down every field of every event.
#[derive(Clone, Default)]
struct Record(Arc<Mutex<String>>);

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl tracing::Subscriber for Record {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("msgraph")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        assert_eq!(*event.metadata().level(), Level::DEBUG);
        event.record(&mut Fields(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn logs_name_the_route_and_nobody() {
    let record = Record::default();
    // For all threads: what the other tests cause is looked at too, and tracing keeps what interests whom globally.
    tracing::subscriber::set_global_default(record.clone()).unwrap();
    let fixture = Fixture::new(|_| error(403, "ErrorAccessDenied"));
    let _ = fixture
        .mailbox()
        .contacts("f")
        .create(&ContactBody::new().text(TextField::GivenName, Some("Ada")))
        .send()
        .await;
    let _ = fixture.graph.users().get("ada@example.com").send().await;
    let log = record.0.lock().unwrap().clone();
    check(&log);
    assert!(
        log.contains(
            "route=\"/users/{user}/contactFolders/{folder}/contacts\" status=403 request_id=\"rq-1\""
        ),
        "{log}"
    );
    assert!(
        log.contains("route=\"/{tenant}/oauth2/v2.0/token\" status=200"),
        "{log}"
    );
}
