//! Functions that are named as values, and generators that are not iterated over where they are made: followed up to every
//! place that runs them. Each such place is a site; where nothing is lost sight of, naming the function is no obstacle.

mod class;
mod place;
mod tested;
mod wrapper;

use std::collections::{BTreeMap, BTreeSet};

use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

pub(super) use self::place::add_place;
pub(super) use self::wrapper::{add_wrapped, settle_wrappers};

use self::class::{follow_class, names_class, unnamed_constructions};
use self::place::{add_callback, handles_both};
use super::builder::Builder;
use super::flow::{self, Runs, Token};
use super::{Carriage, Evidence, LambdaUse, Site, SiteKind, boundary, dispatcher, eager, replacement};
use crate::index::facts::*;

/// Where more functions arrive than this, they stay as they are: nothing that runs so many converts as a whole, and each brings
/// the functions that it shares other places with.
pub(super) const CROWD: usize = 16;

/// The functions that are run at each place.
type Places = BTreeMap<RefId, BTreeSet<FuncId>>;

/// What was followed so far.
#[derive(Debug, Default)]
pub(crate) struct State {
    done: FxHashSet<RefId>,
    /// The functions that are known to be run at a place.
    runs: Places,
    /// Calls of what is decorated, in wrappers.
    wrapped: BTreeSet<RefId>,
    /// Functions that codemods declare blocking, where they are named as values, with the number of the entry.
    pub(super) layer_values: Vec<(ValueId, usize)>,
    /// Calls of what a codemod names as a callback: what nobody knows there is async.
    pub(super) callbacks: FxHashSet<RefId>,
    /// Functions whose decorators were followed.
    pub(super) decorated: FxHashSet<FuncId>,
    /// Constructors whose calls without a name were not looked for yet.
    constructors: Vec<FuncId>,
}

impl State {
    /// A constructor became a node: `cls(...)`, `self.__class__(...)` and `type(self)(...)` run it without naming its class.
    pub(super) fn constructs(&mut self, constructor: FuncId) {
        self.constructors.push(constructor);
    }
}

/// Follows what the sites name or make that were found since the last time. Returns whether anything came of it.
pub(crate) fn follow(builder: &mut Builder) -> bool {
    let new: Vec<RefId> = builder
        .graph
        .sites
        .values()
        .filter(|site| !site.uncertain)
        .filter(|site| match site.kind {
            // A call in a lambda that a thread runs takes it nowhere else.
            SiteKind::Value => !matches!(builder.index.site(site.id).usage, Usage::Called(_)),
            SiteKind::Made => true,
            SiteKind::Mention => names_class(builder, site),
            _ => false,
        })
        // What a test makes of the functions of the code stays in the test.
        .filter(|site| !builder.in_tests(site.id.file) || site.kind == SiteKind::Value)
        .map(|site| site.id)
        .filter(|id| !builder.carried.done.contains(id))
        .collect();
    let mut changed = false;
    for func in std::mem::take(&mut builder.carried.constructors) {
        for place in unnamed_constructions(builder, func) {
            changed |= add_place(builder, place, BTreeSet::from([func]), Runs::Calls);
        }
    }
    for id in new {
        builder.carried.done.insert(id);
        changed |= if builder.in_tests(id.file) { follow_in_test(builder, id) } else { follow_site(builder, id) };
    }
    changed | follow_lambdas(builder) | follow_layer(builder)
}

/// `run(store.insert)` in a test, where `run` is a helper of the tests that calls what it is given.
fn follow_in_test(builder: &mut Builder, id: RefId) -> bool {
    let facts = builder.index.site(id);
    if !matches!(
        facts.usage,
        Usage::Argument { .. } | Usage::Assigned | Usage::Element { .. } | Usage::Returned | Usage::Yielded
    ) {
        return false;
    }
    let (from, targets) = (facts.value, builder.graph.sites[&id].targets.clone());
    let mut calls = Places::default();
    let targets: Vec<FuncId> = targets.into_iter().filter(|target| builder.graph.nodes.contains(target)).collect();
    for target in targets {
        let trace = flow::trace(builder, Token::Function(target), from);
        let stays = trace.calls.iter().all(|place| builder.in_tests(place.file));
        let is_lost = trace.escape.is_some() || trace.accepted.is_some() || trace.calls.is_empty();
        if !stays || is_lost || !trace.callbacks.is_empty() || !trace.decorates.is_empty() {
            return false;
        }
        for place in trace.calls {
            calls.entry(place).or_default().insert(target);
        }
    }
    if calls.is_empty() || !calls.keys().all(|place| only_nodes_arrive(builder, *place)) {
        return false;
    }
    if let Some(site) = builder.graph.sites.get_mut(&id) {
        site.kind = SiteKind::Carried;
    }
    let mut changed = false;
    for (place, funcs) in calls {
        changed |= add_place(builder, place, funcs, Runs::Calls);
        // A wrong guess in a test breaks the test and nothing else.
        if let Some(site) = builder.graph.sites.get_mut(&place) {
            site.uncertain = false;
        }
    }
    changed
}

