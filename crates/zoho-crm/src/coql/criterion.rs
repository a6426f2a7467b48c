//! Conditions of a query.

use crate::coql::literal::Literal;
use crate::coql::{QueryError, check_column};

/// Values in one `in` list (`research/zoho.md` §4).
const MOST_VALUES: usize = 100;

/// A condition. Zoho wants them bracketed two by two, which a binary tree gives by itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Criterion {
    /// A column against a value.
    Compare {
        /// API name.
        column: String,
        /// `=`, `!=`, `<`, `<=`, `>`, `>=`, `like`.
        operator: &'static str,
        /// The value.
        value: Literal,
    },
    /// A column against several values.
    In {
        /// API name.
        column: String,
        /// The values, at most 100.
        values: Vec<Literal>,
        /// Whether none of them must match.
        negated: bool,
    },
    /// A column that is empty, or is not.
    Null {
        /// API name.
        column: String,
        /// Whether it must hold something.
        negated: bool,
    },
    /// Both.
    And(Box<Criterion>, Box<Criterion>),
    /// One or both.
    Or(Box<Criterion>, Box<Criterion>),
}

impl Criterion {
    /// `column = value`
    pub fn eq(column: &str, value: impl Into<Literal>) -> Self {
        Self::compare(column, "=", value)
    }

    /// `column != value`
    pub fn ne(column: &str, value: impl Into<Literal>) -> Self {
        Self::compare(column, "!=", value)
    }

    /// `column > value`
    pub fn gt(column: &str, value: impl Into<Literal>) -> Self {
        Self::compare(column, ">", value)
    }

    /// `column >= value`
    pub fn ge(column: &str, value: impl Into<Literal>) -> Self {
        Self::compare(column, ">=", value)
    }

    /// `column < value`
    pub fn lt(column: &str, value: impl Into<Literal>) -> Self {
        Self::compare(column, "<", value)
    }

    /// `column <= value`
    pub fn le(column: &str, value: impl Into<Literal>) -> Self {
        Self::compare(column, "<=", value)
    }

    /// `column like '%part%'`, and more where `part` itself holds a wildcard: compare what comes back.
    #[must_use]
    pub fn contains(column: &str, part: &str) -> Self {
        Self::compare(column, "like", format!("%{part}%"))
    }

    /// `column in (values)`
    pub fn is_in<L: Into<Literal>>(column: &str, values: impl IntoIterator<Item = L>) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        Self::In {
            column: column.to_owned(),
            values,
            negated: false,
        }
    }

    /// `column not in (values)`
    pub fn not_in<L: Into<Literal>>(column: &str, values: impl IntoIterator<Item = L>) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        Self::In {
            column: column.to_owned(),
            values,
            negated: true,
        }
    }

    /// `column is null`
    #[must_use]
    pub fn is_null(column: &str) -> Self {
        Self::Null {
            column: column.to_owned(),
            negated: false,
        }
    }

    /// `column is not null`
    #[must_use]
    pub fn not_null(column: &str) -> Self {
        Self::Null {
            column: column.to_owned(),
            negated: true,
        }
    }

    /// Both conditions.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::And(Box::new(self), Box::new(other))
    }

    /// One of the conditions, or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::Or(Box::new(self), Box::new(other))
    }

    fn compare(column: &str, operator: &'static str, value: impl Into<Literal>) -> Self {
        Self::Compare {
            column: column.to_owned(),
            operator,
            value: value.into(),
        }
    }

    /// How many single conditions there are.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::And(left, right) | Self::Or(left, right) => left.count() + right.count(),
            Self::Compare { .. } | Self::In { .. } | Self::Null { .. } => 1,
        }
    }

    pub(crate) fn is_single(&self) -> bool {
        !matches!(self, Self::And(..) | Self::Or(..))
    }

    pub(crate) fn write(&self, out: &mut String) -> Result<(), QueryError> {
        match self {
            Self::Compare {
                column,
                operator,
                value,
            } => {
                check_column(column)?;
                out.push_str(column);
                out.push(' ');
                out.push_str(operator);
                out.push(' ');
                value.write(out)
            }
            Self::In {
                column,
                values,
                negated,
            } => {
                check_column(column)?;
                if values.is_empty() {
                    return Err(QueryError::EmptyList);
                }
                if values.len() > MOST_VALUES {
                    return Err(QueryError::TooMany {
                        what: "values in a list",
                        count: values.len(),
                        most: MOST_VALUES,
                    });
                }
                out.push_str(column);
                out.push_str(if *negated { " not in (" } else { " in (" });
                for (i, value) in values.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    value.write(out)?;
                }
                out.push(')');
                Ok(())
            }
            Self::Null { column, negated } => {
                check_column(column)?;
                out.push_str(column);
                out.push_str(if *negated { " is not null" } else { " is null" });
                Ok(())
            }
            Self::And(left, right) => pair(left, " and ", right, out),
            Self::Or(left, right) => pair(left, " or ", right, out),
        }
    }
}

fn pair(left: &Criterion, word: &str, right: &Criterion, out: &mut String) -> Result<(), QueryError> {
    out.push('(');
    left.write(out)?;
    out.push_str(word);
    right.write(out)?;
    out.push(')');
    Ok(())
}
