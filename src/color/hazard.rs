//! Calls of project functions that must not be moved to a worker thread (DESIGN section 6).

mod at_once;
pub mod bound;
mod made;
mod waking;

use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock};

use ruff_python_ast::PythonVersion;
use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use super::World;
use super::cause::Cause;
use super::shape::{Shape, shape_of_targets};
use super::{iteration, taken};
use crate::config::{OffloadProject, OffloadVia};
use crate::index::facts::*;
use crate::resolve::names::{Meaning, Names, Unloaded};
use crate::resolve::signature::fits;
use crate::resolve::site::is_of_super;
use crate::resolve::{Site, SiteKind, eager, hierarchy};

/// Calls that need the thread of the running loop, or its context.
const LOOP_CALLS: [&str; 11] = [
    "get_running_loop",
    "create_task",
    "create_future",
    "ensure_future",
    "current_task",
    "call_soon",
    "call_later",
    "call_at",
    "run_coroutine_threadsafe",
    "get_event_loop",
    "run_until_complete",
];

/// Values are followed through this many names and functions.
const NESTING: usize = 6;

/// The functions that calls run.
type Targets = FxHashMap<CallId, Vec<FuncId>>;

/// What a function does, as far as a worker thread minds.
#[derive(Clone, Debug)]
enum Step {
    /// One of [`LOOP_CALLS`].
    Loop(String),
    /// It makes an object that may be tied to the loop.
    Foreign(String),
    /// It may run the function; there, `StopIteration` may be caught.
    Runs { callee: FuncId, caught: bool },
}

/// What was found out so far.
#[derive(Debug, Default)]
pub struct Memo {
    /// The answers of [`transitive`], a function each.
    answers: Mutex<FxHashMap<FuncId, Option<Cause>>>,
    /// What functions call, a function each.
    calls: Mutex<FxHashMap<FuncId, Arc<[Step]>>>,
    handles: OnceLock<bound::Handles>,
    kept: OnceLock<waking::Kept>,
    /// What functions do that is bound to their thread or context, by file.
    bound: Mutex<FxHashMap<FileId, Arc<FxHashMap<FuncId, Cause>>>>,
    /// What may run in the place of a method: itself, and what overrides it.
    overriding: Mutex<FxHashMap<FuncId, Arc<[FuncId]>>>,
    /// What the call graph says of calls, by file.
    resolved: Mutex<FxHashMap<FileId, Arc<Targets>>>,
    /// Modules that hold decorators and callees and were not read yet: without them an answer is only a guess.
    pub unloaded: Unloaded,
}

/// Why the call at this site must not be offloaded; none when it may.
pub fn hazard(world: World, site: &Site) -> Option<Cause> {
    if !can_offload(world) {
        return Some(Cause::TargetVersion);
    }
    match world.config.offload_project {
        OffloadProject::None => return Some(Cause::OffloadForbidden),
        OffloadProject::Readonly if site.targets.iter().any(|target| world.index.func(*target).traits.writes_state) => {
            return Some(Cause::OffloadForbidden);
        }
        OffloadProject::Readonly | OffloadProject::All => {}
    }
    // What a codemod declares is offloaded as declared.
    let is_taken = taken::is_taken(world, site.id);
    undeclared(world, site).into_iter().find_map(|target| {
        let gives_coroutine = || world.index.func(target).is_async && !is_taken;
        let later =
            works_later(world, target).or_else(|| gives_coroutine().then_some(Cause::WorksLater { func: target }));
        later.or_else(|| transitive(world, target))
    })
}

/// What the site may run that no codemod declares.
fn undeclared(world: World, site: &Site) -> Vec<FuncId> {
    let targets = site.targets.iter().filter(|target| !world.graph.layer.contains(target));
    // What is below is not what `super()` finds.
    if is_of_super(world.names(), site.id) {
        return targets.copied().collect();
    }
    targets.flat_map(|target| overriding(world, *target).to_vec()).collect()
}

