//! `$filter`, as far as the resources here take it.

use super::errors::Failure;
use super::extended;

/// More terms than this are too complex for Exchange.
const MAX_TERMS: usize = 15;

/// A parsed filter.
#[derive(Debug)]
pub(super) enum Filter {
    Or(Vec<Self>),
    And(Vec<Self>),
    /// A property equals a literal; none stands for `null`.
    Equals {
        path: String,
        value: Option<String>,
    },
    StartsWith {
        path: String,
        value: String,
    },
    /// One entry of a list equals a literal, itself or in a member.
    Any {
        list: String,
        member: Option<String>,
        value: String,
    },
    /// An extended property has a value, or is there at all. Values compare without case.
    Extended {
        id: String,
        value: Option<String>,
    },
}

/// The item has no such property; refuses the request.
pub(super) struct UnknownPath;

/// What a filter is asked about.
pub(super) trait Filterable {
    fn text(&self, path: &str) -> Result<Option<String>, UnknownPath>;
    fn list(&self, list: &str, member: Option<&str>) -> Result<Vec<String>, UnknownPath>;
    fn extended(&self, id: &str) -> Option<&str>;
}

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let mut parser = Parser {
            tokens: tokens(text)?,
            at: 0,
        };
        let filter = parser.any_of()?;
        if parser.at < parser.tokens.len() {
            return Err(invalid());
        }
        if filter.terms() > MAX_TERMS {
            return Err(Failure::new(
                400,
                "ErrorRestrictionTooComplex",
                "The restriction or sort order is too complex for this operation.",
            ));
        }
        Ok(filter)
    }

    fn terms(&self) -> usize {
        match self {
            Self::Or(parts) | Self::And(parts) => parts.iter().map(Self::terms).sum(),
            _ => 1,
        }
    }

    /// The (id, value) pairs of a filter that is nothing but extended properties or-ed: these have an index.
    pub(super) fn extended_values(&self) -> Option<Vec<(&str, &str)>> {
        match self {
            Self::Extended {
                id,
                value: Some(value),
            } => Some(vec![(id, value)]),
            Self::Or(parts) => {
                let found: Option<Vec<_>> = parts.iter().map(Self::extended_values).collect();
                found.map(|lists| lists.into_iter().flatten().collect())
            }
            _ => None,
        }
    }

    pub(super) fn matches(&self, item: &impl Filterable) -> Result<bool, Failure> {
        let same = |left: &str, right: &str| left.to_lowercase() == right.to_lowercase();
        let unknown = |path: &str| Failure::parse(format!("Could not find a property named '{path}'."));
        match self {
            Self::Or(parts) => parts
                .iter()
                .try_fold(false, |found, part| Ok(part.matches(item)? || found)),
            Self::And(parts) => parts
                .iter()
                .try_fold(true, |found, part| Ok(part.matches(item)? && found)),
            Self::Equals { path, value } => {
                let found = item.text(path).map_err(|_| unknown(path))?;
                Ok(match (found, value) {
                    (Some(found), Some(value)) => same(&found, value),
                    (None, None) => true,
                    _ => false,
                })
            }
            Self::StartsWith { path, value } => {
                let found = item.text(path).map_err(|_| unknown(path))?;
                Ok(found.is_some_and(|found| found.to_lowercase().starts_with(&value.to_lowercase())))
            }
            Self::Any { list, member, value } => {
                let found = item.list(list, member.as_deref()).map_err(|_| unknown(list))?;
                Ok(found.iter().any(|entry| same(entry, value)))
            }
            Self::Extended { id, value } => Ok(match (item.extended(id), value) {
                (Some(found), Some(value)) => same(found, value),
                (found, None) => found.is_some(),
                (None, Some(_)) => false,
            }),
        }
    }
}

fn invalid() -> Failure {
    Failure::new(
        400,
        "ErrorInvalidUrlQueryFilter",
        "The query filter contains one or more invalid nodes.",
    )
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
    Colon,
}

