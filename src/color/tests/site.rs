//! Sites in tests: where an await can stand, which is more places than in the code.

use ruff_text_size::TextRange;

use super::super::cause::Cause;
use super::super::shape::{self, Adaptation, Shape};
use super::super::{World, iteration, obstacle};
use crate::index::facts::*;
use crate::plan::is_asyncio_run;
use crate::resolve::{Site, SiteKind};

/// Builtins that use up the one iterable they are given.
const CONSUMERS: [&str; 13] =
    ["all", "any", "sum", "list", "set", "tuple", "sorted", "max", "min", "dict", "frozenset", "join", "Counter"];

/// Why no await can be put at this site of a test; none when it can.
pub fn obstacle(world: World, site: &Site) -> Option<Cause> {
    let id = site.id;
    let context = world.context(id);
    if is_vetoed(world, site) {
        return Some(Cause::CannotRewrite { site: id });
    }
    if context.func.is_none() {
        return Some(Cause::ModuleLevel { site: id });
    }
    match context.barrier {
        None => {}
        Some(Barrier::Lambda { .. }) if raises_lambda(world, site).is_some() => {}
        Some(Barrier::Generator) if are_consumed(world, id) => {}
        Some(Barrier::Generator) => return Some(Cause::GeneratorExpression { site: id }),
        Some(Barrier::Lambda { .. } | Barrier::ClassBody | Barrier::Annotation) => {
            return Some(Cause::Barrier { site: id });
        }
    }
    if let SiteKind::Offloaded { .. } = site.kind {
        return obstacle::obstacle(world, site).filter(|_| !is_offload_run(world, site));
    }
    match (shape::shape_of_targets(world, site), world.result_usage(id)) {
        (Some(Shape::Coroutine), Some(Usage::YieldFrom { .. } | Usage::Decorator)) => {
            Some(Cause::Consumed { site: id })
        }
        (Some(Shape::Coroutine), _) => waits_for_stop(world, site),
        _ => adaptation(world, site).is_none().then_some(Cause::Consumed { site: id }),
    }
}

/// Does the test catch a `StopIteration` that nothing but the call may let out, such as that of a mock without further values?
fn waits_for_stop(world: World, site: &Site) -> Option<Cause> {
    let file = site.id.file;
    let handler = iteration::handler(world, file, world.context(site.id), world.index.site(site.id).range)?;
    let facts = world.index.file(file);
    let is_inside = |range: TextRange| handler.body.contains_range(range);
    let is_next = |call: &Call| is_inside(call.range) && world.names().last_name(call.func) == Some("next");
    let others = facts.calls.iter().any(is_next) || facts.stops.iter().any(|stop| is_inside(stop.name));
    let func = site.targets.first().copied()?;
    (!others).then_some(Cause::StopsIteration { func })
}

/// May the call be run with `asyncio.run` where it stands?
pub fn can_run(world: World, site: &Site) -> bool {
    let barrier = world.context(site.id).barrier;
    let is_plain = shape::shape_of_targets(world, site) == Some(Shape::Coroutine);
    let is_used = !matches!(world.result_usage(site.id), Some(Usage::Decorator | Usage::YieldFrom { .. }) | None);
    matches!(barrier, None | Some(Barrier::ClassBody)) && is_plain && is_used && !is_vetoed(world, site)
}

/// How a test takes an async generator or context manager: as the code does, and one by one with `next`.
pub fn adaptation(world: World, site: &Site) -> Option<Adaptation> {
    let shape = shape::shape_of_targets(world, site)?;
    let by_next = || {
        let Some(Usage::Argument { call, index: 0 }) = world.result_usage(site.id) else { return None };
        let outer = iterated(world, call).unwrap_or(call);
        let is_next = world.names().last_name(world.index.call(outer).func) == Some("next");
        (shape == Shape::Generator && is_next).then_some(Adaptation::Next { call: outer })
    };
    let is_begun = matches!(world.result_usage(site.id),
        Some(Usage::Argument { call, index: 0 }) if iterated(world, call).is_some());
    let own = || shape::adaptation(world, site, shape);
    if is_begun { by_next().or_else(own) } else { own().or_else(by_next) }
}

/// `next(iter(g()))`: the call of `next` around that of `iter`.
pub fn iterated(world: World, iter: CallId) -> Option<CallId> {
    let facts = world.index.call(iter);
    match facts.usage {
        Usage::Argument { call, index: 0 } if world.names().last_name(facts.func) == Some("iter") => Some(call),
        _ => None,
    }
}

fn is_vetoed(world: World, site: &Site) -> bool {
    let raises = raises_call(world, site).or_else(|| raises_lambda(world, site));
    let own = match world.index.site(site.id).usage {
        Usage::Called(call) => Some(call),
        _ => None,
    };
    let offload = match site.kind {
        SiteKind::Offloaded { call, .. } => Some(call),
        _ => None,
    };
    let owner = world.context(site.id).func.map(|func| world.index.func(func).range);
    let ranges = [raises, own, offload].into_iter().flatten().map(|call| world.index.call(call).range);
    ranges.chain(owner).any(|range| world.vetoes.contains(&(site.id.file, range)))
}