/// The function itself, and the methods that override it: an object of an abstract class is one of a class below. What only a
/// test puts below is run by that test alone.
fn overriding(world: World, func: FuncId) -> Arc<[FuncId]> {
    remembered(&world.hazards.overriding, func, || {
        let facts = world.index.func(func);
        let below = facts.class.into_iter().flat_map(|class| world.graph.hierarchy.descendants(class));
        let overriding = below.filter_map(|class| hierarchy::method(world.index, class, &facts.name));
        let others = overriding.filter(|id| *id != func && is_met_by(world, *id, func));
        std::iter::once(func).chain(others).collect()
    })
}

/// Is a function there where another one is run? What tests define is there for tests only.
fn is_met_by(world: World, func: FuncId, other: FuncId) -> bool {
    !world.in_tests(func.file) || world.in_tests(other.file)
}

/// Why a call that is offloaded today must not come back to the loop's thread: what it does there would be seen by others.
pub fn needs_worker(world: World, site: &Site) -> Option<Cause> {
    let own = |cause: &Cause| matches!(cause, Cause::SetsContext { .. } | Cause::ThreadBound { .. });
    let targets = site.targets.iter().flat_map(|target| overriding(world, *target).to_vec());
    targets.into_iter().find_map(|target| transitive(world, target).filter(own))
}

/// Why what this site runs must not run in a worker that iterates over it; none when it may.
pub fn hazard_in_consumer(world: World, site: &Site) -> Option<Cause> {
    if !can_offload(world) {
        return Some(Cause::TargetVersion);
    }
    if world.config.offload_project == OffloadProject::None && !matches!(site.kind, SiteKind::Blocking { .. }) {
        return Some(Cause::OffloadForbidden);
    }
    undeclared(world, site).into_iter().find_map(|target| transitive(world, target))
}

/// Does the target version have what offloads?
pub fn can_offload(world: World) -> bool {
    world.config.offload != OffloadVia::Asyncio || world.config.target_version >= PythonVersion::PY39
}

/// A generator, a context manager or an awaitable: calling it does nothing yet.
fn works_later(world: World, func: FuncId) -> Option<Cause> {
    let facts = world.index.func(func);
    let is_manager = facts.decorators.iter().any(|decorator| {
        crate::resolve::boundary::decorator_name(world.index, decorator)
            .is_some_and(|name| matches!(name, "contextmanager" | "fixture"))
    });
    let lazy = facts.returns.iter().any(|returned| is_lazy(world, returned.value, NESTING));
    let later = facts.traits.is_generator || is_manager || lazy || world.graph.awaitable_returns.contains_key(&func);
    later.then_some(Cause::WorksLater { func })
}

/// Does the function return nothing but `iter(x)`, where `x` has all its elements?
pub fn gives_at_once(world: World, func: FuncId) -> bool {
    let returns = &world.index.func(func).returns;
    let is_ready = |returned: &Return| match world.index.value(returned.value) {
        Value::Call { call } => {
            let name = world.names().last_name(world.index.call(*call).func);
            name == Some("iter") && at_once::gives(world, *call, NESTING)
        }
        _ => false,
    };
    !returns.is_empty() && returns.iter().all(is_ready)
}

/// May the value do its work when somebody iterates over it? Looked for through names and functions that hand it on, `depth`
/// steps far.
fn is_lazy(world: World, value: ValueId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match world.index.value(value) {
        Value::Either(sides) => sides.iter().any(|side| is_lazy(world, *side, depth)),
        Value::Name { name, scope } => world.names().lookup(*scope, name).iter().any(|meaning| match meaning {
            Meaning::Value(value) => is_lazy(world, *value, depth),
            _ => false,
        }),
        Value::Comprehension { generator: Some(range), .. } => blocks_later(world, value.file, *range),
        Value::Call { call }
            if world.graph.blocking_calls.contains(call)
                && !eager::is_lazy(&world.names(), world.index.call(*call)) =>
        {
            gives_later(world, *call)
        }
        Value::Call { call } => {
            let name = world.names().last_name(world.index.call(*call).func);
            // `iter(rows())`: what the call gives.
            if name == Some("iter") && at_once::gives(world, *call, depth) {
                return false;
            }
            let is_builtin = name.is_some_and(|name| matches!(name, "map" | "filter" | "iter" | "zip" | "enumerate"));
            let targets = resolved_in(world, call.file).get(call).cloned().unwrap_or_default();
            is_builtin
                || targets.iter().filter(|target| world.graph.nodes.contains(target)).any(|target| {
                    let facts = world.index.func(*target);
                    let returned = || facts.returns.iter().any(|returned| is_lazy(world, returned.value, depth));
                    facts.traits.is_generator || returned()
                })
        }
        _ => false,
    }
}

