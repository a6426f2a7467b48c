//! Reads the contract files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::spec::{Dialect, Spec};
use super::{ContractError, Loaded, extra};

const GRAPH: Dialect = Dialect {
    prefix: "/v1.0",
    closed: (true, true),
    annotations: true,
    common: &[],
};

/// Zoho's answers are left as published: it adds members without notice.
const ZOHO: Dialect = Dialect {
    prefix: "/crm/v8",
    closed: (true, false),
    annotations: false,
    // Every call may answer these, although several operations do not list them (see the contract's notes).
    common: &[("401", ZOHO_ERROR), ("403", ZOHO_ERROR), ("429", ZOHO_ERROR)],
};

const ZOHO_ERROR: &str = "#/components/schemas/Patch_FlatError";

const EXTRA: Dialect = Dialect {
    prefix: "",
    closed: (false, false),
    annotations: false,
    common: &[],
};

/// What was read, by directory.
static READ: Mutex<BTreeMap<PathBuf, Arc<Vec<Loaded>>>> = Mutex::new(BTreeMap::new());

/// The contracts of a directory, with the validators that were compiled for whoever asked first.
pub(super) fn services(directory: &Path) -> Result<Arc<Vec<Loaded>>, ContractError> {
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(loaded) = read.get(directory) {
        return Ok(Arc::clone(loaded));
    }
    let loaded = Arc::new(read_all(directory)?);
    read.insert(directory.to_owned(), Arc::clone(&loaded));
    Ok(loaded)
}

fn read_all(directory: &Path) -> Result<Vec<Loaded>, ContractError> {
    let graph = read(directory.join("graph/graph-v1.0.json"))?;
    let zoho = zoho(directory)?;
    let loaded = |service, document: &Value, dialect, follow_ups| {
        let specs = [
            Spec::read(service, document, dialect)?,
            Spec::read(&format!("{service}-extra"), &extra::document(service), EXTRA)?,
        ];
        Ok(Loaded {
            service,
            specs,
            follow_ups,
        })
    };
    Ok(vec![
        loaded("graph", &graph, GRAPH, true)?,
        loaded("zoho", &zoho, ZOHO, false)?,
    ])
}

fn zoho(directory: &Path) -> Result<Value, ContractError> {
    let mut document = read(directory.join("zoho/zoho-crm-v8.json"))?;
    let path = directory.join("zoho/zoho-crm-v8.corrections.json");
    let corrections: json_patch::Patch =
        serde_json::from_value(read(path.clone())?).map_err(|source| ContractError::Parse {
            path: path.clone(),
            source,
        })?;
    json_patch::patch(&mut document, &corrections).map_err(|source| ContractError::Patch { path, source })?;
    Ok(document)
}

fn read(path: PathBuf) -> Result<Value, ContractError> {
    let bytes = std::fs::read(&path).map_err(|source| ContractError::Read {
        path: path.clone(),
        source,
    })?;
    serde_json::from_slice(&bytes).map_err(|source| ContractError::Parse { path, source })
}