/// Is everything that is known to arrive at a call something that leads to a blocking one?
fn only_nodes_arrive(builder: &mut Builder, place: RefId) -> bool {
    let Usage::Called(call) = builder.index.site(place).usage else { return false };
    let callee = builder.index.call(call).func;
    let arriving = flow::arriving(builder, callee, Runs::Calls);
    !arriving.others && arriving.funcs.iter().all(|func| builder.graph.nodes.contains(func))
}

fn follow_site(builder: &mut Builder, id: RefId) -> bool {
    if builder.graph.sites[&id].kind == SiteKind::Mention {
        return follow_class(builder, id);
    }
    let site = &builder.graph.sites[&id];
    let (targets, is_made) = (site.targets.clone(), site.kind == SiteKind::Made);
    let facts = builder.index.site(id);
    match facts.usage {
        Usage::Store => return replacement::follow(builder, id),
        Usage::Delete | Usage::Decorator => return false,
        _ => {}
    }
    let from = match facts.usage {
        Usage::Called(call) if is_made => result_of(builder, call),
        _ => Some(facts.value),
    };
    let Some(from) = from else { return false };
    let (mut calls, mut uses, mut entered): (Places, Places, Places) = Default::default();
    let (mut annotations, mut through) = (BTreeSet::new(), BTreeSet::new());
    let (mut escape, mut dispatched) = (None, false);
    let mut callbacks: Vec<(RefId, CallId, FuncId)> = vec![];
    let mut changed = false;
    for target in targets {
        let is_manager = is_made && boundary::is_manager(builder.index, target);
        let token = match is_made {
            true if is_manager => Token::Manager(target),
            true => Token::Generator(target),
            false => Token::Function(target),
        };
        let trace = flow::trace(builder, token, from);
        let is_unused = trace.calls.is_empty() && trace.uses.is_empty() && trace.callbacks.is_empty();
        let tested = tested::follow(builder, token, target, trace.in_tests);
        changed |= tested.changed;
        // Nothing but tests has it, and what they do with it no coroutine can be put in for.
        escape = escape.or(tested.lost.filter(|_| is_unused && trace.decorates.is_empty()));
        for place in trace.calls {
            calls.entry(place).or_default().insert(target);
        }
        for place in trace.uses {
            let of = if is_manager { &mut entered } else { &mut uses };
            of.entry(place).or_default().insert(target);
        }
        callbacks.extend(trace.callbacks.into_iter().map(|(place, call)| (place, call, target)));
        annotations.extend(trace.annotations);
        if shares_place(builder, uses.keys()) {
            through.extend(trace.through);
        }
        for decorated in trace.decorates.into_iter().chain(trace.handed_on) {
            builder.tie(&BTreeSet::from([target, decorated]));
            builder.add_node(decorated);
        }
        dispatched |= trace.accepted == Some(dispatcher::Accepts::Here);
        escape = escape.or(trace.escape);
    }
    dispatched &= calls.is_empty() && uses.is_empty() && entered.is_empty();
    if escape.is_none()
        && callbacks.is_empty()
        && let Some(site) = builder.graph.sites.get_mut(&id)
    {
        site.kind = if dispatched { SiteKind::Dispatched } else { SiteKind::Carried };
    }
    let ranges = annotations.into_iter().filter_map(|(file, value)| annotation_range(builder, file, value)).collect();
    let through = if is_made { through } else { BTreeSet::new() };
    builder.graph.carriages.insert(id, Carriage { annotations: ranges, through, lost_at: escape });
    for (place, funcs) in calls {
        changed |= add_place(builder, place, funcs, Runs::Calls);
    }
    for (place, funcs) in uses {
        changed |= add_place(builder, place, funcs, Runs::Iterates);
    }
    for (place, funcs) in entered {
        changed |= add_place(builder, place, funcs, Runs::Enters);
    }
    for (place, call, func) in callbacks {
        changed |= add_callback(builder, place, call, func);
    }
    changed
}

