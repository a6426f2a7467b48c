//! The MIME form: base64 of a message with its headers, always kept among the sent items.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mailparse::{MailAddr, MailHeaderMap as _, ParsedMail};

use super::{Message, address, invalid_recipient};
use crate::graph::errors::Failure;
use crate::graph::tenant::User;

pub(super) fn read(body: &[u8], sender: &User) -> Result<Message, Failure> {
    let bytes = STANDARD.decode(body).map_err(|_| no_base64())?;
    let mail = mailparse::parse_mail(&bytes).map_err(|_| invalid("The headers cannot be read."))?;
    let mut message = Message {
        id: mail
            .headers
            .get_first_value("Message-ID")
            .map(|id| id.trim_matches(['<', '>']).to_owned()),
        to: addresses(&mail, "To")?,
        cc: addresses(&mail, "Cc")?,
        bcc: addresses(&mail, "Bcc")?,
        reply_to: addresses(&mail, "Reply-To")?,
        subject: mail.headers.get_first_value("Subject").unwrap_or_default(),
        saved_to_sent_items: true,
        ..Message::default()
    };
    for from in addresses(&mail, "From")? {
        if !is_own(sender, &from) {
            return Err(Failure::new(
                403,
                "ErrorSendAsDenied",
                "The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account.",
            ));
        }
    }
    for header in &mail.headers {
        let name = header.get_key();
        if name.to_lowercase().starts_with("x-") {
            message.headers.push((name, header.get_value()));
        }
    }
    part(&mail, &mut message)?;
    Ok(message)
}

/// Takes the texts of a part and of those within it.
fn part(mail: &ParsedMail<'_>, message: &mut Message) -> Result<(), Failure> {
    let media_type = mail.ctype.mimetype.as_str();
    let slot = match media_type {
        "multipart/alternative" | "multipart/mixed" => {
            if mail.subparts.is_empty() {
                return Err(invalid("A multipart has no parts."));
            }
            return mail.subparts.iter().try_for_each(|inner| part(inner, message));
        }
        "text/plain" => &mut message.text,
        "text/html" => &mut message.html,
        _ => return Err(invalid("Parts other than text and HTML are not known here.")),
    };
    let body = mail
        .get_body()
        .map_err(|_| invalid("A part cannot be decoded."))?;
    if slot.replace(body.replace("\r\n", "\n")).is_some() {
        return Err(invalid("Two parts of one kind are not known here."));
    }
    Ok(())
}

fn addresses(mail: &ParsedMail<'_>, header: &str) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for header in mail.headers.get_all_headers(header) {
        let list = mailparse::addrparse_header(header).map_err(|_| invalid_recipient())?;
        for entry in list.into_inner() {
            let infos = match entry {
                MailAddr::Single(info) => vec![info],
                MailAddr::Group(group) => group.addrs,
            };
            for info in infos {
                found.push(address(&info.addr)?);
            }
        }
    }
    Ok(found)
}

/// Whether the mailbox may call itself so.
fn is_own(sender: &User, address: &str) -> bool {
    let aliases = sender.proxy_addresses.iter();
    let mut own = aliases
        .filter_map(|alias| alias.split_once(':'))
        .filter(|(kind, _)| kind.eq_ignore_ascii_case("smtp"))
        .map(|(_, alias)| alias);
    own.any(|alias| alias.eq_ignore_ascii_case(address))
}

fn no_base64() -> Failure {
    Failure::new(
        400,
        "ErrorMimeContentInvalidBase64String",
        "Invalid base64 string for MIME content.",
    )
}

fn invalid(message: &str) -> Failure {
    Failure::new(400, "ErrorMimeContentInvalid", message)
}
