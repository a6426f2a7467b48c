//! The command line.

use clap::{Parser, Subcommand};

/// Tasks of the project.
#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Show the product at work: a real Kubernetes API, emulated Microsoft 365 and Zoho CRM, and the operator
    Demo {
        /// Verify the end state instead of staying, and fail when anything is not as it has to be
        #[arg(long)]
        check: bool,
        /// Leave the folder with logs and kubeconfigs behind
        #[arg(long)]
        keep: bool,
    },
    /// Run all tests and sum up what they saw
    Test {
        /// Run only the tests whose names contain this
        filter: Option<String>,
    },
    /// Play histories of the sync against both emulators, in one process and from one seed
    Simulate {
        /// How many histories, one a seed
        #[arg(long, default_value_t = 1_000)]
        histories: u64,
        /// The first seed
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// Plant a bug on purpose, to see it found; `list` tells which there are
        #[arg(long)]
        bug: Option<String>,
        /// What else the program takes, such as --count or --trace
        #[arg(last = true)]
        more: Vec<String>,
    },
    /// Start the demo's surroundings in the background for development
    Up {
        /// Start all but the operator, and say how to run it
        #[arg(long)]
        no_operator: bool,
    },
    /// End what `up` started
    Down,
    /// Measure, and print the figures as JSON
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
    /// Write all generated files
    Gen,
    /// Format, lints, generated files, links, file lengths and dependencies
    Check,
    /// What `up` runs in the background
    #[command(hide = true)]
    Serve {
        #[arg(long)]
        no_operator: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// First syncs of contacts: calls, credits, time on the simulated clock beside their least, and idle cycles
    Contacts {
        /// Numbers of contacts, measured one after the other
        #[arg(default_values_t = [1_000, 10_000])]
        contacts: Vec<u32>,
    },
    /// The operator with many converged resources: memory, processor, writes, calls, and the cost of a restart
    Rest {
        /// Numbers of resources, measured one after the other
        #[arg(default_values_t = [1_000, 10_000])]
        resources: Vec<u32>,
        /// Measure the development build: quick to make, and its figures are no match for the goals
        #[arg(long)]
        dev: bool,
        /// How many minutes to watch it; every sync runs every five by default, so the least is one interval and a bit
        #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(6..))]
        minutes: u32,
    },
}
