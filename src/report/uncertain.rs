//! The uncertain sites of a summary, grouped by the one annotation that would settle most of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use ruff_text_size::{TextRange, TextSize};
use rustc_hash::FxHashSet;

use super::words::Places;
use crate::color::World;
use crate::index::facts::*;
use crate::resolve::Site;

/// How many annotations, and how many sites without one, are named before the rest is counted.
const SHOWN: usize = 10;

/// The section of the summary; empty when there is nothing to decide. `open`: what [`open_sites`] found.
///
/// [`open_sites`]: crate::color::decision::open_sites
pub fn report(world: World, open: &FxHashSet<RefId>, places: &mut Places) -> String {
    let sites: Vec<&Site> = world.graph.sites.values().filter(|site| open.contains(&site.id)).collect();
    if sites.is_empty() {
        return String::new();
    }
    let mut groups: BTreeMap<(FileId, TextSize, TextSize), Vec<&Site>> = BTreeMap::new();
    let mut alone = vec![];
    for site in sites {
        match site.annotate {
            Some((file, range)) => groups.entry((file, range.start(), range.end())).or_default().push(site),
            None => alone.push(site),
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, sites)| Reverse(sites.len()));
    let mut out = String::from("uncertain sites:\n");
    for ((file, start, end), sites) in groups.iter().take(SHOWN) {
        let what = places.excerpt(*file, TextRange::new(*start, *end));
        let place = places.place(*file, *start);
        let count = if sites.len() == 1 { "1 site".to_owned() } else { format!("{} sites", sites.len()) };
        out += &match classes(world, sites).as_slice() {
            [] => format!("  annotate `{what}` at {place}: settles {count}\n"),
            [class] => format!("  annotate `{what}: {class}` at {place}: settles {count}\n"),
            several => format!("  annotate `{what}` at {place} ({}): settles {count}\n", some(several)),
        };
    }
    if groups.len() > SHOWN {
        out += &format!("  and {} more annotations (`--format json` lists all)\n", groups.len() - SHOWN);
    }
    for site in alone.iter().take(SHOWN) {
        let excerpt = places.excerpt(site.id.file, world.index.site(site.id).range);
        let names: Vec<String> =
            site.candidates.iter().map(|func| format!("`{}`", world.names().qualified_func(*func))).collect();
        let may_be = if names.is_empty() {
            "runs something that nobody knows".into()
        } else {
            format!("may be {}", some(&names))
        };
        out += &format!("  {}: `{excerpt}` {may_be}\n", places.site(site.id));
    }
    if alone.len() > SHOWN {
        out += &format!("  and {} more sites\n", alone.len() - SHOWN);
    }
    out + "  or say on the line of a site: `# awaitify: is pkg.mod.Class.method`, `# awaitify: not`\n"
}

/// The first few of many.
pub fn some(names: &[String]) -> String {
    match names {
        [first, second, third, rest @ ..] if rest.len() > 1 => {
            format!("{first}, {second}, {third} or one of {} more", rest.len())
        }
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => names.concat(),
    }
}

/// The classes that all sites of a group may mean: those with such a method, and where nothing is called, those with such
/// data.
fn classes(world: World, sites: &[&Site]) -> Vec<String> {
    let of = |site: &Site| -> BTreeSet<ClassId> {
        let facts = world.index.site(site.id);
        let is_called = matches!(facts.usage, Usage::Called(_));
        let data = world.index.members_of(&facts.name).iter().filter(|class| !is_called && !world.in_tests(class.file));
        site.candidates.iter().filter_map(|func| world.index.func(*func).class).chain(data.copied()).collect()
    };
    let mut common: Option<BTreeSet<ClassId>> = None;
    for site in sites {
        let own = of(site);
        common = Some(match common {
            None => own,
            Some(known) => known.intersection(&own).copied().collect(),
        });
    }
    common.unwrap_or_default().into_iter().map(|class| world.index.class(class).name.to_string()).collect()
}
