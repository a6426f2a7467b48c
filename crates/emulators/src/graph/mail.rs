//! `sendMail`: what the operator asks to be sent, kept so that tests and people can read it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::counters::Counters;
use super::errors::{Failure, Reply};
use super::http_api::Call;
use super::tenant::Tenant;

/// Recipients of one message, over all its lists.
const MOST_RECIPIENTS: usize = 500;
/// Headers of the sender's own in one message.
const MOST_HEADERS: usize = 5;
/// What a message may hold here. The contract knows more; what is written to none of it would get lost unseen.
const MEMBERS: [&str; 7] = [
    "subject",
    "body",
    "toRecipients",
    "ccRecipients",
    "bccRecipients",
    "replyTo",
    "internetMessageHeaders",
];

/// A mail that left.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mail {
    at: Timestamp,
    /// Object id of the user whose mailbox sent it.
    sender_id: String,
    sender: String,
    to: Vec<String>,
    cc: Vec<String>,
    bcc: Vec<String>,
    reply_to: Vec<String>,
    subject: String,
    content_type: &'static str,
    content: String,
    headers: Vec<(String, String)>,
    saved_to_sent_items: bool,
}

impl Mail {
    /// The same message to the same people once more, by the headers that the sender knows it by.
    fn repeats(&self, earlier: &Self) -> bool {
        !self.headers.is_empty()
            && self.headers == earlier.headers
            && self.sender_id == earlier.sender_id
            && self.to == earlier.to
    }

    pub(super) fn show(&self) -> Value {
        let headers: Map<String, Value> = self
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        json!({
            "at": self.at,
            "from": self.sender,
            "to": self.to,
            "cc": self.cc,
            "bcc": self.bcc,
            "replyTo": self.reply_to,
            "subject": self.subject,
            "contentType": self.content_type,
            "content": self.content,
            "headers": headers,
            "savedToSentItems": self.saved_to_sent_items,
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
    let mail = read(&call.json()?, &user.id, &user.upn, now)?;
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

fn read(body: &Map<String, Value>, sender_id: &str, sender: &str, now: Timestamp) -> Result<Mail, Failure> {
    for name in body.keys() {
        if !["message", "savetosentitems"].contains(&name.to_lowercase().as_str()) {
            return Err(Failure::body(format!("The parameter '{name}' does not exist.")));
        }
    }
    let message = member(body, "message")
        .and_then(Value::as_object)
        .ok_or_else(|| Failure::body("The parameter 'Message' is missing."))?;
    if let Some(name) = message.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        return Err(Failure::body(format!(
            "The property '{name}' cannot be set in a message that is sent."
        )));
    }
    let (content_type, content) = content(message)?;
    let mail = Mail {
        at: now,
        sender_id: sender_id.to_owned(),
        sender: sender.to_owned(),
        to: addresses(message, "toRecipients")?,
        cc: addresses(message, "ccRecipients")?,
        bcc: addresses(message, "bccRecipients")?,
        reply_to: addresses(message, "replyTo")?,
        subject: text(message, "subject")?.unwrap_or_default(),
        content_type,
        content,
        headers: headers(message)?,
        saved_to_sent_items: member(body, "savetosentitems")
            .and_then(Value::as_bool)
            .unwrap_or(true),
    };
    match mail.to.len() + mail.cc.len() + mail.bcc.len() {
        0 => Err(no_recipients("At least one recipient is needed.")),
        1..=MOST_RECIPIENTS => Ok(mail),
        _ => Err(no_recipients("The message has too many recipients.")),
    }
}

/// Parameters of an action are found without case.
fn member<'a>(body: &'a Map<String, Value>, lower: &str) -> Option<&'a Value> {
    body.iter()
        .find(|(name, _)| name.to_lowercase() == lower)
        .map(|(_, value)| value)
}

fn text(object: &Map<String, Value>, name: &str) -> Result<Option<String>, Failure> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Failure::body(format!(
            "The property '{name}' has to be a string."
        ))),
    }
}

fn content(message: &Map<String, Value>) -> Result<(&'static str, String), Failure> {
    let Some(body) = message.get("body").filter(|body| !body.is_null()) else {
        return Ok(("text", String::new()));
    };
    let body = body
        .as_object()
        .ok_or_else(|| Failure::body("The property 'body' has to be an object."))?;
    let kind = text(body, "contentType")?.unwrap_or_else(|| "text".to_owned());
    let kind = match kind.to_lowercase().as_str() {
        "text" => "text",
        "html" => "html",
        _ => return Err(Failure::body("The value of 'contentType' is not known.")),
    };
    Ok((kind, text(body, "content")?.unwrap_or_default()))
}

fn list<'a>(message: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], Failure> {
    match message.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(Failure::body(format!("The property '{name}' has to be a list."))),
    }
}

fn addresses(message: &Map<String, Value>, name: &str) -> Result<Vec<String>, Failure> {
    list(message, name)?
        .iter()
        .map(|recipient| {
            let address = recipient
                .pointer("/emailAddress/address")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let mailable = address
                .split_once('@')
                .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
                && !address.contains(char::is_whitespace);
            if mailable {
                Ok(address.to_owned())
            } else {
                Err(no_recipients("A recipient's address is not valid."))
            }
        })
        .collect()
}

fn no_recipients(message: &str) -> Failure {
    Failure::new(400, "ErrorInvalidRecipients", message)
}

fn headers(message: &Map<String, Value>) -> Result<Vec<(String, String)>, Failure> {
    let items = list(message, "internetMessageHeaders")?;
    if items.len() > MOST_HEADERS {
        let text = "A message takes no more than five headers.";
        return Err(Failure::new(400, "InvalidInternetMessageHeaderCollection", text));
    }
    items
        .iter()
        .map(|item| {
            let part = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
            let (name, value) = (part("name"), part("value"));
            if name.to_lowercase().starts_with("x-") {
                Ok((name.to_owned(), value.to_owned()))
            } else {
                let text = format!("The header name '{name}' has to start with 'x-'.");
                Err(Failure::new(400, "InvalidInternetMessageHeader", text))
            }
        })
        .collect()
}
