//! The world file: what is there before the operator comes.

use serde_json::Value;

use super::service::{Refused, Service};

/// Reads a world from YAML (of which JSON is a part).
///
/// # Errors
/// If it is no YAML.
pub fn parse(text: &str) -> Result<Value, Refused> {
    serde_saphyr::from_str(text).map_err(|error| Refused {
        at: "world".to_owned(),
        problem: error.to_string(),
    })
}

/// Gives each service its section.
///
/// # Errors
/// Names the first member that cannot be used.
pub fn seed(world: &Value, graph: &dyn Service, zoho: &dyn Service) -> Result<(), Refused> {
    let refused = |at: &str, problem: &str| Refused {
        at: at.to_owned(),
        problem: problem.to_owned(),
    };
    let sections = world
        .as_object()
        .ok_or_else(|| refused("world", "has to be an object"))?;
    if let Some(unknown) = sections
        .keys()
        .find(|name| !["office365", "crm"].contains(&name.as_str()))
    {
        return Err(refused(unknown, "unknown section; expected office365 and crm"));
    }
    for (name, service) in [("office365", graph), ("crm", zoho)] {
        if let Some(section) = sections.get(name) {
            service.seed(section)?;
        }
    }
    Ok(())
}
