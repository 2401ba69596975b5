//! Classes that are iterated over, and `StopIteration`: it ends an iteration, and has another name on the async side.

use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

use super::World;
use super::cause::Cause;
use super::shape::async_twin;
use crate::index::facts::*;
use crate::resolve::hierarchy::method;
use crate::resolve::{Site, SiteKind, eager};

/// What keeps an `__iter__` or `__next__` sync; none when nothing does.
pub fn cause(world: World, func: FuncId) -> Option<Cause> {
    let facts = world.index.func(func);
    if !matches!(facts.name.as_str(), "__iter__" | "__next__") {
        return None;
    }
    // What calls a method that is async now has no sync form to keep.
    if world.graph.no_sync_form.contains(&func) {
        return (facts.name == "__iter__" && !facts.traits.is_generator && awaits(world, func))
            .then_some(Cause::Dunder);
    }
    if let Some(length) = blocking_length(world, func) {
        return Some(Cause::MeasuredFirst { length });
    }
    let Some(used) = world.graph.iterators.get(&func) else { return Some(Cause::Dunder) };
    if let Some((file, range)) = used.lost_at {
        return Some(Cause::IteratedUnseen { file, range });
    }
    // What comes out of a function that is to be awaited itself cannot be iterated over there and then.
    if let Some(made_by) = used.through.iter().find(|func| world.graph.nodes.contains(func)) {
        return Some(Cause::IteratedUnseen { file: made_by.file, range: world.index.func(*made_by).name_range });
    }
    if facts.name == "__next__" {
        return lets_out_stop(world, func).then_some(Cause::StopsIteration { func });
    }
    // `__aiter__` is no coroutine function: it gives the iterator at once.
    let is_plain = !facts.traits.is_generator;
    (is_plain && (used.hands_on_others || awaits(world, func))).then_some(Cause::Dunder)
}

/// `list(x)` asks `x` for its length first, and `[e async for e in x]` does not: where that blocks, it is a call less.
fn blocking_length(world: World, func: FuncId) -> Option<FuncId> {
    let class = world.index.func(func).class?;
    let hierarchy = &world.graph.hierarchy;
    let related = hierarchy.ancestors(class).into_iter().chain(hierarchy.descendants(class));
    let lengths = related.flat_map(|id| {
        ["__len__", "__length_hint__"].into_iter().filter_map(move |name| method(world.index, id, name))
    });
    lengths.into_iter().find(|length| world.graph.nodes.contains(length))
}

/// Is there something in the body that would have to be awaited?
fn awaits(world: World, func: FuncId) -> bool {
    world.graph.sites_in_file(func.file).any(|site| {
        world.owner(site.id) == Some(func)
            && site.kind.runs()
            && !(is_iteration(world, site) && is_only_begun(world, site))
            && !is_handed_on(world, site)
    })
}

fn is_iteration(world: World, site: &Site) -> bool {
    let facts = world.index.site(site.id);
    site.kind == SiteKind::Iterated || facts.is_implicit() && facts.name == "__iter__"
}

/// `iter(x)`
fn is_only_begun(world: World, site: &Site) -> bool {
    matches!(usage(world, site), Usage::Argument { call, .. } if eager::is_iter(&world.names(), call))
}

/// `return super().__iter__()` in an `__iter__`.
pub fn is_handed_on(world: World, site: &Site) -> bool {
    let is_iter = |func: FuncId| world.index.func(func).name == "__iter__";
    world.index.site(site.id).name == "__iter__"
        && world.result_usage(site.id) == Some(Usage::Returned)
        && world.owner(site.id).is_some_and(is_iter)
}

/// What is done with what a site iterates over.
fn usage(world: World, site: &Site) -> Usage {
    match world.index.site(site.id).usage {
        Usage::Called(call) => world.index.call(call).usage,
        usage => usage,
    }
}

/// Is there a `next(x)` that may end the iteration with the wrong exception?
fn lets_out_stop(world: World, func: FuncId) -> bool {
    uncaught_nexts(world, func).into_iter().any(|call| !is_taken(world, func.file, call))
}

/// The calls of `next` in a function whose `StopIteration` leaves it.
fn uncaught_nexts(world: World, func: FuncId) -> Vec<CallId> {
    let own = |context: &Context| context.owner() == Some(func) && !context.catches_stop;
    let nexts = plain_nexts(world, func.file, world.index.func(func).range).into_iter();
    nexts.filter(|(_, context)| own(context)).map(|(call, _)| call).collect()
}

/// May the function let out a `StopIteration` from `next(x)`?
pub fn may_stop(world: World, func: FuncId) -> bool {
    !world.index.func(func).traits.is_generator && !uncaught_nexts(world, func).is_empty()
}

