//! From an error answer to an [`Error`]: by the vendor's codes, never by its texts (`research/graph.md` §10).

use std::time::Duration;

use serde_json::Value;

use crate::error::{Answer, Error};

/// How deep nested inner errors are followed.
const DEEPEST: usize = 8;

/// What an answer with an error status means.
pub(crate) fn read(
    status: u16,
    retry_after: Option<Duration>,
    header_id: Option<&str>,
    body: &Value,
) -> Error {
    let error = &body["error"];
    let code = most_specific(error);
    let inner_id = inner(error).and_then(|inner| inner["request-id"].as_str());
    let request_id = header_id.or(inner_id).map(tame).filter(|id| !id.is_empty());
    let answer = Answer {
        status,
        code,
        request_id,
        retry_after,
    };
    let message = error["message"].as_str().unwrap_or_default();

    match (answer.code.to_ascii_lowercase().as_str(), status) {
        // A mailbox without a licence and an unknown user both answer 404, so codes come before statuses.
        ("mailboxnotenabledforrestapi", _) => Error::MailboxNotEnabled(answer),
        ("request_resourcenotfound" | "errorinvaliduser" | "resourcenotfound", 400..=404) => {
            Error::UserNotFound(answer)
        }
        ("syncstatenotfound" | "syncstateinvalid" | "resyncrequired", 400..=499) | (_, 410) => {
            Error::SyncReset(answer)
        }
        ("errorquotaexceeded", _) | (_, 507) => Error::QuotaExceeded(answer),
        // Too many connections to one mailbox, reported without a throttling status (`research/graph.md` §6).
        ("errortoomanyobjectsopened" | "applicationthrottled" | "toomanyrequests", _) | (_, 429 | 509) => {
            Error::Throttled(answer)
        }
        (_, 401) => Error::Unauthorized(answer),
        (_, 403) => Error::AccessDenied(answer),
        (_, 404) => Error::NotFound(answer),
        ("errorfolderexists" | "errorduplicatetransactionid", 400..=499) | (_, 409) => {
            Error::AlreadyExists(answer)
        }
        ("errorirresolvableconflict", 400..=499) | (_, 412) => Error::Conflict(answer),
        // A redirect is never Graph's own: something stands in between.
        (_, ..400 | 408 | 424 | 425 | 500..) => Error::Unavailable(answer),
        // The one case without a code of its own; the text holds no value.
        (_, 400) if message.contains("'DeltaToken' not supported") => Error::SyncReset(answer),
        _ => match too_many(message) {
            Some((property, entries, allowed)) => Error::TooManyValues {
                property,
                entries,
                allowed,
                answer,
            },
            None => Error::Invalid(answer),
        },
    }
}

/// The innermost code: the outer ones are the vaguer (`research/graph.md` §10).
fn most_specific(error: &Value) -> String {
    let mut code = String::new();
    let mut at = Some(error);
    for _ in 0..DEEPEST {
        let Some(level) = at else { break };
        if let Some(found) = level["code"].as_str().map(tame).filter(|found| !found.is_empty()) {
            code = found;
        }
        at = inner(level);
    }
    code
}

/// Both spellings occur.
fn inner(error: &Value) -> Option<&Value> {
    error
        .get("innerError")
        .or_else(|| error.get("innererror"))
        .filter(|inner| inner.is_object())
}

/// Codes and ids only: what looks like a sentence or an address is not one and is not passed on.
fn tame(text: &str) -> String {
    let fits = text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if fits { text.to_owned() } else { String::new() }
}

