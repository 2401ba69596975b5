//! Sites where an await cannot stand.

use super::boundary::every_call_awaits;
use super::cause::Cause;
use super::consumer::becomes_list;
use super::other_loops;
use super::shape::{Shape, adaptation, shape_of_targets};
use super::worker;
use super::{World, acquire, entered, swap};
use super::{exit_stack, guard, hazard, nesting};
use crate::config::{BlockingAction, Uncertain};
use crate::index::facts::*;
use crate::plan::UnwrapForm;
use crate::resolve::names::Meaning;
use crate::resolve::runner::Runner;
use crate::resolve::{Site, SiteKind, eager, hierarchy};

/// Why no await can be put at this site, whatever the color of the function around it; none when it can.
pub fn obstacle(world: World, site: &Site) -> Option<Cause> {
    let id = site.id;
    if site.uncertain && world.config.uncertain == Uncertain::Block {
        return Some(Cause::Uncertain { site: id });
    }
    if world.only_lists(site) {
        return None;
    }
    if site.others {
        return Some(Cause::RunsOthers { site: id });
    }
    if is_vetoed(world, site) {
        return Some(Cause::CannotRewrite { site: id });
    }
    if !world.is_editable(id.file) && site.kind.runs() {
        return Some(Cause::FileStays { site: id });
    }
    match site.kind {
        // `print(x, file=log)` runs `log.write`.
        SiteKind::Read if is_operand(world, site) && !is_dunder_of(world, site) => Some(Cause::Operator { site: id }),
        SiteKind::Mention | SiteKind::Accepted | SiteKind::Dispatched => None,
        SiteKind::Carried => carried(world, id),
        SiteKind::Made => Some(Cause::Consumed { site: id }),
        SiteKind::Callback { call } if exit_stack::of_call(world, call).is_some() => called(world, site),
        SiteKind::Value | SiteKind::Callback { .. } => Some(Cause::Escapes { site: id }),
        SiteKind::Offloaded { call, .. } if in_own_executor(world, call) => Some(Cause::OwnExecutor { site: id }),
        SiteKind::Offloaded { .. } if shape_of_targets(world, site) != Some(Shape::Coroutine) => {
            Some(Cause::OffloadNotAwaited { site: id })
        }
        // `to_thread(lambda: str(f(x)))`: what is awaited in its place is the body of the lambda.
        SiteKind::Offloaded { form: UnwrapForm::Lambda { .. }, .. } if !worker::is_whole_body(world, site) => {
            Some(Cause::CannotRewrite { site: id })
        }
        SiteKind::Offloaded { call, form: UnwrapForm::Lambda { .. } } if !worker::blocks_alone(world, call, id) => {
            Some(Cause::SharesWorker { site: id })
        }
        SiteKind::Offloaded { call, form } => {
            offloaded(world, id, call, form).or_else(|| hazard::needs_worker(world, site))
        }
        SiteKind::Runs { runner: Runner::Own } => Some(Cause::RunsLoop { name: runner_name(world, id) }),
        SiteKind::Blocking { entry, native: None } if is_offloaded(world, entry) && !hazard::can_offload(world) => {
            Some(Cause::TargetVersion)
        }
        SiteKind::Blocking { entry, native: None }
            if needs_asyncio(world, entry)
                && let Some(cause) = other_loops::found(world, id) =>
        {
            Some(cause)
        }
        SiteKind::Blocking { entry, native: None }
            if is_offloaded(world, entry)
                && let Some(cause) = hazard::of_another_thread(world, site) =>
        {
            Some(cause)
        }
        // `stack.callback(leaf)`
        SiteKind::Blocking { .. }
            if matches!(world.index.site(id).usage, Usage::Argument { .. }) && !world.index.site(id).is_implicit() =>
        {
            Some(Cause::Escapes { site: id })
        }
        // A generator or context manager of a layer: making it in a thread moves nothing of what it does there. And
        // `for row in cursor`.
        SiteKind::Blocking { entry, native: None }
            if is_offloaded(world, entry)
                && (world.graph.entries[entry].lazy || gives_generator(world, site) || runs_between(world, id)) =>
        {
            Some(Cause::Consumed { site: id })
        }
        // `for x in map(leaf, keys)`: the call itself runs nothing yet.
        SiteKind::Blocking { .. } if works_later(world, id) => Some(Cause::Consumed { site: id }),
        SiteKind::Blocking { .. }
        | SiteKind::Runs { runner: Runner::Plain }
        | SiteKind::Call
        | SiteKind::Iterated
        | SiteKind::Read => called(world, site),
    }
}

/// Is the site the operand of an operator that runs a method of it, or given to a function that does?
pub fn is_operand(world: World, site: &Site) -> bool {
    let facts = world.index.site(site.id);
    facts.is_implicit() && facts.usage == Usage::Other
}

