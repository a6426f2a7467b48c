//! `sendMail`: what the operator asks to be sent, kept so that tests and people can read it.
//!
//! A message comes as JSON with one body, or as base64 of a MIME message with any number of parts.

mod json_form;
mod mime_form;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::counters::Counters;
use super::errors::{Failure, Reply};
use super::http_api::Call;
use super::tenant::{Tenant, User};

/// Recipients of one message, over all its lists.
const MOST_RECIPIENTS: usize = 500;

/// A message as it was handed over.
#[derive(Debug, Clone, Default, PartialEq)]
struct Message {
    /// The sender's own name for it; the service makes one up where there is none.
    id: Option<String>,
    to: Vec<String>,
    cc: Vec<String>,
    bcc: Vec<String>,
    reply_to: Vec<String>,
    subject: String,
    text: Option<String>,
    html: Option<String>,
    /// Headers of the sender's own.
    headers: Vec<(String, String)>,
    saved_to_sent_items: bool,
}

/// A mail that left.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mail {
    at: Timestamp,
    /// Object id of the user whose mailbox sent it.
    sender_id: String,
    sender: String,
    message: Message,
    /// Whether it came as JSON.
    as_json: bool,
}

impl Mail {
    /// The same message to the same people once more, by the name or the headers that the sender knows it by.
    fn repeats(&self, earlier: &Self) -> bool {
        let (now, before) = (&self.message, &earlier.message);
        let same = if now.id.is_some() {
            now.id == before.id
        } else {
            !now.headers.is_empty() && now.headers == before.headers
        };
        same && self.sender_id == earlier.sender_id && now.to == before.to
    }

    pub(super) fn show(&self) -> Value {
        let message = &self.message;
        let headers: Map<String, Value> = message
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        json!({
            "at": self.at,
            "from": self.sender,
            "messageId": message.id,
            "to": message.to,
            "cc": message.cc,
            "bcc": message.bcc,
            "replyTo": message.reply_to,
            "subject": message.subject,
            "text": message.text,
            "html": message.html,
            "headers": headers,
            "savedToSentItems": message.saved_to_sent_items,
        })
    }
}

/// `POST /users/{sender}/sendMail`; the caller is already let in.
pub(super) fn send(
    tenant: &mut Tenant,
    counters: &mut Counters,
    call: &Call,
    sender: usize,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let Some(user) = tenant.users.get(sender) else {
        return Err(Failure::item_not_found());
    };
    let as_json = call.media_type() != "text/plain";
    let message = if as_json {
        json_form::read(&call.json()?)?
    } else {
        let mut message = mime_form::read(&call.body, user)?;
        message.headers.retain(|(name, _)| passes(tenant, user, name));
        message
    };
    match message.to.len() + message.cc.len() + message.bcc.len() {
        0 => {
            return Err(invalid_recipients(
                "A message can't be sent because it contains no recipients.",
            ));
        }
        1..=MOST_RECIPIENTS => {}
        _ => return Err(invalid_recipients("The message has too many recipients.")),
    }
    let mail = Mail {
        at: now,
        sender_id: user.id.clone(),
        sender: user.upn.clone(),
        message,
        as_json,
    };
    admit(tenant, &mail).inspect_err(|_| counters.add("throttled"))?;
    counters.add("requested_mails_sent");
    if tenant.mails.iter().any(|earlier| mail.repeats(earlier)) {
        counters.add("requested_mails_repeated");
    }
    tenant.mails.push(mail);
    Ok(Reply {
        status: 202,
        body: None,
        headers: Vec::new(),
    })
}

/// Whether a header of a MIME message's own gets through: only where the mailbox has sent one of that name as JSON.
fn passes(tenant: &Tenant, sender: &User, name: &str) -> bool {
    tenant
        .mails
        .iter()
        .filter(|mail| mail.as_json && mail.sender_id == sender.id)
        .flat_map(|mail| &mail.message.headers)
        .any(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// So many messages a minute from one mailbox.
fn admit(tenant: &Tenant, mail: &Mail) -> Result<(), Failure> {
    let minute = SignedDuration::from_mins(1);
    let recent: Vec<Timestamp> = tenant
        .mails
        .iter()
        .filter(|sent| sent.sender_id == mail.sender_id && mail.at.duration_since(sent.at) < minute)
        .map(|sent| sent.at)
        .collect();
    let limit = usize::try_from(tenant.options.mails_per_minute).unwrap_or(usize::MAX);
    if recent.len() < limit {
        return Ok(());
    }
    let oldest = recent
        .get(recent.len() - limit.max(1))
        .copied()
        .unwrap_or(mail.at);
    let wait = (minute - mail.at.duration_since(oldest)).as_secs().max(1);
    let failure = Failure::new(
        429,
        "ApplicationThrottled",
        "The mailbox sent more messages than it may in a minute.",
    );
    Err(failure.with("retry-after", wait.to_string()))
}

/// An address that Exchange takes.
fn address(address: &str) -> Result<String, Failure> {
    let mailable = address
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
        && !address.contains(char::is_whitespace);
    if mailable {
        Ok(address.to_owned())
    } else {
        Err(invalid_recipient())
    }
}

fn invalid_recipient() -> Failure {
    invalid_recipients("At least one recipient is not valid.")
}

fn invalid_recipients(message: &str) -> Failure {
    Failure::new(400, "ErrorInvalidRecipients", message)
}
