//! Mails from a mailbox, in the MIME form of `sendMail`: the JSON form has one body only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;

use crate::call::Call;
use crate::error::Error;
use crate::mailbox::Mailbox;
use crate::opaque::opaque_debug;
use crate::request::Request;

/// Messages that one mailbox may send in a minute; further ones wait.
pub const MAILS_PER_MINUTE: u32 = 30;
/// Recipients of one message.
pub const MOST_RECIPIENTS: usize = 500;

/// The text of a mail, twice: each reader's program shows the one that it can.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MailBody {
    /// As plain text.
    pub text: String,
    /// As HTML, in which everything that people wrote has been escaped.
    pub html: String,
}

/// A mail to be sent. The service keeps it among the sender's sent items.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    id: String,
    subject: String,
    body: MailBody,
    to: Vec<String>,
    reply_to: Vec<String>,
}

opaque_debug!(Mail { id });
opaque_debug!(MailBody {});

impl Mail {
    /// A mail to nobody yet. `id` becomes its `Message-ID`, `local@domain` in the letters of RFC 5322's `dot-atom`, by
    /// which it is found again and by which mail programs tell a copy from a second mail. It is seen by everybody on
    /// the way, so it holds nothing of a person.
    #[must_use]
    pub fn new(id: impl Into<String>, subject: impl Into<String>, body: MailBody) -> Self {
        Self {
            id: id.into(),
            subject: subject.into(),
            body,
            to: Vec::new(),
            reply_to: Vec::new(),
        }
    }

    /// The same mail, to one more address. All recipients see each other.
    #[must_use]
    pub fn to(mut self, address: impl Into<String>) -> Self {
        self.to.push(address.into());
        self
    }

    /// The same mail, answers to which go to this address instead of the sender's.
    #[must_use]
    pub fn reply_to(mut self, address: impl Into<String>) -> Self {
        self.reply_to.push(address.into());
        self
    }

    /// Why the service would refuse it or read it otherwise, as far as can be seen here.
    fn flaw(&self) -> Option<Error> {
        let mut addresses = self.to.iter().chain(&self.reply_to);
        Some(Error::Unaskable(match self.to.len() {
            0 => "the mail has no recipient",
            count if count > MOST_RECIPIENTS => "the mail has too many recipients",
            _ if !addresses.all(|address| is_address(address)) => "an address of the mail is malformed",
            _ if !is_message_id(&self.id) => "the id of the mail is malformed",
            _ if self.subject.contains(char::is_control) => "the subject of the mail is no single line",
            _ => return None,
        }))
    }

    /// The message without a `From`: the service puts in the mailbox that sends it, while any other address there is
    /// refused.
    fn mime(&self, now: Timestamp) -> Result<Vec<u8>, Error> {
        let list = |addresses: &[String]| {
            let one = |address: &String| Address::new_address(None::<String>, address.clone());
            Address::new_list(addresses.iter().map(one).collect())
        };
        let mut message = MessageBuilder::new()
            .message_id(self.id.as_str())
            .date(now.as_second())
            .to(list(&self.to))
            .subject(self.subject.as_str())
            .text_body(self.body.text.as_str())
            .html_body(self.body.html.as_str());
        if !self.reply_to.is_empty() {
            message = message.reply_to(list(&self.reply_to));
        }
        message
            .write_to_vec()
            .map_err(|_| Error::Unaskable("the mail cannot be written as MIME"))
    }
}

/// An address that is one in every header: quoted local parts and letters beyond ASCII are left to nobody's luck.
fn is_address(address: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"<>()[],;:\\\"".contains(&byte);
    let parts = address.split_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'))
        && address.bytes().all(plain)
}

fn is_message_id(id: &str) -> bool {
    let atom = |part: &str| {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        !part.is_empty() && part.bytes().all(letter)
    };
    id.split_once('@')
        .is_some_and(|(local, domain)| atom(local) && atom(domain))
}

impl Mailbox {
    /// Sends a mail from this mailbox, after a wait where others left it shortly before. Success means accepted, not
    /// delivered. Form, sent items and the fate of headers of one's own: `docs/emulators.md`, "Mails of the operator".
    ///
    /// # Errors
    /// Whatever [`Error`] tells. Nothing tells whether a mail of [`Error::Ambiguous`] left, as the app may send but not
    /// read: decide beforehand whether twice is better than never.
    pub async fn send_mail(&self, mail: &Mail) -> Result<(), Error> {
        if let Some(flaw) = mail.flaw() {
            return Err(flaw);
        }
        self.graph.pace_mail(&self.user_id).await?;
        let target = format!("{}/sendMail", self.path());
        let call = Call::new(Method::POST, "/users/{user}/sendMail", target)
            .of_mailbox(&self.user_id)
            .with_text(STANDARD.encode(mail.mime(self.graph.clock.now())?));
        Request::new(self.graph.clone(), call, |_| Ok(())).send().await
    }
}
