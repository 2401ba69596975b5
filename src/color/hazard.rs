//! Calls of project functions that must not be moved to a worker thread (DESIGN section 6).

mod at_once;
pub mod bound;
mod made;
mod search;
mod waking;

use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock};

use ruff_python_ast::PythonVersion;
use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use super::World;
use super::cause::Cause;
use super::consumer::is_run_by;
use super::obstacle::is_operand;
use super::shape::{Shape, shape_of_targets};
use super::{other_loops, taken};
use crate::config::{OffloadProject, OffloadVia};
use crate::index::facts::*;
use crate::resolve::names::{Meaning, Unloaded};
use crate::resolve::operators::library::runs_later;
use crate::resolve::site::{is_constructor, is_of_super};
use crate::resolve::{Site, SiteKind, eager, hierarchy};
pub use search::{Colors, Searched};

/// Values are followed through this many names and functions.
const NESTING: usize = 6;

/// The functions that calls run.
type Targets = FxHashMap<CallId, Vec<FuncId>>;

/// What was found out so far.
#[derive(Debug, Default)]
pub struct Memo {
    /// The answers of the search without colors: for a function, and whether what runs it catches `StopIteration`.
    answers: Mutex<FxHashMap<(FuncId, bool), Option<Cause>>>,
    /// What functions call, a function each.
    calls: Mutex<FxHashMap<FuncId, Arc<[search::Step]>>>,
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

/// Why the call at this site must not be offloaded, with the colors as they are; none when it may.
pub fn hazard(world: World, site: &Site, colors: &Colors) -> Option<Cause> {
    if let Some(cause) = without_threads(world, site) {
        return Some(cause);
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
        later.or_else(|| handles(world).given_away(world, target)).or_else(|| colors.search(world, target, false))
    })
}

/// Why nothing can be put in a thread there: the target version or the loop has no function for it.
fn without_threads(world: World, site: &Site) -> Option<Cause> {
    let is_missing = !can_offload(world);
    is_missing.then_some(Cause::TargetVersion).or_else(|| other_loops::found(world, site.id))
}

/// What the site may run that no codemod declares.
fn undeclared(world: World, site: &Site) -> Vec<FuncId> {
    let targets = site.targets.iter().filter(|target| !is_declared(world, **target));
    // What is below is not what `super()` finds.
    if is_of_super(world.names(), site.id) {
        return targets.copied().collect();
    }
    targets.flat_map(|target| overriding(world, *target).to_vec()).collect()
}

/// Does a codemod declare that it blocks? That says nothing of what makes an object of a layer: a thread has no loop for it.
fn is_declared(world: World, func: FuncId) -> bool {
    world.graph.layer.contains(&func) && !is_constructor(&world.index.func(func).name)
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
    targets.into_iter().find_map(|target| search::transitive(world, target, false).filter(own))
}

/// Why what this site runs must not run in a worker that iterates over it; none when it may.
pub fn hazard_in_consumer(world: World, site: &Site, colors: &Colors) -> Option<Cause> {
    if let Some(cause) = without_threads(world, site) {
        return Some(cause);
    }
    if world.config.offload_project == OffloadProject::None && !matches!(site.kind, SiteKind::Blocking { .. }) {
        return Some(Cause::OffloadForbidden);
    }
    // For what iterates, `StopIteration` is the end.
    let is_next = |func: FuncId| world.index.func(func).name == "__next__";
    undeclared(world, site).into_iter().find_map(|target| colors.search(world, target, is_next(target)))
}

/// What runs in a worker as a whole.
#[derive(Clone, Copy, Debug)]
pub enum Whole {
    /// A call that iterates over its arguments: `any(f(x) for x in y)`, `sum(map(f, y))`.
    Consumer(CallId),
    /// An expression: `x[f(y)]`.
    Expression(TextRange),
}

/// Why what else runs there, beside what the site names, must not run in a worker; none when it may.
pub fn hazard_beside(world: World, site: &Site, whole: Whole, colors: &Colors) -> Option<Cause> {
    let func = world.context(site.id).func?;
    let (facts, names) = (world.index.file(func.file), world.names());
    let runs_there = |id: CallId, call: &Call| match whole {
        Whole::Consumer(consumer) => {
            let is_run = || {
                eager::is_lazy(&names, call)
                    || facts[call.context].generators.iter().any(|own| is_run_by(world, own, consumer))
            };
            id == consumer || facts[consumer].range.contains_range(call.range) && is_run()
        }
        Whole::Expression(range) => range.contains_range(call.range),
    };
    let mut steps = search::steps_of(world, func, runs_there).into_iter();
    steps.find_map(|step| match step {
        search::Step::Loop(name) => Some(Cause::NeedsLoop { func, name }),
        search::Step::Foreign(name) => Some(Cause::MayNeedLoop { func, name }),
        search::Step::Others(name) => Some(Cause::CallsOthers { func, name }),
        // Where `StopIteration` goes, it goes from any thread.
        search::Step::Runs { callee, .. } => colors.search(world, callee, true),
    })
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
        Value::Call { call } if keeps_what_blocks(world, *call) => true,
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

/// Does a function of the library keep what it is given, and run a method of it later that blocks? `closing(connection)`
fn keeps_what_blocks(world: World, call: CallId) -> bool {
    let facts = world.index.call(call);
    if !matches!(world.names().evaluate(facts.func).as_slice(), [Meaning::External(path)] if runs_later(path)) {
        return false;
    }
    let is_given = |site: &Site| {
        let at = world.index.site(site.id).range;
        let blocks = site.targets.iter().any(|target| world.graph.nodes.contains(target));
        blocks && is_operand(world, site) && facts.args.iter().any(|arg| arg.range == at)
    };
    world.graph.sites_in_file(call.file).any(is_given)
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

fn handles(world: World<'_>) -> &bound::Handles {
    world.hazards.handles.get_or_init(|| bound::Handles::find(world))
}

/// Would a worker that runs the declared call use another session than the code around it, or a connection of another thread?
pub fn of_another_thread(world: World, site: &Site) -> Option<Cause> {
    handles(world).of_another_thread(world, site).filter(|_| world.config.offload.own_path().is_none())
}

/// What the function itself touches that belongs to its thread or context.
pub fn bound_to_thread(world: World, func: FuncId) -> Option<Cause> {
    let memo = world.hazards;
    let found = remembered(&memo.bound, func.file, || {
        let kept = memo.kept.get_or_init(|| waking::Kept::find(world));
        let woken = kept.woken_in(world, func.file).into_iter();
        let mut found: FxHashMap<_, _> = woken.map(|(func, name)| (func, Cause::NeedsLoop { func, name })).collect();
        found.extend(bound::in_file(world, handles(world), func.file));
        Arc::new(found)
    });
    found.get(&func).cloned()
}

/// The targets of the calls of a file that the graph is certain of, and of those that were proved to be something else.
pub fn resolved_in(world: World, file: FileId) -> Arc<Targets> {
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
