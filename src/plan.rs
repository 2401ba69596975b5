//! The plan: verdicts turned into actions on nodes, file by file.

mod action;
mod annotation;
mod asked;
mod entered;
pub mod fallbacks;
pub mod groups;
mod loops;
pub mod mocks;
pub mod renames;
pub mod tests;

use std::collections::BTreeMap;

pub use action::{Action, IteratedBy, MockName, UnwrapForm, YieldSource};
use ruff_text_size::{TextRange, TextSize};
use rustc_hash::FxHashSet;

use crate::color::obstacle::{OffloadResult, result_of_offload};
use crate::color::shape::{Adaptation, Shape, async_twin, becomes_async_def, delegations, shape};
use crate::color::{SiteVerdict, Verdicts, World, boundary, guard, iteration, swap};
use crate::index::facts::*;
use crate::resolve::SiteKind;
use crate::resolve::boundary::decorator_name;

/// The actions of each file that changes, in path order; actions in the order of the text.
pub type Plan = BTreeMap<FileId, Vec<Action>>;

/// Plans all changes.
pub fn plan(world: World, verdicts: &Verdicts) -> Plan {
    let mut plan = Plan::new();
    for func in verdicts.converts.keys() {
        let actions = plan.entry(func.file).or_default();
        actions.extend(definition_actions(world, verdicts, *func));
        let returned = world.graph.awaitable_returns.get(func).into_iter().flatten();
        actions.extend(returned.map(|range| Action::Await { call: *range }));
    }
    for (id, verdict) in &verdicts.sites {
        let mut actions = site_actions(world, *id, verdict);
        if *verdict == SiteVerdict::Await {
            actions.extend(annotation::called(world, *id));
        }
        if !actions.is_empty() {
            plan.entry(id.file).or_default().extend(actions);
        }
    }
    for site in world.graph.sites.values().filter(|site| site.kind == SiteKind::Carried) {
        if site.targets.iter().any(|target| verdicts.converts.contains_key(target)) {
            for (file, action) in annotation::held(world, site.id) {
                plan.entry(file).or_default().push(action);
            }
        }
    }
    for (func, used) in &world.graph.iterators {
        if verdicts.converts.contains_key(func) {
            for (file, action) in annotation::iterated(world, &used.annotations) {
                plan.entry(file).or_default().push(action);
            }
        }
    }
    fallbacks::plan(world, verdicts, &mut plan);
    loops::plan(world, verdicts, &mut plan);
    for func in verdicts.bridges.keys() {
        let function = world.index.func(*func).range;
        plan.entry(func.file).or_default().push(Action::Bridge { function });
    }
    for (file, at) in &verdicts.guards {
        let guard = &world.index.file(*file).main_guards[*at];
        let globals = guard::shared_names(world, *file, guard).iter().map(ToString::to_string).collect();
        plan.entry(*file).or_default().push(Action::MainGuard { statement: guard.range, globals });
    }
    runs_in_tests(world, verdicts, &mut plan);
    renames::plan(world, verdicts, &mut plan);
    asked::plan(world, verdicts, &mut plan);
    tests::plan(world, verdicts, &mut plan);
    mocks::plan(world, verdicts, &mut plan);
    entered::plan(world, verdicts, &mut plan);
    plan.retain(|_, actions| !actions.is_empty());
    for actions in plan.values_mut() {
        let mut seen = FxHashSet::default();
        actions.retain(|action| seen.insert(action.clone()));
    }
    plan
}

