//! `diff --save` and `apply --plan`: a plan that is reviewed and then applied exactly.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Parser as _;
use ruff_text_size::TextRange;

use super::choose::{self, Groups};
use super::migrate::{Migration, Wanted, migrate};
use super::output::say;
use crate::analysis::{Analysis, Rewritten};
use crate::cli::arguments::arguments;
use crate::cli::{ApplyArgs, Args, Command, Console, DiffArgs, EditArgs};
use crate::group::{Group, GroupId};
use crate::index::facts::FileId;
use crate::plan::groups;
use crate::report::diff;
use crate::saved::{PlanError, SavedChange, SavedGroup, SavedPlan};

/// Writes what was shown to the plan file.
pub(super) fn save(migration: &Migration, args: &DiffArgs, path: &Path) -> Result<()> {
    if args.selection.paths == [Path::new("-")] {
        bail!("`--save`: what is read from stdin is in no project, so no plan can be applied to it");
    }
    let Migration { analysis, rewritten, groups, chosen, .. } = migration;
    let shown = chosen.clone().unwrap_or_else(|| groups.ids());
    let plan = plan_of(analysis, rewritten, groups, &shown, arguments(&args.selection, &args.overrides));
    plan.write(path).map_err(|error| anyhow!("{error}"))
}

/// Plans anew what the file says, and returns the groups that are still in it once nothing is different.
pub(super) fn migration(console: &Console, args: &ApplyArgs, path: &Path) -> Result<Migration> {
    let plan = SavedPlan::read(path).map_err(|error| anyhow!("{error}"))?;
    let here = args.selection.paths.first().context("name at least one path")?;
    plan.check_files(here).map_err(|error| anyhow!("{error}"))?;
    let again = diff_args(&plan)?;
    let edits = EditArgs { verify: args.edits.verify, ..EditArgs::default() };
    let wanted = Wanted { console, selection: &again.selection, edits: &edits, overrides: &again.overrides };
    let mut migration = migrate(wanted)?;
    if migration.analysis.project.root != plan.root {
        let here = migration.analysis.project.root.clone();
        return Err(anyhow!("{}", PlanError::OtherRoot { plan: plan.root, here }));
    }
    let all = migration.groups.ids();
    if plan.shown.iter().any(|id| !all.contains(id)) {
        // Nothing comes out the same without its groups.
        let files = plan.files.iter().map(|file| file.path.clone()).collect();
        return Err(anyhow!("{}", PlanError::Outdated { files }));
    }
    if plan.shown.len() < all.len() {
        migration.choose(&plan.shown)?;
    }
    let Migration { analysis, rewritten, groups, .. } = &migration;
    let fresh = plan_of(analysis, rewritten, groups, &plan.shown, plan.arguments.clone());
    plan.check_same(&fresh).map_err(|error| anyhow!("{error}"))?;
    let kept = plan.kept();
    for left in &kept.left_out {
        say(
            console,
            &format!("group `{}` is left out: it needs `{}`, which is not in the plan any more\n", left.id, left.needs),
        );
    }
    let still: Vec<Group> = plan.groups().into_iter().filter(|group| kept.groups.contains(&group.id)).collect();
    let wanted = choose::by_flags(&still, &args.selection.only, &args.edits)?.unwrap_or(kept.groups);
    if wanted.len() < plan.shown.len() {
        migration.choose(&wanted)?;
    }
    Ok(migration)
}

/// The arguments of the diff that made the plan.
fn diff_args(plan: &SavedPlan) -> Result<DiffArgs> {
    let words = ["awaitify", "diff"].into_iter().chain(plan.arguments.iter().map(String::as_str));
    match Args::try_parse_from(words).map(|args| args.command) {
        Ok(Command::Diff(diff)) => Ok(diff),
        Ok(_) => bail!("the plan's `arguments` are not those of a diff"),
        Err(error) => bail!("the plan's `arguments` are not understood: {error}"),
    }
}

fn plan_of(
    analysis: &Analysis,
    rewritten: &[Rewritten],
    groups: &Groups,
    shown: &[GroupId],
    arguments: Vec<String>,
) -> SavedPlan {
    let relative = |file: FileId| analysis.project.file(file).relative.clone();
    let files: Vec<_> = rewritten.iter().map(|done| (relative(done.file), &done.before[..], &done.after[..])).collect();
    let mut changes: BTreeMap<FileId, Vec<Change>> = BTreeMap::new();
    for done in rewritten {
        changes.insert(done.file, changes_of(&relative(done.file), done));
    }
    let mut saved = vec![];
    for (group, planned) in groups.named.iter().zip(&groups.planned).filter(|(group, _)| shown.contains(&group.id)) {
        let changes = claim(&mut changes, planned);
        let Group { id, title, functions, depends_on, carried } = group.clone();
        saved.push(SavedGroup { id, title, functions, depends_on, carried, changes });
    }
    let along = changes.into_values().flatten().filter(|change| !change.claimed).map(|change| change.saved).collect();
    SavedPlan::new(&analysis.project.root, arguments, &files, saved, along)
}

/// Changed lines of a file.
struct Change {
    /// Where the lines stand in the text as it was; empty for lines that are only put in.
    start: usize,
    end: usize,
    saved: SavedChange,
    /// A group has it.
    claimed: bool,
}

fn changes_of(path: &str, done: &Rewritten) -> Vec<Change> {
    let blocks = diff::blocks(&done.source.text, &done.edits);
    let (old, new) = (lines(&done.source.text), lines(&done.text));
    let ends = old.iter().scan(0, |end, line| {
        *end += line.len();
        Some(*end)
    });
    let starts: Vec<usize> = std::iter::once(0).chain(ends).collect();
    diff::changes(done.source.text.as_bytes(), done.text.as_bytes(), Some(&blocks))
        .into_iter()
        .map(|change| Change {
            start: starts[change.old.start],
            end: starts[change.old.end],
            saved: SavedChange {
                file: path.to_owned(),
                line: change.old.start + 1,
                before: text(&old[change.old.clone()]),
                after: text(&new[change.new.clone()]),
            },
            claimed: false,
        })
        .collect()
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn text(lines: &[&str]) -> String {
    lines.concat().trim_end_matches(['\r', '\n']).to_owned()
}

/// The changes in the lines of a group.
fn claim(changes: &mut BTreeMap<FileId, Vec<Change>>, group: &groups::Group) -> Vec<SavedChange> {
    let mut found = vec![];
    // Places are sorted by file.
    for places in group.places.chunk_by(|left, right| left.0 == right.0) {
        for change in changes.get_mut(&places[0].0).into_iter().flatten() {
            let is_in = |(_, range): &(FileId, TextRange)| {
                range.start().to_usize() < change.end && range.end().to_usize() > change.start
            };
            if places.iter().any(is_in) {
                change.claimed = true;
                found.push(change.saved.clone());
            }
        }
    }
    found
}
