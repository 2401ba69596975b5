//! The awaitify command.

use std::process::ExitCode;

use awaitify::cli::Args;
use clap::Parser as _;

fn main() -> ExitCode {
    let args = Args::parse();
    match awaitify::run::run(&args) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            anstream::eprintln!("awaitify: {error:#}");
            ExitCode::from(2)
        }
    }
}
