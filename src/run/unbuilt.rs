//! Flags that are parsed and do nothing yet: better refused than passed over.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::cli::options::{Format, Output};
use crate::cli::{EditArgs, Verify};

/// # Errors
/// Names the first flag that does nothing yet.
pub(super) fn refuse(edits: &EditArgs, output: &Output) -> Result<()> {
    let formats = !matches!(output.format, Format::Human | Format::Json);
    let flags = [
        ("--interactive", edits.interactive),
        ("--verify full", edits.verify == Verify::Full),
        ("--fail-on", !output.fail_on.is_empty()),
        ("--format", formats),
    ];
    match flags.iter().find(|(_, is_given)| *is_given) {
        Some(("--format", _)) => bail!("this `--format` is not built yet for this command; `human` and `json` are"),
        Some((flag, _)) => bail!("`{flag}` is not built yet"),
        None => Ok(()),
    }
}

/// # Errors
/// When a path is `-`, which only `diff` takes, and only alone.
pub(super) fn no_stdin(paths: &[PathBuf]) -> Result<()> {
    if paths.iter().any(|path| path == Path::new("-")) {
        bail!("`-` reads one file from stdin, which only `diff -` does, without other paths");
    }
    Ok(())
}
