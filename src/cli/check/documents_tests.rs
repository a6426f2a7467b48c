//! Tests of how files are taken apart.

use super::*;

fn shown(text: &str) -> Vec<(String, String)> {
    let documents = split("a.yaml", text);
    let shown = |document: &Document| (document.to_string(), document.value.to_string());
    documents.iter().map(shown).collect()
}

#[test]
fn each_document_has_the_line_of_its_begin() {
    let text =
        "# Licence\n\n---\n# about a\na: 1\n---\n\n---\n--- # b\nb: |\n  ---\n  text\n...\n---   {c: 3}\n";
    let expected = [
        ("a.yaml:5", r#"{"a":1}"#),
        ("a.yaml:10", r#"{"b":"---\ntext\n"}"#),
        ("a.yaml:14", r#"{"c":3}"#),
    ];
    assert_eq!(
        shown(text),
        expected.map(|(at, value)| (at.to_owned(), value.to_owned()))
    );
}

#[test]
fn a_list_is_its_items_and_what_is_no_yaml_is_told() {
    let list = shown("kind: List\nitems: [{a: 1}, {b: 2}]\n");
    assert_eq!(list.len(), 2);
    let json = shown("{\"a\": \"b\"}");
    assert_eq!(json[0].1, r#"{"a":"b"}"#);
    for wrong in ["a: [1\n", "a: 1\na: 2\n"] {
        let documents = split("a.yaml", wrong);
        let why = documents[0].unreadable.as_ref().unwrap();
        assert!(why.starts_with("it is no YAML"), "{why}");
    }
}

#[test]
fn folders_are_read_with_all_that_is_below_them_but_what_is_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["deep/er", ".git"] {
        std::fs::create_dir_all(path(name)).unwrap();
    }
    for name in [
        "b.yaml",
        "a.json",
        "deep/er/c.yml",
        ".git/d.yaml",
        "README.md",
        ".hidden.yaml",
    ] {
        std::fs::write(path(name), "a: 1\n").unwrap();
    }
    let documents = read(&[folder.path().to_owned()]).unwrap();
    let found: Vec<String> = documents.iter().map(ToString::to_string).collect();
    let expected = ["a.json", "b.yaml", "deep/er/c.yml"].map(|name| format!("{}:1", path(name).display()));
    assert_eq!(found, expected);
    let named = read(&[path("README.md")]).unwrap();
    assert_eq!(named.len(), 1, "a file that is named is read whatever its name");
    let missing = read(&[path("nothing.yaml")]).unwrap_err();
    assert!(missing.to_string().contains("nothing.yaml"), "{missing}");
}
