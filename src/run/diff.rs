//! `awaitify diff`: shows what would change.

use std::path::Path;

use anyhow::Result;

use super::migrate::{Wanted, migrate, migrate_stdin};
use super::output::{color_of, diff_of, emit, outcome, report};
use super::{Outcome, plan, unbuilt};
use crate::cli::options::Format;
use crate::cli::{Console, DiffArgs};

pub(super) fn run(console: &Console, args: &DiffArgs) -> Result<Outcome> {
    unbuilt::refuse(&args.edits, &args.output)?;
    let migrate = if args.selection.paths == [Path::new("-")] { migrate_stdin } else { migrate };
    let wanted = Wanted { console, selection: &args.selection, edits: &args.edits, overrides: &args.overrides };
    let migration = migrate(wanted)?;
    let (analysis, rewritten) = (&migration.analysis, &migration.rewritten);
    if let Some(path) = &args.save {
        plan::save(&migration, args, path)?;
    }
    if args.output.format == Format::Human {
        emit(&args.output, &diff_of(analysis, rewritten, color_of(console, &args.output)))?;
    }
    report(&migration, &args.output, console)?;
    Ok(outcome(analysis, !rewritten.is_empty(), args.output.exit_zero))
}
