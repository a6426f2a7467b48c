//! Words and signs of a query.

use serde_json::json;

use crate::zoho::answer::{Answer, bad_request};

/// One word or sign, with the column where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) column: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or keyword.
    Word(String),
    /// A text in single quotes.
    Text(String),
    Number(String),
    Operator(&'static str),
    Open,
    Close,
    Comma,
}

impl Kind {
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Word(text) | Self::Text(text) | Self::Number(text) => text.clone(),
            Self::Operator(sign) => (*sign).to_owned(),
            Self::Open => "(".to_owned(),
            Self::Close => ")".to_owned(),
            Self::Comma => ",".to_owned(),
        }
    }
}

pub(super) fn syntax_error(near: &str, column: usize) -> Answer {
    bad_request(
        "SYNTAX_ERROR",
        "error occurred while parsing the query",
        json!({"line": 1, "column": column, "near": near.chars().take(200).collect::<String>()}),
    )
}

pub(super) fn tokens(query: &str) -> Result<Vec<Token>, Answer> {
    let letters: Vec<char> = query.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at).copied() {
        let column = at + 1;
        let kind = match letter {
            ' ' | '\t' | '\r' | '\n' => {
                at += 1;
                continue;
            }
            '(' => single(&mut at, Kind::Open),
            ')' => single(&mut at, Kind::Close),
            ',' => single(&mut at, Kind::Comma),
            '\'' | '"' => text(&letters, &mut at, letter).ok_or_else(|| syntax_error("'", column))?,
            '=' | '!' | '<' | '>' => operator(&letters, &mut at).ok_or_else(|| syntax_error("!", column))?,
            _ if letter.is_ascii_digit() => Kind::Number(run(&letters, &mut at, |letter| {
                letter.is_ascii_digit() || letter == '.'
            })),
            _ if letter.is_alphabetic() || letter == '$' || letter == '_' => {
                Kind::Word(run(&letters, &mut at, |letter| {
                    letter.is_alphanumeric() || "_$.".contains(letter)
                }))
            }
            other => return Err(syntax_error(&other.to_string(), column)),
        };
        found.push(Token { kind, column });
    }
    Ok(found)
}

fn single(at: &mut usize, kind: Kind) -> Kind {
    *at += 1;
    kind
}

fn run(letters: &[char], at: &mut usize, fits: impl Fn(char) -> bool) -> String {
    let start = *at;
    while letters.get(*at).is_some_and(|letter| fits(*letter)) {
        *at += 1;
    }
    letters[start..*at].iter().collect()
}

/// A quoted text, in which the quote itself is doubled. What a backslash means is said nowhere, so it is refused.
fn text(letters: &[char], at: &mut usize, quote: char) -> Option<Kind> {
    let mut value = String::new();
    let mut place = *at + 1;
    loop {
        match letters.get(place)? {
            letter if *letter == quote => {
                if letters.get(place + 1) != Some(&quote) {
                    break;
                }
                value.push(quote);
                place += 1;
            }
            '\\' => return None,
            letter => value.push(*letter),
        }
        place += 1;
    }
    *at = place + 1;
    Some(Kind::Text(value))
}

fn operator(letters: &[char], at: &mut usize) -> Option<Kind> {
    let two = (letters.get(*at).copied(), letters.get(*at + 1).copied());
    let (sign, length) = match two {
        (Some('!'), Some('=')) => ("!=", 2),
        (Some('>'), Some('=')) => (">=", 2),
        (Some('<'), Some('=')) => ("<=", 2),
        (Some('='), _) => ("=", 1),
        (Some('>'), _) => (">", 1),
        (Some('<'), _) => ("<", 1),
        _ => return None,
    };
    *at += length;
    Some(Kind::Operator(sign))
}
