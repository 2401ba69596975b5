//! Why what a call gives, or what Python runs between the lines, cannot be awaited where it stands.

use crate::color::World;
use crate::index::facts::*;
use crate::resolve::{Site, SiteKind};

/// Does the entry say that what the call gives does the work?
fn is_declared_lazy(world: World, site: &Site) -> bool {
    matches!(site.kind, SiteKind::Blocking { entry, .. } if world.graph.entries[entry].lazy)
}

/// What an await or an asynchronous iteration cannot take the place of.
pub fn consumed(world: World, call: &str, site: RefId) -> String {
    let facts = world.index.site(site);
    let is_statement =
        || matches!(world.result_usage(site), Some(Usage::WithItem { .. } | Usage::ForIter { .. } | Usage::Unpacked));
    if facts.runs_unseen() && (world.graph.is_leaf(site) || is_statement()) {
        let what = match facts.name.as_str() {
            "__iter__" => "each turn of an iteration over",
            "__next__" => "each step of",
            "__enter__" | "__exit__" => "entering or leaving",
            name => return format!("`{name}` of {call} blocks, and no call stands there that could be moved"),
        };
        return format!("{what} {call} blocks, and no call stands there that could be moved");
    }
    if world.graph.sites.get(&site).is_some_and(|site| is_declared_lazy(world, site)) {
        return format!("what {call} gives blocks at each turn, and no call stands there that could be moved");
    }
    match world.result_usage(site) {
        Some(Usage::Argument { call: taker, .. })
            if let Some(name) = world.names().last_name(world.index.call(taker).func) =>
        {
            format!("the result of {call} is given to `{name}`, which iterates over it or enters it, and cannot await")
        }
        Some(Usage::Implied { .. } | Usage::Compared) => {
            format!("the result of {call} is searched up to the first match, and an operator cannot await")
        }
        _ => format!("the result of {call} is entered or iterated at once"),
    }
}
