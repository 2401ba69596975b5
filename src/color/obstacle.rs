//! Sites where an await cannot stand.

use super::World;
use super::boundary::every_call_awaits;
use super::cause::Cause;
use super::shape::{Shape, adaptation, becomes_list, shape_of_targets};
use super::worker;
use crate::config::Uncertain;
use crate::index::facts::*;
use crate::plan::UnwrapForm;
use crate::resolve::{Site, SiteKind};

/// Why no await can be put at this site, whatever the color of the function around it; none when it can.
pub fn obstacle(world: World, site: &Site) -> Option<Cause> {
    let id = site.id;
    if site.uncertain && world.config.uncertain == Uncertain::Block {
        return Some(Cause::Uncertain { site: id });
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
        SiteKind::Mention | SiteKind::Accepted => None,
        SiteKind::Carried => carried(world, id),
        SiteKind::Made => Some(Cause::Consumed { site: id }),
        SiteKind::Value | SiteKind::Callback { .. } => Some(Cause::Escapes { site: id }),
        SiteKind::Offloaded { .. } if shape_of_targets(world, site) != Some(Shape::Coroutine) => {
            Some(Cause::OffloadNotAwaited { site: id })
        }
        SiteKind::Offloaded { call, form: UnwrapForm::Lambda { .. } } if !worker::blocks_alone(world, call, id) => {
            Some(Cause::SharesWorker { site: id })
        }
        SiteKind::Offloaded { call, .. } => offloaded(world, id, call),
        SiteKind::Blocking { .. } | SiteKind::Call | SiteKind::Iterated | SiteKind::Read => called(world, site),
    }
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
        _ => return false,
    };
    world.vetoes.contains(&(site.id.file, world.index.call(call).range))
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
        Some(Barrier::Lambda { .. } | Barrier::ClassBody | Barrier::Annotation) => {
            return Some(Cause::Barrier { site: id });
        }
    }
    if context.func.is_none() && !is_entry_point(world, site) {
        return Some(Cause::ModuleLevel { site: id });
    }
    if let Some(with) = context.withs.iter().find(|with| is_lock(world, with)) {
        return Some(Cause::Lock { site: id, with: with.value });
    }
    if context.func.is_some_and(|func| acquires(world, func)) {
        return Some(Cause::Acquire { site: id });
    }
    if context.catches_interrupt {
        return Some(Cause::CatchesInterrupt { site: id });
    }
    if world.index.func_of(id).is_some_and(|func| func.keep) {
        return Some(Cause::KeepComment);
    }
    consumption(world, site)
}

/// What the result is used for, where an await in front of the call would not do.
fn consumption(world: World, site: &Site) -> Option<Cause> {
    let returns_awaitable =
        |func: &FuncId| world.graph.awaitable_returns.contains_key(func) && every_call_awaits(world, *func);
    match shape_of_targets(world, site) {
        Some(Shape::Coroutine) => {}
        Some(shape) => {
            return adaptation(world, site, shape).is_none().then_some(Cause::Consumed { site: site.id });
        }
        None => return Some(Cause::Consumed { site: site.id }),
    }
    match world.result_usage(site.id)? {
        Usage::Awaited if site.targets.iter().all(returns_awaitable) && !site.targets.is_empty() => None,
        Usage::Awaited => Some(Cause::AwaitedAlready { site: site.id }),
        Usage::ForIter { is_async: true, .. }
        | Usage::ComprehensionIter { is_async: true, .. }
        | Usage::WithItem { is_async: true, .. } => Some(Cause::AwaitedAlready { site: site.id }),
        // `with await f() as x:` enters on the loop what a layer returned.
        Usage::WithItem { .. } => Some(Cause::Consumed { site: site.id }),
        Usage::Decorator => Some(Cause::Consumed { site: site.id }),
        Usage::YieldFrom { .. } => Some(Cause::Consumed { site: site.id }),
        _ => None,
    }
}

/// A single call under `if __name__ == "__main__":` becomes `asyncio.run(call)`.
fn is_entry_point(world: World, site: &Site) -> bool {
    let context = world.context(site.id);
    context.main_guard
        && context.barrier.is_none()
        && context.withs.is_empty()
        && site.kind == SiteKind::Call
        && entry_calls(world, site.id.file) == 1
}

fn entry_calls(world: World, file: FileId) -> usize {
    let in_guard = |site: &&Site| world.context(site.id).main_guard && site.kind == SiteKind::Call;
    world.graph.sites_in_file(file).filter(in_guard).count()
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
    if with.is_async || world.graph.native_withs.contains(&with.value) {
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
}

fn acquires(world: World, func: FuncId) -> bool {
    let facts = world.index.file(func.file);
    world.index.refs_of("acquire").iter().any(|id| {
        id.file == func.file
            && facts[facts[*id].context].func == Some(func)
            && matches!(facts[*id].usage, Usage::Called(_))
            && !is_native(world, *id)
    })
}

/// Does a codemod say that what is called there becomes async under a name of its own?
fn is_native(world: World, id: RefId) -> bool {
    world.graph.sites.get(&id).is_some_and(|site| match &site.kind {
        SiteKind::Blocking { native, .. } => native.is_some(),
        _ => site.targets.iter().any(|target| world.graph.declared.contains_key(target)),
    })
}

/// An offload is unwrapped only where its result is awaited at once, or where a coroutine does as well.
fn offloaded(world: World, id: RefId, call: CallId) -> Option<Cause> {
    let mut usage = world.index.call(call).usage;
    if let Usage::Called(outer) = usage {
        // `sync_to_async(f)(x)`
        usage = world.index.call(outer).usage;
    }
    let takes_coroutines = |call: CallId| {
        world.names().last_name(world.index.call(call).func).is_some_and(|name| {
            matches!(name, "gather" | "create_task" | "wait_for" | "ensure_future" | "shield" | "wait" | "start_soon")
        })
    };
    match usage {
        Usage::Awaited => None,
        Usage::Argument { call, .. } if takes_coroutines(call) => None,
        Usage::Element { taker: Some(call) } if takes_coroutines(call) => None,
        _ => Some(Cause::OffloadNotAwaited { site: id }),
    }
}
