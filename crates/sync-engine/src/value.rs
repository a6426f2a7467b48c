//! Canonical values: what a mapped field holds once spelling that no person would call a change is gone.

use jiff::civil::Date;

/// A value in canonical form. An absent or blank field is `None` at the place where the value would stand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Text without surrounding white space and control characters, with `\n` line ends, never empty.
    Text(String),
    /// A calendar day.
    Date(Date),
}

impl Value {
    /// The canonical form of a text; `None` where nothing is left.
    ///
    /// Control characters other than line ends and tabs are dropped: Outlook refuses some and shows none
    /// (`research/graph.md` §13.11).
    #[must_use]
    pub fn text(raw: &str) -> Option<Self> {
        let mut text = String::with_capacity(raw.len());
        let mut chars = raw.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\r' => {
                    if chars.peek() != Some(&'\n') {
                        text.push('\n');
                    }
                }
                '\n' | '\t' => text.push(c),
                c if c.is_control() => {}
                c => text.push(c),
            }
        }
        let trimmed = text.trim();
        if trimmed.is_empty() {
            None
        } else {
            Some(Self::Text(trimmed.to_owned()))
        }
    }

    /// The day of a date or of a timestamp; `None` where the text is neither.
    ///
    /// Exchange keeps a birthday as a timestamp whose time part means nothing (`research/graph.md` §6): only the
    /// first ten characters count.
    #[must_use]
    pub fn date(raw: &str) -> Option<Self> {
        raw.trim().get(..10)?.parse().ok().map(Self::Date)
    }

    /// The text form that a person would read.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Date(date) => date.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_freed_of_control_characters() {
        assert_eq!(
            Value::text("  Ada\u{0}\u{7} \r\nLovelace\r "),
            Some(Value::Text("Ada \nLovelace".into()))
        );
        assert_eq!(Value::text(" \r\n\t "), None);
    }

    #[test]
    fn a_date_is_read_from_a_day_and_from_a_timestamp_without_shifting() {
        let day = Some(Value::Date(jiff::civil::date(1985, 7, 19)));
        assert_eq!(Value::date("1985-07-19"), day);
        assert_eq!(Value::date("1985-07-19T11:59:00Z"), day);
        assert_eq!(Value::date("1985-07-19T23:59:59-11:00"), day);
        assert_eq!(Value::date("19.7.1985"), None);
    }
}
