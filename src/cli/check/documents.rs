//! Files with objects, document by document.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::api::GROUP;

/// How files with objects end.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// One object of a file.
#[derive(Debug)]
pub(super) struct Document {
    path: String,
    /// The first line of the document in its file, from 1.
    line: usize,
    pub(super) value: Value,
    /// Why it could not be read.
    pub(super) unreadable: Option<String>,
}

/// A path that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {source}", path.display())]
pub(super) struct ReadError {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

impl Document {
    /// A text in it, empty where there is none.
    pub(super) fn text(&self, pointer: &str) -> &str {
        let text = self.value.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default()
    }

    /// Whether it is of the product's group, in whichever version.
    pub(super) fn is_ours(&self) -> bool {
        self.text("/apiVersion").split('/').next() == Some(GROUP)
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.line)
    }
}

/// All documents of files, of folders and what is below them, and of the standard input.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<Document>, ReadError> {
    let mut documents = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|source| of(path, source))?;
            documents.extend(split("<stdin>", &text));
            continue;
        }
        let mut files = Vec::new();
        collect(path, &mut files)?;
        for file in files {
            let text = std::fs::read_to_string(&file).map_err(|source| of(&file, source))?;
            documents.extend(split(&file.display().to_string(), &text));
        }
    }
    Ok(documents)
}

/// The documents of a text, for tests.
#[cfg(test)]
pub(super) fn of_text(path: &str, text: &str) -> Vec<Document> {
    split(path, text)
}

fn of(path: &Path, source: std::io::Error) -> ReadError {
    ReadError {
        path: path.to_owned(),
        source,
    }
}

/// A file as it is named; below a folder those that end like files with objects, hidden ones aside.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), ReadError> {
    let fail = |source| of(path, source);
    if !std::fs::metadata(path).map_err(fail)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).map_err(fail)? {
        entries.push(entry.map_err(fail)?.path());
    }
    entries.sort();
    for entry in entries {
        let is_hidden = entry
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let is_wanted = entry
            .extension()
            .is_some_and(|end| ENDINGS.iter().any(|wanted| end.eq_ignore_ascii_case(wanted)));
        // A link could lead round in a circle.
        let kind = std::fs::symlink_metadata(&entry).map_err(|source| of(&entry, source))?;
        if !is_hidden && (kind.is_dir() || (is_wanted && entry.is_file())) {
            collect(&entry, files)?;
        }
    }
    Ok(())
}

/// The documents of a text. Three hyphens at the begin of a line separate them, wherever they stand.
fn split(path: &str, text: &str) -> Vec<Document> {
    let mut documents = Vec::new();
    let mut lines: Vec<&str> = Vec::new();
    let mut first = 1;
    for (number, line) in text.lines().enumerate() {
        let rest = line.strip_prefix("---");
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t'])) {
            documents.extend(parsed(path, first, &lines));
            // What follows the hyphens belongs to the document, with their room left as it was.
            lines = vec![rest.unwrap_or_default()];
            first = number + 1;
        } else {
            lines.push(line);
        }
    }
    documents.extend(parsed(path, first, &lines));
    documents
}

fn parsed(path: &str, first: usize, lines: &[&str]) -> Vec<Document> {
    let has_content = |line: &&str| {
        let text = line.trim();
        !text.is_empty() && !text.starts_with('#')
    };
    let Some(skipped) = lines.iter().position(has_content) else {
        return Vec::new();
    };
    let document = |value, unreadable| Document {
        path: path.to_owned(),
        line: first + skipped,
        value,
        unreadable,
    };
    match serde_saphyr::from_str::<Value>(&lines.join("\n")) {
        Ok(Value::Object(mut list)) if list.contains_key("items") && is_list(&list) => {
            let items = list.remove("items");
            let items = items.and_then(|items| match items {
                Value::Array(items) => Some(items),
                _ => None,
            });
            let items = items.unwrap_or_default();
            items.into_iter().map(|item| document(item, None)).collect()
        }
        Ok(value) => vec![document(value, None)],
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().next().unwrap_or_default();
            vec![document(Value::Null, Some(format!("it is no YAML: {why}")))]
        }
    }
}

fn is_list(members: &serde_json::Map<String, Value>) -> bool {
    let kind = members.get("kind").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.ends_with("List"))
}

#[cfg(test)]
#[path = "documents_tests.rs"]
mod tests;
