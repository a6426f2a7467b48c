//! Reads an OpenAPI document into operations that can be looked up and checked quickly.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ContractError;
use super::closed::{Closer, Side};
use super::schemas::{Collector, Schemas};
use super::template::Template;
use crate::core::bodies::Media;

/// The methods that the contracts describe.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// A description of some paths of one service.
#[derive(Debug)]
pub(super) struct Spec {
    /// In the order in which they are tried.
    pub(super) operations: Vec<Operation>,
    pub(super) requests: Schemas,
    pub(super) answers: Schemas,
}

/// One operation.
#[derive(Debug)]
pub(super) struct Operation {
    /// As the contract has it, in capitals.
    pub(super) method: String,
    /// The path as the contract has it, for reports.
    pub(super) path: String,
    template: Template,
    pub(super) query: Vec<Parameter>,
    pub(super) body: Option<Body>,
    /// By status: exact, `4XX`, or `default`; the schema's number, nothing for an empty body.
    pub(super) answers: BTreeMap<String, Option<usize>>,
}

/// A query parameter.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) required: bool,
    /// Whether the value is JSON.
    pub(super) is_json: bool,
    pub(super) schema: usize,
}

/// The body of a request.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) required: bool,
    pub(super) media: Media,
    pub(super) schema: usize,
}

/// How a document has to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    /// What stands before all paths.
    pub(super) prefix: &'static str,
    /// Whether properties that no schema declares are refused: in requests, in answers.
    pub(super) closed: (bool, bool),
    /// Whether OData's annotations pass.
    pub(super) annotations: bool,
    /// Answers that every operation may give although it does not say so: statuses and their schema.
    pub(super) common: &'static [(&'static str, &'static str)],
}

impl Spec {
    pub(super) fn read(name: &str, document: &Value, dialect: Dialect) -> Result<Self, ContractError> {
        let reader = Reader { document, dialect };
        let (mut requests, mut answers) = (Collector::default(), Collector::default());
        let mut operations = Vec::new();
        for (path, item) in document
            .get("paths")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            for method in METHODS {
                if let Some(operation) = item.get(method) {
                    operations.push(reader.operation(
                        path,
                        method,
                        item,
                        operation,
                        &mut requests,
                        &mut answers,
                    ));
                }
            }
        }
        operations.sort_by(|left, right| left.template.cmp(&right.template));
        let components = |side, closed: bool| {
            if closed {
                Closer::new(document, side, dialect.annotations).components()
            } else {
                document.get("components").cloned().unwrap_or_else(|| json!({}))
            }
        };
        Ok(Self {
            operations,
            requests: requests.prepare(
                format!("contract://{name}/requests"),
                &components(Side::Request, dialect.closed.0),
            )?,
            answers: answers.prepare(
                format!("contract://{name}/answers"),
                &components(Side::Answer, dialect.closed.1),
            )?,
        })
    }

    /// The operation of a path and method; or whether at least the path is known.
    pub(super) fn find(&self, method: &str, path: &str) -> Result<usize, bool> {
        let mut path_known = false;
        for (number, operation) in self.operations.iter().enumerate() {
            if operation.template.matches(path) {
                if operation.method == method {
                    return Ok(number);
                }
                path_known = true;
            }
        }
        Err(path_known)
    }
}

impl Operation {
    /// Whether it describes a body of this kind.
    pub(super) fn takes(&self, media: Media) -> bool {
        self.body.as_ref().is_some_and(|body| body.media == media)
    }
}

struct Reader<'a> {
    document: &'a Value,
    dialect: Dialect,
}

impl Reader<'_> {
    fn operation(
        &self,
        path: &str,
        method: &str,
        item: &Value,
        operation: &Value,
        requests: &mut Collector,
        answers: &mut Collector,
    ) -> Operation {
        let full = format!("{}{path}", self.dialect.prefix);
        let parameters = [item.get("parameters"), operation.get("parameters")];
        let query = parameters
            .into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(|parameter| query_parameter(self.resolved(parameter), requests))
            .collect();
        let body = operation
            .get("requestBody")
            .and_then(|body| self.body(self.resolved(body), requests));
        let mut described: BTreeMap<String, Option<usize>> = self
            .dialect
            .common
            .iter()
            .map(|(status, schema)| ((*status).to_owned(), json!({ "$ref": schema })))
            .map(|(status, schema)| (status, Some(answers.add(schema))))
            .collect();
        for (status, answer) in operation
            .get("responses")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let schema = content(self.resolved(answer)).map(|(_, schema)| {
                let closed = self.dialect.closed.1;
                answers.add(self.closed(schema, Side::Answer, closed))
            });
            described.insert(status.clone(), schema);
        }
        Operation {
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            template: Template::new(&full),
            query,
            body,
            answers: described,
        }
    }

    fn body(&self, body: &Value, requests: &mut Collector) -> Option<Body> {
        let (media_type, schema) = content(body)?;
        Some(Body {
            required: body.get("required") == Some(&Value::Bool(true)),
            media: Media::of(media_type),
            schema: requests.add(self.closed(schema, Side::Request, self.dialect.closed.0)),
        })
    }

    fn closed(&self, schema: &Value, side: Side, closed: bool) -> Value {
        if closed {
            Closer::new(self.document, side, self.dialect.annotations).close(schema, false)
        } else {
            schema.clone()
        }
    }

    fn resolved<'v>(&'v self, value: &'v Value) -> &'v Value {
        value
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| self.document.pointer(reference.strip_prefix('#')?))
            .unwrap_or(value)
    }
}

fn query_parameter(parameter: &Value, requests: &mut Collector) -> Option<Parameter> {
    if parameter.get("in")? != "query" {
        return None;
    }
    let inner = content(parameter);
    let schema = inner
        .map(|(_, schema)| schema)
        .or_else(|| parameter.get("schema"))?;
    Some(Parameter {
        name: parameter.get("name")?.as_str()?.to_owned(),
        required: parameter.get("required") == Some(&Value::Bool(true)),
        is_json: inner.is_some(),
        schema: requests.add(schema.clone()),
    })
}

/// The media type and schema of a body: JSON if it has one, else the first.
fn content(body: &Value) -> Option<(&str, &Value)> {
    let content = body.get("content")?.as_object()?;
    let (media_type, described) = content
        .iter()
        .find(|(name, _)| name.contains("json"))
        .or_else(|| content.iter().next())?;
    Some((media_type, described.get("schema")?))
}