/// Is one of the places that iterate over something that of the call which gives it? It cannot be awaited first there.
pub(super) fn shares_place<'a>(builder: &Builder, mut uses: impl Iterator<Item = &'a RefId>) -> bool {
    uses.any(|place| matches!(builder.index.site(*place).usage, Usage::Called(_)))
}

/// Functions that codemods declare blocking: calls of what holds one block.
fn follow_layer(builder: &mut Builder) -> bool {
    let values = std::mem::take(&mut builder.carried.layer_values);
    let mut changed = false;
    for (value, entry) in values {
        let trace = flow::trace(builder, Token::Layer, value);
        let later = if trace.callbacks.is_empty() { lazy_taker(builder, value) } else { None };
        let takers = trace.callbacks.into_iter().filter_map(|(_, call)| callee(builder, call));
        let places: Vec<RefId> = trace.calls.into_iter().chain(takers.collect::<Vec<_>>()).chain(later).collect();
        for place in places {
            let is_call = match builder.index.site(place).usage {
                Usage::Called(call) => builder.index.call(call).usage != Usage::Awaited,
                _ => false,
            };
            if is_call && !builder.graph.sites.contains_key(&place) && !handles_both(builder, place) {
                builder.graph.foreign.remove(&place);
                let kind = SiteKind::Blocking { entry, native: None };
                builder.add_site(Site::new(place, kind, vec![], Evidence::Flow));
                changed = true;
            }
        }
    }
    changed
}

/// `return map(leaf, keys)`: the place of the `map`, for which somebody runs the function later.
fn lazy_taker(builder: &Builder, value: ValueId) -> Option<RefId> {
    let (calls, names) = (&builder.index.file(value.file).calls, builder.names());
    let takes = |call: &Call| call.args.first().is_some_and(|arg| arg.value == value) && eager::is_lazy(&names, call);
    let index = calls.iter().position(takes)? as u32;
    callee(builder, CallId { file: value.file, index })
}

/// The place of the name that is called.
fn callee(builder: &Builder, call: CallId) -> Option<RefId> {
    let facts = builder.index.file(call.file);
    let index = facts.refs.iter().position(|site| site.usage == Usage::Called(call))?;
    Some(RefId { file: call.file, index: index as u32 })
}

/// Lambdas that run something blocking: functions without a name, followed from where they stand.
fn follow_lambdas(builder: &mut Builder) -> bool {
    let nodes = builder.graph.nodes.iter().copied();
    let new: Vec<FuncId> = nodes
        .filter(|func| builder.index.func(*func).lambda.is_some() && !builder.graph.lambdas.contains_key(func))
        .collect();
    let mut changed = false;
    for func in new {
        let Some(lambda) = builder.index.func(func).lambda else { continue };
        let trace = flow::trace(builder, Token::Function(func), lambda.value);
        changed |= tested::follow(builder, Token::Function(func), func, trace.in_tests).changed;
        builder.graph.lambdas.insert(func, LambdaUse { lost_at: trace.escape, is_accepted: trace.accepted.is_some() });
        for place in trace.calls {
            changed |= add_place(builder, place, BTreeSet::from([func]), Runs::Calls);
        }
        for (place, call) in trace.callbacks {
            changed |= add_callback(builder, place, call, func);
        }
        for decorated in trace.decorates {
            builder.tie(&BTreeSet::from([func, decorated]));
            builder.add_node(decorated);
        }
    }
    changed
}

pub(super) fn result_of(builder: &Builder, call: CallId) -> Option<ValueId> {
    let values = &builder.index.file(call.file).values;
    let at = values.iter().position(|value| matches!(value, Value::Call { call: own } if *own == call))?;
    Some(ValueId { file: call.file, index: at as u32 })
}

pub(super) fn annotation_range(builder: &Builder, file: FileId, value: ValueId) -> Option<(FileId, TextRange)> {
    builder.index.file(file).annotation_range(value).map(|range| (file, range))
}
