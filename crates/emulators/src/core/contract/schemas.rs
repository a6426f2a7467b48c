//! Schemas by number, compiled when first needed and kept.

use std::sync::OnceLock;

use jsonschema::{Draft, PatternOptions, Registry, Resource, Validator};
use serde_json::{Map, Value, json};

use super::ContractError;
use super::reasons::{Reason, reasons};

/// The schemas of one side (requests or answers) of one service, with the components that they refer to.
#[derive(Debug)]
pub(super) struct Schemas {
    uri: String,
    registry: Registry<'static>,
    compiled: Vec<OnceLock<Result<Validator, String>>>,
}

/// Collects schemas before they are prepared.
#[derive(Debug, Default)]
pub(super) struct Collector {
    schemas: Vec<Value>,
}

impl Collector {
    pub(super) fn add(&mut self, schema: Value) -> usize {
        self.schemas.push(schema);
        self.schemas.len() - 1
    }

    pub(super) fn prepare(self, uri: String, components: &Value) -> Result<Schemas, ContractError> {
        let compiled = self.schemas.iter().map(|_| OnceLock::new()).collect();
        let operations: Map<String, Value> = self
            .schemas
            .into_iter()
            .enumerate()
            .map(|(number, schema)| (number.to_string(), schema))
            .collect();
        let document = json!({ "components": components, "operations": operations });
        let prepared = Registry::new()
            .draft(Draft::Draft202012)
            .add(&uri, Resource::from_contents(document))
            .and_then(jsonschema::RegistryBuilder::prepare);
        let registry = prepared.map_err(|source| ContractError::Schema {
            name: uri.clone(),
            problem: source.to_string(),
        })?;
        Ok(Schemas {
            uri,
            registry,
            compiled,
        })
    }
}

impl Schemas {
    /// What is wrong with a value, by the schema of this number.
    pub(super) fn check(&self, number: usize, value: &Value) -> Vec<Reason> {
        let Some(slot) = self.compiled.get(number) else {
            return Vec::new();
        };
        match slot.get_or_init(|| self.compile(number)) {
            // The yes-or-no check is much cheaper than the one that collects errors.
            Ok(validator) if validator.is_valid(value) => Vec::new(),
            Ok(validator) => reasons(validator.iter_errors(value)),
            // A schema that cannot be used must show, or its operation would pass unchecked.
            Err(problem) => vec![Reason {
                pointer: String::new(),
                reason: format!("unusable schema: {problem}"),
            }],
        }
    }

    fn compile(&self, number: usize) -> Result<Validator, String> {
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&self.registry)
            .with_pattern_options(PatternOptions::regex())
            .offline()
            .build(&json!({ "$ref": format!("{}#/operations/{number}", self.uri) }))
            .map_err(|error| error.to_string())
    }

    /// Compiles all of them.
    ///
    /// # Errors
    /// Names the first one that cannot be compiled.
    #[cfg(test)]
    pub(super) fn compile_all(&self) -> Result<usize, String> {
        for number in 0..self.compiled.len() {
            self.compile(number)
                .map_err(|problem| format!("{} {number}: {problem}", self.uri))?;
        }
        Ok(self.compiled.len())
    }
}