/// What changes at the definition of a function that converts.
fn definition_actions(world: World, verdicts: &Verdicts, func: FuncId) -> Vec<Action> {
    let facts = world.index.func(func);
    if facts.lambda.is_some() {
        let hoists = !boundary::hands_on_awaitable(world, func);
        return hoists.then_some(Action::Hoist { lambda: facts.range }).into_iter().collect();
    }
    let mut actions = vec![];
    if becomes_async_def(world, func) {
        actions.push(Action::AsyncDef { function: facts.range });
    }
    let shape = shape(world, func);
    if let (Some(_), Some(twin)) = (facts.class, async_twin(&facts.name)) {
        actions.push(Action::Rename { name: facts.name_range, to: twin.into() });
    }
    if shape == Shape::Manager {
        let manager =
            facts.decorators.iter().find(|decorator| decorator_name(world.index, decorator) == Some("contextmanager"));
        actions.extend(manager.map(|decorator| Action::RenameImported {
            name: decorator.range,
            to: "contextlib.asynccontextmanager".into(),
        }));
    }
    if shape == Shape::Next {
        let stops = iteration::raised(world, func).into_iter();
        actions.extend(stops.map(|name| Action::Rename { name, to: "StopAsyncIteration".into() }));
    } else if shape != Shape::Coroutine {
        actions.extend(annotation::iterator(world, func));
    }
    if matches!(shape, Shape::Generator | Shape::Manager) {
        let adapted: BTreeMap<TextSize, YieldSource> = verdicts
            .sites
            .iter()
            .filter(|(id, _)| id.file == func.file)
            .filter_map(|(id, verdict)| {
                let source = match verdict {
                    SiteVerdict::Adapt(Adaptation::YieldFrom) => YieldSource::Async,
                    SiteVerdict::Adapt(Adaptation::YieldFromClosing) => YieldSource::Closing,
                    _ => return None,
                };
                match world.result_usage(*id).unwrap_or(world.index.site(*id).usage) {
                    Usage::YieldFrom { statement } => Some((statement?.start(), source)),
                    _ => None,
                }
            })
            .collect();
        actions.extend(delegations(world, func).into_iter().map(|statement| {
            let source = adapted.get(&statement.start()).copied().unwrap_or(YieldSource::Sync);
            Action::YieldFrom { statement, source }
        }));
    }
    actions
}

fn site_actions(world: World, id: RefId, verdict: &SiteVerdict) -> Vec<Action> {
    let mut actions: Vec<Action> = site_action(world, id, verdict).into_iter().collect();
    let awaits = matches!(
        verdict,
        SiteVerdict::Await
            | SiteVerdict::Offload
            | SiteVerdict::OffloadExpression { .. }
            | SiteVerdict::OffloadIterable { .. }
            | SiteVerdict::Native(_)
            | SiteVerdict::Replace(_)
            | SiteVerdict::Adapt(_)
    );
    let awaiting = match verdict {
        SiteVerdict::OffloadConsumer { call } => Some(world.index.context(world.index.call(*call).context)),
        _ => awaits.then_some(world.context(id)),
    };
    // Inside of a lambda: those that the lambda has.
    let generators = awaiting.into_iter().flat_map(|context| &context.generators);
    // A worker that evaluates an expression runs the generators in it as they are.
    let stays = |generator: TextRange| match verdict {
        SiteVerdict::OffloadExpression { expression } => expression.contains_range(generator),
        _ => false,
    };
    let lists = generators.map(|generator| generator.range).filter(|range| !stays(*range));
    actions.extend(lists.map(|generator| Action::ListComprehension { generator }));
    if let SiteVerdict::Unwrap { call, form } = verdict
        && result_of_offload(world, *call, *form) == OffloadResult::Future
    {
        actions.push(Action::Schedule { call: unwrapped_range(world, *call, *form) });
    }
    if let SiteVerdict::Adapt(Adaptation::Next { call }) = verdict {
        let next = world.index.call(*call);
        actions.push(Action::Await { call: next.range });
        actions.push(Action::Rename { name: next.func_range, to: "anext".into() });
        let handler =
            iteration::handler(world, id.file, world.context(id), next.range).filter(|_| next.args.len() == 1);
        let names = handler.into_iter().flat_map(|handler| &handler.names);
        actions.extend(names.map(|name| Action::Rename { name: *name, to: "StopAsyncIteration".into() }));
    }
    if let SiteVerdict::Adapt(Adaptation::Method(method)) = verdict {
        actions.push(Action::Await { call: method.call });
        actions.push(Action::Rename { name: method.name_range, to: method.twin().into() });
    }
    if let SiteVerdict::Adapt(adaptation) = verdict {
        actions.extend(entered::actions(world, *adaptation));
    }
    if let SiteVerdict::Adapt(Adaptation::Iter { call }) = verdict {
        actions.push(Action::Rename { name: world.index.call(*call).func_range, to: "aiter".into() });
    }
    if let SiteVerdict::Adapt(Adaptation::ListOver { generator }) = verdict {
        actions.push(Action::ListComprehension { generator: *generator });
    }
    let site = world.index.site(id);
    if let (SiteVerdict::Adapt(_), Some(twin)) = (verdict, swap::twin(world, &world.graph.sites[&id]))
        && !site.is_implicit()
        && *twin.method != *site.name
    {
        actions.push(Action::Rename { name: site.name_range, to: twin.method.clone() });
    }
    if let (SiteVerdict::Adapt(_), Some(function)) = (verdict, swap::replaced_by(world, &world.graph.sites[&id]))
        && let Usage::Called(call) = site.usage
    {
        actions.push(Action::RenameImported { name: world.index.call(call).func_range, to: function.to_owned() });
    }
    if matches!(verdict, SiteVerdict::Await | SiteVerdict::Adapt(Adaptation::Renamed | Adaptation::HandedOn))
        && let Some(twin) = async_twin(&site.name)
    {
        // `super().__enter__()`
        actions.push(Action::Rename { name: site.name_range, to: twin.into() });
    }
    actions
}

