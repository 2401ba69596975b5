//! `awaitify codemods`: lists the codemods, or shows one.

use anyhow::Result;

use super::Outcome;
use crate::cli::CodemodsArgs;
use crate::config::{builtin, codemod, show};

pub(super) fn run(args: &CodemodsArgs) -> Result<Outcome> {
    let text = match &args.name {
        None => show::list(&builtin::all()),
        Some(name) => show::one(&codemod::named(name)?),
    };
    anstream::print!("{text}");
    Ok(Outcome::Clean)
}
