//! Sites in async code that are left as they are: those of one name with one reason together.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{Length, plural};
use super::words::{self, Places};
use crate::color::cause::Cause;
use crate::color::{SiteVerdict, Verdicts, World};
use crate::index::facts::*;

/// How many groups a short summary names before it counts the rest.
const SHOWN: usize = 20;
/// How many further places of a group it names. A group with no more places than this is no group.
const PLACES: usize = 3;

/// The section of the summary; empty when there is none.
pub fn section(world: World, verdicts: &Verdicts, places: &mut Places, length: Length) -> String {
    let left: Vec<(RefId, &Cause)> = verdicts
        .sites
        .iter()
        .filter_map(|(id, verdict)| match verdict {
            // What blocks in files that are not to be edited is not this run's business; what keeps ours sync is.
            SiteVerdict::Left(Cause::Later { .. }) => None,
            SiteVerdict::Left(Cause::FileStays { .. }) if world.graph.sites[id].targets.is_empty() => None,
            SiteVerdict::Left(cause) if !world.in_tests(id.file) => Some((*id, cause)),
            _ => None,
        })
        .collect();
    // Two things that Python runs by itself at one place are one to a reader.
    let mut said = BTreeSet::new();
    let left: Vec<_> = left
        .into_iter()
        .filter(|(id, cause)| said.insert((places.site(*id), words::sentence(world, places, cause))))
        .collect();
    if left.is_empty() {
        return String::new();
    }
    let groups = grouped(world, &left);
    let shown = if length == Length::Whole { groups.len() } else { SHOWN };
    let mut out = format!("{} left:\n", plural(left.len(), "site"));
    for group in groups.iter().take(shown) {
        let (id, cause) = group[0];
        let more = others(places, &group[1..], length);
        out += &format!("  {}: {}{more}\n", places.site(id), words::sentence(world, places, cause));
    }
    let rest: usize = groups.iter().skip(shown).map(Vec::len).sum();
    if rest > 0 {
        out += &format!("  and {rest} more (`-v` lists all)\n");
    }
    out
}

/// The sites of one name that are left for the same kind of reason, in the order of the first of each.
fn grouped<'c>(world: World, left: &[(RefId, &'c Cause)]) -> Vec<Vec<(RefId, &'c Cause)>> {
    let mut numbers = BTreeMap::new();
    let mut groups: Vec<Vec<(RefId, &Cause)>> = vec![];
    for (id, cause) in left {
        let key = (words::key(cause), world.index.site(*id).name.clone());
        let number = *numbers.entry(key).or_insert(groups.len());
        if number == groups.len() {
            groups.push(vec![]);
        }
        groups[number].push((*id, cause));
    }
    let mut apart: Vec<Vec<(RefId, &Cause)>> = vec![];
    for group in groups {
        // What Python runs without a name has little in common.
        if group.len() > PLACES && !world.index.site(group[0].0).is_implicit() {
            apart.push(group);
        } else {
            apart.extend(group.into_iter().map(|site| vec![site]));
        }
    }
    apart.sort_by_key(|group| group[0].0);
    apart
}

/// `; likewise at a.py:3, b.py:7 and 5 more places`.
fn others(places: &mut Places, others: &[(RefId, &Cause)], length: Length) -> String {
    let shown = if length == Length::Whole { others.len() } else { PLACES };
    let named: Vec<String> = others.iter().take(shown).map(|(id, _)| places.site(*id)).collect();
    match others.len() - named.len() {
        _ if named.is_empty() => String::new(),
        0 => format!("; likewise at {}", named.join(", ")),
        more => format!("; likewise at {}, and at {}", named.join(", "), plural(more, "more place")),
    }
}