/// The action for a call of an async generator or context manager.
fn adapt(world: World, id: RefId, adaptation: Adaptation) -> Option<Action> {
    let usage = match world.index.site(id).usage {
        Usage::Called(call) => world.index.call(call).usage,
        usage => usage,
    };
    match (adaptation, usage) {
        (Adaptation::ForClosing, Usage::ForIter { statement, .. }) => Some(Action::AsyncForClosing { statement }),
        (Adaptation::ForCounted { call }, _) => match world.index.call(call).usage {
            Usage::ForIter { statement, .. } => Some(Action::AsyncForCounted { statement }),
            _ => None,
        },
        (Adaptation::For, Usage::ForIter { statement, .. }) => Some(Action::AsyncFor { statement }),
        (Adaptation::Comprehension | Adaptation::ListOver { .. }, Usage::ComprehensionIter { clause, .. }) => {
            Some(Action::AsyncComprehension { clause })
        }
        (Adaptation::CollectWhole, _) => {
            let whole = match world.index.site(id).usage {
                Usage::Called(call) => world.index.call(call).range,
                _ => world.index.site(id).range,
            };
            Some(Action::CollectWhole { iterable: whole })
        }
        (Adaptation::Collect { call }, _) => Some(Action::Collect { call: world.index.call(call).range }),
        (Adaptation::With, Usage::WithItem { statement, .. }) => Some(Action::AsyncWith { statement }),
        // The generator around it does it.
        _ => None,
    }
}

fn site_action(world: World, id: RefId, verdict: &SiteVerdict) -> Option<Action> {
    let called = || match world.index.site(id).usage {
        Usage::Called(call) => world.index.call(call).range,
        _ => world.index.site(id).range,
    };
    let via = || world.config.offload.in_module(&world.project.file(id.file).module);
    match verdict {
        SiteVerdict::Await => Some(Action::Await { call: called() }),
        SiteVerdict::Offload => Some(Action::Offload { call: called(), via: via() }),
        SiteVerdict::OffloadHandedOn => Some(Action::OffloadHandedOn { call: called(), via: via() }),
        SiteVerdict::HandedOn => None,
        SiteVerdict::Native(method) => Some(Action::Native { call: called(), method: method.clone() }),
        SiteVerdict::Replace(function) => Some(Action::Replace { call: called(), function: function.clone() }),
        SiteVerdict::OffloadConsumer { call } => {
            Some(Action::Offload { call: world.index.call(*call).range, via: via() })
        }
        SiteVerdict::OffloadExpression { expression } => {
            Some(Action::OffloadExpression { expression: *expression, via: via() })
        }
        SiteVerdict::OffloadIterable { iterable, by } => {
            Some(Action::OffloadIterable { iterable: *iterable, by: *by, via: via() })
        }
        SiteVerdict::Adapt(adaptation) => adapt(world, id, *adaptation),
        SiteVerdict::Unwrap { call, form } => {
            Some(Action::Unwrap { call: unwrapped_range(world, *call, *form), form: *form })
        }
        SiteVerdict::UnwrapRun { call } => Some(Action::UnwrapRun { call: world.index.call(*call).range }),
        SiteVerdict::EntryPoint => Some(Action::EntryPoint { call: called() }),
        SiteVerdict::Raises { call } => Some(Action::Raises { call: world.index.call(*call).range }),
        SiteVerdict::AsIs | SiteVerdict::Left(_) => None,
    }
}