/// "The multi value property X has n entries, that exceeds the max allowed value of m" (`research/graph.md` §6).
fn too_many(message: &str) -> Option<(String, u32, u32)> {
    let rest = message.split_once("multi value property ")?.1;
    let (property, rest) = rest.split_once(" has ")?;
    let (entries, rest) = rest.split_once(" entries")?;
    let allowed: String = rest
        .split_once("max allowed value of ")?
        .1
        .trim_start()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let property = property.trim_matches(['\'', '"', ' ']);
    let named = !property.is_empty()
        && property.len() <= 40
        && property.bytes().all(|byte| byte.is_ascii_alphabetic());
    named.then_some(())?;
    Some((
        property.to_owned(),
        entries.trim().parse().ok()?,
        allowed.parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Class;

    fn of(status: u16, code: &str) -> Error {
        read(
            status,
            None,
            None,
            &json!({ "error": { "code": code, "message": "Ada's mail ada@example.com" } }),
        )
    }

    #[test]
    fn each_code_of_the_table_has_its_class() {
        for (status, code, class) in [
            (400, "ErrorInvalidRequest", Class::Invalid),
            (400, "RequestBodyRead", Class::Invalid),
            (400, "SyncStateNotFound", Class::Gone),
            (401, "InvalidAuthenticationToken", Class::Auth),
            (403, "ErrorAccessDenied", Class::Permission),
            (403, "Authorization_RequestDenied", Class::Permission),
            (404, "ErrorItemNotFound", Class::NotFound),
            (404, "ErrorSyncFolderNotFound", Class::NotFound),
            (404, "Request_ResourceNotFound", Class::NotFound),
            (404, "ErrorInvalidUser", Class::NotFound),
            (404, "MailboxNotEnabledForRESTAPI", Class::MailboxNotEnabled),
            (409, "ErrorFolderExists", Class::AlreadyExists),
            (400, "ErrorDuplicateTransactionId", Class::AlreadyExists),
            (410, "SyncStateInvalid", Class::Gone),
            (410, "", Class::Gone),
            (400, "resyncRequired", Class::Gone),
            (412, "ErrorIrresolvableConflict", Class::Conflict),
            (302, "", Class::Transient),
            (424, "", Class::Transient),
            (429, "TooManyRequests", Class::Throttled(None)),
            (429, "UnknownError", Class::Throttled(None)),
            (500, "ErrorInternalServerError", Class::Transient),
            (503, "UnknownError", Class::Transient),
            (504, "", Class::Transient),
            (507, "ErrorQuotaExceeded", Class::QuotaExceeded),
            (509, "", Class::Throttled(None)),
        ] {
            assert_eq!(of(status, code).class(), class, "{status} {code}");
        }
        assert!(matches!(of(404, "ErrorInvalidUser"), Error::UserNotFound(_)));
        assert!(matches!(of(404, "ErrorItemNotFound"), Error::NotFound(_)));
    }

    #[test]
    fn the_innermost_code_wins_in_both_spellings() {
        let body = json!({ "error": { "code": "BadRequest", "innererror": { "code": "invalidThing", "innerError": {
            "code": "SyncStateInvalid", "request-id": "r-9" } } } });
        let error = read(400, None, None, &body);
        assert_eq!(error.class(), Class::Gone);
        let nested = json!({ "error": { "code": "Nope", "innerError": { "request-id": "r-1" } } });
        assert_eq!(
            read(400, None, None, &nested).to_string(),
            "refused: Graph answered 400 Nope (request-id r-1)"
        );
    }

    #[test]
    fn values_never_reach_the_text() {
        let sentence = of(400, "Property ada@example.com is wrong");
        assert_eq!(sentence.to_string(), "refused: Graph answered 400");
        assert!(!format!("{:?}", of(400, "ErrorInvalidRequest")).contains("ada"));
    }

    #[test]
    fn a_full_list_is_named_with_its_numbers() {
        let message =
            "The multi value property EmailAddresses has 4 entries, that exceeds the max allowed value of 3.";
        let error = read(
            400,
            None,
            None,
            &json!({ "error": { "code": "ErrorInvalidRequest", "message": message } }),
        );
        let Error::TooManyValues {
            property,
            entries: 4,
            allowed: 3,
            ..
        } = &error
        else {
            panic!("{error}")
        };
        assert_eq!(property, "EmailAddresses");
    }

    #[test]
    fn an_unsupported_delta_token_restarts_the_round() {
        let message = "Parameter 'DeltaToken' not supported for this request.";
        let error = read(
            400,
            None,
            None,
            &json!({ "error": { "code": "ErrorInvalidUrlQuery", "message": message } }),
        );
        assert_eq!(error.class(), Class::Gone);
    }
}
