//! Reads a part of a world file or an edit: each member once, the unknown ones refused with their path.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::core::service::Refused;

/// One object of the document and where it stands.
pub(super) struct Section<'a> {
    pub(super) at: String,
    map: &'a Map<String, Value>,
    unread: BTreeSet<&'a str>,
}

/// A refusal at a place.
pub(super) fn refuse(at: impl Into<String>, problem: impl Into<String>) -> Refused {
    Refused {
        at: at.into(),
        problem: problem.into(),
    }
}

impl<'a> Section<'a> {
    pub(super) fn new(at: impl Into<String>, value: &'a Value) -> Result<Self, Refused> {
        let at = at.into();
        let Value::Object(map) = value else {
            return Err(refuse(at, "expected an object"));
        };
        Ok(Self {
            at,
            map,
            unread: map.keys().map(String::as_str).collect(),
        })
    }

    pub(super) fn path(&self, name: &str) -> String {
        if self.at.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.at)
        }
    }

    /// The member, or none where it is absent or null.
    pub(super) fn take(&mut self, name: &str) -> Option<&'a Value> {
        self.unread.remove(name);
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn opt_text(&mut self, name: &str) -> Result<Option<String>, Refused> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(refuse(self.path(name), "expected a string")),
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Result<String, Refused> {
        self.opt_text(name)?
            .ok_or_else(|| refuse(self.path(name), "is required"))
    }

    pub(super) fn flag(&mut self, name: &str, otherwise: bool) -> Result<bool, Refused> {
        match self.take(name) {
            None => Ok(otherwise),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(refuse(self.path(name), "expected true or false")),
        }
    }

    pub(super) fn number(&mut self, name: &str, otherwise: u64) -> Result<u64, Refused> {
        match self.take(name) {
            None => Ok(otherwise),
            Some(value) => value
                .as_u64()
                .ok_or_else(|| refuse(self.path(name), "expected a whole number, zero or more")),
        }
    }

    pub(super) fn list(&mut self, name: &str) -> Result<Vec<(String, &'a Value)>, Refused> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items
                .iter()
                .enumerate()
                .map(|(index, item)| (format!("{}[{index}]", self.path(name)), item))
                .collect()),
            Some(_) => Err(refuse(self.path(name), "expected a list")),
        }
    }

    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<(String, String)>, Refused> {
        self.list(name)?
            .into_iter()
            .map(|(at, item)| match item {
                Value::String(text) => Ok((at, text.clone())),
                _ => Err(refuse(at, "expected a string")),
            })
            .collect()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|value| !value.is_null())
    }

    /// Refuses what nobody asked for.
    pub(super) fn finish(self) -> Result<(), Refused> {
        match self.unread.first() {
            None => Ok(()),
            Some(name) => Err(refuse(self.path(name), "unknown member")),
        }
    }
}
