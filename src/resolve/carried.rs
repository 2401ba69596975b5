//! Functions that are named as values, and generators that are not iterated over where they are made: followed up to every
//! place that runs them. Each such place is a site; where nothing is lost sight of, naming the function is no obstacle.

use std::collections::{BTreeMap, BTreeSet};

use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

use super::builder::Builder;
use super::flow::{self, Arrives, Runs, Token};
use super::names::Meaning;
use super::{Carriage, Evidence, LambdaUse, Site, SiteKind, boundary, replacement, site};
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
            SiteKind::Value | SiteKind::Made => true,
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

/// Is a class named whose construction blocks?
fn names_class(builder: &Builder, site: &Site) -> bool {
    let is_constructor = |func: &FuncId| site::is_constructor(&builder.index.func(*func).name);
    let is_value = !matches!(
        builder.index.site(site.id).usage,
        Usage::Annotation
            | Usage::Base
            | Usage::Receiver
            | Usage::Subscripted
            | Usage::Decorator
            | Usage::Store
            | Usage::Delete
    );
    is_value && !site.targets.is_empty() && site.targets.iter().all(is_constructor)
}

/// A class that is named as a value is no obstacle: constructors never convert. Where it is called, its construction runs.
fn follow_class(builder: &mut Builder, id: RefId) -> bool {
    let (from, targets) = (builder.index.site(id).value, builder.graph.sites[&id].targets.clone());
    let meanings = builder.names().evaluate(from);
    let mut changed = false;
    for meaning in meanings {
        let Meaning::Class(class) = meaning else { continue };
        let trace = flow::trace(builder, Token::Class(class), from);
        for place in trace.calls {
            changed |= add_place(builder, place, targets.iter().copied().collect(), Runs::Calls);
        }
    }
    changed
}

