//! The grammar of `SELECT` as far as crmlink uses it.

use serde_json::{Value, json};

use super::lexer::{Kind, Token, syntax_error, tokens};
use crate::zoho::answer::{Answer, bad_request};

const COLUMNS: usize = 50;
const CRITERIA: usize = 25;
const LIST: usize = 100;
const SORTS: usize = 10;
const LIMIT: u64 = 2_000;
const REACH: u64 = 100_000;

/// A parsed query; names are not looked up yet.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) columns: Vec<String>,
    pub(super) module: String,
    pub(super) criteria: Node,
    /// Column and whether it sorts ascending.
    pub(super) order: Vec<(String, bool)>,
    pub(super) limit: u64,
    pub(super) offset: u64,
}

#[derive(Debug)]
pub(super) enum Node {
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Test {
        column: String,
        operator: &'static str,
        values: Vec<Literal>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Number(String),
    Bool(bool),
}

pub(super) fn limit_exceeded(clause: &str, limit: usize) -> Answer {
    bad_request(
        "LIMIT_EXCEEDED",
        "a clause of the query is too long",
        json!({"clause": clause, "limit": limit}),
    )
}

pub(super) fn invalid_query(message: &str, details: Value) -> Answer {
    bad_request("INVALID_QUERY", message, details)
}

pub(super) fn parse(query: &str) -> Result<Query, Answer> {
    let mut parser = Parser {
        tokens: tokens(query)?,
        at: 0,
        tests: 0,
    };
    parser.keyword("select")?;
    let columns = parser.names()?;
    if columns.len() > COLUMNS {
        return Err(limit_exceeded("select", COLUMNS));
    }
    parser.keyword("from")?;
    let module = parser.name()?;
    if !parser.has_keyword("where") {
        return Err(bad_request(
            "SYNTAX_ERROR",
            "the where clause is missing",
            json!({"clause": "where"}),
        ));
    }
    let criteria = parser.expression()?;
    let order = parser.order()?;
    let (limit, offset) = parser.limit()?;
    if let Some(token) = parser.peek() {
        return Err(syntax_error(&token.kind.shown(), token.column));
    }
    if limit == 0 || limit > LIMIT {
        return Err(invalid_query(
            "the limit must be between 1 and 2000",
            json!({"limit": LIMIT.to_string()}),
        ));
    }
    if offset + limit > REACH {
        return Err(limit_exceeded("offset", 100_000));
    }
    Ok(Query {
        columns,
        module,
        criteria,
        order,
        limit,
        offset,
    })
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    tests: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn error(&self) -> Answer {
        match self.peek() {
            Some(token) => syntax_error(&token.kind.shown(), token.column),
            None => syntax_error("", self.tokens.last().map_or(1, |token| token.column + 1)),
        }
    }

    fn next_is(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token { kind: Kind::Word(found), .. }) if found.eq_ignore_ascii_case(word))
    }

    fn has_keyword(&mut self, word: &str) -> bool {
        let found = self.next_is(word);
        self.at += usize::from(found);
        found
    }

    fn keyword(&mut self, word: &str) -> Result<(), Answer> {
        if self.has_keyword(word) {
            Ok(())
        } else {
            Err(self.error())
        }
    }

    fn has(&mut self, kind: &Kind) -> bool {
        let found = self.peek().is_some_and(|token| token.kind == *kind);
        self.at += usize::from(found);
        found
    }

    fn name(&mut self) -> Result<String, Answer> {
        match self.peek() {
            Some(Token {
                kind: Kind::Word(name),
                ..
            }) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.error()),
        }
    }

    fn names(&mut self) -> Result<Vec<String>, Answer> {
        let mut names = vec![self.name()?];
        while self.has(&Kind::Comma) {
            names.push(self.name()?);
        }
        Ok(names)
    }

    /// Two operands at most: three criteria need brackets around two of them.
    fn expression(&mut self) -> Result<Node, Answer> {
        let left = self.operand()?;
        let joined = if self.has_keyword("and") {
            Node::And(Box::new(left), Box::new(self.operand()?))
        } else if self.has_keyword("or") {
            Node::Or(Box::new(left), Box::new(self.operand()?))
        } else {
            return Ok(left);
        };
        if self.next_is("and") || self.next_is("or") {
            return Err(self.error());
        }
        Ok(joined)
    }

    fn operand(&mut self) -> Result<Node, Answer> {
        if self.has(&Kind::Open) {
            let inner = self.expression()?;
            return if self.has(&Kind::Close) {
                Ok(inner)
            } else {
                Err(self.error())
            };
        }
        self.tests += 1;
        if self.tests > CRITERIA {
            return Err(limit_exceeded("where", CRITERIA));
        }
        self.test()
    }

    fn test(&mut self) -> Result<Node, Answer> {
        let column = self.name()?;
        if self.has_keyword("is") {
            let operator = if self.has_keyword("not") {
                "is not null"
            } else {
                "is null"
            };
            self.keyword("null")?;
            return Ok(Node::Test {
                column,
                operator,
                values: Vec::new(),
            });
        }
        let negated = self.has_keyword("not");
        if self.has_keyword("in") {
            let values = self.values()?;
            return Ok(Node::Test {
                column,
                operator: if negated { "not in" } else { "in" },
                values,
            });
        }
        if self.has_keyword("like") {
            let values = vec![self.literal()?];
            return Ok(Node::Test {
                column,
                operator: if negated { "not like" } else { "like" },
                values,
            });
        }
        if self.has_keyword("between") {
            let low = self.literal()?;
            self.keyword("and")?;
            let values = vec![low, self.literal()?];
            return Ok(Node::Test {
                column,
                operator: if negated { "not between" } else { "between" },
                values,
            });
        }
        match self.peek() {
            Some(Token {
                kind: Kind::Operator(operator),
                ..
            }) if !negated => {
                let operator = *operator;
                self.at += 1;
                Ok(Node::Test {
                    column,
                    operator,
                    values: vec![self.literal()?],
                })
            }
            _ => Err(self.error()),
        }
    }

    fn values(&mut self) -> Result<Vec<Literal>, Answer> {
        if !self.has(&Kind::Open) {
            return Err(self.error());
        }
        let mut values = vec![self.literal()?];
        while self.has(&Kind::Comma) {
            values.push(self.literal()?);
        }
        if !self.has(&Kind::Close) {
            return Err(self.error());
        }
        if values.len() > LIST {
            return Err(limit_exceeded("in", LIST));
        }
        Ok(values)
    }

    fn literal(&mut self) -> Result<Literal, Answer> {
        let literal = match self.peek().map(|token| &token.kind) {
            Some(Kind::Text(text)) => Literal::Text(text.clone()),
            Some(Kind::Number(number)) => Literal::Number(number.clone()),
            Some(Kind::Word(word)) if word.eq_ignore_ascii_case("true") => Literal::Bool(true),
            Some(Kind::Word(word)) if word.eq_ignore_ascii_case("false") => Literal::Bool(false),
            _ => return Err(self.error()),
        };
        self.at += 1;
        Ok(literal)
    }

    fn order(&mut self) -> Result<Vec<(String, bool)>, Answer> {
        let mut order = Vec::new();
        if !self.has_keyword("order") {
            return Ok(order);
        }
        self.keyword("by")?;
        loop {
            let column = self.name()?;
            let ascending = !self.has_keyword("desc");
            if ascending {
                self.has_keyword("asc");
            }
            order.push((column, ascending));
            if !self.has(&Kind::Comma) {
                break;
            }
        }
        if order.len() > SORTS {
            Err(limit_exceeded("order by", SORTS))
        } else {
            Ok(order)
        }
    }

    /// `limit 200`, `limit 200 offset 400` or `limit 400, 200`.
    fn limit(&mut self) -> Result<(u64, u64), Answer> {
        let mut limit = 200;
        let mut offset = 0;
        if self.has_keyword("limit") {
            limit = self.number()?;
            if self.has(&Kind::Comma) {
                offset = limit;
                limit = self.number()?;
            }
        }
        if self.has_keyword("offset") {
            offset = self.number()?;
        }
        Ok((limit, offset))
    }

    fn number(&mut self) -> Result<u64, Answer> {
        match self.peek() {
            Some(Token {
                kind: Kind::Number(number),
                ..
            }) => {
                let number = number.parse::<u32>().map_err(|_| self.error())?;
                self.at += 1;
                Ok(u64::from(number))
            }
            _ => Err(self.error()),
        }
    }
}
