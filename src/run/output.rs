//! Where results go: data to stdout or `--output`, everything else to stderr.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::Outcome;
use super::migrate::Migration;
use crate::analysis::{Analysis, Rewritten};
use crate::check::Finding;
use crate::cli::Console;
use crate::cli::options::{Format, Output};
use crate::report::{self, diff, findings, json, text};

pub(super) fn say(console: &Console, text: &str) {
    if !console.quiet {
        anstream::eprint!("{text}");
    }
}

/// Writes data to stdout or to `--output`.
pub(super) fn emit(output: &Output, bytes: &[u8]) -> Result<()> {
    match &output.output {
        Some(path) => std::fs::write(path, bytes).with_context(|| format!("cannot write `{}`", path.display())),
        None => match std::io::stdout().lock().write_all(bytes) {
            // `awaitify diff | head` closes the pipe early.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            result => result.context("cannot write to stdout"),
        },
    }
}

pub(super) fn diff_of(analysis: &Analysis, rewritten: &[Rewritten], color: diff::Color) -> Vec<u8> {
    let base = diff_base(analysis, rewritten);
    let mut out = vec![];
    for done in rewritten {
        let path = &analysis.project.file(done.file).path;
        let blocks = diff::blocks(&done.source.text, &done.edits);
        let shown = path.strip_prefix(&base).unwrap_or(path);
        out.extend(diff::unified(shown, &done.before, &done.after, Some(&blocks), color));
    }
    out
}

/// The folder that paths in the diff start from: the current one, where `git apply` will look, else the project's root.
pub(super) fn diff_base(analysis: &Analysis, rewritten: &[Rewritten]) -> PathBuf {
    let current = std::env::current_dir().and_then(std::fs::canonicalize);
    let holds_all =
        |folder: &PathBuf| rewritten.iter().all(|done| analysis.project.file(done.file).path.starts_with(folder));
    current.ok().filter(holds_all).unwrap_or_else(|| analysis.project.root.clone())
}

pub(super) fn color_of(console: &Console, output: &Output) -> diff::Color {
    use crate::cli::Color;
    let terminal = || {
        output.output.is_none()
            && std::io::IsTerminal::is_terminal(&std::io::stdout())
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
    };
    match console.color {
        Color::Always => diff::Color::Always,
        Color::Auto if terminal() => diff::Color::Always,
        Color::Auto | Color::Never => diff::Color::Never,
    }
}

pub(super) fn report(migration: &Migration, notes: &[Finding], output: &Output, console: &Console) -> Result<()> {
    let Migration { analysis, groups, chosen, .. } = migration;
    let world = analysis.world();
    let counts = analysis.counts();
    match output.format {
        Format::Json => {
            let hazards = findings::shown(world, notes);
            let beside = json::Beside {
                groups: &groups.named,
                chosen: chosen.as_deref(),
                hazards: &hazards,
                problems: &analysis.problems,
                unreadable: &analysis.unreadable,
            };
            let text = json::report(world, &analysis.verdicts, counts, &beside);
            emit(output, text.as_bytes())
        }
        Format::Sarif | Format::Github => {
            let text = super::notes::report(migration, notes.to_vec(), output.format);
            emit(output, text.as_bytes())
        }
        Format::Human | Format::Markdown | Format::Html => {
            let length = if console.verbose > 0 { text::Length::Whole } else { text::Length::Short };
            say(console, &text::summary(world, &analysis.verdicts, counts, length));
            if let Some(chosen) = chosen {
                say(console, &report::groups::count(&groups.named, chosen));
            }
            if console.verbose > 0 {
                say(console, &report::groups::listing(&groups.named));
            }
            Ok(())
        }
    }
}

pub(super) fn outcome(analysis: &Analysis, pending: bool, exit_zero: bool) -> Outcome {
    if !analysis.unreadable.is_empty() {
        Outcome::Failed
    } else if pending && !exit_zero {
        Outcome::Pending
    } else {
        Outcome::Clean
    }
}
