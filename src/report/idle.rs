//! Why a run changes nothing: nothing declared is called, or no async code gets to where it is.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::text::plural;
use crate::color::{SiteVerdict, Verdicts, World};
use crate::config::{BlockingAction, Reach};
use crate::plan::Counts;
use crate::resolve::SiteKind;

/// The section of the summary; empty when something changes, or the reasons are told elsewhere.
pub fn section(world: World, verdicts: &Verdicts, counts: Counts) -> String {
    if counts.files > 0 || world.config.codemods.is_empty() {
        return String::new();
    }
    let moves = |entry: usize| world.graph.entries[entry].action != BlockingAction::Tell;
    if !(0..world.graph.entries.len()).any(moves) {
        return "no codemod that is on says what blocks: name one that does (`awaitify codemods` lists them), or declare a class or a function of \
                your own under `[[blocking]]`\n".to_owned();
    }
    let mut calls = 0;
    let mut idle: BTreeMap<&str, usize> = BTreeMap::new();
    for site in world.graph.sites.values().filter(|site| !world.in_tests(site.id.file)) {
        let SiteKind::Blocking { entry, .. } = site.kind else { continue };
        calls += 1;
        let entry = &world.graph.entries[entry];
        let is_confined = entry.reach.unwrap_or(world.config.reach) == Reach::Async;
        if is_confined && matches!(verdicts.sites.get(&site.id), Some(SiteVerdict::AsIs) | None) {
            *idle.entry(&entry.codemod).or_default() += 1;
        }
    }
    if calls == 0 {
        return "nothing that a codemod declares blocking is called here: `awaitify init` looks for what is\n"
            .to_owned();
    }
    let total: usize = idle.values().sum();
    if total == 0 {
        return String::new();
    }
    let mut by_codemod: Vec<(&str, usize)> = idle.into_iter().collect();
    by_codemod.sort_by_key(|(name, count)| (Reverse(*count), *name));
    let names: Vec<String> = by_codemod.iter().map(|(name, count)| format!("{count} of `{name}`")).collect();
    let also = if world.config.reach == Reach::Async { ", and `reach = \"all\"` in the config" } else { "" };
    let advice =
        format!("declared in a codemod of your own with `reach = \"all\"`{also}, they convert what leads to them");
    let verb = if total == 1 { "stands" } else { "stand" };
    format!(
        "{} ({}) {verb} where no async code gets, and only what async code reaches is to be moved:\n  {advice}\n",
        plural(total, "blocking call"),
        names.join(", ")
    )
}
