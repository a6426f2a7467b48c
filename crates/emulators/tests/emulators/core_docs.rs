//! The page about the emulators names tests that exist.

use std::path::Path;

#[test]
fn every_test_that_the_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("../../docs/emulators.md")).unwrap();
    let mut named = 0;
    for name in page.split('`').skip(1).step_by(2) {
        let Some((module, test)) = name.split_once("::") else {
            continue;
        };
        if !["core_", "graph_", "zoho_"]
            .iter()
            .any(|start| module.starts_with(start))
        {
            continue;
        }
        let file = root.join(format!("tests/emulators/{module}.rs"));
        let source = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(source.contains(&format!("fn {test}()")), "{name} is no test");
        named += 1;
    }
    assert!(named > 100, "only {named} tests are named");
}
