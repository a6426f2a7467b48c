//! Writes a JSON value as YAML in one fixed form, so that generated files differ only when their content does.

use std::fmt::Write as _;

use serde_json::Value;

/// The value as a YAML document, keys in the order of the value.
pub(crate) fn document(value: &Value) -> String {
    let mut out = String::new();
    if is_nested(value) {
        block(&mut out, value, 0);
    } else {
        let _ = writeln!(out, "{}", scalar(value));
    }
    out
}

fn is_nested(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => false,
    }
}

fn block(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                indent(out, depth);
                entry(out, key, member, depth);
            }
        }
        Value::Array(items) => {
            for item in items {
                indent(out, depth);
                out.push_str("- ");
                list_item(out, item, depth);
            }
        }
        _ => {}
    }
}

/// `key: value`, the key being already indented.
fn entry(out: &mut String, key: &str, value: &Value, depth: usize) {
    out.push_str(&text(key));
    if is_nested(value) {
        out.push_str(":\n");
        // Lists stand under their key without an indent, as in most Kubernetes files.
        let deeper = if value.is_array() { depth } else { depth + 1 };
        block(out, value, deeper);
    } else {
        let _ = writeln!(out, ": {}", scalar(value));
    }
}

/// What follows `- `: the first member of an object stands on the same line.
fn list_item(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (position, (key, member)) in members.iter().enumerate() {
                if position > 0 {
                    indent(out, depth + 1);
                }
                entry(out, key, member, depth + 1);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            block(out, value, depth + 1);
        }
        _ => {
            let _ = writeln!(out, "{}", scalar(value));
        }
    }
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Empty lists and objects, numbers, booleans and null are the same in JSON.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(string) => text(string),
        other => other.to_string(),
    }
}

fn text(string: &str) -> String {
    if is_plain(string) {
        string.to_owned()
    } else {
        Value::from(string).to_string()
    }
}

/// Whether every YAML reader takes the bare text for this string and nothing else.
fn is_plain(string: &str) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || " _-./(),;'`<>=".contains(c);
    let word = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    string.starts_with(|c: char| c.is_ascii_alphabetic())
        && !string.ends_with(' ')
        && string.chars().all(safe)
        && !word.contains(&string.to_ascii_lowercase().as_str())
        && string.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_back(text: &str) -> Value {
        serde_saphyr::from_str(text).unwrap()
    }

    #[test]
    fn the_form_is_fixed() {
        let value = json!({ "kind": "A", "list": [{ "a": 1, "b": [] }, "x"], "deep": { "true": "5m: no" } });
        let expected = "deep:\n  \"true\": \"5m: no\"\nkind: A\nlist:\n- a: 1\n  b: []\n- x\n";
        assert_eq!(document(&value), expected);
    }

    #[test]
    fn every_text_is_read_back_as_it_was() {
        for string in [
            "",
            " ",
            "a ",
            "yes",
            "No",
            "~",
            "null",
            "1",
            "1.5",
            ".5",
            ".",
            "..",
            ".inf",
            ".nan",
            "nan",
            "inf",
            "1e3",
            "0x1F",
            "a: b",
            "a #b",
            "- a",
            "? a",
            "'a'",
            "\"a\"",
            "a\nb",
            "a\tb",
            "ü",
            "{a}",
            "[a]",
            "&a",
            "*a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "|",
            ">",
            "a's",
            "<<",
            "=",
            "---",
            "2026-11-23",
            "a, b",
            ".spec.user",
            "^[a-z]$",
        ] {
            let value = json!({ "k": string, "l": [string] });
            let text = document(&value);
            assert_eq!(read_back(&text), value, "{text}");
        }
    }

    #[test]
    fn nested_lists_are_read_back_as_they_were() {
        let value = json!([[1, [2, { "a": { "b": [null, true, -1.5] } }]], [], {}]);
        assert_eq!(read_back(&document(&value)), value);
    }
}
