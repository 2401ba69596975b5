//! Places that run what was followed there: sites, with everything else that may be run at them.

use std::collections::BTreeSet;

use super::{CROWD, result_of};
use crate::index::facts::*;
use crate::resolve::builder::Builder;
use crate::resolve::flow::{self, Arrives, Runs};
use crate::resolve::{Evidence, Site, SiteKind, dispatcher, site};

/// A place that runs what was followed there: with everything else that may be run at it.
pub(in crate::resolve) fn add_place(builder: &mut Builder, place: RefId, funcs: BTreeSet<FuncId>, runs: Runs) -> bool {
    let known = builder.carried.runs.entry(place).or_default();
    let before = known.len();
    known.extend(funcs);
    if known.len() == before {
        return false;
    }
    // A test may only ask what it got.
    if !builder.in_tests(place.file) && handles_both(builder, place) {
        dispatched(builder, place);
        return false;
    }
    let is_callback = builder.carried.callbacks.contains(&place);
    if runs == Runs::Calls && !is_callback && is_leaf(builder, place) {
        return false;
    }
    // What was known of it before stays known.
    if is_crowded(builder, place) && before > 0 {
        return false;
    }
    if runs == Runs::Iterates && is_declared(builder, place) {
        return false;
    }
    let mut targets = builder.carried.runs[&place].clone();
    let facts = builder.index.site(place);
    let value = match (facts.usage, runs) {
        (Usage::Called(call), Runs::Calls) => Some(builder.index.call(call).func),
        (Usage::Called(call), Runs::Iterates) => result_of(builder, call),
        _ => Some(facts.value),
    };
    let Some(value) = value else { return false };
    let mut arriving = flow::arriving(builder, value, runs);
    targets.extend(&arriving.funcs);
    if let Some(site) = builder.graph.sites.get(&place).filter(|_| runs != Runs::Iterates) {
        targets.extend(&site.targets);
        // What is known of its name without flow stays known.
        arriving.unknown &= site.uncertain || site.evidence >= Evidence::Flow;
    }
    arriving.unknown &= !is_callback;
    builder.parked_sites.remove(&place);
    builder.graph.foreign.remove(&place);
    builder.open.remove(&place);
    let is_kept =
        |func: &FuncId| !site::is_constructor(&builder.index.func(*func).name) || builder.graph.nodes.contains(func);
    let targets: Vec<FuncId> = targets.into_iter().filter(is_kept).collect();
    let kind = match runs {
        Runs::Calls | Runs::Enters => site::kind_of(builder, place, &targets),
        Runs::Iterates => SiteKind::Iterated,
    };
    let Arrives { others, unknown, .. } = arriving;
    builder.add_site(Site { uncertain: unknown, others, ..Site::new(place, kind, targets, Evidence::Flow) });
    true
}

/// Does a codemod say that the call blocks? It goes to a thread, and so does what arrives there of the project: that stays.
fn is_leaf(builder: &mut Builder, place: RefId) -> bool {
    let is_leaf = builder.graph.is_leaf(place);
    if is_leaf {
        for func in &builder.carried.runs[&place] {
            builder.graph.crowded.entry(*func).or_insert(place);
        }
    }
    is_leaf
}

/// A library function runs the function before it returns.
pub(super) fn add_callback(builder: &mut Builder, place: RefId, call: CallId, func: FuncId) -> bool {
    if !builder.carried.runs.entry(place).or_default().insert(func) {
        return false;
    }
    let targets: Vec<FuncId> = builder.carried.runs[&place].iter().copied().collect();
    builder.graph.foreign.remove(&place);
    builder.add_site(Site::new(place, SiteKind::Callback { call }, targets, Evidence::Flow));
    true
}

/// A place that takes both colors is no obstacle to any; what stays, blocks there.
pub(super) fn dispatched(builder: &mut Builder, place: RefId) {
    let is_known = builder.graph.sites.get(&place).is_some_and(|site| site.kind != SiteKind::Dispatched);
    if is_known || !matches!(builder.index.site(place).usage, Usage::Called(_)) {
        return;
    }
    let targets = builder.carried.runs[&place].iter().copied().collect();
    builder.parked_sites.remove(&place);
    builder.graph.foreign.remove(&place);
    builder.open.remove(&place);
    builder.add_site(Site::new(place, SiteKind::Dispatched, targets, Evidence::Flow));
}

/// Do too many functions arrive at the place? They are noted then.
pub(super) fn is_crowded(builder: &mut Builder, place: RefId) -> bool {
    let known = &builder.carried.runs[&place];
    if known.len() <= CROWD {
        return false;
    }
    for func in known {
        builder.graph.crowded.entry(*func).or_insert(place);
    }
    true
}

/// Does a codemod say what iterating becomes there?
pub(super) fn is_declared(builder: &Builder, place: RefId) -> bool {
    let facts = builder.index.site(place);
    let range = match facts.usage {
        Usage::Called(call) => builder.index.call(call).range,
        _ => facts.range,
    };
    builder.graph.sites_in_file(place.file).any(|site| {
        let other = builder.index.site(site.id);
        other.is_implicit()
            && other.name == "__iter__"
            && other.range == range
            && matches!(site.kind, SiteKind::Blocking { native: Some(_), .. })
    })
}

/// Code that tests what it calls, or what it got from the call, takes both colors.
pub(super) fn handles_both(builder: &Builder, place: RefId) -> bool {
    let Some(func) = builder.index.context(builder.index.site(place).context).func else { return false };
    let (facts, names) = (builder.index.file(place.file), builder.names());
    let tests = |call: &Call| facts[call.context].func == Some(func) && dispatcher::is_coroutine_test(names, call);
    facts.calls.iter().any(tests) && !dispatcher::only_schedules(names, func) && !dispatcher::only_refuses(names, func)
}
