//! From paths and flags to verified new texts: what `diff` and `apply` share.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use super::choose::{self, Groups};
use super::output::say;
use crate::analysis::again::{self, Extent};
use crate::analysis::{self, Analysis, Request, Rewritten};
use crate::cli::options::{KeepGoing, Overrides, Selection};
use crate::cli::{Console, EditArgs, Verify};
use crate::config::flags::Flags;
use crate::group::GroupId;
use crate::verify;

/// What a user asks for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub console: &'a Console,
    pub selection: &'a Selection,
    pub edits: &'a EditArgs,
    pub overrides: &'a Overrides,
}

/// A project and what is to become of it.
pub(super) struct Migration {
    pub analysis: Analysis,
    pub rewritten: Vec<Rewritten>,
    pub groups: Groups,
    /// The groups that are carried out, when they are not all of them.
    pub chosen: Option<Vec<GroupId>>,
    /// Holds what was read from stdin.
    _folder: Option<TempDir>,
}

/// Analyzes, rewrites and verifies.
pub(super) fn migrate(wanted: Wanted) -> Result<Migration> {
    no_stdin(&wanted.selection.paths)?;
    let flags = wanted.overrides.flags(wanted.selection);
    carry_out(wanted, request(wanted.selection, &flags), None)
}

/// # Errors
/// When a path is `-`, which only `diff` takes, and only alone.
pub(super) fn no_stdin(paths: &[PathBuf]) -> Result<()> {
    if paths.iter().any(|path| path == Path::new("-")) {
        bail!("`-` reads one file from stdin, which only `diff -` does, without other paths");
    }
    Ok(())
}

pub(super) fn request<'a>(selection: &'a Selection, flags: &'a Flags) -> Request<'a> {
    Request { paths: &selection.paths, flags, since: selection.since.as_deref(), config_of: None }
}

/// The one file that is read from stdin, in a project of its own with the config of the current folder.
pub(super) fn migrate_stdin(wanted: Wanted) -> Result<Migration> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let path = folder.path().join("stdin.py");
    let mut bytes = vec![];
    std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read stdin")?;
    std::fs::write(&path, bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
    let flags = wanted.overrides.flags(wanted.selection);
    let request = Request { paths: &[path], flags: &flags, since: None, config_of: Some(Path::new(".")) };
    carry_out(wanted, request, Some(folder))
}

fn carry_out(wanted: Wanted, request: Request, folder: Option<TempDir>) -> Result<Migration> {
    let mut migration = unverified(request)?;
    migration._folder = folder;
    if wanted.selection.keep_going == KeepGoing::No
        && let Some(problem) = migration.analysis.unreadable.first()
    {
        bail!("{problem}");
    }
    match choose::by_flags(&migration.groups.named, &wanted.selection.only, wanted.edits)? {
        Some(chosen) => migration.choose(&chosen)?,
        None => verified(&migration.analysis, &migration.rewritten)?,
    }
    if wanted.edits.verify == Verify::Full {
        let extent = if migration.chosen.is_none() { Extent::Whole } else { Extent::Part };
        let failures = again::check(request, &migration.analysis, &migration.rewritten, extent)?;
        refuse(&migration.analysis, &failures)?;
    }
    for problem in migration.analysis.problems.iter().chain(&migration.analysis.unreadable) {
        say(wanted.console, &format!("{problem}\n"));
    }
    Ok(migration)
}

/// Analyzes, rewrites and verifies, without a choice.
pub(super) fn plain(request: Request) -> Result<Migration> {
    let migration = unverified(request)?;
    verified(&migration.analysis, &migration.rewritten)?;
    Ok(migration)
}

fn unverified(request: Request) -> Result<Migration> {
    let mut analysis = analysis::answer(request)?;
    let rewritten = analysis::rewrite_all(&mut analysis)?;
    let groups = Groups::of(&analysis, &rewritten);
    Ok(Migration { analysis, rewritten, groups, chosen: None, _folder: None })
}

/// # Errors
/// What a check of our own work found.
pub(super) fn verified(analysis: &Analysis, rewritten: &[Rewritten]) -> Result<()> {
    refuse(analysis, &analysis::verify_all(analysis, rewritten))
}

fn refuse(analysis: &Analysis, failures: &[verify::Failure]) -> Result<()> {
    if failures.is_empty() { Ok(()) } else { bail!("{}", failed_checks(analysis, failures)) }
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
