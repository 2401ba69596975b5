//! Groups by name: ids that a user can type, and a line for each.

use rustc_hash::FxHashMap;

use super::text::plural;
use crate::color::cause::Cause;
use crate::color::{SiteVerdict, Verdicts, World};
use crate::group::{self, Group, GroupId};
use crate::index::facts::*;
use crate::plan::groups;

/// Names for `groups`, in the same order. `verdicts` are those of the whole migration.
pub fn named(world: World, verdicts: &Verdicts, groups: &[groups::Group]) -> Vec<Group> {
    let names = world.names();
    let mut seen: FxHashMap<String, usize> = FxHashMap::default();
    let mut unique = |name: String| {
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        GroupId(if *count == 1 { name } else { format!("{name}#{count}") })
    };
    let ids: Vec<GroupId> = groups.iter().map(|group| unique(names.qualified_func(group.functions[0]))).collect();
    groups
        .iter()
        .zip(&ids)
        .map(|(group, id)| Group {
            id: id.clone(),
            title: title(world, verdicts, group),
            functions: group.functions.iter().map(|func| names.qualified_func(*func)).collect(),
            depends_on: group.needs.iter().map(|needed| ids[*needed].clone()).collect(),
            carried: group.carried,
        })
        .collect()
}

fn title(world: World, verdicts: &Verdicts, group: &groups::Group) -> String {
    let first = group.functions[0];
    let name = world.names().qualified_func(first);
    let (converting, moving): (Vec<FuncId>, Vec<FuncId>) =
        group.functions.iter().copied().partition(|func| verdicts.converts.contains_key(func));
    let rest = |count: usize| if count == 0 { String::new() } else { format!(" and {}", plural(count, "other")) };
    if converting.is_empty() {
        let what = if world.index.func(first).is_async { "blocking calls" } else { "`asyncio.run` fallbacks" };
        return format!("{what} in `{name}`{}", rest(moving.len() - 1));
    }
    let verb = if converting.len() == 1 { "becomes" } else { "become" };
    format!("`{name}`{} {verb} async", rest(converting.len() - 1))
}

/// How many groups were chosen of all, when it was not all of them.
pub fn count(groups: &[Group], chosen: &[GroupId]) -> String {
    let functions = |is_chosen: bool| {
        let counted = groups.iter().filter(|group| chosen.contains(&group.id) == is_chosen);
        plural(counted.map(|group| group.functions.len()).sum(), "function")
    };
    let all = plural(groups.len(), "group");
    format!("{} of {all} chosen, with {}; {} left for later\n", chosen.len(), functions(true), functions(false))
}

/// The groups with their ids for `--only`.
pub fn listing(groups: &[Group]) -> String {
    let mut out = String::from("groups:\n");
    for group in groups.iter().filter(|group| !group.carried) {
        let ids = group::with_dependencies(groups, std::slice::from_ref(&group.id)).unwrap_or_default();
        let all: usize = groups.iter().filter(|other| ids.contains(&other.id)).map(|other| other.functions.len()).sum();
        let more = all - group.functions.len();
        let callers = if more == 0 { String::new() } else { format!(", with {} around it", plural(more, "function")) };
        out += &format!("  {}: {}{callers}\n", group.id, group.title);
    }
    out
}

/// Why each function of a group changes, a line a step.
pub fn explanation(world: World, verdicts: &Verdicts, group: &groups::Group) -> String {
    let mut out = String::new();
    for func in &group.functions {
        if verdicts.converts.contains_key(func) {
            out += &super::text::why(world, verdicts, *func);
        } else {
            out += &inside(world, verdicts, *func);
        }
    }
    out
}

/// What blocks in a function that keeps its color.
fn inside(world: World, verdicts: &Verdicts, func: FuncId) -> String {
    let mut places = super::words::Places::new(world);
    let mut out = String::new();
    for site in world.graph.sites_in_file(func.file).filter(|site| world.context(site.id).func == Some(func)) {
        let cause = match (&verdicts.sites[&site.id], site.targets.first()) {
            (SiteVerdict::Offload, Some(target)) => Cause::Offloads { site: site.id, target: *target },
            (
                SiteVerdict::Offload
                | SiteVerdict::Native(_)
                | SiteVerdict::Replace(_)
                | SiteVerdict::OffloadConsumer { .. }
                | SiteVerdict::OffloadIterable { .. },
                _,
            ) => Cause::Blocks { site: site.id },
            _ => continue,
        };
        let sentence = super::words::sentence(world, &mut places, &cause);
        out += &format!("`{}` ({}): {sentence}\n", world.names().qualified_func(func), places.func(func));
    }
    if out.is_empty() {
        let name = world.names().qualified_func(func);
        out = format!("`{name}` ({}) has a fallback to `asyncio.run`\n", places.func(func));
    }
    out
}
