//! A part of a migration: which groups there are, which of them are chosen, and the new texts of just those.

use anyhow::{Result, bail};

use super::migrate::verified;
use crate::analysis::{self, Analysis, Rewritten};
use crate::cli::EditArgs;
use crate::config::Names;
use crate::group::{self, Group, GroupId, Order};
use crate::index::facts::FuncId;
use crate::plan::groups;
use crate::report;

/// The groups of an analysis, in its order and by name.
pub(super) struct Groups {
    pub planned: Vec<groups::Group>,
    pub named: Vec<Group>,
}

impl Groups {
    pub fn of(analysis: &Analysis) -> Groups {
        let planned = analysis.groups();
        let (world, verdicts) = analysis.whole();
        let named = report::groups::named(world, verdicts, &planned);
        Groups { planned, named }
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

/// Narrows the analysis down to the groups `ids`, which are closed, and makes their new texts, verified.
pub(super) fn carry_out(analysis: &mut Analysis, groups: &Groups, ids: &[GroupId]) -> Result<Vec<Rewritten>> {
    analysis.choose(groups.functions(ids));
    let rewritten = analysis::rewrite_all(analysis)?;
    verified(analysis, &rewritten)?;
    Ok(rewritten)
}