/// May the generator expression at `range` block when somebody iterates over it? What it takes its elements from is called where
/// it is made, and runs later when that is a generator.
fn blocks_later(world: World, file: FileId, range: TextRange) -> bool {
    let mut inside = world.graph.sites_in_file(file).filter(|site| {
        let at = world.index.site(site.id).range;
        range.contains_range(at) && site.kind.runs()
    });
    inside.any(|site| {
        let is_source = matches!(world.result_usage(site.id), Some(Usage::ComprehensionIter { first: true, .. }))
            && !world.context(site.id).generators.iter().any(|generator| generator.range == range);
        let blocks = matches!(site.kind, SiteKind::Blocking { .. })
            || site.targets.iter().any(|target| world.graph.nodes.contains(target));
        blocks && (!is_source || shape_of_targets(world, site) != Some(Shape::Coroutine))
    })
}

/// Does a blocking call give what does its work later?
fn gives_later(world: World, call: CallId) -> bool {
    let mut sites = world.graph.sites_in_file(call.file);
    let site = sites.find(|site| world.index.site(site.id).usage == Usage::Called(call));
    let shape = site.and_then(|site| shape_of_targets(world, site));
    matches!(shape, Some(Shape::Generator | Shape::Manager | Shape::Iterable))
}

/// What a file keeps beyond a call, at the level of modules and classes and in attributes: the name, the value and the annotation.
fn kept(facts: &FileFacts) -> impl Iterator<Item = (&Name, Option<ValueId>, Option<ValueId>)> {
    let outside = facts.scopes.iter().filter(|scope| !matches!(scope.kind, ScopeKind::Function(_)));
    let bound = outside.flat_map(|scope| &scope.bindings).filter_map(|binding| match binding.bound {
        Bound::Value(value) => Some((&binding.name, Some(value), None)),
        Bound::Annotated { annotation, value } => Some((&binding.name, value, Some(annotation))),
        _ => None,
    });
    bound.chain(facts.attribute_writes.iter().map(|write| (&write.name, write.value, write.annotation)))
}

/// Looks through the function and what it calls: by scopes, by `self`, else everything of that name that fits.
fn transitive(world: World, func: FuncId) -> Option<Cause> {
    remembered(&world.hazards.answers, func, || search(world, func))
}

/// What is known under a key, found out when first asked.
fn remembered<K: Copy + Eq + Hash, V: Clone>(memo: &Mutex<FxHashMap<K, V>>, key: K, find: impl FnOnce() -> V) -> V {
    let known = memo.lock().ok().and_then(|memo| memo.get(&key).cloned());
    known.unwrap_or_else(|| {
        let found = find();
        if let Ok(mut memo) = memo.lock() {
            memo.insert(key, found.clone());
        }
        found
    })
}

fn search(world: World, func: FuncId) -> Option<Cause> {
    let mut seen = FxHashSet::default();
    // Functions, and whether the way there catches `StopIteration`.
    let mut pending = vec![(func, false)];
    while let Some((at, caught)) = pending.pop() {
        // What a codemod declares blocking is meant to run in a thread.
        if !seen.insert((at, caught)) || world.index.func(at).is_async || world.graph.layer.contains(&at) {
            continue;
        }
        if let Some(cause) = own(world, at, caught).or_else(|| bound_to_thread(world, at)) {
            return Some(cause);
        }
        if !caught && iteration::may_stop(world, at) && iteration::is_awaited_above(world, func) {
            return Some(Cause::StopsIteration { func: at });
        }
        for step in steps(world, at).iter() {
            match step {
                Step::Loop(name) => return Some(Cause::NeedsLoop { func: at, name: name.clone() }),
                Step::Foreign(name) => return Some(Cause::MayNeedLoop { func: at, name: name.clone() }),
                Step::Runs { callee, caught: within } => pending.push((*callee, caught || *within)),
            }
        }
    }
    None
}

