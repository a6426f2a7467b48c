//! The API server's audit log, which tells who wrote what: a test can count the writes of the operator.

use std::path::Path;

use serde_json::Value;

use crate::error::{Doing, Error, Result};

/// An audit policy that records every write once, when it is answered, without bodies.
pub const WRITES: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
  - level: Metadata
    verbs: [create, update, patch, delete, deletecollection]
  - level: None
";

/// One audited request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `create`, `update`, `patch`, `delete`, ...
    pub verb: String,
    /// Who asked, such as `system:serviceaccount:crmlink:crmlink`.
    pub user: String,
    /// The API group, empty for the core group.
    pub group: String,
    /// The resource, in plural.
    pub resource: String,
    /// The subresource, such as `status`; empty for the object itself.
    pub subresource: String,
    /// The namespace; empty for resources of the whole cluster.
    pub namespace: String,
    /// The object's name; empty where the server chose it.
    pub name: String,
    /// The HTTP status of the answer.
    pub code: u16,
}

/// Reads the log that [`crate::ControlPlane::audit_log`] names. A last line that is still being written is left out.
///
/// # Errors
/// When the log cannot be read or holds something else.
pub fn read(path: &Path) -> Result<Vec<Entry>> {
    let text = std::fs::read_to_string(path).doing(|| format!("reading {}", path.display()))?;
    let complete = text.rfind('\n').map_or("", |end| &text[..end]);
    complete
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let event: Value = serde_json::from_str(line).map_err(|error| Error::Audit {
                path: path.to_path_buf(),
                detail: error.to_string(),
            })?;
            Ok(entry(&event))
        })
        .collect()
}

fn entry(event: &Value) -> Entry {
    let text = |pointer: &str| {
        event
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let code = event
        .pointer("/responseStatus/code")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    Entry {
        verb: text("/verb"),
        user: text("/user/username"),
        group: text("/objectRef/apiGroup"),
        resource: text("/objectRef/resource"),
        subresource: text("/objectRef/subresource"),
        namespace: text("/objectRef/namespace"),
        name: text("/objectRef/name"),
        code: u16::try_from(code).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_complete_lines_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let line = r#"{"verb":"patch","user":{"username":"u"},"objectRef":{"apiGroup":"crmlink.dev",
            "resource":"crmtenants","subresource":"status","namespace":"n","name":"t"},"responseStatus":{"code":200}}"#
            .replace('\n', "");
        std::fs::write(&path, format!("{line}\n{{\"verb\":")).unwrap();
        let entries = read(&path).unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(
            (entries[0].subresource.as_str(), entries[0].code),
            ("status", 200)
        );
    }

    #[test]
    fn a_foreign_line_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        std::fs::write(&path, "no JSON\n").unwrap();
        assert!(matches!(read(&path), Err(Error::Audit { .. })));
    }
}
