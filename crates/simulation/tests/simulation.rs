//! Five hundred histories, each with its own world, people, faults and crashes; and that a seed is a history.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use serde_json::json;
use simulation::{Failure, Figures, Played, history, play, shrink};

/// How many smaller histories are tried before a failure is shown.
const TRIES: u32 = 300;

/// Plays the histories of these seeds and leaves a report; the first one that breaks a requirement is made smaller
/// and shown.
fn all_keep(seeds: Range<u64>) {
    let name = format!("simulation-{}", seeds.start);
    let mut figures = Figures::default();
    let mut counters: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
    for seed in seeds {
        let history = history(seed);
        let played = play(&history).unwrap();
        figures += played.figures;
        for (service, counts) in &played.counters {
            let sums = counters.entry(service).or_default();
            for (counter, count) in counts {
                *sums.entry(counter.clone()).or_default() += count;
            }
        }
        if !played.findings.is_empty() {
            show(shrink(Failure { history, played }, TRIES));
        }
    }
    eprintln!("{figures}");
    assert!(
        figures.checks > 0 && figures.crashes > 0 && figures.upsets > 0,
        "{figures}"
    );
    report(&name, figures, &counters);
}

fn show(failure: Failure) -> ! {
    let Failure { history, played } = failure;
    let Played { findings, trace, .. } = played;
    panic!(
        "seed {}: the smallest history that was found\n{history:#?}\n\n{}\n\n{findings:#?}\n\nto play it whole: cargo xtask simulate --histories 1 --seed {}",
        history.seed,
        trace.join("\n"),
        history.seed,
    );
}

/// For `cargo xtask test`.
fn report(name: &str, figures: Figures, counters: &BTreeMap<&str, BTreeMap<String, u64>>) {
    let Some(folder) = std::env::var_os("CRMLINK_TEST_REPORTS") else {
        return;
    };
    let report = json!({
        "contracts": {"checked": figures.contracts, "violations": figures.violations},
        "counters": counters,
    });
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        Path::new(&folder).join(format!("{name}.json")),
        report.to_string(),
    )
    .unwrap();
}

#[test]
fn n1_n2_n5_n6_n9_the_first_hundred_histories_keep_every_requirement() {
    all_keep(0..100);
}

#[test]
fn n1_n2_n5_n6_n9_the_second_hundred_histories_keep_every_requirement() {
    all_keep(100..200);
}

#[test]
fn n1_n2_n5_n6_n9_the_third_hundred_histories_keep_every_requirement() {
    all_keep(200..300);
}

#[test]
fn n1_n2_n5_n6_n9_the_fourth_hundred_histories_keep_every_requirement() {
    all_keep(300..400);
}

#[test]
fn n1_n2_n5_n6_n9_the_fifth_hundred_histories_keep_every_requirement() {
    all_keep(400..500);
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..40 {
        let (first, second) = (play(&history(seed)).unwrap(), play(&history(seed)).unwrap());
        let differs = first.trace.iter().zip(&second.trace).position(|(a, b)| a != b);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(first.trace.len(), second.trace.len(), "seed {seed}");
    }
}

#[test]
fn contracts_are_at_hand_in_continuous_integration() {
    if simulation::contracts().is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "there are no contracts; name their folder in CRMLINK_CONTRACTS"
        );
        eprintln!("no contracts: requests and answers are not held against them");
    }
}
