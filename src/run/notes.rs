//! What the edits of a migration create: printed first, by `diff` and `apply`, and what `--fail-on` is about there.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::{Result, bail};

use super::check::known_codes;
use super::migrate::Migration;
use super::output::say;
use crate::check::created::{self, Changed};
use crate::check::{Detail, Finding, Planned, blocking};
use crate::cli::Console;
use crate::cli::options::{Format, Output};
use crate::report::{diff, findings, github, sarif};

/// How many places of one code are named before the rest is counted.
const SHOWN: usize = 3;

/// The findings that the edits create.
pub(super) fn find(migration: &Migration) -> Vec<Finding> {
    let changed: Vec<Changed> = migration
        .rewritten
        .iter()
        .filter_map(|done| {
            let map = done.edits.apply(&done.source.text).ok()?.map;
            Some(Changed { file: done.file, before: &done.source.text, after: &done.text, edits: &done.edits, map })
        })
        .collect();
    created::find(migration.analysis.world(), &migration.analysis.verdicts, &changed)
}

/// Prints them.
pub(super) fn print(console: &Console, migration: &Migration, notes: &[Finding]) {
    if !notes.is_empty() {
        let (mut seen, mut places) = (HashSet::new(), HashMap::new());
        // One line for each function that is moved or taken out, however often it is called.
        let is_first = |note: &&Finding| match note.detail {
            Detail::Function(func) => seen.insert((note.code, func)),
            _ => {
                let count = places.entry(note.code).or_insert(0);
                *count += 1;
                *count <= SHOWN
            }
        };
        let first: Vec<Finding> = notes.iter().filter(is_first).cloned().collect();
        let shown = findings::shown(migration.analysis.world(), &first);
        let text = findings::text::text(&shown, diff::Color::Never);
        let more = match notes.len() - first.len() {
            0 => String::new(),
            more => format!("and {more} more of the same (`--format json` lists all)\n"),
        };
        say(console, &format!("look at these first, the edits create them:\n{text}{more}"));
    }
}

/// Does one of them have a code of `--fail-on`? Without any code, none counts.
pub(super) fn fail(output: &Output, notes: &[Finding]) -> bool {
    notes.iter().any(|note| output.fail_on.iter().any(|code| note.code.matches(code)))
}

/// # Errors
/// Names a code that does not exist, or a format that is not for this command.
pub(super) fn check_flags(output: &Output, formats: &[Format]) -> Result<()> {
    known_codes("--fail-on", &output.fail_on)?;
    if !formats.contains(&output.format) {
        let names: Vec<String> = formats
            .iter()
            .filter_map(|format| Some(clap::ValueEnum::to_possible_value(format)?.get_name().to_owned()))
            .collect();
        bail!("this `--format` is not for this command; it takes {}", names.join(", "));
    }
    Ok(())
}

/// What blocks and what becomes of it, with what the edits create, for a tool that reads findings.
pub(super) fn report(migration: &Migration, notes: Vec<Finding>, format: Format) -> String {
    let analysis = &migration.analysis;
    let edits: BTreeMap<_, _> =
        migration.rewritten.iter().map(|done| (done.file, (done.source.text.as_str(), &done.edits))).collect();
    let planned = Planned { world: analysis.world(), verdicts: &analysis.verdicts, edits: &edits };
    let (mut all, _) = blocking::find(planned, &[], &Default::default());
    all.retain(|finding| analysis.project.file(finding.file).editable && !analysis.project.file(finding.file).is_test);
    all.extend(notes);
    all.sort_by_key(|finding| (finding.file, finding.range.start(), finding.range.end(), finding.code));
    let shown = findings::shown(analysis.world(), &all);
    match format {
        Format::Github => github::report(&shown),
        _ => sarif::report(&shown),
    }
}