/// Does somebody wait for the `StopIteration` that the function lets out?
pub fn is_awaited_above(world: World, func: FuncId) -> bool {
    is_seen_above(world, func, |id| world.context(id).catches_stop)
}

/// The calls of `next` without a default in a range, with where they stand.
fn plain_nexts<'a>(world: World<'a>, file: FileId, within: TextRange) -> Vec<(CallId, &'a Context)> {
    let facts = world.index.file(file);
    let names = world.names();
    let calls = facts.calls.iter().enumerate().filter(|(_, call)| within.contains_range(call.range));
    calls
        .map(|(index, call)| (CallId { file, index: index as u32 }, &facts[call.context]))
        .filter(|(id, _)| world.index.call(*id).args.len() == 1 && eager::is_next(&names, *id))
        .collect()
}

/// Does the `next` take from something that may become async?
fn is_taken(world: World, file: FileId, next: CallId) -> bool {
    world.graph.sites_in_file(file).any(|site| {
        matches!(site.kind, SiteKind::Iterated | SiteKind::Call)
            && matches!(usage(world, site), Usage::Argument { call, index: 0 } if call == next)
    })
}

/// The innermost handler of `StopIteration` around a place, in the function that runs it.
pub fn handler<'a>(world: World<'a>, file: FileId, context: &Context, at: TextRange) -> Option<&'a StopHandler> {
    let owner = context.owner()?;
    let body = world.index.func(owner).range;
    let handlers = world.index.file(file).stop_handlers.iter();
    handlers
        .filter(|handler| handler.body.contains_range(at) && body.contains_range(handler.body))
        .min_by_key(|handler| handler.body.len())
}

/// The `StopIteration`s in the function itself that become `StopAsyncIteration`.
pub fn raised(world: World<'_>, func: FuncId) -> Vec<TextRange> {
    let facts = world.index.file(func.file);
    let own = facts.stops.iter().filter(|stop| facts[stop.context].owner() == Some(func));
    own.filter(|stop| !facts[stop.context].catches_stop).map(|stop| stop.name).collect()
}

/// A method of a generator that runs it, where it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    pub call: TextRange,
    pub name: &'static str,
    /// Where the name stands.
    pub name_range: TextRange,
}

impl Method {
    /// What an async generator calls it.
    pub fn twin(self) -> &'static str {
        async_twin(self.name).unwrap_or("aclose")
    }
}

/// The method that is called on what a site names.
pub fn method_of_generator(world: World, site: &Site) -> Option<Method> {
    let receiver = world.index.site(site.id).value;
    eager::METHODS_OF_GENERATORS.into_iter().find_map(|name| {
        let (call, id) = eager::method_call(world.index, receiver, name)?;
        Some(Method { call: world.index.call(call).range, name, name_range: world.index.site(id).name_range })
    })
}

/// The same as [`end_is_seen`] for `x.__next__()`: no handler here has a name for the end that would be another one.
pub fn end_is_seen_by_name(world: World, site: &Site) -> bool {
    let handler = handler(world, site.id.file, world.context(site.id), world.index.site(site.id).range);
    handler.is_none() && end_is_seen(world, site)
}

/// Would everybody who waits for the end of the iteration see it, when `next(x)` becomes `await anext(x)`?
pub fn end_is_seen(world: World, site: &Site) -> bool {
    let facts = world.index.site(site.id);
    let context = world.context(site.id);
    let file = site.id.file;
    if let Some(handler) = handler(world, file, context, facts.range) {
        let nexts = plain_nexts(world, file, handler.body);
        let stops = world.index.file(file).stops.iter().any(|stop| handler.body.contains_range(stop.name));
        return !stops && nexts.into_iter().all(|(call, _)| is_taken(world, file, call));
    }
    if context.catches_stop {
        return true;
    }
    match world.owner(site.id) {
        Some(owner) => {
            let catches = |id: RefId| handler(world, id.file, world.context(id), world.index.site(id).range).is_some();
            !is_seen_above(world, owner, catches)
        }
        None => true,
    }
}

/// Is the `StopIteration` that the function lets out caught in a caller, or one of theirs?
fn is_seen_above(world: World, func: FuncId, catches: impl Fn(RefId) -> bool) -> bool {
    let mut seen = FxHashSet::from_iter([func]);
    let mut pending = vec![func];
    while let Some(func) = pending.pop() {
        let facts = world.index.func(func);
        // A generator lets none out, on either side; the end of an async iterator is its own.
        if facts.traits.is_generator || facts.name == "__next__" {
            continue;
        }
        for id in world.graph.sites_of(func).iter().filter(|id| !world.in_tests(id.file)) {
            if catches(*id) {
                return true;
            }
            if !world.context(*id).catches_stop {
                pending.extend(world.owner(*id).filter(|owner| seen.insert(*owner)));
            }
        }
    }
    false
}