/// The whole offload expression: of `sync_to_async(f)(x)` the outer call.
fn unwrapped_range(world: World, call: CallId, form: UnwrapForm) -> TextRange {
    let call = world.index.call(call);
    match (form, call.usage) {
        (UnwrapForm::Curried, Usage::Called(outer)) => world.index.call(outer).range,
        _ => call.range,
    }
}

/// Is the function a coroutine function once the plan is carried out?
pub fn is_coroutine(world: World, verdicts: &Verdicts, func: FuncId) -> bool {
    world.index.func(func).is_async || verdicts.converts.contains_key(&func) || verdicts.bridges.contains_key(&func)
}

/// A bare `asyncio.run(c())` in a test that converts would start a loop inside the loop.
fn runs_in_tests(world: World, verdicts: &Verdicts, plan: &mut Plan) {
    let converting: FxHashSet<FuncId> =
        verdicts.converts.keys().copied().filter(|func| world.in_tests(func.file)).collect();
    let files: FxHashSet<FileId> = converting.iter().map(|func| func.file).collect();
    for file in files {
        let facts = world.index.file(file);
        for call in &facts.calls {
            let converts = facts[call.context].func.is_some_and(|func| converting.contains(&func));
            let in_fallback = facts.fallbacks.iter().any(|fallback| fallback.run == call.range);
            if converts && !in_fallback && is_asyncio_run(world, call) {
                plan.entry(file).or_default().push(Action::UnwrapRun { call: call.range });
            }
        }
    }
}

/// `asyncio.run(...)`, by scopes and imports.
pub fn is_asyncio_run(world: World, call: &Call) -> bool {
    world.names().last_name(call.func) == Some("run")
        && world.names().dotted(call.func).as_deref() == Some("asyncio.run")
}

/// Counts of what a plan does, for the summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub files: usize,
    /// Blocking calls and project calls that go through a worker thread, or await a native twin.
    pub offloaded: usize,
    pub converted: usize,
    /// How many of the converted functions are in test files.
    pub tests: usize,
    pub awaited: usize,
    pub unwrapped: usize,
    pub fallbacks: usize,
    /// Fallbacks that drop work now when no loop runs.
    pub dropping: usize,
}

impl Counts {
    /// Counts the actions of a plan, but for those that the rewriters left.
    pub fn of(world: World, plan: &Plan, left: &Plan) -> Self {
        let mut counts = Self::default();
        let is_left = |file: &FileId, action: &Action| left.get(file).is_some_and(|left| left.contains(action));
        let actions = plan.iter().flat_map(|(file, actions)| actions.iter().map(move |action| (*file, action)));
        let mut files = FxHashSet::default();
        for (file, action) in actions.filter(|(file, action)| !is_left(file, action)) {
            files.insert(file);
            match action {
                Action::AsyncDef { .. } | Action::Bridge { .. } => {
                    counts.converted += 1;
                    counts.tests += usize::from(world.in_tests(file));
                }
                Action::Await { .. } => counts.awaited += 1,
                Action::Offload { .. }
                | Action::OffloadHandedOn { .. }
                | Action::OffloadExpression { .. }
                | Action::Native { .. }
                | Action::Replace { .. } => counts.offloaded += 1,
                Action::Unwrap { .. } | Action::UnwrapRun { .. } => counts.unwrapped += 1,
                Action::Fallback { style, in_async, .. } => {
                    counts.fallbacks += 1;
                    counts.dropping += usize::from(*style == crate::config::Fallback::Log && !in_async);
                }
                _ => {}
            }
        }
        counts.files = files.len();
        counts
    }
}
