//! `awaitify apply`: writes the changes, all files or none.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::migrate::{Wanted, migrate};
use super::output::{outcome, report, say};
use super::{Outcome, interactive, notes, plan, undo};
use crate::analysis::{Analysis, Rewritten};
use crate::cli::options::Format;
use crate::cli::{ApplyArgs, Console};
use crate::journal::{self, Patch};
use crate::report::text;

pub(super) fn run(console: &Console, args: &ApplyArgs) -> Result<Outcome> {
    notes::check_flags(&args.output, &[Format::Human, Format::Json])?;
    if args.resume {
        let start = args.selection.paths.first().context("name at least one path")?;
        return undo::resume(console, start);
    }
    let wanted = Wanted { console, selection: &args.selection, edits: &args.edits, overrides: &args.overrides };
    let mut migration = match &args.plan {
        Some(path) => plan::migration(console, args, path)?,
        None => migrate(wanted)?,
    };
    let root = migration.analysis.project.root.clone();
    if !args.allow_dirty && !migration.rewritten.is_empty() {
        refuse_dirty(&root, args.plan.as_deref())?;
    }
    if args.edits.interactive {
        interactive::ask(console, &mut migration)?;
    }
    let analysis = &migration.analysis;
    let patches = patches(analysis, &migration.rewritten);
    // The report reads the lines of the files as they were.
    let notes = notes::find(&migration);
    notes::print(console, &migration, &notes);
    report(&migration, &notes, &args.output, console)?;
    if notes::fail(&args.output, &notes) && !args.output.exit_zero {
        let codes = args.output.fail_on.join(",");
        say(console, &format!("nothing was written: the edits create findings of `--fail-on {codes}`\n"));
        return Ok(outcome(analysis, true, false));
    }
    if !patches.is_empty() {
        let written = journal::write(&root, &[], &patches).map_err(|error| anyhow::anyhow!("{error}"))?;
        for note in &written.notes {
            say(console, &format!("{note}\n"));
        }
        let files = text::plural(written.files, "file");
        say(console, &format!("{files} written; `awaitify undo` puts the old bytes back\n"));
    }
    Ok(outcome(analysis, false, args.output.exit_zero))
}

/// The new texts, for the journal.
pub(super) fn patches(analysis: &Analysis, rewritten: &[Rewritten]) -> Vec<Patch> {
    let patch = |done: &Rewritten| Patch {
        path: analysis.project.file(done.file).path.clone(),
        before: done.before.clone(),
        after: done.after.clone(),
    };
    rewritten.iter().map(patch).collect()
}

/// The saved plan may lie in the tree; it was written for this very run.
fn refuse_dirty(root: &Path, plan: Option<&Path>) -> Result<()> {
    let mut dirty = journal::git::dirty_files(root, &[]).map_err(|error| anyhow::anyhow!("{error}"))?;
    let plan = plan.and_then(|plan| plan.canonicalize().ok());
    dirty.retain(|file| plan.is_none() || file.canonicalize().ok() != plan);
    if dirty.is_empty() {
        return Ok(());
    }
    let shown: Vec<String> = dirty.iter().take(5).map(|path| format!("  {}", path.display())).collect();
    bail!(
        "git has uncommitted changes, so nothing was written; commit or stash them, or pass `--allow-dirty`:\n{}",
        shown.join("\n")
    );
}