/// Is it a special method, which has rules of its own?
fn is_dunder_of(world: World, site: &Site) -> bool {
    world.index.site(site.id).name.starts_with("__")
}

fn is_offloaded(world: World, entry: usize) -> bool {
    match world.graph.entries[entry].action {
        BlockingAction::Offload | BlockingAction::Native { .. } => true,
        BlockingAction::Replace { .. } | BlockingAction::Tell => false,
    }
}

/// Is what is put there run by a loop of asyncio?
fn needs_asyncio(world: World, entry: usize) -> bool {
    match &world.graph.entries[entry].action {
        BlockingAction::Offload | BlockingAction::Native { .. } => true,
        BlockingAction::Replace { function } => function.starts_with("asyncio."),
        BlockingAction::Tell => false,
    }
}

fn gives_generator(world: World, site: &Site) -> bool {
    let is_generator = |func: &FuncId| {
        let facts = world.index.func(*func);
        facts.traits.is_generator && !facts.is_async
    };
    // What only declares it may be one of the layer, or of the project.
    let may_be_one = |func: &FuncId| {
        let is_declaration = world.index.func(*func).traits.is_stub;
        is_generator(func) || is_declaration && world.graph.family_of(*func).any(is_generator)
    };
    matches!(world.index.site(site.id).usage, Usage::Called(_)) && site.targets.iter().any(may_be_one)
}

/// Does Python run the method where no expression stands for what it does: `for row in cursor`, `with connection`? What
/// `rows[k]` runs, it stands for itself.
fn runs_between(world: World, id: RefId) -> bool {
    let facts = world.index.site(id);
    facts.runs_unseen() && (facts.name == "__setitem__" || !matches!(facts.usage, Usage::Implied { .. }))
}

fn works_later(world: World, id: RefId) -> bool {
    match world.index.site(id).usage {
        Usage::Called(call) => eager::is_lazy(&world.names(), world.index.call(call)),
        _ => false,
    }
}

/// Does the site run a loop that has to be that of the main thread? `async_to_sync` is made for workers.
pub fn runs_main_loop(world: World, site: &Site) -> bool {
    let is_for_workers = || world.index.site(site.id).name == "async_to_sync";
    matches!(site.kind, SiteKind::Runs { runner: Runner::Own }) && !is_for_workers()
}

/// What the call at the site runs a loop with: `uvicorn.run`.
fn runner_name(world: World, id: RefId) -> String {
    let Usage::Called(call) = world.index.site(id).usage else { return String::new() };
    let func = world.index.call(call).func;
    world.names().dotted(func).unwrap_or_else(|| world.index.site(id).name.to_string())
}

/// A generator that comes out of a function which is to be awaited itself.
fn carried(world: World, id: RefId) -> Option<Cause> {
    let carriage = world.graph.carriages.get(&id)?;
    let awaits = carriage.through.iter().any(|func| world.graph.nodes.contains(func));
    awaits.then_some(Cause::Consumed { site: id })
}

fn is_vetoed(world: World, site: &Site) -> bool {
    let call = match (&site.kind, world.index.site(site.id).usage) {
        (SiteKind::Offloaded { call, .. }, _) => *call,
        (_, Usage::Called(call)) => call,
        (_, Usage::Implied { whole }) => return world.vetoes.contains(&(site.id.file, whole)),
        (SiteKind::Read, _) => return world.vetoes.contains(&(site.id.file, world.index.site(site.id).range)),
        _ => return false,
    };
    let call = world.index.call(call);
    let is_vetoed = |range| world.vetoes.contains(&(site.id.file, range));
    is_vetoed(call.range) || swap::replacement(world, site).is_some() && is_vetoed(call.func_range)
}

fn called(world: World, site: &Site) -> Option<Cause> {
    let id = site.id;
    let context = world.context(id);
    match context.barrier {
        Some(Barrier::Generator) if runs_in_worker(world, site) => return None,
        Some(Barrier::Generator) if context.generators.iter().all(|generator| becomes_list(world, generator)) => {}
        Some(Barrier::Generator) => return Some(Cause::GeneratorExpression { site: id }),
        None => {}
        Some(Barrier::ClassBody) if context.func.is_none() => return Some(Cause::ModuleLevel { site: id }),
        // The lambda runs it, and may become async itself.
        Some(Barrier::Lambda { .. })
            if world.owner(id) != context.func
                && context.generators.iter().all(|generator| becomes_list(world, generator)) => {}
        Some(Barrier::Lambda { .. } | Barrier::ClassBody | Barrier::Annotation) => {
            return Some(Cause::Barrier { site: id });
        }
    }
    if world.owner(id).is_none() && !is_entry_point(world, site) {
        return Some(Cause::ModuleLevel { site: id });
    }
    if nesting::is_too_deep(world, site) {
        return Some(Cause::NestedComprehension { site: id });
    }
    if let Some(with) = context.withs.iter().find(|with| is_lock(world, with)) {
        return Some(Cause::Lock { site: id, with: with.value });
    }
    if context.func.is_some_and(|func| acquire::by_hand(world, func)) {
        return Some(Cause::Acquire { site: id });
    }
    if context.catches_interrupt || context.withs.iter().any(|with| waits_for_interrupt(world, with)) {
        return Some(Cause::CatchesInterrupt { site: id });
    }
    if world.index.func_of(id).is_some_and(|func| func.keep) {
        return Some(Cause::KeepComment);
    }
    consumption(world, site)
}