/// What a function calls itself.
fn steps(world: World, func: FuncId) -> Arc<[Step]> {
    remembered(&world.hazards.calls, func, || steps_in(world, func).into())
}

fn steps_in(world: World, func: FuncId) -> Vec<Step> {
    let (facts, names) = (world.index.file(func.file), world.names());
    let resolved = resolved_in(world, func.file);
    let calls = facts.calls.iter().enumerate().filter(|(_, call)| facts[call.context].func == Some(func));
    let mut found = vec![];
    for (number, call) in calls {
        let id = CallId { file: func.file, index: number as u32 };
        if world.graph.blocking_calls.contains(&id) {
            continue;
        }
        let name = names.last_name(call.func).unwrap_or_default();
        if LOOP_CALLS.contains(&name) {
            found.push(Step::Loop(name.to_owned()));
            break;
        }
        let made = made::classes(world, call);
        if let Some(name) = made::foreign(world, func, call, &made) {
            found.push(Step::Foreign(name));
            break;
        }
        let caught = facts[call.context].catches_stop;
        let callees = resolved.get(&id).cloned().unwrap_or_else(|| callees(world, func, call));
        // What it is given may be called there: `map(self.load, keys)`.
        let given = call
            .args
            .iter()
            .filter(|arg| !arg.is_star && !world.graph.blocking_values.contains(&arg.value))
            .flat_map(|arg| named(world, func, arg.value));
        let run = callees
            .into_iter()
            .chain(made::initializers(world, &made))
            .chain(given)
            .filter(|callee| is_met_by(world, *callee, func));
        found.extend(run.map(|callee| Step::Runs { callee, caught }));
    }
    // Who iterates takes `StopIteration` for the end.
    let iterated = iterated(world, func).into_iter().chain(unnamed(world, func));
    found.extend(iterated.map(|callee| Step::Runs { callee, caught: true }));
    found
}

/// What a function runs without a call: `with x`, `for y in x`, a property.
fn unnamed(world: World, func: FuncId) -> Vec<FuncId> {
    let sites = world.graph.sites_in_file(func.file).filter(|site| {
        let runs = matches!(site.kind, SiteKind::Call | SiteKind::Iterated | SiteKind::Read);
        let facts = world.index.site(site.id);
        runs && world.context(site.id).func == Some(func)
            && (site.kind == SiteKind::Iterated || !matches!(facts.usage, Usage::Called(_)))
    });
    sites.flat_map(|site| &site.targets).flat_map(|target| overriding(world, *target).to_vec()).collect()
}

/// The `__next__` of what an `__iter__` returns.
fn iterated(world: World, func: FuncId) -> Vec<FuncId> {
    let facts = world.index.func(func);
    let Some(class) = facts.class.filter(|_| facts.name == "__iter__") else { return vec![] };
    let made = facts.returns.iter().filter_map(|returned| match world.index.value(returned.value) {
        Value::Call { call } => Some(world.names().evaluate(world.index.call(*call).func)),
        _ => None,
    });
    let mut classes: Vec<ClassId> = made.flatten().filter_map(|meaning| meaning.class()).collect();
    classes.push(class);
    let hierarchy = &world.graph.hierarchy;
    let related =
        classes.iter().flat_map(|class| hierarchy.ancestors(*class).into_iter().chain(hierarchy.descendants(*class)));
    related.filter_map(|class| hierarchy::method(world.index, class, "__next__")).collect()
}

fn own(world: World, func: FuncId, caught: bool) -> Option<Cause> {
    let traits = world.index.func(func).traits;
    if traits.reads_current_exception || traits.reads_callers {
        return Some(Cause::ReadsCaller { func });
    }
    (traits.raises_stop_iteration && !caught).then_some(Cause::StopsIteration { func })
}

