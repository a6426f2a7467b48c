//! Text in URLs.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters. Ids hold `=` and `/` at times (`research/graph.md` §13.1), and in
/// a query value `+` must not be read as a space (§13.11).
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// A path segment may show its `@`: user names look as they are written in the reference.
const SEGMENT: &AsciiSet = &VALUE.remove(b'@');

/// One path segment.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// One query value.
pub(crate) fn value(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

/// An OData string literal: quotes around, quotes inside doubled (`research/graph.md` §13.11).
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The path of a user. A name with a leading `$` needs the key form (`research/graph.md` §2).
pub(crate) fn user(id_or_upn: &str) -> String {
    if id_or_upn.starts_with('$') {
        format!("/users('{}')", segment(&id_or_upn.replace('\'', "''")))
    } else {
        format!("/users/{}", segment(id_or_upn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_written_as_the_reference_asks() {
        assert_eq!(user("ada@example.com"), "/users/ada@example.com");
        assert_eq!(
            user("ada_other.com#EXT#@example.com"),
            "/users/ada_other.com%23EXT%23@example.com"
        );
        assert_eq!(user("$ops@example.com"), "/users('%24ops@example.com')");
        assert_eq!(user("o'neil/x@example.com"), "/users/o%27neil%2Fx@example.com");
    }

    #[test]
    fn literals_double_their_quotes_and_hide_plus_signs() {
        assert_eq!(value(&literal("O'Brien + 1")), "%27O%27%27Brien%20%2B%201%27");
    }
}
