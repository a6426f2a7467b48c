//! The JSON form: one body, text or HTML; up to five headers of one's own; sent items by choice.

use serde_json::{Map, Value};

use super::{Message, address};
use crate::graph::errors::Failure;

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

pub(super) fn read(body: &Map<String, Value>) -> Result<Message, Failure> {
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
    let (text, html) = content(message)?;
    Ok(Message {
        id: None,
        to: addresses(message, "toRecipients")?,
        cc: addresses(message, "ccRecipients")?,
        bcc: addresses(message, "bccRecipients")?,
        reply_to: addresses(message, "replyTo")?,
        subject: self::text(message, "subject")?.unwrap_or_default(),
        text,
        html,
        headers: headers(message)?,
        saved_to_sent_items: member(body, "savetosentitems")
            .and_then(Value::as_bool)
            .unwrap_or(true),
    })
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

/// The body, as text or as HTML.
fn content(message: &Map<String, Value>) -> Result<(Option<String>, Option<String>), Failure> {
    let Some(body) = message.get("body").filter(|body| !body.is_null()) else {
        return Ok((Some(String::new()), None));
    };
    let body = body
        .as_object()
        .ok_or_else(|| Failure::body("The property 'body' has to be an object."))?;
    let kind = text(body, "contentType")?.unwrap_or_else(|| "text".to_owned());
    let content = Some(text(body, "content")?.unwrap_or_default());
    match kind.to_lowercase().as_str() {
        "text" => Ok((content, None)),
        "html" => Ok((None, content)),
        _ => Err(Failure::body("The value of 'contentType' is not known.")),
    }
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
            let written = recipient.pointer("/emailAddress/address");
            address(written.and_then(Value::as_str).unwrap_or_default())
        })
        .collect()
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
