//! The tiers, from the cheap to the dear.

use std::collections::BTreeSet;

use serde_json::Value;

/// Integration tiers of which the order is known; others run before them.
const LAST: [&str; 7] = [
    "property",
    "simulation",
    "chart",
    "admission",
    "reconcile",
    "faults",
    "end_to_end",
];

/// One run of cargo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tier {
    /// The tests inside the crates.
    Unit,
    /// The examples in the documentation of the code.
    Doc,
    /// One binary of integration tests.
    Integration(String),
}

impl Tier {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Unit => "unit",
            Self::Doc => "doc",
            Self::Integration(name) => name,
        }
    }

    /// Always the whole workspace: a choice of packages could choose other features and build everything again.
    pub(super) fn arguments(&self) -> Vec<String> {
        let own: &[&str] = match self {
            Self::Unit => &["--lib", "--bins"],
            Self::Doc => &["--doc"],
            Self::Integration(name) => &["--test", name],
        };
        let all = ["test", "--workspace", "--locked", "--no-fail-fast"];
        all.iter().chain(own).map(|word| (*word).to_owned()).collect()
    }
}

/// All tiers of the workspace.
pub(super) fn all(metadata: &Value) -> Vec<Tier> {
    let targets = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|package| package["targets"].as_array().into_iter().flatten());
    let tests: BTreeSet<&str> = targets
        .filter(|target| {
            target["kind"]
                .as_array()
                .is_some_and(|kinds| kinds.iter().any(|kind| kind == "test"))
        })
        .filter_map(|target| target["name"].as_str())
        .collect();
    let others = tests.iter().copied().filter(|name| !LAST.contains(name));
    let last = LAST.into_iter().filter(|name| tests.contains(name));
    let integration = others.chain(last).map(|name| Tier::Integration(name.to_owned()));
    [Tier::Unit, Tier::Doc].into_iter().chain(integration).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_integration_binary_is_a_tier_and_the_dear_ones_come_last() {
        let target = |name: &str, kind: &str| json!({ "name": name, "kind": [kind] });
        let metadata = json!({ "packages": [
            { "targets": [target("crmlink", "lib"), target("end_to_end", "test"), target("chart", "test")] },
            { "targets": [target("it", "test"), target("it", "bench")] },
        ] });
        let tiers = all(&metadata);
        let names: Vec<&str> = tiers.iter().map(Tier::name).collect();
        assert_eq!(names, ["unit", "doc", "it", "chart", "end_to_end"]);
    }
}