fn tokens(text: &str) -> Result<Vec<Token>, Failure> {
    let mut out = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            ' ' => {}
            '(' => out.push(Token::Open),
            ')' => out.push(Token::Close),
            ',' => out.push(Token::Comma),
            ':' => out.push(Token::Colon),
            '\'' => {
                let mut literal = String::new();
                loop {
                    match rest.next() {
                        // A quote inside a literal is doubled.
                        Some('\'') if rest.peek() == Some(&'\'') => {
                            rest.next();
                            literal.push('\'');
                        }
                        Some('\'') => break,
                        Some(other) => literal.push(other),
                        None => return Err(Failure::parse("There is an unterminated string literal.")),
                    }
                }
                out.push(Token::Text(literal));
            }
            word if word.is_ascii_alphanumeric() || matches!(word, '_' | '/' | '.' | '@' | '-') => {
                let mut name = String::from(word);
                while let Some(more) =
                    rest.next_if(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '@' | '-'))
                {
                    name.push(more);
                }
                out.push(Token::Word(name));
            }
            other => {
                return Err(Failure::parse(format!(
                    "Syntax error at '{other}' in the filter."
                )));
            }
        }
    }
    Ok(out)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek_word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Word(found)) if found == word)
    }

    fn next(&mut self) -> Result<Token, Failure> {
        let token = self.tokens.get(self.at).cloned().ok_or_else(invalid)?;
        self.at += 1;
        Ok(token)
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), Failure> {
        if self.next()? == *wanted {
            Ok(())
        } else {
            Err(invalid())
        }
    }

    fn word(&mut self) -> Result<String, Failure> {
        match self.next()? {
            Token::Word(word) => Ok(word),
            _ => Err(invalid()),
        }
    }

    fn literal(&mut self) -> Result<String, Failure> {
        match self.next()? {
            Token::Text(text) => Ok(text),
            _ => Err(invalid()),
        }
    }

    fn any_of(&mut self) -> Result<Filter, Failure> {
        let mut parts = vec![self.all_of()?];
        while self.peek_word("or") {
            self.at += 1;
            parts.push(self.all_of()?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Filter::Or(parts)
        })
    }

    fn all_of(&mut self) -> Result<Filter, Failure> {
        let mut parts = vec![self.term()?];
        while self.peek_word("and") {
            self.at += 1;
            parts.push(self.term()?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Filter::And(parts)
        })
    }

    fn term(&mut self) -> Result<Filter, Failure> {
        if self.tokens.get(self.at) == Some(&Token::Open) {
            self.at += 1;
            let inner = self.any_of()?;
            self.expect(&Token::Close)?;
            return Ok(inner);
        }
        let path = self.word()?;
        if path == "startswith" {
            self.expect(&Token::Open)?;
            let path = self.word()?;
            self.expect(&Token::Comma)?;
            let value = self.literal()?;
            self.expect(&Token::Close)?;
            return Ok(Filter::StartsWith { path, value });
        }
        if let Some((list, "any" | "Any")) = path.rsplit_once('/') {
            return self.any(list.to_owned());
        }
        if self.word()? != "eq" {
            return Err(invalid());
        }
        match self.next()? {
            Token::Text(value) => Ok(Filter::Equals {
                path,
                value: Some(value),
            }),
            Token::Word(word) if word == "null" => Ok(Filter::Equals { path, value: None }),
            Token::Word(word) => Ok(Filter::Equals {
                path,
                value: Some(word),
            }),
            _ => Err(invalid()),
        }
    }

    /// `list/any(x: x/member eq '…' and …)` after the word itself.
    fn any(&mut self, list: String) -> Result<Filter, Failure> {
        self.expect(&Token::Open)?;
        let variable = self.word()?;
        self.expect(&Token::Colon)?;
        let mut conditions = Vec::new();
        loop {
            let path = self.word()?;
            let member = path.strip_prefix(&variable).ok_or_else(invalid)?;
            let member = member.strip_prefix('/').map(str::to_owned);
            let operator = self.word()?;
            let value = match self.next()? {
                Token::Text(value) => Some(value),
                Token::Word(word) if word == "null" => None,
                _ => return Err(invalid()),
            };
            conditions.push((member, operator, value));
            if !self.peek_word("and") {
                break;
            }
            self.at += 1;
        }
        self.expect(&Token::Close)?;
        if list == "singleValueExtendedProperties" {
            return extended_term(&conditions);
        }
        match <[_; 1]>::try_from(conditions) {
            Ok([(member, operator, Some(value))]) if operator == "eq" => {
                Ok(Filter::Any { list, member, value })
            }
            _ => Err(invalid()),
        }
    }
}

/// `ep/id eq '…' and ep/value eq '…'` (or `ne null`), the documented forms.
fn extended_term(conditions: &[(Option<String>, String, Option<String>)]) -> Result<Filter, Failure> {
    let mut id = None;
    let mut value = None;
    for (member, operator, literal) in conditions {
        match (member.as_deref(), operator.as_str(), literal) {
            (Some("id"), "eq", Some(text)) if id.is_none() => id = Some(extended::canonical(text)?),
            (Some("value"), "eq", Some(text)) if value.is_none() => value = Some(Some(text.clone())),
            (Some("value"), "ne", None) if value.is_none() => value = Some(None),
            _ => return Err(invalid()),
        }
    }
    match (id, value) {
        (Some(id), Some(value)) => Ok(Filter::Extended { id, value }),
        _ => Err(invalid()),
    }
}
