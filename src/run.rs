//! The commands: each takes the stages it needs, in order, prints, and writes last.

mod choose;
mod interactive;
mod migrate;
mod notes;
mod plan;
mod output;
mod diff;
mod apply;
mod why;
mod batch;
mod init;
mod check;
mod undo;
mod codemods;

use std::num::NonZeroUsize;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::cli::{Args, Command};
use crate::interrupt;

/// What a run ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to do, or done.
    Clean,
    /// Changes are pending, or there are findings.
    Pending,
    /// Something could not be read, or a check failed.
    Failed,
    /// Ctrl-C; what had begun was put back.
    Interrupted,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Clean => ExitCode::SUCCESS,
            Outcome::Pending => ExitCode::from(1),
            Outcome::Failed => ExitCode::from(2),
            Outcome::Interrupted => ExitCode::from(interrupt::EXIT_CODE),
        }
    }
}

/// Deeply nested code is walked by recursion: [`crate::py::source::too_deep`] lets pass what these stacks hold.
const MAIN_STACK: usize = 16 << 20;
const WORKER_STACK: usize = 8 << 20;

/// Runs the command.
///
/// # Errors
/// Bad config, I/O, or a check of our own work that failed; main prints them and exits with 2.
pub fn run(args: &Args) -> Result<Outcome> {
    interrupt::listen();
    rayon::ThreadPoolBuilder::new()
        .num_threads(args.console.jobs.map_or(0, NonZeroUsize::get))
        .stack_size(WORKER_STACK)
        .build_global()
        .context("cannot start the threads")?;
    std::thread::scope(|scope| {
        let main = std::thread::Builder::new().stack_size(MAIN_STACK).spawn_scoped(scope, || run_command(args));
        let main = main.context("cannot start the threads")?;
        main.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn run_command(args: &Args) -> Result<Outcome> {
    match &args.command {
        Command::Diff(diff) => diff::run(&args.console, diff),
        Command::Apply(apply) => apply::run(&args.console, apply),
        Command::Why(why) => why::run(why),
        Command::Undo(undo) => undo::run(&args.console, undo),
        Command::Codemods(codemods) => codemods::run(codemods),
        Command::Check(check) => check::run(&args.console, check),
        Command::Batch(batch) => batch::run(&args.console, batch),
        Command::Init(init) => init::run(&args.console, init),
    }
}