/// `run(store.insert)` in a test, where `run` is a helper of the tests that calls what it is given.
fn follow_in_test(builder: &mut Builder, id: RefId) -> bool {
    let facts = builder.index.site(id);
    if !matches!(facts.usage, Usage::Argument { .. } | Usage::Assigned | Usage::Element { .. } | Usage::Returned) {
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
    for target in targets {
        let is_manager = is_made && boundary::is_manager(builder.index, target);
        let token = match is_made {
            true if is_manager => Token::Manager(target),
            true => Token::Generator(target),
            false => Token::Function(target),
        };
        let trace = flow::trace(builder, token, from);
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
        dispatched |= trace.accepted == Some(boundary::Accepts::Here);
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
    let mut changed = false;
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

/// A library function runs the function before it returns.
fn add_callback(builder: &mut Builder, place: RefId, call: CallId, func: FuncId) -> bool {
    if !builder.carried.runs.entry(place).or_default().insert(func) {
        return false;
    }
    let targets: Vec<FuncId> = builder.carried.runs[&place].iter().copied().collect();
    builder.graph.foreign.remove(&place);
    builder.add_site(Site::new(place, SiteKind::Callback { call }, targets, Evidence::Flow));
    true
}

/// Functions that codemods declare blocking: calls of what holds one block.
fn follow_layer(builder: &mut Builder) -> bool {
    let values = std::mem::take(&mut builder.carried.layer_values);
    let mut changed = false;
    for (value, entry) in values {
        let trace = flow::trace(builder, Token::Layer, value);
        let takers = trace.callbacks.into_iter().filter_map(|(_, call)| callee(builder, call));
        let places: Vec<RefId> = trace.calls.into_iter().chain(takers.collect::<Vec<_>>()).collect();
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

/// The calls in the classes that share a constructor which may construct one of them without naming it.
fn unnamed_constructions(builder: &mut Builder, func: FuncId) -> Vec<RefId> {
    let Some(class) = builder.index.func(func).class else { return vec![] };
    builder.index_close(class);
    let below = builder.graph.hierarchy.descendants(class);
    let family: BTreeSet<ClassId> = below.into_iter().flat_map(|id| builder.graph.hierarchy.ancestors(id)).collect();
    let files: BTreeSet<FileId> = family.iter().map(|id| id.file).collect();
    let mut found = vec![];
    for name in ["cls", "__class__", "__call__"] {
        for id in builder.index.refs_of(name).iter().filter(|id| files.contains(&id.file)) {
            let site = builder.index.site(*id);
            let Usage::Called(call) = site.usage else { continue };
            let is_type = || match builder.index.value(builder.index.call(call).func) {
                Value::Call { call } => builder.names().last_name(builder.index.call(*call).func) == Some("type"),
                _ => false,
            };
            if name != "__call__" || site.is_implicit() && is_type() {
                found.push((*id, builder.index.call(call).func));
            }
        }
    }
    found.retain(|(_, callee)| flow::may_construct(builder, *callee, &family));
    let held = held_classes(builder, &files).into_iter().filter(|value| flow::may_construct(builder, *value, &family));
    let held: Vec<ValueId> = held.collect();
    let places = held.into_iter().flat_map(|value| flow::trace(builder, Token::Class(class), value).calls);
    let places: BTreeSet<RefId> = places.collect();
    found.into_iter().map(|(id, _)| id).chain(places).collect()
}

/// `kind = self.__class__`, `kind = type(self)`: classes that are held without a name of their own.
fn held_classes(builder: &Builder, files: &BTreeSet<FileId>) -> Vec<ValueId> {
    let is_here = |id: &&RefId| files.contains(&id.file);
    let looked_up = builder.index.refs_of("__class__").iter().filter(is_here).filter_map(|id| {
        let site = builder.index.site(*id);
        (!matches!(site.usage, Usage::Called(_) | Usage::Receiver | Usage::Compared)).then_some(site.value)
    });
    let asked = builder.index.refs_of("type").iter().filter(is_here).filter_map(|id| {
        let Usage::Called(call) = builder.index.site(*id).usage else { return None };
        let facts = builder.index.call(call);
        let is_held =
            facts.args.len() == 1 && !matches!(facts.usage, Usage::Called(_) | Usage::Receiver | Usage::Compared);
        if is_held { result_of(builder, call) } else { None }
    });
    looked_up.chain(asked).collect()
}

pub(super) fn result_of(builder: &Builder, call: CallId) -> Option<ValueId> {
    let values = &builder.index.file(call.file).values;
    let at = values.iter().position(|value| matches!(value, Value::Call { call: own } if *own == call))?;
    Some(ValueId { file: call.file, index: at as u32 })
}

pub(super) fn annotation_range(builder: &Builder, file: FileId, value: ValueId) -> Option<(FileId, TextRange)> {
    let annotations = &builder.index.file(file).annotations;
    annotations.iter().find(|(own, _)| *own == value).map(|(_, range)| (file, *range))
}

/// A place that runs what was followed there: with everything else that may be run at it.
pub(super) fn add_place(builder: &mut Builder, place: RefId, funcs: BTreeSet<FuncId>, runs: Runs) -> bool {
    let known = builder.carried.runs.entry(place).or_default();
    let before = known.len();
    known.extend(funcs);
    if known.len() == before {
        return false;
    }
    if handles_both(builder, place) {
        dispatched(builder, place);
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

/// A place that takes both colors is no obstacle to any; what stays, blocks there.
fn dispatched(builder: &mut Builder, place: RefId) {
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
fn is_crowded(builder: &mut Builder, place: RefId) -> bool {
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
fn is_declared(builder: &Builder, place: RefId) -> bool {
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

/// A call of `func` in a wrapper of its decorator. What else is decorated with it is run there too, and converts only when it
/// leads to something blocking by itself, or the wrapper does.
pub(super) fn add_wrapped(builder: &mut Builder, place: RefId, func: FuncId) -> bool {
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
pub(super) fn settle_wrappers(builder: &mut Builder) -> bool {
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

/// Code that tests what it calls, or what it got from the call, takes both colors.
fn handles_both(builder: &Builder, place: RefId) -> bool {
    let Some(func) = builder.index.context(builder.index.site(place).context).func else { return false };
    let facts = builder.index.file(place.file);
    facts
        .calls
        .iter()
        .any(|call| facts[call.context].func == Some(func) && boundary::is_coroutine_test(builder.names(), call))
}
