//! `crmlink check`: what the API server and the operator would say about files, without either; for pull requests.

mod documents;
mod mapping;
mod references;
mod rules;
mod schema;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::output::{failed, print};
use documents::Document;
use schema::Schemas;

/// What is checked.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Files with YAML or JSON, folders with such files, or - for the standard input.
    #[arg(required = true)]
    paths: Vec<PathBuf>,

    /// Namespace of objects that name none.
    #[arg(long, short)]
    namespace: Option<String>,
}

/// One thing that is wrong.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// Path of the field, such as `spec.user`; empty for the object as a whole.
    field: String,
    message: String,
}

impl Finding {
    fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// An object of ours, and what is wrong with it.
struct Checked<'a> {
    document: &'a Document,
    namespace: String,
    findings: Vec<Finding>,
}

impl Checked<'_> {
    fn kind(&self) -> &str {
        self.document.text("/kind")
    }

    fn name(&self) -> &str {
        self.document.text("/metadata/name")
    }

    /// The object in its type; nothing where the schema is not kept.
    fn typed<K: serde::de::DeserializeOwned>(&self) -> Option<K> {
        if !self.findings.is_empty() {
            return None;
        }
        serde_json::from_value(self.document.value.clone()).ok()
    }
}

/// Prints what is wrong; nothing is 0, something is 1, and 2 is that something could not be read.
pub(super) fn run(args: &CheckArgs) -> ExitCode {
    let documents = match documents::read(&args.paths) {
        Ok(documents) => documents,
        Err(error) => return failed(&error, 2),
    };
    let mut lines: Vec<String> = documents
        .iter()
        .filter_map(|document| Some(format!("{document}: {}\n", document.unreadable.as_ref()?)))
        .collect();
    let checked = checked(&documents, args.namespace.as_deref().unwrap_or_default());
    for object in &checked {
        lines.extend(object.findings.iter().map(|finding| line(object, finding)));
    }
    print(&lines.concat());
    eprintln!(
        "crmlink: {} objects checked, {} findings",
        checked.len(),
        lines.len()
    );
    ExitCode::from(u8::from(!lines.is_empty()))
}

fn line(object: &Checked<'_>, finding: &Finding) -> String {
    let field = if finding.field.is_empty() {
        String::new()
    } else {
        format!("{}: ", finding.field)
    };
    format!(
        "{}: {} {}: {field}{}\n",
        object.document,
        object.kind(),
        object.name(),
        finding.message
    )
}

/// Every object of ours, each by itself first and then all together.
fn checked<'a>(documents: &'a [Document], namespace: &str) -> Vec<Checked<'a>> {
    let schemas = Schemas::new();
    let mut objects: Vec<Checked<'a>> = documents
        .iter()
        .filter(|document| document.is_ours())
        .map(|document| Checked {
            namespace: namespace_of(document, namespace),
            findings: schemas.findings(&document.value),
            document,
        })
        .collect();
    let mut more = references::findings(&objects, documents, namespace);
    more.extend(mapping::findings(&objects));
    for (at, finding) in more {
        objects[at].findings.push(finding);
    }
    objects
}

fn namespace_of(document: &Document, default: &str) -> String {
    match document.value.pointer("/metadata/namespace") {
        Some(Value::String(namespace)) => namespace.clone(),
        _ => default.to_owned(),
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