/// `with errors_shown():`, where the context manager catches `KeyboardInterrupt`.
fn waits_for_interrupt(world: World, with: &With) -> bool {
    let Value::Call { call } = world.index.value(with.value) else { return false };
    let names = |func: FuncId| world.index.func(func).traits.names_interrupt;
    world.names().evaluate(world.index.call(*call).func).into_iter().any(|meaning| match meaning {
        Meaning::Func(func) => names(func),
        Meaning::Class(class) => {
            let ancestors = world.graph.hierarchy.ancestors(class);
            ancestors.iter().find_map(|id| hierarchy::method(world.index, *id, "__exit__")).is_some_and(names)
        }
        _ => false,
    })
}

/// What the result is used for, where an await in front of the call would not do.
fn consumption(world: World, site: &Site) -> Option<Cause> {
    let returns_awaitable =
        |func: &FuncId| world.graph.awaitable_returns.contains_key(func) && every_call_awaits(world, *func);
    match shape_of_targets(world, site) {
        Some(Shape::Coroutine) if matches!(site.kind, SiteKind::Callback { .. }) => {
            return adaptation(world, site, Shape::Coroutine).is_none().then_some(Cause::Escapes { site: site.id });
        }
        Some(Shape::Coroutine) => {}
        // `super().__next__()`
        Some(Shape::Next) if site.kind == SiteKind::Call && is_in_next(world, site) => {}
        Some(shape) => {
            let cause = match swap::replacement(world, site) {
                Some(_) => Cause::TwinGives { site: site.id },
                None => Cause::Consumed { site: site.id },
            };
            return adaptation(world, site, shape).is_none().then_some(cause);
        }
        None if swap::replacement(world, site).is_some() => return Some(Cause::TwinGives { site: site.id }),
        None => return Some(Cause::Consumed { site: site.id }),
    }
    match world.result_usage(site.id)? {
        Usage::Awaited if site.targets.iter().all(returns_awaitable) && !site.targets.is_empty() => None,
        Usage::Awaited => Some(Cause::AwaitedAlready { site: site.id }),
        Usage::ForIter { is_async: true, .. }
        | Usage::ComprehensionIter { is_async: true, .. }
        | Usage::WithItem { is_async: true, .. } => Some(Cause::AwaitedAlready { site: site.id }),
        Usage::WithItem { .. } => (!entered::enters_freely(world, site)).then_some(Cause::Consumed { site: site.id }),
        Usage::Decorator => Some(Cause::Consumed { site: site.id }),
        Usage::YieldFrom { statement: None } => Some(Cause::Consumed { site: site.id }),
        _ => None,
    }
}

fn is_in_next(world: World, site: &Site) -> bool {
    world.owner(site.id).is_some_and(|owner| world.index.func(owner).name == "__next__")
}

/// Can something be awaited at this site under `if __name__ == "__main__":`?
fn is_entry_point(world: World, site: &Site) -> bool {
    let Some(guard) = guard::of_site(world, site) else { return false };
    guard::moves(world, guard) || guard::runs_alone(world, site)
}

/// A generator expression that an offloaded call takes is run by the worker: what blocks in it blocks there.
pub fn runs_in_worker(world: World, site: &Site) -> bool {
    let [.., GeneratorExpression { consumer: Some(consumer), .. }] = world.context(site.id).generators[..] else {
        return false;
    };
    matches!(site.kind, SiteKind::Blocking { .. })
        && world.graph.sites_in_file(site.id.file).any(|other| {
            matches!(other.kind, SiteKind::Blocking { .. })
                && world.index.site(other.id).usage == Usage::Called(consumer)
        })
}

