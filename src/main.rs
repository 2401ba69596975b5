//! The awaitify command.

use std::process::ExitCode;

use awaitify::cli::Args;
use awaitify::interrupt;
use clap::Parser as _;

fn main() -> ExitCode {
    let args = Args::parse();
    match awaitify::run::run(&args) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            anstream::eprintln!("awaitify: {error:#}");
            ExitCode::from(if interrupt::is_requested() { interrupt::EXIT_CODE } else { 2 })
        }
    }
}
