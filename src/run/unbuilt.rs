//! Flags that are parsed and do nothing yet: better refused than passed over.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::cli::{EditArgs, Verify};

/// # Errors
/// Names the first flag that does nothing yet.
pub(super) fn refuse(edits: &EditArgs) -> Result<()> {
    let flags = [("--verify full", edits.verify == Verify::Full)];
    match flags.iter().find(|(_, is_given)| *is_given) {
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
