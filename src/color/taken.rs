//! Calls whose results go to something that awaits what can be awaited, and takes the rest as it is:
//! `await ensure_async(self.load())`. It is handed the coroutine.

use super::{SiteVerdict, World};
use crate::index::facts::*;
use crate::resolve::Site;
use crate::resolve::boundary::accepts_awaitable;
use crate::resolve::names::Meaning;

/// Names of functions that tell an awaitable from other values.
const TESTS: [&str; 3] = ["isawaitable", "iscoroutine", "isfuture"];

/// The verdict where nothing stands between the call and what awaits its result. What is offloaded is awaited first: a method that
/// overrides it may be async, and then the worker gives a coroutine, which is still to be awaited.
pub fn handed_on(world: World, site: &Site, verdict: SiteVerdict) -> SiteVerdict {
    match verdict {
        SiteVerdict::Await if is_taken(world, site.id) => SiteVerdict::HandedOn,
        verdict => verdict,
    }
}

/// Does what awaits what can be awaited get the result, and nothing but a name stand between?
pub fn is_taken(world: World, id: RefId) -> bool {
    match (world.index.site(id).usage, world.result_usage(id)) {
        (_, Some(Usage::Argument { call, index })) if takes(world, call, index) => true,
        (Usage::Called(call), _) => is_kept_and_tested(world, id, call),
        _ => false,
    }
}

/// `result = f(x)`, and `if isawaitable(result): result = await result` behind it.
fn is_kept_and_tested(world: World, id: RefId, call: CallId) -> bool {
    let Some(func) = world.context(id).func else { return false };
    let is_it = |binding: &&Binding| match binding.bound {
        Bound::Value(value) => matches!(world.index.value(value), Value::Call { call: made } if *made == call),
        _ => false,
    };
    let Some(name) = world.index.scope(world.index.func(func).scope).bindings.iter().find(is_it) else { return false };
    let facts = world.index.file(func.file);
    let uses = uses(world, func, &name.name);
    let range = facts[call].range;
    // `isawaitable(result := f(x))`
    let tests_it = |other: &Call| other.args.iter().any(|arg| arg.range.contains_range(range)) && is_test(world, other);
    let is_tested_where_bound = || world.result_usage(id) != Some(Usage::Assigned) && facts.calls.iter().any(tests_it);
    let is_tested = uses.iter().any(|site| tests(world, site)) || is_tested_where_bound();
    let is_awaited = |site: &&Ref| match site.usage {
        Usage::Awaited => is_tested,
        Usage::Argument { call, index } => takes(world, call, index),
        _ => false,
    };
    uses.iter().any(is_awaited)
}

/// Is the value the argument of a call that tells an awaitable from other values?
fn tests(world: World, site: &Ref) -> bool {
    matches!(site.usage, Usage::Argument { call, .. } if is_test(world, world.index.call(call)))
}

/// `isawaitable(x)`, `isinstance(x, Awaitable)`, `hasattr(x, "__await__")`
fn is_test(world: World, call: &Call) -> bool {
    let names = world.names();
    let second = || call.args.get(1).map(|arg| arg.value);
    match names.last_name(call.func) {
        Some("isinstance") => {
            let class = second().and_then(|value| names.last_name(value));
            class.is_some_and(|name| matches!(name, "Awaitable" | "Coroutine" | "CoroutineType" | "Future"))
        }
        Some("hasattr") => {
            second().is_some_and(|value| matches!(world.index.value(value), Value::Text(text) if text == "__await__"))
        }
        Some(name) => TESTS.contains(&name),
        None => false,
    }
}

/// Does the called function await an argument where it can be awaited, and is its result awaited?
fn takes(world: World, call: CallId, index: u32) -> bool {
    let facts = world.index.call(call);
    if facts.usage != Usage::Awaited || facts.args.iter().take(index as usize + 1).any(|arg| arg.is_star) {
        return false;
    }
    let names = world.names();
    if accepts_awaitable(names, world.config, call, index) {
        return true;
    }
    let takers = names.evaluate(facts.func);
    let takes = |meaning: &Meaning| match meaning {
        Meaning::Func(func) => awaits_what_can_be(world, *func, &facts.args[index as usize], index as usize),
        _ => false,
    };
    !takers.is_empty() && takers.iter().all(takes)
}

/// Does a coroutine function test its parameter with `isawaitable`, and await it?
fn awaits_what_can_be(world: World, func: FuncId, arg: &Arg, position: usize) -> bool {
    let target = world.index.func(func);
    let param = match &arg.keyword {
        Some(keyword) => target.params.iter().find(|param| param.name == *keyword),
        None => target.params.get(position).filter(|param| {
            target.class.is_none() && matches!(param.kind, ParamKind::Standard | ParamKind::PositionalOnly)
        }),
    };
    let Some(param) = param.filter(|_| target.is_async && !target.traits.is_generator) else { return false };
    let uses = uses(world, func, &param.name);
    uses.iter().any(|site| tests(world, site)) && uses.iter().any(|site| site.usage == Usage::Awaited)
}

/// Where the body of a function names a variable.
fn uses<'a>(world: World<'a>, func: FuncId, name: &str) -> Vec<&'a Ref> {
    let facts = world.index.file(func.file);
    let named = world.index.refs_in(func.file, name).map(|id| world.index.site(id));
    named.filter(|site| site.receiver.is_none() && facts[site.context].func == Some(func)).collect()
}
