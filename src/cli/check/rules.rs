//! The CEL rules of the kinds, with the functions that Kubernetes adds to the language.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::str::FromStr;
use std::sync::Arc;

use cel::extractors::This;
use cel::{Context, ExecutionError, Program, Value as CelValue};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::ValidationRule;
use regex::Regex;
use serde_json::Value;

/// What a rule names when it compares with the object as it was, which only the API server knows.
const BEFORE: &str = "oldSelf";

/// The language, ready to evaluate rules.
pub(super) struct Rules {
    context: Context<'static, 'static>,
    /// By their text, as many objects meet the same rules.
    programs: RefCell<HashMap<String, Rc<Program>>>,
}

/// Why a rule has no result: a fault of this program, or a release of it that is too old.
#[derive(Debug, thiserror::Error)]
pub(super) enum RuleError {
    #[error("it cannot be read: {0}")]
    Compile(Box<cel::ParseErrors>),
    #[error("it cannot be evaluated: {0}")]
    Evaluate(Box<ExecutionError>),
    #[error("it is neither true nor false")]
    NoVerdict,
}

impl Rules {
    pub(super) fn new() -> Self {
        let mut context = Context::default();
        // Declared anew at each start, so that only another release of the library can have one of these names.
        let declared = [
            context.add_function("matches", matches),
            context.add_function("trim", trim),
            context.add_function("duration", duration),
        ];
        debug_assert!(declared.iter().all(Result::is_ok), "{declared:?}");
        Self {
            context,
            programs: RefCell::default(),
        }
    }

    /// What is wrong, where a rule does not hold for a value; nothing for a rule about changes.
    pub(super) fn broken(&self, rule: &ValidationRule, value: &Value) -> Option<String> {
        if is_about_change(rule) {
            return None;
        }
        match self.holds(&rule.rule, value) {
            Ok(true) => None,
            Ok(false) => Some(
                rule.message
                    .clone()
                    .unwrap_or_else(|| format!("failed rule: {}", rule.rule)),
            ),
            Err(error) => Some(format!("the rule {:?} was not checked: {error}", rule.rule)),
        }
    }

    /// Whether a rule holds for a value.
    pub(super) fn holds(&self, rule: &str, value: &Value) -> Result<bool, RuleError> {
        let program = self.program(rule)?;
        let mut context = self.context.new_inner_scope();
        context.add_variable_from_value("self", of_json(value));
        match program.execute(&context) {
            Ok(CelValue::Bool(holds)) => Ok(holds),
            Ok(_) => Err(RuleError::NoVerdict),
            Err(error) => Err(RuleError::Evaluate(Box::new(error))),
        }
    }

    fn program(&self, rule: &str) -> Result<Rc<Program>, RuleError> {
        if let Some(known) = self.programs.borrow().get(rule) {
            return Ok(known.clone());
        }
        let program = Program::compile(rule).map_err(|error| RuleError::Compile(Box::new(error)))?;
        let program = Rc::new(program);
        self.programs
            .borrow_mut()
            .insert(rule.to_owned(), program.clone());
        Ok(program)
    }
}

/// Whether a rule compares with the object as it was.
pub(super) fn is_about_change(rule: &ValidationRule) -> bool {
    rule.rule.contains(BEFORE)
}

/// The functions of a rule that nothing declares. A rule that has one could hold for most values all the same.
#[cfg(test)]
pub(super) fn unknown_functions(rule: &str) -> Vec<String> {
    /// Those of the language that our rules use, besides operators.
    const KNOWN: [&str; 5] = ["contains", "size", "matches", "trim", "duration"];
    let program = Program::compile(rule).unwrap();
    let references = program.references();
    let is_operator = |name: &str| !name.starts_with(|c: char| c.is_ascii_alphabetic());
    let unknown = references
        .functions()
        .into_iter()
        .filter(|name| !is_operator(name) && !KNOWN.contains(name));
    unknown.map(str::to_owned).collect()
}

/// Whole numbers are `int` in Kubernetes, never `uint`.
fn of_json(value: &Value) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(value) => CelValue::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => CelValue::Int(whole),
            None => CelValue::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => CelValue::String(Arc::new(text.clone())),
        Value::Array(items) => items.iter().map(of_json).collect::<Vec<_>>().into(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), of_json(value)));
            members.collect::<HashMap<_, _>>().into()
        }
    }
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "the library hands arguments over by value"
)]
fn matches(This(text): This<Arc<String>>, pattern: Arc<String>) -> Result<bool, ExecutionError> {
    let found = expression(&pattern).map(|expression| expression.is_match(&text));
    found.map_err(|error| ExecutionError::function_error("matches", error))
}

fn trim(This(text): This<Arc<String>>) -> String {
    text.trim().to_owned()
}

/// In nanoseconds, which compare as durations do.
#[allow(
    clippy::needless_pass_by_value,
    reason = "the library hands arguments over by value"
)]
fn duration(text: Arc<String>) -> Result<i64, ExecutionError> {
    let fail = |why: String| ExecutionError::function_error("duration", why);
    let parsed = kube::core::Duration::from_str(&text).map_err(|error| fail(error.to_string()))?;
    let is_negative = parsed.is_negative();
    let nanoseconds = i64::try_from(std::time::Duration::from(parsed).as_nanos());
    let nanoseconds = nanoseconds.map_err(|error| fail(error.to_string()))?;
    Ok(if is_negative { -nanoseconds } else { nanoseconds })
}

/// A regular expression as the API server reads it: its classes for spaces, digits and words hold ASCII only.
pub(super) fn expression(pattern: &str) -> Result<Regex, regex::Error> {
    let mut ascii = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            ascii.push(c);
            continue;
        }
        match characters.next() {
            Some('s') => ascii.push_str("[\\t\\n\\f\\r ]"),
            Some('S') => ascii.push_str("[^\\t\\n\\f\\r ]"),
            Some('d') => ascii.push_str("[0-9]"),
            Some('D') => ascii.push_str("[^0-9]"),
            Some('w') => ascii.push_str("[0-9A-Za-z_]"),
            Some('W') => ascii.push_str("[^0-9A-Za-z_]"),
            other => {
                ascii.push('\\');
                ascii.extend(other);
            }
        }
    }
    Regex::new(&ascii)
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
