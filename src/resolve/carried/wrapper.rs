//! Calls of what is decorated, in the wrappers that decorators put in its place.

use std::collections::BTreeSet;

use super::place::{dispatched, handles_both};
use crate::index::facts::*;
use crate::resolve::builder::Builder;
use crate::resolve::flow::{self, Arrives, Runs};
use crate::resolve::{Evidence, Site, SiteKind, site};

/// A call of `func` in a wrapper of its decorator. What else is decorated with it is run there too, and converts only when it
/// leads to something blocking by itself, or the wrapper does.
pub(in crate::resolve) fn add_wrapped(builder: &mut Builder, place: RefId, func: FuncId) -> bool {
    builder.carried.wrapped.insert(place);
    let known = builder.carried.runs.entry(place).or_default();
    if !known.insert(func) {
        return false;
    }
    if handles_both(builder, place) {
        dispatched(builder, place);
        return false;
    }
    builder.graph.foreign.remove(&place);
    builder.parked_sites.remove(&place);
    builder.open.remove(&place);
    settle_wrapper(builder, place);
    true
}

/// Looks again at what is decorated beside the functions that lead to something blocking. Returns whether anything changed.
pub(in crate::resolve) fn settle_wrappers(builder: &mut Builder) -> bool {
    let places: Vec<RefId> = builder.carried.wrapped.iter().copied().collect();
    let mut changed = false;
    for place in places {
        let before = builder.graph.sites.get(&place).map(|site| (site.targets.clone(), site.others, site.uncertain));
        settle_wrapper(builder, place);
        let after = builder.graph.sites.get(&place).map(|site| (site.targets.clone(), site.others, site.uncertain));
        changed |= before != after;
    }
    changed
}

fn settle_wrapper(builder: &mut Builder, place: RefId) {
    let facts = builder.index.site(place);
    let Usage::Called(call) = facts.usage else { return };
    let wrapper = builder.index.context(facts.context).func;
    let callee = builder.index.call(call).func;
    let Arrives { funcs, others, unknown } = flow::arriving(builder, callee, Runs::Calls);
    let all: BTreeSet<FuncId> = funcs.into_iter().chain(builder.carried.runs[&place].iter().copied()).collect();
    let blocks = wrapper.is_some_and(|wrapper| blocks_by_itself(builder, wrapper, place));
    let counts = |func: &FuncId| blocks || builder.graph.nodes.contains(func) || builder.index.func(*func).is_async;
    let (targets, rest): (Vec<FuncId>, Vec<FuncId>) = all.into_iter().partition(|func| counts(func));
    let others = others || !rest.is_empty();
    let kind = site::kind_of(builder, place, &targets);
    builder.add_site(Site { uncertain: unknown, others, ..Site::new(place, kind, targets, Evidence::Flow) });
}

/// Is there something in the wrapper that leads to a blocking call, apart from the call of what it wraps?
fn blocks_by_itself(builder: &Builder, wrapper: FuncId, place: RefId) -> bool {
    let mut inside = builder.graph.sites.values().filter(|site| {
        site.id != place && builder.index.context(builder.index.site(site.id).context).func == Some(wrapper)
    });
    inside.any(|site| match site.kind {
        SiteKind::Blocking { .. } => true,
        SiteKind::Call | SiteKind::Iterated | SiteKind::Read => !builder.carried.wrapped.contains(&site.id),
        _ => false,
    })
}
