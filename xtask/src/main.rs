//! Tasks of the project, run as `cargo xtask TASK`.

mod bench;
mod binaries;
mod check;
mod cli;
mod demo;
mod environment;
mod error;
mod generate;
mod never;
mod process;
mod say;
mod signals;
mod simulate;
mod testing;
mod up;
mod workspace;

use std::{future::Future, process::ExitCode};

use clap::Parser;
use tokio::runtime::Runtime;

use crate::{
    cli::{Bench, Cli, Task},
    error::{Doing, Result},
};

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    match &cli.task {
        Task::Demo { check, keep } => wait_for(demo::run(*check, *keep)),
        Task::Test { filter } => testing::run_all(filter.as_deref()),
        Task::Simulate {
            histories,
            seed,
            bug,
            more,
        } => simulate::run(*histories, *seed, bug.as_deref(), more),
        Task::Up { no_operator } => up::up(!no_operator),
        Task::Down => up::down(),
        Task::Serve { no_operator } => wait_for(up::serve(!no_operator)),
        Task::Bench {
            what:
                Bench::Rest {
                    resources,
                    dev,
                    minutes,
                },
        } => wait_for(bench::rest(resources, *dev, *minutes)),
        Task::Bench {
            what: Bench::Contacts { contacts },
        } => simulate::bench(contacts),
        Task::Gen => generate::write(),
        Task::Check => check::all(),
    }
}

/// Runs a task that waits for others; what still builds in the background then is not waited for.
fn wait_for(task: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = Runtime::new().doing(|| "starting the async runtime".to_owned())?;
    let result = runtime.block_on(task);
    runtime.shutdown_background();
    result
}
