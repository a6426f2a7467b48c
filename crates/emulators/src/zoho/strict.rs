//! Reading of given documents: every member is known or refused with its path.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::core::service::Refused;

/// The members of an object, with the place where it stands.
#[derive(Debug)]
pub(super) struct Members<'a> {
    map: &'a Map<String, Value>,
    pub(super) at: String,
}

pub(super) fn refused(at: impl Into<String>, problem: impl Into<String>) -> Refused {
    Refused {
        at: at.into(),
        problem: problem.into(),
    }
}

impl<'a> Members<'a> {
    /// The object at `at`, which may have these members and no others.
    pub(super) fn of(value: &'a Value, at: &str, names: &[&str]) -> Result<Self, Refused> {
        let map = value
            .as_object()
            .ok_or_else(|| refused(at, "must be an object"))?;
        if let Some(unknown) = map.keys().find(|name| !names.contains(&name.as_str())) {
            let place = join(at, unknown);
            return Err(refused(
                place,
                format!("is unknown; known are {}", names.join(", ")),
            ));
        }
        Ok(Self {
            map,
            at: at.to_owned(),
        })
    }

    pub(super) fn place(&self, name: &str) -> String {
        join(&self.at, name)
    }

    pub(super) fn refuse(&self, name: &str, problem: impl Into<String>) -> Refused {
        refused(self.place(name), problem)
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn opt_text(&self, name: &str) -> Result<Option<&'a str>, Refused> {
        self.get(name)
            .map(|value| value.as_str().ok_or_else(|| self.refuse(name, "must be a text")))
            .transpose()
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, Refused> {
        self.opt_text(name)?
            .ok_or_else(|| self.refuse(name, "is required"))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refused> {
        self.get(name)
            .map(|value| {
                value
                    .as_bool()
                    .ok_or_else(|| self.refuse(name, "must be true or false"))
            })
            .transpose()
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Refused> {
        self.get(name)
            .map(|value| {
                value
                    .as_u64()
                    .ok_or_else(|| self.refuse(name, "must be a whole number"))
            })
            .transpose()
    }

    /// An id as text, as Zoho writes them.
    pub(super) fn id(&self, name: &str) -> Result<Option<u64>, Refused> {
        self.opt_text(name)?
            .map(|text| {
                text.parse()
                    .map_err(|_| self.refuse(name, "must be a number written as text"))
            })
            .transpose()
    }

    /// The items of a list with their places; nothing when it is absent.
    pub(super) fn list(&self, name: &str) -> Result<Vec<(&'a Value, String)>, Refused> {
        let Some(value) = self.get(name) else {
            return Ok(Vec::new());
        };
        let items = value
            .as_array()
            .ok_or_else(|| self.refuse(name, "must be a list"))?;
        let place = self.place(name);
        Ok(items
            .iter()
            .enumerate()
            .map(|(index, item)| (item, format!("{place}[{index}]")))
            .collect())
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Refused> {
        self.list(name)?
            .into_iter()
            .map(|(item, at)| {
                item.as_str()
                    .map(ToOwned::to_owned)
                    .ok_or_else(|| refused(at, "must be a text"))
            })
            .collect()
    }

    /// An object with free names; empty when it is absent.
    pub(super) fn free(&self, name: &str) -> Result<BTreeMap<String, Value>, Refused> {
        let Some(value) = self.get(name) else {
            return Ok(BTreeMap::new());
        };
        let map = value
            .as_object()
            .ok_or_else(|| self.refuse(name, "must be an object"))?;
        Ok(map
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect())
    }

    /// A date-time with offset, or an age such as `-30d`, `-12h`, `-5m`, `-10s` counted from now.
    pub(super) fn instant(&self, name: &str, now: Timestamp) -> Result<Option<Timestamp>, Refused> {
        let Some(text) = self.opt_text(name)? else {
            return Ok(None);
        };
        let parsed = text
            .strip_prefix('-')
            .map_or_else(|| text.parse().ok(), |age| ago(age, now));
        parsed.map(Some).ok_or_else(|| {
            self.refuse(
                name,
                "must be a date-time with offset, or an age such as -30d, -12h, -5m or -10s",
            )
        })
    }
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}

fn ago(age: &str, now: Timestamp) -> Option<Timestamp> {
    let (number, unit) = age.split_at_checked(age.len().checked_sub(1)?)?;
    let seconds = match unit {
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return None,
    };
    let seconds = number.parse::<i64>().ok()?.checked_mul(seconds)?;
    now.checked_sub(SignedDuration::from_secs(seconds)).ok()
}
