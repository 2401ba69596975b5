//! From paths and flags to verified new texts: what `diff` and `apply` share.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::output::say;
use super::unbuilt;
use crate::analysis::{self, Analysis, Request, Rewritten};
use crate::cli::Console;
use crate::cli::options::{KeepGoing, Overrides, Selection};
use crate::config::flags::Flags;
use crate::verify;

/// Analyzes, rewrites and verifies.
pub(super) fn migrate(
    console: &Console,
    selection: &Selection,
    overrides: &Overrides,
) -> Result<(Analysis, Vec<Rewritten>)> {
    unbuilt::no_stdin(&selection.paths)?;
    let flags = overrides.flags(selection);
    carry_out(console, selection, request(selection, &flags))
}

pub(super) fn request<'a>(selection: &'a Selection, flags: &'a Flags) -> Request<'a> {
    Request { paths: &selection.paths, flags, since: selection.since.as_deref(), config_of: None }
}

/// The one file that is read from stdin, in a project of its own with the config of the current folder.
pub(super) fn migrate_stdin(
    console: &Console,
    selection: &Selection,
    overrides: &Overrides,
) -> Result<(Analysis, Vec<Rewritten>)> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let path = folder.path().join("stdin.py");
    let mut bytes = vec![];
    std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read stdin")?;
    std::fs::write(&path, bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
    let flags = overrides.flags(selection);
    let request = Request { paths: &[path], flags: &flags, since: None, config_of: Some(Path::new(".")) };
    carry_out(console, selection, request)
}

fn carry_out(console: &Console, selection: &Selection, request: Request) -> Result<(Analysis, Vec<Rewritten>)> {
    let mut analysis = analysis::answer(request)?;
    if selection.keep_going == KeepGoing::No
        && let Some(problem) = analysis.unreadable.first()
    {
        bail!("{problem}");
    }
    let rewritten = analysis::rewrite_all(&mut analysis)?;
    let failures = analysis::verify_all(&analysis, &rewritten);
    if !failures.is_empty() {
        bail!("{}", failed_checks(&analysis, &failures));
    }
    for problem in analysis.problems.iter().chain(&analysis.unreadable) {
        say(console, &format!("{problem}\n"));
    }
    Ok((analysis, rewritten))
}

fn failed_checks(analysis: &Analysis, failures: &[verify::Failure]) -> String {
    let mut out = String::from(
        "a check of awaitify's own work failed, so nothing was shown or written. This is a bug: please report these lines\n",
    );
    for failure in failures.iter().take(20) {
        let line = analysis
            .project
            .files
            .iter()
            .find(|file| file.relative == failure.path)
            .and_then(|file| std::fs::read(&file.path).ok())
            .map_or(0, |bytes| {
                let end = bytes.len().min(usize::from(failure.offset));
                bytes[..end].iter().filter(|byte| **byte == b'\n').count() + 1
            });
        out += &format!("  {}:{line}: {}: {}\n", failure.path, failure.check.name(), failure.message);
    }
    if failures.len() > 20 {
        out += &format!("  and {} more\n", failures.len() - 20);
    }
    out
}
