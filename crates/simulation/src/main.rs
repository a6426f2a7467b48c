//! Plays many histories and shows the first that breaks a requirement, as small as it can be made.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use simulation::{BUGS, Bug, Failure, Figures, Played, SetupError, history, play, shrink};

/// Play histories of the sync against both emulators.
#[derive(Debug, Parser)]
#[command(name = "simulation", bin_name = "cargo xtask simulate")]
struct Cli {
    /// How many histories, one a seed
    #[arg(long, default_value_t = 1_000)]
    histories: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Plant a bug on purpose; `list` tells which there are
    #[arg(long)]
    bug: Option<String>,
    /// Go on after a failure, and only count
    #[arg(long)]
    count: bool,
    /// Print the trace of every history
    #[arg(long)]
    trace: bool,
    /// How many smaller histories to try after a failure
    #[arg(long, default_value_t = 600)]
    tries: u32,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(name) = &cli.bug
        && !Bug::named(name).is_some_and(Bug::plant)
    {
        return no_such(name);
    }
    match run(&cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn no_such(name: &str) -> ExitCode {
    for bug in BUGS {
        println!("{:22} {}", bug.name, bug.what);
    }
    if name == "list" {
        return ExitCode::SUCCESS;
    }
    let known = BUGS.iter().any(|bug| bug.name == name);
    let why = if known {
        "needs a program that was built with the feature planted-bugs"
    } else {
        "is not in this list"
    };
    eprintln!("error: {name} {why}");
    ExitCode::FAILURE
}

/// Whether every history kept every requirement.
fn run(cli: &Cli) -> Result<bool, SetupError> {
    let began = Instant::now();
    let mut total = Figures::default();
    let mut failed = Vec::new();
    for seed in cli.seed..cli.seed.saturating_add(cli.histories) {
        let history = history(seed);
        let played = play(&history)?;
        total += played.figures;
        if cli.trace {
            println!("seed {seed}\n{}", played.trace.join("\n"));
        }
        if let Some(finding) = played.findings.first() {
            if !cli.count {
                show(shrink(Failure { history, played }, cli.tries));
                return Ok(false);
            }
            println!("seed {seed}: {finding}");
            failed.push(seed);
        }
    }
    let took = began.elapsed().as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "a figure to look at")]
    let rate = cli.histories as f64 / took.max(0.001);
    println!(
        "{} histories in {took:.1} s ({rate:.0} a second), {} failed; {total}",
        cli.histories,
        failed.len()
    );
    Ok(failed.is_empty())
}

fn show(failure: Failure) {
    let Failure { history, played } = failure;
    let Played { findings, trace, .. } = played;
    println!(
        "seed {}: the smallest history that was found\n{history:#?}\n",
        history.seed
    );
    println!("{}\n", trace.join("\n"));
    for finding in findings {
        println!("{finding}");
    }
    println!(
        "\nto play the whole history again: cargo xtask simulate --histories 1 --seed {} --trace",
        history.seed
    );
}