/// Would a worker that calls the method at this site use another session than the code around it?
pub fn meets_other_session(world: World, site: &Site) -> bool {
    let handles = world.hazards.handles.get_or_init(|| bound::Handles::find(world));
    world.index.site(site.id).receiver.is_some_and(|receiver| handles.is_registry(world, receiver))
}

/// What the function itself touches that belongs to its thread or context.
pub fn bound_to_thread(world: World, func: FuncId) -> Option<Cause> {
    let memo = world.hazards;
    let found = remembered(&memo.bound, func.file, || {
        let handles = memo.handles.get_or_init(|| bound::Handles::find(world));
        let kept = memo.kept.get_or_init(|| waking::Kept::find(world));
        let woken = kept.woken_in(world, func.file).into_iter();
        let mut found: FxHashMap<_, _> = woken.map(|(func, name)| (func, Cause::NeedsLoop { func, name })).collect();
        found.extend(bound::in_file(world, handles, func.file));
        Arc::new(found)
    });
    found.get(&func).cloned()
}

/// The targets of the calls of a file that the graph is certain of, and of those that were proved to be something else.
pub(super) fn resolved_in(world: World, file: FileId) -> Arc<Targets> {
    remembered(&world.hazards.resolved, file, || {
        let is_call = |site: &&Site| matches!(site.kind, SiteKind::Call | SiteKind::Made | SiteKind::Carried);
        let is_certain = |site: &&Site| !site.uncertain && !site.targets.is_empty();
        let certain = world.graph.sites_in_file(file).filter(is_call).filter(is_certain);
        let all_of =
            |targets: &[FuncId]| targets.iter().flat_map(|target| overriding(world, *target).to_vec()).collect();
        let by_call = certain.filter_map(|site| match world.index.site(site.id).usage {
            Usage::Called(call) => Some((call, all_of(&site.targets))),
            _ => None,
        });
        let in_file = RefId { file, index: 0 }..=RefId { file, index: u32::MAX };
        let elsewhere =
            world.graph.foreign.range(in_file).filter_map(|(id, found)| match world.index.site(*id).usage {
                Usage::Called(call) => Some((call, all_of(&found.targets))),
                _ => None,
            });
        Arc::new(elsewhere.chain(by_call).collect::<Targets>())
    })
}

fn callees(world: World, func: FuncId, call: &Call) -> Vec<FuncId> {
    let names = world.names();
    let own_class = world.index.func(func).class;
    match world.index.value(call.func) {
        Value::Attribute { receiver, name } if names.last_name(*receiver) == Some("self") => {
            own_class.into_iter().flat_map(|class| world.graph.hierarchy.family(world.index, class, name)).collect()
        }
        Value::Attribute { name, .. } => match function_meanings(names, call.func) {
            found if !found.is_empty() || is_outside(names, call.func) => found,
            _ => world
                .index
                .funcs_of(name)
                .iter()
                .copied()
                .filter(|candidate| fits(world.index, *candidate, call))
                .collect(),
        },
        _ => function_meanings(names, call.func),
    }
}

/// The functions that a value may be: a name, or an attribute that is the name of methods.
fn named(world: World, func: FuncId, value: ValueId) -> Vec<FuncId> {
    let own_class = world.index.func(func).class;
    match world.index.value(value) {
        Value::Attribute { receiver, name } if world.names().last_name(*receiver) == Some("self") => {
            own_class.into_iter().flat_map(|class| world.graph.hierarchy.family(world.index, class, name)).collect()
        }
        Value::Attribute { name, .. } => world.index.funcs_of(name).to_vec(),
        Value::Name { .. } => function_meanings(world.names(), value),
        _ => vec![],
    }
}

/// Does an import say that it is nothing of the project: `pickle.loads`?
fn is_outside(names: Names, value: ValueId) -> bool {
    let meanings = names.evaluate(value);
    !meanings.is_empty() && meanings.iter().all(|meaning| matches!(meaning, Meaning::External(_)))
}

fn function_meanings(names: Names, value: ValueId) -> Vec<FuncId> {
    let meanings = names.evaluate(value).into_iter();
    meanings
        .filter_map(|meaning| match meaning {
            Meaning::Func(id) => Some(id),
            _ => None,
        })
        .collect()
}
