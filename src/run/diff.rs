//! `awaitify diff`: shows what would change.

use std::path::Path;

use anyhow::Result;

use super::migrate::{Wanted, migrate, migrate_stdin};
use super::output::{color_of, diff_of, emit, outcome, report};
use super::{Outcome, interactive, notes, plan};
use crate::cli::options::Format;
use crate::cli::{Console, DiffArgs};

pub(super) fn run(console: &Console, args: &DiffArgs) -> Result<Outcome> {
    notes::check_flags(&args.output, &[Format::Human, Format::Json, Format::Sarif, Format::Github])?;
    let migrate = if args.selection.paths == [Path::new("-")] { migrate_stdin } else { migrate };
    let wanted = Wanted { console, selection: &args.selection, edits: &args.edits, overrides: &args.overrides };
    let mut migration = migrate(wanted)?;
    if args.edits.interactive {
        interactive::ask(console, &mut migration)?;
    }
    let (analysis, rewritten) = (&migration.analysis, &migration.rewritten);
    if let Some(path) = &args.save {
        plan::save(&migration, args, path)?;
    }
    let notes = notes::find(&migration);
    notes::print(console, &migration, &notes);
    if args.output.format == Format::Human {
        emit(&args.output, &diff_of(analysis, rewritten, color_of(console, &args.output)))?;
    }
    report(&migration, &notes, &args.output, console)?;
    let pending =
        if args.output.fail_on.is_empty() { !rewritten.is_empty() } else { notes::fail(&args.output, &notes) };
    let outcome = outcome(analysis, pending, args.output.exit_zero);
    // The process ends here, and what it knows would take long to take apart.
    std::mem::forget(migration.analysis);
    Ok(outcome)
}
