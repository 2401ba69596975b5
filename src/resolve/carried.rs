//! Functions that are named as values, and generators that are not iterated over where they are made: followed up to every
//! place that runs them. Each such place is a site; where nothing is lost sight of, naming the function is no obstacle.

use std::collections::{BTreeMap, BTreeSet};

use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

use super::builder::Builder;
use super::flow::{self, Arrives, Runs, Token};
use super::{Carriage, Evidence, Site, SiteKind, boundary, site};
use crate::index::facts::*;

/// The functions that are run at each place.
type Places = BTreeMap<RefId, BTreeSet<FuncId>>;

/// What was followed so far.
#[derive(Debug, Default)]
pub(crate) struct State {
    done: FxHashSet<RefId>,
    /// The functions that are known to be run at a place.
    runs: Places,
}

/// Follows what the sites name or make that were found since the last time. Returns whether anything came of it.
pub(crate) fn follow(builder: &mut Builder) -> bool {
    let new: Vec<RefId> = builder
        .graph
        .sites
        .values()
        .filter(|site| matches!(site.kind, SiteKind::Value | SiteKind::Made) && !site.uncertain)
        .map(|site| site.id)
        .filter(|id| !builder.in_tests(id.file) && !builder.carried.done.contains(id))
        .collect();
    let mut changed = false;
    for id in new {
        builder.carried.done.insert(id);
        changed |= follow_site(builder, id);
    }
    changed
}

fn follow_site(builder: &mut Builder, id: RefId) -> bool {
    let site = &builder.graph.sites[&id];
    let (targets, is_made) = (site.targets.clone(), site.kind == SiteKind::Made);
    let facts = builder.index.site(id);
    if matches!(facts.usage, Usage::Store | Usage::Delete | Usage::Decorator) {
        return false;
    }
    let from = match facts.usage {
        Usage::Called(call) if is_made => result_of(builder, call),
        _ => Some(facts.value),
    };
    let Some(from) = from else { return false };
    let (mut calls, mut uses): (Places, Places) = Default::default();
    let (mut annotations, mut through) = (BTreeSet::new(), BTreeSet::new());
    let mut escape = None;
    for target in targets {
        let token = if is_made { Token::Generator(target) } else { Token::Function(target) };
        let trace = flow::trace(builder, token, from);
        for place in trace.calls {
            calls.entry(place).or_default().insert(target);
        }
        for place in trace.uses {
            uses.entry(place).or_default().insert(target);
        }
        annotations.extend(trace.annotations);
        through.extend(trace.through);
        escape = escape.or(trace.escape);
    }
    if escape.is_none()
        && let Some(site) = builder.graph.sites.get_mut(&id)
    {
        site.kind = SiteKind::Carried;
    }
    let ranges = annotations.into_iter().filter_map(|(file, value)| annotation_range(builder, file, value)).collect();
    let through = if is_made { through } else { BTreeSet::new() };
    builder.graph.carriages.insert(id, Carriage { annotations: ranges, through, lost_at: escape });
    let mut changed = false;
    for (place, funcs) in calls {
        changed |= add_place(builder, place, funcs, Runs::Calls);
    }
    for (place, funcs) in uses {
        changed |= add_place(builder, place, funcs, Runs::Iterates);
    }
    changed
}

fn result_of(builder: &Builder, call: CallId) -> Option<ValueId> {
    let values = &builder.index.file(call.file).values;
    let at = values.iter().position(|value| matches!(value, Value::Call { call: own } if *own == call))?;
    Some(ValueId { file: call.file, index: at as u32 })
}

fn annotation_range(builder: &Builder, file: FileId, value: ValueId) -> Option<(FileId, TextRange)> {
    let annotations = &builder.index.file(file).annotations;
    annotations.iter().find(|(own, _)| *own == value).map(|(_, range)| (file, *range))
}

/// A place that runs what was followed there: with everything else that may be run at it.
fn add_place(builder: &mut Builder, place: RefId, funcs: BTreeSet<FuncId>, runs: Runs) -> bool {
    let known = builder.carried.runs.entry(place).or_default();
    let before = known.len();
    known.extend(funcs);
    if known.len() == before || handles_both(builder, place) {
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
    let arriving = flow::arriving(builder, value, runs);
    targets.extend(&arriving.funcs);
    if let Some(site) = builder.graph.sites.get(&place).filter(|_| runs == Runs::Calls) {
        targets.extend(&site.targets);
    }
    builder.parked_sites.remove(&place);
    builder.graph.foreign.remove(&place);
    builder.open.remove(&place);
    let is_kept =
        |func: &FuncId| !site::is_constructor(&builder.index.func(*func).name) || builder.graph.nodes.contains(func);
    let targets: Vec<FuncId> = targets.into_iter().filter(is_kept).collect();
    let kind = match runs {
        Runs::Calls => site::kind_of(builder, place, &targets),
        Runs::Iterates => SiteKind::Iterated,
    };
    let Arrives { others, unknown, .. } = arriving;
    builder.add_site(Site { uncertain: unknown, others, ..Site::new(place, kind, targets, Evidence::Flow) });
    true
}

/// Code that tests what it calls, or what it got from the call, takes both colors.
fn handles_both(builder: &Builder, place: RefId) -> bool {
    let Some(func) = builder.index.context(builder.index.site(place).context).func else { return false };
    let facts = builder.index.file(place.file);
    facts
        .calls
        .iter()
        .any(|call| facts[call.context].func == Some(func) && boundary::is_coroutine_test(builder.names(), call))
}