/// `asyncio.run(asyncio.to_thread(f, x))`: the runner takes the coroutine of `f` as well.
fn is_offload_run(world: World, site: &Site) -> bool {
    let SiteKind::Offloaded { call, .. } = site.kind else { return false };
    matches!(world.index.call(call).usage, Usage::Argument { call, .. } if is_runner(world, call))
}

/// Is the result given to something that runs or schedules a coroutine?
pub fn is_given_to_runner(world: World, site: &Site) -> bool {
    match world.result_usage(site.id) {
        Some(Usage::Argument { call, .. }) => is_runner(world, call),
        Some(Usage::Element { taker: Some(call) } | Usage::Starred { taker: Some(call) }) => is_runner(world, call),
        _ => false,
    }
}

fn is_runner(world: World, call: CallId) -> bool {
    let call = world.index.call(call);
    match world.names().last_name(call.func) {
        Some("run") => is_asyncio_run(world, call),
        Some("run_until_complete" | "gather" | "create_task" | "ensure_future" | "wait_for" | "shield") => true,
        _ => false,
    }
}

/// Is the name that of a mock's attribute: `svc.load.return_value`, `svc.load.assert_called_once()`?
pub fn is_mock_use(world: World, id: RefId) -> bool {
    let facts = world.index.file(id.file);
    let range = facts[id].range;
    let behind = facts.refs[id.index as usize..]
        .iter()
        .find(|other| other.range.start() == range.start() && other.range.len() > range.len());
    facts[id].usage == Usage::Receiver
        && behind.is_some_and(|other| {
            let name = other.name.as_str();
            name.starts_with("assert_")
                || name.starts_with("call")
                || matches!(name, "return_value" | "side_effect" | "mock_calls" | "method_calls" | "reset_mock")
        })
}

/// `patch.object(svc, "load", wraps=svc.load)`: the mock gives what the function gives.
pub fn is_wrapped(world: World, id: RefId) -> bool {
    match world.index.site(id).usage {
        Usage::Argument { call, index } => {
            let argument = &world.index.call(call).args[index as usize];
            let is_patch = matches!(world.names().last_name(world.index.call(call).func), Some("object" | "patch"));
            is_patch && argument.keyword.as_deref() == Some("wraps")
        }
        _ => false,
    }
}

/// How many arguments stand before the function in `assertRaises(E, f, ...)` and its like.
fn raises_position(world: World, call: CallId) -> Option<u32> {
    match world.names().last_name(world.index.call(call).func)? {
        "assertRaises" | "assertWarns" => Some(1),
        "assertRaisesRegex" | "assertWarnsRegex" => Some(2),
        "raises" | "warns" => Some(1),
        _ => None,
    }
}

fn is_raises_statement(world: World, call: CallId, position: u32) -> bool {
    let facts = world.index.call(call);
    let starred = facts.args.iter().take(position as usize + 1).any(|arg| arg.is_star || arg.keyword.is_some());
    raises_position(world, call) == Some(position) && facts.usage == Usage::Statement && !starred
}

/// The call of `self.assertRaises(E, f, x)` (a statement) in which the site is `f`.
pub fn raises_call(world: World, site: &Site) -> Option<CallId> {
    match world.index.site(site.id).usage {
        Usage::Argument { call, index } if site.kind == SiteKind::Value && is_raises_statement(world, call, index) => {
            Some(call)
        }
        _ => None,
    }
}

/// The call of `self.assertRaises(E, lambda: f(x))` (a statement) in whose lambda the site stands.
pub fn raises_lambda(world: World, site: &Site) -> Option<CallId> {
    let range = world.context(site.id).lambda?;
    let facts = world.index.file(site.id.file);
    let index = facts.calls.iter().position(|call| call.range == range)? as u32;
    let call = CallId { file: site.id.file, index };
    let position = raises_position(world, call)?;
    (facts[call].args.len() == position as usize + 1 && is_raises_statement(world, call, position)).then_some(call)
}

/// Does the test look at the line that a warning comes from? In a thread, that of the caller is not to be seen.
pub fn looks_at_caller(world: World, site: &Site) -> bool {
    let records = |with: &With| {
        let Value::Call { call } = world.index.value(with.value) else { return false };
        let name = world.names().last_name(world.index.call(*call).func);
        matches!(name, Some("catch_warnings" | "warns" | "deprecated_call" | "assertWarns" | "assertWarnsRegex"))
    };
    let context = world.context(site.id);
    let facts = world.index.file(site.id.file);
    let looks = || {
        let names = facts.refs.iter().filter(|name| matches!(name.name.as_str(), "filename" | "lineno"));
        names.into_iter().any(|name| facts[name.context].func == context.func)
    };
    context.withs.iter().any(records) && looks()
}

/// May the generator expressions around a site become lists, because builtins use them up?
fn are_consumed(world: World, id: RefId) -> bool {
    world.context(id).generators.iter().all(|generator| {
        let Some(call) = generator.consumer.map(|call| world.index.call(call)) else { return false };
        let name = world.names().last_name(call.func);
        name.is_some_and(|name| CONSUMERS.contains(&name)) && call.args.len() == 1
    })
}