/// Does the `with` hold a lock that belongs to threads?
pub fn is_lock(world: World, with: &With) -> bool {
    if with.is_async
        || world.graph.native_withs.get(&with.value).is_some_and(|id| !swap::is_kept(world, &world.graph.sites[id]))
    {
        return false;
    }
    if let Some(shown) = world.graph.with_types.get(&with.value)
        && ["Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore"]
            .iter()
            .any(|name| shown.trim_start_matches("Unknown | ") == *name)
    {
        return true;
    }
    let names = world.names();
    let Some(name) = names.last_name(with.value).map(str::to_ascii_lowercase) else { return false };
    ["lock", "mutex", "semaphore", "atomic", "transaction"].iter().any(|part| name.contains(part))
        && !name.contains("block")
        && !name.contains("clock")
        && !is_entered_natively(world, with)
}

/// `with conn.transaction():`, where a codemod says that the call gives something to be entered by `async with`.
fn is_entered_natively(world: World, with: &With) -> bool {
    let Value::Call { call } = world.index.value(with.value) else { return false };
    world.graph.sites_in_file(with.value.file).any(|site| {
        world.index.site(site.id).usage == Usage::Called(*call)
            && swap::twin(world, site).is_some()
            && shape_of_targets(world, site) == Some(Shape::Manager)
    })
}

/// Does a codemod say that what is called there becomes async under a name of its own?
pub fn is_native(world: World, id: RefId) -> bool {
    world.graph.sites.get(&id).is_some_and(|site| match &site.kind {
        SiteKind::Blocking { .. } => swap::twin(world, site).is_some(),
        _ => site.targets.iter().any(|target| world.graph.declared.contains_key(target)),
    })
}

/// `loop.run_in_executor(pool, f)`: a pool bounds how many run at once, and may be one of processes.
fn in_own_executor(world: World, call: CallId) -> bool {
    let call = world.index.call(call);
    let is_default = |arg: &Arg| !arg.is_star && matches!(world.index.value(arg.value), Value::None);
    world.names().last_name(call.func) == Some("run_in_executor") && !call.args.first().is_some_and(is_default)
}

/// The result of an unwrapped offload is a coroutine. So was that of most carriers; what an executor gives becomes a task,
/// except where it is awaited at once or a coroutine does as well.
fn offloaded(world: World, id: RefId, call: CallId, form: UnwrapForm) -> Option<Cause> {
    match result_of_offload(world, call, form) {
        OffloadResult::Coroutine | OffloadResult::Future => None,
        OffloadResult::Other => Some(Cause::OffloadNotAwaited { site: id }),
    }
}

/// What is made of the result of an offload that is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffloadResult {
    /// The coroutine takes its place.
    Coroutine,
    /// A future, which was used as one: a task takes its place.
    Future,
    /// Nothing can take its place.
    Other,
}

/// What takes the place of an offload that is taken away.
pub fn result_of_offload(world: World, call: CallId, form: UnwrapForm) -> OffloadResult {
    let mut usage = world.index.call(call).usage;
    if let (UnwrapForm::Curried, Usage::Called(outer)) = (form, usage) {
        // `sync_to_async(f)(x)`
        usage = world.index.call(outer).usage;
    }
    let names = world.names();
    let takes_coroutines = |call: CallId| {
        names.last_name(world.index.call(call).func).is_some_and(|name| {
            matches!(name, "gather" | "create_task" | "wait_for" | "ensure_future" | "shield" | "wait" | "start_soon")
        })
    };
    let func = world.index.call(call).func;
    let gives_coroutine = || {
        names.dotted(func).is_some_and(|path| {
            COROUTINE_CARRIERS.contains(&path.as_str())
                || world.config.offload.own_path().is_some_and(|own| own == path)
        })
    };
    match usage {
        Usage::Awaited => OffloadResult::Coroutine,
        Usage::Argument { call, .. } | Usage::Element { taker: Some(call) } if takes_coroutines(call) => {
            OffloadResult::Coroutine
        }
        _ if gives_coroutine() => OffloadResult::Coroutine,
        // A task that nobody holds may be gone before it ran.
        Usage::Statement => OffloadResult::Other,
        // A task needs the loop to run already.
        _ if names.last_name(func) == Some("run_in_executor") && in_async(world, call) => OffloadResult::Future,
        _ => OffloadResult::Other,
    }
}

fn in_async(world: World, call: CallId) -> bool {
    let context = &world.index.file(call.file)[world.index.call(call).context];
    context.owner().is_some_and(|func| world.index.func(func).is_async)
}

/// Calling these gives a coroutine, which a bare call of the function does too.
pub const COROUTINE_CARRIERS: [&str; 5] = [
    "asyncio.to_thread",
    "anyio.to_thread.run_sync",
    "asgiref.sync.sync_to_async",
    "starlette.concurrency.run_in_threadpool",
    "fastapi.concurrency.run_in_threadpool",
];
