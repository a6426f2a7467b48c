//! What people type: texts that occur once in a history, so that each can be followed, in awkward shapes.

use crate::field::{Field, Kind};

/// A value that somebody types: its number in the history, and its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typed {
    /// Makes the text unique.
    pub serial: u32,
    /// How it looks.
    pub shape: Shape,
}

/// How a value looks. Shapes that make no sense for a field are plain there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A short text of ASCII letters.
    Plain,
    /// Letters with accents, and quotes and backslashes as names and notes have them.
    Accents,
    /// With white space around it.
    Padded,
    /// With control characters in it.
    Controls,
    /// Of two lines, with Windows' line ends.
    Lines,
    /// As long as the CRM takes.
    Long,
    /// Characters of four bytes, as many as the CRM takes: Exchange counts each twice.
    Emoji,
    /// More than the CRM takes, where Outlook takes it.
    TooLong,
    /// What Outlook takes and the CRM refuses: no address, or a number with a slash.
    Broken,
    /// Nothing but white space.
    Spaces,
    /// Cleared.
    Blank,
}

impl Typed {
    /// The text for a field; none clears it.
    #[must_use]
    pub fn text(self, field: Field) -> Option<String> {
        let n = self.serial;
        Some(match (field.kind(), self.shape) {
            (Kind::Text, Shape::Spaces) => " \t ".to_owned(),
            (_, Shape::Blank | Shape::Spaces) => return None,
            (Kind::Date, _) => day(n),
            (Kind::Email, Shape::Broken) => format!("no address {n}"),
            (Kind::Email, Shape::Accents) => format!("jörg{n}@example.com"),
            (Kind::Email, _) => format!("p{n}@example.com"),
            (Kind::Phone, Shape::Broken) => format!("030/{n}_7"),
            (Kind::Phone, Shape::TooLong) => format!("+49 30 {n:030}"),
            (Kind::Phone, _) => format!("+49 30 {n:06}"),
            (Kind::Text, Shape::Plain | Shape::Broken) => format!("text {n}"),
            (Kind::Text, Shape::Accents) => format!("Größe \"Ø\" O'Neil \\ {n}"),
            (Kind::Text, Shape::Padded) => format!("  padded {n} \t"),
            (Kind::Text, Shape::Controls) => format!("bell\u{7} {n}\u{0}"),
            (Kind::Text, Shape::Lines) => format!("line\r\nline {n}"),
            (Kind::Text, Shape::Long) => filled(n, 'x', longest(field)),
            (Kind::Text, Shape::Emoji) => filled(n, '🦀', longest(field)),
            (Kind::Text, Shape::TooLong) => filled(n, 'y', longest(field) + 5),
        })
    }
}

/// Notes may have 32,000 characters; a tenth of that tests as much and runs faster.
fn longest(field: Field) -> usize {
    field.in_crm().map_or(255, |(_, most)| most.min(3_000))
}

fn filled(serial: u32, with: char, length: usize) -> String {
    let mut text = format!("{serial} ");
    let missing = length.saturating_sub(text.chars().count());
    text.extend(std::iter::repeat_n(with, missing));
    text
}

fn day(serial: u32) -> String {
    let day =
        jiff::civil::date(1930, 1, 1).saturating_add(jiff::Span::new().days(i64::from(serial % 25_000)));
    day.to_string()
}
