//! Mails from a mailbox (`research/graph.md` §12).

use http::Method;
use serde_json::{Value, json};

use crate::call::Call;
use crate::error::Error;
use crate::mailbox::Mailbox;
use crate::opaque::opaque_debug;
use crate::request::Request;

/// Messages that one mailbox may send in a minute; further ones wait.
pub const MAILS_PER_MINUTE: u32 = 30;
/// Recipients of one message, over all its lists.
pub const MOST_RECIPIENTS: usize = 500;
/// Headers of one's own in one message.
const MOST_HEADERS: usize = 5;

/// The text of a mail.
#[derive(Clone, PartialEq, Eq)]
pub enum MailBody {
    /// Plain text.
    Text(String),
    /// HTML, in which everything that people wrote has been escaped.
    Html(String),
}

/// A mail to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    subject: String,
    body: MailBody,
    to: Vec<String>,
    reply_to: Vec<String>,
    headers: Vec<(String, String)>,
    keep: bool,
}

opaque_debug!(Mail { keep });

impl std::fmt::Debug for MailBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::Html(_) => "Html(..)",
        })
    }
}

impl Mail {
    /// A mail to nobody yet.
    #[must_use]
    pub fn new(subject: impl Into<String>, body: MailBody) -> Self {
        Self {
            subject: subject.into(),
            body,
            to: Vec::new(),
            reply_to: Vec::new(),
            headers: Vec::new(),
            keep: false,
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

    /// The same mail with a header of one's own, by which it is found again. Its name starts with `x-`; its value is
    /// seen by everybody on the way, so it is an opaque id and nothing of a person.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same mail, kept among the sender's sent items.
    #[must_use]
    pub fn kept_in_sent_items(mut self) -> Self {
        self.keep = true;
        self
    }

    /// Why the service would refuse it, as far as can be seen here.
    fn flaw(&self) -> Option<Error> {
        let own = |(name, value): &(String, String)| {
            let prefix = name.get(..2).unwrap_or_default();
            prefix.eq_ignore_ascii_case("x-")
                && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
                && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
        };
        Some(Error::Unaskable(match self.to.len() {
            0 => "the mail has no recipient",
            count if count > MOST_RECIPIENTS => "the mail has too many recipients",
            _ if self.headers.len() > MOST_HEADERS => "the mail has too many headers",
            _ if !self.headers.iter().all(own) => {
                "a header of the mail does not start with x- or is malformed"
            }
            _ => return None,
        }))
    }

    fn message(&self) -> Value {
        let (content_type, content) = match &self.body {
            MailBody::Text(text) => ("text", text),
            MailBody::Html(text) => ("html", text),
        };
        let mut message = json!({
            "subject": self.subject,
            "body": { "contentType": content_type, "content": content },
            "toRecipients": recipients(&self.to),
        });
        if !self.reply_to.is_empty() {
            message["replyTo"] = recipients(&self.reply_to);
        }
        if !self.headers.is_empty() {
            let headers = self
                .headers
                .iter()
                .map(|(name, value)| json!({ "name": name, "value": value }));
            message["internetMessageHeaders"] = headers.collect();
        }
        message
    }
}

fn recipients(addresses: &[String]) -> Value {
    let one = |address: &String| json!({ "emailAddress": { "address": address } });
    addresses.iter().map(one).collect()
}

impl Mailbox {
    /// Sends a mail from this mailbox, after a wait where others left it shortly before. Success means accepted, not
    /// delivered.
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
        let mut body = json!({ "message": mail.message() });
        if !mail.keep {
            // Kept is what the service does unless told otherwise.
            body["saveToSentItems"] = json!(false);
        }
        let call = Call::new(Method::POST, "/users/{user}/sendMail", target)
            .of_mailbox(&self.user_id)
            .with_body(body);
        Request::new(self.graph.clone(), call, |_| Ok(())).send().await
    }
}
