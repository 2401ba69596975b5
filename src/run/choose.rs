//! A part of a migration: which groups there are, which of them are chosen, and the new texts of just those.

use anyhow::{Result, bail};
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use super::migrate::{Migration, verified};
use crate::analysis::{self, Analysis, Rewritten};
use crate::cli::EditArgs;
use crate::config::Names;
use crate::edit::FileEdits;
use crate::group::{self, Group, GroupId, Order};
use crate::index::facts::{FileId, FuncId};
use crate::plan::groups;
use crate::report;

/// The groups of an analysis, in its order and by name.
pub(super) struct Groups {
    pub planned: Vec<groups::Group>,
    pub named: Vec<Group>,
}

impl Groups {
    /// `rewritten` are the texts with all groups: a fallback that was left makes no group.
    pub fn of(analysis: &Analysis, rewritten: &[Rewritten]) -> Groups {
        let mut planned = analysis.groups();
        let (world, verdicts) = analysis.whole();
        let edits: FxHashMap<FileId, &FileEdits> = rewritten.iter().map(|done| (done.file, &done.edits)).collect();
        let is_edited = |(file, range): &(FileId, TextRange)| {
            edits.get(file).is_some_and(|edits| edits.edits.iter().any(|edit| range.contains_range(edit.range)))
        };
        groups::drop_empty(&mut planned, |group| {
            let converts = group.functions.iter().any(|func| verdicts.converts.contains_key(func));
            !converts && !group.places.iter().any(is_edited)
        });
        let named = report::groups::named(world, verdicts, &planned);
        Groups { planned, named }
    }

    pub fn ids(&self) -> Vec<GroupId> {
        self.named.iter().map(|group| group.id.clone()).collect()
    }

    fn functions(&self, ids: &[GroupId]) -> Vec<FuncId> {
        let chosen = self.named.iter().zip(&self.planned).filter(|(group, _)| ids.contains(&group.id));
        chosen.flat_map(|(_, group)| group.functions.iter().copied()).collect()
    }
}

/// The groups that the flags choose, closed; none when they choose nothing in particular.
pub(super) fn by_flags(groups: &[Group], only: &[String], edits: &EditArgs) -> Result<Option<Vec<GroupId>>> {
    if only.is_empty() && edits.max_functions.is_none() {
        return Ok(None);
    }
    let wanted = matching(groups, only)?;
    let chosen = group::with_dependencies(groups, &wanted).expect("the groups of an analysis are closed");
    let Some(max) = edits.max_functions else { return Ok(Some(group::useful(groups, &chosen))) };
    let open: Vec<Group> = groups.iter().filter(|group| chosen.contains(&group.id)).cloned().collect();
    let order = if edits.leaf_first { Order::LeafFirst } else { Order::Plan };
    Ok(Some(group::piece(&open, max.get(), order)))
}

/// The groups that fit one of the patterns by their id or by a function in them; all of them when there are no patterns.
fn matching(groups: &[Group], patterns: &[String]) -> Result<Vec<GroupId>> {
    let mut found: Vec<GroupId> = vec![];
    if patterns.is_empty() {
        found.extend(groups.iter().map(|group| group.id.clone()));
    }
    for pattern in patterns {
        let names = Names::new([pattern.clone()]).map_err(|message| anyhow::anyhow!("`--only`: {message}"))?;
        let fits = |group: &&Group| {
            group.id.0 == *pattern
                || names.matches(&group.id.0)
                || group.functions.iter().any(|name| names.matches(name))
        };
        let before = found.len();
        found.extend(groups.iter().filter(fits).map(|group| group.id.clone()));
        if found.len() == before {
            bail!("`--only`: nothing that changes is named `{pattern}`{}", nearest(groups, pattern));
        }
    }
    Ok(found)
}

fn nearest(groups: &[Group], wanted: &str) -> String {
    let likeness = |name: &&String| (strsim::jaro_winkler(name, wanted) * 1000.0) as u32;
    let names = groups.iter().flat_map(|group| group.functions.iter());
    match names.filter(|name| likeness(name) > 700).max_by_key(likeness) {
        Some(name) => format!("; did you mean `{name}`?"),
        None => "; `awaitify diff -v` lists the groups".to_owned(),
    }
}

impl Migration {
    /// Narrows the migration down to the groups `ids`, with what they need; their new texts are verified.
    pub fn choose(&mut self, ids: &[GroupId]) -> Result<()> {
        self.analysis.choose(self.groups.functions(ids));
        self.rewritten = analysis::rewrite_all(&mut self.analysis)?;
        verified(&self.analysis, &self.rewritten)?;
        self.chosen = Some(ids.to_vec());
        Ok(())
    }
}
