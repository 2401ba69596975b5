//! The plan carried out in memory, and checked.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, bail};
use rayon::prelude::*;
use ruff_text_size::TextRange;

use super::{Analysis, Rewritten, census, closed_world, decide};
use crate::edit::FileEdits;
use crate::index::facts::FileId;
use crate::plan::{self, Action};
use crate::project::Project;
use crate::py::source;
use crate::rewrite::Left;
use crate::{rewrite, verify};

/// Carries out the plan in memory. What a rewriter cannot express is taken back, and the rest is planned anew.
///
/// # Errors
/// When a file vanished or changed in between, or an action does not fit its file (a bug).
pub fn rewrite_all(analysis: &mut Analysis) -> Result<Vec<Rewritten>> {
    loop {
        let mut done = vec![];
        let mut vetoed = false;
        analysis.left.clear();
        let mut remarks = vec![];
        for (file, actions) in &analysis.plan {
            let (rewritten, left) = rewrite_file(&analysis.project, *file, actions)?;
            for left in left {
                match action_range(&left.action) {
                    Some(range) => vetoed |= analysis.vetoes.insert((*file, range)),
                    None => {
                        remarks.extend(plan::fallbacks::left(analysis.world(), *file, &left));
                        analysis.left.entry(*file).or_default().push(left.action);
                    }
                }
            }
            done.extend(rewritten);
        }
        if !vetoed {
            remarks.extend(plan::tests::problems(analysis.world(), &analysis.verdicts));
            remarks.extend(plan::renames::problems(analysis.world()));
            remarks.extend(plan::fallbacks::problems(analysis.world(), &analysis.verdicts));
            for problem in remarks {
                if !analysis.problems.contains(&problem) {
                    analysis.problems.push(problem);
                }
            }
            return Ok(done);
        }
        if analysis.part.is_some() {
            bail!(
                "the chosen groups cannot be carried out without the others (a bug in awaitify; nothing was written)"
            );
        }
        decide(analysis);
    }
}

/// The rewritten file (none when nothing came of it), and the actions that were not carried out.
fn rewrite_file(project: &Project, file: FileId, actions: &[Action]) -> Result<(Option<Rewritten>, Vec<Left>)> {
    let path = &project.file(file).path;
    if !project.file(file).editable {
        bail!(
            "`{}` is not to be edited, but a change to it was planned (a bug in awaitify; nothing was written)",
            path.display()
        );
    }
    let before = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let source = source::decode(&before).map_err(|error| anyhow::anyhow!("`{}` {error}", path.display()))?;
    let rewritten = rewrite::rewrite(&source.text, actions)
        .map_err(|error| anyhow::anyhow!("`{}`: {error} (a bug in awaitify; nothing was written)", path.display()))?;
    let left = rewritten.left;
    if rewritten.edits.edits.is_empty() {
        return Ok((None, left));
    }
    let applied = rewritten
        .edits
        .apply(&source.text)
        .map_err(|error| anyhow::anyhow!("`{}`: {error} (a bug in awaitify; nothing was written)", path.display()))?;
    let after = source
        .encode(&applied.text)
        .map_err(|error| anyhow::anyhow!("`{}` cannot be written in its encoding: {error}", path.display()))?;
    let done = Rewritten { file, source, before, text: applied.text, after, edits: rewritten.edits };
    Ok((Some(done), left))
}

/// The call of an action whose failure takes its function back; fallbacks may be left.
fn action_range(action: &Action) -> Option<TextRange> {
    match action {
        Action::Await { call }
        | Action::Offload { call, .. }
        | Action::OffloadHandedOn { call, .. }
        | Action::OffloadExpression { expression: call, .. }
        | Action::Native { call, .. }
        | Action::Replace { call, .. }
        | Action::Unwrap { call, .. }
        | Action::Schedule { call }
        | Action::UnwrapRun { call }
        | Action::EntryPoint { call }
        | Action::Raises { call }
        | Action::Collect { call } => Some(*call),
        // A mock that cannot be changed is no reason to keep a function sync.
        Action::MockAttributes { .. }
        | Action::MockResult { .. }
        | Action::MockReturned { .. }
        | Action::AsyncFake { .. }
        | Action::AsyncFakeAssigned { .. }
        | Action::MockConfigured { .. } => None,
        // An annotation that stays says less than it could.
        Action::Fallback { .. } | Action::AsyncGenerator { .. } => None,
        Action::AsyncDef { function } | Action::Bridge { function } | Action::Decorator { function, .. } => {
            Some(*function)
        }
        Action::MainGuard { statement, .. } => Some(*statement),
        Action::AsyncWith { statement }
        | Action::SplitWith { statement, .. }
        | Action::AsyncFor { statement }
        | Action::AsyncForClosing { statement }
        | Action::AsyncForCounted { statement }
        | Action::YieldFrom { statement, .. } => Some(*statement),
        Action::CollectWhole { iterable } | Action::OffloadIterable { iterable, .. } => Some(*iterable),
        Action::AsyncComprehension { clause } => Some(*clause),
        Action::ListComprehension { generator } => Some(*generator),
        Action::Hoist { lambda } => Some(*lambda),
        Action::Rename { name, .. } | Action::RenameImported { name, .. } => Some(*name),
        Action::Mention { .. } => None,
        Action::AwaitableResult { result } => Some(*result),
    }
}

/// Verifies what was rewritten: each file by itself, then every site and every name of the program.
pub fn verify_all(analysis: &Analysis, rewritten: &[Rewritten]) -> Vec<verify::Failure> {
    let offloads: Vec<String> = analysis.config.offload.own_path().into_iter().collect();
    let mut failures: Vec<verify::Failure> = rewritten
        .par_iter()
        .flat_map_iter(|done| {
            verify::verify(&verify::Rewritten {
                path: &analysis.project.file(done.file).relative,
                old: &done.source.text,
                new: &done.text,
                edits: &done.edits,
                target: analysis.config.target_version,
                offloads: &offloads,
            })
        })
        .collect();
    failures.extend(planned(analysis, rewritten));
    failures.extend(closed_world::check(analysis, rewritten));
    failures.extend(census::check(analysis));
    failures
}

/// The plan of every file against what was recorded there.
fn planned(analysis: &Analysis, rewritten: &[Rewritten]) -> Vec<verify::Failure> {
    let recorded: BTreeMap<FileId, &FileEdits> = rewritten.iter().map(|done| (done.file, &done.edits)).collect();
    let nothing = FileEdits::default();
    let unplanned = recorded.keys().filter(|file| !analysis.plan.contains_key(file)).map(|file| (file, &[][..]));
    let files = analysis.plan.iter().map(|(file, actions)| (file, actions.as_slice())).chain(unplanned);
    let mut failures = vec![];
    for (file, actions) in files {
        let left = analysis.left.get(file).map_or(&[][..], Vec::as_slice);
        let edits = recorded.get(file).copied().unwrap_or(&nothing);
        failures.extend(verify::planned(&analysis.project.file(*file).relative, edits, actions, left));
    }
    failures
}
