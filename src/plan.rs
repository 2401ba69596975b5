//! The plan: verdicts turned into actions on nodes, file by file.

mod action;
pub mod mocks;
pub mod tests;

use std::collections::BTreeMap;

pub use action::{Action, MockName, UnwrapForm, YieldSource};
use rustc_hash::FxHashSet;

use crate::color::{SiteVerdict, Verdicts, World};
use crate::index::facts::*;

/// The actions of each file that changes, in path order; actions in the order of the text.
pub type Plan = BTreeMap<FileId, Vec<Action>>;

/// Plans all changes.
pub fn plan(world: World, verdicts: &Verdicts) -> Plan {
    let mut plan = Plan::new();
    for func in verdicts.converts.keys() {
        let facts = world.index.func(*func);
        let actions = plan.entry(func.file).or_default();
        actions.push(Action::AsyncDef { function: facts.range });
        let returned = world.graph.awaitable_returns.get(func).into_iter().flatten();
        actions.extend(returned.map(|range| Action::Await { call: *range }));
    }
    for (id, verdict) in &verdicts.sites {
        if let Some(action) = site_action(world, *id, verdict) {
            plan.entry(id.file).or_default().push(action);
        }
    }
    if world.config.codemods.iter().any(|codemod| codemod.rewrites_run_fallbacks) {
        fallbacks(world, verdicts, &mut plan);
    }
    nested_runs(world, verdicts, &mut plan);
    tests::plan(world, verdicts, &mut plan);
    mocks::plan(world, verdicts, &mut plan);
    plan.retain(|_, actions| !actions.is_empty());
    for actions in plan.values_mut() {
        let mut seen = FxHashSet::default();
        actions.retain(|action| seen.insert(action.clone()));
    }
    plan
}

fn site_action(world: World, id: RefId, verdict: &SiteVerdict) -> Option<Action> {
    let called = || match world.index.site(id).usage {
        Usage::Called(call) => world.index.call(call).range,
        _ => world.index.site(id).range,
    };
    match verdict {
        SiteVerdict::Await => Some(Action::Await { call: called() }),
        SiteVerdict::Offload => Some(Action::Offload { call: called(), via: world.config.offload.clone() }),
        SiteVerdict::Native(method) => Some(Action::Native { call: called(), method: method.clone() }),
        SiteVerdict::Replace(function) => Some(Action::Replace { call: called(), function: function.clone() }),
        SiteVerdict::Unwrap { call, form } => {
            Some(Action::Unwrap { call: unwrapped_range(world, *call, *form), form: *form })
        }
        SiteVerdict::EntryPoint => Some(Action::EntryPoint { call: called() }),
        SiteVerdict::Raises { call } => Some(Action::Raises { call: world.index.call(*call).range }),
        SiteVerdict::AsIs | SiteVerdict::Left(_) => None,
    }
}

/// The whole offload expression: of `sync_to_async(f)(x)` the outer call.
fn unwrapped_range(world: World, call: CallId, form: UnwrapForm) -> ruff_text_size::TextRange {
    let call = world.index.call(call);
    match (form, call.usage) {
        (UnwrapForm::Curried, Usage::Called(outer)) => world.index.call(outer).range,
        _ => call.range,
    }
}

/// Is the function a coroutine function once the plan is carried out?
pub fn is_coroutine(world: World, verdicts: &Verdicts, func: FuncId) -> bool {
    world.index.func(func).is_async || verdicts.converts.contains_key(&func)
}

fn fallbacks(world: World, verdicts: &Verdicts, plan: &mut Plan) {
    for (file, facts) in world.index.loaded_files() {
        if !world.project.file(file).editable || world.in_tests(file) {
            continue;
        }
        for fallback in &facts.fallbacks {
            let func = facts[fallback.context].func;
            let in_async = func.is_some_and(|func| is_coroutine(world, verdicts, func));
            if func.is_none() || func.is_some_and(|func| kept(world, func)) {
                continue;
            }
            plan.entry(file).or_default().push(Action::FallbackTry {
                statement: fallback.statement,
                style: world.config.fallback,
                in_async,
            });
        }
    }
}

fn kept(world: World, func: FuncId) -> bool {
    world.index.func(func).keep || world.config.keep_sync.matches(&world.names().qualified_func(func))
}

/// A bare `asyncio.run(c())` in a function that converts would start a loop inside the loop.
fn nested_runs(world: World, verdicts: &Verdicts, plan: &mut Plan) {
    let converting: FxHashSet<FuncId> = verdicts.converts.keys().copied().collect();
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
    world.names().last_name(call.func) == Some("run") && world.names().dotted(call.func).as_deref() == Some("asyncio.run")
}

/// Counts of what a plan does, for the summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub files: usize,
    /// Blocking calls and project calls that go through a worker thread, or await a native twin.
    pub offloaded: usize,
    pub converted: usize,
    pub awaited: usize,
    pub unwrapped: usize,
    pub fallbacks: usize,
}

impl Counts {
    /// Counts the actions of a plan.
    pub fn of(plan: &Plan) -> Self {
        let mut counts = Self { files: plan.len(), ..Self::default() };
        for action in plan.values().flatten() {
            match action {
                Action::AsyncDef { .. } => counts.converted += 1,
                Action::Await { .. } => counts.awaited += 1,
                Action::Offload { .. } | Action::Native { .. } | Action::Replace { .. } => counts.offloaded += 1,
                Action::Unwrap { .. } | Action::UnwrapRun { .. } => counts.unwrapped += 1,
                Action::FallbackTry { .. } => counts.fallbacks += 1,
                _ => {}
            }
        }
        counts
    }
}
